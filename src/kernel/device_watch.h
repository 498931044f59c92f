/*
 * What others do to the device of the userspace plane, to addresses and to routing rules, as rtnetlink
 * tells (RFC 3549): with them the kernel takes away routes of ours.
 */
#ifndef STYX_KERNEL_DEVICE_WATCH_H
#define STYX_KERNEL_DEVICE_WATCH_H

#include "base/address.h"

struct mnl_socket;

struct device_watch {
    struct mnl_socket *socket; /* NULL: nothing is watched */
    int interface_index;
    uint32_t own_port; /* netlink's, of who changes routes for us: its changes are none of others */
    bool is_up;
};

enum { LOST_ADDRESSES_MAX = 32 };

struct device_news {
    bool has_vanished; /* the device was deleted, or has left the network namespace */
    bool went_down, came_up;
    bool may_lack_rules;
    bool may_lack_routes; /* news were lost, or more addresses went than are told */
    size_t lost_count;
    struct ip_address lost_addresses[LOST_ADDRESSES_MAX]; /* of any interface */
};

/* Without it (no descriptor) the device works as well. */
void device_watch_open(struct device_watch *watch, int interface_index, uint32_t own_port);
void device_watch_close(struct device_watch *watch);

/* To poll; -1: nothing is watched. */
int device_watch_fd(const struct device_watch *watch);
/* What has happened since the last call, or a good part of it; does not wait. */
struct device_news device_watch_read(struct device_watch *watch);

#endif
