/* What rtnetlink requests have in common: route_netlink.h. */
#ifndef STYX_KERNEL_ROUTE_NETLINK_DETAIL_H
#define STYX_KERNEL_ROUTE_NETLINK_DETAIL_H

#include <libmnl/libmnl.h>

#include "kernel/route_netlink.h"

enum { NETLINK_REQUEST_SIZE = 512, NETLINK_FLUSH_AT_ONCE = 64 };

/* Sends the request and reads all of its answer; visit (may be NULL) sees each message of it. 0, or an errno
 * value. */
int netlink_ask(struct netlink *netlink, struct nlmsghdr *message, mnl_cb_t visit, void *context);
int netlink_transact(struct netlink *netlink, struct nlmsghdr *message);

/* AF_INET or AF_INET6. */
uint8_t netlink_family(enum ip_family family);
void netlink_put_address(struct nlmsghdr *message, uint16_t type, const struct ip_address *address);

#endif
