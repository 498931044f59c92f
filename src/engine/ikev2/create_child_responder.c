/* CREATE_CHILD_SA for Child SAs as responder: RFC 7296 1.3.1, 1.3.3, 2.25. */
#include "engine/child_install.h"
#include "engine/count.h"
#include "engine/ikev2/child_payloads.h"
#include "engine/ikev2/create_child.h"
#include "engine/ikev2/rekey_child.h"
#include "engine/lifecycle.h"
#include "engine/per_cpu.h"
#include "engine/sa.h"

static void refuse(struct engine *engine, struct ike_sa *ike, const struct incoming *incoming,
                   uint16_t notify, const char *reason)
{
    say_ike(engine, RC_LOG, ike, 0, "refusing CREATE_CHILD_SA request with %s: %s", ikev2_notify_name(notify),
            reason);
    exchange_answer_notify(engine, ike, incoming, notify, bytes_of(NULL, 0));
}

static void complete(struct engine *engine, struct ike_sa *ike, const struct incoming *incoming,
                     struct child_sa *child, struct bytes own_public, struct bytes shared_secret)
{
    uint8_t buffer[IKE_MESSAGE_MAX];
    struct bytes theirs = incoming->message->nonce, ours = bytes_of(child->setup->nonce, NONCE_SIZE);
    if (!child_make_keys_and_install(engine, ike, child, shared_secret, theirs, ours, false)) {
        child_destroy(engine, child);
        refuse(engine, ike, incoming, NO_ADDITIONAL_SAS, "keys could not be made");
        return;
    }
    struct message_builder builder = exchange_answer_start(ike, incoming, buffer, sizeof(buffer));
    child_build_answer(engine, child, false, own_public, &builder);
    if (child->replaces_serial == 0 && !child->has_cpu) /* before the answer, as in IKE_AUTH */
        child_take_policy(engine, child);
    exchange_answer_finish(engine, ike, &builder);
    rekey_child_note_nonces(engine, child, theirs, ours);
    child_drop_setup(engine, child);
    if (child->replaces_serial != 0) {
        rekey_child_answered(engine, ike, child);
        return;
    }
    lifecycle_child_is_up(engine, child);
    lifecycle_arm_child(engine, child, false);
    if (child->has_cpu)
        engine_timer_arm(engine, &child->switch_timer, engine_now(engine) + REPLACED_CHILD_GRACE);
    child_announce(engine, child, 0, "responder established Child SA");
    say_event(engine, EVENT_CHILD_UP, connection_by_serial(engine, child->connection_serial)->spec->name,
              ike->serial, child->serial, "");
}

/* The request is good: answer at once, or when our half of the key exchange is done. */
static void proceed(struct engine *engine, struct ike_sa *ike, const struct incoming *incoming,
                    struct child_sa *child)
{
    const struct algorithm *ke = child->suite.ke;
    if (ke == NULL || ke->id == KE_NONE) {
        complete(engine, ike, incoming, child, bytes_of(NULL, 0), bytes_of(NULL, 0));
        return;
    }
    struct bytes peer = incoming->message->ke_data;
    struct job *job = engine_new_job(engine, ike, JOB_KE_RESPOND, ke);
    if (job == NULL) {
        child_destroy(engine, child);
        refuse(engine, ike, incoming, NO_ADDITIONAL_SAS, "out of memory");
        return;
    }
    job->peer_size = (uint16_t)peer.size;
    memcpy(job->peer_public, peer.data, peer.size);
    ike->responding_child_serial = child->serial;
    exchange_suspend(engine, ike, 0, incoming, job);
}

/* Why the answer that was being prepared makes no sense any more; NULL: it does. */
static const char *overtaken_by(const struct engine *engine, const struct ike_sa *ike,
                                const struct child_sa *child)
{
    const struct child_sa *old = child ? child_by_serial(engine, child->replaces_serial) : NULL;
    if (child == NULL || child->is_unwanted || ike->state != IKE_STATE_ESTABLISHED)
        return "the connection was taken down meanwhile";
    if (child->replaces_serial != 0 && (old == NULL || old->state != CHILD_STATE_ESTABLISHED))
        return "our own rekey of that Child SA was faster";
    return NULL;
}

static void resume(struct engine *engine, struct ike_sa *ike, const struct incoming *incoming)
{
    const struct job *job = incoming->job;
    struct child_sa *child = child_by_serial(engine, ike->responding_child_serial);
    const char *obstacle = overtaken_by(engine, ike, child);
    ike->responding_child_serial = 0;
    if (obstacle != NULL) {
        if (child != NULL)
            child_destroy(engine, child);
        refuse(engine, ike, incoming, TEMPORARY_FAILURE, obstacle);
    } else if (!job->ok) {
        child_destroy(engine, child);
        refuse(engine, ike, incoming, INVALID_SYNTAX, job->error.text);
    } else {
        complete(engine, ike, incoming, child, bytes_of(job->own_public, ke_public_size(job->ke)),
                 bytes_of(job->secret, job->secret_size));
    }
}

void create_child_request(struct engine *engine, struct ike_sa *ike, struct incoming *incoming)
{
    const struct ikev2_message *message = incoming->message;
    struct child_sa *old = NULL;
    struct error error = {0};
    uint16_t group = 0;
    if (incoming->job != NULL) {
        resume(engine, ike, incoming);
        return;
    }
    if (ike->state != IKE_STATE_ESTABLISHED || ike->current == TASK_REKEY_IKE ||
        ike->current == TASK_DELETE_IKE) {
        refuse(engine, ike, incoming, TEMPORARY_FAILURE, "this IKE SA is being rekeyed or deleted");
        return;
    }
    if (!ikev2_has(message, PAYLOAD_SA) || !ikev2_has(message, PAYLOAD_NONCE) ||
        !ikev2_has(message, PAYLOAD_TSR)) {
        refuse(engine, ike, incoming, INVALID_SYNTAX, "SA, Nonce or TSr is missing");
        return;
    }
    if (!rekey_child_find_old(engine, ike, incoming, &old))
        return;
    const struct connection *connection = old ? connection_by_serial(engine, old->connection_serial) : NULL;
    struct child_sa *child = child_choose(engine, ike, incoming, false, connection, &group, &error);
    if (child == NULL && error.code == INVALID_KE_PAYLOAD) {
        uint8_t wanted[2];
        store_be16(wanted, group);
        count_invalid_ke(engine, true, message->ke_group, group);
        exchange_answer_notify(engine, ike, incoming, INVALID_KE_PAYLOAD, bytes_of(wanted, sizeof(wanted)));
    } else if (child == NULL) {
        const struct connection *meant =
            connection ? connection : connection_by_serial(engine, ike->connection_serial);
        if (error.code != TS_MAX_QUEUE)
            failure_keep(engine, meant, ike, false, failure_of_child_notify((uint16_t)error.code),
                         (uint16_t)error.code, error.text);
        refuse(engine, ike, incoming, (uint16_t)error.code, error.text);
    } else {
        child->replaces_serial = old ? old->serial : 0;
        if (old != NULL)
            per_cpu_inherit(child, old);
        proceed(engine, ike, incoming, child);
    }
}
