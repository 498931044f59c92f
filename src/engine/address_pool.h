/*
 * Pools of addresses for road warriors: leftaddresspool= and rightaddresspool= of ipsec.conf(5). Connections
 * that name the same range share one pool; different ones may not overlap. A lease remembers its holder after
 * it was given back, so that who returns gets the address again while nobody else needs it. Leasing and
 * giving back cost the same however many leases there are.
 */
#ifndef STYX_ENGINE_ADDRESS_POOL_H
#define STYX_ENGINE_ADDRESS_POOL_H

#include "base/range_map.h"
#include "engine/state.h"

/* Holders of addresses that nobody uses that a pool remembers; then the oldest is forgotten. */
enum { LINGERING_LEASES_MAX = 1 << 17 };

struct address_pool {
    struct range_node by_range;
    struct hash_node by_serial;
    struct list_node all;
    uint64_t serial;
    uint8_t lease_length; /* of the prefix that one lease is: 32, 128 or shorter */
    uint64_t size;        /* leases that there can be */
    uint64_t next_index;  /* those from here on were never leased, but for those that were asked for */
    unsigned users;       /* connections with this pool; instances not counted */
    struct hash_table by_index, by_holder;
    struct list_node lingering; /* struct address_lease.lingering, the oldest first */
    uint64_t lingering_count, in_use;
};

struct address_lease {
    struct hash_node by_index, by_holder, by_serial;
    struct list_node all; /* of the engine, in the order of serials */
    struct list_node lingering;
    uint64_t serial;
    struct address_pool *pool;
    uint64_t index;
    unsigned users; /* 0: it lingers */
    struct owned holder;
};

/* Who leases, and how. */
struct lease_request {
    struct bytes holder;           /* names it; empty: nobody that could come again */
    bool is_shared;                /* what this holder has already serves it here too */
    const struct ip_prefix *asked; /* that it would like to have; NULL: any */
    bool takes_only_asked;         /* which nobody may use; who merely had it gives it up */
};

/* Whether the pools of a connection can be had: no other range overlaps them. `old` goes before (NULL: none).
 */
bool address_pools_check(const struct engine *engine, const struct connection_spec *spec,
                         const struct connection_spec *old, struct error *error);
/* A connection, not an instance, begins and ends to use the pools of both its ends. */
bool address_pools_use(struct engine *engine, const struct connection_spec *spec);
void address_pools_leave(struct engine *engine, const struct connection_spec *spec);

/* NULL: the pool is exhausted, or memory. */
struct address_lease *address_pool_lease(struct engine *engine, const struct pool_range *range,
                                         const struct lease_request *request);
/* One of its users has gone. */
void address_lease_release(struct engine *engine, struct address_lease *lease);
struct ip_prefix address_lease_prefix(const struct address_lease *lease);

void address_pools_init(struct engine *engine);
/* With all leases, whoever has them. */
void address_pools_free(struct engine *engine);

/* ---- what address_pool.c and address_lease.c have of each other ---- */

/* NULL: no connection names it. */
struct address_pool *address_pool_find(const struct engine *engine, const struct pool_range *range);
void address_pool_free(struct engine *engine, struct address_pool *pool);
void address_lease_free(struct engine *engine, struct address_lease *lease);
/* How far apart two addresses of a family are, in leases; UINT64_MAX: farther than can be counted. */
uint64_t lease_distance(const struct ip_address *from, const struct ip_address *to, uint8_t lease_length);

#endif
