/* What routes a policy needs: the prefixes that make up its remote selectors, and the source address to
 * prefer. */
#ifndef STYX_KERNEL_USERSPACE_ROUTE_PLAN_H
#define STYX_KERNEL_USERSPACE_ROUTE_PLAN_H

#include "base/address.h"

enum { SELECTOR_PREFIXES_MAX = 254 }; /* of one IPv6 range, at worst */

/* Writes the fewest prefixes that make up the selector's range and returns how many. */
size_t route_prefixes_of_selector(const struct selector *selector,
                                  struct ip_prefix out[static SELECTOR_PREFIXES_MAX]);

/* An address of this host inside the selector; unset when it has none. */
struct ip_address route_source_inside(const struct selector *selector);

#endif
