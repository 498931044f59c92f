/* The way of an IKEv2 datagram: whose it is, whether it is authentic and in order, and who handles it. */
#ifndef STYX_ENGINE_IKEV2_RECEIVE_H
#define STYX_ENGINE_IKEV2_RECEIVE_H

#include "engine/state.h"

void ikev2_receive(struct engine *engine, const struct path *path, const struct ikev2_header *header,
                   struct bytes datagram);
void ikev2_job_done(struct engine *engine, struct ike_sa *ike, struct job *job);
/* Authenticated packets come from another endpoint: follow it if the peer is behind a NAT (RFC 7296 2.23). */
void ikev2_peer_moved(struct engine *engine, struct ike_sa *ike, const struct ip_endpoint *remote);
void ikev2_send_nat_keepalive(struct engine *engine, struct ike_sa *ike);

#endif
