/* IKE_AUTH and the first Child SA: RFC 7296 1.2, 2.15, 2.4 (INITIAL_CONTACT). */
#ifndef STYX_ENGINE_IKEV2_IKE_AUTH_H
#define STYX_ENGINE_IKEV2_IKE_AUTH_H

#include "engine/ikev2/exchange.h"

/* Initiator: the keys are there. */
void ike_auth_start(struct engine *engine, struct ike_sa *ike);
/* Initiator: our signature is there. */
void ike_auth_signed(struct engine *engine, struct ike_sa *ike, const struct job *job);
void ike_auth_response(struct engine *engine, struct ike_sa *ike, const struct incoming *incoming);
/* pam-authorize=: the answer has come. */
void ike_auth_authorized(struct engine *engine, struct ike_sa *ike, const struct login_result *result);
void ike_auth_request(struct engine *engine, struct ike_sa *ike, const struct incoming *incoming);
/* Responder after a refusal: stays a moment to repeat its answer, then goes. */
void ike_auth_give_up(struct engine *engine, struct ike_sa *ike);

#endif
