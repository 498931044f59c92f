/*
 * The way of an IKEv2 datagram: RFC 7296 2.2 (message ids), 2.5 (versions, critical payloads), 2.21 (errors).
 * Which request may come in which state request_is_legal() says, which response what is in flight; the rest
 * is dropped.
 */
#include "engine/ikev2/receive.h"

#include <stdlib.h>

#include "engine/child_install.h"
#include "engine/count.h"
#include "engine/ike_trace.h"
#include "engine/ikev2/create_child.h"
#include "engine/ikev2/exchange.h"
#include "engine/ikev2/fatal_error.h"
#include "engine/ikev2/fragmentation.h"
#include "engine/ikev2/ike_auth.h"
#include "engine/ikev2/informational.h"
#include "engine/ikev2/protect.h"
#include "engine/ikev2/rekey_child.h"
#include "engine/ikev2/rekey_ike.h"
#include "engine/ikev2/sa_init.h"
#include "engine/impair_message.h"
#include "engine/lifecycle.h"
#include "engine/peer_path.h"
#include "engine/sa.h"
#include "engine/stream.h"

enum { DATAGRAM_MAX = 65536 };

/* A major version above ours is answered once, unprotected; nothing is kept (2.5). */
static void refuse_version(struct engine *engine, const struct path *path, const struct ikev2_header *header)
{
    uint8_t buffer[64];
    struct bytes message;
    struct ikev2_header answer = *header;
    if ((header->flags & IKEV2_FLAG_RESPONSE) != 0)
        return;
    answer.version = IKEV2_VERSION;
    answer.flags = IKEV2_FLAG_RESPONSE;
    struct message_builder builder = message_build_start(buffer, sizeof(buffer), &answer);
    ikev2_build_notify(&builder, PROTOCOL_NONE, bytes_of(NULL, 0), INVALID_MAJOR_VERSION, bytes_of(NULL, 0));
    if (!message_build_finish(&builder, &message))
        return;
    count_sent(engine, &builder);
    engine_send(engine, path, message);
}

/* Which exchanges a peer may start in which state of the IKE SA. */
static bool request_is_legal(const struct ike_sa *ike, uint8_t exchange)
{
    switch (ike->state) {
    case IKE_STATE_INIT_RESPONDED:
        return exchange == IKE_AUTH;
    case IKE_STATE_ESTABLISHED:
    case IKE_STATE_REPLACED:
    case IKE_STATE_DELETING:
        return exchange == CREATE_CHILD_SA || exchange == INFORMATIONAL;
    default:
        return false;
    }
}

static uint8_t exchange_of_task(enum task_kind kind)
{
    switch (kind) {
    case TASK_AUTH:
        return IKE_AUTH;
    case TASK_CREATE_CHILD:
    case TASK_REKEY_CHILD:
    case TASK_REKEY_IKE:
        return CREATE_CHILD_SA;
    case TASK_DELETE_CHILD:
    case TASK_DELETE_IKE:
    case TASK_LIVENESS:
    case TASK_UPDATE_ADDRESSES:
    case TASK_CHECK_ROUTE:
        return INFORMATIONAL;
    default:
        return 0;
    }
}

static void handle_request(struct engine *engine, struct ike_sa *ike, struct incoming *incoming)
{
    if (ike->undecided_old_serial != 0)
        rekey_ike_is_used(engine, ike, incoming);
    switch (incoming->exchange) {
    case IKE_AUTH:
        ike_auth_request(engine, ike, incoming);
        break;
    case CREATE_CHILD_SA:
        if (ikev2_has(incoming->message, PAYLOAD_TSI))
            create_child_request(engine, ike, incoming);
        else
            rekey_ike_request(engine, ike, incoming);
        break;
    default:
        informational_request(engine, ike, incoming);
        break;
    }
}

static void handle_response(struct engine *engine, struct ike_sa *ike, struct incoming *incoming)
{
    if (fatal_error_was_answered(engine, ike, incoming))
        return;
    switch (ike->current) {
    case TASK_AUTH:
        ike_auth_response(engine, ike, incoming);
        break;
    case TASK_CREATE_CHILD:
    case TASK_REKEY_CHILD:
        create_child_response(engine, ike, incoming);
        break;
    case TASK_REKEY_IKE:
        rekey_ike_response(engine, ike, incoming);
        break;
    default:
        informational_response(engine, ike, incoming);
        break;
    }
}

/* The inner payloads are syntactically wrong, or one is critical and unknown: a request is answered with the
 * reason, which ends an IKE SA that is not authenticated yet (2.21.2; the others: fatal_error.h); a response
 * that makes no sense does so, too. */
static void malformed(struct engine *engine, struct ike_sa *ike, const struct incoming *incoming,
                      bool is_response, uint8_t critical, const struct error *error)
{
    say_ike(engine, RC_LOG, ike, 0, "malformed %s %s: %s", ikev2_exchange_name(incoming->exchange),
            is_response ? "response" : "request", error->text);
    if (is_response) {
        ike_fail(engine, ike, RC_NOTIFICATION + INVALID_SYNTAX, "peer answered with a malformed message: %s",
                 error->text);
        return;
    }
    ike->expected_message_id++;
    bool is_critical = error->code == UNSUPPORTED_CRITICAL_PAYLOAD;
    exchange_answer_notify(engine, ike, incoming, (uint16_t)error->code,
                           bytes_of(&critical, is_critical ? 1 : 0));
    if (ike->state == IKE_STATE_INIT_RESPONDED)
        ike_auth_give_up(engine, ike);
}

static void dispatch(struct engine *engine, struct ike_sa *ike, struct incoming *incoming, bool is_response)
{
    struct arena arena = arena_make(MESSAGE_ARENA_MAX);
    struct ikev2_message message;
    struct error error;
    uint8_t critical;
    incoming->arena = &arena;
    incoming->message = &message;
    bool is_resumed = incoming->job != NULL;
    uint64_t serial = ike->serial;
    if (!is_resumed)
        trace_payloads(engine, ike, false, ikev2_exchange_name(incoming->exchange), incoming->message_id,
                       incoming->chain);
    if (!ikev2_message_read(incoming->first, incoming->chain, &arena, &message, &critical, &error) ||
        ((ikev2_has(&message, PAYLOAD_SK) || ikev2_has(&message, PAYLOAD_SKF)) &&
         !error_set(&error, INVALID_SYNTAX, "SK or SKF payload inside SK payload"))) {
        malformed(engine, ike, incoming, is_response, critical, &error);
        fatal_error_conclude(engine, serial);
        arena_release(&arena);
        return;
    }
    if (!is_resumed) {
        count_received(engine, &message);
        count_one(engine, COUNT_MESSAGES, MESSAGES_OK);
    }
    if (engine->impairments.has_any)
        impair_received(engine, &message);
    if (is_response) {
        handle_response(engine, ike, incoming);
    } else {
        if (!is_resumed)
            ike->expected_message_id++;
        handle_request(engine, ike, incoming);
        fatal_error_conclude(engine, serial);
    }
    arena_release(&arena);
}

/* A request that was seen before: the same answer again (2.1), to where it came from now (2.11). Only its
 * exact bytes count, and the path of the IKE SA does not follow them: they may be replayed by a stranger. */
static void answer_again(struct engine *engine, const struct ike_sa *ike, const struct path *path,
                         uint64_t hash)
{
    if (ike->last_response.size != 0 && hash == ike->last_request_hash)
        exchange_transmit(engine, path, owned_bytes(&ike->last_response));
}

static bool is_in_order(struct engine *engine, struct ike_sa *ike, const struct path *path,
                        const struct ikev2_header *header, uint64_t hash)
{
    if ((header->flags & IKEV2_FLAG_RESPONSE) != 0)
        return ike->current != TASK_NONE && ike->request.size != 0 &&
               header->message_id == ike->next_message_id - 1 &&
               header->exchange == exchange_of_task(ike->current) && ike->suspended[1].job_id == 0;
    if (header->message_id + 1 == ike->expected_message_id)
        answer_again(engine, ike, path, hash);
    return header->message_id == ike->expected_message_id && ike->suspended[0].job_id == 0 &&
           request_is_legal(ike, header->exchange);
}

static struct ike_sa *find_ike(const struct engine *engine, const struct ikev2_header *header)
{
    bool from_initiator = (header->flags & IKEV2_FLAG_INITIATOR) != 0;
    struct ike_sa *ike = ike_by_own_spi(engine, from_initiator ? header->spi_r : header->spi_i);
    if (ike == NULL || ike->is_initiator == from_initiator || ike->suite.encr == NULL ||
        memcmp(ike->spi_i, header->spi_i, IKE_SPI_SIZE) != 0 ||
        memcmp(ike->spi_r, header->spi_r, IKE_SPI_SIZE) != 0)
        return NULL;
    return ike;
}

enum opened { OPENED_NOTHING, OPENED_WHOLE, OPENED_PIECES };

/* Of a fragment that completes its message, incoming->chain is memory of its own (OPENED_PIECES). */
static enum opened open_message(struct engine *engine, struct ike_sa *ike, const struct ikev2_message *outer,
                                uint8_t *datagram, size_t size, struct incoming *incoming, bool is_response,
                                uint64_t *hash)
{
    bool is_fragment = ikev2_has(outer, PAYLOAD_SKF) && ike->sends_fragments;
    if (!is_fragment && !ikev2_has(outer, PAYLOAD_SK))
        return OPENED_NOTHING;
    if (!protect_open(engine, ike, datagram, size, outer->sk_body, &incoming->chain)) {
        trace_ike(engine, ike, DEBUG_BASE, "#%llu: dropped a message that is not authentic",
                  (unsigned long long)ike->serial);
        return OPENED_NOTHING;
    }
    incoming->first = outer->sk_first;
    ike->last_received_at = engine_now(engine);
    if (!is_fragment)
        return OPENED_WHOLE;
    return fragmentation_take(engine, ike, is_response, outer, *hash, incoming, hash) ? OPENED_PIECES
                                                                                      : OPENED_NOTHING;
}

static void receive_protected(struct engine *engine, struct ike_sa *ike, const struct path *path,
                              const struct ikev2_header *header, struct bytes datagram)
{
    uint8_t copy[DATAGRAM_MAX];
    struct ikev2_message outer;
    struct error error;
    uint8_t critical;
    uint64_t hash = engine_hash(engine, &datagram, 1);
    if (datagram.size > sizeof(copy) || !is_in_order(engine, ike, path, header, hash))
        return;
    memcpy(copy, datagram.data, datagram.size);
    struct arena arena = arena_make(MESSAGE_ARENA_MAX);
    struct bytes whole = bytes_of(copy + IKE_HEADER_SIZE, datagram.size - IKE_HEADER_SIZE);
    struct incoming incoming = {.path = path, .exchange = header->exchange, .message_id = header->message_id};
    bool is_response = (header->flags & IKEV2_FLAG_RESPONSE) != 0;
    enum opened opened = OPENED_NOTHING;
    if (ikev2_message_read(header->next_payload, whole, &arena, &outer, &critical, &error))
        opened = open_message(engine, ike, &outer, copy, datagram.size, &incoming, is_response, &hash);
    arena_release(&arena);
    if (opened == OPENED_NOTHING)
        return;
    struct bytes chain = incoming.chain;
    if (!is_response) {
        ike->last_request_hash = hash;
        ike->request_path = *path;
    }
    if (path->is_tcp || ike->path.is_tcp)
        stream_follow(engine, ike, path);
    else if (path->local.port == ike->path.local.port && !ike->uses_mobike) /* RFC 4555 3.8 */
        peer_path_moved(engine, ike, &path->remote);
    dispatch(engine, ike, &incoming, is_response);
    if (opened == OPENED_PIECES)
        engine_deallocate(engine, (uint8_t *)(uintptr_t)chain.data, chain.size, NULL);
}

void ikev2_receive(struct engine *engine, const struct path *path, const struct ikev2_header *header,
                   struct bytes datagram)
{
    unsigned major = header->version >> 4;
    if (major > 2) {
        refuse_version(engine, path, header);
        return;
    }
    if (major < 2)
        return;
    if (header->exchange == IKE_SA_INIT) {
        sa_init_receive(engine, path, header, datagram);
        return;
    }
    struct ike_sa *ike = find_ike(engine, header);
    if (ike != NULL)
        receive_protected(engine, ike, path, header, datagram);
}

/* ---- resuming after a job ---- */

void ikev2_job_done(struct engine *engine, struct ike_sa *ike, struct job *job)
{
    for (unsigned slot = 0; slot < 2; slot++) {
        struct suspended *suspended = &ike->suspended[slot];
        if (suspended->job_id != job->job_id)
            continue;
        uint8_t *chain = suspended->chain.data;
        size_t size = suspended->chain.size;
        struct incoming incoming = {
            .path = &ike->path,
            .exchange = suspended->exchange,
            .message_id = slot == 0 ? ike->expected_message_id - 1 : ike->next_message_id - 1,
            .first = suspended->first,
            .chain = bytes_of(chain, size),
            .job = job,
        };
        /* The chain is lent to the handlers, which may destroy the IKE SA. */
        ike->memory_bytes -= size;
        *suspended = (struct suspended){0};
        dispatch(engine, ike, &incoming, slot == 1);
        engine_deallocate(engine, chain, size, NULL);
        return;
    }
    if (ike->setup != NULL)
        sa_init_job_done(engine, ike, job);
    else if (ike->current == TASK_REKEY_IKE || ike->current == TASK_REKEY_CHILD ||
             ike->current == TASK_CREATE_CHILD)
        create_child_generated(engine, ike, job);
}
