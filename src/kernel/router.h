/*
 * Routes that lead the host's packets where a back end gets them: into its TUN device, or on the way to the
 * peer, where the kernel's own policies meet them. They are in tables of our own, which a rule makes every
 * packet consult that does not carry our sockets' mark. All netlink work is done on the thread of an order
 * queue.
 */
#ifndef STYX_KERNEL_ROUTER_H
#define STYX_KERNEL_ROUTER_H

#include "engine/kernel_extras.h"
#include "esp/esp_sa.h"
#include "kernel/order_queue.h"

struct router;

struct router_settings {
    const char *name; /* for people */
    unsigned number;  /* of the pair of tables; another one for each router of a network namespace */
    bool uses_interfaces_as_they_are; /* tunnel interfaces are neither made nor taken away */
    int interface_index; /* every route leads there; 0: each to its peer's interface and gateway */
};

/* The number for routes on the way to the peer; a TUN device's is its own. */
enum { ROUTER_NUMBER_OF_PEERS = 1000 };

/* What one policy wants; selectors and addresses are copied. */
struct route_request {
    uint64_t request_id;
    uint64_t policy_id;
    bool is_awaited; /* somebody waits until it is in effect, by its order's number */
    /* Of each family; both unset: the host's address inside the local selectors, if it has one. */
    struct ip_address sourceip[CONFIGURATION_FAMILIES];
    uint32_t mtu, metric;              /* 0: unset */
    struct tunnel_interface interface; /* its routes lead there, if it is wanted; made when it is not there */
    struct esp_sa *sa;      /* without an mtu: what fits through it; a reference, handed over; may be NULL */
    bool udp_encapsulation; /* of that SA */
    struct ip_address local_host, remote_host;
    struct ip_address nexthop; /* leftnexthop=: the neighbour that it goes by; unset: as the routes have it */
    const struct selector *local_selectors;
    size_t local_count;
    const struct selector *remote_selectors;
    size_t remote_count;
};

/* Removes what a daemon that crashed left, adds the rule. */
struct router *router_open(const struct router_settings *settings, struct order_queue *orders,
                           struct error *error);
/* After the queue has stopped: removes every rule and route, unless they are to be left. NULL is fine. */
void router_close(struct router *router, bool leave_state);

/* Both answer KERNEL_DONE to request_id when the routing is as asked. The order's number; 0: out of memory.
 */
uint64_t router_set(struct router *router, const struct route_request *request);
uint64_t router_delete(struct router *router, uint64_t request_id, uint64_t policy_id);

/* From any thread: somebody may have taken away rules, routes or source addresses of ours. Makes all of them
 * anew; the rules only; what concerns the address, if a policy names it. */
void router_restore(struct router *router);
void router_restore_rules(struct router *router);
void router_restore_source(struct router *router, const struct ip_address *source);
/* netlink's port that the router's changes come from. */
uint32_t router_port(const struct router *router);

#endif
