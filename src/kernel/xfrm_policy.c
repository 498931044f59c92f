/*
 * Policies in the kernel: XFRM_MSG_UPDPOLICY, DELPOLICY. The kernel keeps one policy for each selector, while
 * two connections may want the same one (a trap and a tunnel of an instance, an old road warrior and the
 * new): so each selector is a slot with claims, of which the best one is installed and the next one takes its
 * place.
 */
#include <arpa/inet.h>
#include <libmnl/libmnl.h>
#include <linux/xfrm.h>
#include <netinet/in.h>
#include <stdlib.h>

#include "esp/policy_priority.h"
#include "kernel/xfrm.h"
#include "kernel/xfrm_selector.h"

enum { DIRECTION_BITS = 3 };

/* What one connection wants of all its selectors. */
struct policy {
    struct hash_node node;
    uint64_t policy_id;
    uint64_t child_serial;
    enum policy_action action;
    uint32_t priority; /* 0: from the selector */
    uint32_t reqid, spi;
    uint8_t protocol; /* IPPROTO_ESP, IPPROTO_AH */
    enum sa_mode mode;
    struct ip_address local, remote;
    size_t claim_count;
    struct claim *claims;
};

struct claim {
    struct list_node of_slot;
    struct policy *policy;
    struct slot *slot;
};

/* What tells one policy of the kernel's from another; comparable by memcmp. */
struct slot_key {
    struct xfrm_selector selector; /* outbound; the inbound ones are its reverse */
    struct packet_mark mark_in, mark_out;
    uint32_t interface_id;
};

struct slot {
    struct hash_node node;
    struct slot_key key;
    struct list_node claims; /* the best first */
    uint32_t index;
    uint8_t installed; /* a bit for each direction */
};

/* ---- tables ---- */

static uint64_t hash_of(const struct backend *backend, const void *data, size_t size)
{
    return hash_bytes(backend->hash_key, bytes_of(data, size));
}

static struct policy *find_policy(const struct backend *backend, uint64_t policy_id)
{
    struct hash_node *node =
        hash_table_find(&backend->policies, hash_of(backend, &policy_id, sizeof(policy_id)));
    for (; node != NULL; node = hash_node_next(node)) {
        struct policy *policy = CONTAINER_OF(node, struct policy, node);
        if (policy->policy_id == policy_id)
            return policy;
    }
    return NULL;
}

/* Marks are left out of the hash: an ACQUIRE names the outbound one alone. */
static uint64_t hash_of_key(const struct backend *backend, const struct slot_key *key)
{
    return hash_of(backend, &key->selector, sizeof(key->selector));
}

static struct slot *find_slot(const struct backend *backend, const struct slot_key *key)
{
    struct hash_node *node = hash_table_find(&backend->slots, hash_of_key(backend, key));
    for (; node != NULL; node = hash_node_next(node)) {
        struct slot *slot = CONTAINER_OF(node, struct slot, node);
        if (memcmp(&slot->key, key, sizeof(*key)) == 0)
            return slot;
    }
    return NULL;
}

static struct slot *make_slot(struct backend *backend, const struct slot_key *key)
{
    struct slot *slot = find_slot(backend, key);
    if (slot != NULL)
        return slot;
    slot = calloc(1, sizeof(*slot));
    if (slot == NULL)
        return NULL;
    slot->key = *key;
    list_init(&slot->claims);
    backend->last_index = (backend->last_index + 1) & ((1u << (XFRM_SIGNATURE_SHIFT - DIRECTION_BITS)) - 1);
    slot->index = (uint32_t)XFRM_SIGNATURE << XFRM_SIGNATURE_SHIFT | backend->last_index << DIRECTION_BITS;
    if (hash_table_insert(&backend->slots, &slot->node, hash_of_key(backend, key)))
        return slot;
    free(slot);
    return NULL;
}

static struct claim *best_claim(const struct slot *slot)
{
    return list_is_empty(&slot->claims) ? NULL : CONTAINER_OF(slot->claims.next, struct claim, of_slot);
}

/* ---- what the kernel is told ---- */

static uint32_t priority_of(const struct policy *policy, const struct xfrm_selector *selector)
{
    if (policy->priority != 0)
        return policy->priority;
    unsigned bits = selector->family == AF_INET6 ? 128 : 32;
    return policy_priority_of_widths(&(struct policy_widths){
        .open_address_bits = 2 * bits - selector->prefixlen_s - selector->prefixlen_d,
        .any_protocol = selector->proto == 0,
        .any_ports = (unsigned)((selector->sport_mask == 0) + (selector->dport_mask == 0)),
    });
}

static bool is_wanted_in(const struct policy *policy, unsigned direction)
{
    if (direction == XFRM_POLICY_OUT)
        return true;
    if (policy->action == POLICY_TRAP)
        return false;
    bool forwards = policy->action != POLICY_PROTECT || policy->mode == MODE_TUNNEL;
    return direction == XFRM_POLICY_IN || forwards;
}

static void put_template(struct nlmsghdr *message, const struct policy *policy, unsigned direction)
{
    bool is_out = direction == XFRM_POLICY_OUT;
    struct xfrm_user_tmpl template = {
        .id = {.daddr = xfrm_address_of(is_out ? &policy->remote : &policy->local),
               .spi = is_out ? htonl(policy->spi) : 0,
               .proto = policy->protocol},
        .family = xfrm_family_of(&policy->local),
        .saddr = xfrm_address_of(is_out ? &policy->local : &policy->remote),
        .reqid = policy->reqid,
        .mode = policy->mode == MODE_TUNNEL ? XFRM_MODE_TUNNEL : XFRM_MODE_TRANSPORT,
        .aalgos = UINT32_MAX,
        .ealgos = UINT32_MAX,
        .calgos = UINT32_MAX,
    };
    mnl_attr_put(message, XFRMA_TMPL, sizeof(template), &template);
}

/* Of the kernel's several policies for one selector, which one is meant. */
static void put_distinctions(struct nlmsghdr *message, const struct slot_key *key, unsigned direction)
{
    const struct packet_mark *mark = direction == XFRM_POLICY_OUT ? &key->mark_out : &key->mark_in;
    struct xfrm_mark value = {.v = mark->value, .m = mark->mask};
    if (mark->mask != 0)
        mnl_attr_put(message, XFRMA_MARK, sizeof(value), &value);
    if (key->interface_id != 0)
        mnl_attr_put_u32(message, XFRMA_IF_ID, key->interface_id);
}

static void send_policy(struct backend *backend, const struct slot *slot, const struct policy *policy,
                        unsigned direction)
{
    struct xfrm_ticket ticket = {.purpose = XFRM_PURPOSE_CHANGE, .child_serial = policy->child_serial};
    struct xfrm_userpolicy_info info = {
        .sel =
            direction == XFRM_POLICY_OUT ? slot->key.selector : xfrm_selector_reversed(&slot->key.selector),
        .lft = {XFRM_INF, XFRM_INF, XFRM_INF, XFRM_INF, 0, 0, 0, 0},
        .priority = priority_of(policy, &slot->key.selector),
        .index = slot->index | direction,
        .dir = (uint8_t)direction,
        .action = policy->action == POLICY_DROP ? XFRM_POLICY_BLOCK : XFRM_POLICY_ALLOW,
    };
    struct nlmsghdr *message =
        xfrm_link_begin(&backend->link, XFRM_MSG_UPDPOLICY, NLM_F_ACK, &info, sizeof(info));
    if (policy->action == POLICY_PROTECT || policy->action == POLICY_TRAP)
        put_template(message, policy, direction);
    put_distinctions(message, &slot->key, direction);
    xfrm_link_end(&backend->link, message, &ticket);
}

static void send_delete(struct backend *backend, const struct slot *slot, unsigned direction)
{
    struct xfrm_ticket ticket = {.purpose = XFRM_PURPOSE_CHANGE, .may_be_missing = true};
    struct xfrm_userpolicy_id id = {
        .sel =
            direction == XFRM_POLICY_OUT ? slot->key.selector : xfrm_selector_reversed(&slot->key.selector),
        .dir = (uint8_t)direction,
    };
    struct nlmsghdr *message =
        xfrm_link_begin(&backend->link, XFRM_MSG_DELPOLICY, NLM_F_ACK, &id, sizeof(id));
    put_distinctions(message, &slot->key, direction);
    xfrm_link_end(&backend->link, message, &ticket);
}

/* Makes the kernel have what the best claim wants, or nothing. The inbound side comes first, so that no
 * packet leaves whose answer would be refused. */
static void install(struct backend *backend, struct slot *slot)
{
    static const unsigned directions[] = {XFRM_POLICY_IN, XFRM_POLICY_FWD, XFRM_POLICY_OUT};
    const struct claim *claim = best_claim(slot);
    for (size_t i = 0; i < ARRAY_SIZE(directions); i++) {
        unsigned direction = directions[i];
        bool is_wanted = claim != NULL && is_wanted_in(claim->policy, direction);
        if (is_wanted)
            send_policy(backend, slot, claim->policy, direction);
        else if (slot->installed & 1u << direction)
            send_delete(backend, slot, direction);
        slot->installed =
            (uint8_t)((slot->installed & ~(1u << direction)) | (unsigned)is_wanted << direction);
    }
}

/* ---- claims ---- */

/* By priority, then by what they do; among equals the newest first. */
static bool comes_before(const struct claim *a, const struct claim *b)
{
    uint32_t priority_a = priority_of(a->policy, &a->slot->key.selector);
    uint32_t priority_b = priority_of(b->policy, &b->slot->key.selector);
    return priority_a < priority_b ||
           (priority_a == priority_b && policy_rank(a->policy->action) < policy_rank(b->policy->action));
}

/* True when it is now the best. */
static bool file_claim(struct claim *claim)
{
    struct list_node *before = claim->slot->claims.next;
    while (before != &claim->slot->claims && comes_before(CONTAINER_OF(before, struct claim, of_slot), claim))
        before = before->next;
    list_append(before, &claim->of_slot); /* in front of it */
    return best_claim(claim->slot) == claim;
}

static void withdraw_claim(struct backend *backend, struct claim *claim)
{
    struct slot *slot = claim->slot;
    bool was_best = best_claim(slot) == claim;
    list_remove(&claim->of_slot);
    if (was_best)
        install(backend, slot);
    if (!list_is_empty(&slot->claims))
        return;
    hash_table_remove(&backend->slots, &slot->node);
    free(slot);
}

static void free_policy(struct policy *policy)
{
    free(policy->claims);
    free(policy);
}

static void withdraw(struct backend *backend, struct policy *policy)
{
    if (policy == NULL)
        return;
    for (size_t i = 0; i < policy->claim_count; i++)
        withdraw_claim(backend, &policy->claims[i]);
    hash_table_remove(&backend->policies, &policy->node);
    free_policy(policy);
}

/* ---- requests ---- */

/* All outbound selectors of the pairs; NULL when there are none, too many, or memory is short. */
static struct xfrm_selector *list_selectors(const struct kernel_policy *wanted, size_t *ret_count)
{
    struct xfrm_selector *all = NULL;
    size_t total = 0;
    for (size_t i = 0; i < wanted->local_count * wanted->remote_count; i++) {
        size_t count;
        struct xfrm_selector *some =
            xfrm_selectors_between(&wanted->local_selectors[i / wanted->remote_count],
                                   &wanted->remote_selectors[i % wanted->remote_count], &count);
        struct xfrm_selector *larger =
            total + count <= XFRM_SELECTORS_MAX ? realloc(all, (total + count + 1) * sizeof(*all)) : NULL;
        if (larger == NULL) {
            free(some);
            free(all);
            return NULL;
        }
        all = larger;
        if (count > 0)
            memcpy(all + total, some, count * sizeof(*all));
        total += count;
        free(some);
    }
    *ret_count = total;
    return all;
}

static uint8_t ip_protocol_of(uint8_t protocol)
{
    return protocol == PROTOCOL_AH ? IPPROTO_AH : IPPROTO_ESP;
}

/* False: it names an SA that is not there. */
static bool describe(const struct backend *backend, const struct kernel_policy *wanted, struct policy *policy)
{
    policy->policy_id = wanted->policy_id;
    policy->action = wanted->action;
    policy->priority = wanted->priority;
    policy->reqid = wanted->reqid;
    policy->mode = wanted->mode;
    policy->protocol = ip_protocol_of(wanted->protocol);
    policy->local = wanted->local_host;
    policy->remote = wanted->remote_host;
    if (wanted->action != POLICY_PROTECT)
        return true;
    struct xfrm_sa *sa = xfrm_sa_of_child(backend, wanted->child_serial, SA_OUTBOUND);
    if (sa == NULL)
        return false;
    sa->policy_id = wanted->policy_id;
    policy->child_serial = wanted->child_serial;
    policy->reqid = sa->reqid;
    policy->spi = sa->spi;
    policy->mode = sa->mode;
    policy->protocol = sa->protocol;
    policy->local = sa->local.address;
    policy->remote = sa->remote.address;
    return true;
}

static struct slot_key key_of(const struct kernel_policy *wanted, const struct xfrm_selector *selector)
{
    return (struct slot_key){.selector = *selector,
                             .mark_in = wanted->mark_in,
                             .mark_out = wanted->mark_out,
                             .interface_id = tunnel_interface_id(&wanted->interface)};
}

static bool make_claims(struct backend *backend, struct policy *policy, const struct kernel_policy *wanted,
                        const struct xfrm_selector *selectors, size_t count)
{
    policy->claims = calloc(count, sizeof(policy->claims[0]));
    if (policy->claims == NULL)
        return false;
    for (size_t i = 0; i < count; i++) {
        struct claim *claim = &policy->claims[policy->claim_count];
        struct slot_key key = key_of(wanted, &selectors[i]);
        *claim = (struct claim){.policy = policy, .slot = make_slot(backend, &key)};
        if (claim->slot == NULL)
            return false;
        policy->claim_count++;
        if (file_claim(claim))
            install(backend, claim->slot);
    }
    return true;
}

/* The route's answer is the request's. */
static void set_routes(struct backend *backend, const struct kernel_request *request)
{
    const struct kernel_policy *wanted = request->policy;
    struct route_request route = {
        .request_id = request->request_id,
        .policy_id = wanted->policy_id,
        .is_awaited = wanted->action == POLICY_PROTECT,
        .sourceip = wanted->sourceip,
        .interface = wanted->interface,
        .mtu = wanted->mtu,
        .metric = wanted->metric,
        .local_host = wanted->local_host,
        .remote_host = wanted->remote_host,
        .local_selectors = wanted->local_selectors,
        .local_count = wanted->local_count,
        .remote_selectors = wanted->remote_selectors,
        .remote_count = wanted->remote_count,
    };
    bool leads_to_peer = address_is_set(&wanted->remote_host) && wanted->action != POLICY_DROP;
    uint64_t order = wanted->wants_route && leads_to_peer
                         ? router_set(backend->router, &route)
                         : router_delete(backend->router, request->request_id, wanted->policy_id);
    if (order != 0 && route.is_awaited)
        backend->awaited_order = order;
    if (order == 0)
        event_queue_push_done(&backend->events, request->request_id, "out of memory for a route");
}

/* The former version of the policy goes when the new one is there, so that its selectors are never bare. */
void xfrm_policy_set(struct backend *backend, const struct kernel_request *request)
{
    size_t count = 0;
    struct policy *policy = calloc(1, sizeof(*policy)),
                  *old = find_policy(backend, request->policy->policy_id);
    struct xfrm_selector *selectors = list_selectors(request->policy, &count);
    const char *failure = NULL;
    if (policy == NULL || selectors == NULL || count == 0)
        failure = "the policy has too many selectors, or memory is short";
    else if (!describe(backend, request->policy, policy))
        failure = "the policy's SA is not there";
    else if (!hash_table_insert(&backend->policies, &policy->node,
                                hash_of(backend, &policy->policy_id, sizeof(policy->policy_id))))
        failure = "out of memory for a policy";
    if (failure != NULL) {
        free(policy);
    } else {
        if (!make_claims(backend, policy, request->policy, selectors, count))
            failure = "out of memory for a policy";
        withdraw(backend, failure == NULL ? old : policy);
    }
    free(selectors);
    if (failure == NULL) {
        set_routes(backend, request);
        return;
    }
    backend->settings.log(backend->settings.context, failure);
    event_queue_push_done(&backend->events, request->request_id, failure);
}

void xfrm_policy_delete(struct backend *backend, const struct kernel_request *request)
{
    withdraw(backend, find_policy(backend, request->policy_id));
    if (router_delete(backend->router, request->request_id, request->policy_id) == 0)
        event_queue_push_done(&backend->events, request->request_id, "out of memory for a route");
}

void xfrm_policy_follow(struct backend *backend, const struct xfrm_sa *sa)
{
    struct policy *policy = find_policy(backend, sa->policy_id);
    if (policy == NULL || policy->action != POLICY_PROTECT || policy->child_serial != sa->child_serial)
        return;
    policy->local = sa->local.address;
    policy->remote = sa->remote.address;
    for (size_t i = 0; i < policy->claim_count; i++)
        if (best_claim(policy->claims[i].slot) == &policy->claims[i])
            install(backend, policy->claims[i].slot);
}

uint64_t xfrm_policy_find(const struct backend *backend, const struct xfrm_selector *selector,
                          uint32_t interface_id)
{
    struct slot_key key = {.selector = xfrm_selector_canonical(selector)};
    struct hash_node *node = hash_table_find(&backend->slots, hash_of_key(backend, &key));
    for (; node != NULL; node = hash_node_next(node)) {
        const struct slot *slot = CONTAINER_OF(node, struct slot, node);
        bool is_met = memcmp(&slot->key.selector, &key.selector, sizeof(key.selector)) == 0 &&
                      slot->key.interface_id == interface_id;
        if (is_met && best_claim(slot) != NULL)
            return best_claim(slot)->policy->policy_id;
    }
    return 0;
}

/* ---- the end ---- */

static void delete_slot(struct hash_node *node, void *context)
{
    struct slot *slot = CONTAINER_OF(node, struct slot, node);
    for (unsigned direction = XFRM_POLICY_IN; direction <= XFRM_POLICY_FWD; direction++)
        if (slot->installed & 1u << direction)
            send_delete(context, slot, direction);
}

void xfrm_policy_delete_all(struct backend *backend)
{
    hash_table_each(&backend->slots, delete_slot, backend);
}

static void free_policy_node(struct hash_node *node, void *context)
{
    (void)context;
    free_policy(CONTAINER_OF(node, struct policy, node));
}

static void free_slot_node(struct hash_node *node, void *context)
{
    (void)context;
    free(CONTAINER_OF(node, struct slot, node));
}

void xfrm_policy_free_all(struct backend *backend)
{
    hash_table_each(&backend->policies, free_policy_node, NULL);
    hash_table_each(&backend->slots, free_slot_node, NULL);
    hash_table_free(&backend->policies);
    hash_table_free(&backend->slots);
}
