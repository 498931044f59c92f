/*
 * The priority of a policy that the user gave none (priority=): narrower selectors come first, in all data
 * planes alike.
 */
#ifndef STYX_ESP_POLICY_PRIORITY_H
#define STYX_ESP_POLICY_PRIORITY_H

#include <stdbool.h>
#include <stdint.h>

/* How much a pair of selectors leaves open. */
struct policy_widths {
    unsigned open_address_bits; /* of both addresses */
    bool any_protocol;
    unsigned any_ports; /* 0 to 2 */
};

/* The smaller wins; behind all that priority= can say. A longer pair of prefixes decides, then a named
 * protocol, then named ports. */
static inline uint32_t policy_priority_of_widths(const struct policy_widths *widths)
{
    enum { BEHIND_GIVEN_ONES = 1 << 24 };
    return BEHIND_GIVEN_ONES + widths->open_address_bits * 8 + widths->any_protocol * 4u + widths->any_ports;
}

#endif
