/* Traffic selectors as the kernel's XFRM takes them: prefixes and masked ports instead of ranges. */
#ifndef STYX_KERNEL_XFRM_SELECTOR_H
#define STYX_KERNEL_XFRM_SELECTOR_H

#include <linux/xfrm.h>

#include "base/address.h"

enum { XFRM_SELECTORS_MAX = 1024 }; /* of one policy */

xfrm_address_t xfrm_address_of(const struct ip_address *address);
struct ip_address xfrm_address_read(const xfrm_address_t *address, uint16_t family);
uint16_t xfrm_family_of(const struct ip_address *address);

/*
 * The selectors for packets from `source` to `destination` that together say the same: a range of addresses
 * is the fewest prefixes, a range of ports the fewest masked values. Heap, the caller frees; NULL with
 * *ret_count 0 when they are of two families, too many, or memory is short.
 */
struct xfrm_selector *xfrm_selectors_between(const struct selector *source,
                                             const struct selector *destination, size_t *ret_count);

/* The same with every byte that means nothing zero: comparable by memcmp, as all of this file's are. */
struct xfrm_selector xfrm_selector_canonical(const struct xfrm_selector *selector);

/* The same traffic seen from the other side. */
struct xfrm_selector xfrm_selector_reversed(const struct xfrm_selector *selector);

/* One end of a packet's flow. */
struct selector xfrm_selector_end(const struct xfrm_selector *selector, bool source);

#endif
