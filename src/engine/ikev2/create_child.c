/* CREATE_CHILD_SA for Child SAs as initiator: RFC 7296 1.3.1, 1.3.3, 2.25. */
#include "engine/ikev2/create_child.h"

#include "base/secret.h"
#include "engine/child_install.h"
#include "engine/count.h"
#include "engine/ikev2/child_payloads.h"
#include "engine/ikev2/informational.h"
#include "engine/ikev2/protect.h"
#include "engine/ikev2/rekey_child.h"
#include "engine/ikev2/rekey_ike.h"
#include "engine/lifecycle.h"
#include "engine/per_cpu.h"
#include "engine/updown.h"
#include "engine/version.h"

/* notify: what the peer refused it with; 0 nothing. */
static void fail_with(struct engine *engine, struct ike_sa *ike, struct child_sa *child, uint16_t notify,
                      const char *reason)
{
    uint64_t client = child->client;
    const struct connection *connection = connection_by_serial(engine, child->connection_serial);
    per_cpu_make_no_more(engine, child);
    child_fail_because(engine, child, client, notify, "CREATE_CHILD_SA failed: %s", reason);
    say_event(engine, EVENT_FAILED, connection->spec->name, ike->serial, child->serial, reason);
    exchange_end(engine, ike);
    child->client = 0;
    uint64_t connection_serial = child->connection_serial;
    bool is_rekey = child->replaces_serial != 0;
    child_destroy(engine, child);
    finish_client(engine, client, RC_FATAL);
    struct connection *waiting = connection_by_serial(engine, connection_serial);
    if (!is_rekey && waiting != NULL)
        lifecycle_schedule_revival(engine, waiting);
}

static void fail(struct engine *engine, struct ike_sa *ike, struct child_sa *child, const char *reason)
{
    fail_with(engine, ike, child, 0, reason);
}

static void send_request(struct engine *engine, struct ike_sa *ike, struct child_sa *child,
                         struct bytes own_public)
{
    uint8_t buffer[IKE_MESSAGE_MAX];
    struct bytes message;
    struct message_builder builder =
        protect_start(ike, buffer, sizeof(buffer), CREATE_CHILD_SA, false, ike->next_message_id);
    rekey_child_build_notify(engine, child, &builder);
    child_build_request(engine, ike, child, false, own_public, &builder);
    if (!protect_finish(engine, ike, &builder, &message)) {
        fail(engine, ike, child, "request could not be built");
        return;
    }
    bool is_rekey = child->replaces_serial != 0;
    say_child(engine, RC_NEW_V2_STATE + (is_rekey ? 43 : 39), child, child->client, "%s",
              ike->version->child_state_story(child));
    ike->next_message_id++;
    exchange_send_request(engine, ike, message);
}

static void generate_or_send(struct engine *engine, struct ike_sa *ike, struct child_sa *child)
{
    const struct algorithm *ke = child->setup->ke;
    if (ke == NULL || ke->id == KE_NONE) {
        child->setup->ke = NULL;
        send_request(engine, ike, child, bytes_of(NULL, 0));
        return;
    }
    struct job *job = engine_new_job(engine, ike, JOB_KE_GENERATE, ke);
    if (job == NULL)
        fail(engine, ike, child, "out of memory");
    else
        engine->env->submit_job(engine->env->world, job);
}

void create_child_begin(struct engine *engine, struct ike_sa *ike, struct child_sa *child,
                        enum task_kind kind)
{
    const struct connection *connection = connection_by_serial(engine, child->connection_serial);
    uint8_t spi[4];
    struct proposal_offer offer = child_offer(ike, child, connection, false, spi);
    exchange_begin(ike, kind, child->serial, 0);
    ike->current_spi_in = child->spi_in;
    ike->current_protocol = child->suite.protocol;
    child->setup->ke = offer.omit_ke ? NULL : proposals_first_ke(&offer);
    generate_or_send(engine, ike, child);
}

void create_child_start(struct engine *engine, struct ike_sa *ike, const struct task *task)
{
    const struct connection *connection = connection_by_serial(engine, task->connection_serial);
    uint64_t client = task->client;
    if (task->has_cpu && (connection == NULL || per_cpu_first(engine, connection) == NULL))
        return; /* what it was to stand beside is gone */
    struct child_sa *child = connection ? child_new(engine, ike, connection) : NULL;
    if (child == NULL) {
        if (client != 0)
            say_connection(engine, RC_UNKNOWN_NAME, connection, client, "given up: %s",
                           connection == NULL ? "the connection was deleted meanwhile" : "out of memory");
        finish_client(engine, client, RC_UNKNOWN_NAME);
        if (connection != NULL)
            lifecycle_gave_up(engine, connection_by_serial(engine, connection->serial));
        return;
    }
    child->client = client;
    child->has_cpu = task->has_cpu;
    child->cpu = task->cpu;
    say_child(engine, RC_LOG, child, client, "initiating Child SA using IKE SA #%llu",
              (unsigned long long)ike->serial);
    create_child_begin(engine, ike, child, TASK_CREATE_CHILD);
}

void create_child_generated(struct engine *engine, struct ike_sa *ike, struct job *job)
{
    if (ike->current == TASK_REKEY_IKE) {
        rekey_ike_generated(engine, ike, job);
        return;
    }
    struct child_sa *child = child_by_serial(engine, ike->current_child_serial);
    if (child == NULL) {
        exchange_end(engine, ike);
        exchange_next(engine, ike);
    } else if (!job->ok) {
        fail(engine, ike, child, job->error.text);
    } else if (job->ke == child->setup->ke) {
        child->setup->own = job->own;
        send_request(engine, ike, child, bytes_of(job->own_public, ke_public_size(job->ke)));
    }
}

/* ---- the answer ---- */

static void retry_with_group(struct engine *engine, struct ike_sa *ike, struct child_sa *child,
                             struct bytes data)
{
    const struct connection *connection = connection_by_serial(engine, child->connection_serial);
    uint8_t spi[4];
    struct proposal_offer offer = child_offer(ike, child, connection, false, spi);
    uint16_t group = data.size == 2 ? load_be16(data.data) : 0;
    const struct algorithm *ke = algorithm_by_id(TRANSFORM_KE, group);
    count_invalid_ke(engine, false, child->setup->ke ? child->setup->ke->id : KE_NONE, group);
    if (ke == NULL || ke == child->setup->ke || !proposals_offer_ke(&offer, group)) {
        fail(engine, ike, child, "peer answered INVALID_KE_PAYLOAD with a group that was not offered");
        return;
    }
    uint64_t serial = child->serial;
    enum task_kind kind = ike->current;
    unsigned attempts = ike->current_attempts + 1;
    exchange_end(engine, ike);
    exchange_begin(ike, kind, serial, 0);
    ike->current_attempts = attempts;
    child->setup->ke = ke;
    if (attempts > INIT_RESTART_LIMIT)
        fail(engine, ike, child, "peer answers every group with INVALID_KE_PAYLOAD");
    else
        generate_or_send(engine, ike, child);
}

static void put_off(struct engine *engine, struct ike_sa *ike, struct child_sa *child)
{
    enum task_kind kind = ike->current;
    if (child->is_unwanted) {
        fail(engine, ike, child, "it was taken down meanwhile");
        return;
    }
    uint64_t client = child->client, connection = child->connection_serial, replaces = child->replaces_serial;
    if (ike->temporary_failures >= TEMPORARY_FAILURE_LIMIT) {
        fail(engine, ike, child, "peer answers TEMPORARY_FAILURE again and again");
        return;
    }
    exchange_end(engine, ike);
    child->client = 0;
    exchange_retry_later(engine, ike, kind, replaces, connection, client);
    child_destroy(engine, child); /* after: the connection sees that it is tried again */
}

/* Packets of the CPU go on leaving on the Child SA of all CPUs (RFC 9611 4). */
static void do_without(struct engine *engine, const struct child_sa *child, uint16_t notify)
{
    const struct child_sa *first =
        per_cpu_first(engine, connection_by_serial(engine, child->connection_serial));
    say_child(engine, RC_LOG, child, 0, "peer answered %s (%u): packets of CPU %u stay on Child SA #%llu",
              ikev2_notify_name(notify), notify, child->cpu,
              (unsigned long long)(first != NULL ? first->serial : 0));
    per_cpu_make_no_more(engine, child);
}

static void refused_for_cpu(struct engine *engine, struct ike_sa *ike, struct child_sa *child,
                            uint16_t notify)
{
    bool is_put_off = notify == TEMPORARY_FAILURE && !child->is_unwanted &&
                      exchange_retry_cpu_later(engine, ike, child->connection_serial, child->cpu);
    if (!is_put_off)
        do_without(engine, child, notify);
    exchange_end(engine, ike);
    child_destroy(engine, child);
}

static void refused(struct engine *engine, struct ike_sa *ike, struct child_sa *child,
                    const struct ike_notify *refusal)
{
    struct child_sa *old = child_by_serial(engine, child->replaces_serial);
    char reason[128];
    struct text text = text_of(reason, sizeof(reason));
    text_add(&text, "peer answered %s (%u)", ikev2_notify_name(refusal->type), refusal->type);
    if (refusal->type == INVALID_KE_PAYLOAD) {
        retry_with_group(engine, ike, child, refusal->data);
    } else if (child->has_cpu && child->replaces_serial == 0) {
        refused_for_cpu(engine, ike, child, refusal->type);
    } else if (refusal->type == TEMPORARY_FAILURE) {
        put_off(engine, ike, child);
    } else {
        bool is_unknown = refusal->type == CHILD_SA_NOT_FOUND && old != NULL && child->rival_serial == 0 &&
                          old->state == CHILD_STATE_ESTABLISHED;
        fail_with(engine, ike, child, refusal->type, reason);
        if (is_unknown) /* the peer has lost it: so must we (2.25) */
            child_destroy(engine, old);
    }
}

/* The answer has been accepted but cannot be used: the peer holds an SA that it must be told to drop. */
static void unusable(struct engine *engine, struct ike_sa *ike, struct child_sa *child, const char *reason)
{
    per_cpu_make_no_more(engine, child);
    child_fail_because(engine, child, child->client, 0, "Child SA is unacceptable: %s", reason);
    finish_client(engine, child->client, RC_FATAL);
    child->client = 0;
    exchange_end(engine, ike);
    ikev2_delete_child(engine, child, 0);
}

/* A key exchange value that no honest peer sends ends the IKE SA (RFC 6989 2.5). */
static void distrust(struct engine *engine, struct ike_sa *ike, struct child_sa *child, const char *reason)
{
    unusable(engine, ike, child, reason);
    ikev2_delete_ike(engine, ike, 0);
}

/* The peer made it and has deleted it since; what it was to replace is useless to the peer too. */
static void gone_already(struct engine *engine, struct ike_sa *ike, struct child_sa *child)
{
    struct child_sa *old = child_by_serial(engine, child->replaces_serial);
    fail(engine, ike, child, "peer deleted the Child SA as soon as it was made");
    if (old != NULL)
        ikev2_delete_child(engine, old, 0);
}

static bool was_deleted_early(const struct ike_sa *ike, uint32_t spi_out)
{
    for (unsigned i = 0; i < ike->early_deleted_count && i < EARLY_DELETES; i++)
        if (ike->early_deleted_spis[i] == spi_out)
            return true;
    return false;
}

static void complete(struct engine *engine, struct ike_sa *ike, struct child_sa *child,
                     struct incoming *incoming, struct bytes shared_secret)
{
    if (was_deleted_early(ike, child->spi_out)) {
        gone_already(engine, ike, child);
        return;
    }
    if (child->is_unwanted) {
        unusable(engine, ike, child, "it was taken down before it was established");
        return;
    }
    struct bytes ours = bytes_of(child->setup->nonce, NONCE_SIZE);
    uint64_t client = child->client;
    if (!child_make_keys_and_install(engine, ike, child, shared_secret, ours, incoming->message->nonce,
                                     true)) {
        unusable(engine, ike, child, "keys could not be made");
        return;
    }
    child->client = 0;
    rekey_child_note_nonces(engine, child, ours, incoming->message->nonce);
    exchange_end(engine, ike);
    ike->temporary_failures = 0;
    child_drop_setup(engine, child);
    if (child->replaces_serial != 0) {
        rekey_child_completed(engine, child, client);
    } else {
        if (!child->has_cpu)
            child_take_policy(engine, child);
        lifecycle_child_is_up(engine, child);
        lifecycle_arm_child(engine, child, true);
        child_announce(engine, child, client, "initiator established Child SA");
        struct connection *connection = connection_by_serial(engine, child->connection_serial);
        say_event(engine, EVENT_CHILD_UP, connection->spec->name, ike->serial, child->serial, "");
        updown_finish_client(engine, connection, client);
        return;
    }
    finish_client(engine, client, 0);
}

static void accepted(struct engine *engine, struct ike_sa *ike, struct child_sa *child,
                     struct incoming *incoming)
{
    const struct ikev2_message *message = incoming->message;
    struct error error;
    if (!ikev2_has(message, PAYLOAD_NONCE)) {
        unusable(engine, ike, child, "peer's answer lacks a nonce");
        return;
    }
    if (!child_accept(engine, ike, child, incoming, false, &error)) {
        unusable(engine, ike, child, error.text);
        return;
    }
    const struct child_sa *first =
        child->has_cpu ? per_cpu_first(engine, connection_by_serial(engine, child->connection_serial)) : NULL;
    if (first != NULL && !per_cpu_covers(first, child->selectors, child->local_count,
                                         child_remote_selectors(child), child->remote_count)) {
        unusable(engine, ike, child, "its traffic selectors are not those of the first");
        return;
    }
    const struct algorithm *ke = child->suite.ke && child->suite.ke->id != KE_NONE ? child->suite.ke : NULL;
    if (ke == NULL) {
        complete(engine, ike, child, incoming, bytes_of(NULL, 0));
        return;
    }
    if (ke != child->setup->ke || message->ke_group != ke->id ||
        message->ke_data.size != ke_public_size(ke)) {
        unusable(engine, ike, child, "peer's key exchange value is not of the group that was begun with");
        return;
    }
    struct job *job = engine_new_job(engine, ike, JOB_KE_DERIVE, ke);
    if (job == NULL) {
        unusable(engine, ike, child, "out of memory");
        return;
    }
    job->own = child->setup->own;
    job->peer_size = (uint16_t)message->ke_data.size;
    memcpy(job->peer_public, message->ke_data.data, message->ke_data.size);
    engine_timer_cancel(engine, &ike->retransmit_timer);
    exchange_suspend(engine, ike, 1, incoming, job);
}

/* The Child SA was taken down meanwhile; if the peer has made its half, that goes too. */
static void forget(struct engine *engine, struct ike_sa *ike, bool peer_has_it)
{
    if (peer_has_it)
        ike_add_delete_task(engine, ike, 0, ike->current_protocol, ike->current_spi_in);
    exchange_end(engine, ike);
}

void create_child_response(struct engine *engine, struct ike_sa *ike, struct incoming *incoming)
{
    struct child_sa *child = child_by_serial(engine, ike->current_child_serial);
    const struct ike_notify *refusal = ikev2_find_error(incoming->message);
    const struct job *job = incoming->job;
    uint64_t serial = ike->serial;
    if (child == NULL)
        forget(engine, ike, refusal == NULL);
    else if (refusal != NULL)
        refused(engine, ike, child, refusal);
    else if (job == NULL)
        accepted(engine, ike, child, incoming);
    else if (!job->ok)
        distrust(engine, ike, child, job->error.text);
    else
        complete(engine, ike, child, incoming, bytes_of(job->secret, job->secret_size));
    if ((ike = ike_by_serial(engine, serial)) != NULL)
        exchange_next(engine, ike);
}
