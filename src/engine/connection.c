/* Connections: the table, and their lives. */
#include "engine/connection.h"

#include "engine/address_pool.h"
#include "engine/auth_keys.h"
#include "engine/configuration.h"
#include "engine/connection_named.h"
#include "engine/host_name.h"
#include "engine/login.h"
#include "engine/policy_group.h"
#include "engine/routing.h"

static uint64_t hash_name(const struct engine *engine, const char *name)
{
    const struct bytes part = bytes_of_text(name);
    return engine_hash(engine, &part, 1);
}

struct connection *connection_by_serial(const struct engine *engine, uint64_t serial)
{
    struct hash_node *node = hash_table_find(&engine->connections_by_serial, serial);
    return node ? CONTAINER_OF(node, struct connection, by_serial) : NULL;
}

struct connection *connection_by_name(const struct engine *engine, const char *name)
{
    struct hash_node *node = hash_table_find(&engine->connections_by_name, hash_name(engine, name));
    for (; node != NULL; node = hash_node_next(node)) {
        struct connection *connection = CONTAINER_OF(node, struct connection, by_name);
        if (strcmp(connection->spec->name, name) == 0)
            return connection;
    }
    return NULL;
}

static struct connection *connection_new(struct engine *engine, struct shared_spec *shared)
{
    struct connection *connection = engine_allocate(engine, sizeof(*connection), NULL);
    if (connection == NULL)
        return NULL;
    connection->memory_bytes = sizeof(*connection);
    connection->serial = ++engine->last_connection_serial;
    connection->shared = shared;
    connection->spec = shared->spec;
    connection->debug = shared->spec->debug;
    list_init(&connection->ikes);
    list_init(&connection->children);
    list_init(&connection->instances);
    list_init(&connection->of_template);
    list_init(&connection->members);
    list_init(&connection->of_group);
    list_init(&connection->of_groups);
    list_init(&connection->host_name_users[0].node);
    list_init(&connection->host_name_users[1].node);
    shared->users++;
    engine_timer_init(&connection->revive_timer, TIMER_CONNECTION_REVIVE, connection->serial);
    engine_timer_init(&connection->route.shunt_timer, TIMER_CONNECTION_SHUNT, connection->serial);
    hash_table_insert(&engine->connections_by_serial, &connection->by_serial, connection->serial);
    list_append(&engine->connections, &connection->all);
    return connection;
}

struct connection *connection_add(struct engine *engine, struct connection_spec *spec)
{
    struct shared_spec *shared = engine_allocate(engine, sizeof(*shared), NULL);
    if (shared == NULL) {
        connection_spec_free(spec);
        return NULL;
    }
    shared->spec = spec;
    auth_keys_learn(engine, spec);
    struct connection *connection = connection_new(engine, shared);
    if (connection == NULL) {
        engine_deallocate(engine, shared, sizeof(*shared), NULL);
        auth_keys_forget(engine, spec);
        connection_spec_free(spec);
        return NULL;
    }
    hash_table_insert(&engine->connections_by_name, &connection->by_name, hash_name(engine, spec->name));
    connection->uses_pools = address_pools_use(engine, spec);
    if (!connection->uses_pools || !connection_add_aliases(engine, connection)) {
        connection_destroy(engine, connection);
        return NULL;
    }
    connection->is_group = spec->left.host_kind == HOST_GROUP || spec->right.host_kind == HOST_GROUP;
    connection_orient(engine, connection);
    if (connection->is_group) {
        list_append(&engine->group_connections, &connection->of_groups);
        policy_group_load(engine, connection);
    }
    return connection;
}

static void connection_free(struct engine *engine, struct connection *connection)
{
    failure_forget(engine, connection);
    list_remove(&connection->all);
    hash_table_remove(&engine->connections_by_serial, &connection->by_serial);
    identity_own(engine, &connection->memory_bytes, &connection->local_id, (struct identity){0});
    identity_own(engine, &connection->memory_bytes, &connection->remote_id, (struct identity){0});
    struct shared_spec *shared = connection->shared;
    engine_deallocate(engine, connection, sizeof(*connection), NULL);
    if (--shared->users > 0)
        return;
    auth_keys_forget(engine, shared->spec);
    connection_spec_free(shared->spec);
    engine_deallocate(engine, shared, sizeof(*shared), NULL);
}

/* Nobody finds it any more but its IKE SAs that take their leave: it has a serial that only they know. */
static void leave_to_ikes(struct engine *engine, struct connection *connection)
{
    connection->is_removed = true;
    list_remove(&connection->all);
    list_append(&engine->removed_connections, &connection->all);
    hash_table_remove(&engine->connections_by_serial, &connection->by_serial);
    connection->serial = ++engine->last_connection_serial;
    hash_table_insert(&engine->connections_by_serial, &connection->by_serial, connection->serial);
    for (struct list_node *node = connection->ikes.next; node != &connection->ikes; node = node->next)
        CONTAINER_OF(node, struct ike_sa, of_connection)->connection_serial = connection->serial;
}

void connection_destroy(struct engine *engine, struct connection *connection)
{
    routing_forget(engine, connection);
    connection_unindex(engine, connection);
    hash_table_remove(&engine->connections_by_clients, &connection->by_clients);
    host_name_unwatch(engine, connection);
    engine_timer_cancel(engine, &connection->revive_timer);
    configuration_release(engine, connection);
    if (connection->uses_pools)
        address_pools_leave(engine, connection->spec);
    login_forget(engine, connection);
    if (!connection->is_instance)
        hash_table_remove(&engine->connections_by_name, &connection->by_name);
    connection_remove_aliases(engine, connection);
    while (!list_is_empty(&connection->instances))
        connection_destroy(engine, CONTAINER_OF(connection->instances.next, struct connection, of_template));
    LIST_EACH(&connection->members, node)
    list_remove(node);
    list_remove(&connection->of_group);
    list_remove(&connection->of_groups);
    list_remove(&connection->of_template);
    if (connection->sa_count == 0)
        connection_free(engine, connection);
    else
        leave_to_ikes(engine, connection);
}

/* ---- instances ---- */

struct connection *connection_instantiate(struct engine *engine, const struct connection *template,
                                          const struct ip_address *remote, const struct identity *remote_id)
{
    struct connection *parent = connection_by_serial(engine, template->serial);
    struct connection *instance = connection_new(engine, template->shared);
    if (instance == NULL)
        return NULL;
    instance->is_instance = true;
    instance->is_oriented = true;
    instance->template_serial = template->serial;
    list_append(&parent->instances, &instance->of_template);
    instance->instance_number = ++parent->next_instance_number;
    instance->left_is_local = template->left_is_local;
    instance->local_end = template->local_end;
    instance->remote_end = template->remote_end;
    instance->local = template->local;
    instance->remote = *remote;
    instance->nexthop = template->nexthop;
    memcpy(instance->interface, template->interface, sizeof(instance->interface));
    identity_own(engine, &instance->memory_bytes, &instance->local_id, identity_copy(&template->local_id));
    identity_own(engine, &instance->memory_bytes, &instance->remote_id, identity_copy(remote_id));
    if (instance->remote_end->is_opportunistic)
        connection_index_by_clients(engine, instance);
    return instance;
}

void connection_hold(struct connection *connection)
{
    connection->sa_count++;
}

void connection_let_go(struct engine *engine, struct connection *connection)
{
    if (--connection->sa_count > 0)
        return;
    if (connection->is_removed) {
        connection_free(engine, connection);
        return;
    }
    configuration_release(engine, connection);
    if (connection->is_instance)
        connection_destroy(engine, connection);
}

struct connection *connection_next_instance(struct engine *engine, const struct connection *template,
                                            struct connection *previous)
{
    struct list_node *node = previous ? previous->of_template.next : template->instances.next;
    struct connection *next =
        node != &template->instances ? CONTAINER_OF(node, struct connection, of_template) : NULL;
    if (next != NULL)
        connection_hold(next);
    if (previous != NULL)
        connection_let_go(engine, previous);
    return next;
}
