/* The virtual network. */
#include "network.h"

#include <stdlib.h>

enum { NAT_FIRST_PORT = 20000 };
#define REPLAY_DELAY_MAX (60 * USEC_PER_SEC)

struct node *network_attach(struct network *network, const char *name, const struct ip_address *address,
                            struct nat_box *nat)
{
    struct node *node = sim_alloc(sizeof(*node));
    *node = (struct node){.next = network->nodes, .name = name, .address = *address, .nat = nat};
    network->nodes = node;
    return node;
}

struct nat_box *network_add_nat(struct network *network, const struct ip_address *public_address,
                                usec_t mapping_timeout)
{
    struct nat_box *nat = sim_alloc(sizeof(*nat));
    *nat = (struct nat_box){.next = network->nats,
                            .public_address = *public_address,
                            .mapping_timeout = mapping_timeout,
                            .next_port = NAT_FIRST_PORT};
    network->nats = nat;
    return nat;
}

void network_forget_mappings(struct nat_box *nat)
{
    while (nat->mappings != NULL) {
        struct nat_mapping *gone = nat->mappings;
        nat->mappings = gone->next;
        free(gone);
    }
}

static bool is_expired(const struct nat_box *nat, const struct nat_mapping *mapping, usec_t now)
{
    return now - mapping->last_use >= nat->mapping_timeout;
}

static struct nat_mapping *mapping_of_inside(struct nat_box *nat, struct node *node,
                                             const struct ip_endpoint *inside, usec_t now)
{
    for (struct nat_mapping *mapping = nat->mappings; mapping != NULL; mapping = mapping->next)
        if (mapping->inside == node && endpoint_equal(&mapping->inside_endpoint, inside) &&
            !is_expired(nat, mapping, now))
            return mapping;
    struct nat_mapping *mapping = sim_alloc(sizeof(*mapping));
    *mapping = (struct nat_mapping){nat->mappings, node, *inside, nat->next_port++, now};
    nat->mappings = mapping;
    return mapping;
}

static struct nat_mapping *mapping_of_port(struct nat_box *nat, uint16_t port, usec_t now)
{
    for (struct nat_mapping *mapping = nat->mappings; mapping != NULL; mapping = mapping->next)
        if (mapping->public_port == port && !is_expired(nat, mapping, now))
            return mapping;
    return NULL;
}

static void translate_source(struct network *network, struct node *from, struct ip_endpoint *source)
{
    if (from->nat == NULL)
        return;
    struct nat_mapping *mapping = mapping_of_inside(from->nat, from, source, *network->now);
    mapping->last_use = *network->now;
    *source = (struct ip_endpoint){from->nat->public_address, mapping->public_port};
}

/* The node that a destination leads to; behind a NAT box the destination becomes the inside one. */
static struct node *resolve(struct network *network, struct ip_endpoint *destination)
{
    for (struct nat_box *nat = network->nats; nat != NULL; nat = nat->next) {
        if (!address_equal(&nat->public_address, &destination->address))
            continue;
        struct nat_mapping *mapping = mapping_of_port(nat, destination->port, *network->now);
        if (mapping == NULL)
            return NULL;
        const struct node *inside = mapping->inside;
        bool is_there =
            inside->nat == nat && address_equal(&inside->address, &mapping->inside_endpoint.address);
        *destination = mapping->inside_endpoint;
        return is_there ? mapping->inside : NULL; /* it may have moved elsewhere */
    }
    for (struct node *node = network->nodes; node != NULL; node = node->next)
        if (node->nat == NULL && address_equal(&node->address, &destination->address))
            return node;
    return NULL;
}

void network_partition(struct network *network, const struct node *from, const struct node *to, usec_t start,
                       usec_t end)
{
    struct partition *partition = sim_alloc(sizeof(*partition));
    *partition = (struct partition){network->partitions, from, to, start, end};
    network->partitions = partition;
}

static bool is_cut(const struct network *network, const struct node *from, const struct node *to)
{
    for (const struct partition *partition = network->partitions; partition != NULL;
         partition = partition->next) {
        bool matches = (partition->from == NULL || partition->from == from) &&
                       (partition->to == NULL || partition->to == to);
        if (matches && *network->now >= partition->start && *network->now < partition->end)
            return true;
    }
    return false;
}

void network_heal(struct network *network)
{
    while (network->partitions != NULL) {
        struct partition *gone = network->partitions;
        network->partitions = gone->next;
        free(gone);
    }
    network->faults = (struct faults){.delay_min = network->faults.delay_min,
                                      .delay_max = network->faults.delay_min + USEC_PER_MSEC};
}

struct flight {
    struct network *network;
    struct ip_endpoint source, destination;
    size_t size;
    uint8_t bytes[];
};

static void discard_flight(void *context)
{
    struct flight *flight = context;
    flight->network->in_flight--;
    free(flight);
}

static void land(void *context)
{
    struct flight *flight = context;
    struct network *network = flight->network;
    struct node *to = resolve(network, &flight->destination);
    if (to == NULL || to->receive == NULL) {
        network->unroutable++;
    } else {
        network->delivered++;
        to->receive(to->context, &flight->destination, &flight->source,
                    bytes_of(flight->bytes, flight->size));
    }
    discard_flight(flight);
}

static void corrupt(struct network *network, struct flight *flight)
{
    if (flight->size == 0 || !prng_chance(network->prng, network->faults.corruption_per_mille))
        return;
    network->corrupted++;
    for (uint64_t flips = prng_between(network->prng, 1, 3); flips > 0; flips--)
        flight->bytes[prng_below(network->prng, flight->size)] ^=
            (uint8_t)(1u << prng_below(network->prng, 8));
}

static usec_t draw_delay(struct network *network)
{
    return prng_between(network->prng, network->faults.delay_min, network->faults.delay_max);
}

static void launch(struct network *network, const struct ip_endpoint *source,
                   const struct ip_endpoint *destination, struct bytes bytes, usec_t delay)
{
    struct flight *flight = sim_alloc(sizeof(*flight) + bytes.size);
    *flight = (struct flight){network, *source, *destination, bytes.size};
    if (bytes.size > 0)
        memcpy(flight->bytes, bytes.data, bytes.size);
    corrupt(network, flight);
    network->in_flight++;
    event_queue_add(network->queue, *network->now + delay, land, discard_flight, flight);
}

bool network_route(struct network *network, struct node *from, struct ip_endpoint *source,
                   struct ip_endpoint *destination, struct node **ret_to)
{
    translate_source(network, from, source);
    *ret_to = resolve(network, destination);
    return *ret_to != NULL && !is_cut(network, from, *ret_to);
}

void network_send(struct network *network, struct node *from, const struct ip_endpoint *source,
                  const struct ip_endpoint *destination, struct bytes bytes)
{
    struct ip_endpoint inside = *destination;
    struct ip_endpoint outside = *source;
    struct node *to;
    bool is_open = network_route(network, from, &outside, &inside, &to);
    struct datagram datagram = {*network->now, from, to, *source, *destination, bytes};
    network->sent++;
    bool is_dropped =
        network->hook != NULL && network->hook(network->hook_context, &datagram) == VERDICT_DROP;
    if (to == NULL)
        network->unroutable++;
    if (!is_open || is_dropped || prng_chance(network->prng, network->faults.loss_per_mille)) {
        network->lost++;
        return;
    }
    launch(network, &outside, destination, bytes, draw_delay(network));
    if (prng_chance(network->prng, network->faults.duplication_per_mille)) {
        network->duplicated++;
        launch(network, &outside, destination, bytes, draw_delay(network));
    }
    if (prng_chance(network->prng, network->faults.replay_per_mille))
        launch(network, &outside, destination, bytes, prng_below(network->prng, REPLAY_DELAY_MAX));
}

void network_free(struct network *network)
{
    network_heal(network);
    while (network->nats != NULL) {
        struct nat_box *gone = network->nats;
        network->nats = gone->next;
        network_forget_mappings(gone);
        free(gone);
    }
    while (network->nodes != NULL) {
        struct node *gone = network->nodes;
        network->nodes = gone->next;
        free(gone);
    }
}
