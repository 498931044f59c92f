/* SAs that the kernel moves by itself: see xfrm_migrate.h. */
#include "kernel/xfrm_migrate.h"

#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/udp.h>
#include <linux/xfrm.h>
#include <netinet/in.h>

#include "kernel/xfrm_selector.h"

/* The headers of kernels before 7.2 lack both; this is struct xfrm_user_migrate_state of those that have it.
 */
enum { MESSAGE_MIGRATE_STATE = 0x29 };

struct migrate_state {
    struct xfrm_usersa_id id; /* before: SPI, destination, protocol, family */
    xfrm_address_t new_daddr, new_saddr;
    struct xfrm_mark old_mark; /* ours have none */
    struct xfrm_selector new_sel;
    uint32_t new_reqid, flags;
    uint16_t new_family, reserved;
};

static_assert(sizeof(struct migrate_state) == 132 && MESSAGE_MIGRATE_STATE == XFRM_MSG_GETDEFAULT + 1,
              "as in linux/xfrm.h");

/* Tunnels have no selector, which is what they are told to have; streams and cards it cannot move, and of
 * bundles it is not known to move all or nothing. */
bool xfrm_migrate_is_for(const struct backend *backend, const struct xfrm_sa *before,
                         const struct xfrm_sa *after)
{
    bool is_plain = after->common.mode == MODE_TUNNEL && after->layers.count == 1 &&
                    after->nic_offload == NIC_OFFLOAD_NO && !before->tcp_encapsulation &&
                    !after->tcp_encapsulation;
    return !backend->cannot_migrate && is_plain &&
           plane_sa_destination(&before->common)->address.family ==
               plane_sa_destination(&after->common)->address.family;
}

/* None at all is said by a type of zero; what is not said stays. */
static void put_encapsulation(struct nlmsghdr *message, const struct xfrm_sa *before,
                              const struct xfrm_sa *after)
{
    static const struct xfrm_encap_tmpl none;
    if (after->common.udp_encapsulation)
        xfrm_state_put_encapsulation(message, false, plane_sa_source(&after->common)->port,
                                     plane_sa_destination(&after->common)->port);
    else if (before->common.udp_encapsulation)
        mnl_attr_put(message, XFRMA_ENCAP, sizeof(none), &none);
}

void xfrm_migrate_send(struct backend *backend, const struct xfrm_sa *before, const struct xfrm_sa *after,
                       const struct kernel_ticket *ticket)
{
    const struct ip_address *from = &plane_sa_destination(&before->common)->address;
    const struct ip_address *to = &plane_sa_destination(&after->common)->address;
    const struct xfrm_layer *layer = &before->layers.at[0];
    struct migrate_state header = {
        .id = {.daddr = xfrm_address_of(from),
               .spi = htonl(layer->spi),
               .family = xfrm_family_of(from),
               .proto = layer->protocol},
        .new_daddr = xfrm_address_of(to),
        .new_saddr = xfrm_address_of(&plane_sa_source(&after->common)->address),
        .new_reqid = after->reqid,
        .new_family = xfrm_family_of(to),
    };
    struct nlmsghdr *message =
        xfrm_link_begin(&backend->link, MESSAGE_MIGRATE_STATE, NLM_F_ACK, &header, sizeof(header));
    if (layer->protocol == IPPROTO_ESP)
        put_encapsulation(message, before, after);
    xfrm_link_end(&backend->link, message, ticket);
}

/* EINVAL: the type is out of its range. ENOPROTOOPT: the kernel was built without it. */
void xfrm_migrate_answered(struct backend *backend, const struct kernel_ticket *ticket, int failure)
{
    backend->has_migrated = failure == 0;
    if (failure == EINVAL || failure == ENOPROTOOPT)
        backend->cannot_migrate = true;
    if (failure == 0)
        event_queue_push_done(&backend->plane.events, ticket->request_id, NULL);
}
