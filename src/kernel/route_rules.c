/* Routing rules: see route_rules.h. */
#include "kernel/route_rules.h"

#include <net/if.h>
#include <stdio.h>
#include <string.h>

#include "kernel/backend.h"

enum { TABLE_BASE = 52000, PRIORITY_BASE = 5200, STALE_NUMBERS_CHECKED = 16 };

uint32_t route_rules_table(const struct route_rules *rules, const struct ip_prefix *destination)
{
    return TABLE_BASE + rules->number * 2 + (destination->length == 0);
}

static struct netlink_rule rule_of(unsigned number, enum ip_family family, unsigned step)
{
    return (struct netlink_rule){
        .kind = step == 1 ? RULE_MAIN_BUT_DEFAULT : RULE_UNMARKED,
        .family = family,
        .table = TABLE_BASE + number * 2 + (step == 2),
        .priority = PRIORITY_BASE + number * 3 + step,
        .mark = BACKEND_SOCKET_MARK,
    };
}

/* Whether there was one. */
static bool delete_rule(struct route_rules *rules, unsigned number, enum ip_family family, unsigned step)
{
    struct netlink_rule rule = rule_of(number, family, step);
    bool was_there = false;
    while (netlink_rule_delete(rules->netlink, &rule) == 0)
        was_there = true;
    return was_there;
}

static bool delete_rules(struct route_rules *rules, unsigned number)
{
    bool were_there = false;
    for (unsigned step = 0; step < 3; step++) {
        were_there |= delete_rule(rules, number, IP_V4, step);
        were_there |= delete_rule(rules, number, IP_V6, step);
    }
    return were_there;
}

static void flush_tables(struct route_rules *rules, unsigned number)
{
    for (unsigned table = 0; table < 2; table++) {
        netlink_table_flush(rules->netlink, IP_V4, TABLE_BASE + number * 2 + table);
        netlink_table_flush(rules->netlink, IP_V6, TABLE_BASE + number * 2 + table);
    }
}

/* Of dead daemons. */
static void remove_leftovers(struct route_rules *rules)
{
    flush_tables(rules, rules->number);
    for (unsigned number = 0; number < STALE_NUMBERS_CHECKED; number++) {
        char name[IF_NAMESIZE];
        snprintf(name, sizeof(name), "styx%u", number);
        if ((number == rules->number || if_nametoindex(name) == 0) && delete_rules(rules, number))
            flush_tables(rules, number);
    }
    if (rules->number >= STALE_NUMBERS_CHECKED)
        (void)delete_rules(rules, rules->number);
}

bool route_rules_open(struct route_rules *rules, const char *name, struct error *error)
{
    struct netlink_rule v4 = rule_of(rules->number, IP_V4, 0), v6 = rule_of(rules->number, IP_V6, 0);
    remove_leftovers(rules);
    int failure = netlink_rule_add(rules->netlink, &v4);
    if (failure != 0)
        return error_set(error, 0, "cannot add the routing rule of %s: %s", name, strerror(failure));
    (void)netlink_rule_add(rules->netlink, &v6); /* a host without IPv6 needs none */
    return true;
}

void route_rules_close(struct route_rules *rules)
{
    flush_tables(rules, rules->number);
    (void)delete_rules(rules, rules->number);
}

/* Those that are there are left as they are (EEXIST). */
void route_rules_restore(struct route_rules *rules)
{
    for (enum ip_family family = IP_V4; family <= IP_V6; family++)
        for (unsigned step = 0; step < (rules->default_users[family == IP_V6] > 0 ? 3 : 1); step++) {
            struct netlink_rule rule = rule_of(rules->number, family, step);
            (void)netlink_rule_add(rules->netlink, &rule);
        }
}

int route_rules_use_default(struct route_rules *rules, enum ip_family family)
{
    if (rules->default_users[family == IP_V6]++ > 0)
        return 0;
    struct netlink_rule main_table = rule_of(rules->number, family, 1);
    struct netlink_rule ours = rule_of(rules->number, family, 2);
    int failure = netlink_rule_add(rules->netlink, &main_table);
    if (failure == 0)
        failure = netlink_rule_add(rules->netlink, &ours);
    if (failure != 0)
        route_rules_release_default(rules, family);
    return failure;
}

void route_rules_release_default(struct route_rules *rules, enum ip_family family)
{
    if (--rules->default_users[family == IP_V6] > 0)
        return;
    (void)delete_rule(rules, rules->number, family, 1);
    (void)delete_rule(rules, rules->number, family, 2);
}
