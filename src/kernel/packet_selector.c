/* Selectors (RFC 4301 4.4.1.1) in the terms of kernels. */
#include "kernel/packet_selector.h"

#include <netinet/in.h>
#include <stdlib.h>

#include "kernel/route_plan.h"

enum { PORT_BLOCKS_MAX = 32 }; /* of one range of ports, at worst 30 */

struct port_block {
    uint16_t value, mask;
};

/* The fewest aligned blocks of a power of two that make up the range of ports. */
static size_t blocks_of_ports(uint32_t start, uint32_t end, struct port_block out[static PORT_BLOCKS_MAX])
{
    size_t count = 0;
    while (start <= end && count < PORT_BLOCKS_MAX) {
        uint32_t size = 1;
        while (start % (size * 2) == 0 && size * 2 <= 0x10000 && start + size * 2 - 1 <= end)
            size *= 2;
        out[count++] = (struct port_block){(uint16_t)start, (uint16_t) ~(size - 1)};
        start += size;
    }
    return count;
}

/* One end of a selector in the kernel's terms. */
struct end_parts {
    struct ip_prefix prefixes[SELECTOR_PREFIXES_MAX];
    struct port_block ports[PORT_BLOCKS_MAX];
    size_t prefix_count, port_count;
};

static void take_apart(const struct selector *selector, struct end_parts *parts)
{
    bool is_opaque = selector->port_start > selector->port_end;
    parts->prefix_count = route_prefixes_of_selector(selector, parts->prefixes);
    parts->port_count = is_opaque ? blocks_of_ports(0, UINT16_MAX, parts->ports)
                                  : blocks_of_ports(selector->port_start, selector->port_end, parts->ports);
}

static bool has_types(uint8_t protocol)
{
    return protocol == IPPROTO_ICMP || protocol == IPPROTO_ICMPV6;
}

/* Both ends speak of one number, type and code of ICMP (RFC 7296 3.13.1), which kernels have apart. False: no
 * packet has a number that is in both. */
static bool take_types(struct packet_selector *selector)
{
    enum { CODE_BITS = 8, CODE = 0xff, ALWAYS = 0xff00 };
    const struct port_block a = {selector->source_port, selector->source_mask};
    const struct port_block b = {selector->destination_port, selector->destination_mask};
    const struct port_block *narrower = a.mask > b.mask ? &a : &b;
    unsigned type_mask = narrower->mask >> CODE_BITS, code_mask = narrower->mask & CODE;
    selector->source_port = narrower->value >> CODE_BITS;
    selector->source_mask = (uint16_t)(type_mask != 0 ? ALWAYS | type_mask : 0);
    selector->destination_port = narrower->value & CODE;
    selector->destination_mask = (uint16_t)(code_mask != 0 ? ALWAYS | code_mask : 0);
    return ((a.value ^ b.value) & a.mask & b.mask) == 0;
}

static struct packet_selector compose(const struct end_parts *source, const struct end_parts *destination,
                                      const size_t index[static 4], uint8_t protocol)
{
    struct packet_selector selector;
    memset(&selector, 0, sizeof(selector)); /* padding too */
    selector.source = source->prefixes[index[0]];
    selector.destination = destination->prefixes[index[1]];
    selector.protocol = protocol;
    selector.source_port = source->ports[index[2]].value;
    selector.source_mask = source->ports[index[2]].mask;
    selector.destination_port = destination->ports[index[3]].value;
    selector.destination_mask = destination->ports[index[3]].mask;
    return selector;
}

/* Counts through all combinations; false when they are used up. */
static bool next_combination(size_t index[static 4], const size_t limits[static 4])
{
    for (int i = 0; i < 4; i++) {
        if (++index[i] < limits[i])
            return true;
        index[i] = 0;
    }
    return false;
}

/* Whether any packet can be of both ends. */
static bool can_meet(const struct selector *source, const struct selector *destination)
{
    uint8_t protocol = source->protocol != 0 ? source->protocol : destination->protocol;
    bool are_ranges =
        source->port_start <= source->port_end && destination->port_start <= destination->port_end;
    bool are_types_apart =
        has_types(protocol) && are_ranges &&
        (source->port_end < destination->port_start || destination->port_end < source->port_start);
    return source->range.start.family == destination->range.start.family && !are_types_apart &&
           (destination->protocol == 0 || protocol == destination->protocol);
}

struct packet_selector *packet_selectors_between(const struct selector *source,
                                                 const struct selector *destination, size_t *ret_count)
{
    struct end_parts from, to;
    *ret_count = 0;
    if (!can_meet(source, destination))
        return NULL;
    take_apart(source, &from);
    take_apart(destination, &to);
    const size_t limits[4] = {from.prefix_count, to.prefix_count, from.port_count, to.port_count};
    size_t total = limits[0] * limits[1] * limits[2] * limits[3];
    if (total == 0 || total > PACKET_SELECTORS_MAX)
        return NULL;
    struct packet_selector *list = calloc(total, sizeof(*list));
    if (list == NULL)
        return NULL;
    size_t index[4] = {0};
    uint8_t protocol = source->protocol != 0 ? source->protocol : destination->protocol;
    do {
        list[*ret_count] = compose(&from, &to, index, protocol);
        *ret_count += !has_types(protocol) || take_types(&list[*ret_count]);
    } while (next_combination(index, limits));
    return list;
}

struct packet_selector *packet_selectors_of_pairs(const struct selector *sources, size_t source_count,
                                                  const struct selector *destinations,
                                                  size_t destination_count, size_t *ret_count)
{
    struct packet_selector *all = NULL;
    size_t total = 0;
    *ret_count = 0;
    for (size_t i = 0; i < source_count * destination_count; i++) {
        size_t count;
        const struct selector *source = &sources[i / destination_count];
        const struct selector *destination = &destinations[i % destination_count];
        if (!can_meet(source, destination))
            continue;
        struct packet_selector *some = packet_selectors_between(source, destination, &count);
        bool fits = count > 0 && total + count <= PACKET_SELECTORS_MAX;
        struct packet_selector *larger = fits ? realloc(all, (total + count) * sizeof(*all)) : NULL;
        if (larger == NULL) {
            free(some);
            free(all);
            return NULL;
        }
        all = larger;
        memcpy(all + total, some, count * sizeof(*all));
        total += count;
        free(some);
    }
    *ret_count = total;
    return all;
}

uint16_t packet_selector_port(const struct packet_selector *selector, bool source)
{
    if (has_types(selector->protocol))
        return (uint16_t)(selector->source_port << 8 | (selector->destination_port & 0xff));
    return source ? selector->source_port : selector->destination_port;
}

/* ICMP's type and code stand in the places of the ports whichever way the packet goes. */
struct packet_selector packet_selector_reversed(const struct packet_selector *selector)
{
    struct packet_selector reversed = *selector;
    reversed.source = selector->destination;
    reversed.destination = selector->source;
    if (has_types(selector->protocol))
        return reversed;
    reversed.source_port = selector->destination_port;
    reversed.source_mask = selector->destination_mask;
    reversed.destination_port = selector->source_port;
    reversed.destination_mask = selector->source_mask;
    return reversed;
}
