/*
 * Intrusive hash table that grows by one bucket at a time (linear hashing, Litwin 1980): no insertion ever
 * pays for a whole rehash, so the cost of a packet does not depend on how many tunnels exist.
 * Keys are hashed by the caller, with hash_bytes() when a peer can choose them.
 */
#ifndef STYX_BASE_HASH_TABLE_H
#define STYX_BASE_HASH_TABLE_H

#include "base/bytes.h"

struct hash_node {
    struct hash_node *next;
    struct hash_node **link; /* what points here; NULL: in no table. Removal never walks the chain */
    uint64_t hash;
};

struct hash_table {
    struct hash_node ***segments; /* directory of bucket arrays */
    size_t segment_slots;
    size_t bucket_count;
    size_t split;      /* next bucket to split */
    size_t round_size; /* buckets at the start of this round; a power of two */
    size_t entry_count;
};

bool hash_table_init(struct hash_table *table);
/* Frees the buckets; the nodes belong to the caller. */
void hash_table_free(struct hash_table *table);
/* In front of those with the same hash that are there already. */
bool hash_table_insert(struct hash_table *table, struct hash_node *node, uint64_t hash);
/* Nothing, if the (zeroed) node is in no table. */
void hash_table_remove(struct hash_table *table, struct hash_node *node);

/* First node with this hash, then the next: the caller compares the keys. */
struct hash_node *hash_table_find(const struct hash_table *table, uint64_t hash);
struct hash_node *hash_node_next(const struct hash_node *node);

/* Calls visit for every node, in no particular order; visit may remove the node it is given. */
void hash_table_each(struct hash_table *table, void (*visit)(struct hash_node *node, void *context),
                     void *context);

/* SipHash-2-4 (Aumasson, Bernstein 2012) under a 128-bit key. */
uint64_t hash_bytes(const uint8_t key[static 16], struct bytes bytes);

/* A number that nobody outside chooses (Steele, Lea, Flood 2014). */
static inline uint64_t hash_number(uint64_t value)
{
    value = (value ^ value >> 30) * 0xbf58476d1ce4e5b9u;
    value = (value ^ value >> 27) * 0x94d049bb133111ebu;
    return value ^ value >> 31;
}

#endif
