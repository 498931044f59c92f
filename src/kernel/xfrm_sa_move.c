/*
 * SAs that go on between other addresses (MOBIKE, NAT mappings): XFRM_MSG_DELSA, and NEWSA or UPDSA with what
 * the kernel tells of the SA's end.
 */
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/xfrm.h>
#include <netinet/in.h>
#include <string.h>

#include "kernel/netlink_attributes.h"
#include "kernel/xfrm.h"
#include "kernel/xfrm_offload.h"
#include "kernel/xfrm_selector.h"

/*
 * An SA that moves is deleted, and what the kernel tells of its end is the answer: the numbers of the last
 * packets are in it, so the new one can use none of them again (RFC 4106 2, 4303 3.3.3). What follows is
 * xfrm_sa_make_anew.
 */
void xfrm_sa_move(struct backend *backend, const struct kernel_request *request)
{
    struct xfrm_sa *sa = xfrm_sa_of_child(backend, request->sa->child_serial, request->sa->direction);
    if (sa == NULL) {
        event_queue_push_done(&backend->plane.events, request->request_id, "no such SA");
        return;
    }
    struct kernel_ticket away = xfrm_sa_ticket(request, XFRM_PURPOSE_MOVE);
    xfrm_link_flush(&backend->link); /* what was gathered before is not told of */
    for (size_t i = 0; i < sa->layers.count; i++) {
        away.layer = (uint8_t)i;
        xfrm_sa_send_delete(backend, sa, i, &away);
    }
    plane_sa_move(&sa->common, &request->sa->local, &request->sa->remote);
    sa->common.udp_encapsulation = request->sa->udp_encapsulation;
    sa->tcp_encapsulation = request->sa->tcp_encapsulation;
    if (sa->common.direction == SA_OUTBOUND)
        xfrm_policy_follow(backend, sa);
    xfrm_link_flush_telling(&backend->link);
}

/* The fixed part of the state that the kernel has deleted; it comes as an attribute. */
static bool read_deleted(const struct nlmsghdr *reply, struct xfrm_usersa_info *info)
{
    struct nlattr *attribute;
    if (reply == NULL || reply->nlmsg_type != XFRM_MSG_DELSA)
        return false;
    NETLINK_ATTRIBUTES(attribute, reply, sizeof(struct xfrm_usersa_id))
    {
        if (mnl_attr_get_type(attribute) == XFRMA_SA &&
            mnl_attr_get_payload_len(attribute) >= sizeof(*info)) {
            memcpy(info, mnl_attr_get_payload(attribute), sizeof(*info));
            return true;
        }
    }
    return false;
}

static void put_kept(struct nlmsghdr *message, const struct nlmsghdr *reply)
{
    static const uint16_t kept[] = {XFRMA_ALG_AEAD,       XFRMA_ALG_CRYPT,     XFRMA_ALG_AUTH_TRUNC,
                                    XFRMA_ALG_COMP,       XFRMA_REPLAY_VAL,    XFRMA_REPLAY_ESN_VAL,
                                    XFRMA_SA_EXTRA_FLAGS, XFRMA_MARK,          XFRMA_IF_ID,
                                    XFRMA_SET_MARK,       XFRMA_SET_MARK_MASK, XFRMA_TFCPAD};
    struct nlattr *attribute;
    NETLINK_ATTRIBUTES(attribute, reply, sizeof(struct xfrm_usersa_id))
    {
        uint16_t type = mnl_attr_get_type(attribute);
        for (size_t i = 0; i < ARRAY_SIZE(kept); i++)
            if (type == kept[i] && message->nlmsg_len + attribute->nla_len + 128 < XFRM_REQUEST_SIZE)
                mnl_attr_put(message, type, mnl_attr_get_payload_len(attribute),
                             mnl_attr_get_payload(attribute));
    }
}

static void add_moved(struct backend *backend, const struct xfrm_sa *sa, uint16_t type,
                      const struct xfrm_usersa_info *info, const struct nlmsghdr *reply,
                      const struct kernel_ticket *ticket)
{
    struct nlmsghdr *message =
        xfrm_link_begin(&backend->link, type, NLM_F_ACK | NLM_F_CREATE, info, sizeof(*info));
    put_kept(message, reply);
    mnl_attr_put(message, XFRMA_LTIME_VAL, sizeof(info->curlft), &info->curlft);
    if ((sa->common.udp_encapsulation || sa->tcp_encapsulation) && info->id.proto == IPPROTO_ESP)
        xfrm_state_put_encapsulation(message, sa->tcp_encapsulation, plane_sa_source(&sa->common)->port,
                                     plane_sa_destination(&sa->common)->port);
    if (info->id.proto == IPPROTO_ESP)
        xfrm_offload_put_state(message, sa->nic_offload, sa->common.direction);
    xfrm_link_end(&backend->link, message, ticket);
}

/* The SA is gone: the engine replaces it as if it had reached a limit. */
void xfrm_sa_move_refused(struct backend *backend, const struct kernel_ticket *ticket, int failure,
                          const char *words)
{
    kernel_plane_refused(&backend->plane, ticket, failure, words);
    kernel_plane_tell_expiry(&backend->plane, ticket->child_serial, false);
}

/* A packet that came since then has put a state without keys in the SA's place: it is replaced, which no SA
 * that is there already minds. (A card would have to take it twice.) */
void xfrm_sa_make_anew(struct backend *backend, const struct kernel_ticket *ticket,
                       const struct nlmsghdr *reply)
{
    struct xfrm_usersa_info info;
    const struct xfrm_sa *sa =
        xfrm_sa_of_child(backend, ticket->child_serial, (enum sa_direction)ticket->direction);
    if (sa == NULL || !read_deleted(reply, &info)) {
        xfrm_sa_move_refused(backend, ticket, ENODATA, "it does not tell of the SA that it deleted");
        return;
    }
    struct kernel_ticket done = *ticket, add = *ticket;
    done.purpose = (uint8_t)xfrm_sa_purpose(sa, ticket->layer);
    add.purpose = XFRM_PURPOSE_MOVE_ADD;
    info.id.daddr = xfrm_address_of(&plane_sa_destination(&sa->common)->address);
    info.saddr = xfrm_address_of(&plane_sa_source(&sa->common)->address);
    info.family = xfrm_family_of(&plane_sa_destination(&sa->common)->address);
    if (sa->nic_offload == NIC_OFFLOAD_NO) {
        add_moved(backend, sa, XFRM_MSG_NEWSA, &info, reply, &add);
        add_moved(backend, sa, XFRM_MSG_UPDSA, &info, reply, &done);
        return;
    }
    add_moved(backend, sa, XFRM_MSG_NEWSA, &info, reply, &done);
    if (ticket->layer + 1u == sa->layers.count)
        xfrm_offload_ask(backend, sa, *ticket);
}
