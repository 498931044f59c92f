/* Rekeying of Child SAs and its collisions: RFC 7296 1.3.3, 2.8, 2.8.1, 2.25.1. */
#ifndef STYX_ENGINE_IKEV2_REKEY_CHILD_H
#define STYX_ENGINE_IKEV2_REKEY_CHILD_H

#include "engine/ikev2/exchange.h"

/* Queues the rekey. */
void rekey_child_start(struct engine *engine, struct child_sa *child, uint64_t client);
/* Its turn has come; child is NULL when it is gone. */
void rekey_child_begin(struct engine *engine, struct ike_sa *ike, struct child_sa *child, uint64_t client);
/* N(REKEY_SA), if this Child SA replaces one. */
void rekey_child_build_notify(const struct engine *engine, const struct child_sa *child,
                              struct message_builder *builder);
/* Remembers the lower of the exchange's nonces, by which a collision is decided. */
void rekey_child_note_nonces(struct engine *engine, struct child_sa *child, struct bytes nonce_i,
                             struct bytes nonce_r);
/* Initiator: the new Child SA is installed. */
void rekey_child_completed(struct engine *engine, struct child_sa *child, uint64_t client);
/* Responder: the new Child SA is installed and answered. */
void rekey_child_answered(struct engine *engine, struct ike_sa *ike, struct child_sa *child);
/* Responder: the Child SA that REKEY_SA names, NULL if it is no rekey; false after answering with a refusal.
 */
bool rekey_child_find_old(struct engine *engine, struct ike_sa *ike, const struct incoming *incoming,
                          struct child_sa **ret_old);
/* Responder: the peer deletes the Child SA that it has made to replace another before that other; it goes on.
 */
void rekey_child_is_undone(struct engine *engine, const struct child_sa *child);
/* Of two nonces, whether the first is the lower: byte by byte, then by length (2.8.1). */
bool rekey_nonce_is_lower(struct bytes a, struct bytes b);

#endif
