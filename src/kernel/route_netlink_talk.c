/* Asking rtnetlink, and waiting for its answer: RFC 3549 through libmnl. */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "kernel/route_netlink_detail.h"

bool netlink_open(struct netlink *netlink, struct error *error)
{
    netlink->socket = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC);
    netlink->sequence = 0;
    if (netlink->socket == NULL)
        return error_set(error, 0, "cannot open a netlink socket: %s", strerror(errno));
    if (mnl_socket_bind(netlink->socket, 0, MNL_SOCKET_AUTOPID) == 0)
        return true;
    error_set(error, 0, "cannot bind a netlink socket: %s", strerror(errno));
    netlink_close(netlink);
    return false;
}

void netlink_close(struct netlink *netlink)
{
    if (netlink->socket != NULL)
        mnl_socket_close(netlink->socket);
    netlink->socket = NULL;
}

int netlink_ask(struct netlink *netlink, struct nlmsghdr *message, mnl_cb_t visit, void *context)
{
    uint8_t answer[32768] __attribute__((aligned(8)));
    message->nlmsg_seq = ++netlink->sequence;
    if (mnl_socket_sendto(netlink->socket, message, message->nlmsg_len) < 0)
        return errno;
    for (;;) {
        ssize_t size = mnl_socket_recvfrom(netlink->socket, answer, sizeof(answer));
        if (size < 0 && errno == EINTR)
            continue;
        if (size < 0)
            return errno;
        const struct nlmsghdr *first = (const struct nlmsghdr *)(void *)answer;
        if ((size_t)size < sizeof(*first) || first->nlmsg_seq != message->nlmsg_seq)
            continue; /* a late answer to an earlier request */
        unsigned port = mnl_socket_get_portid(netlink->socket);
        int result = mnl_cb_run(answer, (size_t)size, message->nlmsg_seq, port, visit, context);
        if (result < 0)
            return errno;
        if (result == MNL_CB_STOP || (message->nlmsg_flags & (NLM_F_ACK | NLM_F_DUMP)) == 0)
            return 0;
    }
}

int netlink_transact(struct netlink *netlink, struct nlmsghdr *message)
{
    return netlink_ask(netlink, message, NULL, NULL);
}

uint8_t netlink_family(enum ip_family family)
{
    return family == IP_V6 ? AF_INET6 : AF_INET;
}

void netlink_put_address(struct nlmsghdr *message, uint16_t type, const struct ip_address *address)
{
    mnl_attr_put(message, type, address_size(address), address->bytes);
}
