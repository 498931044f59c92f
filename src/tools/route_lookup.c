#include "tools/route_lookup.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <linux/rtnetlink.h>

struct query {
    struct nlmsghdr header;
    struct rtmsg route;
    uint8_t attributes[64];
};

static void add_attribute(struct query *query, unsigned short type, const void *data, size_t size)
{
    struct rtattr *attribute =
        (struct rtattr *)(void *)((uint8_t *)query + NLMSG_ALIGN(query->header.nlmsg_len));
    attribute->rta_type = type;
    attribute->rta_len = (unsigned short)RTA_LENGTH(size);
    memcpy(RTA_DATA(attribute), data, size);
    query->header.nlmsg_len =
        (uint32_t)(NLMSG_ALIGN(query->header.nlmsg_len) + RTA_ALIGN(attribute->rta_len));
}

static struct query make_query(const struct ip_address *destination, unsigned interface)
{
    struct query query = {
        .header = {.nlmsg_len = NLMSG_LENGTH(sizeof(struct rtmsg)),
                   .nlmsg_type = RTM_GETROUTE,
                   .nlmsg_flags = NLM_F_REQUEST},
        .route = {.rtm_family = destination->family == IP_V4 ? AF_INET : AF_INET6,
                  .rtm_dst_len = (unsigned char)(8 * address_size(destination))},
    };
    add_attribute(&query, RTA_DST, destination->bytes, address_size(destination));
    if (interface != 0)
        add_attribute(&query, RTA_OIF, &interface, sizeof(interface));
    return query;
}

static void take_address(const struct rtattr *attribute, uint8_t family, struct ip_address *out)
{
    size_t size = family == IP_V4 ? 4 : 16;
    if (RTA_PAYLOAD(attribute) < size)
        return;
    *out = (struct ip_address){.family = family};
    memcpy(out->bytes, RTA_DATA(attribute), size);
}

static void take_answer(struct nlmsghdr *answer, uint8_t family, struct route_found *out)
{
    struct rtmsg *route = NLMSG_DATA(answer);
    size_t size = RTM_PAYLOAD(answer);
    unsigned index;
    for (struct rtattr *at = RTM_RTA(route); RTA_OK(at, size); at = RTA_NEXT(at, size)) {
        if (at->rta_type == RTA_PREFSRC)
            take_address(at, family, &out->source);
        else if (at->rta_type == RTA_GATEWAY)
            take_address(at, family, &out->gateway);
        else if (at->rta_type == RTA_OIF && RTA_PAYLOAD(at) >= sizeof(index)) {
            memcpy(&index, RTA_DATA(at), sizeof(index));
            if_indextoname(index, out->interface);
        }
    }
}

bool route_lookup(const struct ip_address *destination, const char *interface, struct route_found *out,
                  struct error *error)
{
    unsigned index = interface != NULL ? if_nametoindex(interface) : 0;
    if (interface != NULL && index == 0)
        return error_set(error, ENODEV, "there is no interface \"%s\"", interface);
    struct query query = make_query(destination, index);
    uint8_t buffer[4096] __attribute__((aligned(NLMSG_ALIGNTO)));
    struct nlmsghdr *answer = (struct nlmsghdr *)(void *)buffer;
    int descriptor = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
    ssize_t size = -1;
    if (descriptor >= 0 &&
        send(descriptor, &query, query.header.nlmsg_len, 0) == (ssize_t)query.header.nlmsg_len)
        size = recv(descriptor, buffer, sizeof(buffer), 0);
    int number = size < 0 ? errno : 0;
    if (descriptor >= 0)
        close(descriptor);
    if (number == 0 && (!NLMSG_OK(answer, (size_t)size) || answer->nlmsg_type == NLMSG_ERROR))
        number = NLMSG_OK(answer, (size_t)size) ? -((struct nlmsgerr *)NLMSG_DATA(answer))->error : EPROTO;
    if (number != 0)
        return error_set(error, number, "%s", strerror(number));
    *out = (struct route_found){.destination = *destination};
    take_answer(answer, destination->family, out);
    return true;
}
