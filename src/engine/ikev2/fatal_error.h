/* Errors that end an IKE SA without a Delete: RFC 7296 2.21.2, 2.21.3. */
#ifndef STYX_ENGINE_IKEV2_FATAL_ERROR_H
#define STYX_ENGINE_IKEV2_FATAL_ERROR_H

#include "engine/ikev2/exchange.h"

/* A request of the peer's tells that it has given up the IKE SA, which is then gone: true. To be called when
 * it has been answered. */
bool fatal_error_was_told(struct engine *engine, struct ike_sa *ike, const struct incoming *incoming);
/* The peer's answer says that our request was malformed; the IKE SA is gone then: true. */
bool fatal_error_was_answered(struct engine *engine, struct ike_sa *ike, const struct incoming *incoming);
/* Ends the IKE SA, if it is still there, when the request that has just been dealt with was answered with
 * INVALID_SYNTAX. */
void fatal_error_conclude(struct engine *engine, uint64_t ike_serial);

#endif
