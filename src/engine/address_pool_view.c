/* Pools and leases as status sees them: view.h. */
#include "engine/address_pool.h"
#include "engine/view.h"

/* By its serial; where that is gone meanwhile, by looking. */
static const struct list_node *pool_behind(const struct engine *engine, uint64_t after)
{
    const struct hash_node *node = hash_table_find(&engine->pools_by_serial, after);
    if (node != NULL)
        return CONTAINER_OF(node, const struct address_pool, by_serial)->all.next;
    const struct list_node *at = engine->pools.next;
    while (at != &engine->pools && CONTAINER_OF(at, const struct address_pool, all)->serial <= after)
        at = at->next;
    return at;
}

static const struct list_node *lease_behind(const struct engine *engine, uint64_t after)
{
    const struct hash_node *node = hash_table_find(&engine->leases_by_serial, after);
    if (node != NULL)
        return CONTAINER_OF(node, const struct address_lease, by_serial)->all.next;
    const struct list_node *at = engine->leases.next;
    while (at != &engine->leases && CONTAINER_OF(at, const struct address_lease, all)->serial <= after)
        at = at->next;
    return at;
}

bool engine_view_pool(const struct engine *engine, uint64_t after, struct pool_view *out)
{
    const struct list_node *node = pool_behind(engine, after);
    if (node == &engine->pools)
        return false;
    const struct address_pool *pool = CONTAINER_OF(node, const struct address_pool, all);
    *out = (struct pool_view){
        .serial = pool->serial,
        .range = pool->by_range.range,
        .lease_length = pool->lease_length,
        .size = pool->size,
        .in_use = pool->in_use,
        .lingering = pool->lingering_count,
        .connections = pool->users,
    };
    return true;
}

bool engine_view_lease(const struct engine *engine, uint64_t after, struct lease_view *out)
{
    const struct list_node *node = lease_behind(engine, after);
    if (node == &engine->leases)
        return false;
    const struct address_lease *lease = CONTAINER_OF(node, const struct address_lease, all);
    *out = (struct lease_view){
        .serial = lease->serial,
        .pool_serial = lease->pool->serial,
        .address = address_lease_prefix(lease),
        .users = lease->users,
        .holder = owned_bytes(&lease->holder),
    };
    return true;
}
