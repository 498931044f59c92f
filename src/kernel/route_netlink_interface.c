/* rtnetlink requests about interfaces and their addresses: see route_netlink.h. */
#include "kernel/route_netlink_detail.h"

#include <net/if.h> /* before the kernel's own headers, which give way to it */

#include <arpa/inet.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/if_tunnel.h>
#include <linux/rtnetlink.h>

#include "kernel/netlink_attributes.h"

/* What is ours after a crash, too: the group of our interfaces, the origin of our addresses. */
enum { OUR_LINK_GROUP = 0x53747978, OUR_ADDRESS_PROTOCOL = 0x53 };

/* ---- addresses ---- */

static int change_address(struct netlink *netlink, uint16_t type, uint16_t flags, int interface_index,
                          const struct ip_address *address, uint8_t length, uint8_t protocol)
{
    uint8_t buffer[NETLINK_REQUEST_SIZE] __attribute__((aligned(8))) = {0};
    struct nlmsghdr *message = mnl_nlmsg_put_header(buffer);
    message->nlmsg_type = type;
    message->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | flags;
    struct ifaddrmsg *header = mnl_nlmsg_put_extra_header(message, sizeof(*header));
    header->ifa_family = netlink_family(address->family);
    header->ifa_prefixlen = length;
    header->ifa_flags = IFA_F_PERMANENT | (address->family == IP_V6 ? IFA_F_NODAD : 0);
    header->ifa_index = (uint32_t)interface_index;
    netlink_put_address(message, IFA_LOCAL, address);
    netlink_put_address(message, IFA_ADDRESS, address);
    if (protocol != 0)
        mnl_attr_put_u8(message, IFA_PROTO, protocol);
    return netlink_transact(netlink, message);
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
    struct ip_address list[NETLINK_FLUSH_AT_ONCE];
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
    if (is_ours && (int)header->ifa_index == found->interface_index && found->count < NETLINK_FLUSH_AT_ONCE)
        found->list[found->count++] = address;
    return MNL_CB_OK;
}

void netlink_addresses_flush(struct netlink *netlink, enum ip_family family, int interface_index)
{
    struct found_addresses found;
    bool goes_on = true;
    while (goes_on) {
        uint8_t buffer[NETLINK_REQUEST_SIZE] __attribute__((aligned(8))) = {0};
        struct nlmsghdr *message = mnl_nlmsg_put_header(buffer);
        message->nlmsg_type = RTM_GETADDR;
        message->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
        struct ifaddrmsg *header = mnl_nlmsg_put_extra_header(message, sizeof(*header));
        header->ifa_family = netlink_family(family);
        found = (struct found_addresses){.interface_index = interface_index};
        goes_on =
            netlink_ask(netlink, message, note_address, &found) == 0 && found.count == NETLINK_FLUSH_AT_ONCE;
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
    uint8_t buffer[NETLINK_REQUEST_SIZE] __attribute__((aligned(8))) = {0};
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
    return netlink_transact(netlink, message);
}

static int set_vti(struct netlink *netlink, uint16_t flags, int interface_index,
                   const struct netlink_vti *vti)
{
    uint8_t buffer[NETLINK_REQUEST_SIZE] __attribute__((aligned(8))) = {0};
    struct nlmsghdr *message = start_link(buffer, RTM_NEWLINK, flags, interface_index);
    mnl_attr_put_strz(message, IFLA_IFNAME, vti->name);
    mnl_attr_put_u32(message, IFLA_GROUP, OUR_LINK_GROUP);
    struct nlattr *info = mnl_attr_nest_start(message, IFLA_LINKINFO);
    mnl_attr_put_strz(message, IFLA_INFO_KIND, vti->local.family == IP_V6 ? "vti6" : "vti");
    struct nlattr *data = mnl_attr_nest_start(message, IFLA_INFO_DATA);
    mnl_attr_put_u32(message, IFLA_VTI_IKEY, htonl(vti->key_in));
    mnl_attr_put_u32(message, IFLA_VTI_OKEY, htonl(vti->key_out));
    netlink_put_address(message, IFLA_VTI_LOCAL, &vti->local);
    netlink_put_address(message, IFLA_VTI_REMOTE, &vti->remote);
    mnl_attr_nest_end(message, data);
    mnl_attr_nest_end(message, info);
    return netlink_transact(netlink, message);
}

int netlink_vti_add(struct netlink *netlink, const struct netlink_vti *vti)
{
    return set_vti(netlink, NLM_F_CREATE | NLM_F_EXCL, 0, vti);
}

int netlink_vti_change(struct netlink *netlink, int interface_index, const struct netlink_vti *vti)
{
    return set_vti(netlink, 0, interface_index, vti);
}

int netlink_link_up(struct netlink *netlink, int interface_index)
{
    uint8_t buffer[NETLINK_REQUEST_SIZE] __attribute__((aligned(8))) = {0};
    struct nlmsghdr *message = start_link(buffer, RTM_NEWLINK, 0, interface_index);
    struct ifinfomsg *header = mnl_nlmsg_get_payload(message);
    header->ifi_flags = header->ifi_change = IFF_UP;
    return netlink_transact(netlink, message);
}

int netlink_link_delete(struct netlink *netlink, int interface_index)
{
    uint8_t buffer[NETLINK_REQUEST_SIZE] __attribute__((aligned(8))) = {0};
    return netlink_transact(netlink, start_link(buffer, RTM_DELLINK, 0, interface_index));
}

void netlink_links_flush(struct netlink *netlink)
{
    uint8_t buffer[NETLINK_REQUEST_SIZE] __attribute__((aligned(8))) = {0};
    struct nlmsghdr *message = start_link(buffer, RTM_DELLINK, 0, 0);
    mnl_attr_put_u32(message, IFLA_GROUP, OUR_LINK_GROUP);
    (void)netlink_transact(netlink, message);
}
