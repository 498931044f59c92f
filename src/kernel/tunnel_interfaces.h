/*
 * Interfaces of tunnels. XFRM interfaces (ipsec-interface=): ipsecN leads what is routed into it through the
 * SAs that bear its number, and what those SAs let in comes out of it. VTIs (vti-interface=) do the same by
 * marks. They are made with their first user, follow him when an end moves, and go with the last; one that
 * was there before us is used and left alone.
 */
#ifndef STYX_KERNEL_TUNNEL_INTERFACES_H
#define STYX_KERNEL_TUNNEL_INTERFACES_H

#include "engine/kernel_extras.h"
#include "kernel/route_netlink.h"

enum { TUNNEL_INTERFACES_MAX = 256, INTERFACE_NAME_SIZE = 16 };

struct tunnel_interfaces {
    bool uses_them_as_they_are; /* XFRM interfaces are not made: ENODEV where there is none */
    struct tunnel_interface_use {
        char name[INTERFACE_NAME_SIZE];
        unsigned users;
        int index;
        bool is_ours, is_shared;
        uint64_t owner;
        struct ip_address local, remote; /* a VTI's */
    } list[TUNNEL_INTERFACES_MAX];
    size_t count;
};

/* Who uses one, and the path of its packets. */
struct tunnel_interface_site {
    uint64_t owner; /* a VTI that is not shared is for one alone: EBUSY */
    int below;      /* the interface that its packets leave by */
    struct ip_address local, remote;
};

/* One user more; the interface's index. 0, or an errno value, and then there is no user more. */
int tunnel_interfaces_use(struct tunnel_interfaces *interfaces, struct netlink *netlink,
                          const struct tunnel_interface *wanted, const struct tunnel_interface_site *site,
                          int *ret_index);
/* One user less; nothing when none is wanted. */
void tunnel_interfaces_release(struct tunnel_interfaces *interfaces, struct netlink *netlink,
                               const struct tunnel_interface *interface);
void tunnel_interfaces_remove_all(struct tunnel_interfaces *interfaces, struct netlink *netlink);

#endif
