/* Neighbour discovery passes in clear: see neighbour_bypass.h. */
#include "kernel/neighbour_bypass.h"

#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <string.h>

/*
 * Solicitations and advertisements of neighbours have any addresses, for a host asks whether a neighbour is
 * still there with those that its packets have. Routers' are told apart by the link: they speak from
 * link-local addresses, and are asked at multicast or link-local ones. What is forwarded is none of these
 * three (RFC 4861 4.1, 4.2, 4.5).
 */
static const struct {
    uint8_t type;
    uint8_t source[2], source_length, destination[2], destination_length;
} bypassed[] = {
    {ND_NEIGHBOR_SOLICIT, {0, 0}, 0, {0, 0}, 0},      {ND_NEIGHBOR_ADVERT, {0, 0}, 0, {0, 0}, 0},
    {ND_ROUTER_SOLICIT, {0, 0}, 0, {0xff, 0x02}, 16}, {ND_ROUTER_SOLICIT, {0, 0}, 0, {0xfe, 0x80}, 10},
    {ND_ROUTER_ADVERT, {0xfe, 0x80}, 10, {0, 0}, 0},  {ND_REDIRECT, {0xfe, 0x80}, 10, {0, 0}, 0},
};

static struct packet_selector selector_of(size_t index)
{
    struct packet_selector selector;
    memset(&selector, 0, sizeof(selector)); /* it is compared as bytes */
    selector.source.address.family = selector.destination.address.family = IP_V6;
    memcpy(selector.source.address.bytes, bypassed[index].source, sizeof(bypassed[index].source));
    memcpy(selector.destination.address.bytes, bypassed[index].destination,
           sizeof(bypassed[index].destination));
    selector.source.length = bypassed[index].source_length;
    selector.destination.length = bypassed[index].destination_length;
    selector.protocol = IPPROTO_ICMPV6;
    selector.source_port = bypassed[index].type;
    selector.source_mask = UINT16_MAX;
    return selector;
}

static void put(struct kernel_plane *plane, bool is_there)
{
    for (size_t i = 0; i < ARRAY_SIZE(bypassed); i++) {
        struct packet_selector selector = selector_of(i);
        plane->kernel_policies->put_bypass(plane, &selector, is_there);
    }
}

/* A connection's policy of the same selector was in the place of ours, and has gone. */
static void put_again(struct kernel_plane *plane, const struct packet_selector *gone)
{
    struct packet_selector reversed = packet_selector_reversed(gone);
    for (size_t i = 0; i < ARRAY_SIZE(bypassed); i++) {
        struct packet_selector selector = selector_of(i);
        if (memcmp(&selector, gone, sizeof(selector)) == 0 ||
            memcmp(&selector, &reversed, sizeof(selector)) == 0)
            plane->kernel_policies->put_bypass(plane, &selector, true);
    }
}

static bool is_of_ipv6(const struct policy_slot *slot)
{
    return slot->key.selector.source.address.family == IP_V6;
}

void neighbour_bypass_before(struct kernel_plane *plane, const struct policy_slot *slot, bool will_be_there)
{
    if (!is_of_ipv6(slot) || slot->installed != 0 || !will_be_there)
        return;
    if (plane->ipv6_slot_count++ == 0)
        put(plane, true);
}

void neighbour_bypass_after(struct kernel_plane *plane, const struct policy_slot *slot, bool was_there)
{
    if (!is_of_ipv6(slot) || slot->installed != 0 || !was_there)
        return;
    if (--plane->ipv6_slot_count == 0)
        put(plane, false);
    else
        put_again(plane, &slot->key.selector);
}

void neighbour_bypass_remove(struct kernel_plane *plane)
{
    if (plane->ipv6_slot_count != 0)
        put(plane, false);
    plane->ipv6_slot_count = 0;
}
