/* Routes and who wants them: see shared_routes.h. */
#include "kernel/shared_routes.h"

#include <errno.h>
#include <stdlib.h>

/* Of the last choice; to the kernel two routes that differ in nothing else are two. */
#define BARRIER_METRIC UINT32_MAX

struct shared_route {
    struct hash_node node;
    struct netlink_route installed; /* its destination is what it is found by */
    bool is_installed;
    struct list_node uses; /* the latest last */
};

bool shared_routes_init(struct shared_routes *routes)
{
    return hash_table_init(&routes->by_destination) && route_sources_init(&routes->sources);
}

static uint64_t hash_of(const struct ip_prefix *prefix)
{
    static const uint8_t key[16]; /* nothing here is chosen by a peer */
    return hash_bytes(key, bytes_of(prefix, sizeof(*prefix)));
}

static struct shared_route *find(const struct shared_routes *routes, const struct ip_prefix *destination)
{
    struct hash_node *node = hash_table_find(&routes->by_destination, hash_of(destination));
    for (; node != NULL; node = hash_node_next(node)) {
        struct shared_route *route = CONTAINER_OF(node, struct shared_route, node);
        if (memcmp(&route->installed.destination, destination, sizeof(*destination)) == 0)
            return route;
    }
    return NULL;
}

static bool is_default(const struct ip_prefix *destination)
{
    return destination->length == 0;
}

/* NULL with an errno value. */
static struct shared_route *make(struct shared_routes *routes, const struct ip_prefix *destination,
                                 int *ret_failure)
{
    struct shared_route *route = calloc(1, sizeof(*route));
    *ret_failure = ENOMEM;
    if (route == NULL)
        return NULL;
    list_init(&route->uses);
    route->installed.destination = *destination;
    if (!hash_table_insert(&routes->by_destination, &route->node, hash_of(destination))) {
        free(route);
        return NULL;
    }
    *ret_failure =
        is_default(destination) ? route_rules_use_default(routes->rules, destination->address.family) : 0;
    if (*ret_failure == 0)
        return route;
    hash_table_remove(&routes->by_destination, &route->node);
    free(route);
    return NULL;
}

/* A source address that the host does not have yet is given to the holder; not so if that was not what the
 * kernel missed. */
static int install_as(struct shared_routes *routes, const struct netlink_route *wanted)
{
    int failure = netlink_route_replace(routes->netlink, wanted);
    if (failure != EINVAL || !address_is_set(&wanted->source) ||
        netlink_address_add(routes->netlink, routes->source_holder, &wanted->source) != 0)
        return failure;
    failure = netlink_route_replace(routes->netlink, wanted);
    if (failure == 0)
        route_sources_note_ours(&routes->sources, &wanted->source);
    else
        (void)netlink_address_delete(routes->netlink, routes->source_holder, &wanted->source);
    return failure;
}

/* The least wanted route to the destination: it counts when no other is left. */
static struct netlink_route barrier_of(const struct shared_route *route)
{
    return (struct netlink_route){.destination = route->installed.destination,
                                  .table = route->installed.table,
                                  .metric = BARRIER_METRIC,
                                  .is_unreachable = true};
}

static int put_barrier(struct shared_routes *routes, const struct shared_route *route)
{
    struct netlink_route barrier = barrier_of(route);
    return routes->has_barriers ? netlink_route_replace(routes->netlink, &barrier) : 0;
}

static void take_barrier(struct shared_routes *routes, const struct shared_route *route)
{
    struct netlink_route barrier = barrier_of(route);
    if (routes->has_barriers)
        (void)netlink_route_delete(routes->netlink, &barrier);
}

/* Makes the kernel's route what the latest user wants. One with another metric is another route to the
 * kernel: the former goes when the new one is there. */
static int install(struct shared_routes *routes, struct shared_route *route)
{
    const struct route_use *latest = CONTAINER_OF(route->uses.prev, struct route_use, of_route);
    struct netlink_route former = route->installed;
    int failure = install_as(routes, &latest->wanted);
    if (failure != 0)
        return failure;
    if (route->is_installed && former.metric != latest->wanted.metric)
        (void)netlink_route_delete(routes->netlink, &former);
    bool is_first = !route->is_installed;
    route->installed = latest->wanted;
    route->is_installed = true;
    return is_first ? put_barrier(routes, route) : 0;
}

int shared_routes_use(struct shared_routes *routes, struct route_use *use)
{
    const struct ip_prefix *destination = &use->wanted.destination;
    int failure = 0;
    if (routes->has_barriers && use->wanted.metric >= BARRIER_METRIC)
        use->wanted.metric = BARRIER_METRIC - 1;
    use->wanted.table = route_rules_table(routes->rules, destination);
    use->route = find(routes, destination);
    if (use->route == NULL)
        use->route = make(routes, destination, &failure);
    if (use->route == NULL)
        return failure;
    list_append(&use->route->uses, &use->of_route);
    return install(routes, use->route);
}

static void forget(struct shared_routes *routes, struct shared_route *route)
{
    const struct ip_prefix *destination = &route->installed.destination;
    if (route->is_installed) {
        (void)netlink_route_delete(routes->netlink, &route->installed);
        take_barrier(routes, route);
    }
    if (is_default(destination))
        route_rules_release_default(routes->rules, destination->address.family);
    hash_table_remove(&routes->by_destination, &route->node);
    free(route);
}

void shared_routes_release(struct shared_routes *routes, struct route_use *use)
{
    struct shared_route *route = use->route;
    if (route == NULL)
        return;
    bool was_latest = route->uses.prev == &use->of_route;
    list_remove(&use->of_route);
    use->route = NULL;
    if (list_is_empty(&route->uses))
        forget(routes, route);
    else if (was_latest)
        (void)install(routes, route);
}

struct restoration {
    struct shared_routes *routes;
    const struct ip_address *source; /* NULL: of any */
};

/* An address that was the host's own, not one that a policy names, is not ours to give back: without it the
 * kernel chooses. It is remembered, for it may come again. */
static void restore(struct hash_node *node, void *context)
{
    const struct restoration *restoration = context;
    struct shared_routes *routes = restoration->routes;
    struct shared_route *route = CONTAINER_OF(node, struct shared_route, node);
    struct netlink_route wanted = route->installed;
    if (!route->is_installed) { /* it was refused, maybe because the device was not there */
        if (restoration->source == NULL)
            (void)install(routes, route);
        return;
    }
    if (restoration->source != NULL && !address_equal(restoration->source, &wanted.source))
        return;
    if (route_sources_has(&routes->sources, &wanted.source)) {
        (void)install_as(routes, &wanted);
    } else if (netlink_route_replace(routes->netlink, &wanted) == EINVAL) {
        wanted.source = (struct ip_address){0};
        (void)netlink_route_replace(routes->netlink, &wanted);
    }
    (void)put_barrier(routes, route);
}

void shared_routes_restore(struct shared_routes *routes, const struct ip_address *source)
{
    struct restoration restoration = {routes, source};
    hash_table_each(&routes->by_destination, restore, &restoration);
}

bool shared_routes_use_source(struct shared_routes *routes, const struct ip_address *source)
{
    return route_sources_use(&routes->sources, source);
}

void shared_routes_release_source(struct shared_routes *routes, const struct ip_address *source)
{
    if (route_sources_release(&routes->sources, source))
        (void)netlink_address_delete(routes->netlink, routes->source_holder, source);
}

static void free_route(struct hash_node *node, void *context)
{
    (void)context;
    free(CONTAINER_OF(node, struct shared_route, node));
}

static void remove_source(const struct ip_address *address, void *context)
{
    struct shared_routes *routes = context;
    (void)netlink_address_delete(routes->netlink, routes->source_holder, address);
}

void shared_routes_free(struct shared_routes *routes, bool removes_sources)
{
    hash_table_each(&routes->by_destination, free_route, NULL);
    hash_table_free(&routes->by_destination);
    route_sources_free(&routes->sources, removes_sources ? remove_source : NULL, routes);
}
