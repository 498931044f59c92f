/*
 * The virtual network: nodes with one address each, joined by a lossy medium, some of them behind a NAT box.
 * Datagrams are lost, doubled, delayed (and so reordered), bit-flipped and cut off as `struct faults`,
 * partitions and the scenario's own hook say.
 */
#ifndef STYX_SIM_NETWORK_H
#define STYX_SIM_NETWORK_H

#include "base/address.h"
#include "event_queue.h"
#include "prng.h"

struct faults {
    unsigned loss_per_mille;
    unsigned duplication_per_mille;
    unsigned corruption_per_mille;
    unsigned replay_per_mille; /* a copy arrives up to a minute later */
    usec_t delay_min, delay_max;
};

/* Rewrites source addresses and ports; what comes in finds its way back by the mapping (endpoint
 * independent). */
struct nat_mapping {
    struct nat_mapping *next;
    struct node *inside;
    struct ip_endpoint inside_endpoint;
    uint16_t public_port;
    usec_t last_use;
};

struct nat_box {
    struct nat_box *next;
    struct ip_address public_address;
    usec_t mapping_timeout;
    uint16_t next_port;
    struct nat_mapping *mappings;
};

struct node {
    struct node *next;
    const char *name;
    struct ip_address address;
    struct nat_box *nat; /* NULL: reachable directly */
    void (*receive)(void *context, const struct ip_endpoint *local, const struct ip_endpoint *remote,
                    struct bytes datagram);
    void *context;
};

/* A datagram as it leaves its sender. */
struct datagram {
    usec_t time;
    const struct node *from, *to; /* to is NULL when nobody has that address */
    struct ip_endpoint source, destination;
    struct bytes bytes;
};

enum verdict { VERDICT_PASS, VERDICT_DROP };

struct partition {
    struct partition *next;
    const struct node *from, *to; /* NULL: any */
    usec_t start, end;
};

struct network {
    struct event_queue *queue;
    struct prng *prng;
    const usec_t *now;
    struct faults faults;
    struct node *nodes;
    struct nat_box *nats;
    struct partition *partitions;
    /* Sees every datagram before chance does. */
    enum verdict (*hook)(void *context, const struct datagram *datagram);
    void *hook_context;
    uint64_t sent, lost, duplicated, corrupted, delivered, unroutable;
    uint64_t in_flight;
};

struct node *network_attach(struct network *network, const char *name, const struct ip_address *address,
                            struct nat_box *nat);
struct nat_box *network_add_nat(struct network *network, const struct ip_address *public_address,
                                usec_t mapping_timeout);
/* As after a reboot of the box: what is sent next gets other ports. */
void network_forget_mappings(struct nat_box *nat);
/* Cuts the way from `from` to `to` (not back) during [start, end). */
void network_partition(struct network *network, const struct node *from, const struct node *to, usec_t start,
                       usec_t end);
void network_heal(struct network *network);
void network_send(struct network *network, struct node *from, const struct ip_endpoint *source,
                  const struct ip_endpoint *destination, struct bytes bytes);
/*
 * Where a packet goes that `from` sends now, without delay or chance: NAT mappings are made and refreshed.
 * False when it goes nowhere. The endpoints come back as the receiver sees them.
 */
bool network_route(struct network *network, struct node *from, struct ip_endpoint *source,
                   struct ip_endpoint *destination, struct node **ret_to);
void network_free(struct network *network);

#endif
