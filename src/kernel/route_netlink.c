/* rtnetlink requests (RFC 3549) through libmnl. */
#include "kernel/route_netlink.h"

#include <net/if.h> /* before the kernel's own headers, which give way to it */

#include <arpa/inet.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/fib_rules.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/if_tunnel.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include "kernel/netlink_attributes.h"

enum { REQUEST_SIZE = 512, TABLE_OF_HEADER_MAX = 255 };

/* What is ours after a crash, too: the group of our interfaces, the origin of our addresses. */
enum { OUR_LINK_GROUP = 0x53747978, OUR_ADDRESS_PROTOCOL = 0x53 };

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

/* Sends the request and reads all of its answer; visit (may be NULL) sees each message of it. */
static int ask(struct netlink *netlink, struct nlmsghdr *message, mnl_cb_t visit, void *context)
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

static int transact(struct netlink *netlink, struct nlmsghdr *message)
{
    return ask(netlink, message, NULL, NULL);
}

static uint8_t family_number(enum ip_family family)
{
    return family == IP_V6 ? AF_INET6 : AF_INET;
}

static void put_address(struct nlmsghdr *message, uint16_t type, const struct ip_address *address)
{
    mnl_attr_put(message, type, address_size(address), address->bytes);
}

/* A gateway may be of the other family (RFC 5549). */
static void put_gateway(struct nlmsghdr *message, const struct netlink_route *route)
{
    uint8_t via[sizeof(struct rtvia) + sizeof(route->gateway.bytes)];
    const struct rtvia header = {.rtvia_family = family_number((enum ip_family)route->gateway.family)};
    size_t size = address_size(&route->gateway);
    if (route->gateway.family == route->destination.address.family) {
        put_address(message, RTA_GATEWAY, &route->gateway);
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
    header->rtm_family = family_number(route->destination.address.family);
    header->rtm_dst_len = route->destination.length;
    header->rtm_protocol = RTPROT_STATIC;
    bool is_on_link = header->rtm_family == AF_INET && !address_is_set(&route->gateway);
    header->rtm_scope = is_on_link ? RT_SCOPE_LINK : RT_SCOPE_UNIVERSE;
    header->rtm_type = RTN_UNICAST;
    header->rtm_table = route->table <= TABLE_OF_HEADER_MAX ? (uint8_t)route->table : RT_TABLE_UNSPEC;
    put_address(message, RTA_DST, &route->destination.address);
    mnl_attr_put_u32(message, RTA_TABLE, route->table);
    mnl_attr_put_u32(message, RTA_OIF, (uint32_t)route->interface_index);
    if (address_is_set(&route->gateway))
        put_gateway(message, route);
    if (address_is_set(&route->source))
        put_address(message, RTA_PREFSRC, &route->source);
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
    uint8_t buffer[REQUEST_SIZE] __attribute__((aligned(8))) = {0};
    return transact(netlink, build_route(buffer, RTM_NEWROUTE, NLM_F_CREATE | NLM_F_REPLACE, route));
}

int netlink_route_delete(struct netlink *netlink, const struct netlink_route *route)
{
    uint8_t buffer[REQUEST_SIZE] __attribute__((aligned(8))) = {0};
    return transact(netlink, build_route(buffer, RTM_DELROUTE, 0, route));
}

static struct nlmsghdr *start_get(uint8_t *buffer, uint16_t flags, enum ip_family family)
{
    struct nlmsghdr *message = mnl_nlmsg_put_header(buffer);
    message->nlmsg_type = RTM_GETROUTE;
    message->nlmsg_flags = NLM_F_REQUEST | flags;
    struct rtmsg *header = mnl_nlmsg_put_extra_header(message, sizeof(*header));
    header->rtm_family = family_number(family);
    return message;
}

static int read_route(const struct nlmsghdr *message, void *context)
{
    struct netlink_route *route = context;
    const struct rtmsg *header = mnl_nlmsg_get_payload(message);
    struct nlattr *attribute;
    enum ip_family family = header->rtm_family == AF_INET6 ? IP_V6 : IP_V4;
    route->table = header->rtm_table;
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
    uint8_t buffer[REQUEST_SIZE] __attribute__((aligned(8))) = {0};
    struct nlmsghdr *message = start_get(buffer, 0, remote->family);
    struct rtmsg *header = mnl_nlmsg_get_payload(message);
    header->rtm_dst_len = header->rtm_src_len = (uint8_t)(address_size(remote) * 8);
    put_address(message, RTA_DST, remote);
    put_address(message, RTA_SRC, local);
    mnl_attr_put_u32(message, RTA_MARK, mark);
    *ret_route = (struct netlink_route){0};
    return ask(netlink, message, read_route, ret_route);
}

enum { FLUSH_AT_ONCE = 64 };

struct found_routes {
    uint32_t table;
    size_t count;
    struct netlink_route list[FLUSH_AT_ONCE];
};

static int note_route(const struct nlmsghdr *message, void *context)
{
    struct found_routes *found = context;
    struct netlink_route route = {0};
    read_route(message, &route);
    if (route.table == found->table && found->count < FLUSH_AT_ONCE)
        found->list[found->count++] = route;
    return MNL_CB_OK;
}

void netlink_table_flush(struct netlink *netlink, enum ip_family family, uint32_t table)
{
    struct found_routes found;
    bool goes_on = true;
    while (goes_on) {
        uint8_t buffer[REQUEST_SIZE] __attribute__((aligned(8))) = {0};
        struct nlmsghdr *message = start_get(buffer, NLM_F_DUMP, family);
        mnl_attr_put_u32(message, RTA_TABLE, table);
        found = (struct found_routes){.table = table};
        goes_on = ask(netlink, message, note_route, &found) == 0 && found.count == FLUSH_AT_ONCE;
        for (size_t i = 0; i < found.count; i++)
            goes_on = netlink_route_delete(netlink, &found.list[i]) == 0 && goes_on;
    }
}

static struct nlmsghdr *build_rule(uint8_t *buffer, uint16_t type, uint16_t flags,
                                   const struct netlink_rule *rule)
{
    struct nlmsghdr *message = mnl_nlmsg_put_header(buffer);
    message->nlmsg_type = type;
    message->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | flags;
    struct fib_rule_hdr *header = mnl_nlmsg_put_extra_header(message, sizeof(*header));
    header->family = family_number(rule->family);
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
    uint8_t buffer[REQUEST_SIZE] __attribute__((aligned(8))) = {0};
    return transact(netlink, build_rule(buffer, RTM_NEWRULE, NLM_F_CREATE | NLM_F_EXCL, rule));
}

int netlink_rule_delete(struct netlink *netlink, const struct netlink_rule *rule)
{
    uint8_t buffer[REQUEST_SIZE] __attribute__((aligned(8))) = {0};
    return transact(netlink, build_rule(buffer, RTM_DELRULE, 0, rule));
}

static int change_address(struct netlink *netlink, uint16_t type, uint16_t flags, int interface_index,
                          const struct ip_address *address, uint8_t length, uint8_t protocol)
{
    uint8_t buffer[REQUEST_SIZE] __attribute__((aligned(8))) = {0};
    struct nlmsghdr *message = mnl_nlmsg_put_header(buffer);
    message->nlmsg_type = type;
    message->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | flags;
    struct ifaddrmsg *header = mnl_nlmsg_put_extra_header(message, sizeof(*header));
    header->ifa_family = family_number(address->family);
    header->ifa_prefixlen = length;
    header->ifa_flags = IFA_F_PERMANENT | (address->family == IP_V6 ? IFA_F_NODAD : 0);
    header->ifa_index = (uint32_t)interface_index;
    put_address(message, IFA_LOCAL, address);
    put_address(message, IFA_ADDRESS, address);
    if (protocol != 0)
        mnl_attr_put_u8(message, IFA_PROTO, protocol);
    return transact(netlink, message);
}

static uint8_t host_length(const struct ip_address *address)
{
    return (uint8_t)(address_size(address) * 8);
}

int netlink_address_add(struct netlink *netlink, int interface_index, const struct ip_address *address)
{
    return change_address(netlink, RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL, interface_index, address,
                          host_length(address), OUR_ADDRESS_PROTOCOL);
}

int netlink_address_delete(struct netlink *netlink, int interface_index, const struct ip_address *address)
{
    return change_address(netlink, RTM_DELADDR, 0, interface_index, address, host_length(address), 0);
}

struct found_addresses {
    int interface_index;
    size_t count;
    struct ip_address list[FLUSH_AT_ONCE];
};

static int note_address(const struct nlmsghdr *message, void *context)
{
    struct found_addresses *found = context;
    const struct ifaddrmsg *header = mnl_nlmsg_get_payload(message);
    enum ip_family family = header->ifa_family == AF_INET6 ? IP_V6 : IP_V4;
    struct ip_address address = {.family = (uint8_t)family};
    bool is_ours = false;
    struct nlattr *attribute;
    NETLINK_ATTRIBUTES(attribute, message, sizeof(*header))
    {
        uint16_t type = mnl_attr_get_type(attribute);
        if (type == IFA_PROTO)
            is_ours = mnl_attr_get_u8(attribute) == OUR_ADDRESS_PROTOCOL;
        else if (type == IFA_ADDRESS && mnl_attr_get_payload_len(attribute) == address_size(&address))
            address = address_of_bytes(family, mnl_attr_get_payload(attribute));
    }
    if (is_ours && (int)header->ifa_index == found->interface_index && found->count < FLUSH_AT_ONCE)
        found->list[found->count++] = address;
    return MNL_CB_OK;
}

void netlink_addresses_flush(struct netlink *netlink, enum ip_family family, int interface_index)
{
    struct found_addresses found;
    bool goes_on = true;
    while (goes_on) {
        uint8_t buffer[REQUEST_SIZE] __attribute__((aligned(8))) = {0};
        struct nlmsghdr *message = mnl_nlmsg_put_header(buffer);
        message->nlmsg_type = RTM_GETADDR;
        message->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
        struct ifaddrmsg *header = mnl_nlmsg_put_extra_header(message, sizeof(*header));
        header->ifa_family = family_number(family);
        found = (struct found_addresses){.interface_index = interface_index};
        goes_on = ask(netlink, message, note_address, &found) == 0 && found.count == FLUSH_AT_ONCE;
        for (size_t i = 0; i < found.count; i++)
            goes_on = netlink_address_delete(netlink, interface_index, &found.list[i]) == 0 && goes_on;
    }
}

int netlink_prefix_add(struct netlink *netlink, int interface_index, const struct ip_address *address,
                       uint8_t length)
{
    return change_address(netlink, RTM_NEWADDR, NLM_F_CREATE | NLM_F_REPLACE, interface_index, address,
                          length, 0);
}

/* ---- interfaces ---- */

static struct nlmsghdr *start_link(uint8_t *buffer, uint16_t type, uint16_t flags, int interface_index)
{
    struct nlmsghdr *message = mnl_nlmsg_put_header(buffer);
    message->nlmsg_type = type;
    message->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | flags;
    struct ifinfomsg *header = mnl_nlmsg_put_extra_header(message, sizeof(*header));
    header->ifi_index = interface_index;
    return message;
}

int netlink_xfrm_interface_add(struct netlink *netlink, const char *name, int below, uint32_t interface_id)
{
    uint8_t buffer[REQUEST_SIZE] __attribute__((aligned(8))) = {0};
    struct nlmsghdr *message = start_link(buffer, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, 0);
    mnl_attr_put_strz(message, IFLA_IFNAME, name);
    mnl_attr_put_u32(message, IFLA_GROUP, OUR_LINK_GROUP);
    struct nlattr *info = mnl_attr_nest_start(message, IFLA_LINKINFO);
    mnl_attr_put_strz(message, IFLA_INFO_KIND, "xfrm");
    struct nlattr *data = mnl_attr_nest_start(message, IFLA_INFO_DATA);
    mnl_attr_put_u32(message, IFLA_XFRM_LINK, (uint32_t)below);
    mnl_attr_put_u32(message, IFLA_XFRM_IF_ID, interface_id);
    mnl_attr_nest_end(message, data);
    mnl_attr_nest_end(message, info);
    return transact(netlink, message);
}

int netlink_vti_add(struct netlink *netlink, const struct netlink_vti *vti)
{
    uint8_t buffer[REQUEST_SIZE] __attribute__((aligned(8))) = {0};
    struct nlmsghdr *message = start_link(buffer, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, 0);
    mnl_attr_put_strz(message, IFLA_IFNAME, vti->name);
    mnl_attr_put_u32(message, IFLA_GROUP, OUR_LINK_GROUP);
    struct nlattr *info = mnl_attr_nest_start(message, IFLA_LINKINFO);
    mnl_attr_put_strz(message, IFLA_INFO_KIND, vti->local.family == IP_V6 ? "vti6" : "vti");
    struct nlattr *data = mnl_attr_nest_start(message, IFLA_INFO_DATA);
    mnl_attr_put_u32(message, IFLA_VTI_IKEY, htonl(vti->key_in));
    mnl_attr_put_u32(message, IFLA_VTI_OKEY, htonl(vti->key_out));
    put_address(message, IFLA_VTI_LOCAL, &vti->local);
    put_address(message, IFLA_VTI_REMOTE, &vti->remote);
    mnl_attr_nest_end(message, data);
    mnl_attr_nest_end(message, info);
    return transact(netlink, message);
}

int netlink_link_up(struct netlink *netlink, int interface_index)
{
    uint8_t buffer[REQUEST_SIZE] __attribute__((aligned(8))) = {0};
    struct nlmsghdr *message = start_link(buffer, RTM_NEWLINK, 0, interface_index);
    struct ifinfomsg *header = mnl_nlmsg_get_payload(message);
    header->ifi_flags = header->ifi_change = IFF_UP;
    return transact(netlink, message);
}

int netlink_link_delete(struct netlink *netlink, int interface_index)
{
    uint8_t buffer[REQUEST_SIZE] __attribute__((aligned(8))) = {0};
    return transact(netlink, start_link(buffer, RTM_DELLINK, 0, interface_index));
}

void netlink_links_flush(struct netlink *netlink)
{
    uint8_t buffer[REQUEST_SIZE] __attribute__((aligned(8))) = {0};
    struct nlmsghdr *message = start_link(buffer, RTM_DELLINK, 0, 0);
    mnl_attr_put_u32(message, IFLA_GROUP, OUR_LINK_GROUP);
    (void)transact(netlink, message);
}
