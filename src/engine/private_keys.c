/* The table of private keys. See private_keys.h. */
#include "engine/private_keys.h"

#include <stdlib.h>

#include "base/hash_table.h"
#include "base/list.h"

struct entry {
    struct hash_node by_ckaid;
    struct private_key *key;
    char *origin;
};

struct private_keys {
    struct hash_table by_ckaid;
};

struct private_keys *private_keys_new(void)
{
    struct private_keys *keys = calloc(1, sizeof(*keys));
    if (keys != NULL && !hash_table_init(&keys->by_ckaid)) {
        free(keys);
        return NULL;
    }
    return keys;
}

static void free_entry(struct hash_node *node, void *context)
{
    struct private_keys *keys = context;
    struct entry *entry = CONTAINER_OF(node, struct entry, by_ckaid);
    hash_table_remove(&keys->by_ckaid, node);
    private_key_free(entry->key);
    free(entry->origin);
    free(entry);
}

void private_keys_free(struct private_keys *keys)
{
    if (keys == NULL)
        return;
    hash_table_each(&keys->by_ckaid, free_entry, keys);
    hash_table_free(&keys->by_ckaid);
    free(keys);
}

/* A CKAID is a hash already, of keys that are our own. */
static uint64_t hash_of(const uint8_t ckaid[static CKAID_SIZE])
{
    return load_be64(ckaid);
}

static const struct entry *find(const struct private_keys *keys, const uint8_t ckaid[static CKAID_SIZE])
{
    const struct hash_node *node = keys != NULL ? hash_table_find(&keys->by_ckaid, hash_of(ckaid)) : NULL;
    for (; node != NULL; node = hash_node_next(node)) {
        const struct entry *entry = CONTAINER_OF(node, const struct entry, by_ckaid);
        if (memcmp(entry->key->public_key->ckaid, ckaid, CKAID_SIZE) == 0)
            return entry;
    }
    return NULL;
}

bool private_keys_add(struct private_keys *keys, struct private_key *key, const char *origin)
{
    if (find(keys, key->public_key->ckaid) != NULL) {
        private_key_free(key);
        return true;
    }
    struct entry *entry = calloc(1, sizeof(*entry));
    char *copy = strdup(origin);
    if (entry == NULL || copy == NULL) {
        free(entry);
        free(copy);
        private_key_free(key);
        return false;
    }
    entry->key = key;
    entry->origin = copy;
    if (hash_table_insert(&keys->by_ckaid, &entry->by_ckaid, hash_of(key->public_key->ckaid)))
        return true;
    private_key_free(key);
    free(copy);
    free(entry);
    return false;
}

size_t private_keys_count(const struct private_keys *keys)
{
    return keys != NULL ? keys->by_ckaid.entry_count : 0;
}

const struct private_key *private_keys_find(const struct private_keys *keys,
                                            const uint8_t ckaid[static CKAID_SIZE])
{
    const struct entry *entry = find(keys, ckaid);
    return entry != NULL ? entry->key : NULL;
}

const char *private_keys_origin(const struct private_keys *keys, const uint8_t ckaid[static CKAID_SIZE])
{
    const struct entry *entry = find(keys, ckaid);
    return entry != NULL ? entry->origin : NULL;
}
