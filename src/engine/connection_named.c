#include "engine/connection_named.h"

#include <stdlib.h>

static uint64_t hash_alias(const struct engine *engine, const char *alias)
{
    const struct bytes part = bytes_of_text(alias);
    return engine_hash(engine, &part, 1);
}

bool connection_add_aliases(struct engine *engine, struct connection *connection)
{
    const struct connection_spec *spec = connection->spec;
    if (spec->alias_count == 0)
        return true;
    size_t size = spec->alias_count * sizeof(*connection->aliases);
    connection->aliases = engine_allocate(engine, size, &connection->memory_bytes);
    for (size_t i = 0; connection->aliases != NULL && i < spec->alias_count; i++) {
        connection->aliases[i].connection = connection;
        hash_table_insert(&engine->connections_by_alias, &connection->aliases[i].by_alias,
                          hash_alias(engine, spec->aliases[i]));
    }
    return connection->aliases != NULL;
}

void connection_remove_aliases(struct engine *engine, struct connection *connection)
{
    size_t count = connection->aliases != NULL ? connection->spec->alias_count : 0;
    for (size_t i = 0; i < count; i++)
        hash_table_remove(&engine->connections_by_alias, &connection->aliases[i].by_alias);
    if (count > 0)
        engine_deallocate(engine, connection->aliases, count * sizeof(*connection->aliases),
                          &connection->memory_bytes);
    connection->aliases = NULL;
}

static bool has_alias(const struct connection *connection, const char *name)
{
    for (size_t i = 0; i < connection->spec->alias_count; i++)
        if (strcmp(connection->spec->aliases[i], name) == 0)
            return true;
    return false;
}

static bool comes_from_conn(const struct connection *connection, const char *name)
{
    return connection->spec->conn_name != NULL && strcmp(connection->spec->conn_name, name) == 0;
}

static bool set_add(struct connection_set *set, uint64_t serial)
{
    bool is_full = (set->count & (set->count - 1)) == 0; /* room is doubled */
    uint64_t *grown = set->serials;
    if (is_full) {
        grown = realloc(set->serials, (set->count ? set->count * 2 : 1) * sizeof(*grown));
        if (grown == NULL)
            return false;
        set->serials = grown;
    }
    set->serials[set->count++] = serial;
    return true;
}

static int compare_serials(const void *a, const void *b)
{
    uint64_t left = *(const uint64_t *)a, right = *(const uint64_t *)b;
    return left < right ? -1 : left > right;
}

/* A connection that says an alias twice is found twice. */
static void sort_and_unite(struct connection_set *set)
{
    size_t kept = 0;
    if (set->count == 0)
        return;
    qsort(set->serials, set->count, sizeof(*set->serials), compare_serials);
    for (size_t i = 0; i < set->count; i++)
        if (kept == 0 || set->serials[i] != set->serials[kept - 1])
            set->serials[kept++] = set->serials[i];
    set->count = kept;
}

static struct connection_set find(const struct engine *engine, const char *alias,
                                  bool (*fits)(const struct connection *connection, const char *name))
{
    struct connection_set set = {.is_alias = true};
    struct hash_node *node = hash_table_find(&engine->connections_by_alias, hash_alias(engine, alias));
    for (; node != NULL; node = hash_node_next(node)) {
        const struct connection *connection =
            CONTAINER_OF(node, struct connection_alias, by_alias)->connection;
        if (fits(connection, alias) && !set_add(&set, connection->serial))
            break;
    }
    sort_and_unite(&set);
    return set;
}

struct connection_set connections_named(const struct engine *engine, const char *name)
{
    const struct connection *connection = connection_by_name(engine, name);
    struct connection_set set = {0};
    if (connection == NULL)
        return find(engine, name, has_alias);
    set_add(&set, connection->serial);
    return set;
}

struct connection_set connections_of_conn(const struct engine *engine, const char *name)
{
    return find(engine, name, comes_from_conn);
}

void connection_set_free(struct connection_set *set)
{
    free(set->serials);
    *set = (struct connection_set){0};
}
