/* Traffic selectors as kernels take them: prefixes and masked ports instead of ranges (RFC 4301 4.4.1.1). */
#ifndef STYX_KERNEL_PACKET_SELECTOR_H
#define STYX_KERNEL_PACKET_SELECTOR_H

#include "base/address.h"

enum { PACKET_SELECTORS_MAX = 1024 }; /* of one policy */

/* Comparable by memcmp: padding is zero in all that the functions below return. ICMP's type is the source
 * port, its code the destination port. Ports and masks in host order; a mask of 0: any. */
struct packet_selector {
    struct ip_prefix source, destination;
    uint8_t protocol; /* 0: any */
    uint16_t source_port, source_mask;
    uint16_t destination_port, destination_mask;
};

/*
 * The selectors for packets from `source` to `destination` that together say the same: a range of addresses
 * is the fewest prefixes, a range of ports the fewest masked values. Heap, the caller frees; NULL with
 * *ret_count 0 when they are of two families or protocols, too many, or memory is short.
 */
struct packet_selector *packet_selectors_between(const struct selector *source,
                                                 const struct selector *destination, size_t *ret_count);
/* The same for any pair of sources[i], destinations[j] that packets can be of; all of them, or none. */
struct packet_selector *packet_selectors_of_pairs(const struct selector *sources, size_t source_count,
                                                  const struct selector *destinations,
                                                  size_t destination_count, size_t *ret_count);

/* The port of a struct selector for one of its ends; of ICMP, type and code together. */
uint16_t packet_selector_port(const struct packet_selector *selector, bool source);

/* The same traffic seen from the other side. */
struct packet_selector packet_selector_reversed(const struct packet_selector *selector);

#endif
