/* IKE_SA_INIT as responder: nothing is kept of a stranger before his message is whole, wanted, and of the
 * right group. */
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
#include "engine/sa.h"

struct request {
    const struct path *path;
    const struct ikev2_header *header;
    struct bytes datagram;
    struct ikev2_message *message;
    struct arena *arena;
};

static void refuse(struct engine *engine, const struct request *request, uint16_t type, struct bytes data)
{
    uint8_t buffer[256];
    struct bytes message;
    struct ikev2_header header = {
        .version = IKEV2_VERSION, .exchange = IKE_SA_INIT, .flags = IKEV2_FLAG_RESPONSE};
    memcpy(header.spi_i, request->header->spi_i, IKE_SPI_SIZE);
    struct message_builder builder = message_build_start(buffer, sizeof(buffer), &header);
    ikev2_build_notify(&builder, PROTOCOL_NONE, bytes_of(NULL, 0), type, data);
    if (!message_build_finish(&builder, &message))
        return;
    count_sent(engine, &builder);
    engine_send(engine, request->path, message);
}

static bool has_all_payloads(const struct ikev2_message *message)
{
    return ikev2_has(message, PAYLOAD_SA) && ikev2_has(message, PAYLOAD_KE) &&
           ikev2_has(message, PAYLOAD_NONCE) && !ikev2_has(message, PAYLOAD_SK) &&
           !ikev2_has(message, PAYLOAD_SKF);
}

static bool shows_cookie(struct engine *engine, const struct request *request)
{
    const struct ike_notify *cookie = ikev2_find_notify(request->message, COOKIE);
    const struct ip_address *remote = &request->path->remote.address;
    uint8_t fresh[COOKIE_SIZE];
    if (cookie != NULL &&
        cookie_is_ours(engine, remote, request->header->spi_i, request->message->nonce, cookie->data))
        return true;
    cookie_make(engine, remote, request->header->spi_i, request->message->nonce, fresh);
    refuse(engine, request, COOKIE, bytes_of(fresh, sizeof(fresh)));
    return false;
}

static void tell_other_version(struct engine *engine, const struct request *request,
                               const struct connection *other, struct error *error)
{
    char mine[ADDRESS_TEXT_SIZE], theirs[ADDRESS_TEXT_SIZE];
    error_set(error, 0, "no connection between %s and %s is loaded for IKEv2; \"%.200s\" is for IKEv1",
              address_text(&request->path->local.address, mine),
              address_text(&request->path->remote.address, theirs), other->spec->name);
    if (other->newest_ike_serial == 0)
        failure_keep(engine, other, NULL, false, FAILURE_OTHER, NO_PROPOSAL_CHOSEN, error->text);
}

/* The first connection between these hosts that accepts one of the proposals. */
static const struct connection *choose(struct engine *engine, const struct request *request,
                                       struct suite *ret_suite, struct error *error)
{
    const struct ip_address *local = &request->path->local.address, *remote = &request->path->remote.address;
    char mine[ADDRESS_TEXT_SIZE], theirs[ADDRESS_TEXT_SIZE];
    struct proposal_list *offered = proposals_read(request->message->sa, request->arena, error);
    if (offered == NULL)
        return NULL;
    error_set(error, 0, "no connection between %s and %s is loaded", address_text(local, mine),
              address_text(remote, theirs));
    const struct connection *connection = NULL, *nearest = NULL, *other = NULL;
    for (unsigned tried = 0; tried < CONNECTION_CANDIDATES_LIMIT; tried++) {
        const struct proposal *chosen;
        connection = connection_next_for_hosts(engine, local, remote, connection);
        if (connection == NULL)
            break;
        if (connection->spec->ike_version != 2) {
            other = connection;
            continue;
        }
        struct proposal_offer offer = {.list = connection->spec->ike_proposals};
        if (proposals_select(&offer, offered, request->message->ke_group, ret_suite, &chosen, error))
            return connection;
        nearest = connection;
    }
    if (nearest == NULL && other != NULL)
        tell_other_version(engine, request, other, error);
    if (nearest != NULL && nearest->newest_ike_serial == 0) /* strangers make no history of what works */
        failure_keep(engine, nearest, NULL, false, FAILURE_IKE_PROPOSAL, NO_PROPOSAL_CHOSEN, error->text);
    return NULL;
}

static struct ike_sa *make_ike(struct engine *engine, const struct request *request,
                               const struct connection *connection, const struct suite *suite)
{
    const struct ikev2_message *message = request->message;
    struct ike_sa *ike = ike_new_for_request(engine, connection, request->path, request->header->spi_i);
    if (ike == NULL)
        return NULL;
    if (!ike_make_setup(engine, ike)) {
        ike_destroy(engine, ike);
        return NULL;
    }
    struct ike_setup *setup = ike->setup;
    ike->suite = *suite;
    setup->ke = suite->ke;
    setup->nonce_i_size = message->nonce.size;
    memcpy(setup->nonce_i, message->nonce.data, message->nonce.size);
    setup->nonce_r_size = NONCE_SIZE;
    impaired_nonce(engine, IMPAIR_RESPONDER_NONCE, setup->nonce_r, NONCE_SIZE);
    owned_set(engine, &ike->memory_bytes, &setup->init_request, request->datagram);
    ike_index_by_initiator(engine, ike);
    ike->counted_halfopen = true;
    engine->totals.ike_halfopen++;
    engine_timer_arm(engine, &ike->life_timer, engine_now(engine) + HALFOPEN_LIFETIME);
    return ike;
}

static void respond(struct engine *engine, const struct request *request)
{
    static const uint8_t zero[IKE_SPI_SIZE];
    const struct ikev2_message *message = request->message;
    struct suite suite;
    struct error error;
    if (engine->impairments.has_any)
        impair_received(engine, request->message);
    const struct connection *connection = choose(engine, request, &suite, &error);
    if (connection == NULL) {
        char remote[ENDPOINT_TEXT_SIZE];
        say_plain(engine, RC_LOG, "IKE_SA_INIT request from %s refused with NO_PROPOSAL_CHOSEN: %s",
                  endpoint_text(&request->path->remote, remote), error.text);
        refuse(engine, request, NO_PROPOSAL_CHOSEN, bytes_of(NULL, 0));
        return;
    }
    if (message->ke_group != suite.ke->id) {
        uint8_t group[2];
        store_be16(group, suite.ke->id);
        count_invalid_ke(engine, true, message->ke_group, suite.ke->id);
        refuse(engine, request, INVALID_KE_PAYLOAD, bytes_of(group, sizeof(group)));
        return;
    }
    if (message->ke_data.size != ke_public_size(suite.ke)) {
        refuse(engine, request, INVALID_SYNTAX, bytes_of(NULL, 0));
        return;
    }
    struct ike_sa *ike = make_ike(engine, request, connection, &suite);
    if (ike == NULL)
        return;
    nat_detection_read(engine, ike, request->path, zero, message);
    fragmentation_read(engine, ike, message);
    ike->setup->peer_signature_hashes = signature_hashes_read(message);
    struct job *job = sa_init_key_job(engine, ike, ike, JOB_KE_RESPOND, message->ke_data);
    if (job == NULL)
        ike_destroy(engine, ike);
    else
        engine->env->submit_job(engine->env->world, job);
}

/* The same request again: the same answer, if it has been made already (RFC 7296 2.1). */
static void request_again(struct engine *engine, const struct ike_sa *ike, const struct request *request)
{
    if (ike->last_response.size != 0 && ike->setup != NULL &&
        bytes_equal(owned_bytes(&ike->setup->init_request), request->datagram))
        engine_send(engine, &ike->path, owned_bytes(&ike->last_response));
}

void sa_init_request(struct engine *engine, const struct path *path, const struct ikev2_header *header,
                     struct bytes datagram)
{
    struct arena arena = arena_make(MESSAGE_ARENA_MAX);
    struct ikev2_message message;
    struct request request = {path, header, datagram, &message, &arena};
    struct error error;
    uint8_t critical;
    struct bytes chain = bytes_of(datagram.data + IKE_HEADER_SIZE, datagram.size - IKE_HEADER_SIZE);
    const struct ike_sa *ike = ike_by_initiator(engine, header->spi_i, path);
    if (ike != NULL) {
        request_again(engine, ike, &request);
    } else if (!ikev2_message_read(header->next_payload, chain, &arena, &message, &critical, &error)) {
        refuse(engine, &request, (uint16_t)error.code, bytes_of(&critical, critical ? 1 : 0));
    } else if (!has_all_payloads(&message)) {
        refuse(engine, &request, INVALID_SYNTAX, bytes_of(NULL, 0));
    } else if (engine->settings.drop_oppo_null && vendor_id_is_opportunistic(&message)) {
        trace(engine, DEBUG_BASE, "dropped an opportunistic IKE_SA_INIT request (drop-oppo-null=yes)");
    } else if (engine->totals.ike_halfopen < engine->settings.max_halfopen_ike &&
               (path->is_tcp || !cookie_is_demanded(engine) || shows_cookie(engine, &request))) {
        /* Who has a TCP connection has shown where he is (RFC 9329 6.3). */
        respond(engine, &request);
    }
    arena_release(&arena);
}

void sa_init_answer(struct engine *engine, struct ike_sa *ike, const struct job *job)
{
    struct ike_setup *setup = ike->setup;
    uint8_t buffer[IKE_MESSAGE_MAX];
    struct bytes message;
    struct ikev2_header header = {
        .version = IKEV2_VERSION, .exchange = IKE_SA_INIT, .flags = IKEV2_FLAG_RESPONSE};
    memcpy(header.spi_i, ike->spi_i, IKE_SPI_SIZE);
    memcpy(header.spi_r, ike->spi_r, IKE_SPI_SIZE);
    struct message_builder builder = message_build_start(buffer, sizeof(buffer), &header);
    message_build_begin(&builder, PAYLOAD_SA);
    suite_write(&builder.writer, &ike->suite, bytes_of(NULL, 0));
    message_build_end(&builder);
    ikev2_build_ke(&builder, setup->ke->id, bytes_of(job->own_public, ke_public_size(job->ke)));
    message_build_body(&builder, PAYLOAD_NONCE, bytes_of(setup->nonce_r, setup->nonce_r_size));
    nat_detection_build(engine, ike, &ike->path, ike->spi_r, &builder);
    childless_announce(connection_by_serial(engine, ike->connection_serial), &builder);
    fragmentation_build_agreement(ike, &builder);
    if (setup->peer_signature_hashes != 0)
        signature_hashes_answer(connection_by_serial(engine, ike->connection_serial), &builder);
    vendor_id_build(engine, ike, &builder);
    if (engine->impairments.has_any)
        impair_message(engine, ike, &builder.writer, HEADER_NEXT_PAYLOAD_AT, IKE_HEADER_SIZE);
    if (!message_build_finish(&builder, &message))
        return;
    count_sent(engine, &builder);
    owned_set(engine, &ike->memory_bytes, &setup->init_response, message);
    owned_set(engine, &ike->memory_bytes, &ike->last_response, message);
    ike->expected_message_id = 1;
    engine_send(engine, &ike->path, message);
}
