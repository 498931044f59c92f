/* ESP on a network card: XFRMA_OFFLOAD_DEV. */
#include "kernel/xfrm_offload.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/xfrm.h>
#include <stdio.h>
#include <string.h>

#include "kernel/netlink_attributes.h"

#ifndef XFRM_OFFLOAD_PACKET /* Linux 6.2 */
#define XFRM_OFFLOAD_PACKET 4
#endif

void xfrm_offload_put_state(struct nlmsghdr *message, enum nic_offload wanted, enum sa_direction direction)
{
    struct xfrm_user_offload offload = {0};
    if (wanted == NIC_OFFLOAD_NO)
        return;
    if (direction == SA_INBOUND)
        offload.flags |= XFRM_OFFLOAD_INBOUND;
    if (wanted == NIC_OFFLOAD_PACKET)
        offload.flags |= XFRM_OFFLOAD_PACKET;
    mnl_attr_put(message, XFRMA_OFFLOAD_DEV, sizeof(offload), &offload);
}

void xfrm_offload_put_policy(struct nlmsghdr *message, unsigned card)
{
    struct xfrm_user_offload offload = {.ifindex = (int)card, .flags = XFRM_OFFLOAD_PACKET};
    if (card != 0)
        mnl_attr_put(message, XFRMA_OFFLOAD_DEV, sizeof(offload), &offload);
}

void xfrm_offload_ask(struct backend *backend, const struct xfrm_sa *sa, struct kernel_ticket ticket)
{
    ticket.purpose = XFRM_PURPOSE_OFFLOAD;
    ticket.may_be_missing = true; /* the refusal of the SA itself has been told */
    xfrm_sa_ask(backend, sa, &ticket);
}

static unsigned card_of(const struct nlmsghdr *reply)
{
    struct nlattr *attribute;
    NETLINK_ATTRIBUTES(attribute, reply, sizeof(struct xfrm_usersa_info))
    {
        struct xfrm_user_offload offload;
        if (mnl_attr_get_type(attribute) != XFRMA_OFFLOAD_DEV ||
            mnl_attr_get_payload_len(attribute) < sizeof(offload))
            continue;
        memcpy(&offload, mnl_attr_get_payload(attribute), sizeof(offload));
        return offload.ifindex > 0 ? (unsigned)offload.ifindex : 0;
    }
    return 0;
}

static void tell_fallback(const struct backend *backend, const struct xfrm_sa *sa)
{
    char peer[ADDRESS_TEXT_SIZE], line[192];
    snprintf(line, sizeof(line),
             "nic-offload=crypto: no network card on the way to %s does ESP, so the kernel does",
             address_text(&sa->common.remote.address, peer));
    kernel_plane_log(&backend->plane, line);
}

void xfrm_offload_came(struct backend *backend, const struct kernel_ticket *ticket,
                       const struct nlmsghdr *reply)
{
    struct xfrm_sa *sa =
        xfrm_sa_of_child(backend, ticket->child_serial, (enum sa_direction)ticket->direction);
    if (reply == NULL || sa == NULL)
        return;
    sa->card = card_of(reply);
    if (sa->card == 0 && sa->nic_offload == NIC_OFFLOAD_PACKET) {
        xfrm_offload_refused(backend, ticket, EOPNOTSUPP, ""); /* a kernel that has no offload at all */
        return;
    }
    if (sa->card == 0 && sa->common.direction == SA_OUTBOUND)
        tell_fallback(backend, sa);
    event_queue_push_done(&backend->plane.events, ticket->request_id, NULL);
}

void xfrm_offload_refused(struct backend *backend, const struct kernel_ticket *ticket, int failure,
                          const char *words)
{
    const struct xfrm_sa *sa =
        xfrm_sa_of_child(backend, ticket->child_serial, (enum sa_direction)ticket->direction);
    char text[192];
    if (sa == NULL || sa->nic_offload != NIC_OFFLOAD_PACKET) { /* not for want of a card */
        kernel_plane_refused(&backend->plane, ticket, failure, words);
        return;
    }
    snprintf(text, sizeof(text),
             "nic-offload=packet: no network card on the way to the peer takes this SA: %s%s%s",
             strerror(failure), *words ? ": " : "", words);
    kernel_plane_log(&backend->plane, text);
    event_queue_push_done(&backend->plane.events, ticket->request_id, text);
}
