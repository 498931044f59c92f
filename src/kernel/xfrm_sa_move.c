/*
 * SAs that go on between other addresses (MOBIKE, NAT mappings): by the kernel itself where it can
 * (xfrm_migrate.h), else by XFRM_MSG_DELSA, and NEWSA or UPDSA with what the kernel tells of the SA's end.
 */
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/xfrm.h>
#include <netinet/in.h>
#include <string.h>

#include "kernel/netlink_attributes.h"
#include "kernel/xfrm.h"
#include "kernel/xfrm_migrate.h"
#include "kernel/xfrm_offload.h"
#include "kernel/xfrm_per_cpu.h"
#include "kernel/xfrm_selector.h"

/* One that the kernel does not move is made anew, whatever the reason. */
static bool migrate(struct backend *backend, const struct kernel_request *request,
                    const struct xfrm_sa *before, const struct xfrm_sa *sa)
{
    struct kernel_ticket ticket = xfrm_sa_ticket(request, XFRM_PURPOSE_MIGRATE);
    backend->has_migrated = false;
    xfrm_migrate_send(backend, before, sa, &ticket);
    if (sa->common.direction == SA_OUTBOUND)
        xfrm_policy_follow(backend, sa);
    xfrm_link_flush(&backend->link);
    return backend->has_migrated;
}

/*
 * An SA that is to be made anew is deleted, and what the kernel tells of its end is the answer: the numbers
 * of the last packets are in it, so the new one can use none of them again (RFC 4106 2, 4303 3.3.3). What
 * follows is xfrm_sa_make_anew.
 */
static void begin_anew(struct backend *backend, const struct kernel_request *request,
                       const struct xfrm_sa *before, const struct xfrm_sa *sa)
{
    struct kernel_ticket away = xfrm_sa_ticket(request, XFRM_PURPOSE_MOVE);
    xfrm_link_flush(&backend->link); /* what was gathered before is not told of */
    xfrm_link_tell_of_sas(&backend->link, true);
    for (size_t i = 0; i < sa->layers.count; i++) {
        away.layer = (uint8_t)i;
        xfrm_sa_send_delete(backend, before, i, &away);
    }
    if (sa->common.direction == SA_OUTBOUND)
        xfrm_policy_follow(backend, sa);
    xfrm_link_flush(&backend->link);
    xfrm_link_tell_of_sas(&backend->link, false);
}

void xfrm_sa_move(struct backend *backend, const struct kernel_request *request)
{
    struct xfrm_sa *sa = xfrm_sa_of_child(backend, request->sa->child_serial, request->sa->direction);
    if (sa == NULL) {
        event_queue_push_done(&backend->plane.events, request->request_id, "no such SA");
        return;
    }
    const struct xfrm_sa before = *sa;
    plane_sa_move(&sa->common, &request->sa->local, &request->sa->remote);
    sa->common.udp_encapsulation = request->sa->udp_encapsulation;
    sa->tcp_encapsulation = request->sa->tcp_encapsulation;
    if (!xfrm_migrate_is_for(backend, &before, sa) || !migrate(backend, request, &before, sa))
        begin_anew(backend, request, &before, sa);
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

static size_t key_offset(uint16_t type)
{
    return type == XFRMA_ALG_AEAD         ? sizeof(struct xfrm_algo_aead)
           : type == XFRMA_ALG_CRYPT      ? sizeof(struct xfrm_algo)
           : type == XFRMA_ALG_AUTH_TRUNC ? sizeof(struct xfrm_algo_auth)
                                          : SIZE_MAX;
}

static bool is_hidden(const struct nlattr *algorithm)
{
    const uint8_t *bytes = mnl_attr_get_payload(algorithm);
    size_t size = mnl_attr_get_payload_len(algorithm), offset = key_offset(mnl_attr_get_type(algorithm));
    uint8_t any = 0;
    for (size_t i = offset; i < size; i++)
        any |= bytes[i];
    return offset < size && any == 0;
}

/* A kernel in confidential lockdown (kernel_lockdown(7), Linux 5.11) tells zeros: an SA made of them would
 * protect nothing. */
static bool has_keys(const struct nlmsghdr *reply)
{
    struct nlattr *attribute;
    NETLINK_ATTRIBUTES(attribute, reply, sizeof(struct xfrm_usersa_id))
    {
        if (is_hidden(attribute))
            return false;
    }
    return true;
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
        xfrm_per_cpu_keep(message, attribute);
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

/* The SA is gone: the engine replaces it. */
void xfrm_sa_move_refused(struct backend *backend, const struct kernel_ticket *ticket, int failure,
                          const char *words)
{
    kernel_plane_refused(&backend->plane, ticket, failure, words);
    kernel_plane_tell_loss(&backend->plane, ticket->child_serial);
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
    if (!has_keys(reply)) {
        xfrm_sa_move_refused(backend, ticket, EPERM, "it hides the keys (kernel lockdown)");
        return;
    }
    bool is_last = ticket->layer + 1u == sa->layers.count;
    struct kernel_ticket add = *ticket, end = *ticket;
    add.purpose = XFRM_PURPOSE_MOVE_ADD;
    end.purpose = XFRM_PURPOSE_MOVE_END;
    if (!is_last || sa->nic_offload != NIC_OFFLOAD_NO)
        end.request_id = 0; /* who waits is told later */
    info.id.daddr = xfrm_address_of(&plane_sa_destination(&sa->common)->address);
    info.saddr = xfrm_address_of(&plane_sa_source(&sa->common)->address);
    info.family = xfrm_family_of(&plane_sa_destination(&sa->common)->address);
    if (sa->nic_offload == NIC_OFFLOAD_NO) {
        add_moved(backend, sa, XFRM_MSG_NEWSA, &info, reply, &add);
        add_moved(backend, sa, XFRM_MSG_UPDSA, &info, reply, &end);
        return;
    }
    add_moved(backend, sa, XFRM_MSG_NEWSA, &info, reply, &end);
    if (is_last)
        xfrm_offload_ask(backend, sa, *ticket);
}
