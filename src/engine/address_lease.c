/* The leases of a pool: which address a holder gets. */
#include "engine/address_pool.h"

/* ---- the numbers of leases ---- */

uint64_t lease_distance(const struct ip_address *from, const struct ip_address *to, uint8_t lease_length)
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

void address_lease_free(struct engine *engine, struct address_lease *lease)
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
    uint64_t index = lease_distance(&pool->by_range.range.start, &asked->address, pool->lease_length);
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
    struct address_pool *pool = address_pool_find(engine, range);
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
        address_pool_free(engine, pool);
}
