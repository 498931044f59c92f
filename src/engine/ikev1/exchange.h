/* IKEv1 exchanges: encryption with the chain of IVs (RFC 2409 Appendix B), HASH(1) to HASH(3) of phase 2
 * (5.5, 5.7), sending, saying it again (RFC 2408 5.1), message ids. */
#ifndef STYX_ENGINE_IKEV1_EXCHANGE_H
#define STYX_ENGINE_IKEV1_EXCHANGE_H

#include "engine/ikev1/ikev1.h"

/* Phase 2: the message id, and the IV that goes with it. */
void ikev1_exchange_begin(const struct ike_sa *ike, struct ikev1_exchange *exchange, uint32_t message_id);
/* It counts as used: HASH says nothing of who speaks, and what we said may be reflected. */
uint32_t ikev1_new_message_id(struct engine *engine, struct ike_sa *ike);
/* False: this id was used before, so it is a replay, or there is no room for more. It counts as used
 * from now on. */
bool ikev1_use_message_id(struct engine *engine, struct ike_sa *ike, uint32_t message_id);

void ikev1_forget_message_ids(struct engine *engine, struct ike_sa *ike);

/* For debugging: a Transaction exchange's payloads are not told, for a password may be among them. */
void ikev1_trace_payloads(struct engine *engine, const struct ike_sa *ike, bool is_sent, uint8_t exchange,
                          uint32_t message_id, struct bytes payloads);

struct bytes ikev1_cipher_key(const struct ike_sa *ike);

/* Starts a message of this SA; the exchange's message id, the phase 1 one being 0. */
struct message_builder ikev1_start(const struct ike_sa *ike, uint8_t *buffer, size_t capacity,
                                   uint8_t exchange_type, uint32_t message_id);
/* Leaves room for HASH of phase 2 as first payload; ikev1_send_hashed() fills it in. */
void ikev1_build_hash(const struct ike_sa *ike, struct message_builder *builder);

/* Finish and send as it is, or encrypted; what was sent is kept for repetition. False: it does not fit or
 * cannot be encrypted. */
bool ikev1_send_plain(struct engine *engine, struct ike_sa *ike, struct ikev1_exchange *exchange,
                      struct message_builder *builder, size_t *owner_bytes);
bool ikev1_send_encrypted(struct engine *engine, struct ike_sa *ike, struct ikev1_exchange *exchange,
                          struct message_builder *builder, size_t *owner_bytes);
/* The same for phase 2 messages whose first payload is HASH: prf(SKEYID_a, message id | nonce | rest). */
bool ikev1_send_hashed(struct engine *engine, struct ike_sa *ike, struct ikev1_exchange *exchange,
                       struct message_builder *builder, struct bytes nonce, size_t *owner_bytes);
/* HASH(3) of Quick Mode covers no payloads: prf(SKEYID_a, 0 | message id | Ni | Nr). */
bool ikev1_hash3(const struct ike_sa *ike, uint32_t message_id, struct bytes nonce_i, struct bytes nonce_r,
                 uint8_t *out);
/* Whether the HASH payload is right, in constant time. nonce: empty for HASH(1). */
bool ikev1_hash_is_right(const struct engine *engine, const struct ike_sa *ike,
                         const struct ikev1_incoming *incoming, struct bytes nonce);

/* Sends the same bytes again. */
void ikev1_send_again(struct engine *engine, const struct ike_sa *ike, const struct ikev1_exchange *exchange);
/* From now on, until the answer comes; the timer is the exchange's owner's. */
void ikev1_arm_retransmit(struct engine *engine, const struct ike_sa *ike, struct ikev1_exchange *exchange,
                          struct engine_timer *timer);

enum ikev1_retransmit_result { RETRANSMITTED, RETRANSMIT_SUPPRESSED, RETRANSMIT_GIVE_UP };
/* The timer fired. Says so to `client`; RETRANSMIT_GIVE_UP when it was long enough, and then
 * *ret_waited_seconds. */
enum ikev1_retransmit_result ikev1_retransmit(struct engine *engine, const struct ike_sa *ike,
                                              struct ikev1_exchange *exchange, struct engine_timer *timer,
                                              unsigned *ret_waited_seconds);

#endif
