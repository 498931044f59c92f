/* What routes a policy needs: the prefixes that make up its remote selectors. */
#ifndef STYX_KERNEL_ROUTE_PLAN_H
#define STYX_KERNEL_ROUTE_PLAN_H

#include "base/address.h"

enum { SELECTOR_PREFIXES_MAX = 254 }; /* of one IPv6 range, at worst */

/* Writes the fewest prefixes that make up the selector's range and returns how many. */
size_t route_prefixes_of_selector(const struct selector *selector,
                                  struct ip_prefix out[static SELECTOR_PREFIXES_MAX]);

#endif
