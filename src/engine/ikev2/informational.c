/* INFORMATIONAL exchanges: RFC 7296 1.4, 2.4 (liveness), and the timers that lead to them. */
#include "engine/ikev2/informational.h"

#include "engine/child_install.h"
#include "engine/count.h"
#include "engine/ikev2/fatal_error.h"
#include "engine/ikev2/mobike.h"
#include "engine/ikev2/protect.h"
#include "engine/ikev2/reauthenticate.h"
#include "engine/ikev2/rekey_child.h"
#include "engine/ikev2/rekey_ike.h"
#include "engine/ikev2/sa_init.h"
#include "engine/sa.h"

/* Obeys the Deletes of this protocol; those that had a counterpart are named in return. */
static void obey_and_name(struct engine *engine, struct ike_sa *ike, const struct incoming *incoming,
                          uint8_t protocol, struct message_builder *builder, bool *ret_whole)
{
    uint8_t spis[DELETE_ANSWER_SPIS * 4];
    size_t size;
    delete_obey(engine, ike, incoming, protocol, spis, &size, ret_whole);
    if (size == 0)
        return;
    message_build_begin(builder, PAYLOAD_DELETE);
    writer_u8(&builder->writer, protocol);
    writer_u8(&builder->writer, 4);
    writer_u16(&builder->writer, (uint16_t)(size / 4));
    writer_bytes(&builder->writer, bytes_of(spis, size));
    message_build_end(builder);
}

void informational_request(struct engine *engine, struct ike_sa *ike, struct incoming *incoming)
{
    uint8_t buffer[IKE_MESSAGE_MAX];
    bool is_whole;
    const struct ike_notify *refusal = ikev2_find_error(incoming->message);
    if (refusal != NULL)
        say_ike(engine, RC_LOG, ike, 0, "peer notifies %s", ikev2_notify_name(refusal->type));
    struct message_builder builder = exchange_answer_start(ike, incoming, buffer, sizeof(buffer));
    obey_and_name(engine, ike, incoming, PROTOCOL_ESP, &builder, &is_whole);
    obey_and_name(engine, ike, incoming, PROTOCOL_AH, &builder, &is_whole);
    mobike_request(engine, ike, incoming, &builder);
    exchange_answer_finish(engine, ike, &builder);
    if (incoming->message->delete_count == 0 && incoming->message->notify_count == 0)
        count_one(engine, COUNT_LIVENESS, ANSWERS_SENT);
    if (fatal_error_was_told(engine, ike, incoming))
        return;
    if (!is_whole) {
        exchange_next(engine, ike);
        return;
    }
    count_one(engine, COUNT_MESSAGES, MESSAGES_DELETE_RECEIVED);
    say_ike(engine, RC_LOG, ike, 0, "peer deletes the IKE SA");
    ike->end_reason = "deleted by the peer";
    ike_retire(engine, ike);
}

void informational_response(struct engine *engine, struct ike_sa *ike, struct incoming *incoming)
{
    enum task_kind kind = ike->current;
    uint64_t client = ike->current_client;
    struct child_sa *child = child_by_serial(engine, ike->current_child_serial);
    bool is_of_mobike = kind == TASK_UPDATE_ADDRESSES || kind == TASK_CHECK_ROUTE;
    exchange_end(engine, ike);
    if (is_of_mobike && !mobike_response(engine, ike, kind, incoming))
        return;
    finish_client(engine, client, 0);
    if (kind == TASK_LIVENESS) {
        count_one(engine, COUNT_LIVENESS, PROBES_ANSWERED);
        mobike_probe_answered(engine, ike, incoming->message);
    }
    if (kind == TASK_DELETE_IKE) {
        ike_destroy(engine, ike);
        return;
    }
    if (kind == TASK_DELETE_CHILD && child != NULL)
        child_destroy(engine, child);
    exchange_next(engine, ike);
}

/* ---- liveness ---- */

void liveness_begin(struct engine *engine, struct ike_sa *ike)
{
    uint8_t buffer[256];
    struct bytes message;
    struct message_builder builder =
        protect_start(ike, buffer, sizeof(buffer), INFORMATIONAL, false, ike->next_message_id);
    exchange_begin(ike, TASK_LIVENESS, 0, 0);
    mobike_build_probe(engine, ike, &builder);
    if (!protect_finish(engine, ike, &builder, &message))
        return;
    count_one(engine, COUNT_LIVENESS, PROBES_SENT);
    ike->next_message_id++;
    exchange_send_request(engine, ike, message);
}

static usec_t liveness_period(const struct engine *engine, const struct ike_sa *ike)
{
    return connection_by_serial(engine, ike->connection_serial)->spec->dpd_delay;
}

static struct child_sa *any_child(const struct ike_sa *ike)
{
    if (list_is_empty(&ike->children))
        return NULL;
    return CONTAINER_OF(ike->children.prev, struct child_sa, siblings);
}

static void check_peer(struct engine *engine, struct ike_sa *ike)
{
    ike->liveness_querying = false;
    engine_timer_arm(engine, &ike->liveness_timer, engine_now(engine) + liveness_period(engine, ike));
    ike_add_task(engine, ike, TASK_LIVENESS, 0, 0, 0);
    exchange_next(engine, ike);
}

/* Only silence is checked: fresh messages of the peer, or packets that its SAs delivered, prove it alive
 * (2.4). */
void liveness_is_due(struct engine *engine, struct ike_sa *ike)
{
    usec_t period = liveness_period(engine, ike), now = engine_now(engine);
    struct child_sa *child = any_child(ike);
    if (ike->state != IKE_STATE_ESTABLISHED || period == 0)
        return;
    if (now < ike->last_received_at + period) {
        engine_timer_arm(engine, &ike->liveness_timer, ike->last_received_at + period);
    } else if (ike->current != TASK_NONE) {
        engine_timer_arm(engine, &ike->liveness_timer, now + period); /* that exchange is the check */
    } else if (child != NULL && !ike->liveness_querying) {
        ike->liveness_querying = true;
        engine_timer_arm(engine, &ike->liveness_timer, now + LIVENESS_QUERY_WAIT);
        child_query(engine, child);
    } else {
        check_peer(engine, ike);
    }
}

void liveness_counters_came(struct engine *engine, struct ike_sa *ike, const struct child_sa *child)
{
    usec_t period = liveness_period(engine, ike);
    ike->liveness_querying = false;
    if (child->in.last_use != 0 && engine_now(engine) < child->in.last_use + period)
        engine_timer_arm(engine, &ike->liveness_timer, child->in.last_use + period);
    else
        check_peer(engine, ike);
}

/* ---- lifetimes ---- */

void ikev2_ike_life_is_due(struct engine *engine, struct ike_sa *ike)
{
    usec_t now = engine_now(engine);
    switch (ike->state) {
    case IKE_STATE_ESTABLISHED:
        if (now < ike->expire_at) {
            engine_timer_arm(engine, &ike->life_timer, ike->expire_at);
            if (reauthenticate_is_wanted(engine, ike))
                reauthenticate_start(engine, ike);
            else
                rekey_ike_start(engine, ike, 0);
            return;
        }
        if (rekey_ike_is_undecided(engine, ike)) { /* the peer's is there, and is the heir at least */
            engine_timer_arm(engine, &ike->life_timer, now + REPLACED_IKE_GRACE);
            return;
        }
        say_ike(engine, RC_LOG, ike, 0, "IKE SA expired");
        ikev2_delete_ike(engine, ike, 0);
        break;
    case IKE_STATE_REPLACED:
        ikev2_delete_ike(engine, ike, 0);
        break;
    case IKE_STATE_INIT_SENT:
        sa_init_believes_refusal(engine, ike);
        break;
    case IKE_STATE_INIT_RESPONDED:
        say_ike(engine, RC_LOG, ike, 0,
                "deleting incomplete IKE SA: no IKE_AUTH request came within %u seconds",
                (unsigned)((now - ike->created_at) / USEC_PER_SEC));
        ike_destroy(engine, ike);
        break;
    default:
        ike_destroy(engine, ike);
        break;
    }
}

void ikev2_child_life_is_due(struct engine *engine, struct child_sa *child)
{
    if (engine_now(engine) < child->expire_at && child->state == CHILD_STATE_ESTABLISHED) {
        engine_timer_arm(engine, &child->life_timer, child->expire_at);
        rekey_child_start(engine, child, 0);
        return;
    }
    say_child(engine, RC_LOG, child, 0, "Child SA expired");
    ikev2_delete_child(engine, child, 0);
}
