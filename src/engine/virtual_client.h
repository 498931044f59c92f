/*
 * Clients that are not known before the peer names them: subnet=vhost:... (one host) and vnet:... (a
 * network) of ipsec.conf(5), for road warriors that have an address of their own behind a NAT.
 */
#ifndef STYX_ENGINE_VIRTUAL_CLIENT_H
#define STYX_ENGINE_VIRTUAL_CLIENT_H

#include "engine/state.h"

/* Whether the connection takes what the peer of this IKE SA proposes; the one selector that it takes into
 * *ret. False: the reason says what would be taken, or whose the client is already. */
bool virtual_client_choose(const struct engine *engine, const struct connection *connection,
                           const struct ike_sa *ike, const struct selector *theirs, size_t count,
                           struct selector *ret, struct error *error);

#endif
