/* IKE_AUTH as initiator: RFC 7296 1.2, 2.15. */
#include "base/secret.h"
#include "engine/child_install.h"
#include "engine/ikev2/child_payloads.h"
#include "engine/ikev2/configuration.h"
#include "engine/ikev2/ike_auth.h"
#include "engine/ikev2/ike_auth_parts.h"
#include "engine/ikev2/informational.h"
#include "engine/ikev2/initial_contact.h"
#include "engine/ikev2/mobike.h"
#include "engine/ikev2/protect.h"
#include "engine/ikev2/reauthenticate.h"
#include "engine/lifecycle.h"
#include "engine/sa.h"
#include "engine/updown.h"

static bool build(struct engine *engine, struct ike_sa *ike, const struct connection *connection,
                  struct child_sa *child, const struct auth_proof *proof, uint8_t *buffer,
                  struct bytes *ret_message)
{
    struct message_builder builder =
        protect_start(ike, buffer, IKE_MESSAGE_MAX, IKE_AUTH, false, ike->next_message_id);
    ike_auth_build_id(&builder, PAYLOAD_IDI, &connection->local_id);
    if (!identity_is_pattern(&connection->remote_id)) /* nobody is called "CN=*" */
        ike_auth_build_id(&builder, PAYLOAD_IDR, &connection->remote_id);
    ikev2_build_auth(&builder, proof->method, bytes_of(proof->data, proof->size));
    initial_contact_build(engine, ike, &builder);
    mobike_build(engine, ike, &builder);
    if (child != NULL)
        ikev2_configuration_build_request(connection, &builder);
    if (child != NULL)
        child_build_request(engine, ike, child, true, bytes_of(NULL, 0), &builder);
    return protect_finish(engine, ike, &builder, ret_message);
}

static void send_request(struct engine *engine, struct ike_sa *ike, const struct auth_proof *proof,
                         const struct job *job)
{
    const struct connection *connection = connection_by_serial(engine, ike->connection_serial);
    uint8_t buffer[IKE_MESSAGE_MAX];
    struct bytes message;
    bool is_childless = connection->spec->ike_only;
    if (is_childless && !ike->setup->peer_allows_childless) {
        ike_fail(engine, ike, RC_FATAL,
                 "the peer has no IKE SAs without a Child SA (RFC 6023), and the connection has no other");
        return;
    }
    struct child_sa *child = is_childless ? NULL : child_new(engine, ike, connection);
    if (child == NULL && !is_childless) {
        ike_fail(engine, ike, RC_INTERNAL_ERROR, "out of memory");
        return;
    }
    ike->setup->child_serial = child != NULL ? child->serial : 0;
    ike->state = IKE_STATE_AUTH_SENT;
    exchange_begin(ike, TASK_AUTH, ike->setup->child_serial, 0);
    if (!build(engine, ike, connection, child, proof, buffer, &message)) {
        ike_fail(engine, ike, RC_INTERNAL_ERROR, "IKE_AUTH request could not be built");
        return;
    }
    char line[256], how[96];
    struct text text = text_of(line, sizeof(line)), how_text = text_of(how, sizeof(how));
    ike_auth_describe(&text, &ike->suite);
    auth_own_describe(&how_text, proof, job);
    say_ike(engine, RC_NEW_V2_STATE + 32, ike, ike->setup->client, "sent IKE_AUTH request %s with %s", line,
            how);
    ike->next_message_id++;
    exchange_send_request(engine, ike, message);
}

static void fail_own(struct engine *engine, struct ike_sa *ike, const struct error *error)
{
    ike_fail_because(engine, ike, (enum failure_kind)error->code, 0, RC_INTERNAL_ERROR,
                     "authentication failed: %s", error->text);
}

void ike_auth_start(struct engine *engine, struct ike_sa *ike)
{
    const struct connection *connection = connection_by_serial(engine, ike->connection_serial);
    struct auth_proof proof;
    struct job *job;
    struct error error = {0};
    switch (auth_own(engine, ike, connection, &proof, &job, &error)) {
    case AUTH_FAILED:
        fail_own(engine, ike, &error);
        break;
    case AUTH_DONE:
        send_request(engine, ike, &proof, NULL);
        break;
    case AUTH_NEEDS_JOB:
        engine->env->submit_job(engine->env->world, job);
        break;
    }
    secret_wipe(&proof, sizeof(proof));
}

void ike_auth_signed(struct engine *engine, struct ike_sa *ike, const struct job *job)
{
    struct auth_proof proof;
    struct error error = {0};
    if (auth_own_signed(job, &proof, &error))
        send_request(engine, ike, &proof, job);
    else
        fail_own(engine, ike, &error);
}

/* Who it is, before its proof is looked at. */
static bool check_peer_id(struct engine *engine, struct ike_sa *ike, const struct ikev2_message *message,
                          struct error *error)
{
    const struct connection *connection = connection_by_serial(engine, ike->connection_serial);
    struct identity theirs;
    char got[IDENTITY_TEXT_SIZE], wanted[IDENTITY_TEXT_SIZE];
    if (!ikev2_has(message, PAYLOAD_IDR) || !ikev2_has(message, PAYLOAD_AUTH))
        return error_set(error, 0, "peer's answer lacks IDr or AUTH");
    if (!identity_of_wire(message->id_r.kind, message->id_r.data, &theirs, error))
        return false;
    bool is_nobody = theirs.kind == ID_NULL && (connection->remote_end->auth & AUTH_NULL) != 0;
    if (!is_nobody && !identity_matches(&connection->remote_id, &theirs)) {
        error_set(error, FAILURE_IDENTITY, "peer is '%.200s'; \"%.60s\" expects '%.200s'",
                  identity_text(&theirs, got), connection->spec->name,
                  identity_text(&connection->remote_id, wanted));
        identity_free(&theirs);
        return false;
    }
    identity_own(engine, &ike->memory_bytes, &ike->remote_id, theirs);
    return true;
}

/* AUTH_NEEDS_JOB: the answer is put aside until the peer's signature is verified. */
static enum auth_step check_peer(struct engine *engine, struct ike_sa *ike, const struct incoming *incoming,
                                 struct error *error)
{
    const struct ikev2_message *message = incoming->message;
    struct job *job;
    if (incoming->job != NULL)
        return auth_peer_verified(incoming->job, error) ? AUTH_DONE : AUTH_FAILED;
    if (!check_peer_id(engine, ike, message, error))
        return AUTH_FAILED;
    enum auth_step step = auth_peer(engine, ike, connection_by_serial(engine, ike->connection_serial),
                                    message, &message->id_r, &job, error);
    if (step == AUTH_NEEDS_JOB)
        exchange_suspend(engine, ike, 1, incoming, job);
    return step;
}

static void child_came(struct engine *engine, struct ike_sa *ike, struct child_sa *child,
                       const struct incoming *incoming, uint64_t client, const struct ike_setup *setup)
{
    struct error error;
    const struct ike_notify *refusal = ikev2_find_error(incoming->message);
    if (refusal != NULL) {
        child_fail_because(engine, child, client, refusal->type,
                           "IKE_AUTH response rejected Child SA with %s", ikev2_notify_name(refusal->type));
        child_destroy(engine, child);
        finish_client(engine, client, RC_FATAL);
        return;
    }
    error_set(&error, 0, "keys could not be made");
    struct connection *connection = connection_by_serial(engine, child->connection_serial);
    bool ok = ikev2_configuration_take(engine, ike, connection, incoming->message, client, &error) &&
              child_accept(engine, ike, child, incoming, true, &error) &&
              child_make_keys_and_install(engine, ike, child, bytes_of(NULL, 0),
                                          bytes_of(setup->nonce_i, setup->nonce_i_size),
                                          bytes_of(setup->nonce_r, setup->nonce_r_size), true);
    if (!ok) {
        /* The responder has installed it: it must be told. */
        child_fail_because(engine, child, client, 0, "Child SA is unacceptable: %s", error.text);
        finish_client(engine, client, RC_FATAL);
        ikev2_delete_child(engine, child, 0);
        return;
    }
    child_drop_setup(engine, child);
    child_take_policy(engine, child);
    lifecycle_child_is_up(engine, child);
    lifecycle_arm_child(engine, child, true);
    child_announce(engine, child, client, "initiator established Child SA");
    say_event(engine, EVENT_CHILD_UP, connection->spec->name, ike->serial, child->serial, "");
    updown_finish_client(engine, connection, client);
}

static void tell_distrust(struct engine *engine, struct ike_sa *ike, uint64_t client,
                          const struct error *error)
{
    const struct connection *connection = connection_by_serial(engine, ike->connection_serial);
    enum failure_kind kind = error->code != 0 ? (enum failure_kind)error->code : FAILURE_OTHER;
    const char *cause = failure_keep(engine, connection, ike, true, kind, AUTHENTICATION_FAILED, error->text);
    say_ike(engine, RC_LOG_SERIOUS, ike, client, "authentication of the peer failed: %s", error->text);
    if (cause != NULL && strcmp(cause, error->text) != 0)
        say_ike(engine, RC_FATAL, ike, client, "%s", cause);
    say_event(engine, EVENT_FAILED, connection->spec->name, ike->serial, 0, error->text);
}

static void refused(struct engine *engine, struct ike_sa *ike, uint16_t type)
{
    bool is_proof = type == AUTHENTICATION_FAILED;
    ike_fail_because(engine, ike, is_proof ? FAILURE_AUTHENTICATION : FAILURE_REFUSED, type, RC_FATAL,
                     "IKE SA authentication request rejected by peer: %s%s", ikev2_notify_name(type),
                     is_proof ? " (its secret or the identities it knows differ from ours; see its log)"
                              : "");
}

/* We do not believe the peer, but it believes us: it must be told (RFC 7296 2.21.2). */
static void distrust(struct engine *engine, struct ike_sa *ike, uint64_t client, const struct error *error)
{
    tell_distrust(engine, ike, client, error);
    finish_client(engine, client, RC_FATAL);
    ike->setup->client = 0;
    ikev2_reject_peer(engine, ike);
}

static void established(struct engine *engine, struct ike_sa *ike, const struct incoming *incoming,
                        uint64_t client)
{
    const struct ikev2_message *message = incoming->message;
    ike_auth_peer_is_proved(engine, ike, message, incoming->job);
    struct child_sa *child = child_by_serial(engine, ike->setup->child_serial);
    exchange_end(engine, ike);
    ike->setup->client = 0;
    mobike_read(engine, ike, message);
    ike_auth_established(engine, ike, client);
    struct ike_setup *setup = ike->setup;
    uint64_t serial = ike->serial, old_serial = setup->reauthenticates_serial;
    bool is_childless = connection_by_serial(engine, ike->connection_serial)->spec->ike_only;
    if (ike->is_unwanted) {
        ike_drop_setup(engine, ike);
        ikev2_delete_ike(engine, ike, 0);
        return;
    }
    if (child != NULL)
        child_came(engine, ike, child, incoming, client, setup);
    else
        finish_client(engine, client, is_childless ? 0 : RC_FATAL);
    ike_drop_setup(engine, ike);
    if ((ike = ike_by_serial(engine, serial)) == NULL)
        return;
    reauthenticate_finish(engine, ike, old_serial);
    exchange_next(engine, ike);
}

void ike_auth_response(struct engine *engine, struct ike_sa *ike, const struct incoming *incoming)
{
    const struct ikev2_message *message = incoming->message;
    const struct ike_notify *refusal = ikev2_find_error(message);
    struct error error = {0};
    uint64_t client = ike->setup->client;
    if (refusal != NULL && !ikev2_has(message, PAYLOAD_AUTH)) {
        refused(engine, ike, refusal->type);
        return;
    }
    enum auth_step step = check_peer(engine, ike, incoming, &error);
    if (step == AUTH_NEEDS_JOB) {
        engine_timer_cancel(engine, &ike->retransmit_timer);
        return;
    }
    if (step == AUTH_FAILED)
        distrust(engine, ike, client, &error);
    else
        established(engine, ike, incoming, client);
}
