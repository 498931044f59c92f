/* Exchanges: message ids, window, retransmission, the queue of tasks. RFC 7296 2.1 to 2.4. */
#include "engine/ikev2/exchange.h"

#include "engine/count.h"
#include "engine/ikev2/create_child.h"
#include "engine/ikev2/informational.h"
#include "engine/ikev2/mobike.h"
#include "engine/ikev2/protect.h"
#include "engine/ikev2/reauthenticate.h"
#include "engine/ikev2/rekey_child.h"
#include "engine/ikev2/rekey_ike.h"
#include "engine/ikev2/sa_init.h"
#include "engine/lifecycle.h"
#include "engine/version.h"

void exchange_begin(struct ike_sa *ike, enum task_kind kind, uint64_t child_serial, uint64_t client)
{
    ike->current = kind;
    ike->current_attempts = 0;
    ike->current_child_serial = child_serial;
    ike->current_client = client;
    ike->early_deleted_count = 0;
}

void exchange_transmit(struct engine *engine, const struct path *path, struct bytes datagrams)
{
    enum { LENGTH_AT = 24 };
    while (datagrams.size >= IKE_HEADER_SIZE) {
        uint32_t size = load_be32(datagrams.data + LENGTH_AT);
        if (size < IKE_HEADER_SIZE || size > datagrams.size)
            return;
        engine_send(engine, path, bytes_of(datagrams.data, size));
        datagrams = bytes_of(datagrams.data + size, datagrams.size - size);
    }
}

void exchange_send_request(struct engine *engine, struct ike_sa *ike, struct bytes message)
{
    const struct connection *connection = connection_by_serial(engine, ike->connection_serial);
    if (!owned_set(engine, &ike->memory_bytes, &ike->request, message))
        return;
    ike->request_first_sent = engine_now(engine);
    ike->retransmit_interval = connection->spec->retransmit_interval;
    ike->retransmits = 0;
    exchange_transmit(engine, &ike->path, message);
    usec_t timeout = connection->spec->retransmit_timeout;
    bool is_alone = ike->path.is_tcp || ike->retransmit_interval >= timeout; /* RFC 9329 6.2 */
    engine_timer_arm(engine, &ike->retransmit_timer,
                     ike->request_first_sent + (is_alone ? timeout : ike->retransmit_interval));
}

void exchange_end(struct engine *engine, struct ike_sa *ike)
{
    engine_timer_cancel(engine, &ike->retransmit_timer);
    owned_clear(engine, &ike->memory_bytes, &ike->request);
    ike->current = TASK_NONE;
    ike->current_child_serial = ike->current_client = ike->current_ike_serial = 0;
}

/* When what the task is to replace ends. */
static usec_t end_of_replaced(const struct engine *engine, const struct ike_sa *ike, enum task_kind kind,
                              uint64_t child_serial)
{
    const struct child_sa *child = kind == TASK_REKEY_CHILD ? child_by_serial(engine, child_serial) : NULL;
    return kind == TASK_REKEY_IKE ? ike->expire_at : child != NULL ? child->expire_at : USEC_NEVER;
}

/* What is tried again is of no use after `end`. False: it was tried often enough. */
static bool wait_before_retry(struct engine *engine, struct ike_sa *ike, usec_t end)
{
    enum { TRIES_LEFT = 8 }; /* of a short life */
    uint32_t random;
    usec_t now = engine_now(engine);
    usec_t shortest = end > now ? (end - now) / TRIES_LEFT : 0;
    if (++ike->temporary_failures > TEMPORARY_FAILURE_LIMIT)
        return false;
    if (shortest > TEMPORARY_FAILURE_DELAY)
        shortest = TEMPORARY_FAILURE_DELAY;
    if (shortest < TEMPORARY_FAILURE_DELAY_MIN)
        shortest = TEMPORARY_FAILURE_DELAY_MIN;
    /* Both sides of a collision wait, for different times. */
    engine_random(engine, &random, sizeof(random));
    engine_timer_arm(engine, &ike->retry_timer, now + shortest + random % shortest);
    return true;
}

bool exchange_retry_later(struct engine *engine, struct ike_sa *ike, enum task_kind kind,
                          uint64_t child_serial, uint64_t connection_serial, uint64_t client)
{
    return wait_before_retry(engine, ike, end_of_replaced(engine, ike, kind, child_serial)) &&
           ike_add_task(engine, ike, kind, child_serial, connection_serial, client);
}

bool exchange_retry_cpu_later(struct engine *engine, struct ike_sa *ike, uint64_t connection_serial,
                              uint32_t cpu)
{
    return wait_before_retry(engine, ike, USEC_NEVER) &&
           ike_add_cpu_task(engine, ike, connection_serial, cpu);
}

/* ---- the queue ---- */

static bool may_start(const struct ike_sa *ike, enum task_kind kind)
{
    bool is_patient = kind == TASK_CREATE_CHILD || kind == TASK_REKEY_CHILD || kind == TASK_REKEY_IKE ||
                      kind == TASK_REAUTHENTICATE;
    bool is_unsettled = timer_is_armed(&ike->retry_timer.timer) || ike->responding_ike_serial != 0 ||
                        ike->undecided_old_serial != 0;
    if (ike->state == IKE_STATE_ESTABLISHED)
        return !is_patient || !is_unsettled;
    /* A liveness check shows the peer a new TCP connection. */
    return ike->state == IKE_STATE_REPLACED &&
           (kind == TASK_DELETE_IKE || (kind == TASK_LIVENESS && ike->path.is_tcp));
}

static void start(struct engine *engine, struct ike_sa *ike, const struct task *task)
{
    switch (task->kind) {
    case TASK_CREATE_CHILD:
        create_child_start(engine, ike, task);
        break;
    case TASK_REKEY_CHILD:
        rekey_child_begin(engine, ike, child_by_serial(engine, task->child_serial), task->client);
        break;
    case TASK_REKEY_IKE:
        rekey_ike_begin(engine, ike, task->client);
        break;
    case TASK_REAUTHENTICATE:
        reauthenticate_begin(engine, ike);
        break;
    case TASK_DELETE_CHILD:
        delete_child_begin(engine, ike, task);
        break;
    case TASK_DELETE_IKE:
        delete_ike_begin(engine, ike, task->client);
        break;
    case TASK_LIVENESS:
        liveness_begin(engine, ike);
        break;
    case TASK_UPDATE_ADDRESSES:
    case TASK_CHECK_ROUTE:
        mobike_begin(engine, ike, task->kind);
        break;
    default:
        break;
    }
}

void exchange_next(struct engine *engine, struct ike_sa *ike)
{
    uint64_t serial = ike->serial;
    while ((ike = ike_by_serial(engine, serial)) != NULL && ike->current == TASK_NONE) {
        struct task *found = NULL;
        for (struct list_node *node = ike->tasks.next; node != &ike->tasks && found == NULL;
             node = node->next)
            if (may_start(ike, CONTAINER_OF(node, struct task, node)->kind))
                found = CONTAINER_OF(node, struct task, node);
        if (found == NULL)
            return;
        struct task task = *found;
        ike_drop_task(engine, ike, found);
        start(engine, ike, &task);
    }
}

/* ---- retransmission ---- */

static const char *hint(const struct ike_sa *ike)
{
    if (ike->state == IKE_STATE_INIT_SENT)
        return "No response (or no acceptable response) to our first IKEv2 message";
    if (ike->state == IKE_STATE_AUTH_SENT)
        return "Possible authentication failure: no acceptable response to our first encrypted message";
    return "No response (or no acceptable response) to our IKEv2 message";
}

void exchange_retransmit(struct engine *engine, struct ike_sa *ike)
{
    const struct connection_spec *spec = connection_by_serial(engine, ike->connection_serial)->spec;
    usec_t now = engine_now(engine);
    usec_t waited = now - ike->request_first_sent;
    uint64_t client = ike->current_client ? ike->current_client : ike->setup ? ike->setup->client : 0;
    if (ike->request.size == 0) {
        if (ike->current == TASK_DELETE_CHILD || ike->current == TASK_DELETE_IKE)
            informational_response(engine, ike, NULL); /* IMPAIR_SEND_NO_DELETE: nobody will answer */
        return;
    }
    if (waited >= spec->retransmit_timeout || engine->settings.no_retransmits ||
        is_impaired(engine, IMPAIR_TIMEOUT_ON_RETRANSMIT)) {
        if (sa_init_believes_refusal(engine, ike) || sa_init_fall_back(engine, ike))
            return;
        ike_fail_because(engine, ike, FAILURE_NO_ANSWER, 0, RC_NORETRANSMISSION,
                         "%s: %u second timeout exceeded after %u retransmits.  %s",
                         ike->version->ike_state_name(ike), (unsigned)(waited / USEC_PER_SEC),
                         ike->retransmits, hint(ike));
        return;
    }
    if (is_impaired(engine, IMPAIR_SUPPRESS_RETRANSMITS)) {
        engine_timer_arm(engine, &ike->retransmit_timer, ike->request_first_sent + spec->retransmit_timeout);
        return;
    }
    ike->retransmits++;
    say_ike(engine, RC_RETRANSMISSION, ike, client, "%s: retransmission; will wait %g seconds for response",
            ike->version->ike_state_name(ike), (double)ike->retransmit_interval / (double)USEC_PER_SEC);
    exchange_transmit(engine, &ike->path, owned_bytes(&ike->request));
    usec_t next = now + ike->retransmit_interval;
    usec_t last = ike->request_first_sent + spec->retransmit_timeout;
    ike->retransmit_interval *= 2;
    engine_timer_arm(engine, &ike->retransmit_timer, next < last ? next : last);
}

/* ---- answers ---- */

struct message_builder exchange_answer_start(const struct ike_sa *ike, const struct incoming *incoming,
                                             uint8_t *buffer, size_t capacity)
{
    return protect_start(ike, buffer, capacity, incoming->exchange, true, incoming->message_id);
}

bool exchange_answer_finish(struct engine *engine, struct ike_sa *ike, struct message_builder *builder)
{
    struct bytes message;
    if (!protect_finish(engine, ike, builder, &message))
        return false;
    owned_set(engine, &ike->memory_bytes, &ike->last_response, message);
    exchange_transmit(engine, &ike->request_path, message);
    return true;
}

void exchange_answer_notify(struct engine *engine, struct ike_sa *ike, const struct incoming *incoming,
                            uint16_t type, struct bytes data)
{
    uint8_t buffer[512];
    struct message_builder builder = exchange_answer_start(ike, incoming, buffer, sizeof(buffer));
    ikev2_build_notify(&builder, PROTOCOL_NONE, bytes_of(NULL, 0), type, data);
    exchange_answer_finish(engine, ike, &builder);
    ike->has_refused_syntax |= type == INVALID_SYNTAX;
}

/* ---- jobs ---- */

void exchange_put_aside(struct engine *engine, struct ike_sa *ike, unsigned slot,
                        const struct incoming *incoming, uint64_t job_id)
{
    struct suspended *suspended = &ike->suspended[slot];
    owned_set(engine, &ike->memory_bytes, &suspended->chain, incoming->chain);
    suspended->job_id = job_id;
    suspended->first = incoming->first;
    suspended->exchange = incoming->exchange;
}

void exchange_suspend(struct engine *engine, struct ike_sa *ike, unsigned slot,
                      const struct incoming *incoming, struct job *job)
{
    exchange_put_aside(engine, ike, slot, incoming, job->job_id);
    engine->env->submit_job(engine->env->world, job);
}
