/*
 * The security policy database, outbound side (RFC 4301 4.4.1): which policy a packet meets, in time that
 * grows with the number of different prefix lengths in use, not with the number of policies.
 */
#ifndef STYX_ESP_SPD_H
#define STYX_ESP_SPD_H

#include "base/hash_table.h"
#include "esp/ip_packet.h"

enum { SPD_PAIRS_MAX = 4096 };

/* Plain data of one policy; what the action means is the caller's affair. */
struct spd_policy {
    struct hash_node id_node;
    uint64_t policy_id;
    uint64_t child_serial;
    uint64_t generation;         /* differs between two versions of the same policy */
    uint64_t acquire_after_usec; /* caller's: when a trap may speak again */
    uint32_t priority;           /* the smaller wins */
    uint8_t action;              /* caller's */
    uint8_t rank;                /* among equal priorities the smaller wins */
    uint16_t local_count, remote_count;
    struct selector *selectors; /* local ones, then remote ones */
    struct spd_entry *entries;
    size_t entry_count;
};

struct spd_spec {
    uint64_t policy_id;
    uint64_t child_serial;
    uint32_t priority; /* 0: computed from the widths of the selectors, behind every given one */
    uint8_t action;
    uint8_t rank;
    const struct selector *local_selectors;
    size_t local_count;
    const struct selector *remote_selectors;
    size_t remote_count;
};

struct spd_shape;

struct spd {
    struct hash_table by_id;
    struct hash_table by_prefixes;
    struct spd_shape *shapes; /* the pairs of prefix lengths in use, with how many entries each */
    size_t shape_count, shape_capacity;
    uint64_t generation; /* counts changes: what was found under another one must be looked up again */
};

bool spd_init(struct spd *spd);
void spd_free(struct spd *spd);

/* Adds, or replaces in one step, the policy with this id. False: out of memory or too many selector pairs,
 * and nothing has changed. */
bool spd_set(struct spd *spd, const struct spd_spec *spec);
void spd_delete(struct spd *spd, uint64_t policy_id);
struct spd_policy *spd_find(const struct spd *spd, uint64_t policy_id);

/* The policy of an outbound packet; NULL: none. */
struct spd_policy *spd_lookup(const struct spd *spd, const struct ip_packet *packet);

/* One that has exactly this pair of selectors and that `accepts` says yes to; NULL: none. */
struct spd_policy *spd_find_pair(const struct spd *spd, const struct selector *local,
                                 const struct selector *remote,
                                 bool (*accepts)(const struct spd_policy *policy, void *context),
                                 void *context);

#endif
