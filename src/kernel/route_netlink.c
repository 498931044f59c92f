/* rtnetlink requests about routes and rules: see route_netlink.h. */
#include "kernel/route_netlink_detail.h"

#include <linux/fib_rules.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "kernel/netlink_attributes.h"

enum { TABLE_OF_HEADER_MAX = 255 };

/* A gateway may be of the other family (RFC 5549). */
static void put_gateway(struct nlmsghdr *message, const struct netlink_route *route)
{
    uint8_t via[sizeof(struct rtvia) + sizeof(route->gateway.bytes)];
    const struct rtvia header = {.rtvia_family = netlink_family((enum ip_family)route->gateway.family)};
    size_t size = address_size(&route->gateway);
    if (route->gateway.family == route->destination.address.family) {
        netlink_put_address(message, RTA_GATEWAY, &route->gateway);
        return;
    }
    memcpy(via, &header, sizeof(header));
    memcpy(via + sizeof(header), route->gateway.bytes, size);
    mnl_attr_put(message, RTA_VIA, sizeof(header) + size, via);
}

static struct nlmsghdr *build_route(uint8_t *buffer, uint16_t type, uint16_t flags,
                                    const struct netlink_route *route)
{
    struct nlmsghdr *message = mnl_nlmsg_put_header(buffer);
    message->nlmsg_type = type;
    message->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | flags;
    struct rtmsg *header = mnl_nlmsg_put_extra_header(message, sizeof(*header));
    header->rtm_family = netlink_family(route->destination.address.family);
    header->rtm_dst_len = route->destination.length;
    header->rtm_protocol = RTPROT_STATIC;
    bool is_on_link =
        header->rtm_family == AF_INET && !address_is_set(&route->gateway) && !route->is_unreachable;
    header->rtm_scope = is_on_link ? RT_SCOPE_LINK : RT_SCOPE_UNIVERSE;
    header->rtm_type = route->is_unreachable ? RTN_UNREACHABLE : RTN_UNICAST;
    header->rtm_table = route->table <= TABLE_OF_HEADER_MAX ? (uint8_t)route->table : RT_TABLE_UNSPEC;
    netlink_put_address(message, RTA_DST, &route->destination.address);
    mnl_attr_put_u32(message, RTA_TABLE, route->table);
    if (!route->is_unreachable)
        mnl_attr_put_u32(message, RTA_OIF, (uint32_t)route->interface_index);
    if (address_is_set(&route->gateway))
        put_gateway(message, route);
    if (address_is_set(&route->source))
        netlink_put_address(message, RTA_PREFSRC, &route->source);
    if (route->metric != 0)
        mnl_attr_put_u32(message, RTA_PRIORITY, route->metric);
    if (route->mtu != 0) {
        struct nlattr *metrics = mnl_attr_nest_start(message, RTA_METRICS);
        mnl_attr_put_u32(message, RTAX_MTU, route->mtu);
        mnl_attr_nest_end(message, metrics);
    }
    return message;
}

int netlink_route_replace(struct netlink *netlink, const struct netlink_route *route)
{
    uint8_t buffer[NETLINK_REQUEST_SIZE] __attribute__((aligned(8))) = {0};
    return netlink_transact(netlink, build_route(buffer, RTM_NEWROUTE, NLM_F_CREATE | NLM_F_REPLACE, route));
}

int netlink_route_delete(struct netlink *netlink, const struct netlink_route *route)
{
    uint8_t buffer[NETLINK_REQUEST_SIZE] __attribute__((aligned(8))) = {0};
    return netlink_transact(netlink, build_route(buffer, RTM_DELROUTE, 0, route));
}

static struct nlmsghdr *start_get(uint8_t *buffer, uint16_t flags, enum ip_family family)
{
    struct nlmsghdr *message = mnl_nlmsg_put_header(buffer);
    message->nlmsg_type = RTM_GETROUTE;
    message->nlmsg_flags = NLM_F_REQUEST | flags;
    struct rtmsg *header = mnl_nlmsg_put_extra_header(message, sizeof(*header));
    header->rtm_family = netlink_family(family);
    return message;
}

static int read_route(const struct nlmsghdr *message, void *context)
{
    struct netlink_route *route = context;
    const struct rtmsg *header = mnl_nlmsg_get_payload(message);
    struct nlattr *attribute;
    enum ip_family family = header->rtm_family == AF_INET6 ? IP_V6 : IP_V4;
    route->table = header->rtm_table;
    route->is_unreachable = header->rtm_type == RTN_UNREACHABLE;
    route->destination = (struct ip_prefix){.address.family = (uint8_t)family, .length = header->rtm_dst_len};
    NETLINK_ATTRIBUTES(attribute, message, sizeof(*header))
    {
        uint16_t type = mnl_attr_get_type(attribute);
        const uint8_t *value = mnl_attr_get_payload(attribute);
        bool is_address = mnl_attr_get_payload_len(attribute) == address_size(&route->destination.address);
        if (type == RTA_OIF)
            route->interface_index = (int)mnl_attr_get_u32(attribute);
        else if (type == RTA_TABLE)
            route->table = mnl_attr_get_u32(attribute);
        else if (type == RTA_PRIORITY)
            route->metric = mnl_attr_get_u32(attribute);
        else if (type == RTA_GATEWAY && is_address)
            route->gateway = address_of_bytes(family, value);
        else if (type == RTA_PREFSRC && is_address)
            route->source = address_of_bytes(family, value);
        else if (type == RTA_DST && is_address)
            route->destination.address = address_of_bytes(family, value);
    }
    return MNL_CB_OK;
}

int netlink_route_get(struct netlink *netlink, const struct ip_address *local,
                      const struct ip_address *remote, uint32_t mark, struct netlink_route *ret_route)
{
    uint8_t buffer[NETLINK_REQUEST_SIZE] __attribute__((aligned(8))) = {0};
    struct nlmsghdr *message = start_get(buffer, 0, remote->family);
    struct rtmsg *header = mnl_nlmsg_get_payload(message);
    header->rtm_dst_len = header->rtm_src_len = (uint8_t)(address_size(remote) * 8);
    netlink_put_address(message, RTA_DST, remote);
    netlink_put_address(message, RTA_SRC, local);
    mnl_attr_put_u32(message, RTA_MARK, mark);
    *ret_route = (struct netlink_route){0};
    return netlink_ask(netlink, message, read_route, ret_route);
}

struct found_routes {
    uint32_t table;
    size_t count, capacity;
    struct netlink_route *list;
};

static bool grow(struct found_routes *found)
{
    size_t capacity = found->capacity > 0 ? found->capacity * 2 : NETLINK_FLUSH_AT_ONCE;
    struct netlink_route *list = realloc(found->list, capacity * sizeof(*list));
    if (list == NULL)
        return false;
    found->list = list;
    found->capacity = capacity;
    return true;
}

/* What there is no memory for is found the next time. */
static int note_route(const struct nlmsghdr *message, void *context)
{
    struct found_routes *found = context;
    struct netlink_route route = {0};
    read_route(message, &route);
    if (route.table == found->table && (found->count < found->capacity || grow(found)))
        found->list[found->count++] = route;
    return MNL_CB_OK;
}

/* All are asked for at once: every answer goes through all of the host's routes. */
void netlink_table_flush(struct netlink *netlink, enum ip_family family, uint32_t table)
{
    struct found_routes found = {.table = table};
    bool goes_on = true;
    while (goes_on) {
        uint8_t buffer[NETLINK_REQUEST_SIZE] __attribute__((aligned(8))) = {0};
        struct nlmsghdr *message = start_get(buffer, NLM_F_DUMP, family);
        mnl_attr_put_u32(message, RTA_TABLE, table);
        found.count = 0;
        (void)netlink_ask(netlink, message, note_route, &found);
        goes_on = false;
        for (size_t i = 0; i < found.count; i++)
            goes_on |= netlink_route_delete(netlink, &found.list[i]) == 0;
    }
    free(found.list);
}

static struct nlmsghdr *build_rule(uint8_t *buffer, uint16_t type, uint16_t flags,
                                   const struct netlink_rule *rule)
{
    struct nlmsghdr *message = mnl_nlmsg_put_header(buffer);
    message->nlmsg_type = type;
    message->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | flags;
    struct fib_rule_hdr *header = mnl_nlmsg_put_extra_header(message, sizeof(*header));
    header->family = netlink_family(rule->family);
    header->action = FR_ACT_TO_TBL;
    mnl_attr_put_u32(message, FRA_PRIORITY, rule->priority);
    if (rule->kind == RULE_UNMARKED) {
        header->flags = FIB_RULE_INVERT;
        mnl_attr_put_u32(message, FRA_FWMARK, rule->mark);
        mnl_attr_put_u32(message, FRA_FWMASK, UINT32_MAX);
        mnl_attr_put_u32(message, FRA_TABLE, rule->table);
    } else {
        header->table = RT_TABLE_MAIN;
        mnl_attr_put_u32(message, FRA_TABLE, RT_TABLE_MAIN);
        mnl_attr_put_u32(message, FRA_SUPPRESS_PREFIXLEN, 0);
    }
    return message;
}

int netlink_rule_add(struct netlink *netlink, const struct netlink_rule *rule)
{
    uint8_t buffer[NETLINK_REQUEST_SIZE] __attribute__((aligned(8))) = {0};
    return netlink_transact(netlink, build_rule(buffer, RTM_NEWRULE, NLM_F_CREATE | NLM_F_EXCL, rule));
}

int netlink_rule_delete(struct netlink *netlink, const struct netlink_rule *rule)
{
    uint8_t buffer[NETLINK_REQUEST_SIZE] __attribute__((aligned(8))) = {0};
    return netlink_transact(netlink, build_rule(buffer, RTM_DELRULE, 0, rule));
}
