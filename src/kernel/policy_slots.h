/*
 * Who has which policy of the kernel's. The kernel keeps one policy for each selector, while two connections
 * may want the same one (a trap and a tunnel of an instance, an old road warrior and the new): so each
 * selector is a slot with claims, of which the best one is installed and the next one takes its place.
 */
#ifndef STYX_KERNEL_POLICY_SLOTS_H
#define STYX_KERNEL_POLICY_SLOTS_H

#include "base/hash_table.h"
#include "base/list.h"
#include "engine/kernel_request.h"
#include "kernel/packet_selector.h"

struct policy_claim;

/* What one connection wants of all its selectors. A back end puts it first in a struct of its own. */
struct claimed_policy {
    struct hash_node node;
    uint64_t policy_id;
    uint64_t child_serial;
    enum policy_action action;
    uint32_t priority; /* 0: from the selector */
    uint8_t protocol;  /* IPPROTO_ESP, IPPROTO_AH */
    enum sa_mode mode;
    struct ip_address local, remote;
    size_t claim_count;
    struct policy_claim *claims;
};

/* What tells one policy of the kernel's from another; comparable by memcmp. */
struct policy_slot_key {
    struct packet_selector selector; /* outbound; the inbound ones are its reverse */
    struct packet_mark mark_in, mark_out;
    uint32_t interface_id;
};

struct policy_slot {
    struct hash_node node, by_index;
    struct policy_slot_key key;
    struct list_node claims; /* the best first */
    uint32_t index;          /* of the kernel's policies; 0: not known */
    uint8_t installed;       /* the back end's: a bit for each direction */
};

struct policy_slots {
    struct hash_table policies, slots, indices;
    uint8_t hash_key[16];
    /* Makes the kernel have what the slot's best claim wants; NULL: nothing. */
    void (*install)(void *context, struct policy_slot *slot, struct claimed_policy *best);
    /* NULL, or why the kernel cannot be told of such a selector. NULL instead of the function: of any. */
    const char *(*refuse)(const struct packet_selector *selector);
    void (*free_policy)(void *context, struct claimed_policy *policy);
    void *context;
};

/* The functions and the context are set before. */
bool policy_slots_init(struct policy_slots *slots);
void policy_slots_free(struct policy_slots *slots);

struct claimed_policy *policy_slots_find(const struct policy_slots *slots, uint64_t policy_id);
/*
 * The policy, filled but for its claims, takes the place of the one with its id, which goes when the new one
 * is there, so that its selectors are never bare. It is owned from now on, and freed at once on failure; NULL
 * or the reason.
 */
const char *policy_slots_set(struct policy_slots *slots, struct claimed_policy *policy,
                             const struct kernel_policy *wanted);
void policy_slots_delete(struct policy_slots *slots, uint64_t policy_id);
/* What the policy wants has changed: tells the kernel wherever its claim is the best. */
void policy_slots_reinstall(struct policy_slots *slots, const struct claimed_policy *policy);

uint32_t policy_slots_priority(const struct claimed_policy *policy, const struct packet_selector *selector);
/* Whose policy the kernel met; NULL: nobody's. */
struct claimed_policy *policy_slots_owner(const struct policy_slots *slots,
                                          const struct packet_selector *selector, uint32_t interface_id);
/* The slot of a selector without marks and interface; NULL: nobody wants it. */
struct policy_slot *policy_slots_at(const struct policy_slots *slots, const struct packet_selector *selector);
/* The kernel's number of the slot's policy, by which it can be found from now on. */
void policy_slots_number(struct policy_slots *slots, struct policy_slot *slot, uint32_t index);
struct policy_slot *policy_slots_numbered(const struct policy_slots *slots, uint32_t index);
struct claimed_policy *policy_slot_best(const struct policy_slot *slot);
void policy_slots_each(struct policy_slots *slots, void (*visit)(void *context, struct policy_slot *slot));

#endif
