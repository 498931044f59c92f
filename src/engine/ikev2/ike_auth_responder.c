/* IKE_AUTH as responder: RFC 7296 1.2, 2.15, 2.21.2. */
#include "base/secret.h"
#include "engine/child_install.h"
#include "engine/ikev2/child_payloads.h"
#include "engine/ikev2/childless.h"
#include "engine/ikev2/configuration.h"
#include "engine/ikev2/ike_auth.h"
#include "engine/ikev2/ike_auth_parts.h"
#include "engine/ikev2/initial_contact.h"
#include "engine/ikev2/mobike.h"
#include "engine/ikev2/nat_detection.h"
#include "engine/ikev2/protect.h"
#include "engine/ikev2/reauthenticate.h"
#include "engine/ikev2/receive.h"
#include "engine/ikev2/rekey_child.h"
#include "engine/lifecycle.h"
#include "engine/login.h"
#include "engine/sa.h"

/* A road warrior that authenticates itself anew (2.8.3) keeps the instance that it has. */
static const struct connection *instance_of(struct engine *engine, const struct ike_sa *ike,
                                            const struct connection *found, const struct identity *remote_id)
{
    const struct ip_address *local = &ike->path.local.address, *remote = &ike->path.remote.address;
    uint64_t template_serial = found->is_template ? found->serial : found->template_serial;
    bool may_have_one = template_serial != 0 && found->spec->reauth && engine->settings.unique_ids;
    struct ike_sa *other = NULL;
    while (may_have_one &&
           (other = ike_next_with_peers(engine, local, remote, &found->local_id, remote_id, other)) != NULL) {
        const struct connection *used = connection_by_serial(engine, other->connection_serial);
        if (other->state == IKE_STATE_ESTABLISHED && used->template_serial == template_serial)
            return used;
    }
    return found->is_template ? connection_instantiate(engine, found, remote, remote_id) : found;
}

/* Now that the peer has named itself: the connection that fits, an instance of it if it is a template. */
static bool settle_connection(struct engine *engine, struct ike_sa *ike, const struct ikev2_message *message,
                              struct error *error)
{
    const struct connection *current = connection_by_serial(engine, ike->connection_serial);
    struct identity theirs, wanted = {0};
    if (!identity_of_wire(message->id_i.kind, message->id_i.data, &theirs, error))
        return false;
    if (ikev2_has(message, PAYLOAD_IDR) &&
        !identity_of_wire(message->id_r.kind, message->id_r.data, &wanted, error)) {
        identity_free(&theirs);
        return false;
    }
    const struct connection *found =
        connection_find_for_peer(engine, current, &ike->path.local.address, &ike->path.remote.address,
                                 &theirs, &wanted, auth_methods_of_payload(message), error);
    if (found != NULL)
        found = instance_of(engine, ike, found, &theirs);
    if (found != NULL && found != current)
        ike_set_connection(engine, ike, found);
    identity_own(engine, &ike->memory_bytes, &ike->remote_id, theirs);
    identity_free(&wanted);
    if (found == NULL)
        error->code = FAILURE_IDENTITY;
    return found != NULL;
}

static void refuse(struct engine *engine, struct ike_sa *ike, const struct incoming *incoming,
                   enum failure_kind kind, uint16_t notify, const char *reason)
{
    char id[IDENTITY_TEXT_SIZE];
    failure_keep(engine, connection_by_serial(engine, ike->connection_serial), ike, false,
                 kind != FAILURE_NONE ? kind : FAILURE_OTHER, notify, reason);
    say_ike(engine, RC_LOG_SERIOUS, ike, 0, "refusing peer '%s' with %s: %s",
            identity_text(&ike->remote_id, id), ikev2_notify_name(notify), reason);
    exchange_answer_notify(engine, ike, incoming, notify, bytes_of(NULL, 0));
    ike_auth_give_up(engine, ike);
}

/* The Child SA that comes with IKE_AUTH; its refusal leaves the IKE SA standing (RFC 7296 1.2). */
static struct child_sa *answer_child(struct engine *engine, struct ike_sa *ike,
                                     const struct incoming *incoming, struct message_builder *builder)
{
    const struct ike_setup *setup = ike->setup;
    struct error error = {0};
    uint16_t group;
    struct child_sa *child = child_choose(engine, ike, incoming, true, NULL, &group, &error);
    if (child == NULL) {
        failure_keep(engine, connection_by_serial(engine, ike->connection_serial), ike, false,
                     failure_of_child_notify((uint16_t)error.code), (uint16_t)error.code, error.text);
        say_ike(engine, RC_LOG_SERIOUS, ike, 0, "refusing Child SA with %s: %s",
                ikev2_notify_name((uint16_t)error.code), error.text);
        ikev2_build_notify(builder, PROTOCOL_NONE, bytes_of(NULL, 0), (uint16_t)error.code,
                           bytes_of(NULL, 0));
        engine->totals.child_failed++;
        return NULL;
    }
    ikev2_configuration_build_reply(connection_by_serial(engine, child->connection_serial), incoming->message,
                                    builder);
    child_build_answer(engine, child, true, bytes_of(NULL, 0), builder);
    if (!child_make_keys_and_install(engine, ike, child, bytes_of(NULL, 0),
                                     bytes_of(setup->nonce_i, setup->nonce_i_size),
                                     bytes_of(setup->nonce_r, setup->nonce_r_size), false)) {
        child_destroy(engine, child);
        return NULL;
    }
    return child;
}

static void answer(struct engine *engine, struct ike_sa *ike, const struct incoming *incoming,
                   const struct auth_proof *proof)
{
    const struct connection *connection = connection_by_serial(engine, ike->connection_serial);
    uint8_t buffer[IKE_MESSAGE_MAX];
    struct message_builder builder = exchange_answer_start(ike, incoming, buffer, sizeof(buffer));
    ike_auth_build_id(&builder, PAYLOAD_IDR, &connection->local_id);
    ikev2_build_auth(&builder, proof->method, bytes_of(proof->data, proof->size));
    mobike_read(engine, ike, incoming->message);
    mobike_build(engine, ike, &builder);
    ike_auth_established(engine, ike, 0);
    initial_contact_read(engine, ike, incoming->message);
    bool is_childless =
        childless_is_wanted(incoming->message) || is_impaired(engine, IMPAIR_IGNORE_AUTH_CHILD);
    struct child_sa *child = is_childless ? NULL : answer_child(engine, ike, incoming, &builder);
    if (child != NULL)
        reauthenticate_take_policy(engine, child);
    exchange_answer_finish(engine, ike, &builder);
    ike_drop_setup(engine, ike);
    if (child == NULL)
        return;
    child_drop_setup(engine, child);
    lifecycle_child_is_up(engine, child);
    lifecycle_arm_child(engine, child, false);
    child_announce(engine, child, 0, "responder established Child SA");
    connection = connection_by_serial(engine, child->connection_serial);
    say_event(engine, EVENT_CHILD_UP, connection->spec->name, ike->serial, child->serial, "");
    initial_contact_supersede(engine, ike, child);
}

static void refuse_because(struct engine *engine, struct ike_sa *ike, const struct incoming *incoming,
                           const struct error *error)
{
    refuse(engine, ike, incoming, (enum failure_kind)error->code, AUTHENTICATION_FAILED, error->text);
}

/* The peer is proved: now our own proof, which may take a job. */
static void prove_ourselves(struct engine *engine, struct ike_sa *ike, const struct incoming *incoming)
{
    struct auth_proof proof;
    struct job *job;
    struct error error = {0};
    connection_take_peer(engine, ike);
    switch (
        auth_own(engine, ike, connection_by_serial(engine, ike->connection_serial), &proof, &job, &error)) {
    case AUTH_FAILED:
        refuse_because(engine, ike, incoming, &error);
        break;
    case AUTH_DONE:
        answer(engine, ike, incoming, &proof);
        break;
    case AUTH_NEEDS_JOB:
        exchange_suspend(engine, ike, 0, incoming, job);
        break;
    }
    secret_wipe(&proof, sizeof(proof));
}

static struct bytes lowest_nonce(const struct ike_setup *setup)
{
    struct bytes ours = bytes_of(setup->nonce_i, setup->nonce_i_size);
    struct bytes theirs = bytes_of(setup->nonce_r, setup->nonce_r_size);
    return rekey_nonce_is_lower(ours, theirs) ? ours : theirs;
}

/* reject-simultaneous-ike-auth=: an IKE SA that we began is as far as this one, and one of them is enough;
 * which one is told as in the collisions of rekeys (RFC 7296 2.8.2), so that both ends keep the same. */
static bool loses_to_ours(struct engine *engine, const struct ike_sa *ike)
{
    const struct connection *connection = connection_by_serial(engine, ike->connection_serial);
    if (!connection->spec->reject_simultaneous_ike_auth)
        return false;
    LIST_EACH(&connection->ikes, node)
    {
        const struct ike_sa *other = CONTAINER_OF(node, const struct ike_sa, of_connection);
        if (other->is_initiator && other->state == IKE_STATE_AUTH_SENT && !other->is_unwanted &&
            rekey_nonce_is_lower(lowest_nonce(ike->setup), lowest_nonce(other->setup)))
            return true;
    }
    return false;
}

/* pam-authorize=: a proof of identity is not enough. */
static void peer_is_proved(struct engine *engine, struct ike_sa *ike, const struct incoming *incoming,
                           const struct job *job)
{
    ike_auth_peer_is_proved(engine, ike, incoming->message, job);
    if (loses_to_ours(engine, ike)) {
        refuse(engine, ike, incoming, FAILURE_OTHER, TEMPORARY_FAILURE,
               "both ends began an IKE SA at once, and the other one stays "
               "(reject-simultaneous-ike-auth=yes)");
        return;
    }
    if (!connection_by_serial(engine, ike->connection_serial)->spec->pam_authorize) {
        prove_ourselves(engine, ike, incoming);
        return;
    }
    uint64_t question = login_authorize(engine, ike);
    if (question != 0)
        exchange_put_aside(engine, ike, 0, incoming, question);
    else
        refuse(engine, ike, incoming, FAILURE_OTHER, AUTHENTICATION_FAILED,
               "PAM cannot be asked for this identity");
}

void ike_auth_authorized(struct engine *engine, struct ike_sa *ike, const struct login_result *result)
{
    struct job job = {.job_id = result->request_id,
                      .ike_serial = ike->serial,
                      .kind = JOB_AUTHORIZE,
                      .ok = result->is_right};
    error_set(&job.error, FAILURE_OTHER, "%s", result->reason);
    if (ike->suspended[0].job_id == result->request_id)
        ikev2_job_done(engine, ike, &job);
}

static void check_peer(struct engine *engine, struct ike_sa *ike, const struct incoming *incoming)
{
    const struct ikev2_message *message = incoming->message;
    struct job *job;
    struct error error = {0};
    enum auth_step step = AUTH_FAILED;
    if (settle_connection(engine, ike, message, &error))
        step = auth_peer(engine, ike, connection_by_serial(engine, ike->connection_serial), message,
                         &message->id_i, &job, &error);
    switch (step) {
    case AUTH_FAILED:
        refuse_because(engine, ike, incoming, &error);
        break;
    case AUTH_DONE:
        peer_is_proved(engine, ike, incoming, NULL);
        break;
    case AUTH_NEEDS_JOB:
        exchange_suspend(engine, ike, 0, incoming, job);
        break;
    }
}

/* A job of this request is done: the peer's signature is verified, or ours is made; or PAM has answered. */
static void resume(struct engine *engine, struct ike_sa *ike, const struct incoming *incoming)
{
    const struct job *job = incoming->job;
    if (job->kind == JOB_AUTHORIZE) {
        if (job->ok)
            prove_ourselves(engine, ike, incoming);
        else
            refuse_because(engine, ike, incoming, &job->error);
        return;
    }
    struct auth_proof proof;
    struct error error = {0};
    bool ok =
        job->kind == JOB_VERIFY ? auth_peer_verified(job, &error) : auth_own_signed(job, &proof, &error);
    if (!ok) {
        refuse_because(engine, ike, incoming, &error);
    } else if (job->kind == JOB_VERIFY) {
        peer_is_proved(engine, ike, incoming, job);
    } else {
        answer(engine, ike, incoming, &proof);
    }
}

void ike_auth_request(struct engine *engine, struct ike_sa *ike, const struct incoming *incoming)
{
    static const uint8_t needed[] = {PAYLOAD_IDI, PAYLOAD_SA, PAYLOAD_TSI, PAYLOAD_TSR};
    const struct ikev2_message *message = incoming->message;
    if (incoming->message_id != 1)
        return;
    if (incoming->job != NULL) {
        resume(engine, ike, incoming);
        return;
    }
    /* An initiator that found a NAT now speaks from and to port 4500 (2.23); none changes to TCP here. */
    if (incoming->path->is_tcp == ike->path.is_tcp)
        ike->path = *incoming->path;
    nat_detection_follow_float(engine, ike);
    /* Only who was told that it may leaves out the Child SA. */
    bool may_be_childless = childless_is_allowed(connection_by_serial(engine, ike->connection_serial));
    size_t needed_count = may_be_childless && childless_is_wanted(message) ? 1 : ARRAY_SIZE(needed);
    for (size_t i = 0; i < needed_count; i++) {
        if (!ikev2_has(message, needed[i])) {
            refuse(engine, ike, incoming, FAILURE_OTHER, INVALID_SYNTAX, "a required payload is missing");
            return;
        }
    }
    if (!ikev2_has(message, PAYLOAD_AUTH))
        refuse(engine, ike, incoming, FAILURE_OTHER, AUTHENTICATION_FAILED,
               "peer wants EAP, which no connection allows");
    else
        check_peer(engine, ike, incoming);
}
