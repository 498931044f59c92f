/* Addresses and traffic selectors for linux/xfrm.h. */
#ifndef STYX_KERNEL_XFRM_SELECTOR_H
#define STYX_KERNEL_XFRM_SELECTOR_H

#include <linux/xfrm.h>

#include "kernel/packet_selector.h"

xfrm_address_t xfrm_address_of(const struct ip_address *address);
struct ip_address xfrm_address_read(const xfrm_address_t *address, uint16_t family);
uint16_t xfrm_family_of(const struct ip_address *address);

struct xfrm_selector xfrm_selector_of(const struct packet_selector *selector);
struct packet_selector xfrm_selector_read(const struct xfrm_selector *selector);

/* One end of a packet's flow. */
struct selector xfrm_selector_end(const struct xfrm_selector *selector, bool source);

#endif
