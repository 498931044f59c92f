/*
 * Mode Config: draft-dukes-ike-mode-cfg-02, with the attributes of Cisco's Unity clients. After phase 1 (and
 * XAUTH) the client asks for its address (modecfgpull=yes), or the server tells it; then Quick Mode may come.
 */
#ifndef STYX_ENGINE_IKEV1_MODE_CONFIG_H
#define STYX_ENGINE_IKEV1_MODE_CONFIG_H

#include "engine/ikev1/transaction.h"

extern const struct transaction_service mode_config_service;

#endif
