/*
 * The routes of one router. Several policies may want one to the same destination: the latest of those that
 * are left decides what it is like. Beneath a route into a device stands a barrier, one that leads nowhere:
 * when the device goes, and the kernel takes its routes away, nothing leaves in clear.
 */
#ifndef STYX_KERNEL_SHARED_ROUTES_H
#define STYX_KERNEL_SHARED_ROUTES_H

#include "base/hash_table.h"
#include "base/list.h"
#include "kernel/route_rules.h"
#include "kernel/route_source.h"

struct shared_routes {
    struct netlink *netlink;
    struct route_rules *rules;
    struct route_sources sources;
    int source_holder; /* gets the source addresses that the host does not have */
    bool has_barriers;
    struct hash_table by_destination;
};

/* One policy's wish for one destination; the caller's memory, zeroed but for `wanted` (not its table). */
struct route_use {
    struct netlink_route wanted;
    struct list_node of_route;
    struct shared_route *route; /* NULL: it has none */
};

bool shared_routes_init(struct shared_routes *routes);
/* Frees what is still there; the routes in the kernel stay. Takes the source addresses away again, if asked.
 */
void shared_routes_free(struct shared_routes *routes, bool removes_sources);

/* 0, or an errno value; either way it is to be released. */
int shared_routes_use(struct shared_routes *routes, struct route_use *use);
/* Nothing, if it was never used. */
void shared_routes_release(struct shared_routes *routes, struct route_use *use);

/* Somebody may have taken routes or source addresses away: makes all routes anew, or those with the source.
 */
void shared_routes_restore(struct shared_routes *routes, const struct ip_address *source);

/* sourceip= of one policy, counted apart from its routes. False: out of memory. */
bool shared_routes_use_source(struct shared_routes *routes, const struct ip_address *source);
void shared_routes_release_source(struct shared_routes *routes, const struct ip_address *source);

#endif
