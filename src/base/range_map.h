/*
 * Ranges of addresses that do not overlap, kept in order: a treap (Seidel, Aragon 1996), intrusive. Finding
 * what overlaps costs the logarithm of their number.
 */
#ifndef STYX_BASE_RANGE_MAP_H
#define STYX_BASE_RANGE_MAP_H

#include "base/address.h"

struct range_node {
    struct range_node *left, *right;
    struct ip_range range;
    uint64_t priority; /* random, or a keyed hash of the range: it balances the tree */
};

struct range_map {
    struct range_node *root;
};

/* One that has an address in common with this range; NULL: none. */
struct range_node *range_map_overlapping(const struct range_map *map, const struct ip_range *range);
/* The node's range and priority are set; nothing in the map overlaps it. */
void range_map_insert(struct range_map *map, struct range_node *node);
void range_map_remove(struct range_map *map, struct range_node *node);

#endif
