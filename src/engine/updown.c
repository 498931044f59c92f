/* When the updown script runs, and what its failure means: ipsec_pluto(8), "The updown command". */
#include "engine/updown.h"

#include <stdio.h>

#include "engine/child_install.h"
#include "engine/client_group.h"
#include "engine/configuration.h"
#include "engine/connection.h"
#include "engine/failure.h"
#include "engine/routing.h"
#include "engine/sa.h"
#include "engine/updown_environment.h"
#include "engine/version.h"

enum { VERBS_MAX = 3, PAIRS_MAX = 64, ENVIRONMENT_BYTES_MAX = 1 << 20, PREFIX_SIZE = 256 };

/* The client pairs that a call is about. */
struct pairs {
    const struct selector *local[PAIRS_MAX], *remote[PAIRS_MAX];
    size_t count;
    bool has_more;
};

/* Every data plane makes routes and source addresses itself: the default script has something to do where the
 * peer told us its DNS servers. */
static bool is_wanted(const struct connection *connection)
{
    const char *script = connection->local_end ? connection->local_end->updown : NULL;
    const struct address_assignment *assignment = connection->assignment;
    if (script == NULL)
        return assignment != NULL && assignment->told != NULL && assignment->told->dns_count > 0;
    return script[0] != '\0';
}

static void add_pairs(struct pairs *pairs, const struct selector *local, size_t local_count,
                      const struct selector *remote, size_t remote_count)
{
    for (size_t i = 0; i < local_count; i++) {
        for (size_t j = 0; j < remote_count; j++) {
            if (local[i].range.start.family != remote[j].range.start.family)
                continue;
            pairs->has_more = pairs->count == PAIRS_MAX;
            if (pairs->has_more)
                return;
            pairs->local[pairs->count] = &local[i];
            pairs->remote[pairs->count++] = &remote[j];
        }
    }
}

/* Calls of one lane run in order. The instances of a template share no lane, or thousands of road warriors
 * would wait for each other, unless their clients are the same. */
static uint64_t lane_of(const struct engine *engine, const struct connection *connection,
                        const struct pairs *pairs)
{
    const struct ip_range *remote = connection->is_instance ? &pairs->remote[0]->range : NULL;
    const char *name = connection->spec->name;
    struct bytes parts[] = {
        bytes_of((const uint8_t *)name, strlen(name)),
        bytes_of(remote ? remote->start.bytes : NULL, remote ? sizeof(remote->start.bytes) : 0),
    };
    return engine_hash(engine, parts, 2);
}

static const char *prefix_of(const struct connection *connection, const struct child_sa *child,
                             char out[static PREFIX_SIZE])
{
    struct text text = text_of(out, PREFIX_SIZE);
    connection_add_prefix(&text, connection);
    if (child != NULL)
        text_add(&text, " #%llu", (unsigned long long)child->serial);
    return out;
}

struct sequence {
    struct arena arena;
    struct updown_request request;
    struct updown_step steps[VERBS_MAX * PAIRS_MAX];
};

static void add_step(struct sequence *sequence, const struct script_hosts *hosts, const char *verb,
                     const struct pairs *pairs, size_t pair)
{
    struct variables variables = {.arena = &sequence->arena};
    updown_add_clients(&variables, hosts, verb, pairs->local[pair], pairs->remote[pair]);
    const char **list = arena_copy(&sequence->arena, variables.list, variables.count * sizeof(char *));
    if (list == NULL || variables.count == 0)
        return;
    sequence->steps[sequence->request.step_count++] = (struct updown_step){
        .verb = list[0] + strlen("PLUTO_VERB="),
        .environment = list,
        .environment_count = variables.count,
    };
}

/* A peer with a configured address may have moved on since. */
static struct script_hosts hosts_of(const struct engine *engine, const struct connection *connection,
                                    const struct child_sa *child)
{
    const struct ike_sa *ike = child != NULL ? ike_by_serial(engine, child->ike_serial) : NULL;
    struct script_hosts hosts;
    memset(&hosts, 0, sizeof(hosts)); /* they are compared byte by byte */
    hosts.local = connection->local;
    hosts.remote = ike != NULL ? ike->path.remote.address : connection->remote;
    hosts.nexthop = connection->nexthop;
    for (unsigned i = 0; i < CONFIGURATION_FAMILIES; i++)
        hosts.sourceip[i] = connection_sourceip(connection, i);
    memcpy(hosts.interface, connection->interface, strlen(connection->interface));
    return hosts;
}

/* Where memory is short, what undoes the call is told what is so then. */
static void remember_told(struct engine *engine, struct connection *connection,
                          const struct script_hosts *hosts)
{
    struct connection_scripts *scripts = &connection->scripts;
    if (scripts->told == NULL)
        scripts->told = engine_allocate(engine, sizeof(*scripts->told), &connection->memory_bytes);
    if (scripts->told != NULL)
        *scripts->told = *hosts;
}

static struct script_hosts hosts_to_tell(struct engine *engine, struct connection *connection,
                                         const struct child_sa *child, bool is_up)
{
    struct script_hosts now = hosts_of(engine, connection, child);
    if (is_up)
        remember_told(engine, connection, &now);
    return connection->scripts.told != NULL ? *connection->scripts.told : now;
}

/* Runs the verbs, each for all pairs. Returns the request's id, 0 when nothing had to be run. */
static uint64_t run(struct engine *engine, struct connection *connection, const struct child_sa *child,
                    const char *const *verbs, const struct pairs *pairs, bool is_up)
{
    struct sequence sequence = {.arena = arena_make(ENVIRONMENT_BYTES_MAX)};
    struct variables common = {.arena = &sequence.arena};
    struct script_hosts hosts = hosts_to_tell(engine, connection, child, is_up);
    char prefix[PREFIX_SIZE];
    updown_add_connection(&common, engine, connection, child, &hosts, connection->scripts.are_moving);
    for (size_t i = 0; verbs[i] != NULL; i++)
        for (size_t pair = 0; pair < pairs->count; pair++)
            add_step(&sequence, &hosts, verbs[i], pairs, pair);
    sequence.request = (struct updown_request){
        .request_id = ++engine->last_request_id,
        .connection_serial = connection->serial,
        .child_serial = child ? child->serial : 0,
        .lane = lane_of(engine, connection, pairs),
        .script = connection->local_end->updown,
        .prefix = prefix_of(connection, child, prefix),
        .environment = common.list,
        .environment_count = common.count,
        .steps = sequence.steps,
        .step_count = sequence.request.step_count,
        .ends_at_failure = is_up,
        .wants_counters = !is_up && child != NULL,
    };
    if (sequence.request.step_count > 0)
        engine->env->updown(engine->env->world, &sequence.request);
    arena_release(&sequence.arena);
    return sequence.request.step_count > 0 ? sequence.request.request_id : 0;
}

static void note_pairs_left_out(struct engine *engine, const struct connection *connection,
                                const struct pairs *pairs)
{
    if (pairs->has_more)
        say_connection(engine, RC_LOG, connection, 0, "updown is run for the first %d pairs of clients only",
                       PAIRS_MAX);
}

/* ---- without an SA ---- */

static uint64_t run_for_clients(struct engine *engine, struct connection *connection,
                                const char *const *verbs, bool is_up)
{
    struct selector local[SELECTORS_MAX], remote[SELECTORS_MAX];
    struct pairs pairs = {.count = 0};
    add_pairs(&pairs, local, connection_selectors(connection, true, local), remote,
              connection_selectors(connection, false, remote));
    return pairs.count > 0 ? run(engine, connection, NULL, verbs, &pairs, is_up) : 0;
}

void updown_run_route(struct engine *engine, struct connection *connection)
{
    static const char *const verbs[] = {"prepare", "route", NULL};
    struct connection_scripts *scripts = &connection->scripts;
    if (!is_wanted(connection) || scripts->are_routed || scripts->route_request_id != 0)
        return;
    scripts->route_request_id = run_for_clients(engine, connection, verbs, true);
    scripts->are_routed = scripts->route_request_id == 0;
}

void updown_run_unroute(struct engine *engine, struct connection *connection)
{
    static const char *const verbs[] = {"unroute", NULL};
    struct connection_scripts *scripts = &connection->scripts;
    if (!scripts->are_routed && scripts->route_request_id == 0)
        return;
    run_for_clients(engine, connection, verbs, false);
    bool is_overtaken = scripts->route_request_id != 0;
    scripts->are_routed = false;
    scripts->route_request_id = 0;
    if (is_overtaken)
        abandon_client(engine, connection, scripts->route_client, "it was unrouted meanwhile");
    if (is_overtaken)
        scripts->route_client = 0;
}

static void end_client(struct engine *engine, uint64_t *client, int code)
{
    uint64_t who = *client;
    *client = 0;
    finish_client(engine, who, code);
}

/* ---- with an SA ---- */

void updown_run_up(struct engine *engine, struct connection *connection, const struct child_sa *child)
{
    static const char *const verbs[] = {"prepare", "route", "up", NULL};
    struct connection_scripts *scripts = &connection->scripts;
    struct pairs pairs = {.count = 0};
    if (!is_wanted(connection))
        return;
    add_pairs(&pairs, child->selectors, child->local_count, child_remote_selectors(child),
              child->remote_count);
    if (pairs.count == 0)
        return;
    note_pairs_left_out(engine, connection, &pairs);
    scripts->has_moved_on = false;
    scripts->request_id =
        run(engine, connection, child, scripts->are_routed ? verbs + 2 : verbs, &pairs, true);
    scripts->are_routed = scripts->are_up = true;
}

/* With the child's last counters. */
static void run_to_undo(struct engine *engine, struct connection *connection, const struct child_sa *child,
                        const char *const *verbs)
{
    struct pairs pairs = {.count = 0};
    add_pairs(&pairs, child->selectors, child->local_count, child_remote_selectors(child),
              child->remote_count);
    child_query(engine, child);
    run(engine, connection, child, verbs, &pairs, false);
}

void updown_run_down(struct engine *engine, struct connection *connection, const struct child_sa *child,
                     bool stays_routed)
{
    static const char *const both[] = {"down", "unroute", NULL}, *const down[] = {"down", NULL};
    struct connection_scripts *scripts = &connection->scripts;
    if (!scripts->are_up)
        return;
    run_to_undo(engine, connection, child, stays_routed ? down : both);
    scripts->are_up = false;
    scripts->are_routed = stays_routed;
    abandon_client(engine, connection, scripts->client, "it was taken down while its script ran");
    scripts->client = scripts->request_id = 0;
}

static bool are_same_clients(const struct child_sa *a, const struct child_sa *b)
{
    if (a->local_count != b->local_count || a->remote_count != b->remote_count)
        return false;
    for (size_t i = 0; i < (size_t)a->local_count + a->remote_count; i++)
        if (!selector_equal(&a->selectors[i], &b->selectors[i]))
            return false;
    return true;
}

void updown_follow(struct engine *engine, struct connection *connection, const struct child_sa *before,
                   const struct child_sa *child, bool is_move)
{
    static const char *const undo[] = {"down", "unroute", NULL};
    struct connection_scripts *scripts = &connection->scripts;
    struct script_hosts now = hosts_of(engine, connection, child);
    if (!scripts->are_up || scripts->told == NULL || memcmp(scripts->told, &now, sizeof(now)) == 0)
        return;
    if (scripts->request_id != 0 && are_same_clients(before, child)) {
        scripts->has_moved_on = is_move || scripts->has_moved_on;
        return;
    }
    scripts->are_moving = is_move;
    run_to_undo(engine, connection, before, undo);
    scripts->are_routed = scripts->are_up = false;
    updown_run_up(engine, connection, child);
    scripts->are_moving = false;
}

/* ---- its end ---- */

void updown_finish_route(struct engine *engine, struct connection *connection, uint64_t client)
{
    struct connection_scripts *scripts = &connection->scripts;
    if (scripts->route_request_id != 0)
        scripts->route_client = client_group_join(engine, scripts->route_client, client);
    else
        finish_client(engine, client, 0);
}

void updown_finish_client(struct engine *engine, struct connection *connection, uint64_t client)
{
    struct connection_scripts *scripts = &connection->scripts;
    bool waits = scripts->request_id != 0 && !connection->local_end->updown_is_async;
    if (waits)
        scripts->client = client_group_join(engine, scripts->client, client);
    else
        finish_client(engine, client, 0);
}

void updown_forget(struct engine *engine, struct connection *connection)
{
    abandon_client(engine, connection, connection->scripts.client, "it was deleted while its script ran");
    connection->scripts.client = 0;
    end_client(engine, &connection->scripts.route_client, RC_FATAL);
    connection->scripts.request_id = connection->scripts.route_request_id = 0;
    if (connection->scripts.told != NULL)
        engine_deallocate(engine, connection->scripts.told, sizeof(*connection->scripts.told),
                          &connection->memory_bytes);
    connection->scripts.told = NULL;
}

/* What was prepared or routed before the failure is undone; there is nothing to take down yet. */
static void undo_route(struct engine *engine, struct connection *connection, const struct child_sa *child)
{
    static const char *const verbs[] = {"unroute", NULL};
    run_to_undo(engine, connection, child, verbs);
    connection->scripts.are_routed = connection->scripts.are_up = false;
}

/* For `ipsec explain`: the last line that the waiting person got stands behind what the script itself said.
 */
static void keep_failure(struct engine *engine, const struct connection *connection,
                         const struct child_sa *child, const struct updown_result *result)
{
    char text[FAILURE_TEXT_SIZE];
    const char *command = connection->local_end->updown;
    int signal_number = updown_signal(result->exit_status);
    snprintf(text, sizeof(text),
             "it was taken down because its %s command \"%.400s\" %s %d; what that printed stands in the log",
             result->verb, command != NULL ? command : "ipsec _updown",
             signal_number != 0 ? "ended by signal" : "exited with status",
             signal_number != 0 ? signal_number : result->exit_status);
    failure_keep(engine, connection, child != NULL ? ike_by_serial(engine, child->ike_serial) : NULL, true,
                 FAILURE_OTHER, 0, text);
}

/* All of them: an older one would stay in use without what the script should have done. */
static void end_children(struct engine *engine, struct connection *connection)
{
    connection_hold(connection);
    LIST_EACH(&connection->children, node)
    {
        struct child_sa *child = CONTAINER_OF(node, struct child_sa, of_connection);
        if (child->state == CHILD_STATE_ESTABLISHED)
            child_delete(engine, child, 0);
    }
    connection_let_go(engine, connection);
}

/* The peer is told, and the connection is tried again only as often as any that fails. */
static void take_down(struct engine *engine, struct connection *connection,
                      const struct updown_result *result)
{
    const char *verb = result->verb;
    struct child_sa *child = child_by_serial(engine, connection->newest_child_serial);
    uint64_t client = connection->scripts.client;
    char reason[128];
    keep_failure(engine, connection, child, result);
    snprintf(reason, sizeof(reason), "its %s command failed", verb);
    say_connection(engine, RC_ROUTE, connection, client, "the connection is taken down: %s", reason);
    say_event(engine, EVENT_FAILED, connection->spec->name, 0, connection->newest_child_serial, reason);
    connection->scripts.client = connection->scripts.request_id = 0;
    finish_client(engine, client, RC_ROUTE);
    if (child != NULL && strncmp(verb, "up", 2) != 0)
        undo_route(engine, connection, child);
    end_children(engine, connection);
}

static void catch_up(struct engine *engine, struct connection *connection)
{
    const struct child_sa *child = child_by_serial(engine, connection->newest_child_serial);
    bool is_move = connection->scripts.has_moved_on;
    connection->scripts.has_moved_on = false;
    if (child != NULL)
        updown_follow(engine, connection, child, child, is_move);
}

/* Whoever asked for the route gets none; a trap that nobody waits for stays, or packets would leave in clear.
 */
static void route_ended(struct engine *engine, struct connection *connection,
                        const struct updown_result *result)
{
    struct connection_scripts *scripts = &connection->scripts;
    bool is_refused = result->exit_status != 0 && scripts->route_client != 0;
    scripts->route_request_id = 0;
    scripts->are_routed = result->exit_status == 0 || is_refused;
    if (is_refused) {
        say_connection(engine, RC_ROUTE, connection, scripts->route_client,
                       "could not route: its %s command failed", result->verb);
        routing_unroute(engine, connection, scripts->route_client);
    }
    end_client(engine, &scripts->route_client, is_refused ? RC_ROUTE : 0);
}

void engine_updown_done(struct engine *engine, const struct updown_result *result)
{
    struct connection *connection = connection_by_serial(engine, result->connection_serial);
    trace(engine, DEBUG_UPDOWN, "updown request %llu ended with status %d",
          (unsigned long long)result->request_id, result->exit_status);
    if (connection != NULL && connection->scripts.route_request_id == result->request_id) {
        route_ended(engine, connection, result);
        return;
    }
    if (connection == NULL || connection->scripts.request_id != result->request_id)
        return;
    if (result->exit_status != 0) {
        take_down(engine, connection, result);
        return;
    }
    uint64_t client = connection->scripts.client;
    connection->revive_attempts = 0;
    connection->scripts.client = connection->scripts.request_id = 0;
    finish_client(engine, client, 0);
    catch_up(engine, connection);
}

/* Whoever waits for the connection sees it, and the log. */
void engine_updown_said(struct engine *engine, uint64_t connection_serial, uint64_t request_id,
                        const char *line)
{
    const struct connection *connection = connection_by_serial(engine, connection_serial);
    uint64_t client = 0;
    if (connection != NULL && connection->scripts.request_id == request_id)
        client = connection->scripts.client;
    else if (connection != NULL && connection->scripts.route_request_id == request_id)
        client = connection->scripts.route_client;
    client_group_report(engine, &(struct report){
                                    .code = RC_LOG,
                                    .client = client,
                                    .connection = connection ? connection->spec->name : NULL,
                                    .text = line,
                                });
}
