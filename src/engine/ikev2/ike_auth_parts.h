/* Pieces of IKE_AUTH that both roles use; private to ike_auth*.c. */
#ifndef STYX_ENGINE_IKEV2_IKE_AUTH_PARTS_H
#define STYX_ENGINE_IKEV2_IKE_AUTH_PARTS_H

#include "engine/connection.h"

/* {cipher=AES_GCM_16_256 integ=n/a prf=HMAC_SHA2_512 group=DH31} */
void ike_auth_describe(struct text *text, const struct suite *suite);
void ike_auth_build_id(struct ikev2_builder *builder, uint8_t payload, const struct identity *id);
/* AUTH data of one side; out takes the PRF's output. */
bool ike_auth_compute(const struct ike_sa *ike, struct bytes secret, bool of_initiator, struct bytes id_body,
                      uint8_t *out);
/* Ours, with the secret for this pair of identities; the reason says when there is none. */
bool ike_auth_own(struct engine *engine, const struct ike_sa *ike, const struct connection *connection,
                  uint8_t *out, struct error *error);
/* The peer's AUTH and its method, against the secret for this pair; id is the identity payload that it sent.
 */
bool ike_auth_check(struct engine *engine, const struct ike_sa *ike, const struct connection *connection,
                    const struct ikev2_message *message, const struct ikev2_id *id, struct error *error);
/* Both sides are known to each other: the IKE SA is up. */
void ike_auth_established(struct engine *engine, struct ike_sa *ike, uint64_t client);

#endif
