/*
 * Policy groups: right=%group and %opportunisticgroup. A connection NAME with such an end stands for the
 * networks in the file policies/NAME: each is a connection of its own, its member, NAME#CIDR.
 */
#ifndef STYX_ENGINE_POLICY_GROUP_H
#define STYX_ENGINE_POLICY_GROUP_H

#include "base/address.h"

struct connection;
struct engine;

/* A line of a file; protocol 0: any traffic with the network. */
struct policy_group_entry {
    struct ip_prefix network;
    uint8_t protocol;
    uint16_t local_port, remote_port; /* 0: any */
};

struct policy_group {
    char *name;
    struct policy_group_entry *entries;
    size_t entry_count;
};

/* All files. Plain owned data. */
struct policy_groups {
    char *directory; /* for messages */
    struct policy_group *groups;
    size_t group_count;
};

/* NULL is fine. */
void policy_groups_free(struct policy_groups *groups);

/* The files as they are now (owned): members come and go as they say. */
void policy_groups_replace(struct engine *engine, struct policy_groups *groups);
/* A group connection was added: its members come. */
void policy_group_load(struct engine *engine, struct connection *group);

/* --route and --unroute of a group: of all its members, also of those to come. 0, or the first trouble. */
int policy_group_route(struct engine *engine, struct connection *group, bool is_wanted, uint64_t client);

#endif
