/* Rekeying of IKE SAs and its collisions: RFC 7296 1.3.2, 2.8, 2.8.2, 2.18, 2.25.2. */
#ifndef STYX_ENGINE_IKEV2_REKEY_IKE_H
#define STYX_ENGINE_IKEV2_REKEY_IKE_H

#include "engine/ikev2/exchange.h"

/* Queues the rekey. */
void rekey_ike_start(struct engine *engine, struct ike_sa *ike, uint64_t client);
void rekey_ike_begin(struct engine *engine, struct ike_sa *ike, uint64_t client);
void rekey_ike_generated(struct engine *engine, struct ike_sa *ike, struct job *job);
void rekey_ike_response(struct engine *engine, struct ike_sa *ike, struct incoming *incoming);
void rekey_ike_request(struct engine *engine, struct ike_sa *ike, struct incoming *incoming);
/* The peer uses the IKE SA that it made while our own rekey was in flight: to the peer, the Child SAs are
 * there. */
void rekey_ike_is_used(struct engine *engine, struct ike_sa *ike, const struct incoming *incoming);
/* The peer has rekeyed it while our own rekey is in flight, whose end decides which new one stays. */
bool rekey_ike_is_undecided(const struct engine *engine, const struct ike_sa *ike);
/* The old IKE SA ends while a rekey of it is under way: larval ones go, a finished one inherits. */
void rekey_ike_old_is_going(struct engine *engine, struct ike_sa *ike);

/* Private to rekey_ike*.c. */
/* The peer's new IKE SA takes over; the peer deletes the old one. */
void rekey_ike_hand_over(struct engine *engine, struct ike_sa *old, struct ike_sa *heir);
/* A larval IKE SA beside the old one, of the same connection, peer and path. */
struct ike_sa *rekey_ike_make_larval(struct engine *engine, const struct ike_sa *old, bool is_initiator);
struct job *rekey_ike_key_job(struct engine *engine, const struct ike_sa *old, const struct ike_sa *new,
                              enum job_kind kind, struct bytes peer);
/* The suite of the old IKE SA with this key exchange, as a list, if the connection has it. */
bool rekey_ike_keeps_suite(const struct engine *engine, const struct ike_sa *old, const struct algorithm *ke,
                           struct suite_list *out);
/* What the initiator offers; `room` is for the offer to stand in. */
struct proposal_offer rekey_ike_offer(const struct engine *engine, const struct ike_sa *old,
                                      const struct ike_sa *new, struct suite_list *room);
void rekey_ike_inherit(struct engine *engine, struct ike_sa *old, struct ike_sa *new);
void rekey_ike_establish(struct engine *engine, const struct ike_sa *old, struct ike_sa *new,
                         uint64_t client);

#endif
