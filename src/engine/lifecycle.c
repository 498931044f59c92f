/* What the birth and death of SAs mean for their connection: which is newest,
 * routing, scripts, revival. */
#include "engine/lifecycle.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "engine/child_install.h"
#include "engine/count.h"
#include "engine/host_name.h"
#include "engine/initiate.h"
#include "engine/per_cpu.h"
#include "engine/routing.h"
#include "engine/sa.h"
#include "engine/stream.h"
#include "engine/updown.h"
#include "engine/version.h"

/* Lifetimes shorter than this many margins are rekeyed at their half. */
usec_t lifecycle_rekey_delay(struct engine *engine, const struct connection_spec *spec, usec_t lifetime,
                             bool is_initiator)
{
    usec_t margin = spec->rekey_margin;
    if (is_initiator) {
        uint64_t random;
        engine_random(engine, &random, sizeof(random));
        usec_t fuzz = margin < lifetime ? margin / 100 * spec->rekey_fuzz_percent : 0;
        margin += fuzz ? random % (fuzz + 1) : 0;
    } else {
        margin /= 2; /* the side that initiated goes first */
    }
    if (margin >= lifetime)
        margin = is_initiator ? lifetime / 2 : lifetime / 4;
    return lifetime - margin;
}

void lifecycle_arm_ike(struct engine *engine, struct ike_sa *ike)
{
    const struct connection *connection = connection_by_serial(engine, ike->connection_serial);
    const struct connection_spec *spec = connection->spec;
    ike->expire_at = ike->established_at + spec->ike_lifetime;
    ike->rekey_at = USEC_NEVER;
    if (spec->rekey)
        ike->rekey_at =
            ike->established_at + lifecycle_rekey_delay(engine, spec, spec->ike_lifetime, ike->is_initiator);
    engine_timer_arm(engine, &ike->life_timer,
                     ike->rekey_at < ike->expire_at ? ike->rekey_at : ike->expire_at);
    if (spec->dpd_delay != 0)
        engine_timer_arm(engine, &ike->liveness_timer, engine_now(engine) + spec->dpd_delay);
    lifecycle_arm_keepalive(engine, ike);
}

void lifecycle_arm_keepalive(struct engine *engine, struct ike_sa *ike)
{
    const struct connection_spec *spec = connection_by_serial(engine, ike->connection_serial)->spec;
    bool is_forced = engine->settings.force_keepalive && ike->path.local.port != engine->settings.ike_port;
    engine_timer_cancel(engine, &ike->keepalive_timer);
    if (!ike->path.is_tcp && (ike->local_behind_nat || is_forced) && spec->nat_keepalive &&
        engine->settings.nat_keepalive_interval != 0)
        engine_timer_arm(engine, &ike->keepalive_timer,
                         engine_now(engine) + engine->settings.nat_keepalive_interval);
}

void lifecycle_arm_child(struct engine *engine, struct child_sa *child, bool is_initiator)
{
    const struct connection *connection = connection_by_serial(engine, child->connection_serial);
    const struct connection_spec *spec = connection->spec;
    child->expire_at = child->established_at + spec->ipsec_lifetime;
    child->rekey_at = USEC_NEVER;
    if (spec->rekey)
        child->rekey_at =
            child->established_at + lifecycle_rekey_delay(engine, spec, spec->ipsec_lifetime, is_initiator);
    engine_timer_arm(engine, &child->life_timer,
                     child->rekey_at < child->expire_at ? child->rekey_at : child->expire_at);
}

void lifecycle_replace_later(struct engine *engine, struct engine_timer *life_timer, usec_t expire_at)
{
    enum { TRIES_LEFT = 8 }; /* of a short life */
    const usec_t longest = 10 * USEC_PER_SEC, now = engine_now(engine);
    usec_t wait = expire_at > now ? (expire_at - now) / TRIES_LEFT + 1 : 0;
    engine_timer_arm(engine, life_timer, now + (wait < longest ? wait : longest));
}

void lifecycle_ike_is_up(struct engine *engine, struct ike_sa *ike)
{
    struct connection *connection = connection_by_serial(engine, ike->connection_serial);
    ike->state = IKE_STATE_ESTABLISHED;
    ike->established_at = engine_now(engine);
    connection->newest_ike_serial = ike->serial;
    stream_is_up(engine, ike);
    engine->totals.ike_completed++;
    count_ike_established(engine, ike);
    lifecycle_arm_ike(engine, ike);
}

static const char *ike_end_reason(const struct ike_sa *ike)
{
    if (ike->end_reason != NULL)
        return ike->end_reason;
    return ike->replaced_by_serial != 0 ? "rekeyed" : "deleted here";
}

void lifecycle_gave_up(struct engine *engine, struct connection *connection)
{
    if (connection->is_removed)
        return;
    routing_failed(engine, connection);
    lifecycle_schedule_revival(engine, connection);
}

void lifecycle_abandon_clients(struct engine *engine, struct ike_sa *ike)
{
    const struct connection *connection = connection_by_serial(engine, ike->connection_serial);
    uint64_t clients[] = {ike->current_client, ike->setup ? ike->setup->client : 0};
    ike->current_client = 0;
    if (ike->setup != NULL)
        ike->setup->client = 0;
    for (size_t i = 0; i < ARRAY_SIZE(clients); i++)
        abandon_client(engine, connection, clients[i], ike_end_reason(ike));
}

void lifecycle_ike_is_going(struct engine *engine, struct ike_sa *ike)
{
    struct connection *connection = connection_by_serial(engine, ike->connection_serial);
    count_ike_ended(engine, ike);
    if (ike->counted_halfopen)
        engine->totals.ike_halfopen--;
    if (ike->established_at != 0)
        say_event(engine, EVENT_IKE_DOWN, connection ? connection->spec->name : NULL, ike->serial, 0,
                  ike_end_reason(ike));
    else
        engine->totals.ike_failed++;
    lifecycle_abandon_clients(engine, ike);
    if (connection == NULL)
        return;
    if (connection->newest_ike_serial == ike->serial)
        connection->newest_ike_serial = 0;
    bool was_larval_initiator = ike->is_initiator && ike->setup != NULL;
    if (was_larval_initiator || connection->spec->ike_only) {
        lifecycle_gave_up(engine, connection);
    }
    for (struct list_node *node = ike->tasks.next; node != &ike->tasks; node = node->next) {
        struct task *task = CONTAINER_OF(node, struct task, node);
        struct connection *waiting = connection_by_serial(engine, task->connection_serial);
        if (task->kind != TASK_CREATE_CHILD || waiting == NULL)
            continue;
        lifecycle_gave_up(engine, waiting);
    }
}

void lifecycle_child_is_up(struct engine *engine, struct child_sa *child)
{
    struct connection *connection = connection_by_serial(engine, child->connection_serial);
    const struct child_sa *before = child_by_serial(engine, connection->newest_child_serial);
    child->state = CHILD_STATE_ESTABLISHED;
    child->established_at = engine_now(engine);
    child->established_wall = engine->env->wall_clock(engine->env->world);
    engine->totals.child_completed++;
    count_child_established(engine, child);
    if (child->has_cpu) {
        per_cpu_follow(engine, connection);
        return;
    }
    connection->newest_child_serial = child->serial;
    failure_is_over(connection);
    engine_timer_cancel(engine, &connection->revive_timer);
    if (connection->spec->auto_start == AUTO_KEEP && !connection->is_instance)
        connection->keep_up = true;
    if (!connection->scripts.are_up)
        updown_run_up(engine, connection, child);
    else
        updown_follow(engine, connection, before != NULL ? before : child, child, false);
    if (connection->scripts.request_id == 0) /* otherwise it counts as up when the scripts have succeeded */
        connection->revive_attempts = 0;
}

void lifecycle_switch_to(struct engine *engine, struct child_sa *child)
{
    const struct connection *connection = connection_by_serial(engine, child->connection_serial);
    if (child->state != CHILD_STATE_ESTABLISHED)
        return;
    child_begin_to_send(engine, child);
    if (connection->newest_child_serial == child->serial)
        child_take_policy(engine, child);
}

static struct child_sa *another_established(const struct connection *connection, const struct child_sa *than)
{
    LIST_EACH(&connection->children, node)
    {
        struct child_sa *child = CONTAINER_OF(node, struct child_sa, of_connection);
        if (child != than && child->state == CHILD_STATE_ESTABLISHED && !child->has_cpu)
            return child;
    }
    return NULL;
}

static const char *child_end_reason(const struct engine *engine, const struct child_sa *child)
{
    const struct ike_sa *ike = ike_by_serial(engine, child->ike_serial);
    if (child->replaced_by_serial != 0)
        return "rekeyed";
    if (child->end_reason != NULL)
        return child->end_reason;
    return ike != NULL && ike->end_reason != NULL ? ike->end_reason : "deleted here";
}

static bool has_lasted(const struct engine *engine, const struct child_sa *child)
{
    return child->established_at != 0 && engine_now(engine) - child->established_at >= LASTING_CHILD;
}

/* What comes up and ends at once, again and again, is no success: two clients that take the same place from
 * each other must not do so without end as fast as they can. */
static void note_end(const struct engine *engine, struct connection *connection, const struct child_sa *child)
{
    if (connection->keep_up)
        connection->early_ends = has_lasted(engine, child) ? 0 : connection->early_ends + 1;
}

void lifecycle_child_is_going(struct engine *engine, struct child_sa *child)
{
    struct connection *connection = connection_by_serial(engine, child->connection_serial);
    count_child_ended(engine, child);
    if (child->state == CHILD_STATE_LARVAL)
        engine->totals.child_failed++;
    else
        say_event(engine, EVENT_CHILD_DOWN, connection ? connection->spec->name : NULL, child->ike_serial,
                  child->serial, child_end_reason(engine, child));
    abandon_client(engine, connection, child->client, child_end_reason(engine, child));
    child->client = 0;
    if (connection == NULL)
        return;
    struct child_sa *newest = child_by_serial(engine, connection->newest_child_serial);
    if (newest != child) {
        if (has_lasted(engine, child)) /* and what has replaced it goes on with its life */
            connection->early_ends = 0;
        if (newest != NULL && newest->state == CHILD_STATE_ESTABLISHED &&
            connection->policy_child_serial == child->serial)
            child_take_policy(engine, newest);
        if (child->established_at == 0 && !initiate_is_queued(engine, connection))
            routing_failed(engine, connection);
        if (child->state == CHILD_STATE_LARVAL)
            lifecycle_schedule_revival(engine, connection);
        return;
    }
    connection->newest_child_serial = 0;
    struct child_sa *other = another_established(connection, child);
    if (other != NULL) {
        connection->newest_child_serial = other->serial;
        child_take_policy(engine, other);
        return;
    }
    routing_lost(engine, connection, child);
    note_end(engine, connection, child);
    per_cpu_end(engine, connection);
    lifecycle_schedule_revival(engine, connection);
}

void lifecycle_schedule_revival(struct engine *engine, struct connection *connection)
{
    if (is_impaired(engine, IMPAIR_REVIVAL) || !connection->keep_up || connection->newest_child_serial != 0 ||
        engine->is_shutting_down || !engine->is_listening || connection->is_instance ||
        timer_is_armed(&connection->revive_timer.timer))
        return;
    unsigned early_ends = connection->early_ends > 1 ? connection->early_ends - 1 : 0;
    unsigned failures = connection->revive_attempts + connection->plane_refusals + early_ends;
    usec_t delay = REVIVAL_DELAY_FIRST + failures * REVIVAL_DELAY_STEP;
    if (delay > REVIVAL_DELAY_MAX)
        delay = REVIVAL_DELAY_MAX;
    connection->revive_attempts++;
    host_name_ask_again(engine, connection); /* perhaps the peer has moved */
    say_connection(engine, RC_LOG, connection, 0,
                   "connection is supposed to remain up; revival attempt %u "
                   "scheduled in %u seconds",
                   connection->revive_attempts, (unsigned)(delay / USEC_PER_SEC));
    engine_timer_arm(engine, &connection->revive_timer, engine_now(engine) + delay);
}

void say_forgetting(struct engine *engine, const struct ike_sa *ike, uint64_t client)
{
    usec_t age = engine_now(engine) - ike->created_at;
    say_ike(engine, RC_LOG, ike, client, "deleting state (%s) aged %llu.%06llus and NOT sending notification",
            ike->version->ike_state_name(ike), (unsigned long long)(age / USEC_PER_SEC),
            (unsigned long long)(age % USEC_PER_SEC));
}

/* What scripts look for when a peer and we could not prove to each other who we are. */
static bool is_of_authentication(const struct ike_sa *ike, enum failure_kind kind)
{
    return ike->version->number == 2 && (kind == FAILURE_AUTHENTICATION || kind == FAILURE_PEER_PROOF ||
                                         kind == FAILURE_IDENTITY || kind == FAILURE_NO_SECRET);
}

/* Whoever asked while the IKE SA was being made, and waits for a Child SA under it, learns the same. */
static void fail_waiting(struct engine *engine, struct ike_sa *ike, int code, const char *cause)
{
    LIST_EACH(&ike->tasks, node)
    {
        struct task *task = CONTAINER_OF(node, struct task, node);
        const struct connection *connection = connection_by_serial(engine, task->connection_serial);
        uint64_t client = task->client;
        if (client == 0 || connection == NULL)
            continue;
        task->client = 0;
        say_connection(engine, code, connection, client, "%s", cause);
        finish_client(engine, client, code);
    }
}

static void fail(struct engine *engine, struct ike_sa *ike, enum failure_kind kind, uint16_t notify, int code,
                 const char *text)
{
    const struct connection *connection = connection_by_serial(engine, ike->connection_serial);
    if (connection->is_removed) { /* nobody waits for it */
        ike_destroy(engine, ike);
        return;
    }
    uint64_t client = ike->current_client ? ike->current_client : ike->setup ? ike->setup->client : 0;
    struct child_sa *child = child_by_serial(engine, ike->current_child_serial);
    if (client == 0 && child != NULL)
        client = child->client;
    const char *cause = failure_keep(engine, connection, ike, ike->current != TASK_NONE, kind, notify, text);
    bool is_told_apart = cause != NULL && strstr(text, cause) == NULL;
    if (is_told_apart)
        say_ike(engine, code, ike, client, "%s", text);
    if (is_of_authentication(ike, kind))
        say_ike(engine, RC_FATAL, ike, client, "encountered fatal error in state %s",
                ike->version->ike_state_name(ike));
    if (ike->version->number == 2 && ike->setup != NULL &&
        (kind == FAILURE_AUTHENTICATION || kind == FAILURE_NO_ANSWER))
        say_forgetting(engine, ike, client);
    /* Why it failed is the last line that the waiting person reads. */
    say_ike(engine, code, ike, client, "%s", is_told_apart ? cause : text);
    say_event(engine, EVENT_FAILED, connection->spec->name, ike->serial, 0, text);
    count_one(engine, COUNT_MESSAGES, MESSAGES_FATAL);
    finish_client(engine, client, code);
    fail_waiting(engine, ike, code, is_told_apart ? cause : text);
    ike->current_client = 0;
    if (ike->setup != NULL)
        ike->setup->client = 0;
    if (child != NULL)
        child->client = 0;
    ike->end_reason = "failed";
    ike_destroy(engine, ike);
}

void ike_fail(struct engine *engine, struct ike_sa *ike, int code, const char *format, ...)
{
    char text[512];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    fail(engine, ike, FAILURE_OTHER, 0, code, text);
}

void ike_fail_because(struct engine *engine, struct ike_sa *ike, enum failure_kind kind, uint16_t notify,
                      int code, const char *format, ...)
{
    char text[512];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    fail(engine, ike, kind, notify, code, text);
}

void child_fail_because(struct engine *engine, const struct child_sa *child, uint64_t client, uint16_t notify,
                        const char *format, ...)
{
    char text[512];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    enum failure_kind kind = notify != 0 ? failure_of_child_notify(notify) : FAILURE_OTHER;
    const char *cause = failure_keep(engine, connection_by_serial(engine, child->connection_serial),
                                     ike_by_serial(engine, child->ike_serial), true, kind, notify, text);
    say_child(engine, RC_LOG_SERIOUS, child, client, "%s", text);
    if (cause != NULL)
        say_child(engine, RC_FATAL, child, client, "%s", cause);
}
