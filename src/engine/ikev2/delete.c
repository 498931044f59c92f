/* Delete payloads, sent and obeyed: RFC 7296 1.4.1, 2.21.2, 2.25. */
#include "engine/child_install.h"
#include "engine/count.h"
#include "engine/ikev2/informational.h"
#include "engine/ikev2/protect.h"
#include "engine/ikev2/rekey_child.h"
#include "engine/lifecycle.h"
#include "engine/version.h"

/* ---- ours ---- */

static void send_delete(struct engine *engine, struct ike_sa *ike, uint8_t protocol, struct bytes spi,
                        uint16_t notify)
{
    uint8_t buffer[512];
    struct bytes message;
    if (is_impaired(engine, IMPAIR_SEND_NO_DELETE)) {
        engine_timer_arm(engine, &ike->retransmit_timer, engine_now(engine)); /* as if it were answered */
        return;
    }
    struct message_builder builder =
        protect_start(ike, buffer, sizeof(buffer), INFORMATIONAL, false, ike->next_message_id);
    if (notify != NOTIFY_NONE)
        ikev2_build_notify(&builder, PROTOCOL_NONE, bytes_of(NULL, 0), notify, bytes_of(NULL, 0));
    ikev2_build_delete(&builder, protocol, spi);
    if (!protect_finish(engine, ike, &builder, &message))
        return;
    ike->next_message_id++;
    exchange_send_request(engine, ike, message);
}

void ikev2_delete_child(struct engine *engine, struct child_sa *child, uint64_t client)
{
    struct ike_sa *ike = ike_by_serial(engine, child->ike_serial);
    if (child->state == CHILD_STATE_DELETING)
        return;
    say_child(engine, RC_LOG, child, client, "deleting established Child SA using IKE SA #%llu",
              (unsigned long long)ike->serial);
    child->state = CHILD_STATE_DELETING;
    engine_timer_cancel(engine, &child->life_timer);
    if (child->replaced_by_serial == 0) /* a replaced one still receives what is under way */
        child_uninstall(engine, child);
    ike_add_delete_task(engine, ike, child->serial, child->suite.protocol, child->spi_in);
    exchange_next(engine, ike);
}

void delete_child_begin(struct engine *engine, struct ike_sa *ike, const struct task *task)
{
    uint8_t spi[4];
    exchange_begin(ike, TASK_DELETE_CHILD, task->child_serial, task->client);
    ike->current_spi_in = task->spi_in;
    ike->current_protocol = task->protocol;
    store_be32(spi, task->spi_in);
    send_delete(engine, ike, task->protocol, bytes_of(spi, sizeof(spi)), NOTIFY_NONE);
}

static void say_deleting(struct engine *engine, const struct ike_sa *ike, uint64_t client)
{
    usec_t age = engine_now(engine) - ike->created_at;
    say_ike(engine, RC_LOG, ike, client, "deleting state (%s) aged %llu.%06llus and sending notification",
            ike->version->ike_state_name(ike), (unsigned long long)(age / USEC_PER_SEC),
            (unsigned long long)(age % USEC_PER_SEC));
}

/* Traffic ends now; the Delete has its turn when the window is free. */
static void begin_to_end(struct engine *engine, struct ike_sa *ike)
{
    if (ike->state != IKE_STATE_REPLACED) {
        LIST_EACH(&ike->children, node)
        child_destroy(engine, CONTAINER_OF(node, struct child_sa, siblings));
        ike->state = IKE_STATE_REPLACED; /* from here on only its Delete may leave, when the window is free */
    }
    engine_timer_cancel(engine, &ike->life_timer);
    engine_timer_cancel(engine, &ike->liveness_timer);
    ike_add_task(engine, ike, TASK_DELETE_IKE, 0, 0, 0);
    exchange_next(engine, ike);
}

void ikev2_delete_ike(struct engine *engine, struct ike_sa *ike, uint64_t client)
{
    if (ike->state == IKE_STATE_DELETING || ike->state == IKE_STATE_RETIRED)
        return;
    say_deleting(engine, ike, client);
    begin_to_end(engine, ike);
}

void delete_ike_begin(struct engine *engine, struct ike_sa *ike, uint64_t client)
{
    bool is_authentic = ike->setup == NULL;
    exchange_begin(ike, TASK_DELETE_IKE, 0, client);
    count_one(engine, COUNT_MESSAGES, MESSAGES_DELETE_SENT);
    ike->state = IKE_STATE_DELETING;
    send_delete(engine, ike, PROTOCOL_IKE, bytes_of(NULL, 0),
                is_authentic ? NOTIFY_NONE : AUTHENTICATION_FAILED);
}

void ikev2_reject_peer(struct engine *engine, struct ike_sa *ike)
{
    exchange_end(engine, ike);
    LIST_EACH(&ike->children, node)
    child_destroy(engine, CONTAINER_OF(node, struct child_sa, siblings));
    delete_ike_begin(engine, ike, 0);
}

/* A request of ours stands in the window (2.3); its answer lets the Delete leave. */
static void leave_after_answer(struct engine *engine, struct ike_sa *ike)
{
    lifecycle_abandon_clients(engine, ike);
    if (ike->state != IKE_STATE_AUTH_SENT) {
        begin_to_end(engine, ike);
        return;
    }
    LIST_EACH(&ike->children, node)
    child_destroy(engine, CONTAINER_OF(node, struct child_sa, siblings));
    ike->is_unwanted = true;
}

void ikev2_say_goodbye(struct engine *engine, struct ike_sa *ike)
{
    bool may_be_up = ike->state == IKE_STATE_ESTABLISHED || ike->state == IKE_STATE_AUTH_SENT;
    if (ike->state == IKE_STATE_REKEY_LARVAL) /* the one that it may replace decides */
        return;
    if (may_be_up)
        say_deleting(engine, ike, engine->watcher);
    if (ike->current != TASK_NONE && (may_be_up || ike->state == IKE_STATE_REPLACED)) {
        leave_after_answer(engine, ike);
        return;
    }
    if (may_be_up)
        delete_ike_begin(engine, ike, 0);
    ike_destroy(engine, ike);
}

/* ---- theirs ---- */

/* The peer closes a Child SA: ours of the pair goes too, and is named in the answer unless we are closing it
 * as well (1.4.1). Returns the SPI to name, 0 for none. */
static uint32_t obey_child_delete(struct engine *engine, struct ike_sa *ike, uint8_t protocol,
                                  uint32_t peer_spi)
{
    struct child_sa *child = child_of_ike_by_peer_spi(engine, ike, protocol, peer_spi);
    if (child == NULL) {
        /* Its Delete may overtake the answer that made it, or meet us while we make the keys. */
        if (ike->current == TASK_CREATE_CHILD || ike->current == TASK_REKEY_CHILD)
            ike->early_deleted_spis[ike->early_deleted_count++ % EARLY_DELETES] = peer_spi;
        return 0;
    }
    struct child_sa *heir = child_by_serial(engine, child->replaced_by_serial);
    uint32_t named = child->state == CHILD_STATE_DELETING ? 0 : child->spi_in;
    say_child(engine, RC_LOG, child, 0, "peer deletes the Child SA");
    child->end_reason = "deleted by the peer";
    if (heir != NULL && heir->state == CHILD_STATE_ESTABLISHED)
        lifecycle_switch_to(engine, heir);
    rekey_child_is_undone(engine, child);
    child_destroy(engine, child);
    return named;
}

void delete_obey(struct engine *engine, struct ike_sa *ike, const struct incoming *incoming, uint8_t protocol,
                 uint8_t *spis, size_t *ret_size, bool *ret_whole)
{
    *ret_size = 0;
    *ret_whole = false;
    for (size_t i = 0; i < incoming->message->delete_count; i++) {
        const struct ike_delete *delete = &incoming->message->deletes[i];
        if (delete->protocol == PROTOCOL_IKE)
            *ret_whole = true;
        if (delete->protocol != protocol || delete->spi_size != 4)
            continue;
        for (unsigned j = 0; j < delete->count && *ret_size < DELETE_ANSWER_SPIS * 4; j++) {
            uint32_t named = obey_child_delete(engine, ike, protocol, load_be32(delete->spis.data + 4 * j));
            if (named != 0) {
                store_be32(spis + *ret_size, named);
                *ret_size += 4;
            }
        }
    }
}
