/* Source addresses and who names them: see route_source.h. */
#include "kernel/route_source.h"

#include <stdlib.h>

#include "base/list.h"

struct source {
    struct hash_node node;
    struct ip_address address;
    unsigned users;
    bool is_ours;
};

static uint64_t hash_of(const struct ip_address *address)
{
    static const uint8_t key[16]; /* nothing here is chosen by a peer */
    return hash_bytes(key, bytes_of(address->bytes, address_size(address)));
}

static struct source *find(const struct route_sources *sources, const struct ip_address *address)
{
    struct hash_node *node = hash_table_find(&sources->by_address, hash_of(address));
    for (; node != NULL; node = hash_node_next(node)) {
        struct source *source = CONTAINER_OF(node, struct source, node);
        if (address_equal(&source->address, address))
            return source;
    }
    return NULL;
}

bool route_sources_init(struct route_sources *sources)
{
    return hash_table_init(&sources->by_address);
}

bool route_sources_use(struct route_sources *sources, const struct ip_address *address)
{
    if (!address_is_set(address))
        return true;
    struct source *source = find(sources, address);
    if (source == NULL) {
        source = calloc(1, sizeof(*source));
        if (source == NULL || !hash_table_insert(&sources->by_address, &source->node, hash_of(address))) {
            free(source);
            return false;
        }
        source->address = *address;
    }
    source->users++;
    return true;
}

bool route_sources_has(const struct route_sources *sources, const struct ip_address *address)
{
    return address_is_set(address) && find(sources, address) != NULL;
}

void route_sources_note_ours(struct route_sources *sources, const struct ip_address *address)
{
    struct source *source = find(sources, address);
    if (source != NULL)
        source->is_ours = true;
}

bool route_sources_release(struct route_sources *sources, const struct ip_address *address)
{
    struct source *source = address_is_set(address) ? find(sources, address) : NULL;
    if (source == NULL || --source->users > 0)
        return false;
    bool is_ours = source->is_ours;
    hash_table_remove(&sources->by_address, &source->node);
    free(source);
    return is_ours;
}

struct removal {
    void (*remove)(const struct ip_address *address, void *context);
    void *context;
};

static void free_source(struct hash_node *node, void *context)
{
    const struct removal *removal = context;
    struct source *source = CONTAINER_OF(node, struct source, node);
    if (source->is_ours && removal->remove != NULL)
        removal->remove(&source->address, removal->context);
    free(source);
}

void route_sources_free(struct route_sources *sources,
                        void (*remove)(const struct ip_address *address, void *context), void *context)
{
    struct removal removal = {remove, context};
    hash_table_each(&sources->by_address, free_source, &removal);
    hash_table_free(&sources->by_address);
}
