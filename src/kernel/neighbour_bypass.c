/* Neighbour discovery passes in clear: see neighbour_bypass.h. */
#include "kernel/neighbour_bypass.h"

#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <string.h>

static void put(struct kernel_plane *plane, bool is_there)
{
    static const uint8_t types[] = {ND_ROUTER_SOLICIT, ND_ROUTER_ADVERT, ND_NEIGHBOR_SOLICIT,
                                    ND_NEIGHBOR_ADVERT, ND_REDIRECT};
    struct packet_selector selector;
    memset(&selector, 0, sizeof(selector));
    selector.source.address.family = selector.destination.address.family = IP_V6;
    selector.protocol = IPPROTO_ICMPV6;
    selector.source_mask = UINT16_MAX;
    for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
        selector.source_port = types[i];
        plane->kernel_policies->put_bypass(plane, &selector, is_there);
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
}

void neighbour_bypass_remove(struct kernel_plane *plane)
{
    if (plane->ipv6_slot_count != 0)
        put(plane, false);
    plane->ipv6_slot_count = 0;
}
