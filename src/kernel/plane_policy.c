/* The engine's policies on their way to the kernel: see plane_policy.h. */
#include "kernel/plane_policy.h"

#include <netinet/in.h>

#include "kernel/address_translation.h"
#include "kernel/kernel_plane.h"
#include "kernel/neighbour_bypass.h"
#include "kernel/peer_routes.h"
#include "kernel/traffic_log.h"

uint8_t plane_policy_ip_protocol(uint8_t protocol)
{
    return protocol == PROTOCOL_AH ? IPPROTO_AH : IPPROTO_ESP;
}

struct claimed_policy plane_policy_claim(const struct kernel_policy *wanted)
{
    return (struct claimed_policy){
        .policy_id = wanted->policy_id,
        .action = wanted->action,
        .priority = wanted->priority,
        .mode = wanted->mode,
        .protocol = plane_policy_ip_protocol(wanted->protocol),
        .local = wanted->local_host,
        .remote = wanted->remote_host,
    };
}

/* What a trap will let in is not known yet; in transport mode nothing is passed on. */
static bool is_wanted_in(const struct plane_policies *kernel, const struct claimed_policy *policy,
                         uint8_t direction)
{
    if (direction == kernel->outbound)
        return true;
    if ((policy->policy_id & PLANE_POLICY_TRANSLATED) != 0)
        return false;
    if (policy->action == POLICY_TRAP)
        return false;
    return direction == kernel->inbound || policy->action != POLICY_PROTECT || policy->mode == MODE_TUNNEL;
}

void plane_policy_install(struct kernel_plane *plane, struct policy_slot *slot, struct claimed_policy *best)
{
    const struct plane_policies *kernel = plane->kernel_policies;
    bool was_there = slot->installed != 0;
    neighbour_bypass_before(plane, slot, best != NULL);
    for (size_t i = 0; i < kernel->direction_count; i++) {
        uint8_t direction = kernel->directions[i];
        unsigned bit = 1u << direction;
        bool is_wanted = best != NULL && is_wanted_in(kernel, best, direction);
        if (is_wanted)
            kernel->send(plane, slot, best, direction);
        else if (slot->installed & bit)
            kernel->send_delete(plane, slot, direction);
        slot->installed = (uint8_t)(is_wanted ? slot->installed | bit : slot->installed & ~bit);
    }
    neighbour_bypass_after(plane, slot, was_there);
}

static void delete_slot(void *context, struct policy_slot *slot)
{
    struct kernel_plane *plane = context;
    const struct plane_policies *kernel = plane->kernel_policies;
    for (size_t i = 0; i < kernel->direction_count; i++)
        if (slot->installed & 1u << kernel->directions[i])
            kernel->send_delete(plane, slot, kernel->directions[i]);
}

void plane_policies_delete_all(struct kernel_plane *plane)
{
    policy_slots_each(&plane->policies, delete_slot);
    neighbour_bypass_remove(plane);
}

static void forget_installed(void *context, struct policy_slot *slot)
{
    (void)context;
    slot->installed = 0;
}

static void install_again(void *context, struct policy_slot *slot)
{
    struct kernel_plane *plane = context;
    struct claimed_policy *best = policy_slot_best(slot);
    if (best != NULL)
        plane->policies.install(plane->policies.context, slot, best);
}

void plane_policies_restore(struct kernel_plane *plane)
{
    policy_slots_each(&plane->policies, forget_installed);
    plane->ipv6_slot_count = 0;
    policy_slots_each(&plane->policies, install_again);
}

/* They must meet IPsec before they have the address by which they go into the tunnel: only then are they
 * told from what passes in clear. Once they have it, the kernel asks the policies again. */
static const char *set_translated(struct kernel_plane *plane, const struct kernel_policy *wanted,
                                  const char *(*set)(struct kernel_plane *plane,
                                                     const struct kernel_policy *wanted))
{
    struct kernel_policy policy = *wanted;
    policy.policy_id |= PLANE_POLICY_TRANSLATED;
    policy.local_selectors = wanted->translated_selectors;
    policy.local_count = wanted->translated_count;
    if (wanted->translated_count > 0)
        return set(plane, &policy);
    policy_slots_delete(&plane->policies, policy.policy_id);
    return NULL;
}

void plane_policy_set(struct kernel_plane *plane, const struct kernel_request *request,
                      const char *(*set)(struct kernel_plane *plane, const struct kernel_policy *wanted))
{
    const char *failure = set(plane, request->policy);
    if (failure == NULL)
        failure = set_translated(plane, request->policy, set);
    if (failure == NULL) {
        traffic_log_set(plane->traffic_log, request->policy);
        address_translation_set(plane->translation, request->policy);
        uint64_t order = peer_routes_request(plane->router, &plane->events, request);
        if (order != 0)
            plane->awaited_order = order;
        return;
    }
    kernel_plane_log(plane, failure);
    event_queue_push_done(&plane->events, request->request_id, failure);
}

void plane_policy_delete(struct kernel_plane *plane, const struct kernel_request *request)
{
    policy_slots_delete(&plane->policies, request->policy_id);
    policy_slots_delete(&plane->policies, request->policy_id | PLANE_POLICY_TRANSLATED);
    traffic_log_delete(plane->traffic_log, request->policy_id);
    address_translation_delete(plane->translation, request->policy_id);
    (void)peer_routes_request(plane->router, &plane->events, request);
}
