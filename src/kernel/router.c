/*
 * Routes for protected traffic. Two tables: the first is consulted before the host's own; the second, for
 * default routes, only after the host's more specific routes, so that a tunnel to everywhere does not cut off
 * the neighbours on the wire. It exists while a policy needs it.
 */
#include "kernel/router.h"

#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/hash_table.h"
#include "base/list.h"
#include "kernel/backend.h"
#include "kernel/host_addresses.h"
#include "kernel/route_netlink.h"
#include "kernel/route_plan.h"
#include "kernel/route_source.h"
#include "kernel/tunnel_interfaces.h"
#include "kernel/userspace_socket.h"
#include "kernel/userspace_tun.h"

enum { TABLE_BASE = 52000, PRIORITY_BASE = 5200, STALE_NUMBERS_CHECKED = 16, URGENT_WAIT_NSEC = 5000000 };

struct order {
    struct list_node node;
    bool is_delete;
    uint64_t request_id;
    uint64_t policy_id;
    struct ip_address sourceip;
    uint32_t mtu, metric;
    struct esp_sa *sa; /* until the mtu is found; a reference */
    bool udp_encapsulation;
    struct ip_address local_host, remote_host;
    struct tunnel_interface interface;
    int interface_index; /* where its routes lead, once that is known */
    struct ip_address gateway;
    struct selector local; /* the first local selector of each family would do; the first of all is used */
    size_t prefix_count;
    struct ip_prefix prefixes[];
};

/* What one policy has. */
struct claim {
    struct hash_node node;
    struct order *order;
};

/* One route of the host, shared by the policies that want it. */
struct route {
    struct hash_node node;
    struct netlink_route data;
    unsigned users;
};

struct router {
    struct event_queue *events;
    struct router_settings settings;
    struct netlink netlink;
    struct host_addresses addresses;
    struct route_sources sources;
    struct tunnel_interfaces tunnels;
    struct hash_table claims, routes;
    unsigned default_users[2]; /* default routes in use, IPv4 and IPv6 */
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t has_changed; /* orders, is_working or is_closing */
    struct list_node orders;
    bool is_working; /* somebody carries an order out: all above is theirs */
    bool is_closing;
};

static struct netlink_rule rule_of(unsigned number, enum ip_family family, unsigned step)
{
    return (struct netlink_rule){
        .kind = step == 1 ? RULE_MAIN_BUT_DEFAULT : RULE_UNMARKED,
        .family = family,
        .table = TABLE_BASE + number * 2 + (step == 2),
        .priority = PRIORITY_BASE + number * 3 + step,
        .mark = BACKEND_SOCKET_MARK,
    };
}

static void delete_rule(struct router *router, unsigned number, enum ip_family family, unsigned step)
{
    struct netlink_rule rule = rule_of(number, family, step);
    while (netlink_rule_delete(&router->netlink, &rule) == 0)
        ;
}

static void delete_rules(struct router *router, unsigned number)
{
    for (unsigned step = 0; step < 3; step++) {
        delete_rule(router, number, IP_V4, step);
        delete_rule(router, number, IP_V6, step);
    }
}

static bool is_of_device(const struct router *router)
{
    return router->settings.interface_index != 0;
}

static void flush_tables(struct router *router)
{
    for (unsigned table = 0; table < 2; table++) {
        netlink_table_flush(&router->netlink, IP_V4, TABLE_BASE + router->settings.number * 2 + table);
        netlink_table_flush(&router->netlink, IP_V6, TABLE_BASE + router->settings.number * 2 + table);
    }
}

/* The routes of a dead daemon went with its device, if they led into one; its rules stay. */
static void remove_leftovers(struct router *router)
{
    if (!is_of_device(router))
        flush_tables(router);
    for (unsigned number = 0; number < STALE_NUMBERS_CHECKED; number++) {
        char name[IF_NAMESIZE];
        snprintf(name, sizeof(name), "styx%u", number);
        if (number == router->settings.number || if_nametoindex(name) == 0)
            delete_rules(router, number);
    }
    if (router->settings.number >= STALE_NUMBERS_CHECKED)
        delete_rules(router, router->settings.number);
}

static bool add_rules(struct router *router, struct error *error)
{
    struct netlink_rule v4 = rule_of(router->settings.number, IP_V4, 0),
                        v6 = rule_of(router->settings.number, IP_V6, 0);
    int failure = netlink_rule_add(&router->netlink, &v4);
    if (failure != 0)
        return error_set(error, 0, "cannot add the routing rule of %s: %s", router->settings.name,
                         strerror(failure));
    (void)netlink_rule_add(&router->netlink, &v6); /* a host without IPv6 needs none */
    return true;
}

/* The rules around the table of default routes come and go with their first and last route. */
static int use_default_rules(struct router *router, enum ip_family family)
{
    if (router->default_users[family == IP_V6]++ > 0)
        return 0;
    struct netlink_rule main_table = rule_of(router->settings.number, family, 1);
    struct netlink_rule ours = rule_of(router->settings.number, family, 2);
    int failure = netlink_rule_add(&router->netlink, &main_table);
    return failure != 0 ? failure : netlink_rule_add(&router->netlink, &ours);
}

static void release_default_rules(struct router *router, enum ip_family family)
{
    if (--router->default_users[family == IP_V6] > 0)
        return;
    delete_rule(router, router->settings.number, family, 1);
    delete_rule(router, router->settings.number, family, 2);
}

static uint64_t hash_of(const void *data, size_t size)
{
    static const uint8_t key[16]; /* nothing here is chosen by a peer */
    return hash_bytes(key, bytes_of(data, size));
}

static struct route *find_route(const struct router *router, const struct ip_prefix *prefix)
{
    struct hash_node *node = hash_table_find(&router->routes, hash_of(prefix, sizeof(*prefix)));
    for (; node != NULL; node = hash_node_next(node)) {
        struct route *route = CONTAINER_OF(node, struct route, node);
        if (memcmp(&route->data.destination, prefix, sizeof(*prefix)) == 0)
            return route;
    }
    return NULL;
}

static struct route *new_route(struct router *router, const struct ip_prefix *prefix)
{
    struct route *route = calloc(1, sizeof(*route));
    if (route == NULL)
        return NULL;
    route->data.destination = *prefix;
    route->data.table = TABLE_BASE + router->settings.number * 2 + (prefix->length == 0);
    if (hash_table_insert(&router->routes, &route->node, hash_of(prefix, sizeof(*prefix))))
        return route;
    free(route);
    return NULL;
}

static int source_holder(const struct router *router)
{
    return is_of_device(router) ? router->settings.interface_index : (int)if_nametoindex("lo");
}

/* A source address that the host does not have yet is given to the device, or to the loopback one. */
static int install(struct router *router, struct route *route)
{
    int failure = netlink_route_replace(&router->netlink, &route->data);
    if (failure == EINVAL && address_is_set(&route->data.source) &&
        netlink_address_add(&router->netlink, source_holder(router), &route->data.source) == 0) {
        route_sources_note_ours(&router->sources, &route->data.source);
        failure = netlink_route_replace(&router->netlink, &route->data);
    }
    return failure;
}

static int add_one(struct router *router, const struct order *order, const struct ip_prefix *prefix,
                   const struct ip_address *source)
{
    struct route *route = find_route(router, prefix);
    if (route == NULL) {
        route = new_route(router, prefix);
        if (route == NULL)
            return ENOMEM;
        int failure = prefix->length == 0 ? use_default_rules(router, prefix->address.family) : 0;
        if (failure != 0)
            return failure;
    }
    route->users++;
    route->data.interface_index = order->interface_index;
    route->data.gateway = order->gateway;
    if (source->family == prefix->address.family)
        route->data.source = *source;
    route->data.mtu = order->mtu;
    route->data.metric = order->metric;
    return install(router, route);
}

static void remove_one(struct router *router, const struct ip_prefix *prefix)
{
    struct route *route = find_route(router, prefix);
    if (route == NULL || (route->users > 0 && --route->users > 0))
        return;
    (void)netlink_route_delete(&router->netlink, &route->data);
    if (prefix->length == 0)
        release_default_rules(router, prefix->address.family);
    hash_table_remove(&router->routes, &route->node);
    free(route);
}

static struct claim *find_claim(const struct router *router, uint64_t policy_id)
{
    struct hash_node *node = hash_table_find(&router->claims, hash_of(&policy_id, sizeof(policy_id)));
    for (; node != NULL; node = hash_node_next(node)) {
        struct claim *claim = CONTAINER_OF(node, struct claim, node);
        if (claim->order->policy_id == policy_id)
            return claim;
    }
    return NULL;
}

static void drop_claim(struct router *router, struct claim *claim)
{
    if (claim == NULL)
        return;
    for (size_t i = 0; i < claim->order->prefix_count; i++)
        remove_one(router, &claim->order->prefixes[i]);
    const struct ip_address *source = &claim->order->sourceip;
    if (route_sources_release(&router->sources, source))
        (void)netlink_address_delete(&router->netlink, source_holder(router), source);
    hash_table_remove(&router->claims, &claim->node);
    tunnel_interfaces_release(&router->tunnels, &router->netlink, &claim->order->interface);
    free(claim->order);
    free(claim);
}

static bool orders_are_same(const struct order *a, const struct order *b)
{
    return a->interface_index == b->interface_index && address_equal(&a->gateway, &b->gateway) &&
           a->mtu == b->mtu && a->metric == b->metric && a->prefix_count == b->prefix_count &&
           address_equal(&a->sourceip, &b->sourceip) && selector_equal(&a->local, &b->local) &&
           memcmp(a->prefixes, b->prefixes, a->prefix_count * sizeof(a->prefixes[0])) == 0;
}

/* What fits through the SA on the path as the kernel knows it now; 0: no need to say. */
static uint32_t mtu_through(const struct order *order)
{
    enum { IPV6_MINIMUM_MTU = 1280 };
    uint32_t path_mtu = socket_path_mtu(&order->local_host, &order->remote_host);
    uint32_t mtu = path_mtu != 0 ? (uint32_t)esp_inner_mtu(order->sa, path_mtu, order->remote_host.family,
                                                           order->udp_encapsulation)
                                 : 0;
    if (order->local.range.start.family == IP_V6 && mtu < IPV6_MINIMUM_MTU)
        return 0;
    return mtu < TUN_MTU ? mtu : 0;
}

static void free_order(struct order *order)
{
    if (order == NULL)
        return;
    esp_sa_unref(order->sa);
    free(order);
}

/* Finds out where the routes lead. 0, or an errno value. */
static int find_way(struct router *router, struct order *order)
{
    struct netlink_route way;
    order->interface_index = router->settings.interface_index;
    if (is_of_device(router))
        return 0;
    int failure = netlink_route_get(&router->netlink, &order->local_host, &order->remote_host,
                                    BACKEND_SOCKET_MARK, &way);
    order->interface_index = way.interface_index;
    order->gateway = way.gateway;
    if (failure != 0 || !order->interface.is_wanted)
        return failure;
    order->gateway = (struct ip_address){0};
    return tunnel_interfaces_use(&router->tunnels, &router->netlink, &order->interface, way.interface_index,
                                 &order->interface_index);
}

/* The routes are made before those of the policy's former version go, so that shared ones never vanish. */
static int carry_out_set(struct router *router, struct order *order)
{
    if (order->sa != NULL) {
        order->mtu = mtu_through(order);
        esp_sa_unref(order->sa);
        order->sa = NULL;
    }
    int failure = find_way(router, order);
    if (failure != 0) {
        free(order);
        return failure;
    }
    struct claim *old = find_claim(router, order->policy_id);
    if (old != NULL && orders_are_same(old->order, order)) {
        tunnel_interfaces_release(&router->tunnels, &router->netlink, &order->interface);
        free(order);
        return 0;
    }
    struct claim *claim = calloc(1, sizeof(*claim));
    if (claim == NULL || !route_sources_use(&router->sources, &order->sourceip) ||
        !hash_table_insert(&router->claims, &claim->node,
                           hash_of(&order->policy_id, sizeof(order->policy_id)))) {
        free(claim);
        tunnel_interfaces_release(&router->tunnels, &router->netlink, &order->interface);
        free(order);
        return ENOMEM;
    }
    claim->order = order;
    struct ip_address source = order->sourceip;
    if (!address_is_set(&source))
        source = host_addresses_find_inside(&router->addresses, &order->local);
    for (size_t i = 0; i < order->prefix_count; i++) {
        int result = add_one(router, order, &order->prefixes[i], &source);
        failure = failure != 0 ? failure : result;
    }
    drop_claim(router, old);
    return failure;
}

static void carry_out(struct router *router, struct order *order)
{
    char text[160];
    uint64_t request_id = order->request_id;
    int failure = 0;
    if (order->is_delete) {
        drop_claim(router, find_claim(router, order->policy_id));
        free(order);
    } else {
        failure = carry_out_set(router, order);
    }
    if (failure != 0)
        snprintf(text, sizeof(text), "cannot install a route for %s: %s", router->settings.name,
                 strerror(failure));
    event_queue_push_done(router->events, request_id, failure != 0 ? text : NULL);
}

/* With the lock held, which is given up meanwhile. */
static void carry_out_first(struct router *router)
{
    struct list_node *node = router->orders.next;
    list_remove(node);
    router->is_working = true;
    pthread_mutex_unlock(&router->lock);
    carry_out(router, CONTAINER_OF(node, struct order, node));
    pthread_mutex_lock(&router->lock);
    router->is_working = false;
    pthread_cond_broadcast(&router->has_changed);
}

static void *run(void *argument)
{
    struct router *router = argument;
    pthread_mutex_lock(&router->lock);
    while (!router->is_closing) {
        if (router->is_working || list_is_empty(&router->orders))
            pthread_cond_wait(&router->has_changed, &router->lock);
        else
            carry_out_first(router);
    }
    pthread_mutex_unlock(&router->lock);
    return NULL;
}

static bool give_order(struct router *router, struct order *order)
{
    pthread_mutex_lock(&router->lock);
    list_append(&router->orders, &order->node);
    pthread_cond_broadcast(&router->has_changed);
    pthread_mutex_unlock(&router->lock);
    return true;
}

/*
 * The first answer to a peer's packet must not leave in clear because its route is late: such an order is
 * carried out by whoever gives it, which takes a few microseconds, or waited for while others are under way,
 * but not for long.
 */
static bool give_urgent_order(struct router *router, struct order *order)
{
    struct timespec limit;
    clock_gettime(CLOCK_REALTIME, &limit);
    limit.tv_nsec += URGENT_WAIT_NSEC;
    limit.tv_sec += limit.tv_nsec / 1000000000;
    limit.tv_nsec %= 1000000000;
    pthread_mutex_lock(&router->lock);
    bool is_alone = !router->is_working && list_is_empty(&router->orders);
    list_append(&router->orders, &order->node);
    if (is_alone)
        carry_out_first(router);
    else
        pthread_cond_broadcast(&router->has_changed);
    int failure = 0;
    while (failure == 0 && (router->is_working || !list_is_empty(&router->orders)))
        failure = pthread_cond_timedwait(&router->has_changed, &router->lock, &limit);
    pthread_mutex_unlock(&router->lock);
    return true;
}

bool router_set(struct router *router, const struct route_request *request)
{
    struct ip_prefix found[SELECTOR_PREFIXES_MAX];
    struct order *order = calloc(1, sizeof(*order));
    for (size_t i = 0; order != NULL && i < request->remote_count; i++) {
        size_t count = route_prefixes_of_selector(&request->remote_selectors[i], found);
        size_t total = order->prefix_count + count;
        struct order *larger = realloc(order, sizeof(*order) + total * sizeof(found[0]));
        if (larger == NULL)
            free(order);
        order = larger;
        if (order == NULL)
            break;
        memcpy(order->prefixes + order->prefix_count, found, count * sizeof(found[0]));
        order->prefix_count = total;
    }
    if (order == NULL) {
        esp_sa_unref(request->sa);
        return false;
    }
    order->sa = request->sa;
    order->udp_encapsulation = request->udp_encapsulation;
    order->local_host = request->local_host;
    order->remote_host = request->remote_host;
    order->request_id = request->request_id;
    order->policy_id = request->policy_id;
    order->sourceip = request->sourceip;
    order->interface = request->interface;
    order->mtu = request->mtu;
    order->metric = request->metric;
    order->local = request->local_selectors[0];
    return request->is_urgent ? give_urgent_order(router, order) : give_order(router, order);
}

bool router_delete(struct router *router, uint64_t request_id, uint64_t policy_id)
{
    struct order *order = calloc(1, sizeof(*order));
    if (order == NULL)
        return false;
    order->is_delete = true;
    order->request_id = request_id;
    order->policy_id = policy_id;
    return give_order(router, order);
}

static bool prepare(struct router *router, struct error *error)
{
    if (!netlink_open(&router->netlink, error))
        return false;
    if (!hash_table_init(&router->claims) || !hash_table_init(&router->routes) ||
        !route_sources_init(&router->sources))
        return error_set(error, 0, "out of memory");
    remove_leftovers(router);
    if (!add_rules(router, error))
        return false;
    if (pthread_create(&router->thread, NULL, run, router) == 0)
        return true;
    delete_rules(router, router->settings.number);
    return error_set(error, 0, "cannot start the routing thread");
}

struct router *router_open(const struct router_settings *settings, struct event_queue *events,
                           struct error *error)
{
    struct router *router = calloc(1, sizeof(*router));
    if (router == NULL) {
        error_set(error, 0, "out of memory");
        return NULL;
    }
    router->events = events;
    router->settings = *settings;
    host_addresses_init(&router->addresses);
    pthread_mutex_init(&router->lock, NULL);
    pthread_cond_init(&router->has_changed, NULL);
    list_init(&router->orders);
    if (prepare(router, error))
        return router;
    netlink_close(&router->netlink);
    host_addresses_free(&router->addresses);
    hash_table_free(&router->claims);
    hash_table_free(&router->routes);
    route_sources_free(&router->sources, NULL, NULL);
    free(router);
    return NULL;
}

static void free_claim(struct hash_node *node, void *context)
{
    (void)context;
    struct claim *claim = CONTAINER_OF(node, struct claim, node);
    free(claim->order);
    free(claim);
}

static void free_route(struct hash_node *node, void *context)
{
    (void)context;
    free(CONTAINER_OF(node, struct route, node));
}

static void remove_source(const struct ip_address *address, void *context)
{
    struct router *router = context;
    (void)netlink_address_delete(&router->netlink, source_holder(router), address);
}

/* The routes go with the device, if there is one; the rules have to be taken away. */
static void remove_all(struct router *router)
{
    if (!is_of_device(router))
        flush_tables(router);
    delete_rules(router, router->settings.number);
    tunnel_interfaces_remove_all(&router->tunnels, &router->netlink);
}

void router_close(struct router *router, bool leave_state)
{
    if (router == NULL)
        return;
    pthread_mutex_lock(&router->lock);
    router->is_closing = true;
    pthread_cond_broadcast(&router->has_changed);
    pthread_mutex_unlock(&router->lock);
    pthread_join(router->thread, NULL);
    if (!leave_state)
        remove_all(router);
    LIST_EACH(&router->orders, node)
    {
        free_order(CONTAINER_OF(node, struct order, node));
    }
    hash_table_each(&router->claims, free_claim, NULL);
    hash_table_each(&router->routes, free_route, NULL);
    hash_table_free(&router->claims);
    hash_table_free(&router->routes);
    route_sources_free(&router->sources, is_of_device(router) || leave_state ? NULL : remove_source, router);
    netlink_close(&router->netlink);
    host_addresses_free(&router->addresses);
    pthread_cond_destroy(&router->has_changed);
    pthread_mutex_destroy(&router->lock);
    free(router);
}
