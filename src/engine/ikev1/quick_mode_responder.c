/* Quick Mode as responder: RFC 2409 5.5. The inbound SA is installed with our answer, traffic leaves on it
 * once the initiator has confirmed. */
#include "base/secret.h"
#include "engine/child_install.h"
#include "engine/compression.h"
#include "engine/connection.h"
#include "engine/ikev1/informational.h"
#include "engine/ikev1/initial_contact.h"
#include "engine/ikev1/lifetimes.h"
#include "engine/ikev1/nat_traversal.h"
#include "engine/ikev1/quick_mode.h"
#include "engine/ikev1/refusals.h"
#include "engine/login.h"
#include "engine/virtual_client.h"

/* What the initiator asks for, and the connection that has it. */
struct request {
    const struct ikev1_message *message;
    struct selector theirs, ours; /* IDci, IDcr */
    const struct connection *connection;
    struct ikev1_choice choice;
};

static struct selector host_selector(const struct ip_address *address)
{
    struct ip_prefix prefix = prefix_of_address(address);
    return selector_of_prefix(&prefix, 0, 0);
}

/* Without identities the hosts themselves are meant (RFC 2409 5.5). */
static bool read_ids(const struct ike_sa *ike, struct request *request, struct error *error)
{
    const struct ikev1_message *message = request->message;
    if (message->id_count == 0) {
        request->theirs = host_selector(&ike->path.remote.address);
        request->ours = host_selector(&ike->path.local.address);
        return true;
    }
    if (message->id_count != 2)
        return error_set(error, V1_INVALID_ID_INFORMATION, "one identity instead of two");
    return quick_mode_read_id(&message->ids[0], &request->theirs, error) &&
           quick_mode_read_id(&message->ids[1], &request->ours, error);
}

/* A host behind a NAT names itself as it knows itself; in transport mode what we see is what counts (RFC
 * 3948 5.2). */
static struct selector as_seen(struct selector named, const struct ip_address *seen, bool is_behind_nat,
                               const struct connection *connection)
{
    bool is_host = address_equal(&named.range.start, &named.range.end);
    if (connection->spec->type == TYPE_TRANSPORT && is_behind_nat && is_host)
        named.range = (struct ip_range){*seen, *seen};
    return named;
}

/* One for as long as the instance lives. */
static bool virtual_client_fits(const struct engine *engine, const struct ike_sa *ike,
                                const struct connection *connection, const struct selector *theirs)
{
    struct selector chosen;
    bool is_other = connection->has_virtual_client && !selector_equal(&connection->virtual_client, theirs);
    return !is_other && virtual_client_choose(engine, connection, ike, theirs, 1, &chosen, NULL) &&
           selector_equal(&chosen, theirs);
}

static bool selectors_fit(const struct engine *engine, const struct ike_sa *ike,
                          const struct connection *connection, const struct request *request)
{
    struct selector local[SELECTORS_MAX], remote[SELECTORS_MAX];
    struct selector ours =
        as_seen(request->ours, &ike->path.local.address, ike->local_behind_nat, connection);
    struct selector theirs =
        as_seen(request->theirs, &ike->path.remote.address, ike->remote_behind_nat, connection);
    if (connection->is_template && connection->remote_end->client_count == 0)
        return false;
    connection_selectors(connection, true, local);
    connection_selectors(connection, false, remote);
    if (!selector_equal(&local[0], &ours))
        return false;
    if (connection->remote_end->virtual_client.kind != VIRTUAL_NONE)
        return virtual_client_fits(engine, ike, connection, &theirs);
    return selector_equal(&remote[0], &theirs) || quick_mode_is_port_of(&theirs, &remote[0]);
}

static bool set_unknown_clients(struct error *error, const struct connection *connection,
                                const struct request *request)
{
    struct selector local[SELECTORS_MAX], remote[SELECTORS_MAX];
    char theirs[SELECTOR_TEXT_SIZE], ours[SELECTOR_TEXT_SIZE];
    char expected[SELECTOR_TEXT_SIZE], known[SELECTOR_TEXT_SIZE];
    const struct end_spec *peer = connection->remote_end;
    bool is_open = peer->virtual_client.kind != VIRTUAL_NONE ||
                   (peer->client_count == 0 && !address_is_set(&connection->remote));
    connection_selectors(connection, true, local);
    if (!is_open)
        connection_selectors(connection, false, remote);
    return error_set(
        error, V1_INVALID_ID_INFORMATION,
        "cannot respond to IPsec SA request because no connection is known for %s===%s; \"%.60s\" "
        "has %s===%s",
        selector_text(&request->ours, ours), selector_text(&request->theirs, theirs), connection->spec->name,
        selector_text(&local[0], known), is_open ? "%any" : selector_text(&remote[0], expected));
}

static bool fits(const struct engine *engine, const struct ike_sa *ike, const struct connection *connection,
                 struct request *request, struct error *error)
{
    struct ikev1_offer offer = quick_mode_offer(ike, connection, NULL, true);
    request->connection = connection;
    if (connection->spec->ike_only)
        return error_set(error, V1_INVALID_ID_INFORMATION, "\"%s\" is for an ISAKMP SA alone",
                         connection->spec->name);
    if (!selectors_fit(engine, ike, connection, request))
        return set_unknown_clients(error, connection, request);
    return ikev1_choose(&offer, request->message->sa, &request->choice, error) &&
           quick_mode_passes_nat(ike, &request->choice.suite, error);
}

/* Whether the same two peers speak for the other connection, and the proof of phase 1 would do for it, too.
 */
static bool has_same_peers(const struct ike_sa *ike, const struct connection *first,
                           const struct connection *other)
{
    return other != first && other->serial != first->template_serial && other->spec->ike_version == 1 &&
           identity_equal(&other->local_id, &first->local_id) &&
           identity_matches(&other->remote_id, &ike->remote_id) &&
           connection_allows_peer(other, ike->peer_auth) && login_is_shared(other, first) &&
           login_is_for(ike, first, other);
}

static bool try_other(const struct engine *engine, const struct ike_sa *ike, const struct connection *other,
                      struct request *request, struct error *error)
{
    const struct connection *first = connection_by_serial(engine, ike->connection_serial);
    struct error other_error;
    if (!has_same_peers(ike, first, other))
        return false;
    if (fits(engine, ike, other, request, &other_error))
        return true;
    if (other_error.code != V1_INVALID_ID_INFORMATION)
        *error = other_error;
    return false;
}

/* Peers that have many connections with us are found by their clients. */
static bool try_exact(const struct engine *engine, const struct ike_sa *ike, const struct ip_address *remote,
                      struct request *request, struct error *error)
{
    const struct connection *other = NULL;
    for (unsigned tried = 0; tried < CONNECTION_CANDIDATES_LIMIT; tried++) {
        other = connection_next_for_clients(engine, &ike->path.local.address, remote, &request->ours,
                                            &request->theirs, other);
        if (other == NULL)
            return false;
        if (try_other(engine, ike, other, request, error))
            return true;
    }
    return false;
}

/* The connection of phase 1, or another of the same two peers. */
static bool choose(struct engine *engine, const struct ike_sa *ike, struct request *request,
                   struct error *error)
{
    static const struct ip_address any;
    const struct ip_address *local = &ike->path.local.address, *remote = &ike->path.remote.address;
    const struct connection *other = NULL;
    if (fits(engine, ike, connection_by_serial(engine, ike->connection_serial), request, error) ||
        try_exact(engine, ike, remote, request, error) || try_exact(engine, ike, &any, request, error))
        return true;
    for (unsigned tried = 0; tried < CONNECTION_CANDIDATES_LIMIT; tried++) {
        other = connection_next_for_hosts(engine, local, remote, other);
        if (other == NULL)
            return false;
        if (try_other(engine, ike, other, request, error))
            return true;
    }
    return false;
}

static bool check_ke(const struct request *request, struct error *error)
{
    const struct algorithm *ke = request->choice.suite.ke;
    size_t wanted = ke != NULL ? ke_public_size(ke) : 0;
    return request->message->ke.size == wanted ||
           error_set(error, V1_INVALID_KEY_INFORMATION, "key exchange value of %zu bytes; %zu are wanted",
                     request->message->ke.size, wanted);
}

/* Transforms that give no keys, or no protection, are nothing to agree on. */
static bool check_suite(const struct request *request, struct error *error)
{
    const struct suite *suite = &request->choice.suite;
    bool is_protected =
        suite->integ != NULL || suite->ah_integ != NULL || (suite->encr != NULL && suite->encr->is_aead);
    return is_protected || error_set(error, V1_NO_PROPOSAL_CHOSEN, "a transform without integrity");
}

static bool keep_transforms(struct engine *engine, struct quick_mode *quick,
                            const struct ikev1_choice *choice)
{
    bool ok = true;
    for (size_t i = 0; i < IKEV1_MEMBERS; i++)
        ok = ok &&
             (choice->transforms[i].size == 0 ||
              owned_set(engine, &quick->child->memory_bytes, &quick->transforms[i], choice->transforms[i]));
    quick->cpi_size = choice->cpi_size;
    if (choice->cpi != 0)
        compression_draw_cpi(engine, quick->child);
    return ok && (choice->cpi == 0 || quick->child->cpi_in != 0);
}

static struct ikev1_choice kept_choice(const struct quick_mode *quick)
{
    struct ikev1_choice choice = {.suite = quick->child->suite, .cpi_size = quick->cpi_size};
    for (size_t i = 0; i < IKEV1_MEMBERS; i++)
        choice.transforms[i] = owned_bytes(&quick->transforms[i]);
    return choice;
}

static struct quick_mode *make(struct engine *engine, struct ike_sa *ike, const struct request *request,
                               uint32_t message_id)
{
    const struct connection *connection = request->connection;
    const struct ikev1_message *message = request->message;
    if (connection->is_template)
        connection = connection_instantiate(engine, connection, &ike->path.remote.address, &ike->remote_id);
    struct child_sa *child = connection != NULL ? child_new(engine, ike, connection) : NULL;
    if (child == NULL) {
        if (connection != NULL && connection->is_instance && connection->sa_count == 0)
            connection_destroy(engine, connection_by_serial(engine, connection->serial));
        return NULL;
    }
    struct quick_mode *quick = quick_make(engine, ike, child, false, message_id);
    struct selector ours =
        as_seen(request->ours, &ike->path.local.address, ike->local_behind_nat, connection);
    struct selector theirs =
        as_seen(request->theirs, &ike->path.remote.address, ike->remote_behind_nat, connection);
    if (connection->remote_end->virtual_client.kind != VIRTUAL_NONE) {
        struct connection *settled = connection_by_serial(engine, connection->serial);
        settled->has_virtual_client = true;
        settled->virtual_client = theirs;
    }
    child_set_selectors(engine, child, &ours, 1, &theirs, 1);
    bool ok =
        quick != NULL && child->selectors != NULL &&
        owned_set(engine, &child->memory_bytes, &quick->peer_nonce, message->nonce) &&
        keep_transforms(engine, quick, &request->choice) &&
        (message->ke.size == 0 || owned_set(engine, &child->memory_bytes, &quick->peer_public, message->ke));
    if (!ok) {
        child_destroy(engine, child);
        return NULL;
    }
    quick_mode_take_choice(engine, ike, quick, &request->choice);
    child->setup->ke = child->suite.ke;
    quick->has_ids = message->id_count == 2;
    quick->named_ids[0] = request->theirs;
    quick->named_ids[1] = request->ours;
    quick->encapsulation_mode = nat_traversal_mode(ike, connection);
    return quick;
}

/* QM2: HASH(2), SA, Nr, [KE,] IDci, IDcr, [RESPONDER-LIFETIME,] [NAT-OA]. */
static bool send_2(struct engine *engine, struct ike_sa *ike, struct quick_mode *quick)
{
    struct child_sa *child = quick->child;
    const struct connection *connection = connection_by_serial(engine, child->connection_serial);
    struct ikev1_offer offer = quick_mode_offer(ike, connection, child, true);
    struct ikev1_choice choice = kept_choice(quick);
    uint8_t buffer[IKE_MESSAGE_MAX];
    struct message_builder builder =
        ikev1_start(ike, buffer, sizeof(buffer), ISAKMP_QUICK, quick->exchange.message_id);
    ikev1_build_hash(ike, &builder);
    message_build_begin(&builder, ISAKMP_SA);
    ikev1_choice_write(&builder.writer, &offer, &choice);
    message_build_end(&builder);
    message_build_body(&builder, ISAKMP_NONCE, quick_nonce_r(quick));
    if (quick->own_public.size != 0)
        message_build_body(&builder, ISAKMP_KE, owned_bytes(&quick->own_public));
    if (quick->has_ids) {
        quick_mode_build_id(&builder, &quick->named_ids[0]);
        quick_mode_build_id(&builder, &quick->named_ids[1]);
    }
    lifetimes_build_notify(engine, quick, &builder);
    nat_traversal_build_original(ike, quick->encapsulation_mode, false, &builder);
    return ikev1_send_hashed(engine, ike, &quick->exchange, &builder, quick_nonce_i(quick),
                             &child->memory_bytes);
}

static void answer(struct engine *engine, struct ike_sa *ike, struct quick_mode *quick,
                   struct bytes shared_secret)
{
    const struct connection *connection = connection_by_serial(engine, quick->child->connection_serial);
    bool is_installed = quick_mode_install(engine, ike, quick, shared_secret);
    /* The peer's first packet may be right behind its QM3: its answer must not leave in clear meanwhile. */
    if (is_installed && connection->policy_child_serial == 0)
        child_take_policy(engine, quick->child);
    if (!is_installed || !send_2(engine, ike, quick)) {
        quick_mode_fail(engine, quick->child, RC_INTERNAL_ERROR, "Quick Mode answer could not be made");
        return;
    }
    quick->state = STATE_QUICK_R1;
    ikev1_arm_retransmit(engine, ike, &quick->exchange, &quick->retransmit_timer);
}

/* The SPI tells the initiator of several Quick Modes which one is meant. */
static void refuse(struct engine *engine, struct ike_sa *ike, const struct ikev1_incoming *incoming,
                   const struct error *error)
{
    say_ike(engine, RC_LOG_SERIOUS, ike, 0, "refusing Quick Mode request with %s: %s",
            ikev1_notify_name((uint16_t)error->code), error->text);
    engine->totals.child_failed++;
    failure_keep(engine, connection_by_serial(engine, ike->connection_serial), ike, false,
                 quick_mode_failure_kind((uint16_t)error->code), 0, error->text);
    struct owned said = notify_protected(engine, ike, V1_PROTO_ESP, ikev1_first_spi(incoming->message->sa),
                                         (uint16_t)error->code, bytes_of(NULL, 0));
    refusal_keep(engine, ike, engine_hash(engine, &incoming->datagram, 1), said);
}

bool quick_mode_request(struct engine *engine, struct ike_sa *ike, struct quick_mode *quick,
                        const struct ikev1_incoming *incoming)
{
    struct request request = {.message = incoming->message};
    struct error error;
    (void)quick;
    /* What finds no room comes again with the same message id. */
    if (!ikev1_hash_is_right(engine, ike, incoming, bytes_of(NULL, 0)) ||
        ike->v1->quick_count >= QUICK_PENDING_LIMIT ||
        !ikev1_use_message_id(engine, ike, incoming->header->message_id))
        return false;
    ike->v1->has_seen_quick_mode = true;
    initial_contact_said(engine, ike, ikev1_find_notify(incoming->message, V1_INITIAL_CONTACT));
    if (!read_ids(ike, &request, &error) || !choose(engine, ike, &request, &error) ||
        !check_ke(&request, &error) || !check_suite(&request, &error)) {
        refuse(engine, ike, incoming, &error);
        return true;
    }
    struct quick_mode *made = make(engine, ike, &request, incoming->header->message_id);
    if (made == NULL)
        return true;
    memcpy(made->exchange.iv, incoming->last_block, sizeof(made->exchange.iv));
    made->exchange.last_received_hash = engine_hash(engine, &incoming->datagram, 1);
    say_child(engine, RC_LOG, made->child, 0, "responding to Quick Mode proposal {msgid:%08x}",
              made->exchange.message_id);
    if (made->child->setup->ke == NULL)
        answer(engine, ike, made, bytes_of(NULL, 0));
    else if (!quick_mode_submit_job(engine, ike, made, JOB_KE_RESPOND, made->child->setup->ke))
        quick_mode_fail(engine, made->child, RC_INTERNAL_ERROR, "out of memory");
    return true;
}

void quick_mode_responder_job_done(struct engine *engine, struct ike_sa *ike, struct quick_mode *quick,
                                   const struct job *job)
{
    if (owned_set(engine, &quick->child->memory_bytes, &quick->own_public,
                  bytes_of(job->own_public, ke_public_size(job->ke))))
        answer(engine, ike, quick, bytes_of(job->secret, job->secret_size));
    else
        quick_mode_fail(engine, quick->child, RC_INTERNAL_ERROR, "out of memory");
}

void quick_mode_confirmed(struct engine *engine, struct ike_sa *ike, struct quick_mode *quick)
{
    const struct connection *connection = connection_by_serial(engine, quick->child->connection_serial);
    engine_timer_arm(engine, &quick->retransmit_timer,
                     engine_now(engine) + connection->spec->retransmit_timeout);
    owned_clear(engine, &quick->child->memory_bytes, &quick->exchange.last_sent);
    quick_mode_established(engine, ike, quick);
}

/* QM3: HASH(3). */
bool quick_mode_confirmation(struct engine *engine, struct ike_sa *ike, struct quick_mode *quick,
                             const struct ikev1_incoming *incoming)
{
    uint8_t expected[PRF_OUTPUT_MAX];
    size_t size = ike->suite.prf->output_size;
    bool is_right =
        ikev1_hash3(ike, quick->exchange.message_id, quick_nonce_i(quick), quick_nonce_r(quick), expected) &&
        incoming->message->hash.size == size && secret_equal(incoming->message->hash.data, expected, size);
    secret_wipe(expected, sizeof(expected));
    if (!is_right)
        return false;
    quick_mode_confirmed(engine, ike, quick);
    return true;
}
