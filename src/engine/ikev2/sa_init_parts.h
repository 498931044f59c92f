/* The two roles of IKE_SA_INIT, private to sa_init*.c. */
#ifndef STYX_ENGINE_IKEV2_SA_INIT_PARTS_H
#define STYX_ENGINE_IKEV2_SA_INIT_PARTS_H

#include "engine/state.h"

/* sa_init_initiator.c */
void sa_init_generated(struct engine *engine, struct ike_sa *ike, const struct job *job);
void sa_init_response(struct engine *engine, struct ike_sa *ike, const struct path *path,
                      const struct ikev2_header *header, struct bytes datagram);
/* sa_init_responder.c */
void sa_init_request(struct engine *engine, const struct path *path, const struct ikev2_header *header,
                     struct bytes datagram);
void sa_init_answer(struct engine *engine, struct ike_sa *ike, const struct job *job);

#endif
