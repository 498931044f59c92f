/*
 * What comes between phase 1 and the first Quick Mode: the services of Transaction exchanges, one after the
 * other. Until the last is through the ISAKMP SA neither starts nor answers Quick Modes, and replaces no
 * other.
 */
#ifndef STYX_ENGINE_IKEV1_PHASE15_H
#define STYX_ENGINE_IKEV1_PHASE15_H

#include "engine/ikev1/transaction.h"

/* Phase 1 is through. The ISAKMP SA may be gone afterwards, as after the next. */
void phase15_begin(struct engine *engine, struct ike_sa *ike);
/* The service whose turn it was has done what it had to. */
void phase15_step_is_done(struct engine *engine, struct ike_sa *ike);
/* Whether this service's turn is now. */
bool phase15_is_at(const struct ike_sa *ike, const struct transaction_service *service);
/* Whether the peer has to log in first: what it wants of this service is dropped, and it asks again. */
bool phase15_is_too_early_for(const struct engine *engine, const struct ike_sa *ike,
                              const struct transaction_service *service);
/* It took too long. */
void phase15_is_late(struct engine *engine, struct ike_sa *ike);
/* Tells the peer that the ISAKMP SA ends, and the waiting client why. */
void phase15_fail(struct engine *engine, struct ike_sa *ike, int code, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
/* Who takes a REQUEST or SET of the peer's; NULL: nobody. */
const struct transaction_service *phase15_service_for(const struct ike_sa *ike,
                                                      const struct ikev1_attributes *attributes);

#endif
