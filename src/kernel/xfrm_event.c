/* What the kernel tells unasked: packets that met a trap (ACQUIRE), limits of SAs (EXPIRE), NAT mappings that
 * changed (MAPPING), and that somebody has flushed what we had there. */
#include <arpa/inet.h>
#include <libmnl/libmnl.h>
#include <linux/xfrm.h>

#include "kernel/netlink_attributes.h"
#include "kernel/resync.h"
#include "kernel/xfrm.h"
#include "kernel/xfrm_per_cpu.h"
#include "kernel/xfrm_selector.h"

static bool holds(const struct nlmsghdr *message, size_t header_size)
{
    return mnl_nlmsg_get_payload_len(message) >= header_size;
}

static uint32_t interface_of(const struct nlmsghdr *acquire)
{
    struct nlattr *attribute;
    NETLINK_ATTRIBUTES(attribute, acquire, sizeof(struct xfrm_user_acquire))
    {
        if (mnl_attr_get_type(attribute) == XFRMA_IF_ID && mnl_attr_validate(attribute, MNL_TYPE_U32) == 0)
            return mnl_attr_get_u32(attribute);
    }
    return 0;
}

static void acquire(struct backend *backend, const struct nlmsghdr *message)
{
    struct xfrm_user_acquire acquire;
    memcpy(&acquire, mnl_nlmsg_get_payload(message), sizeof(acquire));
    struct packet_selector met = xfrm_selector_read(&acquire.policy.sel);
    const struct claimed_policy *policy =
        policy_slots_owner(&backend->plane.policies, &met, interface_of(message));
    if (policy == NULL)
        return; /* another program's */
    struct kernel_event event = {
        .kind = KERNEL_ACQUIRE,
        .policy_id = policy->policy_id & ~PLANE_POLICY_TRANSLATED,
        .packet_local = xfrm_selector_end(&acquire.sel, true),
        .packet_remote = xfrm_selector_end(&acquire.sel, false),
    };
    xfrm_per_cpu_read_acquire(message, &event);
    event_queue_push(&backend->plane.events, &event);
}

static void expire(struct backend *backend, const struct nlmsghdr *message)
{
    struct xfrm_user_expire expire;
    memcpy(&expire, mnl_nlmsg_get_payload(message), sizeof(expire));
    struct ip_address destination = xfrm_address_read(&expire.state.id.daddr, expire.state.family);
    const struct xfrm_sa *sa =
        xfrm_sa_by_spi(backend, &destination, expire.state.id.spi, expire.state.id.proto);
    if (sa != NULL)
        kernel_plane_tell_expiry(&backend->plane, sa->common.child_serial, expire.hard != 0);
}

static void mapping(struct backend *backend, const struct nlmsghdr *message)
{
    struct xfrm_user_mapping mapping;
    memcpy(&mapping, mnl_nlmsg_get_payload(message), sizeof(mapping));
    struct ip_address destination = xfrm_address_read(&mapping.id.daddr, mapping.id.family);
    struct xfrm_sa *sa = xfrm_sa_by_spi(backend, &destination, mapping.id.spi, mapping.id.proto);
    struct ip_endpoint remote = {xfrm_address_read(&mapping.new_saddr, mapping.id.family),
                                 ntohs(mapping.new_sport)};
    if (sa != NULL && sa->common.direction == SA_INBOUND)
        kernel_plane_tell_mapping(&backend->plane, &sa->common, &remote);
}

static void flushed(struct backend *backend, bool is_of_policies)
{
    if (is_of_policies)
        backend->has_lost_policies = true;
    else
        resync_begin(&backend->plane, "somebody has flushed the kernel's IPsec SAs");
}

void xfrm_restore_policies(struct backend *backend)
{
    if (!backend->has_lost_policies)
        return;
    backend->has_lost_policies = false;
    kernel_plane_log(&backend->plane, "somebody has flushed the kernel's IPsec policies: ours are made anew");
    plane_policies_restore(&backend->plane);
    xfrm_link_flush(&backend->link);
}

void xfrm_event(void *context, const struct nlmsghdr *message)
{
    switch (message->nlmsg_type) {
    case XFRM_MSG_ACQUIRE:
        if (holds(message, sizeof(struct xfrm_user_acquire)))
            acquire(context, message);
        break;
    case XFRM_MSG_EXPIRE:
        if (holds(message, sizeof(struct xfrm_user_expire)))
            expire(context, message);
        break;
    case XFRM_MSG_MAPPING:
        if (holds(message, sizeof(struct xfrm_user_mapping)))
            mapping(context, message);
        break;
    case XFRM_MSG_FLUSHSA:
    case XFRM_MSG_FLUSHPOLICY:
        flushed(context, message->nlmsg_type == XFRM_MSG_FLUSHPOLICY);
        break;
    default:
        break;
    }
}
