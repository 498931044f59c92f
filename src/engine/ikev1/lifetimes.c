/* Lifetimes and replacement of ISAKMP and IPsec SAs: RFC 2407 4.5.4, 4.6.3.1. */
#include "engine/ikev1/lifetimes.h"

#include "base/reader.h"
#include "base/secret.h"
#include "engine/child_install.h"
#include "engine/ikev1/informational.h"
#include "engine/ikev1/phase1.h"
#include "engine/ikev1/phase15.h"
#include "engine/ikev1/quick_mode.h"
#include "engine/initiate.h"
#include "engine/lifecycle.h"
#include "engine/login.h"

#define ORPHANAGE_CHECK (60 * USEC_PER_SEC)
#define REPLACED_GRACE (5 * USEC_PER_SEC) /* packets under way on the replaced SA */

static usec_t shorter(usec_t ours, uint64_t negotiated_seconds)
{
    usec_t theirs = negotiated_seconds * USEC_PER_SEC;
    return negotiated_seconds != 0 && theirs < ours ? theirs : ours;
}

void lifetimes_arm_ike(struct engine *engine, struct ike_sa *ike)
{
    const struct connection_spec *spec = connection_by_serial(engine, ike->connection_serial)->spec;
    usec_t lifetime = shorter(spec->ike_lifetime, ike->v1->lifetime_seconds);
    ike->expire_at = ike->established_at + lifetime;
    ike->rekey_at = USEC_NEVER;
    if (spec->rekey)
        ike->rekey_at =
            ike->established_at + lifecycle_rekey_delay(engine, spec, lifetime, ike->is_initiator);
    engine_timer_arm(engine, &ike->life_timer,
                     ike->rekey_at < ike->expire_at ? ike->rekey_at : ike->expire_at);
}

void lifetimes_arm_child(struct engine *engine, struct child_sa *child, uint32_t negotiated_seconds)
{
    const struct connection_spec *spec = connection_by_serial(engine, child->connection_serial)->spec;
    usec_t lifetime = shorter(spec->ipsec_lifetime, negotiated_seconds);
    child->expire_at = child->established_at + lifetime;
    child->rekey_at = USEC_NEVER;
    if (spec->rekey)
        child->rekey_at =
            child->established_at + lifecycle_rekey_delay(engine, spec, lifetime, child->we_initiated);
    engine_timer_arm(engine, &child->life_timer,
                     child->rekey_at < child->expire_at ? child->rekey_at : child->expire_at);
}

/* ---- RESPONDER-LIFETIME ---- */

static void shorten(uint32_t *slot, uint32_t duration)
{
    if (duration != 0 && (*slot == 0 || duration < *slot))
        *slot = duration;
}

void lifetimes_read_notify(const struct ikev1_message *message, struct quick_mode *quick)
{
    const struct ike_notify *notify = ikev1_find_notify(message, V1_RESPONDER_LIFETIME);
    struct reader reader = reader_of(notify != NULL ? notify->data : bytes_of(NULL, 0));
    struct ikev1_attribute attribute;
    uint32_t life_type = 0;
    while (ikev1_attribute_read(&reader, &attribute)) {
        uint32_t duration = attribute.fits_number ? attribute.number : 0;
        if (attribute.type == IPSEC_LIFE_TYPE)
            life_type = attribute.number;
        else if (attribute.type == IPSEC_LIFE_DURATION && life_type == OAKLEY_LIFE_SECONDS)
            shorten(&quick->lifetime_seconds, duration);
        else if (attribute.type == IPSEC_LIFE_DURATION && life_type == OAKLEY_LIFE_KILOBYTES)
            shorten(&quick->lifetime_kilobytes, duration);
    }
}

void lifetimes_build_notify(const struct engine *engine, const struct quick_mode *quick,
                            struct message_builder *builder)
{
    const struct child_sa *child = quick->child;
    const struct connection_spec *spec = connection_by_serial(engine, child->connection_serial)->spec;
    uint64_t seconds = spec->ipsec_lifetime / USEC_PER_SEC;
    uint64_t kilobytes = spec->ipsec_max_bytes / 1024 + (spec->ipsec_max_bytes < 1024);
    bool tells_kilobytes = spec->ipsec_max_bytes != UINT64_MAX && kilobytes <= UINT32_MAX &&
                           (quick->lifetime_kilobytes == 0 || quick->lifetime_kilobytes > kilobytes);
    uint8_t data[32], spi[4];
    struct writer writer = writer_of(data, sizeof(data));
    if (quick->lifetime_seconds > seconds) {
        ikev1_write_attribute(&writer, IPSEC_LIFE_TYPE, OAKLEY_LIFE_SECONDS);
        ikev1_write_attribute(&writer, IPSEC_LIFE_DURATION, (uint32_t)seconds);
    }
    if (tells_kilobytes) {
        ikev1_write_attribute(&writer, IPSEC_LIFE_TYPE, OAKLEY_LIFE_KILOBYTES);
        ikev1_write_attribute(&writer, IPSEC_LIFE_DURATION, (uint32_t)kilobytes);
    }
    if (writer.size == 0)
        return;
    store_be32(spi, child->spi_in);
    ikev1_build_notify(builder, child->suite.protocol, bytes_of(spi, sizeof(spi)), V1_RESPONDER_LIFETIME,
                       writer_bytes_so_far(&writer));
}

/* ---- replacement ---- */

/* Another ISAKMP SA of the same two peers in this state. */
static struct ike_sa *another_in(const struct engine *engine, const struct ike_sa *ike, enum ike_state state)
{
    const struct connection *connection = connection_by_serial(engine, ike->connection_serial);
    struct ike_sa *other = NULL;
    do
        other = ike_next_with_peers(engine, &ike->path.local.address, &ike->path.remote.address,
                                    &connection->local_id, &ike->remote_id, other);
    while (other != NULL && (other == ike || other->version != ike->version || other->v1 == NULL ||
                             other->state != state || !login_users_are_equal(other, ike)));
    return other;
}

static struct ike_sa *another(const struct engine *engine, const struct ike_sa *ike)
{
    return another_in(engine, ike, IKE_STATE_ESTABLISHED);
}

/* Those still being negotiated stay: their keys come from the ISAKMP SA under which they began. */
static void move_children(struct engine *engine, struct ike_sa *from, struct ike_sa *to)
{
    LIST_EACH(&from->children, node)
    {
        struct child_sa *child = CONTAINER_OF(node, struct child_sa, siblings);
        if (child->state == CHILD_STATE_LARVAL)
            continue;
        quick_drop(engine, child);
        child_move(engine, child, to);
    }
}

/* One that is idle has nothing that would let them begin by its end. */
static void move_tasks(struct engine *engine, struct ike_sa *from, struct ike_sa *to)
{
    LIST_EACH(&from->tasks, node)
    ike_move_task(from, to, CONTAINER_OF(node, struct task, node));
    if (!list_is_empty(&to->tasks))
        engine_timer_arm(engine, &to->retry_timer, engine_now(engine));
}

void lifetimes_replace_older(struct engine *engine, struct ike_sa *ike)
{
    struct ike_sa *old;
    while ((old = another_in(engine, ike, IKE_STATE_ORPHANAGE)) != NULL) {
        move_children(engine, old, ike);
        ike_destroy(engine, old);
    }
    while ((old = another(engine, ike)) != NULL) {
        move_children(engine, old, ike);
        move_tasks(engine, old, ike);
        old->state = IKE_STATE_REPLACED;
        old->replaced_by_serial = ike->serial;
        engine_timer_cancel(engine, &old->liveness_timer);
        engine_timer_cancel(engine, &old->keepalive_timer);
        old->rekey_at = USEC_NEVER;
        engine_timer_arm(engine, &old->life_timer,
                         engine_now(engine) + (ike->is_initiator ? REPLACED_GRACE : REPLACED_IKE_GRACE));
    }
}

/* When both sides replaced at once, each may have kept another one: what was replaced serves again. */
static struct ike_sa *recall(struct engine *engine, const struct ike_sa *ike)
{
    struct ike_sa *heir = another_in(engine, ike, IKE_STATE_REPLACED);
    if (heir == NULL)
        return NULL;
    heir->state = IKE_STATE_ESTABLISHED;
    heir->replaced_by_serial = 0;
    connection_by_serial(engine, heir->connection_serial)->newest_ike_serial = heir->serial;
    lifecycle_arm_ike(engine, heir);
    lifetimes_arm_ike(engine, heir);
    return heir;
}

/* It was due, and has not come to pass under the ISAKMP SA that ends: it begins with another. */
static void rekey_by_another(struct engine *engine, uint64_t child_serial)
{
    struct child_sa *child = child_by_serial(engine, child_serial);
    if (child != NULL && child->state == CHILD_STATE_ESTABLISHED)
        engine_timer_arm(engine, &child->life_timer, engine_now(engine));
}

static void drop_tasks(struct engine *engine, struct ike_sa *ike)
{
    LIST_EACH(&ike->tasks, node)
    {
        struct task task = *CONTAINER_OF(node, struct task, node);
        struct connection *waiting = connection_by_serial(engine, task.connection_serial);
        ike_drop_task(engine, ike, CONTAINER_OF(node, struct task, node));
        abandon_client(engine, waiting, task.client, "the ISAKMP SA that it waited for has ended");
        if (task.kind == TASK_REKEY_CHILD)
            rekey_by_another(engine, task.child_serial);
        else if (waiting != NULL)
            lifecycle_gave_up(engine, waiting);
    }
}

/* Keys and exchanges go; what is left knows where the peer is. */
static bool become_orphanage(struct engine *engine, struct ike_sa *ike)
{
    struct connection *connection = connection_by_serial(engine, ike->connection_serial);
    LIST_EACH(&ike->children, node)
    {
        struct child_sa *child = CONTAINER_OF(node, struct child_sa, siblings);
        uint64_t replaced = child->replaces_serial;
        if (child->state != CHILD_STATE_LARVAL) {
            quick_drop(engine, child);
            continue;
        }
        child_destroy(engine, child);
        rekey_by_another(engine, replaced);
    }
    if (list_is_empty(&ike->children))
        return false;
    drop_tasks(engine, ike);
    if (connection->newest_ike_serial == ike->serial)
        connection->newest_ike_serial = 0;
    ike->state = IKE_STATE_ORPHANAGE;
    ike->rekey_at = ike->expire_at = USEC_NEVER;
    secret_wipe(&ike->v1->keys, sizeof(ike->v1->keys));
    engine_timer_cancel(engine, &ike->retransmit_timer);
    engine_timer_cancel(engine, &ike->liveness_timer);
    engine_timer_arm(engine, &ike->life_timer, engine_now(engine) + ORPHANAGE_CHECK);
    return true;
}

bool lifetimes_bequeath(struct engine *engine, struct ike_sa *ike)
{
    struct ike_sa *heir = another(engine, ike);
    if (heir == NULL && ike->state == IKE_STATE_ESTABLISHED && ike->child_count > 0)
        heir = recall(engine, ike);
    if (heir == NULL)
        return become_orphanage(engine, ike);
    move_children(engine, ike, heir);
    move_tasks(engine, ike, heir);
    LIST_EACH(&ike->children, node) /* what is left has not been finished, and ends here */
    rekey_by_another(engine, CONTAINER_OF(node, struct child_sa, siblings)->replaces_serial);
    return false;
}

static uint32_t greater_spi(const struct child_sa *child)
{
    return child->spi_in > child->spi_out ? child->spi_in : child->spi_out;
}

/* The newest wins; when both sides began at once there is no newest, and both must name the same one. */
static bool wins_over(const struct child_sa *child, const struct child_sa *older)
{
    bool overlapped = child->created_at < older->established_at;
    return !overlapped || child->we_initiated == older->we_initiated ||
           greater_spi(child) > greater_spi(older);
}

static void retire_child(struct engine *engine, struct child_sa *loser, const struct child_sa *winner)
{
    loser->state = CHILD_STATE_REPLACED;
    loser->replaced_by_serial = winner->serial;
    loser->rekey_at = USEC_NEVER;
    engine_timer_arm(engine, &loser->life_timer,
                     winner->we_initiated ? engine_now(engine) + REPLACED_GRACE : loser->expire_at);
}

void lifetimes_child_replaces(struct engine *engine, struct child_sa *child)
{
    struct connection *connection = connection_by_serial(engine, child->connection_serial);
    struct child_sa *best = child;
    LIST_EACH(&connection->children, node)
    {
        struct child_sa *other = CONTAINER_OF(node, struct child_sa, of_connection);
        if (other == child || other->state != CHILD_STATE_ESTABLISHED)
            continue;
        if (wins_over(child, other)) {
            retire_child(engine, other, child);
            continue;
        }
        retire_child(engine, child, other);
        best = other;
        break;
    }
    connection->newest_child_serial = best->serial;
    if (!timer_is_armed(&best->switch_timer.timer)) /* else it does so soon */
        child_take_policy(engine, best);
}

/* ---- timers ---- */

void lifetimes_rekey_ike(struct engine *engine, struct ike_sa *ike, uint64_t client)
{
    const struct connection *connection = connection_by_serial(engine, ike->connection_serial);
    say_ike(engine, RC_LOG, ike, client, "initiating %s Mode to replace #%llu",
            connection->spec->aggressive ? "Aggressive" : "Main", (unsigned long long)ike->serial);
    phase1_start(engine, connection, client, false);
}

void lifetimes_rekey_child(struct engine *engine, struct child_sa *child, uint64_t client)
{
    struct ike_sa *ike = ike_by_serial(engine, child->ike_serial);
    struct connection *connection = connection_by_serial(engine, child->connection_serial);
    if (ike->state != IKE_STATE_ESTABLISHED)
        initiate_connection(engine, connection, client);
    else if (ike_add_task(engine, ike, TASK_REKEY_CHILD, child->serial, connection->serial, client))
        quick_mode_run_tasks(engine, ike);
    else {
        if (client == 0)
            lifecycle_replace_later(engine, &child->life_timer, child->expire_at);
        finish_client(engine, client, RC_INTERNAL_ERROR);
    }
}

static void end(struct engine *engine, struct ike_sa *ike)
{
    ikev1_send_ike_delete(engine, ike);
    if (!lifetimes_bequeath(engine, ike))
        ike_destroy(engine, ike);
}

void lifetimes_ike_is_due(struct engine *engine, struct ike_sa *ike)
{
    const struct connection *connection = connection_by_serial(engine, ike->connection_serial);
    bool is_newest = connection != NULL && connection->newest_ike_serial == ike->serial;
    switch (ike->state) {
    case IKE_STATE_ESTABLISHED:
        if (engine_now(engine) < ike->expire_at) {
            engine_timer_arm(engine, &ike->life_timer, ike->expire_at);
            if (is_newest)
                lifetimes_rekey_ike(engine, ike, 0);
            return;
        }
        say_ike(engine, RC_LOG, ike, 0, "ISAKMP SA expired");
        end(engine, ike);
        break;
    case IKE_STATE_REPLACED:
        end(engine, ike);
        break;
    case IKE_STATE_ORPHANAGE:
        if (ike->child_count == 0)
            ike_destroy(engine, ike);
        else
            engine_timer_arm(engine, &ike->life_timer, engine_now(engine) + ORPHANAGE_CHECK);
        break;
    case IKE_STATE_INIT_RESPONDED:
        say_ike(engine, RC_LOG, ike, 0, "deleting incomplete state %s: nothing came within %u seconds",
                ikev1_ike_state_name(ike), (unsigned)(HALFOPEN_LIFETIME / USEC_PER_SEC));
        ike_destroy(engine, ike);
        break;
    case IKE_STATE_PHASE1_DONE:
        phase15_is_late(engine, ike);
        break;
    default:
        ike_destroy(engine, ike);
        break;
    }
}

void lifetimes_child_is_due(struct engine *engine, struct child_sa *child)
{
    if (engine_now(engine) < child->expire_at && child->state == CHILD_STATE_ESTABLISHED) {
        engine_timer_arm(engine, &child->life_timer, child->expire_at);
        lifetimes_rekey_child(engine, child, 0);
        return;
    }
    if (child->state == CHILD_STATE_ESTABLISHED)
        say_child(engine, RC_LOG, child, 0, "IPsec SA expired");
    ikev1_delete_child(engine, child, 0);
}
