#include "base/hash_table.h"

#include <endian.h>
#include <stdlib.h>

enum { SEGMENT_BUCKETS = 256 };

static struct hash_node **bucket_at(const struct hash_table *table, size_t index)
{
    return &table->segments[index / SEGMENT_BUCKETS][index % SEGMENT_BUCKETS];
}

static struct hash_node **bucket_of(const struct hash_table *table, uint64_t hash)
{
    size_t index = hash & (table->round_size - 1);
    if (index < table->split)
        index = hash & (table->round_size * 2 - 1);
    return bucket_at(table, index);
}

static bool add_segment(struct hash_table *table)
{
    size_t in_use = table->bucket_count / SEGMENT_BUCKETS;
    if (in_use == table->segment_slots) {
        size_t slots = table->segment_slots ? table->segment_slots * 2 : 4;
        struct hash_node ***grown = realloc(table->segments, slots * sizeof(*grown));
        if (grown == NULL)
            return false;
        table->segments = grown;
        table->segment_slots = slots;
    }
    table->segments[in_use] = calloc(SEGMENT_BUCKETS, sizeof(struct hash_node *));
    return table->segments[in_use] != NULL;
}

bool hash_table_init(struct hash_table *table)
{
    *table = (struct hash_table){0};
    if (!add_segment(table))
        return false;
    table->bucket_count = table->round_size = SEGMENT_BUCKETS;
    return true;
}

void hash_table_free(struct hash_table *table)
{
    size_t segments = (table->bucket_count + SEGMENT_BUCKETS - 1) / SEGMENT_BUCKETS;
    for (size_t i = 0; i < segments; i++)
        free(table->segments[i]);
    free(table->segments);
    *table = (struct hash_table){0};
}

/* Puts the node where *link points, in front of what is there. */
static void chain(struct hash_node **link, struct hash_node *node)
{
    node->next = *link;
    node->link = link;
    if (node->next != NULL)
        node->next->link = &node->next;
    *link = node;
}

/* Splits one bucket; those with the same hash keep their order. Out of memory only means longer chains. */
static void grow_by_one(struct hash_table *table)
{
    if (table->bucket_count % SEGMENT_BUCKETS == 0 && !add_segment(table))
        return;
    struct hash_node **tails[] = {bucket_at(table, table->split), bucket_at(table, table->bucket_count)};
    struct hash_node *node = *tails[0];
    *tails[0] = NULL;
    while (node != NULL) {
        struct hash_node *next = node->next;
        struct hash_node ***tail = &tails[(node->hash & table->round_size) != 0];
        chain(*tail, node);
        *tail = &node->next;
        node = next;
    }
    table->bucket_count++;
    if (++table->split == table->round_size) {
        table->round_size *= 2;
        table->split = 0;
    }
    /* What the next split reads first has time to come from memory. */
    __builtin_prefetch(*bucket_at(table, table->split));
}

bool hash_table_insert(struct hash_table *table, struct hash_node *node, uint64_t hash)
{
    if (table->segments == NULL)
        return false;
    if (table->entry_count >= table->bucket_count)
        grow_by_one(table);
    node->hash = hash;
    chain(bucket_of(table, hash), node);
    table->entry_count++;
    return true;
}

void hash_table_remove(struct hash_table *table, struct hash_node *node)
{
    if (table->segments == NULL || node->link == NULL)
        return;
    *node->link = node->next;
    if (node->next != NULL)
        node->next->link = node->link;
    node->link = NULL;
    table->entry_count--;
}

static struct hash_node *with_hash(struct hash_node *node, uint64_t hash)
{
    while (node != NULL && node->hash != hash)
        node = node->next;
    return node;
}

struct hash_node *hash_table_find(const struct hash_table *table, uint64_t hash)
{
    return table->segments ? with_hash(*bucket_of(table, hash), hash) : NULL;
}

struct hash_node *hash_node_next(const struct hash_node *node)
{
    return with_hash(node->next, node->hash);
}

void hash_table_each(struct hash_table *table, void (*visit)(struct hash_node *node, void *context),
                     void *context)
{
    for (size_t i = 0; i < table->bucket_count; i++) {
        struct hash_node *node = *bucket_at(table, i);
        while (node != NULL) {
            struct hash_node *next = node->next;
            visit(node, context);
            node = next;
        }
    }
}

static uint64_t load_le64(const uint8_t *p)
{
    uint64_t value;
    memcpy(&value, p, sizeof(value));
    return le64toh(value);
}

static uint64_t load_rest(const uint8_t *p, size_t size)
{
    uint64_t value = 0;
    for (size_t i = 0; i < size; i++)
        value |= (uint64_t)p[i] << (8 * i);
    return value;
}

static uint64_t rotate(uint64_t value, unsigned by)
{
    return value << by | value >> (64 - by);
}

static void sip_rounds(uint64_t v[static 4], int rounds)
{
    while (rounds-- > 0) {
        v[0] += v[1];
        v[1] = rotate(v[1], 13) ^ v[0];
        v[0] = rotate(v[0], 32);
        v[2] += v[3];
        v[3] = rotate(v[3], 16) ^ v[2];
        v[0] += v[3];
        v[3] = rotate(v[3], 21) ^ v[0];
        v[2] += v[1];
        v[1] = rotate(v[1], 17) ^ v[2];
        v[2] = rotate(v[2], 32);
    }
}

uint64_t hash_bytes(const uint8_t key[static 16], struct bytes bytes)
{
    uint64_t k0 = load_le64(key);
    uint64_t k1 = load_le64(key + 8);
    uint64_t v[4] = {k0 ^ 0x736f6d6570736575u, k1 ^ 0x646f72616e646f6du, k0 ^ 0x6c7967656e657261u,
                     k1 ^ 0x7465646279746573u};
    size_t whole = bytes.size / 8 * 8;
    for (size_t i = 0; i < whole; i += 8) {
        uint64_t word = load_le64(bytes.data + i);
        v[3] ^= word;
        sip_rounds(v, 2);
        v[0] ^= word;
    }
    uint64_t last = (uint64_t)bytes.size << 56;
    if (bytes.size > whole)
        last |= load_rest(bytes.data + whole, bytes.size - whole);
    v[3] ^= last;
    sip_rounds(v, 2);
    v[0] ^= last;
    v[2] ^= 0xff;
    sip_rounds(v, 4);
    return v[0] ^ v[1] ^ v[2] ^ v[3];
}
