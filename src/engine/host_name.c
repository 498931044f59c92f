#include "engine/host_name.h"

#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#include "engine/connection.h"
#include "engine/secret_names.h"

/* A server that answers nobody holds one look-up for long; meanwhile the answer may be had another way. */
enum { AWAITED_MAX = 2 };

#define ASK_AGAIN_DELAY (60 * USEC_PER_SEC)

static uint64_t hash_host_name(const struct engine *engine, const char *name, enum ip_family family)
{
    uint8_t number = (uint8_t)family;
    const struct bytes parts[] = {bytes_of_text(name), bytes_of(&number, 1)};
    return engine_hash(engine, parts, 2);
}

static struct host_name *by_name(const struct engine *engine, const char *name, enum ip_family family)
{
    struct hash_node *node = hash_table_find(&engine->host_names, hash_host_name(engine, name, family));
    for (; node != NULL; node = hash_node_next(node)) {
        struct host_name *found = CONTAINER_OF(node, struct host_name, by_name);
        if (found->family == family && strcmp(found->name, name) == 0)
            return found;
    }
    return NULL;
}

static struct host_name *by_serial(const struct engine *engine, uint64_t serial)
{
    struct hash_node *node = hash_table_find(&engine->host_names_by_serial, serial);
    return node ? CONTAINER_OF(node, struct host_name, by_serial) : NULL;
}

static void ask(struct engine *engine, struct host_name *host_name)
{
    engine_timer_arm(engine, &host_name->timer, engine_now(engine) + ASK_AGAIN_DELAY);
    if (host_name->awaited_answers == AWAITED_MAX)
        return;
    host_name->awaited_answers++;
    engine->env->resolve(engine->env->world, host_name->serial, host_name->name, host_name->family);
}

static struct host_name *make(struct engine *engine, const char *name, enum ip_family family)
{
    struct host_name *host_name = engine_allocate(engine, sizeof(*host_name), NULL);
    if (host_name == NULL)
        return NULL;
    size_t size = strlen(name) + 1;
    host_name->name = engine_allocate(engine, size, NULL);
    if (host_name->name == NULL) {
        engine_deallocate(engine, host_name, sizeof(*host_name), NULL);
        return NULL;
    }
    memcpy(host_name->name, name, size);
    host_name->serial = ++engine->last_request_id;
    host_name->family = family;
    snprintf(host_name->reason, sizeof(host_name->reason), "no answer yet");
    list_init(&host_name->users);
    engine_timer_init(&host_name->timer, TIMER_HOST_NAME, host_name->serial);
    hash_table_insert(&engine->host_names, &host_name->by_name, hash_host_name(engine, name, family));
    hash_table_insert(&engine->host_names_by_serial, &host_name->by_serial, host_name->serial);
    ask(engine, host_name);
    return host_name;
}

static void destroy(struct engine *engine, struct host_name *host_name)
{
    engine_timer_cancel(engine, &host_name->timer);
    hash_table_remove(&engine->host_names, &host_name->by_name);
    hash_table_remove(&engine->host_names_by_serial, &host_name->by_serial);
    engine_deallocate(engine, host_name->name, strlen(host_name->name) + 1, NULL);
    engine_deallocate(engine, host_name, sizeof(*host_name), NULL);
}

static const struct end_spec *end_of(const struct connection *connection, bool is_left)
{
    return is_left ? &connection->spec->left : &connection->spec->right;
}

/* Both hosts are of one family. */
static enum ip_family wanted_family(const struct connection *connection, bool is_left)
{
    const struct end_spec *other = end_of(connection, !is_left);
    if (connection->spec->host_family != IP_NONE)
        return connection->spec->host_family;
    return other->host_kind == HOST_ADDRESS ? (enum ip_family)other->host.family : IP_NONE;
}

void host_name_watch(struct engine *engine, struct connection *connection)
{
    for (unsigned i = 0; i < 2; i++) {
        const struct end_spec *end = end_of(connection, i == 0);
        struct host_name_user *user = &connection->host_name_users[i];
        if (end->host_kind != HOST_NAME || user->host_name != NULL)
            continue;
        enum ip_family family = wanted_family(connection, i == 0);
        user->host_name = by_name(engine, end->host_name, family);
        if (user->host_name == NULL)
            user->host_name = make(engine, end->host_name, family);
        if (user->host_name == NULL)
            continue;
        user->connection_serial = connection->serial;
        list_append(&user->host_name->users, &user->node);
    }
}

void host_name_unwatch(struct engine *engine, struct connection *connection)
{
    for (unsigned i = 0; i < 2; i++) {
        struct host_name_user *user = &connection->host_name_users[i];
        if (user->host_name == NULL)
            continue;
        list_remove(&user->node);
        if (list_is_empty(&user->host_name->users))
            destroy(engine, user->host_name);
        user->host_name = NULL;
    }
}

void host_name_ask_again(struct engine *engine, const struct connection *connection)
{
    for (unsigned i = 0; i < 2; i++)
        if (connection->host_name_users[i].host_name != NULL)
            ask(engine, connection->host_name_users[i].host_name);
}

static bool has_idle_user(const struct engine *engine, const struct host_name *host_name)
{
    LIST_EACH(&host_name->users, node)
    {
        const struct host_name_user *user = CONTAINER_OF(node, struct host_name_user, node);
        const struct connection *connection = connection_by_serial(engine, user->connection_serial);
        if (connection->newest_child_serial == 0)
            return true;
    }
    return false;
}

static void ask_if_idle(struct hash_node *node, void *context)
{
    struct engine *engine = context;
    struct host_name *host_name = CONTAINER_OF(node, struct host_name, by_serial);
    if (has_idle_user(engine, host_name))
        ask(engine, host_name);
}

void host_name_ask_all(struct engine *engine)
{
    hash_table_each(&engine->host_names_by_serial, ask_if_idle, engine);
}

void host_name_timer_fired(struct engine *engine, uint64_t serial)
{
    struct host_name *host_name = by_serial(engine, serial);
    if (host_name == NULL)
        return;
    if (has_idle_user(engine, host_name))
        ask(engine, host_name);
    else
        engine_timer_arm(engine, &host_name->timer, engine_now(engine) + ASK_AGAIN_DELAY);
}

/* ---- answers ---- */

/* An address that is still among the answers is kept: servers list them in any order. */
static bool choose_address(struct host_name *host_name, const struct ip_address *addresses, size_t count)
{
    const struct ip_address *chosen = NULL;
    for (size_t i = 0; i < count; i++) {
        if (address_equal(&addresses[i], &host_name->address))
            return false;
        bool fits = host_name->family == IP_NONE || addresses[i].family == host_name->family;
        if (chosen == NULL && fits)
            chosen = &addresses[i];
    }
    if (chosen == NULL)
        return false;
    host_name->address = *chosen;
    return true;
}

/* By serial, for telling one may end another. */
static void tell_users(struct engine *engine, struct host_name *host_name, bool has_moved)
{
    size_t count = 0, room = 0;
    LIST_EACH(&host_name->users, node)
    room++;
    uint64_t *serials = calloc(room + 1, sizeof(*serials));
    if (serials == NULL)
        return;
    LIST_EACH(&host_name->users, node)
    serials[count++] = CONTAINER_OF(node, struct host_name_user, node)->connection_serial;
    for (size_t i = 0; i < count; i++) {
        struct connection *connection = connection_by_serial(engine, serials[i]);
        if (connection != NULL)
            connection_host_has_moved(engine, connection, has_moved);
    }
    free(serials);
}

static void failed(struct host_name *host_name, const char *reason)
{
    snprintf(host_name->reason, sizeof(host_name->reason), "%s", reason);
}

void engine_resolved(struct engine *engine, uint64_t query_id, const struct ip_address *addresses,
                     size_t count)
{
    struct host_name *host_name = by_serial(engine, query_id);
    if (host_name == NULL) {
        secret_names_answered(engine, query_id, addresses, count);
        return;
    }
    host_name->awaited_answers -= host_name->awaited_answers > 0;
    bool had_address = address_is_set(&host_name->address);
    if (choose_address(host_name, addresses, count))
        tell_users(engine, host_name, had_address);
    else if (!had_address)
        failed(host_name, count > 0 ? "it has no address of the family that is needed" : "it has no address");
}

void engine_resolve_failed(struct engine *engine, uint64_t query_id, const char *reason)
{
    struct host_name *host_name = by_serial(engine, query_id);
    if (host_name == NULL)
        return;
    host_name->awaited_answers -= host_name->awaited_answers > 0;
    failed(host_name, reason);
}

struct ip_address host_name_address(const struct connection *connection, bool is_left)
{
    const struct end_spec *end = end_of(connection, is_left);
    const struct host_name *host_name = connection->host_name_users[is_left ? 0 : 1].host_name;
    if (end->host_kind == HOST_NAME)
        return host_name != NULL ? host_name->address : (struct ip_address){0};
    return end->host_kind == HOST_ADDRESS ? end->host : (struct ip_address){0};
}

const char *host_name_trouble(const struct connection *connection, bool is_left)
{
    const struct host_name *host_name = connection->host_name_users[is_left ? 0 : 1].host_name;
    return host_name != NULL && !address_is_set(&host_name->address) ? host_name->reason : NULL;
}
