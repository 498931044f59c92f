/* Phase 1: what Main Mode and Aggressive Mode, initiator and responder share. RFC 2409 5. */
#ifndef STYX_ENGINE_IKEV1_PHASE1_H
#define STYX_ENGINE_IKEV1_PHASE1_H

#include "engine/ikev1/exchange.h"
#include "proposal/ikev1_sa.h"

/* auth_method: with what XAUTH makes of it. */
struct ikev1_offer phase1_offer(const struct connection *connection, uint16_t auth_method,
                                const struct algorithm *group);

/* A new ISAKMP SA on our initiative, on its way by Main or Aggressive Mode. wants_child: a Quick Mode
 * follows. */
struct ike_sa *phase1_start(struct engine *engine, const struct connection *connection, uint64_t client,
                            bool wants_child);
struct ike_sa *ikev1_start_connection(struct engine *engine, const struct connection *connection,
                                      uint64_t client);

/* A request that nobody is known for yet, and the connection that takes it. */
struct phase1_request {
    const struct ikev1_incoming *incoming;
    const struct connection *connection;
    struct ikev1_choice choice;
    uint16_t auth_method;
};
/* Responder: the first connection between these hosts that takes one of the proposals. NULL after saying why;
 * the peer is told once. */
bool phase1_choose(struct engine *engine, struct phase1_request *request, bool is_aggressive);
/* Responder: a half-open ISAKMP SA for it. */
struct ike_sa *phase1_make_responder(struct engine *engine, const struct phase1_request *request,
                                     enum ikev1_state state);

/* Keeps the peer's KE value and nonce. False with a reason. */
bool phase1_take_ke(struct engine *engine, struct ike_sa *ike, const struct ikev1_message *message,
                    struct error *error);
void phase1_make_nonce(struct engine *engine, struct ike_sa *ike);
void phase1_build_ke(const struct ike_sa *ike, struct message_builder *builder);
/* The job that makes our KE value, the shared secret, or both. False: out of memory. */
bool phase1_submit_job(struct engine *engine, struct ike_sa *ike, enum job_kind kind);

/* With the shared secret: the keys and the first IV. */
bool phase1_make_keys(struct engine *engine, struct ike_sa *ike, const struct job *job, struct error *error);

/* The body of our own ID payload. */
struct bytes phase1_own_id(const struct connection *connection, uint8_t out[static 4 + IDENTITY_SIZE_MAX]);
/* Who the peer says it is: the initiator compares it with the connection, the responder goes over to the
 * connection that fits better. */
bool phase1_initiator_take_id(struct engine *engine, struct ike_sa *ike, const struct ikev1_id *id,
                              struct error *error);
bool phase1_responder_take_id(struct engine *engine, struct ike_sa *ike, const struct ikev1_id *id,
                              struct error *error);

/* Both sides are proved: what comes between phase 1 and Quick Mode begins (phase15.h). */
void phase1_established(struct engine *engine, struct ike_sa *ike, enum ikev1_state state,
                        bool says_initial_contact);
/* That is through, too: the ISAKMP SA takes the place of older ones, and Quick Modes may begin. */
void phase1_is_usable(struct engine *engine, struct ike_sa *ike);
/* Initiator: the peer is not who it should be, or has not proved it. */
void phase1_fail_peer(struct engine *engine, struct ike_sa *ike, const struct error *error);
/* Responder: the same is kept as the last failure of the connection. */
void phase1_keep_refusal(struct engine *engine, const struct ike_sa *ike, const struct error *error);
/* The lines that Libreswan's users grep for: 100 and the number of the state. */
void phase1_say_sent(struct engine *engine, struct ike_sa *ike, enum ikev1_state state);
/* {auth=PRESHARED_KEY cipher=AES_CBC_128 integ=HMAC_SHA2_256 group=MODP2048} */
void phase1_describe(struct text *text, const struct ike_sa *ike);

/* Initiator: the handlers of the exchanges; false: the message is of no use. */
bool main_mode_response_1(struct engine *engine, struct ike_sa *ike, const struct ikev1_incoming *incoming);
bool main_mode_response_2(struct engine *engine, struct ike_sa *ike, const struct ikev1_incoming *incoming);
bool main_mode_response_3(struct engine *engine, struct ike_sa *ike, const struct ikev1_incoming *incoming);
bool main_mode_request_2(struct engine *engine, struct ike_sa *ike, const struct ikev1_incoming *incoming);
bool main_mode_request_3(struct engine *engine, struct ike_sa *ike, const struct ikev1_incoming *incoming);
bool aggressive_mode_response(struct engine *engine, struct ike_sa *ike,
                              const struct ikev1_incoming *incoming);
bool aggressive_mode_confirmation(struct engine *engine, struct ike_sa *ike,
                                  const struct ikev1_incoming *incoming);
void main_mode_request_1(struct engine *engine, const struct ikev1_incoming *incoming);
void aggressive_mode_request(struct engine *engine, const struct ikev1_incoming *incoming);
void main_mode_begin(struct engine *engine, struct ike_sa *ike);
void aggressive_mode_begin(struct engine *engine, struct ike_sa *ike);
/* Their jobs are done. */
void main_mode_initiator_job_done(struct engine *engine, struct ike_sa *ike, const struct job *job);
void main_mode_responder_job_done(struct engine *engine, struct ike_sa *ike, const struct job *job);
void aggressive_mode_initiator_job_done(struct engine *engine, struct ike_sa *ike, const struct job *job);
void aggressive_mode_responder_job_done(struct engine *engine, struct ike_sa *ike, const struct job *job);

#endif
