#include "engine/connection_remove.h"

#include "engine/child_install.h"
#include "engine/connection.h"
#include "engine/sa.h"
#include "engine/version.h"

static const char REMOVED[] = "the connection was deleted or replaced meanwhile";

/* A connection that lives on an IKE SA of the one that is removed; NULL: none. */
static const struct connection *heir_of(struct engine *engine, const struct ike_sa *ike,
                                        const struct connection *connection)
{
    if (ike->state != IKE_STATE_ESTABLISHED)
        return NULL;
    for (const struct list_node *node = ike->children.next; node != &ike->children; node = node->next) {
        const struct child_sa *child = CONTAINER_OF(node, const struct child_sa, siblings);
        if (child->connection_serial != connection->serial && child->state == CHILD_STATE_ESTABLISHED)
            return connection_by_serial(engine, child->connection_serial);
    }
    return NULL;
}

/* One that a rekey under way may put in its place; serial 0: none. */
static const struct ike_sa *hand_over_successor(struct engine *engine, uint64_t serial,
                                                const struct connection *heir)
{
    struct ike_sa *successor = serial ? ike_by_serial(engine, serial) : NULL;
    if (successor != NULL)
        ike_set_connection(engine, successor, heir);
    return successor;
}

/* Tunnels of other connections go on: the IKE SA is theirs from now on. */
static void hand_over(struct engine *engine, struct ike_sa *ike, const struct connection *to)
{
    struct connection *heir = connection_by_serial(engine, to->serial);
    say_ike(engine, RC_LOG, ike, engine->watcher, "IKE SA is now that of \"%s\", which has a tunnel by it",
            heir->spec->name);
    ike_set_connection(engine, ike, heir);
    if (heir->newest_ike_serial == 0)
        heir->newest_ike_serial = ike->serial;
    const struct ike_sa *ours = hand_over_successor(engine, ike->current_ike_serial, heir);
    hand_over_successor(engine, ike->responding_ike_serial, heir);
    hand_over_successor(engine, ours ? ours->rival_serial : 0, heir);
    /* A reauthentication was the old connection's, and goes with that. */
    usec_t now = engine_now(engine);
    if (ours == NULL && now >= ike->rekey_at && now < ike->expire_at)
        engine_timer_arm(engine, &ike->life_timer, now);
}

/* Ends every SA of one connection at once, telling established peers once. */
static void cut_off_one(struct engine *engine, struct connection *connection)
{
    struct list_node ending;
    list_init(&ending);
    list_move(&ending, &connection->ikes);
    connection_hold(connection);
    while (!list_is_empty(&ending)) {
        struct ike_sa *ike = CONTAINER_OF(ending.next, struct ike_sa, of_connection);
        list_remove(&ike->of_connection);
        list_append(&connection->ikes, &ike->of_connection);
        const struct connection *heir = heir_of(engine, ike, connection);
        if (heir != NULL) {
            hand_over(engine, ike, heir);
            continue;
        }
        if (ike->setup != NULL)
            ike->end_reason = REMOVED;
        ike->version->say_goodbye(engine, ike);
    }
    LIST_EACH(&connection->children, node)
    {
        struct child_sa *child = CONTAINER_OF(node, struct child_sa, of_connection);
        uint64_t serial = child->serial;
        if (child->state != CHILD_STATE_LARVAL)
            child_delete(engine, child, 0);
        else
            child->end_reason = REMOVED;
        if ((child = child_by_serial(engine, serial)) != NULL)
            child_destroy(engine, child);
    }
    connection_let_go(engine, connection);
}

static void cut_off(struct engine *engine, struct connection *connection)
{
    connection->keep_up = false;
    cut_off_one(engine, connection);
    struct connection *instance = NULL;
    while ((instance = connection_next_instance(engine, connection, instance)) != NULL)
        cut_off_one(engine, instance);
}

void connection_remove(struct engine *engine, struct connection *connection, uint64_t client)
{
    LIST_EACH(&connection->members, node)
    connection_remove(engine, CONTAINER_OF(node, struct connection, of_group), 0);
    connection->route.is_wanted = false;
    bool is_in_use = connection->sa_count > 0 || !list_is_empty(&connection->instances);
    connection_hold(connection);
    if (is_in_use || client != 0)
        say_connection(engine, RC_LOG, connection, client, "terminating SAs using this connection");
    if (is_in_use) {
        engine->watcher = client;
        cut_off(engine, connection);
        engine->watcher = 0;
    }
    connection->sa_count--;
    say_event(engine, EVENT_CONNECTION_REMOVED, connection->spec->name, 0, 0, "");
    connection_destroy(engine, connection);
}
