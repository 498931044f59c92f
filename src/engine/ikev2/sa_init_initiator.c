/* IKE_SA_INIT as initiator, with the restarts that COOKIE and INVALID_KE_PAYLOAD ask for: RFC
 * 7296 2.6.1, 2.7. */
#include "engine/count.h"
#include "engine/ikev2/childless.h"
#include "engine/ikev2/cookie.h"
#include "engine/ikev2/exchange.h"
#include "engine/ikev2/fragmentation.h"
#include "engine/ikev2/nat_detection.h"
#include "engine/ikev2/sa_init.h"
#include "engine/ikev2/sa_init_parts.h"
#include "engine/ikev2/signature_hashes.h"
#include "engine/ikev2/vendor_id.h"
#include "engine/impair_message.h"
#include "engine/lifecycle.h"
#include "engine/sa.h"
#include "engine/stream.h"

static struct proposal_offer offer_of(const struct connection *connection)
{
    return (struct proposal_offer){.list = connection->spec->ike_proposals};
}

static bool generate(struct engine *engine, struct ike_sa *ike)
{
    struct job *job = engine_new_job(engine, ike, JOB_KE_GENERATE, ike->setup->ke);
    if (job == NULL)
        return false;
    engine->env->submit_job(engine->env->world, job);
    return true;
}

/* Over TCP, or by the UDP ports of the connection. */
static bool choose_path(struct engine *engine, struct ike_sa *ike, const struct connection *connection,
                        bool is_tcp, struct error *error)
{
    ike->path = (struct path){.local = connection_local_endpoint(engine, connection),
                              .remote = connection_remote_endpoint(engine, connection)};
    if (!is_tcp)
        return true;
    ike->path.remote.port = connection->spec->tcp_remote_port;
    return stream_open(engine, ike, error);
}

static void say_begun(struct engine *engine, const struct ike_sa *ike, uint64_t client)
{
    char remote[ADDRESS_TEXT_SIZE];
    if (ike->path.is_tcp)
        say_ike(engine, RC_NEW_V2_STATE + 31, ike, client, "initiating IKEv2 connection to %s using TCP",
                address_text(&ike->path.remote.address, remote));
    else
        say_ike(engine, RC_NEW_V2_STATE + 31, ike, client, "initiating IKEv2 connection");
}

struct ike_sa *sa_init_start(struct engine *engine, const struct connection *connection, uint64_t client)
{
    struct proposal_offer offer = offer_of(connection);
    struct ike_sa *ike = ike_new(engine, connection, true, IKE_STATE_INIT_SENT);
    if (ike == NULL || !ike_make_setup(engine, ike)) {
        finish_client(engine, client, RC_INTERNAL_ERROR);
        if (ike != NULL)
            ike_destroy(engine, ike);
        return NULL;
    }
    struct ike_setup *setup = ike->setup;
    setup->client = client;
    setup->wants_child = !connection->spec->ike_only;
    setup->nonce_i_size = NONCE_SIZE;
    impaired_nonce(engine, IMPAIR_INITIATOR_NONCE, setup->nonce_i, NONCE_SIZE);
    struct error error = {0};
    bool has_path = choose_path(engine, ike, connection, connection->spec->tcp_use == TCP_YES, &error);
    identity_own(engine, &ike->memory_bytes, &ike->remote_id, identity_copy(&connection->remote_id));
    ike_index_by_peers(engine, ike);
    say_begun(engine, ike, client);
    exchange_begin(ike, TASK_SA_INIT, 0, 0);
    if (!has_path) {
        ike_fail(engine, ike, RC_FATAL, "cannot make a TCP connection: %s", error.text);
        return NULL;
    }
    setup->ke = proposals_first_ke(&offer);
    if (setup->ke == NULL || !generate(engine, ike)) {
        ike_fail(engine, ike, RC_INTERNAL_ERROR, "no key exchange method to begin with");
        return NULL;
    }
    return ike;
}

bool sa_init_fall_back(struct engine *engine, struct ike_sa *ike)
{
    const struct connection *connection = connection_by_serial(engine, ike->connection_serial);
    struct ike_setup *setup = ike->setup;
    struct path before = ike->path;
    struct error error;
    if (ike->state != IKE_STATE_INIT_SENT || before.is_tcp || connection->spec->tcp_use != TCP_FALLBACK)
        return false;
    if (!choose_path(engine, ike, connection, true, &error)) {
        ike->path = before;
        say_ike(engine, RC_LOG, ike, setup->client, "cannot make a TCP connection: %s", error.text);
        return false;
    }
    engine_timer_cancel(engine, &ike->retransmit_timer);
    owned_clear(engine, &ike->memory_bytes, &ike->request);
    owned_clear(engine, &ike->memory_bytes, &setup->cookie);
    setup->restarts = 0;
    ike->network_errno = 0;
    ike_renew_spi(engine, ike);
    impaired_nonce(engine, IMPAIR_INITIATOR_NONCE, setup->nonce_i, NONCE_SIZE);
    say_ike(engine, RC_LOG, ike, setup->client, "no answer over UDP; falling back to TCP");
    say_begun(engine, ike, setup->client);
    if (!generate(engine, ike))
        ike_fail(engine, ike, RC_INTERNAL_ERROR, "out of memory");
    return true;
}

static void send_request(struct engine *engine, struct ike_sa *ike)
{
    static const uint8_t zero[IKE_SPI_SIZE];
    const struct connection *connection = connection_by_serial(engine, ike->connection_serial);
    struct proposal_offer offer = offer_of(connection);
    struct ike_setup *setup = ike->setup;
    uint8_t buffer[IKE_MESSAGE_MAX];
    struct bytes message;
    struct ikev2_header header = {
        .version = IKEV2_VERSION, .exchange = IKE_SA_INIT, .flags = IKEV2_FLAG_INITIATOR};
    memcpy(header.spi_i, ike->spi_i, IKE_SPI_SIZE);
    struct message_builder builder = message_build_start(buffer, sizeof(buffer), &header);
    if (setup->cookie.size != 0)
        ikev2_build_notify(&builder, PROTOCOL_NONE, bytes_of(NULL, 0), COOKIE, owned_bytes(&setup->cookie));
    message_build_begin(&builder, PAYLOAD_SA);
    proposals_write(&builder.writer, &offer);
    message_build_end(&builder);
    ikev2_build_ke(&builder, setup->ke->id, owned_bytes(&setup->own_public));
    message_build_body(&builder, PAYLOAD_NONCE, bytes_of(setup->nonce_i, setup->nonce_i_size));
    nat_detection_build(engine, ike, &ike->path, zero, &builder);
    fragmentation_build_offer(engine, ike, &builder);
    signature_hashes_offer(connection, &builder);
    vendor_id_build(engine, ike, &builder);
    vendor_id_build_opportunistic(engine, ike, &builder);
    if (engine->impairments.has_any)
        impair_message(engine, ike, &builder.writer, HEADER_NEXT_PAYLOAD_AT, IKE_HEADER_SIZE);
    if (!message_build_finish(&builder, &message)) {
        ike_fail(engine, ike, RC_INTERNAL_ERROR, "IKE_SA_INIT request does not fit into %d bytes",
                 IKE_MESSAGE_MAX);
        return;
    }
    count_sent(engine, &builder);
    owned_set(engine, &ike->memory_bytes, &setup->init_request, message);
    ike->next_message_id = 1;
    char remote[PATH_TEXT_SIZE];
    say_ike(engine, RC_NEW_V2_STATE + 31, ike, setup->client, "sent IKE_SA_INIT request to %s",
            path_text(&ike->path, remote));
    exchange_send_request(engine, ike, message);
}

void sa_init_generated(struct engine *engine, struct ike_sa *ike, const struct job *job)
{
    ike->setup->own = job->own;
    owned_set(engine, &ike->memory_bytes, &ike->setup->own_public,
              bytes_of(job->own_public, ke_public_size(job->ke)));
    send_request(engine, ike);
}

static void forget_refusal(struct engine *engine, struct ike_sa *ike)
{
    engine_timer_cancel(engine, &ike->life_timer);
    ike->unproven_notify = 0;
}

/* Nobody vouches for it: another answer may come still (RFC 7296 2.21.1). */
static void keep_refusal(struct engine *engine, struct ike_sa *ike, uint16_t type)
{
    if (ike->unproven_notify != 0)
        return;
    ike->unproven_notify = type;
    say_ike(engine, RC_LOG, ike, ike->setup->client,
            "IKE_SA_INIT response says %s, unauthenticated; waiting %u second for another",
            ikev2_notify_name(type), (unsigned)(REFUSAL_PATIENCE / USEC_PER_SEC));
    engine_timer_arm(engine, &ike->life_timer, engine_now(engine) + REFUSAL_PATIENCE);
}

bool sa_init_believes_refusal(struct engine *engine, struct ike_sa *ike)
{
    uint16_t type = ike->unproven_notify;
    bool is_proposal = type == NO_PROPOSAL_CHOSEN;
    if (ike->state != IKE_STATE_INIT_SENT || type == 0)
        return false;
    forget_refusal(engine, ike);
    ike_fail_because(engine, ike, is_proposal ? FAILURE_IKE_PROPOSAL : FAILURE_REFUSED, type, RC_FATAL,
                     "IKE_SA_INIT request rejected by peer: %s%s", ikev2_notify_name(type),
                     is_proposal ? " (it accepts none of our ike= proposals)" : "");
    return true;
}

/* Another try that the (unauthenticated) peer asks for: bounded. */
static bool may_restart(struct engine *engine, struct ike_sa *ike)
{
    if (++ike->setup->restarts <= INIT_RESTART_LIMIT) {
        forget_refusal(engine, ike);
        return true;
    }
    say_ike(engine, RC_LOG, ike, 0, "ignoring the peer's wish for another IKE_SA_INIT: %d were enough",
            INIT_RESTART_LIMIT);
    return false;
}

static void obey_cookie(struct engine *engine, struct ike_sa *ike, struct bytes cookie)
{
    if (cookie.size == 0 || cookie.size > COOKIE_SIZE_MAX || !may_restart(engine, ike))
        return;
    say_ike(engine, RC_LOG, ike, ike->setup->client,
            "peer demands a cookie (%zu bytes); trying again with it", cookie.size);
    owned_set(engine, &ike->memory_bytes, &ike->setup->cookie, cookie);
    send_request(engine, ike);
}

static void obey_invalid_ke(struct engine *engine, struct ike_sa *ike, struct bytes data)
{
    const struct connection *connection = connection_by_serial(engine, ike->connection_serial);
    struct proposal_offer offer = offer_of(connection);
    uint16_t group = data.size == 2 ? load_be16(data.data) : 0;
    const struct algorithm *ke = algorithm_by_id(TRANSFORM_KE, group);
    count_invalid_ke(engine, false, ike->setup->ke->id, group);
    bool is_offered = ke != NULL && group != KE_NONE && proposals_offer_ke(&offer, group);
    if (!is_offered || ke == ike->setup->ke) {
        say_ike(engine, RC_LOG, ike, 0, "ignoring INVALID_KE_PAYLOAD with group %u, which %s", group,
                is_offered ? "was just tried" : "was not offered");
        return;
    }
    if (!may_restart(engine, ike))
        return;
    say_ike(engine, RC_LOG, ike, ike->setup->client, "peer wants %s instead of %s; trying again", ke->name,
            ike->setup->ke->name);
    ike->setup->ke = ke;
    engine_timer_cancel(engine, &ike->retransmit_timer);
    owned_clear(engine, &ike->memory_bytes, &ike->request);
    if (!generate(engine, ike))
        ike_fail(engine, ike, RC_INTERNAL_ERROR, "out of memory");
}

/* The answer agrees with what was offered: keep what is needed and have the keys made. */
static void accept(struct engine *engine, struct ike_sa *ike, const struct path *path,
                   const struct ikev2_header *header, struct bytes datagram,
                   const struct ikev2_message *message)
{
    struct ike_setup *setup = ike->setup;
    memcpy(ike->spi_r, header->spi_r, IKE_SPI_SIZE);
    setup->nonce_r_size = message->nonce.size;
    memcpy(setup->nonce_r, message->nonce.data, message->nonce.size);
    owned_set(engine, &ike->memory_bytes, &setup->init_response, datagram);
    forget_refusal(engine, ike);
    setup->peer_allows_childless = childless_is_announced(message);
    nat_detection_read(engine, ike, path, ike->spi_r, message);
    fragmentation_read(engine, ike, message);
    setup->peer_signature_hashes = signature_hashes_read(message);
    nat_detection_float(engine, ike);
    exchange_end(engine, ike);
    struct job *job = sa_init_key_job(engine, ike, ike, JOB_KE_DERIVE, message->ke_data);
    if (job == NULL)
        ike_fail(engine, ike, RC_INTERNAL_ERROR, "out of memory");
    else
        engine->env->submit_job(engine->env->world, job);
}

static bool check_answer(const struct engine *engine, struct ike_sa *ike, const struct ikev2_message *message,
                         struct arena *arena, struct error *error)
{
    static const uint8_t needed[] = {PAYLOAD_SA, PAYLOAD_KE, PAYLOAD_NONCE};
    struct proposal_offer offer = offer_of(connection_by_serial(engine, ike->connection_serial));
    const struct proposal *theirs;
    for (size_t i = 0; i < ARRAY_SIZE(needed); i++)
        if (!ikev2_has(message, needed[i]))
            return error_set(error, 0, "%s payload is missing", ikev2_payload_name(needed[i]));
    struct proposal_list *answer = proposals_read(message->sa, arena, error);
    if (answer == NULL || !proposals_accept_answer(&offer, answer, &ike->suite, &theirs, error))
        return false;
    if (ike->suite.ke != ike->setup->ke || message->ke_group != ike->setup->ke->id ||
        message->ke_data.size != ke_public_size(ike->setup->ke))
        return error_set(error, 0, "key exchange value is not of the group %s that was begun with",
                         ike->setup->ke->name);
    return true;
}

static void read_response(struct engine *engine, struct ike_sa *ike, const struct path *path,
                          const struct ikev2_header *header, struct bytes datagram,
                          const struct ikev2_message *message, struct arena *arena)
{
    static const uint8_t zero[IKE_SPI_SIZE];
    const struct ike_notify *cookie = ikev2_find_notify(message, COOKIE);
    const struct ike_notify *refusal = ikev2_find_error(message);
    struct error error;
    if (refusal != NULL && refusal->type == INVALID_KE_PAYLOAD) {
        obey_invalid_ke(engine, ike, refusal->data);
    } else if (refusal != NULL) {
        keep_refusal(engine, ike, refusal->type);
    } else if (cookie != NULL && !ikev2_has(message, PAYLOAD_SA)) {
        obey_cookie(engine, ike, cookie->data);
    } else if (memcmp(header->spi_r, zero, IKE_SPI_SIZE) == 0) {
        trace_ike(engine, ike, DEBUG_BASE, "#%llu: dropped an IKE_SA_INIT response without SPI",
                  (unsigned long long)ike->serial);
    } else if (!check_answer(engine, ike, message, arena, &error)) {
        ike->suite = (struct suite){0};
        say_ike(engine, RC_LOG_SERIOUS, ike, ike->setup->client,
                "ignoring unacceptable IKE_SA_INIT response: %s", error.text);
    } else {
        accept(engine, ike, path, header, datagram, message);
    }
}

void sa_init_response(struct engine *engine, struct ike_sa *ike, const struct path *path,
                      const struct ikev2_header *header, struct bytes datagram)
{
    struct arena arena = arena_make(MESSAGE_ARENA_MAX);
    struct ikev2_message message;
    struct error error;
    uint8_t critical;
    struct bytes chain = bytes_of(datagram.data + IKE_HEADER_SIZE, datagram.size - IKE_HEADER_SIZE);
    bool is_waiting = ike->request.size != 0; /* not while a new KE value is being made */
    if (is_waiting && ikev2_message_read(header->next_payload, chain, &arena, &message, &critical, &error)) {
        count_received(engine, &message);
        if (engine->impairments.has_any)
            impair_received(engine, &message);
        read_response(engine, ike, path, header, datagram, &message, &arena);
    }
    arena_release(&arena);
}
