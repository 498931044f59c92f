/* Selectors (RFC 4301 4.4.1.1) for linux/xfrm.h. */
#include "kernel/xfrm_selector.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "kernel/route_plan.h"

enum { PORT_BLOCKS_MAX = 32 }; /* of one range of ports, at worst 30 */

struct port_block {
    uint16_t value, mask; /* host order */
};

xfrm_address_t xfrm_address_of(const struct ip_address *address)
{
    xfrm_address_t out = {0};
    memcpy(&out, address->bytes, address_size(address));
    return out;
}

struct ip_address xfrm_address_read(const xfrm_address_t *address, uint16_t family)
{
    return address_of_bytes(family == AF_INET6 ? IP_V6 : IP_V4, (const uint8_t *)address);
}

uint16_t xfrm_family_of(const struct ip_address *address)
{
    return address->family == IP_V6 ? AF_INET6 : AF_INET;
}

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

struct xfrm_selector xfrm_selector_canonical(const struct xfrm_selector *selector)
{
    struct xfrm_selector canonical;
    memset(&canonical, 0, sizeof(canonical)); /* padding too */
    canonical.daddr = selector->daddr;
    canonical.saddr = selector->saddr;
    canonical.dport = selector->dport;
    canonical.dport_mask = selector->dport_mask;
    canonical.sport = selector->sport;
    canonical.sport_mask = selector->sport_mask;
    canonical.family = selector->family;
    canonical.prefixlen_d = selector->prefixlen_d;
    canonical.prefixlen_s = selector->prefixlen_s;
    canonical.proto = selector->proto;
    return canonical;
}

static struct xfrm_selector compose(const struct end_parts *source, const struct end_parts *destination,
                                    const size_t index[static 4], uint8_t protocol)
{
    const struct ip_prefix *from = &source->prefixes[index[0]], *to = &destination->prefixes[index[1]];
    const struct port_block *from_ports = &source->ports[index[2]], *to_ports = &destination->ports[index[3]];
    struct xfrm_selector selector = {
        .family = xfrm_family_of(&from->address),
        .saddr = xfrm_address_of(&from->address),
        .daddr = xfrm_address_of(&to->address),
        .prefixlen_s = from->length,
        .prefixlen_d = to->length,
        .sport = htons(from_ports->value),
        .sport_mask = htons(from_ports->mask),
        .dport = htons(to_ports->value),
        .dport_mask = htons(to_ports->mask),
        .proto = protocol,
    };
    return xfrm_selector_canonical(&selector);
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

struct xfrm_selector *xfrm_selectors_between(const struct selector *source,
                                             const struct selector *destination, size_t *ret_count)
{
    struct end_parts from, to;
    *ret_count = 0;
    if (source->range.start.family != destination->range.start.family)
        return NULL;
    take_apart(source, &from);
    take_apart(destination, &to);
    const size_t limits[4] = {from.prefix_count, to.prefix_count, from.port_count, to.port_count};
    size_t total = limits[0] * limits[1] * limits[2] * limits[3];
    if (total == 0 || total > XFRM_SELECTORS_MAX)
        return NULL;
    struct xfrm_selector *list = calloc(total, sizeof(*list));
    if (list == NULL)
        return NULL;
    size_t index[4] = {0};
    uint8_t protocol = source->protocol != 0 ? source->protocol : destination->protocol;
    do
        list[(*ret_count)++] = compose(&from, &to, index, protocol);
    while (next_combination(index, limits));
    return list;
}

/* ICMP's type and code stand in the places of the ports whichever way the packet goes. */
struct xfrm_selector xfrm_selector_reversed(const struct xfrm_selector *selector)
{
    struct xfrm_selector reversed = *selector;
    bool has_types = selector->proto == IPPROTO_ICMP || selector->proto == IPPROTO_ICMPV6;
    reversed.saddr = selector->daddr;
    reversed.daddr = selector->saddr;
    reversed.prefixlen_s = selector->prefixlen_d;
    reversed.prefixlen_d = selector->prefixlen_s;
    if (has_types)
        return reversed;
    reversed.sport = selector->dport;
    reversed.sport_mask = selector->dport_mask;
    reversed.dport = selector->sport;
    reversed.dport_mask = selector->sport_mask;
    return reversed;
}

struct selector xfrm_selector_end(const struct xfrm_selector *selector, bool source)
{
    struct ip_prefix prefix = {
        .address = xfrm_address_read(source ? &selector->saddr : &selector->daddr, selector->family),
        .length = source ? selector->prefixlen_s : selector->prefixlen_d,
    };
    return selector_of_prefix(&prefix, selector->proto, ntohs(source ? selector->sport : selector->dport));
}
