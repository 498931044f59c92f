/*
 * Transaction exchanges: draft-dukes-ike-mode-cfg. REQUEST and REPLY, SET and ACK, protected by HASH(1) (RFC
 * 2409 5.7). What they say is the business of a service: XAUTH or Mode Config.
 */
#ifndef STYX_ENGINE_IKEV1_TRANSACTION_H
#define STYX_ENGINE_IKEV1_TRANSACTION_H

#include "engine/ikev1/exchange.h"

/* Whose attributes they are. The table of services stands in phase15.c. */
struct transaction_service {
    const char *name;
    /* Its turn after phase 1: begins what this side has to do, or waits for the peer's first message, and
     * ends with phase15_step_is_done() or ike_fail(). False: nothing has to be done on this ISAKMP SA. */
    bool (*begin)(struct engine *engine, struct ike_sa *ike);
    /* A REQUEST or SET of the peer's is for this service. */
    bool (*takes)(const struct ike_sa *ike, const struct ikev1_attributes *attributes);
    /* A message for it: a REQUEST or SET of the peer's, to be answered by transaction_answer() now or later;
     * a REPLY or ACK to its own. The transaction and the ISAKMP SA may be gone afterwards. */
    void (*received)(struct engine *engine, struct ike_sa *ike, struct transaction *transaction,
                     const struct ikev1_attributes *attributes);
    /* Its REQUEST or SET was never answered; `text` says so. The ISAKMP SA may be gone afterwards. */
    void (*unanswered)(struct engine *engine, struct ike_sa *ike, const char *text);
};

/* Sends a REQUEST or SET under a new message id, again and again until it is answered. It takes the place of
 * one that still waits. False: it cannot be built. */
bool transaction_begin(struct engine *engine, struct ike_sa *ike, const struct transaction_service *service,
                       uint8_t type, uint16_t identifier, struct bytes attributes);
/* Answers the peer's REQUEST with a REPLY, its SET with an ACK; kept to be said again. */
bool transaction_answer(struct engine *engine, struct ike_sa *ike, struct transaction *transaction,
                        struct bytes attributes);
/* NULL: there is none (any more). */
struct transaction *transaction_by_message_id(const struct ike_sa *ike, uint32_t message_id);

/* A message that is whole and authentic, and not the last one again: NULL if it is not expected, or a replay.
 */
struct transaction *transaction_take(struct engine *engine, struct ike_sa *ike,
                                     const struct ikev1_incoming *incoming, uint64_t hash);
void transaction_received(struct engine *engine, struct ike_sa *ike, struct transaction *transaction,
                          const struct ikev1_incoming *incoming);
/* The timer after phase 1. */
void transaction_retransmit(struct engine *engine, struct ike_sa *ike);
void transactions_drop(struct engine *engine, struct ike_sa *ike);

#endif
