/*
 * Policies in the kernel: SADB_X_SPDUPDATE, SPDDELETE. An outbound policy names a number that its SA alone
 * has (pfkey_reqid.h), so that a rekey switches in one step; the inbound ones let in all SAs of the
 * connection. The kernel's ACQUIRE names the policy by the number that it told when it took the policy.
 */
#include <netinet/in.h>
#include <stdlib.h>

#include "esp/policy_priority.h"
#include "kernel/pfkey.h"

/* A connection's, with what the kernel is told of its SAs. */
struct policy {
    struct claimed_policy claimed;
    bool compresses, has_outer_ah;
    struct pfkey_reqid *outbound, *inbound; /* inbound: NULL for a trap */
    struct pfkey_acquire acquire;
};

static struct policy *policy_of(struct claimed_policy *claimed)
{
    return CONTAINER_OF(claimed, struct policy, claimed);
}

/* ---- what the kernel is told ---- */

static struct packet_selector selector_of(const struct policy_slot *slot, unsigned direction)
{
    return direction == IPSEC_DIR_OUTBOUND ? slot->key.selector
                                           : packet_selector_reversed(&slot->key.selector);
}

/* The signature stands below the wanted priority; those of our own making come after all that may be given.
 */
static uint32_t priority_of(const struct claimed_policy *policy, const struct packet_selector *selector)
{
    const struct policy_widths none = {0};
    uint32_t first_computed = policy_priority_of_widths(&none);
    uint32_t priority = policy_slots_priority(policy, selector);
    if (priority >= first_computed)
        priority += PFKEY_PRIORITY_MAX + 1 - first_computed;
    return priority << PFKEY_SIGNATURE_BITS | PFKEY_SIGNATURE;
}

static void add_transform(struct pfkey_policy_fields *fields, const struct policy *policy, uint8_t protocol,
                          enum sa_mode mode)
{
    bool is_out = fields->direction == IPSEC_DIR_OUTBOUND;
    const struct claimed_policy *claimed = &policy->claimed;
    fields->transforms[fields->transform_count++] = (struct pfkey_transform){
        .protocol = protocol,
        .mode = mode == MODE_TUNNEL ? IPSEC_MODE_TUNNEL : IPSEC_MODE_TRANSPORT,
        /* What did not become smaller comes without compression (RFC 3173 2.2). */
        .level = protocol == IPPROTO_COMP && !is_out ? IPSEC_LEVEL_USE : IPSEC_LEVEL_UNIQUE,
        .reqid = is_out ? policy->outbound->key.number : policy->inbound->key.number,
        .source = is_out ? claimed->local : claimed->remote,
        .destination = is_out ? claimed->remote : claimed->local,
    };
}

static void add_transforms(struct pfkey_policy_fields *fields, const struct policy *policy)
{
    enum sa_mode mode = policy->claimed.mode;
    /* Without a peer the packet's destination is it, and only a transport mode SA's ACQUIRE names that. */
    if (!address_is_set(&policy->claimed.remote) || !address_is_set(&policy->claimed.local))
        mode = MODE_TRANSPORT;
    if (policy->compresses)
        add_transform(fields, policy, IPPROTO_COMP, mode);
    add_transform(fields, policy, policy->claimed.protocol, policy->compresses ? MODE_TRANSPORT : mode);
    if (policy->has_outer_ah)
        add_transform(fields, policy, IPPROTO_AH, MODE_TRANSPORT);
}

static uint8_t type_of(enum policy_action action)
{
    return action == POLICY_DROP   ? IPSEC_POLICY_DISCARD
           : action == POLICY_PASS ? IPSEC_POLICY_NONE
                                   : IPSEC_POLICY_IPSEC;
}

static void send_policy(struct kernel_plane *plane, const struct policy_slot *slot,
                        struct claimed_policy *policy, uint8_t direction)
{
    struct backend *backend = CONTAINER_OF(plane, struct backend, plane);
    uint8_t buffer[PFKEY_MESSAGE_MAX];
    struct writer writer = writer_of(buffer, sizeof(buffer));
    struct packet_selector selector = selector_of(slot, direction);
    struct pfkey_policy_fields fields = {
        .type = type_of(policy->action),
        .direction = direction,
        .priority = priority_of(policy, &slot->key.selector),
    };
    struct kernel_ticket ticket = {
        .child_serial = policy->child_serial,
        .purpose = direction == IPSEC_DIR_OUTBOUND ? PFKEY_PURPOSE_NUMBER : PFKEY_PURPOSE_CHANGE,
    };
    if (fields.type == IPSEC_POLICY_IPSEC)
        add_transforms(&fields, policy_of(policy));
    pfkey_begin(&writer, SADB_X_SPDUPDATE, SADB_SATYPE_UNSPEC);
    pfkey_put_selector(&writer, &selector);
    pfkey_put_policy(&writer, &fields);
    pfkey_link_send(&backend->link, &writer, 0, &ticket);
}

static void send_delete(struct kernel_plane *plane, const struct policy_slot *slot, uint8_t direction)
{
    struct backend *backend = CONTAINER_OF(plane, struct backend, plane);
    struct packet_selector selector = selector_of(slot, direction);
    pfkey_policy_send_delete(backend, &selector, direction);
}

void pfkey_policy_send_delete(struct backend *backend, const struct packet_selector *selector,
                              uint8_t direction)
{
    uint8_t buffer[PFKEY_MESSAGE_MAX];
    struct writer writer = writer_of(buffer, sizeof(buffer));
    struct pfkey_policy_fields fields = {.type = IPSEC_POLICY_NONE, .direction = direction};
    struct kernel_ticket ticket = {.purpose = PFKEY_PURPOSE_CHANGE, .may_be_missing = true};
    pfkey_begin(&writer, SADB_X_SPDDELETE, SADB_SATYPE_UNSPEC);
    pfkey_put_selector(&writer, selector);
    pfkey_put_policy(&writer, &fields);
    pfkey_link_send(&backend->link, &writer, 0, &ticket);
}

static void install(void *context, struct policy_slot *slot, struct claimed_policy *best)
{
    struct backend *backend = context;
    plane_policy_install(&backend->plane, slot, best);
}

static void put_bypass(struct kernel_plane *plane, const struct packet_selector *selector, bool is_there)
{
    static const uint8_t both_ways[] = {IPSEC_DIR_INBOUND, IPSEC_DIR_OUTBOUND};
    struct backend *backend = CONTAINER_OF(plane, struct backend, plane);
    for (size_t i = 0; i < ARRAY_SIZE(both_ways); i++) {
        if (!is_there) {
            pfkey_policy_send_delete(backend, selector, both_ways[i]);
            continue;
        }
        uint8_t buffer[PFKEY_MESSAGE_MAX];
        struct writer writer = writer_of(buffer, sizeof(buffer));
        struct pfkey_policy_fields fields = {
            .type = IPSEC_POLICY_NONE,
            .direction = both_ways[i],
            .priority = PFKEY_SIGNATURE, /* before all that a connection may have */
        };
        struct kernel_ticket ticket = {.purpose = PFKEY_PURPOSE_CHANGE};
        pfkey_begin(&writer, SADB_X_SPDUPDATE, SADB_SATYPE_UNSPEC);
        pfkey_put_selector(&writer, selector);
        pfkey_put_policy(&writer, &fields);
        pfkey_link_send(&backend->link, &writer, 0, &ticket);
    }
}

void pfkey_policy_numbered(struct backend *backend, const struct pfkey_message *answer)
{
    struct packet_selector selector;
    uint32_t index, priority;
    uint8_t direction;
    if (!pfkey_get_selector(answer, &selector) || !pfkey_get_policy(answer, &direction, &index, &priority) ||
        index == 0)
        return;
    struct policy_slot *slot = policy_slots_at(&backend->plane.policies, &selector);
    if (slot != NULL)
        policy_slots_number(&backend->plane.policies, slot, index);
}

/* ---- packets that met a trap ---- */

static void forget_acquire(struct backend *backend, struct policy *policy)
{
    hash_table_remove(&backend->acquires, &policy->acquire.node);
    policy->acquire.sequence = 0;
}

static uint64_t hash_of_peer(const struct ip_address *remote)
{
    uint64_t halves[2];
    memcpy(halves, remote->bytes, sizeof(halves));
    return hash_number(hash_number(halves[0]) + halves[1]);
}

void pfkey_policy_acquired(struct backend *backend, struct claimed_policy *claimed,
                           const struct ip_address *destination, uint32_t sequence)
{
    struct policy *policy = policy_of(claimed);
    struct pfkey_acquire *acquire = &policy->acquire;
    forget_acquire(backend, policy);
    acquire->sequence = sequence;
    bool has_peer = address_is_set(&claimed->remote);
    acquire->remote = has_peer ? (struct ip_address){0} : *destination;
    (void)!hash_table_insert(&backend->acquires, &acquire->node,
                             has_peer ? hash_number(acquire->reqid) : hash_of_peer(destination));
}

static struct policy *find_acquire(const struct backend *backend, uint64_t hash, const struct kernel_sa *sa)
{
    struct hash_node *node = hash_table_find(&backend->acquires, hash);
    for (; node != NULL; node = hash_node_next(node)) {
        struct policy *policy = CONTAINER_OF(node, struct policy, acquire.node);
        bool has_peer = address_is_set(&policy->claimed.remote);
        if (has_peer ? policy->acquire.reqid == sa->reqid
                     : address_equal(&policy->acquire.remote, &sa->remote.address))
            return policy;
    }
    return NULL;
}

/* The kernel's larval SA gives way to the one that answers it (RFC 2367 3.1.6), else it would stay for a
 * while. */
uint32_t pfkey_policy_take_acquire(struct backend *backend, const struct kernel_sa *sa)
{
    struct policy *policy = find_acquire(backend, hash_number(sa->reqid), sa);
    if (policy == NULL)
        policy = find_acquire(backend, hash_of_peer(&sa->remote.address), sa);
    if (policy == NULL)
        return 0;
    uint32_t sequence = policy->acquire.sequence;
    forget_acquire(backend, policy);
    return sequence;
}

/* ---- requests ---- */

static const char *refuse(const struct packet_selector *selector)
{
    const uint16_t ports[][2] = {{selector->source_port, selector->source_mask},
                                 {selector->destination_port, selector->destination_mask}};
    for (size_t i = 0; i < ARRAY_SIZE(ports); i++)
        if (ports[i][1] != 0 && (ports[i][1] != UINT16_MAX || ports[i][0] == 0))
            return "a policy of PF_KEY has one port (not 0) or all of them, no range";
    return NULL;
}

static void free_policy(void *context, struct claimed_policy *claimed)
{
    struct backend *backend = context;
    struct policy *policy = policy_of(claimed);
    forget_acquire(backend, policy);
    pfkey_reqid_release(&backend->reqids, policy->outbound);
    pfkey_reqid_release(&backend->reqids, policy->inbound);
    free(policy);
}

static const uint8_t directions[] = {PFKEY_DIRECTIONS};

static const struct plane_policies kernel_policies = {
    .directions = directions,
    .direction_count = ARRAY_SIZE(directions),
    .inbound = IPSEC_DIR_INBOUND,
    .outbound = IPSEC_DIR_OUTBOUND,
    .send = send_policy,
    .send_delete = send_delete,
    .put_bypass = put_bypass,
};

bool pfkey_policy_init(struct backend *backend)
{
    backend->plane.kernel_policies = &kernel_policies;
    backend->plane.policies.install = install;
    backend->plane.policies.refuse = refuse;
    backend->plane.policies.free_policy = free_policy;
    backend->plane.policies.context = backend;
    return hash_table_init(&backend->acquires) && policy_slots_init(&backend->plane.policies);
}

/* False: it names SAs that are not there. */
static bool take_from_sas(const struct backend *backend, const struct kernel_policy *wanted,
                          struct policy *policy)
{
    const struct pfkey_sa *out = pfkey_sa_of_child(backend, wanted->child_serial, SA_OUTBOUND);
    const struct pfkey_sa *in = pfkey_sa_of_child(backend, wanted->child_serial, SA_INBOUND);
    if (out == NULL || in == NULL)
        return false;
    policy->outbound = pfkey_reqid_share(out->reqid);
    policy->inbound = pfkey_reqid_share(in->reqid);
    policy->compresses = out->compression_cpi != 0;
    policy->has_outer_ah = out->outer_ah_spi != 0;
    policy->claimed.child_serial = wanted->child_serial;
    policy->claimed.mode = out->common.mode;
    policy->claimed.protocol = plane_policy_ip_protocol(out->common.protocol);
    policy->claimed.local = out->common.local.address;
    policy->claimed.remote = out->common.remote.address;
    return true;
}

static const char *describe(struct backend *backend, const struct kernel_policy *wanted,
                            struct policy *policy)
{
    policy->claimed = plane_policy_claim(wanted);
    policy->acquire.reqid = wanted->reqid;
    if (wanted->action == POLICY_PROTECT)
        return take_from_sas(backend, wanted, policy) ? NULL : "the policy's SA is not there";
    if (wanted->action == POLICY_TRAP)
        policy->outbound = pfkey_reqid_new(&backend->reqids, &wanted->local_host, &wanted->remote_host);
    return wanted->action == POLICY_TRAP && policy->outbound == NULL
               ? "there is no number left for a policy with this peer"
               : NULL;
}

static const char *set_policy(struct kernel_plane *plane, const struct kernel_policy *wanted)
{
    struct backend *backend = CONTAINER_OF(plane, struct backend, plane);
    struct policy *policy = calloc(1, sizeof(*policy));
    if (policy == NULL)
        return "out of memory for a policy";
    const char *failure = describe(backend, wanted, policy);
    if (failure == NULL)
        return policy_slots_set(&backend->plane.policies, &policy->claimed, wanted);
    free_policy(backend, &policy->claimed);
    return failure;
}

void pfkey_policy_set(struct backend *backend, const struct kernel_request *request)
{
    plane_policy_set(&backend->plane, request, set_policy);
}
