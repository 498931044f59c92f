/* Vendor id payloads: RFC 7296 3.12. Ours is sent when send-vendorid= says so; who may prove himself by
 * nothing (RFC 7619) says so in his first message, as Libreswan does. */
#ifndef STYX_ENGINE_IKEV2_VENDOR_ID_H
#define STYX_ENGINE_IKEV2_VENDOR_ID_H

#include "engine/state.h"

void vendor_id_build(const struct engine *engine, const struct ike_sa *ike, struct message_builder *builder);
/* For the request alone: after the others. */
void vendor_id_build_opportunistic(const struct engine *engine, const struct ike_sa *ike,
                                   struct message_builder *builder);
bool vendor_id_is_opportunistic(const struct ikev2_message *message);

#endif
