/* Pools of addresses: which connections share them, and that no two overlap. */
#include "engine/address_pool.h"

static struct address_pool *pool_of_node(struct range_node *node)
{
    return node != NULL ? CONTAINER_OF(node, struct address_pool, by_range) : NULL;
}

static bool is_same(const struct address_pool *pool, const struct pool_range *range)
{
    return address_equal(&pool->by_range.range.start, &range->range.start) &&
           address_equal(&pool->by_range.range.end, &range->range.end) &&
           pool->lease_length == range->lease_length;
}

struct address_pool *address_pool_find(const struct engine *engine, const struct pool_range *range)
{
    struct address_pool *pool = pool_of_node(range_map_overlapping(&engine->pool_ranges, &range->range));
    return pool != NULL && is_same(pool, range) ? pool : NULL;
}

static void check_range(const struct engine *engine, const struct pool_range *range,
                        const struct connection_spec *old, const struct address_pool **ret_rival)
{
    const struct address_pool *pool =
        pool_of_node(range_map_overlapping(&engine->pool_ranges, &range->range));
    *ret_rival = NULL;
    if (pool == NULL || is_same(pool, range))
        return;
    const struct end_spec *ends[] = {old ? &old->left : NULL, old ? &old->right : NULL};
    for (size_t e = 0; e < ARRAY_SIZE(ends) && old != NULL; e++)
        for (size_t i = 0; i < ends[e]->pool_count; i++)
            if (is_same(pool, &ends[e]->pools[i]) && pool->users == 1)
                return;
    *ret_rival = pool;
}

bool address_pools_check(const struct engine *engine, const struct connection_spec *spec,
                         const struct connection_spec *old, struct error *error)
{
    const struct end_spec *ends[] = {&spec->left, &spec->right};
    for (size_t e = 0; e < ARRAY_SIZE(ends); e++) {
        for (size_t i = 0; i < ends[e]->pool_count; i++) {
            const struct pool_range *range = &ends[e]->pools[i];
            const struct address_pool *rival;
            char ours[RANGE_TEXT_SIZE], theirs[RANGE_TEXT_SIZE];
            check_range(engine, range, old, &rival);
            if (rival != NULL)
                return error_set(error, 0,
                                 "%saddresspool=%s overlaps the pool %s of another connection; name the same "
                                 "range, or one that does not overlap it",
                                 e == 0 ? "left" : "right", range_text(&range->range, ours),
                                 range_text(&rival->by_range.range, theirs));
        }
    }
    return true;
}

static struct address_pool *pool_new(struct engine *engine, const struct pool_range *range)
{
    struct address_pool *pool = engine_allocate(engine, sizeof(*pool), NULL);
    if (pool == NULL)
        return NULL;
    if (!hash_table_init(&pool->by_index) || !hash_table_init(&pool->by_holder)) {
        hash_table_free(&pool->by_index);
        engine_deallocate(engine, pool, sizeof(*pool), NULL);
        return NULL;
    }
    uint64_t last = lease_distance(&range->range.start, &range->range.end, range->lease_length);
    struct bytes part = bytes_of(&range->range, sizeof(range->range));
    pool->by_range.range = range->range;
    pool->by_range.priority = engine_hash(engine, &part, 1);
    pool->lease_length = range->lease_length;
    pool->size = last == UINT64_MAX ? last : last + 1;
    pool->serial = ++engine->last_pool_serial;
    list_init(&pool->lingering);
    list_append(&engine->pools, &pool->all);
    hash_table_insert(&engine->pools_by_serial, &pool->by_serial, pool->serial);
    range_map_insert(&engine->pool_ranges, &pool->by_range);
    return pool;
}

void address_pool_free(struct engine *engine, struct address_pool *pool)
{
    LIST_EACH(&pool->lingering, node)
    address_lease_free(engine, CONTAINER_OF(node, struct address_lease, lingering));
    hash_table_free(&pool->by_index);
    hash_table_free(&pool->by_holder);
    list_remove(&pool->all);
    hash_table_remove(&engine->pools_by_serial, &pool->by_serial);
    engine_deallocate(engine, pool, sizeof(*pool), NULL);
}

static void leave(struct engine *engine, struct address_pool *pool)
{
    if (pool == NULL || --pool->users > 0)
        return;
    range_map_remove(&engine->pool_ranges, &pool->by_range);
    if (pool->in_use == 0) /* else the last lease takes it along */
        address_pool_free(engine, pool);
}

static bool use_ranges(struct engine *engine, const struct end_spec *end)
{
    for (size_t i = 0; i < end->pool_count; i++) {
        struct address_pool *pool = address_pool_find(engine, &end->pools[i]);
        if (pool == NULL && range_map_overlapping(&engine->pool_ranges, &end->pools[i].range) == NULL)
            pool = pool_new(engine, &end->pools[i]);
        if (pool == NULL) {
            while (i-- > 0)
                leave(engine, address_pool_find(engine, &end->pools[i]));
            return false;
        }
        pool->users++;
    }
    return true;
}

static void leave_ranges(struct engine *engine, const struct end_spec *end)
{
    for (size_t i = 0; i < end->pool_count; i++)
        leave(engine, address_pool_find(engine, &end->pools[i]));
}

bool address_pools_use(struct engine *engine, const struct connection_spec *spec)
{
    if (!use_ranges(engine, &spec->left))
        return false;
    if (use_ranges(engine, &spec->right))
        return true;
    leave_ranges(engine, &spec->left);
    return false;
}

void address_pools_leave(struct engine *engine, const struct connection_spec *spec)
{
    leave_ranges(engine, &spec->left);
    leave_ranges(engine, &spec->right);
}

void address_pools_init(struct engine *engine)
{
    list_init(&engine->pools);
    list_init(&engine->leases);
}

static void free_used(struct hash_node *node, void *context)
{
    address_lease_free(context, CONTAINER_OF(node, struct address_lease, by_index));
}

void address_pools_free(struct engine *engine)
{
    LIST_EACH(&engine->pools, node)
    {
        struct address_pool *pool = CONTAINER_OF(node, struct address_pool, all);
        hash_table_each(&pool->by_index, free_used, engine);
        address_pool_free(engine, pool);
    }
}
