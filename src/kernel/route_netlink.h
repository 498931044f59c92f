/* The few rtnetlink requests of the back ends that route, each waiting for its answer. */
#ifndef STYX_KERNEL_ROUTE_NETLINK_H
#define STYX_KERNEL_ROUTE_NETLINK_H

#include "base/address.h"

struct mnl_socket;

struct netlink {
    struct mnl_socket *socket;
    unsigned sequence;
};

struct netlink_route {
    struct ip_prefix destination;
    uint32_t table;
    int interface_index;
    struct ip_address gateway; /* unset: the destination is on the link */
    struct ip_address source;  /* preferred source; unset: none */
    uint32_t mtu, metric;      /* 0: unset */
    bool is_unreachable;       /* it leads nowhere: who sends there is told so */
};

enum netlink_rule_kind {
    RULE_UNMARKED,         /* packets without the mark consult the table */
    RULE_MAIN_BUT_DEFAULT, /* the main table, without its default route */
};

struct netlink_rule {
    enum netlink_rule_kind kind;
    enum ip_family family;
    uint32_t table, priority, mark;
};

bool netlink_open(struct netlink *netlink, struct error *error);
void netlink_close(struct netlink *netlink);

/* 0, or an errno value. */
int netlink_route_replace(struct netlink *netlink, const struct netlink_route *route);
int netlink_route_delete(struct netlink *netlink, const struct netlink_route *route);
int netlink_rule_add(struct netlink *netlink, const struct netlink_rule *rule);
int netlink_rule_delete(struct netlink *netlink, const struct netlink_rule *rule);
/* Where packets between the two go: interface and gateway; those of a socket with the mark. */
int netlink_route_get(struct netlink *netlink, const struct ip_address *local,
                      const struct ip_address *remote, uint32_t mark, struct netlink_route *ret_route);
/* Deletes every route of the table. */
void netlink_table_flush(struct netlink *netlink, enum ip_family family, uint32_t table);
/* An interface of kind xfrm above another one; up or away. */
int netlink_xfrm_interface_add(struct netlink *netlink, const char *name, int below, uint32_t interface_id);
struct netlink_vti {
    const char *name;
    struct ip_address local, remote; /* remote all zero: any */
    uint32_t key_in, key_out;
};
int netlink_vti_add(struct netlink *netlink, const struct netlink_vti *vti);
/* The same one between other addresses. */
int netlink_vti_change(struct netlink *netlink, int interface_index, const struct netlink_vti *vti);
int netlink_link_up(struct netlink *netlink, int interface_index);
int netlink_link_delete(struct netlink *netlink, int interface_index);
/* Deletes the interfaces that the functions above have made, also in an earlier life of the process. */
void netlink_links_flush(struct netlink *netlink);
/* An address with the network on its link. */
int netlink_prefix_add(struct netlink *netlink, int interface_index, const struct ip_address *address,
                       uint8_t length);
/* A host address on the interface. */
int netlink_address_add(struct netlink *netlink, int interface_index, const struct ip_address *address);
int netlink_address_delete(struct netlink *netlink, int interface_index, const struct ip_address *address);
/* Deletes the host addresses that were given to the interface in an earlier life of the process (where the
 * kernel keeps IFA_PROTO: 5.18). */
void netlink_addresses_flush(struct netlink *netlink, enum ip_family family, int interface_index);

#endif
