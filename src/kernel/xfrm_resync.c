/*
 * After the kernel has told more than the event socket could hold (ENOBUFS): every SA is asked for, a few at
 * a time, so that the limits that were told in vain are told again. A lost ACQUIRE comes again with the first
 * packet after expire-lifetime=, a lost MAPPING with the next one.
 */
#include <linux/xfrm.h>

#include "kernel/netlink_attributes.h"
#include "kernel/xfrm.h"

enum { CHECKS_AT_ONCE = XFRM_BATCH_REQUESTS };

void xfrm_resync_begin(struct backend *backend)
{
    backend->unchecked_count = backend->plane.sas_by_child.entry_count;
    event_queue_wake(&backend->plane.events);
}

/* Those that have been checked go to the end of the list, as new ones do. */
void xfrm_resync_some(struct backend *backend)
{
    for (size_t i = 0; i < CHECKS_AT_ONCE && backend->unchecked_count > 0; i++, backend->unchecked_count--) {
        struct list_node *first = backend->sas.next;
        if (first == &backend->sas) {
            backend->unchecked_count = 0;
            return;
        }
        const struct xfrm_sa *sa = CONTAINER_OF(first, struct xfrm_sa, of_all);
        struct kernel_ticket ticket = {.child_serial = sa->child_serial,
                                       .purpose = XFRM_PURPOSE_CHECK,
                                       .direction = (uint8_t)sa->direction,
                                       .may_be_missing = true};
        list_remove(first);
        list_append(&backend->sas, first);
        xfrm_sa_ask(backend, sa, &ticket);
    }
    if (backend->unchecked_count > 0)
        event_queue_wake(&backend->plane.events);
    xfrm_link_flush(&backend->link);
}

static bool has_reached_soft_limit(const struct nlmsghdr *reply)
{
    struct xfrm_usersa_info info;
    memcpy(&info, mnl_nlmsg_get_payload(reply), sizeof(info));
    return info.curlft.bytes >= info.lft.soft_byte_limit || info.curlft.packets >= info.lft.soft_packet_limit;
}

/* An SA that is not there has reached its hard limit, or somebody has taken it away. */
void xfrm_resync_answer(struct backend *backend, const struct kernel_ticket *ticket,
                        const struct nlmsghdr *reply)
{
    enum sa_direction direction = (enum sa_direction)ticket->direction;
    bool is_known = xfrm_sa_of_child(backend, ticket->child_serial, direction) != NULL;
    if (is_known && (reply == NULL || has_reached_soft_limit(reply)))
        kernel_plane_tell_expiry(&backend->plane, ticket->child_serial, reply == NULL);
}
