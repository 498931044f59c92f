/*
 * Rekeying of Child SAs: RFC 7296 2.8. When both sides rekey the same Child SA at once, two new ones come to
 * be; the one whose exchange had the lowest of the four nonces is deleted by the side that created it, and
 * the creator of the other deletes the old Child SA (2.8.1).
 */
#include "engine/ikev2/rekey_child.h"

#include "engine/child_install.h"
#include "engine/ikev2/child_payloads.h"
#include "engine/ikev2/create_child.h"
#include "engine/ikev2/informational.h"
#include "engine/lifecycle.h"
#include "engine/per_cpu.h"
#include "engine/sa.h"

bool rekey_nonce_is_lower(struct bytes a, struct bytes b)
{
    size_t common = a.size < b.size ? a.size : b.size;
    int order = memcmp(a.data, b.data, common);
    return order < 0 || (order == 0 && a.size < b.size);
}

void rekey_child_start(struct engine *engine, struct child_sa *child, uint64_t client)
{
    struct ike_sa *ike = ike_by_serial(engine, child->ike_serial);
    if (!ike_add_task(engine, ike, TASK_REKEY_CHILD, child->serial, 0, client)) {
        if (client == 0)
            lifecycle_replace_later(engine, &child->life_timer, child->expire_at);
        finish_client(engine, client, RC_INTERNAL_ERROR);
    }
    exchange_next(engine, ike);
}

void rekey_child_begin(struct engine *engine, struct ike_sa *ike, struct child_sa *child, uint64_t client)
{
    const struct connection *connection =
        child ? connection_by_serial(engine, child->connection_serial) : NULL;
    bool is_current =
        child != NULL && child->state == CHILD_STATE_ESTABLISHED && child->ike_serial == ike->serial;
    struct child_sa *new = is_current ? child_new(engine, ike, connection) : NULL;
    if (new == NULL) { /* the peer was faster */
        finish_client(engine, client, 0);
        return;
    }
    new->replaces_serial = child->serial;
    per_cpu_inherit(new, child);
    new->client = client;
    say_child(engine, RC_LOG, new, client, "initiating rekey to replace Child SA #%llu",
              (unsigned long long)child->serial);
    create_child_begin(engine, ike, new, TASK_REKEY_CHILD);
}

void rekey_child_build_notify(const struct engine *engine, const struct child_sa *child,
                              struct message_builder *builder)
{
    const struct child_sa *old = child_by_serial(engine, child->replaces_serial);
    uint8_t spi[4];
    if (child->replaces_serial == 0)
        return;
    store_be32(spi, old ? old->spi_in : 0);
    ikev2_build_notify(builder, child->suite.protocol, bytes_of(spi, sizeof(spi)), REKEY_SA,
                       bytes_of(NULL, 0));
}

void rekey_child_note_nonces(struct engine *engine, struct child_sa *child, struct bytes nonce_i,
                             struct bytes nonce_r)
{
    if (child->replaces_serial != 0)
        owned_set(engine, &child->memory_bytes, &child->lowest_nonce,
                  rekey_nonce_is_lower(nonce_i, nonce_r) ? nonce_i : nonce_r);
}

static void say_rekeyed(struct engine *engine, const struct child_sa *child, uint64_t client,
                        const char *role)
{
    char what[64];
    struct text text = text_of(what, sizeof(what));
    text_add(&text, "%s rekeyed Child SA #%llu", role, (unsigned long long)child->replaces_serial);
    child_announce(engine, child, client, what);
    const struct connection *connection = connection_by_serial(engine, child->connection_serial);
    say_event(engine, EVENT_CHILD_REKEYED, connection->spec->name, child->ike_serial, child->serial, what);
}

static void mark_replaced(struct engine *engine, struct child_sa *old, const struct child_sa *by)
{
    if (old == NULL || old->state == CHILD_STATE_DELETING)
        return;
    old->state = CHILD_STATE_REPLACED;
    old->replaced_by_serial = by->serial;
    usec_t limit = engine_now(engine) + REPLACED_CHILD_LIMIT;
    engine_timer_arm(engine, &old->life_timer, limit < old->expire_at ? limit : old->expire_at);
}

void rekey_child_completed(struct engine *engine, struct child_sa *child, uint64_t client)
{
    struct child_sa *old = child_by_serial(engine, child->replaces_serial);
    struct child_sa *rival = child_by_serial(engine, child->rival_serial);
    if (rival != NULL &&
        rekey_nonce_is_lower(owned_bytes(&child->lowest_nonce), owned_bytes(&rival->lowest_nonce))) {
        say_child(engine, RC_LOG, child, client,
                  "both sides rekeyed Child SA #%llu; #%llu stays, this one goes",
                  (unsigned long long)child->replaces_serial, (unsigned long long)rival->serial);
        ikev2_delete_child(engine, child, 0);
        return;
    }
    if (!child->has_cpu)
        child_take_policy(engine, child);
    lifecycle_child_is_up(engine, child);
    lifecycle_arm_child(engine, child, true);
    say_rekeyed(engine, child, client, "initiator");
    if (rival != NULL)
        mark_replaced(engine, rival, child); /* the peer deletes it */
    if (old == NULL)
        return;
    mark_replaced(engine, old, child);
    ikev2_delete_child(engine, old, client);
}

void rekey_child_answered(struct engine *engine, struct ike_sa *ike, struct child_sa *child)
{
    struct child_sa *old = child_by_serial(engine, child->replaces_serial);
    struct child_sa *ours = child_by_serial(engine, ike->current_child_serial);
    if (ike->current == TASK_REKEY_CHILD && ours != NULL && ours->replaces_serial == child->replaces_serial)
        ours->rival_serial = child->serial;
    lifecycle_child_is_up(engine, child);
    lifecycle_arm_child(engine, child, false);
    say_rekeyed(engine, child, 0, "responder");
    mark_replaced(engine, old, child);
    /* The peer receives on the new one only when it has our answer: until its Delete we send on the old
     * (2.8). */
    engine_timer_arm(engine, &child->switch_timer, engine_now(engine) + REPLACED_CHILD_GRACE);
}

void rekey_child_is_undone(struct engine *engine, const struct child_sa *child)
{
    struct child_sa *old = child_by_serial(engine, child->replaces_serial);
    if (old == NULL || old->state != CHILD_STATE_REPLACED || old->replaced_by_serial != child->serial)
        return;
    say_child(engine, RC_LOG, old, 0, "peer has given up the rekey; this Child SA goes on");
    old->state = CHILD_STATE_ESTABLISHED;
    old->replaced_by_serial = 0;
    old->rekey_at = USEC_NEVER; /* by us; the peer may try again */
    engine_timer_arm(engine, &old->life_timer, old->expire_at);
}

bool rekey_child_find_old(struct engine *engine, struct ike_sa *ike, const struct incoming *incoming,
                          struct child_sa **ret_old)
{
    const struct ike_notify *notify = ikev2_find_notify(incoming->message, REKEY_SA);
    *ret_old = NULL;
    if (notify == NULL)
        return true;
    bool is_sane =
        (notify->protocol == PROTOCOL_ESP || notify->protocol == PROTOCOL_AH) && notify->spi.size == 4;
    struct child_sa *old =
        is_sane ? child_of_ike_by_peer_spi(engine, ike, notify->protocol, load_be32(notify->spi.data)) : NULL;
    bool may_come = old == NULL && (ike->current == TASK_CREATE_CHILD || ike->current == TASK_REKEY_CHILD);
    if (may_come) { /* it may be the one that we have asked for and not been answered about */
        exchange_answer_notify(engine, ike, incoming, TEMPORARY_FAILURE, bytes_of(NULL, 0));
        return false;
    }
    if (old == NULL) {
        uint8_t buffer[512];
        struct message_builder builder = exchange_answer_start(ike, incoming, buffer, sizeof(buffer));
        ikev2_build_notify(&builder, is_sane ? notify->protocol : PROTOCOL_ESP,
                           is_sane ? notify->spi : bytes_of(NULL, 0), CHILD_SA_NOT_FOUND, bytes_of(NULL, 0));
        exchange_answer_finish(engine, ike, &builder);
        return false;
    }
    if (old->state != CHILD_STATE_ESTABLISHED) {
        exchange_answer_notify(engine, ike, incoming, TEMPORARY_FAILURE, bytes_of(NULL, 0));
        return false;
    }
    *ret_old = old;
    return true;
}
