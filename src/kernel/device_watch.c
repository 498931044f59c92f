/* Reading rtnetlink's news: see device_watch.h. */
#include "kernel/device_watch.h"

#include <errno.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <sys/socket.h>

#include "kernel/netlink_attributes.h"

enum { READS_AT_ONCE = 64 };

void device_watch_open(struct device_watch *watch, int interface_index, uint32_t own_port)
{
    unsigned groups = RTMGRP_LINK | RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR | RTMGRP_IPV4_RULE |
                      1u << (RTNLGRP_IPV6_RULE - 1);
    *watch = (struct device_watch){.interface_index = interface_index, .own_port = own_port, .is_up = true};
    watch->socket = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (watch->socket != NULL && mnl_socket_bind(watch->socket, groups, MNL_SOCKET_AUTOPID) < 0)
        device_watch_close(watch);
}

void device_watch_close(struct device_watch *watch)
{
    if (watch->socket != NULL)
        mnl_socket_close(watch->socket);
    watch->socket = NULL;
}

int device_watch_fd(const struct device_watch *watch)
{
    return watch->socket != NULL ? mnl_socket_get_fd(watch->socket) : -1;
}

static void note_link(struct device_watch *watch, const struct nlmsghdr *message, struct device_news *news)
{
    const struct ifinfomsg *link = mnl_nlmsg_get_payload(message);
    if (link->ifi_index != watch->interface_index || link->ifi_family != AF_UNSPEC)
        return;
    if (message->nlmsg_type == RTM_DELLINK) {
        news->has_vanished = true;
        return;
    }
    bool is_up = (link->ifi_flags & IFF_UP) != 0;
    news->went_down |= watch->is_up && !is_up;
    news->came_up |= !watch->is_up && is_up;
    watch->is_up = is_up;
}

static void note_address(const struct nlmsghdr *message, struct device_news *news)
{
    const struct ifaddrmsg *header = mnl_nlmsg_get_payload(message);
    enum ip_family family = header->ifa_family == AF_INET6 ? IP_V6 : IP_V4;
    struct ip_address peer = {0}, local = {0};
    struct nlattr *attribute;
    NETLINK_ATTRIBUTES(attribute, message, sizeof(*header))
    {
        uint16_t type = mnl_attr_get_type(attribute);
        struct ip_address *out = type == IFA_LOCAL ? &local : type == IFA_ADDRESS ? &peer : NULL;
        if (out != NULL && mnl_attr_get_payload_len(attribute) == (family == IP_V6 ? 16 : 4))
            *out = address_of_bytes(family, mnl_attr_get_payload(attribute));
    }
    if (news->lost_count < LOST_ADDRESSES_MAX)
        news->lost_addresses[news->lost_count++] = address_is_set(&local) ? local : peer;
    else
        news->may_lack_routes = true;
}

static void note(struct device_watch *watch, const struct nlmsghdr *message, struct device_news *news)
{
    uint16_t type = message->nlmsg_type;
    if ((type == RTM_NEWLINK || type == RTM_DELLINK) &&
        message->nlmsg_len >= NLMSG_LENGTH(sizeof(struct ifinfomsg)))
        note_link(watch, message, news);
    if (watch->own_port != 0 && message->nlmsg_pid == watch->own_port)
        return;
    if (type == RTM_DELADDR && message->nlmsg_len >= NLMSG_LENGTH(sizeof(struct ifaddrmsg)))
        note_address(message, news);
    if (type == RTM_DELRULE)
        news->may_lack_rules = true;
}

struct device_news device_watch_read(struct device_watch *watch)
{
    uint8_t buffer[16384] __attribute__((aligned(8)));
    struct device_news news = {0};
    for (int reads = 0; watch->socket != NULL && reads < READS_AT_ONCE; reads++) {
        ssize_t size = recv(mnl_socket_get_fd(watch->socket), buffer, sizeof(buffer), MSG_DONTWAIT);
        if (size < 0 && errno == ENOBUFS)
            news.may_lack_routes = news.may_lack_rules = true;
        if (size < 0 && (errno == ENOBUFS || errno == EINTR))
            continue;
        if (size <= 0)
            break;
        int left = (int)size;
        for (struct nlmsghdr *message = (void *)buffer; mnl_nlmsg_ok(message, left);
             message = mnl_nlmsg_next(message, &left))
            note(watch, message, &news);
    }
    return news;
}
