/* Which connections a peer may mean: the tables by hosts, by its identity and by clients. */
#include "engine/connection.h"

static uint64_t hash_hosts(const struct engine *engine, const struct ip_address *local,
                           const struct ip_address *remote)
{
    const struct bytes parts[] = {bytes_of(local, sizeof(*local)), bytes_of(remote, sizeof(*remote))};
    return engine_hash(engine, parts, 2);
}

static uint64_t hash_identity(const struct engine *engine, const struct ip_address *local,
                              const struct identity *id)
{
    uint8_t folded[IDENTITY_SIZE_MAX];
    const struct bytes parts[] = {bytes_of(local, sizeof(*local)), bytes_of(&id->kind, 1),
                                  bytes_of(folded, identity_fold(engine->hash_key, id, folded))};
    return engine_hash(engine, parts, 3);
}

static uint64_t hash_clients(const struct engine *engine, const struct ip_address *local,
                             const struct ip_address *remote, const struct selector *local_client,
                             const struct selector *remote_client)
{
    const uint16_t numbers[] = {local_client->protocol,  local_client->port_start,  local_client->port_end,
                                remote_client->protocol, remote_client->port_start, remote_client->port_end};
    const struct bytes parts[] = {
        bytes_of(local, sizeof(*local)),
        bytes_of(remote, sizeof(*remote)),
        bytes_of(&local_client->range, sizeof(local_client->range)),
        bytes_of(&remote_client->range, sizeof(remote_client->range)),
        bytes_of(numbers, sizeof(numbers)),
    };
    return engine_hash(engine, parts, ARRAY_SIZE(parts));
}

void connection_unindex(struct engine *engine, struct connection *connection)
{
    if (!connection->is_indexed)
        return;
    hash_table_remove(&engine->connections_by_hosts, &connection->by_hosts);
    hash_table_remove(&engine->connections_by_remote_id, &connection->by_remote_id);
    hash_table_remove(&engine->connections_by_clients, &connection->by_clients);
    connection->is_indexed = false;
}

/* None: a template's, whose instances have their host. */
static struct selector first_client(const struct connection *connection, bool local)
{
    struct selector list[SELECTORS_MAX];
    const struct end_spec *end = local ? connection->local_end : connection->remote_end;
    if (!local && connection->is_template && end->client_count == 0)
        return (struct selector){0};
    connection_selectors(connection, local, list);
    return list[0];
}

static bool is_for_whoever(const struct connection *connection)
{
    return connection->is_template && connection->remote_end->is_opportunistic;
}

void connection_index_by_clients(struct engine *engine, struct connection *connection)
{
    struct selector local = first_client(connection, true), remote = first_client(connection, false);
    hash_table_insert(&engine->connections_by_clients, &connection->by_clients,
                      hash_clients(engine, &connection->local, &connection->remote, &local, &remote));
}

/* A peer whose name has no address yet can be nobody's. */
void connection_index_by_peer(struct engine *engine, struct connection *connection)
{
    connection_unindex(engine, connection);
    bool is_nameless = !address_is_set(&connection->remote) && !connection->is_template;
    bool negotiates = !connection_spec_is_shunt(connection->spec) && !connection->is_group;
    bool is_found_by_trap = connection->is_oriented && is_for_whoever(connection);
    if (!connection->is_oriented || connection->is_instance || is_nameless || !negotiates || is_found_by_trap)
        return;
    hash_table_insert(&engine->connections_by_hosts, &connection->by_hosts,
                      hash_hosts(engine, &connection->local, &connection->remote));
    hash_table_insert(&engine->connections_by_remote_id, &connection->by_remote_id,
                      hash_identity(engine, &connection->local, &connection->remote_id));
    connection_index_by_clients(engine, connection);
    connection->is_indexed = true;
}

void connection_take_hosts(struct engine *engine, struct connection *connection,
                           const struct ip_address *local, const struct ip_address *remote)
{
    if (address_equal(&connection->local, local) && address_equal(&connection->remote, remote))
        return;
    connection_unindex(engine, connection);
    hash_table_remove(&engine->connections_by_clients, &connection->by_clients);
    connection->local = *local;
    connection->remote = *remote;
    connection_index_by_peer(engine, connection);
    if (connection->is_instance)
        connection_index_by_clients(engine, connection);
}

/* ---- who may be meant ---- */

static struct connection *next_in_bucket(const struct engine *engine, const struct ip_address *local,
                                         const struct ip_address *remote, const struct connection *previous)
{
    const struct hash_node *node =
        previous ? hash_node_next(&previous->by_hosts)
                 : hash_table_find(&engine->connections_by_hosts, hash_hosts(engine, local, remote));
    for (; node != NULL; node = hash_node_next(node)) {
        struct connection *connection = CONTAINER_OF(node, struct connection, by_hosts);
        if (address_equal(&connection->local, local) && address_equal(&connection->remote, remote))
            return connection;
    }
    return NULL;
}

/* The opportunistic connection whose trap a packet to this host would meet. */
static struct connection *whoever_at(const struct engine *engine, const struct ip_address *local,
                                     const struct ip_address *remote)
{
    struct ip_packet packet = {.source = *local, .destination = *remote};
    const struct spd_policy *policy = spd_lookup(&engine->policies, &packet);
    struct connection *found = policy ? connection_by_serial(engine, policy->policy_id) : NULL;
    return found != NULL && is_for_whoever(found) && address_equal(&found->local, local) ? found : NULL;
}

struct connection *connection_next_for_hosts(const struct engine *engine, const struct ip_address *local,
                                             const struct ip_address *remote,
                                             const struct connection *previous)
{
    static const struct ip_address any;
    bool in_templates = previous != NULL && !address_is_set(&previous->remote);
    struct connection *found = NULL;
    if (previous != NULL && is_for_whoever(previous))
        return NULL;
    if (!in_templates)
        found = next_in_bucket(engine, local, remote, previous);
    if (found == NULL)
        found = next_in_bucket(engine, local, &any, in_templates ? previous : NULL);
    return found ? found : whoever_at(engine, local, remote);
}

static struct connection *next_with_clients(const struct engine *engine, const struct ip_address *local,
                                            const struct ip_address *remote,
                                            const struct selector *local_client,
                                            const struct selector *remote_client,
                                            const struct connection *previous)
{
    uint64_t hash = hash_clients(engine, local, remote, local_client, remote_client);
    const struct hash_node *node = previous ? hash_node_next(&previous->by_clients)
                                            : hash_table_find(&engine->connections_by_clients, hash);
    for (; node != NULL; node = hash_node_next(node)) {
        struct connection *connection = CONTAINER_OF(node, struct connection, by_clients);
        struct selector ours = first_client(connection, true), theirs = first_client(connection, false);
        if (address_equal(&connection->local, local) && address_equal(&connection->remote, remote) &&
            selector_equal(&ours, local_client) && selector_equal(&theirs, remote_client))
            return connection;
    }
    return NULL;
}

struct connection *connection_next_for_clients(const struct engine *engine, const struct ip_address *local,
                                               const struct ip_address *remote,
                                               const struct selector *local_client,
                                               const struct selector *remote_client,
                                               const struct connection *previous)
{
    static const struct selector none;
    struct selector last = previous ? first_client(previous, false) : none;
    bool was_none = previous != NULL && selector_equal(&last, &none);
    struct connection *found =
        was_none ? NULL : next_with_clients(engine, local, remote, local_client, remote_client, previous);
    if (found != NULL || address_is_set(remote))
        return found;
    return next_with_clients(engine, local, remote, local_client, &none, was_none ? previous : NULL);
}

/* Its one client is the host itself, as connection_selectors() has it. */
struct connection *connection_instance_at(const struct engine *engine, const struct connection *template,
                                          const struct ip_address *remote)
{
    const struct end_spec *end = template->remote_end;
    struct ip_prefix host = prefix_of_address(remote);
    struct selector theirs = selector_of_prefix(&host, end->protocol, end->port);
    struct selector ours = first_client(template, true);
    struct connection *found = NULL;
    do
        found = next_with_clients(engine, &template->local, remote, &ours, &theirs, found);
    while (found != NULL && found->template_serial != template->serial);
    return found;
}

/* ---- which of them it is ---- */

static bool ids_fit(const struct connection *connection, const struct identity *remote_id,
                    const struct identity *wanted_id)
{
    bool is_nobody = remote_id->kind == ID_NULL && (connection->remote_end->auth & AUTH_NULL) != 0;
    bool remote_fits = is_nobody || identity_matches(&connection->remote_id, remote_id);
    bool local_fits = wanted_id->kind == ID_NONE || identity_equal(&connection->local_id, wanted_id);
    return remote_fits && local_fits;
}

static bool hosts_fit(const struct connection *connection, const struct ip_address *local,
                      const struct ip_address *remote)
{
    return address_equal(&connection->local, local) &&
           (!address_is_set(&connection->remote) || address_equal(&connection->remote, remote));
}

static bool versions_fit(const struct connection *a, const struct connection *b)
{
    return a->spec->ike_version == b->spec->ike_version;
}

bool connection_allows_peer(const struct connection *connection, unsigned methods)
{
    return methods == 0 || (connection->remote_end->auth & methods) != 0;
}

static struct connection *find_by_remote_id(const struct engine *engine, const struct connection *current,
                                            const struct ip_address *local, const struct ip_address *remote,
                                            const struct identity *remote_id,
                                            const struct identity *wanted_id, unsigned methods)
{
    struct connection *best = NULL;
    struct hash_node *node =
        hash_table_find(&engine->connections_by_remote_id, hash_identity(engine, local, remote_id));
    for (; node != NULL; node = hash_node_next(node)) {
        struct connection *connection = CONTAINER_OF(node, struct connection, by_remote_id);
        if (!hosts_fit(connection, local, remote) || !ids_fit(connection, remote_id, wanted_id) ||
            !versions_fit(connection, current) || !connection_allows_peer(connection, methods))
            continue;
        if (!connection->is_template)
            return connection;
        best = connection;
    }
    return best;
}

static struct connection *find_for_peer(const struct engine *engine, const struct connection *current,
                                        const struct ip_address *local, const struct ip_address *remote,
                                        const struct identity *remote_id, const struct identity *wanted_id,
                                        unsigned methods)
{
    bool is_exact = identity_equal(&current->remote_id, remote_id);
    bool current_fits = ids_fit(current, remote_id, wanted_id) && connection_allows_peer(current, methods);
    if (is_exact && current_fits)
        return connection_by_serial(engine, current->serial);
    struct connection *found =
        find_by_remote_id(engine, current, local, remote, remote_id, wanted_id, methods);
    if (found != NULL)
        return found;
    if (current_fits)
        return connection_by_serial(engine, current->serial);
    unsigned tried = 0;
    while ((found = connection_next_for_hosts(engine, local, remote, found)) != NULL &&
           tried++ < CONNECTION_CANDIDATES_LIMIT)
        if (ids_fit(found, remote_id, wanted_id) && versions_fit(found, current) &&
            connection_allows_peer(found, methods))
            return found;
    return NULL;
}

struct connection *connection_find_for_peer(const struct engine *engine, const struct connection *current,
                                            const struct ip_address *local, const struct ip_address *remote,
                                            const struct identity *remote_id,
                                            const struct identity *wanted_id, unsigned methods,
                                            struct error *error)
{
    struct connection *found = find_for_peer(engine, current, local, remote, remote_id, wanted_id, methods);
    if (found == NULL && methods != 0) /* the proof is what is wrong, then, not the name */
        found = find_for_peer(engine, current, local, remote, remote_id, wanted_id, 0);
    if (found != NULL)
        return found;
    char theirs[IDENTITY_TEXT_SIZE], wanted[IDENTITY_TEXT_SIZE], expected[IDENTITY_TEXT_SIZE];
    error_set(error, 0,
              "no connection for peer '%.120s' that asks for '%.120s'; \"%.60s\" expects peer '%.120s'",
              identity_text(remote_id, theirs), identity_text(wanted_id, wanted), current->spec->name,
              identity_text(&current->remote_id, expected));
    return NULL;
}

void connection_take_peer(struct engine *engine, const struct ike_sa *ike)
{
    struct connection *connection = connection_by_serial(engine, ike->connection_serial);
    if (connection->remote_id.kind == ID_NONE)
        identity_own(engine, &connection->memory_bytes, &connection->remote_id,
                     identity_copy(&ike->remote_id));
}
