/* The way of an IKEv2 datagram: whose it is, whether it is authentic and in order, and who handles it. */
#ifndef STYX_ENGINE_IKEV2_RECEIVE_H
#define STYX_ENGINE_IKEV2_RECEIVE_H

#include "engine/state.h"

void ikev2_receive(struct engine *engine, const struct path *path, const struct ikev2_header *header,
                   struct bytes datagram);
void ikev2_job_done(struct engine *engine, struct ike_sa *ike, struct job *job);

#endif
