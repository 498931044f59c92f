/* Pieces of IKE_AUTH that both roles use; private to ike_auth*.c. */
#ifndef STYX_ENGINE_IKEV2_IKE_AUTH_PARTS_H
#define STYX_ENGINE_IKEV2_IKE_AUTH_PARTS_H

#include "engine/ikev2/auth_proof.h"

/* {cipher=AES_GCM_16_256 integ=n/a prf=HMAC_SHA2_512 group=DH31} */
void ike_auth_describe(struct text *text, const struct suite *suite);
void ike_auth_build_id(struct message_builder *builder, uint8_t payload, const struct identity *id);
/* The peer has proved itself, by a verified signature or (NULL) without one. */
void ike_auth_peer_is_proved(struct engine *engine, struct ike_sa *ike, const struct ikev2_message *message,
                             const struct job *job);
/* Both sides are known to each other: the IKE SA is up. */
void ike_auth_established(struct engine *engine, struct ike_sa *ike, uint64_t client);

#endif
