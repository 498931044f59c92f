/* Selectors (RFC 4301 4.4.1.1) for linux/xfrm.h. */
#include "kernel/xfrm_selector.h"

#include <arpa/inet.h>
#include <sys/socket.h>

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

struct xfrm_selector xfrm_selector_of(const struct packet_selector *selector)
{
    return (struct xfrm_selector){
        .family = xfrm_family_of(&selector->source.address),
        .saddr = xfrm_address_of(&selector->source.address),
        .daddr = xfrm_address_of(&selector->destination.address),
        .prefixlen_s = selector->source.length,
        .prefixlen_d = selector->destination.length,
        .sport = htons(selector->source_port),
        .sport_mask = htons(selector->source_mask),
        .dport = htons(selector->destination_port),
        .dport_mask = htons(selector->destination_mask),
        .proto = selector->protocol,
    };
}

struct packet_selector xfrm_selector_read(const struct xfrm_selector *selector)
{
    struct packet_selector read;
    memset(&read, 0, sizeof(read)); /* padding too */
    read.source.address = xfrm_address_read(&selector->saddr, selector->family);
    read.source.length = selector->prefixlen_s;
    read.destination.address = xfrm_address_read(&selector->daddr, selector->family);
    read.destination.length = selector->prefixlen_d;
    read.protocol = selector->proto;
    read.source_port = ntohs(selector->sport);
    read.source_mask = ntohs(selector->sport_mask);
    read.destination_port = ntohs(selector->dport);
    read.destination_mask = ntohs(selector->dport_mask);
    return read;
}

struct selector xfrm_selector_end(const struct xfrm_selector *selector, bool source)
{
    struct packet_selector read = xfrm_selector_read(selector);
    return selector_of_prefix(source ? &read.source : &read.destination, read.protocol,
                              packet_selector_port(&read, source));
}
