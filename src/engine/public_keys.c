/* The table of public keys by identity. See public_keys.h. */
#include "engine/public_keys.h"

#include <stdlib.h>

#include "engine/state.h"

static struct known_key *of_node(struct hash_node *node)
{
    return node != NULL ? CONTAINER_OF(node, struct known_key, by_id) : NULL;
}

static struct known_key *of_identity(struct known_key *key, const struct identity *id)
{
    while (key != NULL && !identity_equal(&key->id, id))
        key = of_node(hash_node_next(&key->by_id));
    return key;
}

static struct known_key *first_of(const struct engine *engine, const struct identity *id)
{
    return of_identity(
        of_node(hash_table_find(&engine->public_keys_by_id, identity_hash(engine->hash_key, id))), id);
}

static void drop(struct engine *engine, struct known_key *key)
{
    hash_table_remove(&engine->public_keys_by_id, &key->by_id);
    hash_table_remove(&engine->public_keys_by_serial, &key->by_serial);
    list_remove(&key->all);
    public_key_free(key->key);
    identity_free(&key->id);
    free(key);
}

static struct known_key *insert(struct engine *engine, const struct identity *id,
                                const struct public_key *key)
{
    struct known_key *known = calloc(1, sizeof(*known));
    if (known == NULL)
        return NULL;
    known->id = identity_copy(id);
    known->key = public_key_hold(key);
    known->serial = ++engine->last_public_key_serial;
    known->added_at_wall = engine->env->wall_clock(engine->env->world);
    hash_table_insert(&engine->public_keys_by_id, &known->by_id, identity_hash(engine->hash_key, id));
    hash_table_insert(&engine->public_keys_by_serial, &known->by_serial, known->serial);
    list_append(&engine->public_keys, &known->all);
    return known;
}

/* Of an identity, this key; NULL: it is not known. */
static struct known_key *find(const struct engine *engine, const struct identity *id,
                              const struct public_key *key)
{
    struct known_key *known = first_of(engine, id);
    while (known != NULL && !public_key_equal(known->key, key))
        known = of_identity(of_node(hash_node_next(&known->by_id)), id);
    return known;
}

static struct known_key *find_or_insert(struct engine *engine, const struct identity *id,
                                        const struct public_key *key)
{
    struct known_key *known = find(engine, id, key);
    return known != NULL ? known : insert(engine, id, key);
}

static void drop_if_unused(struct engine *engine, struct known_key *known)
{
    if (!known->is_told && known->connection_count == 0)
        drop(engine, known);
}

void public_keys_set(struct engine *engine, const struct identity *id, struct public_key *key, bool add)
{
    for (struct known_key *next = first_of(engine, id); !add && next != NULL;) {
        struct known_key *old = next;
        next = of_identity(of_node(hash_node_next(&old->by_id)), id);
        old->is_told = false;
        drop_if_unused(engine, old);
    }
    struct known_key *known = find_or_insert(engine, id, key);
    if (known != NULL)
        known->is_told = true;
    public_key_free(key);
}

void public_keys_add_of_connection(struct engine *engine, const struct identity *id,
                                   const struct public_key *key)
{
    struct known_key *known = find_or_insert(engine, id, key);
    if (known != NULL)
        known->connection_count++;
}

void public_keys_drop_of_connection(struct engine *engine, const struct identity *id,
                                    const struct public_key *key)
{
    struct known_key *known = find(engine, id, key);
    if (known == NULL || known->connection_count == 0)
        return;
    known->connection_count--;
    drop_if_unused(engine, known);
}

const struct known_key *public_keys_next_of(const struct engine *engine, const struct identity *id,
                                            const struct known_key *previous)
{
    if (previous == NULL)
        return first_of(engine, id);
    return of_identity(of_node(hash_node_next(&previous->by_id)), id);
}

const struct known_key *public_keys_after(const struct engine *engine, uint64_t after)
{
    const struct hash_node *last = after != 0 ? hash_table_find(&engine->public_keys_by_serial, after) : NULL;
    const struct list_node *next = engine->public_keys.next;
    if (last != NULL)
        next = CONTAINER_OF(last, const struct known_key, by_serial)->all.next;
    while (next != &engine->public_keys && CONTAINER_OF(next, const struct known_key, all)->serial <= after)
        next = next->next;
    return next != &engine->public_keys ? CONTAINER_OF(next, const struct known_key, all) : NULL;
}

void public_keys_free(struct engine *engine)
{
    while (!list_is_empty(&engine->public_keys))
        drop(engine, CONTAINER_OF(engine->public_keys.next, struct known_key, all));
}
