/*
 * The routing rules of a router (ip-rule(8)) and the two tables that they lead to: the first is consulted
 * before the host's own; the second, for default routes, only after the host's more specific routes, so that
 * a tunnel to everywhere does not cut off the neighbours on the wire. Packets with our sockets' mark skip
 * both.
 */
#ifndef STYX_KERNEL_ROUTE_RULES_H
#define STYX_KERNEL_ROUTE_RULES_H

#include "kernel/route_netlink.h"

struct route_rules {
    struct netlink *netlink;
    unsigned number;           /* of the pair of tables */
    unsigned default_users[2]; /* default routes in use, IPv4 and IPv6 */
};

/* Where a route to the prefix belongs. */
uint32_t route_rules_table(const struct route_rules *rules, const struct ip_prefix *destination);

/* Takes away what routers left that have crashed; adds the rule of the first table. */
bool route_rules_open(struct route_rules *rules, const char *name, struct error *error);
/* Removes all rules and routes. */
void route_rules_close(struct route_rules *rules);

/* Adds those that somebody has taken away. */
void route_rules_restore(struct route_rules *rules);

/* The rules around the table of default routes come and go with their first and last route. 0 or an errno
 * value. */
int route_rules_use_default(struct route_rules *rules, enum ip_family family);
void route_rules_release_default(struct route_rules *rules, enum ip_family family);

#endif
