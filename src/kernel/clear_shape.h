/*
 * The shape of inbound selectors: all that have the same prefix lengths, masks and priority are found by one
 * look-up in one hash, keyed by what the masks leave.
 */
#ifndef STYX_KERNEL_CLEAR_SHAPE_H
#define STYX_KERNEL_CLEAR_SHAPE_H

#include "kernel/nft_message.h"
#include "kernel/packet_selector.h"

enum { CLEAR_KEY_MAX = 44 };

struct clear_shape {
    uint32_t priority;
    enum ip_family family;
    uint8_t source_length, destination_length;
    bool has_protocol;
    uint16_t source_port_mask, destination_port_mask; /* host order; 0: any */
};

/* ICMP's types are not told apart: a selector that names one stands in no map. */
bool clear_shape_can_tell(const struct packet_selector *selector);
struct clear_shape clear_shape_of(const struct packet_selector *selector, uint32_t priority);
/* The key of nf_tables for the selector; its size. */
size_t clear_shape_key(const struct packet_selector *selector, uint8_t out[static CLEAR_KEY_MAX]);
/* Its packets may come from anywhere: those from where the host's own routes lead are none of the tunnel's,
 * just as packets to there are not (route_rules.h). */
static inline bool clear_shape_is_of_everywhere(const struct clear_shape *shape)
{
    return shape->source_length == 0;
}
/* The map of the shape, and the rule that asks it; device: where our routes lead, 0: it does not matter. */
void clear_shape_put_map(const struct clear_shape *shape, struct nft_link *link, const char *map);
void clear_shape_put_rule(const struct clear_shape *shape, struct nft_link *link, const char *chain,
                          const char *map, int device);

#endif
