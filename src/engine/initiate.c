/* Bringing connections up and taking them down. */
#include "engine/initiate.h"

#include <stdio.h>

#include "engine/child_install.h"
#include "engine/client_group.h"
#include "engine/connection.h"
#include "engine/failure.h"
#include "engine/lifecycle.h"
#include "engine/login.h"
#include "engine/routing.h"
#include "engine/routing_policy.h"
#include "engine/version.h"

static bool is_being_initiated(const struct ike_sa *ike)
{
    return ike->is_initiator && !ike->is_unwanted &&
           (ike->state == IKE_STATE_INIT_SENT || ike->state == IKE_STATE_AUTH_SENT ||
            ike->state == IKE_STATE_PHASE1_DONE);
}

/* Both ends prove themselves on this IKE SA as they would on one of the connection's own. */
static bool proves_as_much(const struct ike_sa *ike, const struct connection *owner,
                           const struct connection *connection)
{
    unsigned proof = ike->peer_auth != 0 ? ike->peer_auth : owner->remote_end->auth;
    return owner->local_end->auth == connection->local_end->auth &&
           (proof & ~connection->remote_end->auth) == 0;
}

/* Another connection's may carry it when it proves as much. */
static bool carries(const struct engine *engine, const struct ike_sa *ike,
                    const struct connection *connection)
{
    const struct connection *owner = connection_by_serial(engine, ike->connection_serial);
    return owner != NULL && login_is_shared(owner, connection) && login_is_for(ike, owner, connection) &&
           login_is_authorized(owner, connection) && proves_as_much(ike, owner, connection);
}

/* Of a peer that moved on from its configured address (MOBIKE) the IKE SA is elsewhere, but not that of its
 * connection. */
static bool is_with_peer_of(const struct engine *engine, const struct ike_sa *ike,
                            const struct connection *connection)
{
    const struct connection *owner = connection_by_serial(engine, ike->connection_serial);
    return address_equal(&ike->path.remote.address, &connection->remote) ||
           (owner != NULL && !owner->is_instance && address_equal(&owner->remote, &connection->remote));
}

static struct ike_sa *next_ike_with_peer_of(const struct engine *engine, const struct connection *connection,
                                            struct ike_sa *previous)
{
    static const struct ip_address anywhere;
    do
        previous = ike_next_with_peers(engine, &connection->local, &anywhere, &connection->local_id,
                                       &connection->remote_id, previous);
    while (previous != NULL && !is_with_peer_of(engine, previous, connection));
    return previous;
}

/* An IKE SA with the same peer, established or about to be, that a further
 * Child SA can use. */
static struct ike_sa *usable_ike(const struct engine *engine, const struct connection *connection)
{
    struct ike_sa *ike = NULL;
    if (is_impaired(engine, IMPAIR_IGNORE_VIABLE_PARENT))
        return NULL;
    do
        ike = next_ike_with_peer_of(engine, connection, ike);
    while (ike != NULL && (!carries(engine, ike, connection) || ike->version != ike_version_of(connection) ||
                           (ike->state != IKE_STATE_ESTABLISHED && !is_being_initiated(ike))));
    return ike;
}

static bool is_being_made(const struct engine *engine, const struct connection *connection)
{
    for (const struct list_node *node = connection->children.next; node != &connection->children;
         node = node->next) {
        const struct child_sa *child = CONTAINER_OF(node, const struct child_sa, of_connection);
        if (child->state == CHILD_STATE_LARVAL && !child->is_unwanted && !child->has_cpu)
            return true;
    }
    for (const struct list_node *node = connection->ikes.next; node != &connection->ikes; node = node->next)
        if (is_being_initiated(CONTAINER_OF(node, const struct ike_sa, of_connection)))
            return true;
    (void)engine;
    return false;
}

/* What is for one CPU stands beside the tunnel, and does not bring it up. */
static bool is_queued(const struct ike_sa *ike, const struct connection *connection)
{
    for (const struct list_node *node = ike->tasks.next; node != &ike->tasks; node = node->next) {
        const struct task *task = CONTAINER_OF(node, const struct task, node);
        if (task->kind == TASK_CREATE_CHILD && task->connection_serial == connection->serial &&
            !task->has_cpu)
            return true;
    }
    return false;
}

bool initiate_is_queued(const struct engine *engine, const struct connection *connection)
{
    const struct ike_sa *ike = usable_ike(engine, connection);
    return ike != NULL && is_queued(ike, connection);
}

/* The clients of another connection's SA cannot be had: ipsec_pluto(8), "Routing". */
static bool is_refused_by_rival(struct engine *engine, struct connection *connection, uint64_t client)
{
    const struct connection *rival = routing_rival_with_sa(engine, connection, NULL);
    if (rival == NULL)
        return false;
    char text[FAILURE_TEXT_SIZE];
    snprintf(text, sizeof(text), "cannot install eroute -- it is in use for \"%.400s\" #%llu",
             rival->spec->name, (unsigned long long)rival->policy_child_serial);
    failure_keep(engine, connection, NULL, true, FAILURE_OTHER, 0, text);
    say_connection(engine, RC_LOG_SERIOUS, connection, client, "%s", text);
    finish_client(engine, client, RC_ROUTE);
    routing_negotiate(engine, connection);
    routing_failed(engine, connection);
    lifecycle_schedule_revival(engine, connection);
    return true;
}

/* Whoever comes now watches the negotiation that runs, beside those who do already. */
static void watch(struct engine *engine, struct ike_sa *ike, uint64_t client)
{
    if (client != 0)
        say_ike(engine, RC_LOG, ike, client, "waiting for the negotiation that is under way (%s)",
                ike->version->ike_state_name(ike));
    ike->setup->client = client_group_join(engine, ike->setup->client, client);
}

/* There is nothing to route, and an IKE SA with the peer is all that is wanted. */
static void initiate_ike_only(struct engine *engine, struct connection *connection, uint64_t client)
{
    struct ike_sa *ike = usable_ike(engine, connection);
    engine_timer_cancel(engine, &connection->revive_timer);
    if (ike == NULL)
        ike_version_of(connection)->start(engine, connection, client);
    else if (ike->setup != NULL)
        watch(engine, ike, client);
    else
        finish_client(engine, client, 0);
}

void initiate_connection(struct engine *engine, struct connection *connection, uint64_t client)
{
    if (connection->spec->ike_only) {
        initiate_ike_only(engine, connection, client);
        return;
    }
    struct ike_sa *ike = usable_ike(engine, connection);
    engine_timer_cancel(engine, &connection->revive_timer);
    if (is_refused_by_rival(engine, connection, client))
        return;
    routing_negotiate(engine, connection);
    if (ike == NULL) {
        ike_version_of(connection)->start(engine, connection, client);
        return;
    }
    bool goes_with_ike =
        ike->setup != NULL && ike->setup->wants_child && ike->connection_serial == connection->serial;
    bool is_under_way = goes_with_ike || is_queued(ike, connection) || is_being_made(engine, connection);
    if (client == 0 && is_under_way) {
        lifecycle_schedule_revival(engine, connection); /* looks again whether it succeeded */
        return;
    }
    if (goes_with_ike) {
        watch(engine, ike, client);
        return;
    }
    if (!ike_add_task(engine, ike, TASK_CREATE_CHILD, 0, connection->serial, client)) {
        abandon_client(engine, connection, client, "too many wait for the same IKE SA");
        lifecycle_gave_up(engine, connection);
    }
    ike->version->run_tasks(engine, ike);
}

/* What is being deleted already counts no more. */
static bool serves_only(const struct ike_sa *ike, const struct connection *connection)
{
    for (const struct list_node *node = ike->children.next; node != &ike->children; node = node->next) {
        const struct child_sa *child = CONTAINER_OF(node, const struct child_sa, siblings);
        if (child->connection_serial != connection->serial && child->state != CHILD_STATE_DELETING)
            return false;
    }
    return true;
}

/* One IKE SA at a time, for ending one may end its larval successor too. */
static struct ike_sa *next_to_end(const struct connection *connection)
{
    for (const struct list_node *node = connection->ikes.next; node != &connection->ikes; node = node->next) {
        struct ike_sa *ike = CONTAINER_OF(node, struct ike_sa, of_connection);
        bool is_larval =
            ike->setup != NULL && ike->state != IKE_STATE_REKEY_LARVAL && ike->state != IKE_STATE_DELETING;
        if (!ike->is_unwanted && serves_only(ike, connection) &&
            (is_larval || ike->state == IKE_STATE_ESTABLISHED))
            return ike;
    }
    return NULL;
}

/* What waits for its turn, or for the peer's answer, does not come to life. */
static void give_up_beginnings(struct engine *engine, struct connection *connection)
{
    struct ike_sa *ike = NULL;
    while ((ike = next_ike_with_peer_of(engine, connection, ike)) != NULL)
        LIST_EACH(&ike->tasks, node)
        {
            struct task *task = CONTAINER_OF(node, struct task, node);
            if (task->kind != TASK_CREATE_CHILD || task->connection_serial != connection->serial)
                continue;
            abandon_client(engine, connection, task->client, "it was taken down meanwhile");
            ike_drop_task(engine, ike, task);
        }
    LIST_EACH(&connection->children, node)
    {
        struct child_sa *child = CONTAINER_OF(node, struct child_sa, of_connection);
        child->is_unwanted = child->state == CHILD_STATE_LARVAL;
    }
}

/* IKE SAs of connections that nobody wants up, whose last Child SA went with this connection. */
static struct ike_sa *next_deserted(const struct engine *engine, const struct connection *connection)
{
    LIST_EACH(&connection->children, node)
    {
        const struct child_sa *child = CONTAINER_OF(node, struct child_sa, of_connection);
        struct ike_sa *ike = ike_by_serial(engine, child->ike_serial);
        const struct connection *owner = ike ? connection_by_serial(engine, ike->connection_serial) : NULL;
        bool is_waited_for = owner == NULL || owner == connection || owner->keep_up;
        if (!is_waited_for && ike->state == IKE_STATE_ESTABLISHED && serves_only(ike, connection))
            return ike;
    }
    return NULL;
}

/* The peer may have its half already: it is told when its answer comes, or never if there is none. */
static void give_up_after_answer(struct engine *engine, struct ike_sa *ike)
{
    say_ike(engine, RC_FATAL, ike, ike->setup->client, "taken down before it was established");
    finish_client(engine, ike->setup->client, RC_FATAL);
    ike->setup->client = 0;
    ike->is_unwanted = true;
}

void terminate_sas(struct engine *engine, struct connection *connection, uint64_t client)
{
    struct ike_sa *ike;
    connection_hold(connection); /* an instance must outlive the loops */
    while ((ike = next_to_end(connection)) != NULL) {
        if (ike->state == IKE_STATE_AUTH_SENT && ike->version->number == 2) {
            give_up_after_answer(engine, ike);
            continue;
        }
        if (ike->setup != NULL) {
            say_forgetting(engine, ike, client);
            ike_fail(engine, ike, RC_FATAL, "taken down before it was established");
            continue;
        }
        ike->version->delete_ike(engine, ike, client);
    }
    give_up_beginnings(engine, connection);
    LIST_EACH(&connection->children, node)
    {
        struct child_sa *child = CONTAINER_OF(node, struct child_sa, of_connection);
        if (child->state != CHILD_STATE_ESTABLISHED && child->state != CHILD_STATE_REPLACED)
            continue;
        child_uninstall(engine, child); /* traffic ends now, on a replaced one too */
        child_delete(engine, child, client);
    }
    while ((ike = next_deserted(engine, connection)) != NULL) /* its end takes several children along */
        ike->version->delete_ike(engine, ike, client);
    connection_let_go(engine, connection);
}

void terminate_connection(struct engine *engine, struct connection *connection, uint64_t client)
{
    connection->keep_up = false;
    connection->early_ends = 0;
    engine_timer_cancel(engine, &connection->revive_timer);
    login_forget(engine, connection);
    say_connection(engine, RC_LOG, connection, client, "terminating SAs using this connection");
    connection_hold(connection);
    routing_release(engine, connection);
    terminate_sas(engine, connection, client);
    struct connection *instance = NULL;
    while ((instance = connection_next_instance(engine, connection, instance)) != NULL)
        terminate_sas(engine, instance, client);
    connection_let_go(engine, connection);
}
