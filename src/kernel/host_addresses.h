/* The addresses of this host, kept until the kernel tells of a change (rtnetlink, RFC 3549). */
#ifndef STYX_KERNEL_HOST_ADDRESSES_H
#define STYX_KERNEL_HOST_ADDRESSES_H

#include "base/address.h"

struct mnl_socket;

struct host_addresses {
    struct mnl_socket *monitor; /* NULL: every question reads them anew */
    struct ip_address *list;
    size_t count;
    bool is_current;
};

void host_addresses_init(struct host_addresses *addresses);
void host_addresses_free(struct host_addresses *addresses);

/* The first address of this host inside the selector; unset when it has none. */
struct ip_address host_addresses_find_inside(struct host_addresses *addresses,
                                             const struct selector *selector);

#endif
