/* The beginning of phase 1: our own, and the choice of a connection for a stranger's first message. */
#include <stdio.h>

#include "engine/connection.h"
#include "engine/ikev1/informational.h"
#include "engine/ikev1/phase1_proof.h"
#include "engine/ikev1/vendor_ids.h"
#include "engine/ikev1/xauth.h"

struct ike_sa *phase1_start(struct engine *engine, const struct connection *connection, uint64_t client,
                            bool wants_child)
{
    struct ike_sa *ike = ike_new(engine, connection, true, IKE_STATE_INIT_SENT);
    if (ike == NULL || !ikev1_sa_make(engine, ike)) {
        finish_client(engine, client, RC_INTERNAL_ERROR);
        if (ike != NULL)
            ike_destroy(engine, ike);
        return NULL;
    }
    uint64_t serial = ike->serial;
    ike->setup->wants_child = wants_child;
    ike->v1->is_aggressive = connection->spec->aggressive;
    ike->v1->auth_method = xauth_method(connection, true, phase1_own_method(engine, connection));
    ike->v1->state = ike->v1->is_aggressive ? STATE_AGGR_I1 : STATE_MAIN_I1;
    ike->setup->client = client;
    ike->current = TASK_SA_INIT; /* it is we who ask: for the record of a failure */
    phase1_make_nonce(engine, ike);
    ike->path.local = connection_local_endpoint(engine, connection);
    ike->path.remote = connection_remote_endpoint(engine, connection);
    identity_own(engine, &ike->memory_bytes, &ike->remote_id, identity_copy(&connection->remote_id));
    ike_index_by_peers(engine, ike);
    if (ike->v1->is_aggressive)
        aggressive_mode_begin(engine, ike);
    else
        main_mode_begin(engine, ike);
    return ike_by_serial(engine, serial);
}

struct ike_sa *ikev1_start_connection(struct engine *engine, const struct connection *connection,
                                      uint64_t client)
{
    return phase1_start(engine, connection, client, !connection->spec->ike_only);
}

/* ---- responder ---- */

/* With each of the methods that the connection allows. */
static bool choose_method(struct phase1_request *request, struct error *error)
{
    uint16_t methods[PHASE1_METHODS_MAX];
    size_t count = phase1_methods(request->connection, methods);
    for (size_t i = 0; i < count; i++) {
        request->auth_method = xauth_method(request->connection, false, methods[i]);
        struct ikev1_offer offer = phase1_offer(request->connection, request->auth_method, NULL);
        if (ikev1_choose(&offer, request->incoming->message->sa, &request->choice, error))
            return true;
    }
    return false;
}

/* What there is between the two hosts instead. */
static void tell_other_kind(struct engine *engine, const struct connection *other, struct error *error)
{
    char text[ERROR_TEXT_SIZE];
    snprintf(text, sizeof(text), "%.240s; \"%.200s\" is for %s", error->text, other->spec->name,
             other->spec->ike_version != 1 ? "IKEv2"
             : other->spec->aggressive     ? "Aggressive Mode (aggressive=yes)"
                                           : "Main Mode (aggressive=no)");
    error_set(error, error->code, "%s", text);
    if (other->newest_ike_serial == 0)
        failure_keep(engine, other, NULL, false, FAILURE_OTHER, (uint16_t)error->code, text);
}

bool phase1_choose(struct engine *engine, struct phase1_request *request, bool is_aggressive)
{
    const struct ikev1_incoming *incoming = request->incoming;
    const struct ip_address *local = &incoming->path->local.address,
                            *remote = &incoming->path->remote.address;
    char mine[ADDRESS_TEXT_SIZE], theirs[ADDRESS_TEXT_SIZE], from[ENDPOINT_TEXT_SIZE];
    const struct connection *connection = NULL, *nearest = NULL, *other = NULL;
    struct error error;
    error_set(&error, V1_NO_PROPOSAL_CHOSEN, "no IKEv1 connection between %s and %s that allows %s is loaded",
              address_text(local, mine), address_text(remote, theirs),
              ikev1_exchange_name(incoming->header->exchange));
    for (unsigned tried = 0; tried < CONNECTION_CANDIDATES_LIMIT; tried++) {
        connection = connection_next_for_hosts(engine, local, remote, connection);
        if (connection == NULL)
            break;
        if (connection->spec->ike_version != 1 || connection->spec->aggressive != is_aggressive) {
            other = connection;
            continue;
        }
        request->connection = connection;
        if (choose_method(request, &error))
            return true;
        nearest = connection;
    }
    if (nearest == NULL && other != NULL)
        tell_other_kind(engine, other, &error);
    if (nearest != NULL && nearest->newest_ike_serial == 0) /* strangers make no history of what works */
        failure_keep(engine, nearest, NULL, false, FAILURE_IKE_PROPOSAL, 0, error.text);
    say_plain(engine, RC_LOG, "initial %s message from %s refused with %s: %s",
              ikev1_exchange_name(incoming->header->exchange), endpoint_text(&incoming->path->remote, from),
              ikev1_notify_name((uint16_t)error.code), error.text);
    notify_stranger(engine, incoming, (uint16_t)error.code);
    return false;
}

struct ike_sa *phase1_make_responder(struct engine *engine, const struct phase1_request *request,
                                     enum ikev1_state state)
{
    const struct ikev1_incoming *incoming = request->incoming;
    if (engine->totals.ike_halfopen >= engine->settings.max_halfopen_ike)
        return NULL;
    struct ike_sa *ike =
        ike_new_for_request(engine, request->connection, incoming->path, incoming->header->spi_i);
    if (ike == NULL)
        return NULL;
    if (!ikev1_sa_make(engine, ike) ||
        !owned_set(engine, &ike->memory_bytes, &ike->v1->sa_body, incoming->message->sa)) {
        ike_destroy(engine, ike);
        return NULL;
    }
    ike->v1->state = state;
    ike->v1->is_aggressive = state == STATE_AGGR_R0;
    ike->v1->auth_method = request->auth_method;
    ike->v1->lifetime_seconds = request->choice.lifetime_seconds;
    ike->suite = request->choice.suite;
    ike->setup->ke = ike->suite.ke;
    ike->v1->phase1.last_received_hash = engine_hash(engine, &incoming->datagram, 1);
    vendor_ids_read(engine, ike, incoming->message);
    phase1_make_nonce(engine, ike);
    ike_index_by_initiator(engine, ike);
    ike->counted_halfopen = true;
    engine->totals.ike_halfopen++;
    engine_timer_arm(engine, &ike->life_timer, engine_now(engine) + HALFOPEN_LIFETIME);
    return ike;
}
