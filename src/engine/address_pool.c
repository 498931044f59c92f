/* Pools of addresses and their leases. */
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

static struct address_pool *find(const struct engine *engine, const struct pool_range *range)
{
    struct address_pool *pool = pool_of_node(range_map_overlapping(&engine->pool_ranges, &range->range));
    return pool != NULL && is_same(pool, range) ? pool : NULL;
}

/* ---- the numbers of leases ---- */

/* How far apart two addresses of a family are, in leases; UINT64_MAX: farther than can be counted. */
static uint64_t distance(const struct ip_address *from, const struct ip_address *to, uint8_t lease_length)
{
    unsigned bits = (unsigned)address_size(from) * 8, shift = bits - lease_length;
    unsigned __int128 a = 0, b = 0;
    for (size_t i = 0; i < bits / 8; i++) {
        a = a << 8 | from->bytes[i];
        b = b << 8 | to->bytes[i];
    }
    unsigned __int128 difference = shift < 128 ? (b - a) >> shift : 0;
    return difference > UINT64_MAX ? UINT64_MAX : (uint64_t)difference;
}

static struct ip_address address_at(const struct address_pool *pool, uint64_t index)
{
    struct ip_address address = pool->by_range.range.start;
    size_t size = address_size(&address);
    unsigned __int128 value = 0;
    for (size_t i = 0; i < size; i++)
        value = value << 8 | address.bytes[i];
    value += (unsigned __int128)index << (size * 8 - pool->lease_length);
    for (size_t i = size; i-- > 0; value >>= 8)
        address.bytes[i] = (uint8_t)value;
    return address;
}

struct ip_prefix address_lease_prefix(const struct address_lease *lease)
{
    return (struct ip_prefix){address_at(lease->pool, lease->index), lease->pool->lease_length};
}

/* ---- pools ---- */

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
    uint64_t last = distance(&range->range.start, &range->range.end, range->lease_length);
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

static void lease_free(struct engine *engine, struct address_lease *lease)
{
    struct address_pool *pool = lease->pool;
    hash_table_remove(&pool->by_index, &lease->by_index);
    hash_table_remove(&pool->by_holder, &lease->by_holder);
    hash_table_remove(&engine->leases_by_serial, &lease->by_serial);
    list_remove(&lease->all);
    if (lease->users == 0)
        pool->lingering_count--;
    list_remove(&lease->lingering);
    owned_clear(engine, NULL, &lease->holder);
    engine_deallocate(engine, lease, sizeof(*lease), NULL);
}

static void pool_free(struct engine *engine, struct address_pool *pool)
{
    LIST_EACH(&pool->lingering, node)
    lease_free(engine, CONTAINER_OF(node, struct address_lease, lingering));
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
        pool_free(engine, pool);
}

static bool use_ranges(struct engine *engine, const struct end_spec *end)
{
    for (size_t i = 0; i < end->pool_count; i++) {
        struct address_pool *pool = find(engine, &end->pools[i]);
        if (pool == NULL && range_map_overlapping(&engine->pool_ranges, &end->pools[i].range) == NULL)
            pool = pool_new(engine, &end->pools[i]);
        if (pool == NULL) {
            while (i-- > 0)
                leave(engine, find(engine, &end->pools[i]));
            return false;
        }
        pool->users++;
    }
    return true;
}

static void leave_ranges(struct engine *engine, const struct end_spec *end)
{
    for (size_t i = 0; i < end->pool_count; i++)
        leave(engine, find(engine, &end->pools[i]));
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
    lease_free(context, CONTAINER_OF(node, struct address_lease, by_index));
}

void address_pools_free(struct engine *engine)
{
    LIST_EACH(&engine->pools, node)
    {
        struct address_pool *pool = CONTAINER_OF(node, struct address_pool, all);
        hash_table_each(&pool->by_index, free_used, engine);
        pool_free(engine, pool);
    }
}

/* ---- leases ---- */

static uint64_t hash_index(const struct engine *engine, uint64_t index)
{
    struct bytes part = bytes_of(&index, sizeof(index));
    return engine_hash(engine, &part, 1);
}

static struct address_lease *lease_at(const struct engine *engine, const struct address_pool *pool,
                                      uint64_t index)
{
    struct hash_node *node = hash_table_find(&pool->by_index, hash_index(engine, index));
    for (; node != NULL; node = hash_node_next(node)) {
        struct address_lease *lease = CONTAINER_OF(node, struct address_lease, by_index);
        if (lease->index == index)
            return lease;
    }
    return NULL;
}

static bool is_held_by(const struct address_lease *lease, struct bytes holder)
{
    return holder.size > 0 && lease->holder.size == holder.size &&
           memcmp(lease->holder.data, holder.data, holder.size) == 0;
}

/* What this holder had, or has and may share. A holder without sharing may have many: only so many are
 * looked at. */
static struct address_lease *lease_of_holder(const struct engine *engine, const struct address_pool *pool,
                                             const struct lease_request *request)
{
    enum { LOOKED_AT = 16 };
    if (request->holder.size == 0)
        return NULL;
    struct hash_node *node = hash_table_find(&pool->by_holder, engine_hash(engine, &request->holder, 1));
    for (unsigned i = 0; node != NULL && i < LOOKED_AT; node = hash_node_next(node), i++) {
        struct address_lease *lease = CONTAINER_OF(node, struct address_lease, by_holder);
        if (is_held_by(lease, request->holder) && (lease->users == 0 || request->is_shared))
            return lease;
    }
    return NULL;
}

static struct address_lease *lease_new(struct engine *engine, struct address_pool *pool, uint64_t index)
{
    struct address_lease *lease = engine_allocate(engine, sizeof(*lease), NULL);
    if (lease == NULL)
        return NULL;
    lease->pool = pool;
    lease->index = index;
    list_init(&lease->lingering);
    list_append(&pool->lingering, &lease->lingering);
    pool->lingering_count++;
    hash_table_insert(&pool->by_index, &lease->by_index, hash_index(engine, index));
    lease->serial = ++engine->last_pool_serial;
    hash_table_insert(&engine->leases_by_serial, &lease->by_serial, lease->serial);
    list_append(&engine->leases, &lease->all);
    return lease;
}

/* The address that it asks for, if nobody has had it; what is its alone if nobody has it now, or itself. */
static struct address_lease *lease_asked_for(struct engine *engine, struct address_pool *pool,
                                             const struct lease_request *request)
{
    const struct ip_prefix *asked = request->asked;
    struct ip_range one;
    if (asked == NULL || asked->address.family != pool->by_range.range.start.family)
        return NULL;
    one = (struct ip_range){asked->address, asked->address};
    if (!range_contains(&pool->by_range.range, &one))
        return NULL;
    uint64_t index = distance(&pool->by_range.range.start, &asked->address, pool->lease_length);
    struct address_lease *had = lease_at(engine, pool, index);
    if (had == NULL)
        return lease_new(engine, pool, index);
    bool is_own = is_held_by(had, request->holder);
    bool may_share = is_own && (had->users == 0 || request->is_shared);
    return may_share || (request->takes_only_asked && (had->users == 0 || is_own)) ? had : NULL;
}

static struct address_lease *lease_fresh(struct engine *engine, struct address_pool *pool)
{
    while (pool->next_index < pool->size) {
        uint64_t index = pool->next_index++;
        if (lease_at(engine, pool, index) == NULL)
            return lease_new(engine, pool, index);
    }
    return NULL;
}

/* From who gave it back longest ago. */
static struct address_lease *lease_forgotten(const struct address_pool *pool)
{
    const struct list_node *oldest = pool->lingering.next;
    return oldest != &pool->lingering ? CONTAINER_OF(oldest, struct address_lease, lingering) : NULL;
}

static void take_over(struct engine *engine, struct address_lease *lease, struct bytes holder)
{
    if (is_held_by(lease, holder) || (holder.size == 0 && lease->holder.size == 0))
        return;
    hash_table_remove(&lease->pool->by_holder, &lease->by_holder);
    owned_clear(engine, NULL, &lease->holder);
    if (holder.size > 0 && owned_set(engine, NULL, &lease->holder, holder))
        hash_table_insert(&lease->pool->by_holder, &lease->by_holder, engine_hash(engine, &holder, 1));
}

struct address_lease *address_pool_lease(struct engine *engine, const struct pool_range *range,
                                         const struct lease_request *request)
{
    struct address_pool *pool = find(engine, range);
    if (pool == NULL)
        return NULL;
    struct address_lease *lease = request->takes_only_asked ? NULL : lease_of_holder(engine, pool, request);
    bool may_be_new = pool->lingering_count < LINGERING_LEASES_MAX;
    if (lease == NULL && (may_be_new || request->takes_only_asked))
        lease = lease_asked_for(engine, pool, request);
    if (lease == NULL && request->takes_only_asked)
        return NULL;
    if (lease == NULL && may_be_new)
        lease = lease_fresh(engine, pool);
    if (lease == NULL)
        lease = lease_forgotten(pool);
    if (lease == NULL)
        return NULL;
    if (lease->users++ == 0) {
        list_remove(&lease->lingering);
        pool->lingering_count--;
        pool->in_use++;
    }
    take_over(engine, lease, request->holder);
    return lease;
}

void address_lease_release(struct engine *engine, struct address_lease *lease)
{
    struct address_pool *pool = lease->pool;
    if (--lease->users > 0)
        return;
    pool->in_use--;
    pool->lingering_count++;
    list_append(&pool->lingering, &lease->lingering);
    if (pool->users == 0 && pool->in_use == 0)
        pool_free(engine, pool);
}

/* ---- views ---- */

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
