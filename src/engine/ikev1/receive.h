/* The way of an IKEv1 datagram: whose it is, whether it may come now (transitions.h), and who handles it. */
#ifndef STYX_ENGINE_IKEV1_RECEIVE_H
#define STYX_ENGINE_IKEV1_RECEIVE_H

#include "engine/ikev1/ikev1.h"

void ikev1_receive(struct engine *engine, const struct path *path, const struct ikev2_header *header,
                   struct bytes datagram);
/* jobs.c: whoever waited for it goes on. */
void ikev1_job_done(struct engine *engine, struct ike_sa *ike, struct job *job);

#endif
