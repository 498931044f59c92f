/* What the kernel's XFRM knows of an SA whose events may have been lost: see resync.h. */
#include <linux/xfrm.h>

#include "kernel/netlink_attributes.h"
#include "kernel/resync.h"
#include "kernel/xfrm.h"

static void ask(struct kernel_plane *plane, const struct plane_sa *sa)
{
    struct kernel_ticket ticket = resync_ticket(sa->child_serial, sa->direction, XFRM_PURPOSE_CHECK);
    xfrm_sa_ask(CONTAINER_OF(plane, struct backend, plane), (const struct xfrm_sa *)sa, &ticket);
}

void xfrm_resync_some(struct backend *backend)
{
    resync_some(&backend->plane, ask);
    xfrm_link_flush(&backend->link);
}

static bool has_reached_soft_limit(const struct nlmsghdr *reply)
{
    struct xfrm_usersa_info info;
    memcpy(&info, mnl_nlmsg_get_payload(reply), sizeof(info));
    return info.curlft.bytes >= info.lft.soft_byte_limit || info.curlft.packets >= info.lft.soft_packet_limit;
}

void xfrm_resync_answer(struct backend *backend, const struct kernel_ticket *ticket,
                        const struct nlmsghdr *reply)
{
    enum sa_direction direction = (enum sa_direction)ticket->direction;
    if (xfrm_sa_of_child(backend, ticket->child_serial, direction) != NULL)
        resync_found(&backend->plane, ticket->child_serial, reply != NULL,
                     reply != NULL && has_reached_soft_limit(reply));
}
