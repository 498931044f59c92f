/* IPsec SAs in the kernel: XFRM_MSG_NEWSA, DELSA, GETSA. */
#include "kernel/xfrm.h"

#include <arpa/inet.h>
#include <libmnl/libmnl.h>
#include <linux/xfrm.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "kernel/netlink_attributes.h"
#include "kernel/xfrm_offload.h"
#include "kernel/xfrm_selector.h"

/* ---- the table of what the kernel has from us ---- */

struct xfrm_sa *xfrm_sa_of_child(const struct backend *backend, uint64_t child_serial,
                                 enum sa_direction direction)
{
    return (struct xfrm_sa *)plane_sa_of_child(&backend->plane, child_serial, direction);
}

struct xfrm_sa *xfrm_sa_by_spi(const struct backend *backend, const struct ip_address *destination,
                               uint32_t spi_network_order, uint8_t protocol)
{
    uint8_t named = protocol == IPPROTO_AH ? PROTOCOL_AH : PROTOCOL_ESP;
    return protocol == IPPROTO_COMP ? NULL
                                    : (struct xfrm_sa *)plane_sa_by_spi(
                                          &backend->plane, ntohl(spi_network_order), named, destination);
}

static struct xfrm_sa *remember(struct backend *backend, const struct kernel_sa *wanted)
{
    struct xfrm_sa *sa = calloc(1, sizeof(*sa));
    if (sa == NULL || !plane_sa_remember(&backend->plane, &sa->common, wanted)) {
        free(sa);
        return NULL;
    }
    sa->layers = xfrm_layers_of(wanted);
    sa->tcp_encapsulation = wanted->tcp_encapsulation;
    sa->reqid = wanted->reqid;
    sa->nic_offload = wanted->nic_offload;
    return sa;
}

struct kernel_ticket xfrm_sa_ticket(const struct kernel_request *request, enum xfrm_purpose purpose)
{
    return (struct kernel_ticket){
        .request_id = request->request_id,
        .child_serial = request->sa->child_serial,
        .direction = (uint8_t)request->sa->direction,
        .purpose = (uint8_t)purpose,
    };
}

/* The last of its states says that all is done, or who asks then where it went. */
static enum xfrm_purpose purpose_of(const struct xfrm_sa *sa, size_t layer)
{
    if (sa->nic_offload != NIC_OFFLOAD_NO)
        return XFRM_PURPOSE_OFFLOAD_ADD;
    return layer + 1u < sa->layers.count ? XFRM_PURPOSE_CHANGE : XFRM_PURPOSE_SAY_DONE;
}

static void add_states(struct backend *backend, const struct kernel_request *request,
                       const struct xfrm_sa *made)
{
    const struct kernel_sa *sa = request->sa;
    const struct xfrm_layers *layers = &made->layers;
    for (size_t i = 0; i < layers->count; i++) {
        struct kernel_ticket ticket = xfrm_sa_ticket(request, purpose_of(made, i));
        struct xfrm_usersa_info info;
        xfrm_state_describe(sa, layers, i, backend->last_sequence, &info);
        struct nlmsghdr *message =
            xfrm_link_begin(&backend->link, XFRM_MSG_NEWSA, NLM_F_ACK | NLM_F_CREATE, &info, sizeof(info));
        xfrm_state_put_details(message, sa, &layers->at[i]);
        if (layers->at[i].protocol == IPPROTO_ESP)
            xfrm_offload_put_state(message, made->nic_offload, made->common.direction);
        xfrm_link_end(&backend->link, message, &ticket);
    }
    if (made->nic_offload != NIC_OFFLOAD_NO)
        xfrm_offload_ask(backend, made, xfrm_sa_ticket(request, XFRM_PURPOSE_OFFLOAD));
}

void xfrm_sa_add(struct backend *backend, const struct kernel_request *request)
{
    const struct algorithm *unknown = xfrm_state_unknown_algorithm(request->sa);
    const struct xfrm_sa *sa = unknown == NULL ? remember(backend, request->sa) : NULL;
    if (sa == NULL) {
        char text[128];
        snprintf(text, sizeof(text), unknown != NULL ? "the kernel's IPsec has no %s" : "out of memory%s",
                 unknown != NULL ? unknown->name : "");
        event_queue_push_done(&backend->plane.events, request->request_id, text);
        return;
    }
    backend->last_sequence = (uint32_t)XFRM_SIGNATURE << XFRM_SIGNATURE_SHIFT |
                             ((backend->last_sequence + 1) & ((1u << XFRM_SIGNATURE_SHIFT) - 1));
    add_states(backend, request, sa);
}

/* ---- away ---- */

static struct xfrm_usersa_id id_of(const struct xfrm_sa *sa, size_t layer)
{
    const struct ip_endpoint *destination = plane_sa_destination(&sa->common);
    return (struct xfrm_usersa_id){
        .daddr = xfrm_address_of(&destination->address),
        .spi = htonl(sa->layers.at[layer].spi),
        .family = xfrm_family_of(&destination->address),
        .proto = sa->layers.at[layer].protocol,
    };
}

static void put_source(struct nlmsghdr *message, const struct xfrm_sa *sa)
{
    xfrm_address_t source = xfrm_address_of(&plane_sa_source(&sa->common)->address);
    mnl_attr_put(message, XFRMA_SRCADDR, sizeof(source), &source);
}

void xfrm_sa_send_delete(struct backend *backend, const struct xfrm_sa *sa, size_t layer,
                         const struct kernel_ticket *ticket)
{
    struct xfrm_usersa_id id = id_of(sa, layer);
    struct nlmsghdr *message = xfrm_link_begin(&backend->link, XFRM_MSG_DELSA, NLM_F_ACK, &id, sizeof(id));
    put_source(message, sa);
    xfrm_link_end(&backend->link, message, ticket);
}

void xfrm_sa_delete(struct backend *backend, const struct kernel_request *request)
{
    struct xfrm_sa *sa = xfrm_sa_of_child(backend, request->sa->child_serial, request->sa->direction);
    if (sa == NULL) {
        event_queue_push_done(&backend->plane.events, request->request_id, "no such SA");
        return;
    }
    struct kernel_ticket ticket = xfrm_sa_ticket(request, XFRM_PURPOSE_SAY_DONE);
    ticket.may_be_missing = true; /* it may have reached its hard limit */
    for (size_t i = 0; i < sa->layers.count; i++) {
        ticket.purpose = i + 1 < sa->layers.count ? XFRM_PURPOSE_CHANGE : XFRM_PURPOSE_SAY_DONE;
        xfrm_sa_send_delete(backend, sa, i, &ticket);
    }
    plane_sa_forget(&backend->plane, &sa->common);
}

/* ---- what the kernel has of them ---- */

static void send_get(struct backend *backend, const struct xfrm_sa *sa, size_t layer,
                     const struct kernel_ticket *ticket)
{
    struct xfrm_usersa_id id = id_of(sa, layer);
    struct nlmsghdr *message = xfrm_link_begin(&backend->link, XFRM_MSG_GETSA, NLM_F_ACK, &id, sizeof(id));
    xfrm_link_end(&backend->link, message, ticket);
}

void xfrm_sa_ask(struct backend *backend, const struct xfrm_sa *sa, const struct kernel_ticket *ticket)
{
    send_get(backend, sa, sa->layers.main, ticket);
}

/* What AH around ESP has refused, and then what the SA that the Child SA is named after has counted. */
static void ask_for_counters(struct backend *backend, const struct xfrm_sa *sa, struct kernel_ticket ticket)
{
    size_t outermost = sa->layers.count - 1u;
    if (outermost != sa->layers.main) {
        ticket.purpose = XFRM_PURPOSE_REFUSALS;
        send_get(backend, sa, outermost, &ticket);
    }
    ticket.purpose = XFRM_PURPOSE_COUNTERS;
    send_get(backend, sa, sa->layers.main, &ticket);
}

void xfrm_sa_query(struct backend *backend, const struct kernel_request *request)
{
    static const enum sa_direction directions[] = {SA_INBOUND, SA_OUTBOUND};
    for (size_t i = 0; i < ARRAY_SIZE(directions); i++) {
        const struct xfrm_sa *sa = xfrm_sa_of_child(backend, request->child_serial, directions[i]);
        struct kernel_ticket ticket = plane_counters_ticket(request, directions[i], XFRM_PURPOSE_COUNTERS);
        if (sa != NULL)
            ask_for_counters(backend, sa, ticket);
        else if (directions[i] == SA_OUTBOUND)
            xfrm_sa_counters_came(backend, &ticket, NULL);
    }
}

/* The kernel counts in seconds of the wall clock when an SA was last used. */
static usec_t last_use_of(const struct backend *backend, const struct nlmsghdr *reply)
{
    struct nlattr *attribute;
    NETLINK_ATTRIBUTES(attribute, reply, sizeof(struct xfrm_usersa_info))
    {
        if (mnl_attr_get_type(attribute) != XFRMA_LASTUSED || mnl_attr_validate(attribute, MNL_TYPE_U64) < 0)
            continue;
        int64_t seconds_ago = (int64_t)time(NULL) - (int64_t)mnl_attr_get_u64(attribute);
        usec_t now = backend->plane.settings.now(backend->plane.settings.context);
        usec_t ago = seconds_ago > 0 ? (usec_t)seconds_ago * USEC_PER_SEC : 0;
        return ago < now ? now - ago : 1;
    }
    return 0;
}

static struct sa_counters counters_of(const struct backend *backend, const struct nlmsghdr *reply)
{
    struct xfrm_usersa_info info;
    memcpy(&info, mnl_nlmsg_get_payload(reply), sizeof(info));
    return (struct sa_counters){
        .bytes = info.curlft.bytes,
        .packets = info.curlft.packets,
        .last_use = last_use_of(backend, reply),
        .replays = info.stats.replay + info.stats.replay_window,
        .bad_icv = info.stats.integrity_failed,
    };
}

void xfrm_sa_refusals_came(struct backend *backend, const struct kernel_ticket *ticket,
                           const struct nlmsghdr *reply)
{
    struct sa_counters *counters = plane_counters_of(&backend->plane, ticket);
    if (reply == NULL)
        return;
    struct sa_counters outer = counters_of(backend, reply);
    *counters = (struct sa_counters){.replays = outer.replays, .bad_icv = outer.bad_icv};
}

/* All are asked for in one batch, inbound first. */
void xfrm_sa_counters_came(struct backend *backend, const struct kernel_ticket *ticket,
                           const struct nlmsghdr *reply)
{
    struct sa_counters *counters = plane_counters_of(&backend->plane, ticket), refused = *counters;
    if (reply != NULL) {
        *counters = counters_of(backend, reply);
        counters->replays += refused.replays;
        counters->bad_icv += refused.bad_icv;
    }
    plane_counters_came(&backend->plane, ticket, reply != NULL);
}

/* ---- the end ---- */

static void delete_one(struct plane_sa *common, struct kernel_plane *plane)
{
    struct kernel_ticket ticket = {.purpose = XFRM_PURPOSE_CHANGE, .may_be_missing = true};
    const struct xfrm_sa *sa = (const struct xfrm_sa *)common;
    for (size_t i = 0; i < sa->layers.count; i++)
        xfrm_sa_send_delete(CONTAINER_OF(plane, struct backend, plane), sa, i, &ticket);
}

void xfrm_sa_delete_all(struct backend *backend)
{
    plane_sas_each(&backend->plane, delete_one);
}
