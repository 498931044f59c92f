/* What the files of configuration.h share. */
#ifndef STYX_ENGINE_CONFIGURATION_DETAIL_H
#define STYX_ENGINE_CONFIGURATION_DETAIL_H

#include "engine/configuration.h"

/* By CONFIGURATION_V4 and CONFIGURATION_V6. */
extern const enum ip_family configuration_families[CONFIGURATION_FAMILIES];

/* The connection's, made where it has none; NULL: out of memory. */
struct address_assignment *assignment_make(struct engine *engine, struct connection *connection);
/* The families that our traffic to the other end can have. */
bool connection_talks(const struct connection *connection, enum ip_family family);

#endif
