/*
 * Outbound policies (RFC 4301 4.4.1) by tuple space search (Srinivasan, Suri, Varghese 1999): each pair of a
 * local and a remote selector is filed under the smallest prefixes that cover its two address ranges; a
 * packet is looked up once for each pair of prefix lengths in use.
 */
#include "esp/spd.h"

#include <stdlib.h>

#include "base/list.h"
#include "esp/policy_priority.h"

struct spd_entry {
    struct hash_node node;
    struct spd_policy *policy;
    uint16_t local_index, remote_index;
    uint8_t family, local_length, remote_length;
};

struct spd_shape {
    uint8_t family, local_length, remote_length;
    size_t count;
};

bool spd_init(struct spd *spd)
{
    *spd = (struct spd){0};
    if (!hash_table_init(&spd->by_id))
        return false;
    if (hash_table_init(&spd->by_prefixes))
        return true;
    hash_table_free(&spd->by_id);
    return false;
}

static uint64_t load_u64(const uint8_t *p)
{
    uint64_t value;
    memcpy(&value, p, sizeof(value));
    return value;
}

/* The address's first `length` bits, mixed. Policies are ours: nobody outside chooses what collides. */
static uint64_t hash_prefix(const struct ip_address *address, unsigned length, uint64_t seed)
{
    uint8_t bytes[16] = {0};
    memcpy(bytes, address->bytes, length / 8);
    if (length % 8 != 0)
        bytes[length / 8] = (uint8_t)(address->bytes[length / 8] & 0xff << (8 - length % 8));
    return hash_number(hash_number(load_u64(bytes) ^ seed) + load_u64(bytes + 8));
}

static uint64_t hash_pair(const struct ip_address *local, const struct ip_address *remote,
                          const struct spd_shape *shape)
{
    uint64_t seed = (uint64_t)shape->family << 16 | (uint64_t)shape->local_length << 8 | shape->remote_length;
    return hash_prefix(remote, shape->remote_length, hash_prefix(local, shape->local_length, seed));
}

/* The length of the smallest prefix that covers the range. */
static uint8_t covering_length(const struct ip_range *range)
{
    size_t size = address_size(&range->start);
    for (size_t i = 0; i < size; i++) {
        uint8_t difference = range->start.bytes[i] ^ range->end.bytes[i];
        if (difference != 0)
            return (uint8_t)(i * 8 + (size_t)__builtin_clz(difference) - 24);
    }
    return (uint8_t)(size * 8);
}

static bool selector_has_any_port(const struct selector *selector)
{
    return selector->port_start == 0 && selector->port_end == UINT16_MAX;
}

static uint32_t computed_priority(const struct spd_spec *spec)
{
    const struct selector *local = &spec->local_selectors[0], *remote = &spec->remote_selectors[0];
    return policy_priority_of_widths(&(struct policy_widths){
        .open_address_bits = 2 * (unsigned)address_size(&remote->range.start) * 8 -
                             covering_length(&local->range) - covering_length(&remote->range),
        .any_protocol = local->protocol == 0 && remote->protocol == 0,
        .any_ports = (unsigned)(selector_has_any_port(local) + selector_has_any_port(remote)),
    });
}

static void free_policy(struct spd_policy *policy)
{
    if (policy == NULL)
        return;
    free(policy->selectors);
    free(policy->entries);
    free(policy);
}

/* The shape's place in the list, or shape_count. */
static size_t find_shape(const struct spd *spd, const struct spd_entry *entry)
{
    size_t i = 0;
    while (i < spd->shape_count &&
           (spd->shapes[i].family != entry->family || spd->shapes[i].local_length != entry->local_length ||
            spd->shapes[i].remote_length != entry->remote_length))
        i++;
    return i;
}

/* Room for so many shapes more, so that filing cannot fail half-way for lack of it. */
static bool reserve_shapes(struct spd *spd, size_t more)
{
    size_t needed = spd->shape_count + more;
    if (needed <= spd->shape_capacity)
        return true;
    struct spd_shape *shapes = realloc(spd->shapes, 2 * needed * sizeof(*shapes));
    if (shapes == NULL)
        return false;
    spd->shapes = shapes;
    spd->shape_capacity = 2 * needed;
    return true;
}

static bool file_entry(struct spd *spd, struct spd_entry *entry)
{
    const struct spd_policy *policy = entry->policy;
    struct spd_shape shape = {entry->family, entry->local_length, entry->remote_length, 0};
    const struct selector *local = &policy->selectors[entry->local_index];
    const struct selector *remote = &policy->selectors[policy->local_count + entry->remote_index];
    uint64_t hash = hash_pair(&local->range.start, &remote->range.start, &shape);
    if (!hash_table_insert(&spd->by_prefixes, &entry->node, hash))
        return false;
    size_t i = find_shape(spd, entry);
    if (i == spd->shape_count)
        spd->shapes[spd->shape_count++] = shape;
    spd->shapes[i].count++;
    return true;
}

static void unfile_entry(struct spd *spd, struct spd_entry *entry)
{
    hash_table_remove(&spd->by_prefixes, &entry->node);
    size_t i = find_shape(spd, entry);
    if (--spd->shapes[i].count == 0)
        spd->shapes[i] = spd->shapes[--spd->shape_count];
}

static void unfile_policy(struct spd *spd, struct spd_policy *policy)
{
    for (size_t i = 0; i < policy->entry_count; i++)
        unfile_entry(spd, &policy->entries[i]);
    hash_table_remove(&spd->by_id, &policy->id_node);
}

static bool file_policy(struct spd *spd, struct spd_policy *policy)
{
    if (!reserve_shapes(spd, policy->entry_count) ||
        !hash_table_insert(&spd->by_id, &policy->id_node, hash_number(policy->policy_id)))
        return false;
    for (size_t i = 0; i < policy->entry_count; i++) {
        if (file_entry(spd, &policy->entries[i]))
            continue;
        policy->entry_count = i;
        unfile_policy(spd, policy);
        return false;
    }
    return true;
}

/* One entry for each pair of the same address family. */
static void fill_entries(struct spd_policy *policy)
{
    for (uint16_t i = 0; i < policy->local_count; i++) {
        const struct ip_range *local = &policy->selectors[i].range;
        for (uint16_t j = 0; j < policy->remote_count; j++) {
            const struct ip_range *remote = &policy->selectors[policy->local_count + j].range;
            if (local->start.family != remote->start.family)
                continue;
            policy->entries[policy->entry_count++] = (struct spd_entry){
                .policy = policy,
                .local_index = i,
                .remote_index = j,
                .family = local->start.family,
                .local_length = covering_length(local),
                .remote_length = covering_length(remote),
            };
        }
    }
}

static struct spd_policy *new_policy(const struct spd_spec *spec)
{
    if (spec->local_count == 0 || spec->remote_count == 0 ||
        spec->local_count > SPD_PAIRS_MAX / spec->remote_count)
        return NULL;
    struct spd_policy *policy = calloc(1, sizeof(*policy));
    if (policy == NULL)
        return NULL;
    policy->policy_id = spec->policy_id;
    policy->child_serial = spec->child_serial;
    policy->action = spec->action;
    policy->rank = spec->rank;
    policy->priority = spec->priority != 0 ? spec->priority : computed_priority(spec);
    policy->local_count = (uint16_t)spec->local_count;
    policy->remote_count = (uint16_t)spec->remote_count;
    policy->selectors = calloc(spec->local_count + spec->remote_count, sizeof(*policy->selectors));
    policy->entries = calloc(spec->local_count * spec->remote_count, sizeof(*policy->entries));
    if (policy->selectors == NULL || policy->entries == NULL) {
        free_policy(policy);
        return NULL;
    }
    memcpy(policy->selectors, spec->local_selectors, spec->local_count * sizeof(*policy->selectors));
    memcpy(policy->selectors + spec->local_count, spec->remote_selectors,
           spec->remote_count * sizeof(*policy->selectors));
    fill_entries(policy);
    return policy;
}

struct spd_policy *spd_find(const struct spd *spd, uint64_t policy_id)
{
    struct hash_node *node = hash_table_find(&spd->by_id, hash_number(policy_id));
    for (; node != NULL; node = hash_node_next(node)) {
        struct spd_policy *policy = CONTAINER_OF(node, struct spd_policy, id_node);
        if (policy->policy_id == policy_id)
            return policy;
    }
    return NULL;
}

/* Not byte by byte: what lies between the members of a selector says nothing. */
static bool lists_are_equal(const struct selector *a, const struct selector *b, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (!selector_equal(&a[i], &b[i]))
            return false;
    return true;
}

static bool selectors_are_same(const struct spd_policy *policy, const struct spd_spec *spec)
{
    return policy->local_count == spec->local_count && policy->remote_count == spec->remote_count &&
           lists_are_equal(policy->selectors, spec->local_selectors, spec->local_count) &&
           lists_are_equal(policy->selectors + policy->local_count, spec->remote_selectors,
                           spec->remote_count);
}

bool spd_set(struct spd *spd, const struct spd_spec *spec)
{
    struct spd_policy *old = spd_find(spd, spec->policy_id);
    if (old != NULL && selectors_are_same(old, spec)) { /* a rekey: only what it leads to changes */
        old->child_serial = spec->child_serial;
        old->action = spec->action;
        old->rank = spec->rank;
        old->priority = spec->priority != 0 ? spec->priority : computed_priority(spec);
        old->acquire_after_usec = 0;
        old->generation = ++spd->generation;
        return true;
    }
    struct spd_policy *policy = new_policy(spec);
    if (policy == NULL || !file_policy(spd, policy)) {
        free_policy(policy);
        return false;
    }
    policy->generation = ++spd->generation;
    if (old != NULL) {
        unfile_policy(spd, old);
        free_policy(old);
    }
    return true;
}

void spd_delete(struct spd *spd, uint64_t policy_id)
{
    struct spd_policy *policy = spd_find(spd, policy_id);
    if (policy == NULL)
        return;
    unfile_policy(spd, policy);
    free_policy(policy);
    spd->generation++;
}

static void free_by_id(struct hash_node *node, void *context)
{
    (void)context;
    free_policy(CONTAINER_OF(node, struct spd_policy, id_node));
}

void spd_free(struct spd *spd)
{
    hash_table_each(&spd->by_id, free_by_id, NULL);
    hash_table_free(&spd->by_id);
    hash_table_free(&spd->by_prefixes);
    free(spd->shapes);
}

static bool entry_matches(const struct spd_entry *entry, const struct ip_packet *packet)
{
    const struct spd_policy *policy = entry->policy;
    return ip_packet_matches(packet, &policy->selectors[entry->local_index],
                             &policy->selectors[policy->local_count + entry->remote_index]);
}

/* Of two that match, the smaller priority, then the smaller rank; between equals the older one, so that the
 * answer is stable. */
static bool is_better(const struct spd_policy *policy, const struct spd_policy *best)
{
    if (best == NULL || policy->priority != best->priority)
        return best == NULL || policy->priority < best->priority;
    return policy->rank != best->rank ? policy->rank < best->rank : policy->policy_id < best->policy_id;
}

struct spd_policy *spd_lookup(const struct spd *spd, const struct ip_packet *packet)
{
    struct spd_policy *best = NULL;
    for (size_t i = 0; i < spd->shape_count; i++) {
        const struct spd_shape *shape = &spd->shapes[i];
        if (shape->family != packet->source.family)
            continue;
        uint64_t hash = hash_pair(&packet->source, &packet->destination, shape);
        struct hash_node *node = hash_table_find(&spd->by_prefixes, hash);
        for (; node != NULL; node = hash_node_next(node)) {
            struct spd_entry *entry = CONTAINER_OF(node, struct spd_entry, node);
            if (is_better(entry->policy, best) && entry_matches(entry, packet))
                best = entry->policy;
        }
    }
    return best;
}

struct spd_policy *spd_find_pair(const struct spd *spd, const struct selector *local,
                                 const struct selector *remote,
                                 bool (*accepts)(const struct spd_policy *policy, void *context),
                                 void *context)
{
    struct spd_shape shape = {.family = local->range.start.family,
                              .local_length = covering_length(&local->range),
                              .remote_length = covering_length(&remote->range)};
    struct hash_node *node =
        hash_table_find(&spd->by_prefixes, hash_pair(&local->range.start, &remote->range.start, &shape));
    for (; node != NULL; node = hash_node_next(node)) {
        struct spd_entry *entry = CONTAINER_OF(node, struct spd_entry, node);
        const struct selector *selectors = entry->policy->selectors;
        if (selector_equal(&selectors[entry->local_index], local) &&
            selector_equal(&selectors[entry->policy->local_count + entry->remote_index], remote) &&
            accepts(entry->policy, context))
            return entry->policy;
    }
    return NULL;
}
