/* Transaction exchanges: draft-dukes-ike-mode-cfg 2, 3; RFC 2409 5.7, Appendix B. */
#include "engine/ikev1/transaction.h"

#include <stdio.h>

#include "engine/ikev1/phase15.h"

static struct transaction *find(const struct ike_sa *ike, uint32_t message_id)
{
    LIST_EACH(&ike->v1->transactions, node)
    {
        struct transaction *transaction = CONTAINER_OF(node, struct transaction, node);
        if (transaction->exchange.message_id == message_id)
            return transaction;
    }
    return NULL;
}

struct transaction *transaction_by_message_id(const struct ike_sa *ike, uint32_t message_id)
{
    return message_id != 0 && ike->v1 != NULL ? find(ike, message_id) : NULL;
}

static void drop(struct engine *engine, struct ike_sa *ike, struct transaction *transaction)
{
    if (transaction->exchange.message_id == ike->v1->request_message_id)
        ike->v1->request_message_id = 0;
    owned_clear(engine, &ike->memory_bytes, &transaction->exchange.last_sent);
    list_remove(&transaction->node);
    ike->v1->transaction_count--;
    engine_deallocate(engine, transaction, sizeof(*transaction), &ike->memory_bytes);
}

void transactions_drop(struct engine *engine, struct ike_sa *ike)
{
    LIST_EACH(&ike->v1->transactions, node)
    drop(engine, ike, CONTAINER_OF(node, struct transaction, node));
}

/* The oldest that nothing is expected of goes. */
static void make_room(struct engine *engine, struct ike_sa *ike)
{
    if (ike->v1->transaction_count < TRANSACTION_LIMIT)
        return;
    struct transaction *oldest = CONTAINER_OF(ike->v1->transactions.next, struct transaction, node);
    if (oldest->exchange.message_id == ike->v1->request_message_id)
        oldest = CONTAINER_OF(oldest->node.next, struct transaction, node);
    drop(engine, ike, oldest);
}

static struct transaction *make(struct engine *engine, struct ike_sa *ike, uint32_t message_id)
{
    make_room(engine, ike);
    struct transaction *transaction = engine_allocate(engine, sizeof(*transaction), &ike->memory_bytes);
    if (transaction == NULL)
        return NULL;
    list_append(&ike->v1->transactions, &transaction->node);
    ike->v1->transaction_count++;
    ikev1_exchange_begin(ike, &transaction->exchange, message_id);
    return transaction;
}

/* ---- sending ---- */

static bool send(struct engine *engine, struct ike_sa *ike, struct transaction *transaction, uint8_t type,
                 struct bytes attributes)
{
    uint8_t buffer[IKE_MESSAGE_MAX];
    struct message_builder builder =
        ikev1_start(ike, buffer, sizeof(buffer), ISAKMP_TRANSACTION, transaction->exchange.message_id);
    ikev1_build_hash(ike, &builder);
    const struct connection *connection = connection_by_serial(engine, ike->connection_serial);
    size_t unit = connection != NULL && connection->spec->ikepad == IKEPAD_YES ? 4 : 0;
    ikev1_build_attributes(&builder, type, transaction->identifier, attributes, unit);
    transaction->last_type = type;
    trace_ike(engine, ike, DEBUG_BASE, "#%llu: Transaction exchange %08x: sending %s of %zu bytes",
              (unsigned long long)ike->serial, transaction->exchange.message_id, ikev1_cfg_type_name(type),
              attributes.size);
    return ikev1_send_hashed(engine, ike, &transaction->exchange, &builder, bytes_of(NULL, 0),
                             &ike->memory_bytes);
}

bool transaction_begin(struct engine *engine, struct ike_sa *ike, const struct transaction_service *service,
                       uint8_t type, uint16_t identifier, struct bytes attributes)
{
    struct transaction *transaction = make(engine, ike, ikev1_new_message_id(engine, ike));
    if (transaction == NULL)
        return false;
    transaction->service = service;
    transaction->identifier = identifier;
    if (!send(engine, ike, transaction, type, attributes)) {
        drop(engine, ike, transaction);
        return false;
    }
    ike->v1->request_message_id = transaction->exchange.message_id;
    ikev1_arm_retransmit(engine, ike, &transaction->exchange, &ike->retransmit_timer);
    return true;
}

bool transaction_answer(struct engine *engine, struct ike_sa *ike, struct transaction *transaction,
                        struct bytes attributes)
{
    uint8_t type = transaction->last_type == ISAKMP_CFG_REQUEST ? ISAKMP_CFG_REPLY : ISAKMP_CFG_ACK;
    return send(engine, ike, transaction, type, attributes);
}

void transaction_retransmit(struct engine *engine, struct ike_sa *ike)
{
    struct transaction *transaction = transaction_by_message_id(ike, ike->v1->request_message_id);
    struct ikev1_exchange *exchange = transaction ? &transaction->exchange : &ike->v1->phase1;
    usec_t interval = exchange->retransmit_interval;
    unsigned waited;
    char text[200];
    if (transaction == NULL && !ike->v1->is_unconfirmed)
        return;
    switch (ikev1_retransmit(engine, ike, exchange, &ike->retransmit_timer, &waited)) {
    case RETRANSMIT_GIVE_UP:
        ike->request_first_sent = exchange->first_sent; /* for the record of the failure */
        ike->retransmits = exchange->retransmits;
        snprintf(text, sizeof(text),
                 "%s: %u second timeout exceeded after %u retransmits.  No response to our %s",
                 ikev1_ike_state_name(ike), waited, exchange->retransmits,
                 transaction ? ikev1_cfg_type_name(transaction->last_type) : "last message of phase 1");
        ike->v1->request_message_id = 0;
        if (transaction != NULL)
            transaction->service->unanswered(engine, ike, text);
        else
            phase15_fail(engine, ike, RC_NORETRANSMISSION, "%s", text);
        break;
    case RETRANSMITTED:
        say_ike(engine, RC_RETRANSMISSION, ike, ike->setup != NULL ? ike->setup->client : 0,
                "%s: retransmission; will wait %g seconds for response", ikev1_ike_state_name(ike),
                (double)interval / (double)USEC_PER_SEC);
        break;
    case RETRANSMIT_SUPPRESSED:
        break;
    }
}

/* ---- receiving ---- */

static bool answers(const struct transaction *transaction, uint8_t type)
{
    return transaction != NULL &&
           ((type == ISAKMP_CFG_REPLY && transaction->last_type == ISAKMP_CFG_REQUEST) ||
            (type == ISAKMP_CFG_ACK && transaction->last_type == ISAKMP_CFG_SET));
}

/* Who is asked and knows nothing says so: an answer is due to whatever comes (2). */
static void answer_for_nobody(struct engine *engine, struct ike_sa *ike, struct transaction *transaction)
{
    transaction_answer(engine, ike, transaction, bytes_of(NULL, 0));
}

struct transaction *transaction_take(struct engine *engine, struct ike_sa *ike,
                                     const struct ikev1_incoming *incoming, uint64_t hash)
{
    const struct ikev1_attributes *attributes = &incoming->message->attributes;
    uint32_t message_id = incoming->header->message_id;
    struct transaction *transaction = find(ike, message_id);
    bool is_answer = attributes->type == ISAKMP_CFG_REPLY || attributes->type == ISAKMP_CFG_ACK;
    bool is_ours = transaction != NULL && message_id == ike->v1->request_message_id;
    const struct transaction_service *service = phase15_service_for(ike, attributes);
    if (is_answer != is_ours || (is_answer && !answers(transaction, attributes->type)) ||
        (!is_answer && phase15_is_too_early_for(engine, ike, service)))
        return NULL;
    if (transaction == NULL && (!ikev1_use_message_id(engine, ike, message_id) ||
                                (transaction = make(engine, ike, message_id)) == NULL))
        return NULL;
    memcpy(transaction->exchange.iv, incoming->last_block, sizeof(transaction->exchange.iv));
    transaction->exchange.last_received_hash = hash;
    owned_clear(engine, &ike->memory_bytes, &transaction->exchange.last_sent);
    transaction->last_type = attributes->type;
    trace_ike(engine, ike, DEBUG_BASE, "#%llu: Transaction exchange %08x: received %s of %zu bytes",
              (unsigned long long)ike->serial, message_id, ikev1_cfg_type_name(attributes->type),
              attributes->list.size);
    if (is_answer) {
        ike->v1->request_message_id = 0;
        engine_timer_cancel(engine, &ike->retransmit_timer);
    } else {
        transaction->identifier = attributes->identifier;
        transaction->service = service;
    }
    return transaction;
}

void transaction_received(struct engine *engine, struct ike_sa *ike, struct transaction *transaction,
                          const struct ikev1_incoming *incoming)
{
    if (transaction->service != NULL)
        transaction->service->received(engine, ike, transaction, &incoming->message->attributes);
    else
        answer_for_nobody(engine, ike, transaction);
}
