/*
 * Routing states of a connection. A trap catches the first packet of a connection that has no SA; during the
 * negotiation packets are held or pass (negotiationshunt=); a tunnel takes them over in one step; after a
 * failure they meet what failureshunt= says for shuntlifetime=, and then the trap again. A connection that is
 * to stay up gets a trap when it loses its SA, so that nothing leaves in clear meanwhile.
 */
#include "engine/routing.h"

#include "engine/initiate.h"
#include "engine/routing_policy.h"
#include "engine/updown.h"

enum routing_event {
    EVENT_ROUTE,
    EVENT_UNROUTE,
    EVENT_NEGOTIATE,
    EVENT_FAIL,
    EVENT_RELEASE,
    EVENT_SHUNT_OVER,
    ROUTING_EVENT_COUNT,
};

typedef void routing_action(struct engine *engine, struct connection *connection);

static void enter(struct engine *engine, struct connection *connection, enum routing_state state)
{
    static const char *const names[] = {"unrouted", "on-demand", "negotiating", "tunnel", "failure"};
    if (connection->routing == state)
        return;
    trace(engine, DEBUG_ROUTING, "\"%s\" ($%llu): %s -> %s", connection->spec->name,
          (unsigned long long)connection->serial, names[connection->routing], names[state]);
    connection->routing = state;
    say_event(engine, EVENT_ROUTING, connection->spec->name, 0, 0, names[state]);
}

/* ---- actions ---- */

static void remove_policy(struct engine *engine, struct connection *connection)
{
    routing_policy_delete(engine, connection);
    updown_run_unroute(engine, connection);
    enter(engine, connection, ROUTING_UNROUTED);
}

/* The trap, or what stands in its place for a connection that never negotiates. */
static enum policy_action resting_action(const struct connection *connection)
{
    switch (connection->spec->type) {
    case TYPE_PASS:
        return POLICY_PASS;
    case TYPE_DROP:
        return POLICY_DROP;
    default:
        return POLICY_TRAP;
    }
}

static void rest(struct engine *engine, struct connection *connection)
{
    if (!routing_policy_set(engine, connection, resting_action(connection))) {
        remove_policy(engine, connection);
        return;
    }
    updown_run_route(engine, connection);
    enter(engine, connection, ROUTING_ONDEMAND);
}

static bool is_caught(const struct engine *engine, const struct connection *connection)
{
    bool is_asked_for = connection->route.is_wanted || connection->keep_up;
    return is_asked_for && !connection->is_instance && !engine->is_shutting_down;
}

/* Back to where a connection without an SA belongs. An instance has no time without one. */
static void settle(struct engine *engine, struct connection *connection)
{
    if (is_caught(engine, connection))
        rest(engine, connection);
    else
        remove_policy(engine, connection);
}

/* A trap holds packets as it is; only pass has to be said. */
static void begin(struct engine *engine, struct connection *connection)
{
    if (connection->spec->negotiation_shunt == SHUNT_PASS)
        routing_policy_set(engine, connection, POLICY_PASS);
    else if (connection->routing == ROUTING_FAILURE)
        routing_policy_set(engine, connection, POLICY_TRAP);
    enter(engine, connection, ROUTING_NEGOTIATING);
}

/* Its lifetime is over at the first sweep after it. */
static usec_t end_of_shunt(const struct engine *engine)
{
    usec_t end = engine_now(engine) + engine->settings.shunt_lifetime;
    usec_t interval = engine->settings.expire_shunt_interval;
    return interval == 0 ? end : (end + interval - 1) / interval * interval;
}

static bool puts_up_failure_shunt(struct engine *engine, struct connection *connection)
{
    enum shunt shunt = connection->spec->failure_shunt;
    if (shunt == SHUNT_NONE || connection->is_instance || engine->is_shutting_down ||
        !routing_policy_set(engine, connection, shunt == SHUNT_PASS ? POLICY_PASS : POLICY_DROP))
        return false;
    engine_timer_arm(engine, &connection->route.shunt_timer, end_of_shunt(engine));
    enter(engine, connection, ROUTING_FAILURE);
    return true;
}

static void fail(struct engine *engine, struct connection *connection)
{
    if (!puts_up_failure_shunt(engine, connection))
        settle(engine, connection);
}

/* Nobody asked for a route, so that only failureshunt= makes a difference. */
static void fail_unrouted(struct engine *engine, struct connection *connection)
{
    puts_up_failure_shunt(engine, connection);
}

static routing_action *const actions[][ROUTING_EVENT_COUNT] = {
    [ROUTING_UNROUTED] = {[EVENT_ROUTE] = rest, [EVENT_FAIL] = fail_unrouted},
    [ROUTING_ONDEMAND] = {[EVENT_UNROUTE] = remove_policy,
                          [EVENT_NEGOTIATE] = begin,
                          [EVENT_FAIL] = fail,
                          [EVENT_RELEASE] = settle},
    [ROUTING_NEGOTIATING] = {[EVENT_UNROUTE] = remove_policy, [EVENT_FAIL] = fail, [EVENT_RELEASE] = settle},
    /* Packets leave on an SA: only routing_lost() ends that. */
    [ROUTING_TUNNEL] = {NULL},
    [ROUTING_FAILURE] = {[EVENT_UNROUTE] = remove_policy,
                         [EVENT_NEGOTIATE] = begin,
                         [EVENT_RELEASE] = settle,
                         [EVENT_SHUNT_OVER] = settle},
};

static void happen(struct engine *engine, struct connection *connection, enum routing_event event)
{
    routing_action *action = actions[connection->routing][event];
    if (connection->routing == ROUTING_FAILURE)
        engine_timer_cancel(engine, &connection->route.shunt_timer);
    if (action != NULL)
        action(engine, connection);
}

/* ---- negotiations ---- */

void routing_negotiate(struct engine *engine, struct connection *connection)
{
    connection->route.is_negotiating = true;
    happen(engine, connection, EVENT_NEGOTIATE);
}

static void forget_packet(struct engine *engine, struct connection *connection)
{
    struct selector *packet = connection->route.packet;
    if (packet != NULL)
        engine_deallocate(engine, packet, 2 * sizeof(*packet), &connection->memory_bytes);
    connection->route.packet = NULL;
}

void routing_keep_packet(struct engine *engine, struct connection *connection, const struct selector *here,
                         const struct selector *there)
{
    forget_packet(engine, connection);
    if (!connection->spec->narrowing)
        return;
    struct selector *packet = engine_allocate(engine, 2 * sizeof(*packet), &connection->memory_bytes);
    if (packet == NULL)
        return;
    packet[0] = *here;
    packet[1] = *there;
    connection->route.packet = packet;
}

static void end_negotiation(struct engine *engine, struct connection *connection)
{
    forget_packet(engine, connection);
    connection->route.is_negotiating = false;
    if (connection->route.is_begun_by_packet)
        engine->ondemand_count--;
    connection->route.is_begun_by_packet = false;
}

void routing_failed(struct engine *engine, struct connection *connection)
{
    struct connection_route *route = &connection->route;
    if (!route->is_negotiating)
        return;
    usec_t delay = ONDEMAND_DELAY_MAX;
    if (route->failures < 6)
        delay = ONDEMAND_DELAY_FIRST << route->failures;
    route->failures++;
    route->deaf_until = engine_now(engine) + delay;
    end_negotiation(engine, connection);
    happen(engine, connection, EVENT_FAIL);
}

/* The newer of two connections for the same clients is probably the more current: ipsec_pluto(8). */
static void make_room(struct engine *engine, const struct connection *connection,
                      const struct child_sa *child)
{
    struct connection *rival = routing_rival_with_sa(engine, connection, child);
    if (engine->is_making_room) /* another SA of the rival's that takes over before it goes too */
        return;
    engine->is_making_room = true;
    for (uint64_t serial = 0; rival != NULL && rival->serial != serial;) {
        serial = rival->serial;
        if (rival->spec->overlapip && connection->spec->overlapip)
            break; /* both stay; packets leave on the newer one */
        say_connection(engine, RC_LOG, rival, 0,
                       "deleting its SAs to make room for those of \"%s\", which has the same clients",
                       connection->spec->name);
        terminate_sas(engine, rival, 0);
        rival = routing_rival_with_sa(engine, connection, child);
    }
    engine->is_making_room = false;
}

void routing_protect(struct engine *engine, struct connection *connection, const struct child_sa *child)
{
    engine_timer_cancel(engine, &connection->route.shunt_timer);
    end_negotiation(engine, connection);
    connection->route.failures = 0;
    connection->route.deaf_until = 0;
    bool is_new = connection->routing != ROUTING_TUNNEL;
    routing_policy_protect(engine, connection, child);
    enter(engine, connection, ROUTING_TUNNEL);
    if (is_new)
        make_room(engine, connection, child); /* not before: its packets always meet a policy */
}

void routing_lost(struct engine *engine, struct connection *connection, const struct child_sa *child)
{
    updown_run_down(engine, connection, child, is_caught(engine, connection));
    if (connection->routing != ROUTING_TUNNEL) /* its packets were still held, or no longer went this way */
        return;
    settle(engine, connection);
}

void routing_release(struct engine *engine, struct connection *connection)
{
    end_negotiation(engine, connection);
    connection->route.failures = 0;
    connection->route.deaf_until = 0;
    happen(engine, connection, EVENT_RELEASE);
}

void routing_shunt_is_over(struct engine *engine, struct connection *connection)
{
    happen(engine, connection, EVENT_SHUNT_OVER);
}

void routing_forget(struct engine *engine, struct connection *connection)
{
    end_negotiation(engine, connection);
    engine_timer_cancel(engine, &connection->route.shunt_timer);
    remove_policy(engine, connection);
    updown_forget(engine, connection);
}

/* ---- by hand ---- */

static int cannot(struct engine *engine, const struct connection *connection, uint64_t client)
{
    say_connection(engine, RC_ROUTE, connection, client, "could not route");
    return RC_ROUTE;
}

/* A route that no SA uses gives way; one that is in use stays. */
static bool takes_over(struct engine *engine, struct connection *connection, uint64_t client)
{
    struct connection *rival = routing_rival_with_sa(engine, connection, NULL);
    if (rival != NULL) {
        say_connection(engine, RC_LOG_SERIOUS, connection, client,
                       "cannot route -- route already in use for \"%s\"", rival->spec->name);
        return false;
    }
    while ((rival = routing_rival_without_sa(engine, connection)) != NULL) {
        say_connection(engine, RC_LOG, rival, client, "unrouted: \"%s\" has the same clients",
                       connection->spec->name);
        rival->route.is_wanted = false;
        routing_forget(engine, rival);
    }
    return true;
}

int routing_route(struct engine *engine, struct connection *connection, uint64_t client)
{
    connection->route.is_wanted = true;
    if (!connection->is_oriented) {
        say_connection(engine, RC_ORIENT, connection, client,
                       "we cannot identify ourselves with either end of this connection");
        return RC_ORIENT;
    }
    if (connection->remote_end->client_count == 0 && !address_is_set(&connection->remote)) {
        say_connection(engine, RC_ROUTE, connection, client,
                       connection->is_template ? "cannot route template policy"
                                               : "cannot route: the peer's address is not known yet");
        return cannot(engine, connection, client);
    }
    if (connection->routing != ROUTING_UNROUTED)
        return 0;
    if (!takes_over(engine, connection, client)) {
        connection->route.is_wanted = false;
        return cannot(engine, connection, client);
    }
    happen(engine, connection, EVENT_ROUTE);
    return connection->routing != ROUTING_UNROUTED ? 0 : cannot(engine, connection, client);
}

static bool has_tunnel(const struct connection *connection)
{
    if (connection->routing == ROUTING_TUNNEL)
        return true;
    LIST_EACH(&connection->instances, node)
    {
        if (CONTAINER_OF(node, const struct connection, of_template)->routing == ROUTING_TUNNEL)
            return true;
    }
    return false;
}

int routing_unroute(struct engine *engine, struct connection *connection, uint64_t client)
{
    bool is_begun_by_packet = connection->route.is_begun_by_packet;
    if (has_tunnel(connection)) {
        say_connection(engine, RC_RTBUSY, connection, client, "cannot unroute: route busy");
        return RC_RTBUSY;
    }
    connection->route.is_wanted = false;
    happen(engine, connection, EVENT_UNROUTE);
    if (is_begun_by_packet && !connection->keep_up) {
        end_negotiation(engine, connection);
        terminate_sas(engine, connection, client);
    }
    return 0;
}

void routing_is_oriented(struct engine *engine, struct connection *connection)
{
    if (connection->route.is_wanted && connection->routing == ROUTING_UNROUTED)
        routing_route(engine, connection, 0);
}
