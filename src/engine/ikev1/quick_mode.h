/* Quick Mode: RFC 2409 5.5, RFC 2407 4.6. Any number may run under one ISAKMP SA,
 * few of ours at the same time. */
#ifndef STYX_ENGINE_IKEV1_QUICK_MODE_H
#define STYX_ENGINE_IKEV1_QUICK_MODE_H

#include "engine/ikev1/exchange.h"
#include "proposal/ikev1_sa.h"

/* Starts one for the connection; replaces: the Child SA that is being rekeyed, or NULL. */
void quick_mode_start(struct engine *engine, struct ike_sa *ike, const struct connection *connection,
                      const struct child_sa *replaces, uint64_t client);
/* What waited for the ISAKMP SA, as many at a time as peers can follow. It may be gone afterwards. */
void quick_mode_run_tasks(struct engine *engine, struct ike_sa *ike);

/* Handlers; false: the message is not authentic or of no use. quick is NULL for a first message. */
bool quick_mode_request(struct engine *engine, struct ike_sa *ike, struct quick_mode *quick,
                        const struct ikev1_incoming *incoming);
bool quick_mode_response(struct engine *engine, struct ike_sa *ike, struct quick_mode *quick,
                         const struct ikev1_incoming *incoming);
bool quick_mode_confirmation(struct engine *engine, struct ike_sa *ike, struct quick_mode *quick,
                             const struct ikev1_incoming *incoming);

void quick_mode_initiator_job_done(struct engine *engine, struct ike_sa *ike, struct quick_mode *quick,
                                   const struct job *job);
void quick_mode_responder_job_done(struct engine *engine, struct ike_sa *ike, struct quick_mode *quick,
                                   const struct job *job);
/* The retransmission timer of its Child SA. */
void quick_mode_retransmit(struct engine *engine, struct child_sa *child);
/* The peer has (authentically) refused it. */
void quick_mode_refused(struct engine *engine, struct ike_sa *ike, const struct ike_notify *notify);

/* ---- what both roles share (quick_mode.c) ---- */

/* What is accepted for this connection under this ISAKMP SA; with the Child SA: offered, or answered. */
struct ikev1_offer quick_mode_offer(const struct ike_sa *ike, const struct connection *connection,
                                    const struct child_sa *child, bool is_responder);
/* Fills the Child SA in with what was chosen. */
void quick_mode_take_choice(struct engine *engine, const struct ike_sa *ike, struct quick_mode *quick,
                            const struct ikev1_choice *choice);
/* AH's check covers the addresses that a NAT changes (RFC 3715 2.1). */
bool quick_mode_passes_nat(const struct ike_sa *ike, const struct suite *suite, struct error *error);
bool quick_mode_submit_job(struct engine *engine, struct ike_sa *ike, struct quick_mode *quick,
                           enum job_kind kind, const struct algorithm *ke);
void quick_mode_build_id(struct message_builder *builder, const struct selector *selector);
/* The selector that an ID payload stands for. */
bool quick_mode_read_id(const struct ikev1_id *id, struct selector *out, struct error *error);
/* Whether `one` is a single port where rightprotoport=17/%any leaves the peer every port of that protocol. */
bool quick_mode_is_port_of(const struct selector *one, const struct selector *any_port);
struct bytes quick_nonce_i(const struct quick_mode *quick);
struct bytes quick_nonce_r(const struct quick_mode *quick);
/* Keys for both directions, and both SAs into the data plane. */
bool quick_mode_install(struct engine *engine, const struct ike_sa *ike, struct quick_mode *quick,
                        struct bytes shared_secret);
/* Responder: the initiator has shown that it has our answer. */
void quick_mode_confirmed(struct engine *engine, struct ike_sa *ike, struct quick_mode *quick);
/* It is up: traffic moves to it, what it replaces is out of use. */
void quick_mode_established(struct engine *engine, struct ike_sa *ike, struct quick_mode *quick);
/* The same with what it was, for `ipsec explain`. */
void quick_mode_fail_because(struct engine *engine, struct child_sa *child, enum failure_kind kind, int code,
                             const char *format, ...) __attribute__((format(printf, 5, 6)));
/* What a refusal with this notification means. */
enum failure_kind quick_mode_failure_kind(uint16_t notify);
void quick_mode_fail(struct engine *engine, struct child_sa *child, int code, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

#endif
