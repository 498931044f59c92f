/*
 * XFRM interfaces (ipsec-interface=): ipsecN leads what is routed into it through the SAs that bear its
 * number, and what those SAs let in comes out of it. They are made with their first user and go with the
 * last; one that was there before us is used and left alone.
 */
#ifndef STYX_KERNEL_TUNNEL_INTERFACES_H
#define STYX_KERNEL_TUNNEL_INTERFACES_H

#include "engine/kernel_extras.h"
#include "kernel/route_netlink.h"

enum { TUNNEL_INTERFACES_MAX = 256 };

struct tunnel_interfaces {
    struct tunnel_interface_use {
        uint32_t number;
        unsigned users;
        int index;
        bool is_ours;
    } list[TUNNEL_INTERFACES_MAX];
    size_t count;
};

/* One user more; the interface's index. below: the interface that its packets leave by. 0, or an errno value.
 */
int tunnel_interfaces_use(struct tunnel_interfaces *interfaces, struct netlink *netlink,
                          const struct tunnel_interface *wanted, int below, int *ret_index);
/* One user less; nothing when none is wanted. */
void tunnel_interfaces_release(struct tunnel_interfaces *interfaces, struct netlink *netlink,
                               const struct tunnel_interface *interface);
void tunnel_interfaces_remove_all(struct tunnel_interfaces *interfaces, struct netlink *netlink);

#endif
