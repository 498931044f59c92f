/* Policies in the kernel: XFRM_MSG_UPDPOLICY, DELPOLICY. */
#include <arpa/inet.h>
#include <libmnl/libmnl.h>
#include <linux/xfrm.h>
#include <netinet/in.h>
#include <stdlib.h>

#include "kernel/xfrm.h"
#include "kernel/xfrm_offload.h"
#include "kernel/xfrm_per_cpu.h"
#include "kernel/xfrm_selector.h"

enum { DIRECTION_BITS = 3 };

/* A connection's, with what the kernel is told of its SAs. */
struct policy {
    struct claimed_policy claimed;
    uint32_t reqid;
    bool is_per_cpu, asks_for_cpus;
    unsigned card; /* the interface that does all of ESP; 0: none */
    struct xfrm_layers layers;
};

static struct policy *policy_of(struct claimed_policy *claimed)
{
    return CONTAINER_OF(claimed, struct policy, claimed);
}

/* ---- what the kernel is told ---- */

static struct xfrm_selector selector_of(const struct policy_slot *slot, unsigned direction)
{
    struct packet_selector reversed = packet_selector_reversed(&slot->key.selector);
    return xfrm_selector_of(direction == XFRM_POLICY_OUT ? &slot->key.selector : &reversed);
}

/* What comes in need not be compressed (RFC 3173 2.2). */
static struct xfrm_user_tmpl template_of(const struct policy *policy, const struct xfrm_layer *layer,
                                         unsigned direction)
{
    bool is_out = direction == XFRM_POLICY_OUT;
    const struct claimed_policy *claimed = &policy->claimed;
    return (struct xfrm_user_tmpl){
        .id = {.daddr = xfrm_address_of(is_out ? &claimed->remote : &claimed->local),
               .spi = is_out && !policy->is_per_cpu ? htonl(layer->spi) : 0,
               .proto = layer->protocol},
        .family = xfrm_family_of(&claimed->local),
        .saddr = xfrm_address_of(is_out ? &claimed->local : &claimed->remote),
        .reqid = policy->reqid,
        .mode = layer->mode == MODE_TUNNEL ? XFRM_MODE_TUNNEL : XFRM_MODE_TRANSPORT,
        .optional = !is_out && layer->protocol == IPPROTO_COMP,
        .aalgos = UINT32_MAX,
        .ealgos = UINT32_MAX,
        .calgos = UINT32_MAX,
    };
}

static void put_templates(struct nlmsghdr *message, const struct policy *policy, unsigned direction)
{
    struct xfrm_user_tmpl templates[XFRM_LAYERS_MAX];
    for (size_t i = 0; i < policy->layers.count; i++)
        templates[i] = template_of(policy, &policy->layers.at[i], direction);
    mnl_attr_put(message, XFRMA_TMPL, policy->layers.count * sizeof(templates[0]), templates);
}

/* Of the kernel's several policies for one selector, which one is meant. */
static void put_distinctions(struct nlmsghdr *message, const struct policy_slot_key *key, unsigned direction)
{
    const struct packet_mark *mark = direction == XFRM_POLICY_OUT ? &key->mark_out : &key->mark_in;
    struct xfrm_mark value = {.v = mark->value, .m = mark->mask};
    if (mark->mask != 0)
        mnl_attr_put(message, XFRMA_MARK, sizeof(value), &value);
    if (key->interface_id != 0)
        mnl_attr_put_u32(message, XFRMA_IF_ID, key->interface_id);
}

static void send_policy(struct kernel_plane *plane, const struct policy_slot *slot,
                        struct claimed_policy *policy, uint8_t direction)
{
    struct backend *backend = CONTAINER_OF(plane, struct backend, plane);
    struct kernel_ticket ticket = {.purpose = XFRM_PURPOSE_CHANGE, .child_serial = policy->child_serial};
    struct xfrm_userpolicy_info info = {
        .sel = selector_of(slot, direction),
        .lft = {XFRM_INF, XFRM_INF, XFRM_INF, XFRM_INF, 0, 0, 0, 0},
        .priority = policy_slots_priority(policy, &slot->key.selector),
        .index = slot->index | direction,
        .dir = (uint8_t)direction,
        .action = policy->action == POLICY_DROP ? XFRM_POLICY_BLOCK : XFRM_POLICY_ALLOW,
    };
    if (policy_of(policy)->asks_for_cpus && direction == XFRM_POLICY_OUT)
        xfrm_per_cpu_mark_policy(&info);
    struct nlmsghdr *message =
        xfrm_link_begin(&backend->link, XFRM_MSG_UPDPOLICY, NLM_F_ACK, &info, sizeof(info));
    if (policy->action == POLICY_PROTECT || policy->action == POLICY_TRAP)
        put_templates(message, policy_of(policy), direction);
    put_distinctions(message, &slot->key, direction);
    xfrm_offload_put_policy(message, policy_of(policy)->card);
    xfrm_link_end(&backend->link, message, &ticket);
}

static void send_delete(struct kernel_plane *plane, const struct policy_slot *slot, uint8_t direction)
{
    struct backend *backend = CONTAINER_OF(plane, struct backend, plane);
    struct kernel_ticket ticket = {.purpose = XFRM_PURPOSE_CHANGE, .may_be_missing = true};
    struct xfrm_userpolicy_id id = {
        .sel = selector_of(slot, direction),
        .dir = (uint8_t)direction,
    };
    struct nlmsghdr *message =
        xfrm_link_begin(&backend->link, XFRM_MSG_DELPOLICY, NLM_F_ACK, &id, sizeof(id));
    put_distinctions(message, &slot->key, direction);
    xfrm_link_end(&backend->link, message, &ticket);
}

/* Of the kernel's policies: ours bear the signature. */
static uint32_t new_index(struct backend *backend)
{
    backend->last_index = (backend->last_index + 1) & ((1u << (XFRM_SIGNATURE_SHIFT - DIRECTION_BITS)) - 1);
    return (uint32_t)XFRM_SIGNATURE << XFRM_SIGNATURE_SHIFT | backend->last_index << DIRECTION_BITS;
}

static void install(void *context, struct policy_slot *slot, struct claimed_policy *best)
{
    struct backend *backend = context;
    if (slot->index == 0)
        slot->index = new_index(backend);
    plane_policy_install(&backend->plane, slot, best);
}

static void put_bypass(struct kernel_plane *plane, const struct packet_selector *selector, bool is_there)
{
    static const uint8_t both_ways[] = {XFRM_POLICY_IN, XFRM_POLICY_OUT};
    struct backend *backend = CONTAINER_OF(plane, struct backend, plane);
    struct kernel_ticket ticket = {.purpose = XFRM_PURPOSE_CHANGE, .may_be_missing = true};
    struct xfrm_userpolicy_info info = {
        .sel = xfrm_selector_of(selector),
        .lft = {XFRM_INF, XFRM_INF, XFRM_INF, XFRM_INF, 0, 0, 0, 0},
        .priority = 0, /* before all that a connection may have */
        .action = XFRM_POLICY_ALLOW,
    };
    for (size_t i = 0; i < ARRAY_SIZE(both_ways); i++) {
        struct xfrm_userpolicy_id id = {.sel = info.sel, .dir = both_ways[i]};
        info.dir = both_ways[i];
        info.index = is_there ? new_index(backend) | both_ways[i] : 0;
        struct nlmsghdr *message =
            is_there ? xfrm_link_begin(&backend->link, XFRM_MSG_UPDPOLICY, NLM_F_ACK, &info, sizeof(info))
                     : xfrm_link_begin(&backend->link, XFRM_MSG_DELPOLICY, NLM_F_ACK, &id, sizeof(id));
        xfrm_link_end(&backend->link, message, &ticket);
    }
}

static void free_policy(void *context, struct claimed_policy *claimed)
{
    (void)context;
    free(policy_of(claimed));
}

static const uint8_t directions[] = {XFRM_POLICY_IN, XFRM_POLICY_FWD, XFRM_POLICY_OUT};

static const struct plane_policies kernel_policies = {
    .directions = directions,
    .direction_count = ARRAY_SIZE(directions),
    .inbound = XFRM_POLICY_IN,
    .outbound = XFRM_POLICY_OUT,
    .send = send_policy,
    .send_delete = send_delete,
    .put_bypass = put_bypass,
};

bool xfrm_policy_init(struct backend *backend)
{
    backend->plane.kernel_policies = &kernel_policies;
    backend->plane.policies.install = install;
    backend->plane.policies.free_policy = free_policy;
    backend->plane.policies.context = backend;
    return policy_slots_init(&backend->plane.policies);
}

/* ---- requests ---- */

/* False: it names an SA that is not there. */
static bool describe(const struct backend *backend, const struct kernel_policy *wanted, struct policy *policy)
{
    struct claimed_policy *claimed = &policy->claimed;
    *claimed = plane_policy_claim(wanted);
    policy->reqid = wanted->reqid;
    policy->layers = (struct xfrm_layers){.count = 1, .at = {{claimed->protocol, claimed->mode, 0}}};
    if (wanted->action != POLICY_PROTECT)
        return true;
    struct xfrm_sa *sa = xfrm_sa_of_child(backend, wanted->child_serial, SA_OUTBOUND);
    if (sa == NULL)
        return false;
    sa->policy_id = wanted->policy_id & ~PLANE_POLICY_TRANSLATED;
    claimed->child_serial = wanted->child_serial;
    claimed->mode = sa->common.mode;
    claimed->protocol = sa->layers.at[sa->layers.main].protocol;
    claimed->local = sa->common.local.address;
    claimed->remote = sa->common.remote.address;
    policy->reqid = sa->reqid;
    policy->card = sa->nic_offload == NIC_OFFLOAD_PACKET ? sa->card : 0;
    policy->layers = sa->layers;
    policy->is_per_cpu = wanted->is_per_cpu;
    policy->asks_for_cpus = wanted->asks_for_cpus;
    return true;
}

static const char *set_policy(struct kernel_plane *plane, const struct kernel_policy *wanted)
{
    struct backend *backend = CONTAINER_OF(plane, struct backend, plane);
    struct policy *policy = calloc(1, sizeof(*policy));
    if (policy == NULL)
        return "out of memory for a policy";
    if (!describe(backend, wanted, policy)) {
        free(policy);
        return "the policy's SA is not there";
    }
    return policy_slots_set(&backend->plane.policies, &policy->claimed, wanted);
}

void xfrm_policy_set(struct backend *backend, const struct kernel_request *request)
{
    plane_policy_set(&backend->plane, request, set_policy);
}

static void follow(struct backend *backend, uint64_t policy_id, const struct xfrm_sa *sa)
{
    struct claimed_policy *policy = policy_slots_find(&backend->plane.policies, policy_id);
    if (policy == NULL || policy->action != POLICY_PROTECT || policy->child_serial != sa->common.child_serial)
        return;
    policy->local = sa->common.local.address;
    policy->remote = sa->common.remote.address;
    policy_slots_reinstall(&backend->plane.policies, policy);
}

void xfrm_policy_follow(struct backend *backend, const struct xfrm_sa *sa)
{
    follow(backend, sa->policy_id, sa);
    follow(backend, sa->policy_id | PLANE_POLICY_TRANSLATED, sa);
}
