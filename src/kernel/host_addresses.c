/* This host's addresses: read once, and again after the kernel has told of a change. */
#include "kernel/host_addresses.h"

#include <errno.h>
#include <ifaddrs.h>
#include <libmnl/libmnl.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "base/sockaddr.h"

void host_addresses_init(struct host_addresses *addresses)
{
    *addresses = (struct host_addresses){.monitor = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC)};
    if (addresses->monitor == NULL ||
        mnl_socket_bind(addresses->monitor, RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR, MNL_SOCKET_AUTOPID) == 0)
        return;
    mnl_socket_close(addresses->monitor);
    addresses->monitor = NULL;
}

void host_addresses_free(struct host_addresses *addresses)
{
    if (addresses->monitor != NULL)
        mnl_socket_close(addresses->monitor);
    free(addresses->list);
    *addresses = (struct host_addresses){0};
}

/* What the kernel has to say is only that something changed; a lost message (ENOBUFS) says the same. */
static bool has_changed(const struct host_addresses *addresses)
{
    char message[8192];
    bool has = addresses->monitor == NULL;
    if (has)
        return true;
    int fd = mnl_socket_get_fd(addresses->monitor);
    while (recv(fd, message, sizeof(message), MSG_DONTWAIT) >= 0 || errno == ENOBUFS)
        has = true;
    return has;
}

static void read_again(struct host_addresses *addresses)
{
    struct ifaddrs *entries;
    if (getifaddrs(&entries) < 0)
        return;
    size_t count = 0;
    for (const struct ifaddrs *at = entries; at != NULL; at = at->ifa_next)
        count++;
    struct ip_address *list = realloc(addresses->list, (count + 1) * sizeof(*list));
    if (list != NULL) {
        addresses->list = list;
        addresses->count = 0;
        for (const struct ifaddrs *at = entries; at != NULL; at = at->ifa_next)
            list[addresses->count++] = address_from_sockaddr(at->ifa_addr);
        addresses->is_current = true;
    }
    freeifaddrs(entries);
}

struct ip_address host_addresses_find_inside(struct host_addresses *addresses,
                                             const struct selector *selector)
{
    if (has_changed(addresses) || !addresses->is_current)
        read_again(addresses);
    for (size_t i = 0; i < addresses->count; i++) {
        const struct ip_address *address = &addresses->list[i];
        if (address->family == selector->range.start.family &&
            address_compare(&selector->range.start, address) <= 0 &&
            address_compare(address, &selector->range.end) <= 0)
            return *address;
    }
    return (struct ip_address){0};
}
