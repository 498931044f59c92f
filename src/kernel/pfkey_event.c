/* What the kernel tells unasked: packets that met a trap (SADB_ACQUIRE), limits of SAs (SADB_EXPIRE), NAT
 * mappings that changed (SADB_X_NAT_T_NEW_MAPPING). RFC 2367 3.1.6, 3.1.8. */
#include "kernel/pfkey.h"

static struct selector end_of(const struct ip_prefix *prefix, uint8_t protocol, uint16_t port)
{
    return selector_of_prefix(prefix, protocol, port);
}

/* Who is meant by an ACQUIRE of a policy without a peer: its addresses are the packet's. */
static void narrow(const struct pfkey_message *message, struct kernel_event *event)
{
    struct ip_endpoint source, destination;
    if (!pfkey_get_address(message, SADB_EXT_ADDRESS_SRC, &source) ||
        !pfkey_get_address(message, SADB_EXT_ADDRESS_DST, &destination))
        return;
    struct ip_prefix from = prefix_of_address(&source.address), to = prefix_of_address(&destination.address);
    struct selector local = end_of(&from, event->packet_local.protocol, 0);
    struct selector remote = end_of(&to, event->packet_remote.protocol, 0);
    if (!selector_contains(&event->packet_local, &local) ||
        !selector_contains(&event->packet_remote, &remote))
        return;
    event->packet_local = local;
    event->packet_remote = remote;
}

static void acquire(struct backend *backend, const struct pfkey_message *message)
{
    uint8_t direction;
    uint32_t index, priority;
    if (!pfkey_get_policy(message, &direction, &index, &priority))
        return;
    const struct policy_slot *slot = policy_slots_numbered(&backend->plane.policies, index);
    struct claimed_policy *policy = slot != NULL ? policy_slot_best(slot) : NULL;
    if (policy == NULL || policy->action != POLICY_TRAP)
        return; /* another program's */
    const struct packet_selector *met = &slot->key.selector;
    struct kernel_event event = {
        .kind = KERNEL_ACQUIRE,
        .policy_id = policy->policy_id,
        .packet_local = end_of(&met->source, met->protocol, packet_selector_port(met, true)),
        .packet_remote = end_of(&met->destination, met->protocol, packet_selector_port(met, false)),
    };
    narrow(message, &event);
    pfkey_policy_acquired(backend, policy, &event.packet_remote.range.start, message->sequence);
    event_queue_push(&backend->plane.events, &event);
}

static struct pfkey_sa *sa_of(const struct backend *backend, const struct pfkey_message *message)
{
    struct ip_endpoint destination;
    uint32_t spi;
    if (!pfkey_get_spi(message, &spi) || !pfkey_get_address(message, SADB_EXT_ADDRESS_DST, &destination))
        return NULL;
    return pfkey_sa_by_spi(backend, spi, message->satype, &destination.address);
}

static void expire(struct backend *backend, const struct pfkey_message *message)
{
    const struct pfkey_sa *sa = sa_of(backend, message);
    if (sa != NULL)
        kernel_plane_tell_expiry(&backend->plane, sa->common.child_serial,
                                 message->extensions[SADB_EXT_LIFETIME_HARD].size != 0);
}

/* The destination is where packets come from now, so that the SPI alone names the SA: it is one of ours. */
static void mapping(struct backend *backend, const struct pfkey_message *message)
{
    struct ip_endpoint remote;
    uint32_t spi;
    if (!pfkey_get_spi(message, &spi) || !pfkey_get_address(message, SADB_EXT_ADDRESS_DST, &remote) ||
        !pfkey_get_natt_port(message, SADB_X_EXT_NAT_T_DPORT, &remote.port))
        return;
    struct pfkey_sa *sa = pfkey_sa_by_spi(backend, spi, message->satype, NULL);
    if (sa != NULL)
        kernel_plane_tell_mapping(&backend->plane, &sa->common, &remote);
}

void pfkey_event(void *context, const struct pfkey_message *message)
{
    switch (message->type) {
    case SADB_ACQUIRE:
        acquire(context, message);
        break;
    case SADB_EXPIRE:
        expire(context, message);
        break;
#ifdef SADB_X_NAT_T_NEW_MAPPING
    case SADB_X_NAT_T_NEW_MAPPING:
        mapping(context, message);
        break;
#endif
    default:
        break;
    }
}
