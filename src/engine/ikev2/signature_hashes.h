/* The notification SIGNATURE_HASH_ALGORITHMS, by which both ends tell what RFC 7427 signatures they take: RFC
 * 7427 4, RFC 8420 2. */
#ifndef STYX_ENGINE_IKEV2_SIGNATURE_HASHES_H
#define STYX_ENGINE_IKEV2_SIGNATURE_HASHES_H

#include "engine/connection.h"

/* In IKE_SA_INIT, what the connection allows; an initiator whose connection allows no such signature says
 * nothing. */
void signature_hashes_offer(const struct connection *connection, struct message_builder *builder);
/* The same as an answer: the connection may still change when the peer has named itself, so that one without
 * signatures says what others would. */
void signature_hashes_answer(const struct connection *connection, struct message_builder *builder);
/* What the peer takes: a set of enum signature_hash; 0: it did not say. */
unsigned signature_hashes_read(const struct ikev2_message *message);

#endif
