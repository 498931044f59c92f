/*
 * Routes for protected traffic: what each policy wants is worked out and kept on the thread of the orders.
 */
#include "kernel/router.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <net/if.h>
#include <stdlib.h>

#include "base/hash_table.h"
#include "kernel/backend.h"
#include "kernel/host_addresses.h"
#include "kernel/path_mtu.h"
#include "kernel/route_plan.h"
#include "kernel/shared_routes.h"
#include "kernel/tunnel_interfaces.h"
#include "kernel/userspace_tun.h"

enum repair_kind { REPAIR_ALL, REPAIR_RULES, REPAIR_SOURCE, REPAIR_KINDS };

struct router {
    struct order_queue *orders;
    struct router_settings settings;
    struct netlink netlink;
    struct route_rules rules;
    struct host_addresses addresses;
    struct path_mtu_probe path_mtu;
    struct shared_routes routes;
    struct tunnel_interfaces tunnels;
    struct hash_table claims;
    bool is_repair_waiting[REPAIR_KINDS]; /* atomic: another one of its kind would be of no use */
};

/* What one policy wants: an order first, then kept by its policy. */
struct claim {
    struct order order;
    struct hash_node node;
    struct router *router;
    uint64_t policy_id;
    struct ip_address sourceip[CONFIGURATION_FAMILIES], nexthop;
    uint32_t mtu, metric;
    struct esp_sa *sa; /* until the mtu is found; a reference */
    bool udp_encapsulation;
    struct ip_address local_host, remote_host;
    struct tunnel_interface interface;
    int interface_index; /* where its routes lead, once that is known */
    struct ip_address gateway;
    struct selector local; /* the first local selector of each family would do; the first of all is used */
    size_t use_count;
    struct route_use uses[];
};

enum { ROUTE_MTU_UNKNOWN = 1500, ROUTE_MTU_MAX = TUN_PACKET_MAX };

struct withdrawal {
    struct order order;
    struct router *router;
    uint64_t policy_id;
};

static bool is_of_device(const struct router *router)
{
    return router->settings.interface_index != 0;
}

/* ---- claims ---- */

static struct claim *find_claim(const struct router *router, uint64_t policy_id)
{
    struct hash_node *node = hash_table_find(&router->claims, hash_number(policy_id));
    for (; node != NULL; node = hash_node_next(node)) {
        struct claim *claim = CONTAINER_OF(node, struct claim, node);
        if (claim->policy_id == policy_id)
            return claim;
    }
    return NULL;
}

static void free_claim(struct claim *claim)
{
    esp_sa_unref(claim->sa);
    free(claim);
}

static void release_sources(struct router *router, const struct claim *claim)
{
    for (size_t i = 0; i < ARRAY_SIZE(claim->sourceip); i++)
        shared_routes_release_source(&router->routes, &claim->sourceip[i]);
}

static void withdraw(struct claim *claim)
{
    if (claim == NULL)
        return;
    struct router *router = claim->router;
    for (size_t i = 0; i < claim->use_count; i++)
        shared_routes_release(&router->routes, &claim->uses[i]);
    release_sources(router, claim);
    hash_table_remove(&router->claims, &claim->node);
    tunnel_interfaces_release(&router->tunnels, &router->netlink, &claim->interface);
    free_claim(claim);
}

static bool destinations_are_same(const struct claim *a, const struct claim *b)
{
    bool is_same = a->use_count == b->use_count;
    for (size_t i = 0; is_same && i < a->use_count; i++)
        is_same = memcmp(&a->uses[i].wanted.destination, &b->uses[i].wanted.destination,
                         sizeof(a->uses[i].wanted.destination)) == 0;
    return is_same;
}

static bool sources_are_same(const struct claim *a, const struct claim *b)
{
    return address_equal(&a->sourceip[0], &b->sourceip[0]) && address_equal(&a->sourceip[1], &b->sourceip[1]);
}

static bool claims_are_same(const struct claim *a, const struct claim *b)
{
    return a->interface_index == b->interface_index && address_equal(&a->gateway, &b->gateway) &&
           a->mtu == b->mtu && a->metric == b->metric && sources_are_same(a, b) &&
           selector_equal(&a->local, &b->local) && destinations_are_same(a, b);
}

/* Where the way to the peer is not found, routes that the policy still wants stay with their source address
 * until there is one again, and others go. */
static bool leads_to_the_same(const struct claim *old, const struct claim *wanted)
{
    return destinations_are_same(old, wanted) && sources_are_same(old, wanted);
}

/* ---- orders ---- */

/* What fits through the SA on the path as the kernel knows it now; 0: not known, or too little for IPv6. */
static uint32_t mtu_through(const struct claim *claim)
{
    enum { IPV6_MINIMUM_MTU = 1280 };
    uint32_t path_mtu = path_mtu_ask(&claim->router->path_mtu, &claim->local_host, &claim->remote_host);
    uint32_t mtu = path_mtu != 0 ? (uint32_t)esp_inner_mtu(claim->sa, path_mtu, claim->remote_host.family,
                                                           claim->udp_encapsulation)
                                 : 0;
    if (claim->local.range.start.family == IP_V6 && mtu < IPV6_MINIMUM_MTU)
        return 0;
    return mtu < ROUTE_MTU_MAX ? mtu : ROUTE_MTU_MAX;
}

/* With leftnexthop= its packets go by that neighbour, else as those to the peer do. 0, or an errno value. */
static int find_path(struct router *router, const struct claim *claim, struct netlink_route *way)
{
    bool has_nexthop = address_is_set(&claim->nexthop);
    const struct ip_address *towards = has_nexthop ? &claim->nexthop : &claim->remote_host;
    int failure = netlink_route_get(&router->netlink, &claim->local_host, towards, BACKEND_SOCKET_MARK, way);
    if (has_nexthop && !address_equal(&claim->nexthop, &claim->remote_host))
        way->gateway = claim->nexthop;
    return failure;
}

/* Finds out where the routes lead. 0, or an errno value, and then it has no interface. */
static int find_way(struct router *router, struct claim *claim)
{
    struct netlink_route way = {.interface_index = router->settings.interface_index};
    int failure = is_of_device(router) ? 0 : find_path(router, claim, &way);
    claim->interface_index = way.interface_index;
    claim->gateway = way.gateway;
    if (failure != 0 || !tunnel_interface_is_any(&claim->interface) || is_of_device(router))
        return failure;
    struct tunnel_interface_site site = {.owner = claim->policy_id,
                                         .below = way.interface_index,
                                         .local = claim->local_host,
                                         .remote = claim->remote_host};
    claim->gateway = (struct ip_address){0};
    if (!claim->interface.is_wanted && !claim->interface.vti.has_routes)
        claim->use_count = 0; /* what goes into it is the user's business */
    return tunnel_interfaces_use(&router->tunnels, &router->netlink, &claim->interface, &site,
                                 &claim->interface_index);
}

/* A device takes any packet, so each route says what to send; the usual size as long as nobody knows. */
static void find_mtu(const struct router *router, struct claim *claim)
{
    if (claim->sa != NULL)
        claim->mtu = mtu_through(claim);
    if (claim->mtu == 0 && is_of_device(router))
        claim->mtu = ROUTE_MTU_UNKNOWN;
    esp_sa_unref(claim->sa);
    claim->sa = NULL;
}

/* It is kept from here on; false: out of memory. */
static bool file_claim(struct router *router, struct claim *claim)
{
    for (size_t i = 0; i < ARRAY_SIZE(claim->sourceip); i++) {
        if (shared_routes_use_source(&router->routes, &claim->sourceip[i]))
            continue;
        if (i > 0)
            shared_routes_release_source(&router->routes, &claim->sourceip[0]);
        return false;
    }
    if (hash_table_insert(&router->claims, &claim->node, hash_number(claim->policy_id)))
        return true;
    release_sources(router, claim);
    return false;
}

/* IPv6 has no gateways of IPv4. Packets of a tunnel take their outer header's way: then the interface is
 * enough. */
static struct ip_address gateway_towards(const struct claim *claim, const struct ip_prefix *destination)
{
    bool has_none = destination->address.family == IP_V6 && claim->gateway.family == IP_V4;
    return has_none ? (struct ip_address){0} : claim->gateway;
}

/* 0, or what the first route that failed met. */
static int make_routes(struct router *router, struct claim *claim)
{
    bool is_said = address_is_set(&claim->sourceip[0]) || address_is_set(&claim->sourceip[1]);
    struct ip_address own = {0};
    int failure = 0;
    if (!is_said)
        own = host_addresses_find_inside(&router->addresses, &claim->local);
    for (size_t i = 0; i < claim->use_count; i++) {
        struct netlink_route *wanted = &claim->uses[i].wanted;
        wanted->interface_index = claim->interface_index;
        wanted->gateway = gateway_towards(claim, &wanted->destination);
        wanted->mtu = claim->mtu;
        wanted->metric = claim->metric;
        bool is_v6 = wanted->destination.address.family == IP_V6;
        const struct ip_address *source =
            is_said ? &claim->sourceip[is_v6 ? CONFIGURATION_V6 : CONFIGURATION_V4] : &own;
        if (source->family == wanted->destination.address.family)
            wanted->source = *source;
        int result = shared_routes_use(&router->routes, &claim->uses[i]);
        failure = failure != 0 ? failure : result;
    }
    return failure;
}

/* The routes are made before those of the policy's former version go, so that shared ones never vanish. */
static int set_claim(struct router *router, struct claim *claim)
{
    find_mtu(router, claim);
    int failure = find_way(router, claim);
    struct claim *old = find_claim(router, claim->policy_id);
    if (failure != 0) {
        if (old != NULL && !leads_to_the_same(old, claim))
            withdraw(old);
        free_claim(claim);
        return failure;
    }
    bool has_changed = old == NULL || !claims_are_same(old, claim);
    if (!has_changed || !file_claim(router, claim)) {
        tunnel_interfaces_release(&router->tunnels, &router->netlink, &claim->interface);
        free_claim(claim);
        return has_changed ? ENOMEM : 0;
    }
    failure = make_routes(router, claim);
    withdraw(old);
    return failure;
}

static bool carry_out_set(struct order *order, struct error *error)
{
    struct claim *claim = CONTAINER_OF(order, struct claim, order);
    struct router *router = claim->router;
    int failure = set_claim(router, claim);
    return failure == 0 || error_set(error, failure, "cannot install a route for %s: %s",
                                     router->settings.name, strerror(failure));
}

static void drop_set(struct order *order)
{
    free_claim(CONTAINER_OF(order, struct claim, order));
}

static void drop_delete(struct order *order)
{
    free(CONTAINER_OF(order, struct withdrawal, order));
}

static bool carry_out_delete(struct order *order, struct error *error)
{
    struct withdrawal *withdrawal = CONTAINER_OF(order, struct withdrawal, order);
    (void)error;
    withdraw(find_claim(withdrawal->router, withdrawal->policy_id));
    free(withdrawal);
    return true;
}

/* A claim with the destinations that the remote selectors make up; NULL: out of memory. */
static struct claim *new_claim(const struct route_request *request)
{
    struct ip_prefix found[SELECTOR_PREFIXES_MAX];
    size_t count = 0;
    struct claim *claim = calloc(1, sizeof(*claim));
    for (size_t i = 0; claim != NULL && i < request->remote_count; i++) {
        size_t more = route_prefixes_of_selector(&request->remote_selectors[i], found);
        struct claim *larger = realloc(claim, sizeof(*claim) + (count + more) * sizeof(claim->uses[0]));
        if (larger == NULL)
            free(claim);
        claim = larger;
        for (size_t j = 0; claim != NULL && j < more; j++)
            claim->uses[count++] = (struct route_use){.wanted.destination = found[j]};
    }
    if (claim != NULL)
        claim->use_count = count;
    return claim;
}

uint64_t router_set(struct router *router, const struct route_request *request)
{
    struct claim *claim = new_claim(request);
    if (claim == NULL) {
        esp_sa_unref(request->sa);
        return 0;
    }
    claim->order = (struct order){.carry_out = carry_out_set,
                                  .drop = drop_set,
                                  .request_id = request->request_id,
                                  .policy_id = request->policy_id};
    claim->router = router;
    claim->sa = request->sa;
    claim->udp_encapsulation = request->udp_encapsulation;
    claim->local_host = request->local_host;
    claim->remote_host = request->remote_host;
    claim->nexthop = request->nexthop;
    claim->policy_id = request->policy_id;
    memcpy(claim->sourceip, request->sourceip, sizeof(claim->sourceip));
    claim->interface = request->interface;
    claim->mtu = request->mtu;
    claim->metric = request->metric;
    claim->local = request->local_selectors[0];
    return order_queue_give(router->orders, &claim->order, request->is_awaited);
}

uint64_t router_delete(struct router *router, uint64_t request_id, uint64_t policy_id)
{
    struct withdrawal *withdrawal = calloc(1, sizeof(*withdrawal));
    if (withdrawal == NULL)
        return 0;
    *withdrawal = (struct withdrawal){
        .order = {.carry_out = carry_out_delete, .drop = drop_delete, .request_id = request_id},
        .router = router,
        .policy_id = policy_id,
    };
    return order_queue_give(router->orders, &withdrawal->order, false);
}

/* ---- what others have taken away ---- */

struct repair {
    struct order order;
    struct router *router;
    enum repair_kind kind;
    struct ip_address source;
};

static bool carry_out_repair(struct order *order, struct error *error)
{
    struct repair *repair = CONTAINER_OF(order, struct repair, order);
    struct router *router = repair->router;
    (void)error;
    (void)__atomic_exchange_n(&router->is_repair_waiting[repair->kind], false, __ATOMIC_ACQ_REL);
    if (repair->kind != REPAIR_SOURCE)
        route_rules_restore(&router->rules);
    if (repair->kind == REPAIR_ALL)
        shared_routes_restore(&router->routes, NULL);
    else if (repair->kind == REPAIR_SOURCE && route_sources_has(&router->routes.sources, &repair->source))
        shared_routes_restore(&router->routes, &repair->source);
    free(repair);
    return true;
}

static void drop_repair(struct order *order)
{
    free(CONTAINER_OF(order, struct repair, order));
}

static void give_repair(struct router *router, enum repair_kind kind, const struct ip_address *source)
{
    struct repair *repair = calloc(1, sizeof(*repair));
    if (repair == NULL) {
        __atomic_store_n(&router->is_repair_waiting[kind], false, __ATOMIC_RELEASE);
        return;
    }
    repair->order = (struct order){.carry_out = carry_out_repair, .drop = drop_repair};
    repair->router = router;
    repair->kind = kind;
    if (source != NULL)
        repair->source = *source;
    order_queue_give(router->orders, &repair->order, false);
}

static void give_repair_once(struct router *router, enum repair_kind kind)
{
    if (!__atomic_exchange_n(&router->is_repair_waiting[kind], true, __ATOMIC_ACQ_REL))
        give_repair(router, kind, NULL);
}

void router_restore(struct router *router)
{
    give_repair_once(router, REPAIR_ALL);
}

void router_restore_rules(struct router *router)
{
    give_repair_once(router, REPAIR_RULES);
}

void router_restore_source(struct router *router, const struct ip_address *source)
{
    give_repair(router, REPAIR_SOURCE, source);
}

uint32_t router_port(const struct router *router)
{
    return mnl_socket_get_portid(router->netlink.socket);
}

/* ---- birth and death ---- */

/* Of a dead daemon; what it had given to its device went with that. */
static void remove_leftovers(struct router *router)
{
    if (is_of_device(router))
        return;
    if (!router->settings.uses_interfaces_as_they_are)
        netlink_links_flush(&router->netlink);
    netlink_addresses_flush(&router->netlink, IP_V4, router->routes.source_holder);
    netlink_addresses_flush(&router->netlink, IP_V6, router->routes.source_holder);
}

static bool prepare(struct router *router, struct error *error)
{
    if (!netlink_open(&router->netlink, error))
        return false;
    if (!hash_table_init(&router->claims) || !shared_routes_init(&router->routes))
        return error_set(error, 0, "out of memory");
    remove_leftovers(router);
    return route_rules_open(&router->rules, router->settings.name, error);
}

static void free_filed_claim(struct hash_node *node, void *context)
{
    (void)context;
    free_claim(CONTAINER_OF(node, struct claim, node));
}

static void free_router(struct router *router, bool removes_sources)
{
    hash_table_each(&router->claims, free_filed_claim, NULL);
    hash_table_free(&router->claims);
    shared_routes_free(&router->routes, removes_sources);
    netlink_close(&router->netlink);
    host_addresses_free(&router->addresses);
    path_mtu_probe_close(&router->path_mtu);
    free(router);
}

struct router *router_open(const struct router_settings *settings, struct order_queue *orders,
                           struct error *error)
{
    struct router *router = calloc(1, sizeof(*router));
    if (router == NULL) {
        error_set(error, 0, "out of memory");
        return NULL;
    }
    router->orders = orders;
    router->settings = *settings;
    router->rules = (struct route_rules){.netlink = &router->netlink, .number = settings->number};
    router->tunnels.uses_them_as_they_are = settings->uses_interfaces_as_they_are;
    router->routes.netlink = &router->netlink;
    router->routes.rules = &router->rules;
    router->routes.has_barriers = is_of_device(router);
    router->routes.source_holder =
        is_of_device(router) ? settings->interface_index : (int)if_nametoindex("lo");
    host_addresses_init(&router->addresses);
    path_mtu_probe_init(&router->path_mtu);
    if (prepare(router, error))
        return router;
    free_router(router, false);
    return NULL;
}

void router_close(struct router *router, bool leave_state)
{
    if (router == NULL)
        return;
    if (!leave_state) {
        route_rules_close(&router->rules);
        tunnel_interfaces_remove_all(&router->tunnels, &router->netlink);
    }
    free_router(router, !is_of_device(router) && !leave_state);
}
