/* Claims on the kernel's policies; policy_slots.h says why. */
#include "kernel/policy_slots.h"

#include <stdlib.h>
#include <sys/random.h>

#include "esp/policy_priority.h"

struct policy_claim {
    struct list_node of_slot;
    struct claimed_policy *policy;
    struct policy_slot *slot;
};

/* ---- tables ---- */

static uint64_t hash_of(const struct policy_slots *slots, const void *data, size_t size)
{
    return hash_bytes(slots->hash_key, bytes_of(data, size));
}

bool policy_slots_init(struct policy_slots *slots)
{
    (void)!getrandom(slots->hash_key, sizeof(slots->hash_key), 0);
    return hash_table_init(&slots->policies) && hash_table_init(&slots->slots) &&
           hash_table_init(&slots->indices);
}

struct claimed_policy *policy_slots_find(const struct policy_slots *slots, uint64_t policy_id)
{
    struct hash_node *node = hash_table_find(&slots->policies, hash_of(slots, &policy_id, sizeof(policy_id)));
    for (; node != NULL; node = hash_node_next(node)) {
        struct claimed_policy *policy = CONTAINER_OF(node, struct claimed_policy, node);
        if (policy->policy_id == policy_id)
            return policy;
    }
    return NULL;
}

/* Marks are left out of the hash: an ACQUIRE names the outbound one alone. */
static uint64_t hash_of_selector(const struct policy_slots *slots, const struct packet_selector *selector)
{
    return hash_of(slots, selector, sizeof(*selector));
}

static struct policy_slot *find_slot(const struct policy_slots *slots, const struct policy_slot_key *key)
{
    struct hash_node *node = hash_table_find(&slots->slots, hash_of_selector(slots, &key->selector));
    for (; node != NULL; node = hash_node_next(node)) {
        struct policy_slot *slot = CONTAINER_OF(node, struct policy_slot, node);
        if (memcmp(&slot->key, key, sizeof(*key)) == 0)
            return slot;
    }
    return NULL;
}

struct policy_slot *policy_slots_at(const struct policy_slots *slots, const struct packet_selector *selector)
{
    struct policy_slot_key key = {.selector = *selector};
    return find_slot(slots, &key);
}

static struct policy_slot *make_slot(struct policy_slots *slots, const struct policy_slot_key *key)
{
    struct policy_slot *slot = find_slot(slots, key);
    if (slot != NULL)
        return slot;
    slot = calloc(1, sizeof(*slot));
    if (slot == NULL)
        return NULL;
    slot->key = *key;
    list_init(&slot->claims);
    if (hash_table_insert(&slots->slots, &slot->node, hash_of_selector(slots, &key->selector)))
        return slot;
    free(slot);
    return NULL;
}

static struct policy_claim *best_claim(const struct policy_slot *slot)
{
    return list_is_empty(&slot->claims) ? NULL
                                        : CONTAINER_OF(slot->claims.next, struct policy_claim, of_slot);
}

struct claimed_policy *policy_slot_best(const struct policy_slot *slot)
{
    const struct policy_claim *claim = best_claim(slot);
    return claim != NULL ? claim->policy : NULL;
}

void policy_slots_number(struct policy_slots *slots, struct policy_slot *slot, uint32_t index)
{
    if (slot->index == index)
        return;
    hash_table_remove(&slots->indices, &slot->by_index);
    slot->index = index;
    if (!hash_table_insert(&slots->indices, &slot->by_index, hash_of(slots, &index, sizeof(index))))
        slot->index = 0;
}

struct policy_slot *policy_slots_numbered(const struct policy_slots *slots, uint32_t index)
{
    struct hash_node *node = hash_table_find(&slots->indices, hash_of(slots, &index, sizeof(index)));
    for (; node != NULL; node = hash_node_next(node)) {
        struct policy_slot *slot = CONTAINER_OF(node, struct policy_slot, by_index);
        if (slot->index == index)
            return slot;
    }
    return NULL;
}

/* ---- claims ---- */

uint32_t policy_slots_priority(const struct claimed_policy *policy, const struct packet_selector *selector)
{
    if (policy->priority != 0)
        return policy->priority;
    unsigned bits = (unsigned)address_size(&selector->source.address) * 8;
    return policy_priority_of_widths(&(struct policy_widths){
        .open_address_bits = 2 * bits - selector->source.length - selector->destination.length,
        .any_protocol = selector->protocol == 0,
        .any_ports = (unsigned)((selector->source_mask == 0) + (selector->destination_mask == 0)),
    });
}

/* By priority, then by what they do; among equals the newest first. */
static bool comes_before(const struct policy_claim *a, const struct policy_claim *b)
{
    uint32_t priority_a = policy_slots_priority(a->policy, &a->slot->key.selector);
    uint32_t priority_b = policy_slots_priority(b->policy, &b->slot->key.selector);
    return priority_a < priority_b ||
           (priority_a == priority_b && policy_rank(a->policy->action) < policy_rank(b->policy->action));
}

/* True when it is now the best. */
static bool file_claim(struct policy_claim *claim)
{
    struct list_node *before = claim->slot->claims.next;
    while (before != &claim->slot->claims &&
           comes_before(CONTAINER_OF(before, struct policy_claim, of_slot), claim))
        before = before->next;
    list_append(before, &claim->of_slot); /* in front of it */
    return best_claim(claim->slot) == claim;
}

static void withdraw_claim(struct policy_slots *slots, struct policy_claim *claim)
{
    struct policy_slot *slot = claim->slot;
    bool was_best = best_claim(slot) == claim;
    list_remove(&claim->of_slot);
    if (was_best)
        slots->install(slots->context, slot, policy_slot_best(slot));
    if (!list_is_empty(&slot->claims))
        return;
    hash_table_remove(&slots->slots, &slot->node);
    hash_table_remove(&slots->indices, &slot->by_index);
    free(slot);
}

static void free_policy(struct policy_slots *slots, struct claimed_policy *policy)
{
    free(policy->claims);
    slots->free_policy(slots->context, policy);
}

static void withdraw(struct policy_slots *slots, struct claimed_policy *policy)
{
    if (policy == NULL)
        return;
    for (size_t i = 0; i < policy->claim_count; i++)
        withdraw_claim(slots, &policy->claims[i]);
    hash_table_remove(&slots->policies, &policy->node);
    free_policy(slots, policy);
}

static bool make_claims(struct policy_slots *slots, struct claimed_policy *policy,
                        const struct kernel_policy *wanted, const struct packet_selector *selectors,
                        size_t count)
{
    policy->claims = calloc(count, sizeof(policy->claims[0]));
    if (policy->claims == NULL)
        return false;
    for (size_t i = 0; i < count; i++) {
        struct policy_claim *claim = &policy->claims[policy->claim_count];
        struct policy_slot_key key = {.selector = selectors[i],
                                      .mark_in = wanted->mark_in,
                                      .mark_out = wanted->mark_out,
                                      .interface_id = tunnel_interface_id(&wanted->interface)};
        *claim = (struct policy_claim){.policy = policy, .slot = make_slot(slots, &key)};
        if (claim->slot == NULL)
            return false;
        policy->claim_count++;
        if (file_claim(claim))
            slots->install(slots->context, claim->slot, policy);
    }
    return true;
}

static const char *refuse_any(const struct policy_slots *slots, const struct packet_selector *selectors,
                              size_t count)
{
    const char *reason = count == 0 ? "the policy has too many selectors, or memory is short" : NULL;
    for (size_t i = 0; slots->refuse != NULL && reason == NULL && i < count; i++)
        reason = slots->refuse(&selectors[i]);
    return reason;
}

const char *policy_slots_set(struct policy_slots *slots, struct claimed_policy *policy,
                             const struct kernel_policy *wanted)
{
    size_t count = 0;
    struct claimed_policy *old = policy_slots_find(slots, policy->policy_id);
    struct packet_selector *selectors = packet_selectors_of_pairs(
        wanted->local_selectors, wanted->local_count, wanted->remote_selectors, wanted->remote_count, &count);
    const char *failure = refuse_any(slots, selectors, count);
    if (failure == NULL && !hash_table_insert(&slots->policies, &policy->node,
                                              hash_of(slots, &policy->policy_id, sizeof(policy->policy_id))))
        failure = "out of memory for a policy";
    if (failure != NULL) {
        free_policy(slots, policy);
    } else {
        if (!make_claims(slots, policy, wanted, selectors, count))
            failure = "out of memory for a policy";
        withdraw(slots, failure == NULL ? old : policy);
    }
    free(selectors);
    return failure;
}

void policy_slots_delete(struct policy_slots *slots, uint64_t policy_id)
{
    withdraw(slots, policy_slots_find(slots, policy_id));
}

void policy_slots_reinstall(struct policy_slots *slots, const struct claimed_policy *policy)
{
    for (size_t i = 0; i < policy->claim_count; i++) {
        struct policy_slot *slot = policy->claims[i].slot;
        if (policy_slot_best(slot) == policy)
            slots->install(slots->context, slot, policy_slot_best(slot));
    }
}

struct claimed_policy *policy_slots_owner(const struct policy_slots *slots,
                                          const struct packet_selector *selector, uint32_t interface_id)
{
    struct hash_node *node = hash_table_find(&slots->slots, hash_of_selector(slots, selector));
    for (; node != NULL; node = hash_node_next(node)) {
        const struct policy_slot *slot = CONTAINER_OF(node, struct policy_slot, node);
        bool is_met = memcmp(&slot->key.selector, selector, sizeof(*selector)) == 0 &&
                      slot->key.interface_id == interface_id;
        if (is_met && policy_slot_best(slot) != NULL)
            return policy_slot_best(slot);
    }
    return NULL;
}

/* ---- all of them ---- */

struct visit {
    void (*visit)(void *context, struct policy_slot *slot);
    void *context;
};

static void visit_slot(struct hash_node *node, void *context)
{
    const struct visit *visit = context;
    visit->visit(visit->context, CONTAINER_OF(node, struct policy_slot, node));
}

void policy_slots_each(struct policy_slots *slots, void (*visit)(void *context, struct policy_slot *slot))
{
    hash_table_each(&slots->slots, visit_slot, &(struct visit){visit, slots->context});
}

static void free_policy_node(struct hash_node *node, void *context)
{
    free_policy(context, CONTAINER_OF(node, struct claimed_policy, node));
}

static void free_slot_node(struct hash_node *node, void *context)
{
    (void)context;
    free(CONTAINER_OF(node, struct policy_slot, node));
}

void policy_slots_free(struct policy_slots *slots)
{
    hash_table_each(&slots->policies, free_policy_node, slots);
    hash_table_each(&slots->slots, free_slot_node, NULL);
    hash_table_free(&slots->policies);
    hash_table_free(&slots->slots);
    hash_table_free(&slots->indices);
}
