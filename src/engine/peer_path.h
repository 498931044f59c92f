/* Where a peer can be reached: NAT mappings, followed and kept open. */
#ifndef STYX_ENGINE_PEER_PATH_H
#define STYX_ENGINE_PEER_PATH_H

#include "engine/state.h"

/* Authenticated packets come from another endpoint: follow it if the peer is behind a NAT. */
void peer_path_moved(struct engine *engine, struct ike_sa *ike, const struct ip_endpoint *remote);
/* The keep-alive timer of an IKE SA behind a NAT. */
void peer_path_keep_alive(struct engine *engine, struct ike_sa *ike);

#endif
