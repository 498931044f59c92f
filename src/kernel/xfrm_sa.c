/* IPsec SAs in the kernel: XFRM_MSG_NEWSA, DELSA, GETSA. */
#include "kernel/xfrm.h"

#include <arpa/inet.h>
#include <libmnl/libmnl.h>
#include <linux/udp.h>
#include <linux/xfrm.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/secret.h"
#include "kernel/netlink_attributes.h"
#include "kernel/xfrm_algorithm.h"
#include "kernel/xfrm_selector.h"

enum { BITS_PER_BYTE = 8, WORD_BITS = 32, PLAIN_REPLAY_WINDOW_MAX = 32, LEAST_ESN_WINDOW = 32 };

/* ---- the table of what the kernel has from us ---- */

static uint8_t ip_protocol_of(uint8_t protocol)
{
    return protocol == PROTOCOL_AH ? IPPROTO_AH : IPPROTO_ESP;
}

struct xfrm_sa *xfrm_sa_of_child(const struct backend *backend, uint64_t child_serial,
                                 enum sa_direction direction)
{
    struct hash_node *node = hash_table_find(&backend->sas_by_child, hash_number(child_serial));
    for (; node != NULL; node = hash_node_next(node)) {
        struct xfrm_sa *sa = CONTAINER_OF(node, struct xfrm_sa, by_child);
        if (sa->child_serial == child_serial && sa->direction == direction)
            return sa;
    }
    return NULL;
}

/* Our own inbound SPI is unique; an outbound one is the peer's choice and may be that of any other SA. The
 * destination tells them apart, or a peer could have the limits of its SA end another's. */
struct xfrm_sa *xfrm_sa_by_spi(const struct backend *backend, const struct ip_address *destination,
                               uint32_t spi_network_order, uint8_t protocol)
{
    uint32_t spi = ntohl(spi_network_order);
    struct hash_node *node = hash_table_find(&backend->sas_by_spi, hash_number(spi));
    for (; node != NULL; node = hash_node_next(node)) {
        struct xfrm_sa *sa = CONTAINER_OF(node, struct xfrm_sa, by_spi);
        const struct ip_endpoint *leads_to = sa->direction == SA_INBOUND ? &sa->local : &sa->remote;
        if (sa->spi == spi && sa->protocol == protocol && address_equal(&leads_to->address, destination))
            return sa;
    }
    return NULL;
}

static struct xfrm_sa *remember(struct backend *backend, const struct kernel_sa *wanted)
{
    struct xfrm_sa *sa = calloc(1, sizeof(*sa));
    if (sa == NULL)
        return NULL;
    *sa = (struct xfrm_sa){
        .child_serial = wanted->child_serial,
        .direction = wanted->direction,
        .protocol = ip_protocol_of(wanted->protocol),
        .mode = wanted->mode,
        .udp_encapsulation = wanted->udp_encapsulation,
        .spi = wanted->spi,
        .reqid = wanted->reqid,
        .local = wanted->local,
        .remote = wanted->remote,
    };
    if (hash_table_insert(&backend->sas_by_child, &sa->by_child, hash_number(sa->child_serial))) {
        if (hash_table_insert(&backend->sas_by_spi, &sa->by_spi, hash_number(sa->spi)))
            return sa;
        hash_table_remove(&backend->sas_by_child, &sa->by_child);
    }
    free(sa);
    return NULL;
}

static void forget(struct backend *backend, struct xfrm_sa *sa)
{
    hash_table_remove(&backend->sas_by_child, &sa->by_child);
    hash_table_remove(&backend->sas_by_spi, &sa->by_spi);
    free(sa);
}

/* ---- what a request says ---- */

static const struct ip_endpoint *source_of(const struct kernel_sa *sa)
{
    return sa->direction == SA_INBOUND ? &sa->remote : &sa->local;
}

static const struct ip_endpoint *destination_of(const struct kernel_sa *sa)
{
    return sa->direction == SA_INBOUND ? &sa->local : &sa->remote;
}

static uint64_t limit_of(uint64_t value)
{
    return value == UINT64_MAX ? XFRM_INF : value;
}

/* In transport mode the SA itself names the traffic, as far as one selector can. */
static struct xfrm_selector traffic_of(const struct kernel_sa *sa)
{
    struct xfrm_selector traffic = {0};
    size_t count = 0;
    bool is_one = sa->mode == MODE_TRANSPORT && sa->local_count == 1 && sa->remote_count == 1;
    bool is_inbound = sa->direction == SA_INBOUND;
    struct packet_selector *list =
        is_one ? packet_selectors_between(is_inbound ? sa->remote_selectors : sa->local_selectors,
                                          is_inbound ? sa->local_selectors : sa->remote_selectors, &count)
               : NULL;
    if (count == 1)
        traffic = xfrm_selector_of(&list[0]);
    free(list);
    return traffic;
}

static void describe(const struct backend *backend, const struct kernel_sa *sa, struct xfrm_usersa_info *info)
{
    const struct ip_endpoint *source = source_of(sa), *destination = destination_of(sa);
    bool has_bitmap = sa->esn || sa->replay_window > PLAIN_REPLAY_WINDOW_MAX;
    *info = (struct xfrm_usersa_info){
        .sel = traffic_of(sa),
        .id = {.daddr = xfrm_address_of(&destination->address),
               .spi = htonl(sa->spi),
               .proto = ip_protocol_of(sa->protocol)},
        .saddr = xfrm_address_of(&source->address),
        .lft = {.soft_byte_limit = limit_of(sa->soft_bytes),
                .hard_byte_limit = limit_of(sa->hard_bytes),
                .soft_packet_limit = limit_of(sa->soft_packets),
                .hard_packet_limit = limit_of(sa->hard_packets)},
        .seq = backend->last_sequence,
        .reqid = sa->reqid,
        .family = xfrm_family_of(&destination->address),
        .mode = sa->mode == MODE_TUNNEL ? XFRM_MODE_TUNNEL : XFRM_MODE_TRANSPORT,
        .replay_window = has_bitmap || sa->direction == SA_OUTBOUND ? 0 : (uint8_t)sa->replay_window,
    };
    info->flags = (uint8_t)((sa->mode == MODE_TUNNEL ? XFRM_STATE_AF_UNSPEC : 0) |
                            (sa->decap_dscp ? XFRM_STATE_DECAP_DSCP : 0) |
                            (sa->nopmtudisc ? XFRM_STATE_NOPMTUDISC : 0) | (sa->esn ? XFRM_STATE_ESN : 0));
}

static void put_aead(struct nlmsghdr *message, const struct kernel_sa *sa, const char *name)
{
    uint8_t buffer[sizeof(struct xfrm_algo_aead) + CIPHER_KEY_MAX] = {0};
    struct xfrm_algo_aead *algorithm = (struct xfrm_algo_aead *)(void *)buffer;
    size_t size = packet_encr_key_size(sa->encr, sa->encr_key_bits);
    snprintf(algorithm->alg_name, sizeof(algorithm->alg_name), "%s", name);
    algorithm->alg_key_len = (unsigned)(size * BITS_PER_BYTE);
    algorithm->alg_icv_len = sa->encr->icv_size * BITS_PER_BYTE;
    memcpy(buffer + sizeof(*algorithm), sa->encr_key, size);
    mnl_attr_put(message, XFRMA_ALG_AEAD, sizeof(*algorithm) + size, buffer);
    secret_wipe(buffer, sizeof(buffer));
}

static void put_cipher(struct nlmsghdr *message, const struct kernel_sa *sa, const char *name)
{
    uint8_t buffer[sizeof(struct xfrm_algo) + CIPHER_KEY_MAX] = {0};
    struct xfrm_algo *algorithm = (struct xfrm_algo *)(void *)buffer;
    size_t size = packet_encr_key_size(sa->encr, sa->encr_key_bits);
    snprintf(algorithm->alg_name, sizeof(algorithm->alg_name), "%s", name);
    algorithm->alg_key_len = (unsigned)(size * BITS_PER_BYTE);
    memcpy(buffer + sizeof(*algorithm), sa->encr_key, size);
    mnl_attr_put(message, XFRMA_ALG_CRYPT, sizeof(*algorithm) + size, buffer);
    secret_wipe(buffer, sizeof(buffer));
}

static void put_integrity(struct nlmsghdr *message, const struct kernel_sa *sa, const char *name)
{
    uint8_t buffer[sizeof(struct xfrm_algo_auth) + INTEG_KEY_MAX] = {0};
    struct xfrm_algo_auth *algorithm = (struct xfrm_algo_auth *)(void *)buffer;
    size_t size = packet_integ_key_size(sa->integ);
    snprintf(algorithm->alg_name, sizeof(algorithm->alg_name), "%s", name);
    algorithm->alg_key_len = (unsigned)(size * BITS_PER_BYTE);
    algorithm->alg_trunc_len = sa->integ->icv_size * BITS_PER_BYTE;
    memcpy(buffer + sizeof(*algorithm), sa->integ_key, size);
    mnl_attr_put(message, XFRMA_ALG_AUTH_TRUNC, sizeof(*algorithm) + size, buffer);
    secret_wipe(buffer, sizeof(buffer));
}

/* NULL, or the algorithm that the kernel has no name for. */
static const struct algorithm *put_algorithms(struct nlmsghdr *message, const struct kernel_sa *sa)
{
    const char *encr = sa->encr != NULL ? xfrm_algorithm_name(sa->encr) : NULL;
    const char *integ = sa->integ != NULL ? xfrm_algorithm_name(sa->integ) : NULL;
    if (sa->encr != NULL && encr == NULL)
        return sa->encr;
    if (sa->integ != NULL && sa->integ->key_size != 0 && integ == NULL)
        return sa->integ;
    if (encr != NULL && sa->encr->is_aead)
        put_aead(message, sa, encr);
    else if (encr != NULL)
        put_cipher(message, sa, encr);
    if (integ != NULL)
        put_integrity(message, sa, integ);
    return NULL;
}

static void put_replay_bitmap(struct nlmsghdr *message, const struct kernel_sa *sa)
{
    uint32_t window = sa->esn && sa->replay_window < LEAST_ESN_WINDOW ? LEAST_ESN_WINDOW : sa->replay_window;
    struct xfrm_replay_state_esn state = {
        .bmp_len = (window + WORD_BITS - 1) / WORD_BITS,
        .replay_window = window,
    };
    uint8_t buffer[sizeof(state) + 4096 / BITS_PER_BYTE] = {0};
    size_t size = sizeof(state) + state.bmp_len * sizeof(uint32_t);
    if (size > sizeof(buffer))
        return;
    memcpy(buffer, &state, sizeof(state));
    mnl_attr_put(message, XFRMA_REPLAY_ESN_VAL, size, buffer);
}

static void put_encapsulation(struct nlmsghdr *message, uint16_t source_port, uint16_t destination_port)
{
    struct xfrm_encap_tmpl encapsulation = {
        .encap_type = UDP_ENCAP_ESPINUDP,
        .encap_sport = htons(source_port),
        .encap_dport = htons(destination_port),
    };
    mnl_attr_put(message, XFRMA_ENCAP, sizeof(encapsulation), &encapsulation);
}

/* What comes out of an SA of a tunnel interface must not be routed into that interface again: it bears the
 * mark that our routing rules skip. */
static void put_interface(struct nlmsghdr *message, const struct kernel_sa *sa)
{
    mnl_attr_put_u32(message, XFRMA_IF_ID, sa->interface_id);
    if (sa->direction == SA_INBOUND)
        return;
    mnl_attr_put_u32(message, XFRMA_SET_MARK, BACKEND_SOCKET_MARK);
    mnl_attr_put_u32(message, XFRMA_SET_MARK_MASK, UINT32_MAX);
}

static void put_details(struct nlmsghdr *message, const struct kernel_sa *sa)
{
    bool checks_replays = sa->direction == SA_INBOUND && sa->replay_window > PLAIN_REPLAY_WINDOW_MAX;
    if (sa->esn || checks_replays)
        put_replay_bitmap(message, sa);
    if (sa->udp_encapsulation)
        put_encapsulation(message, source_of(sa)->port, destination_of(sa)->port);
    if (sa->interface_id != 0)
        put_interface(message, sa);
    if (!sa->encap_dscp)
        mnl_attr_put_u32(message, XFRMA_SA_EXTRA_FLAGS, XFRM_SA_XFLAG_DONT_ENCAP_DSCP);
}

static struct xfrm_ticket ticket_for(const struct kernel_request *request, enum xfrm_purpose purpose)
{
    return (struct xfrm_ticket){
        .request_id = request->request_id,
        .child_serial = request->sa->child_serial,
        .direction = (uint8_t)request->sa->direction,
        .purpose = (uint8_t)purpose,
    };
}

void xfrm_sa_add(struct backend *backend, const struct kernel_request *request)
{
    const struct kernel_sa *sa = request->sa;
    struct xfrm_ticket ticket = ticket_for(request, XFRM_PURPOSE_SAY_DONE);
    backend->last_sequence = (uint32_t)XFRM_SIGNATURE << XFRM_SIGNATURE_SHIFT |
                             ((backend->last_sequence + 1) & ((1u << XFRM_SIGNATURE_SHIFT) - 1));
    struct xfrm_usersa_info info;
    describe(backend, sa, &info);
    struct nlmsghdr *message =
        xfrm_link_begin(&backend->link, XFRM_MSG_NEWSA, NLM_F_ACK | NLM_F_CREATE, &info, sizeof(info));
    const struct algorithm *unknown = put_algorithms(message, sa);
    if (unknown != NULL || remember(backend, sa) == NULL) {
        char text[128];
        snprintf(text, sizeof(text), unknown != NULL ? "the kernel's IPsec has no %s" : "out of memory%s",
                 unknown != NULL ? unknown->name : "");
        event_queue_push_done(&backend->events, request->request_id, text);
        return;
    }
    put_details(message, sa);
    xfrm_link_end(&backend->link, message, &ticket);
}

/* ---- away ---- */

static struct xfrm_usersa_id id_of(const struct xfrm_sa *sa)
{
    const struct ip_endpoint *destination = sa->direction == SA_INBOUND ? &sa->local : &sa->remote;
    return (struct xfrm_usersa_id){
        .daddr = xfrm_address_of(&destination->address),
        .spi = htonl(sa->spi),
        .family = xfrm_family_of(&destination->address),
        .proto = sa->protocol,
    };
}

static void put_source(struct nlmsghdr *message, const struct xfrm_sa *sa)
{
    xfrm_address_t source =
        xfrm_address_of(sa->direction == SA_INBOUND ? &sa->remote.address : &sa->local.address);
    mnl_attr_put(message, XFRMA_SRCADDR, sizeof(source), &source);
}

static void send_delete(struct backend *backend, const struct xfrm_sa *sa, const struct xfrm_ticket *ticket)
{
    struct xfrm_usersa_id id = id_of(sa);
    struct nlmsghdr *message = xfrm_link_begin(&backend->link, XFRM_MSG_DELSA, NLM_F_ACK, &id, sizeof(id));
    put_source(message, sa);
    xfrm_link_end(&backend->link, message, ticket);
}

void xfrm_sa_delete(struct backend *backend, const struct kernel_request *request)
{
    struct xfrm_sa *sa = xfrm_sa_of_child(backend, request->sa->child_serial, request->sa->direction);
    if (sa == NULL) {
        event_queue_push_done(&backend->events, request->request_id, "no such SA");
        return;
    }
    struct xfrm_ticket ticket = ticket_for(request, XFRM_PURPOSE_SAY_DONE);
    ticket.may_be_missing = true; /* it may have reached its hard limit */
    send_delete(backend, sa, &ticket);
    forget(backend, sa);
}

/* ---- other addresses ---- */

static void send_get(struct backend *backend, const struct xfrm_sa *sa, const struct xfrm_ticket *ticket)
{
    struct xfrm_usersa_id id = id_of(sa);
    struct nlmsghdr *message = xfrm_link_begin(&backend->link, XFRM_MSG_GETSA, NLM_F_ACK, &id, sizeof(id));
    xfrm_link_end(&backend->link, message, ticket);
}

/* The kernel is asked for the SA as it is (its sequence numbers go on); what follows is xfrm_sa_make_anew. */
void xfrm_sa_move(struct backend *backend, const struct kernel_request *request)
{
    struct xfrm_sa *sa = xfrm_sa_of_child(backend, request->sa->child_serial, request->sa->direction);
    if (sa == NULL) {
        event_queue_push_done(&backend->events, request->request_id, "no such SA");
        return;
    }
    struct xfrm_ticket get = ticket_for(request, XFRM_PURPOSE_MOVE);
    struct xfrm_ticket away = {.purpose = XFRM_PURPOSE_CHANGE, .may_be_missing = true};
    xfrm_link_flush(
        &backend->link); /* both must go in one batch: the answer to the first adds the SA again */
    send_get(backend, sa, &get);
    send_delete(backend, sa, &away);
    sa->local = request->sa->local;
    sa->remote = request->sa->remote;
    sa->udp_encapsulation = request->sa->udp_encapsulation;
    if (sa->direction == SA_OUTBOUND)
        xfrm_policy_follow(backend, sa);
    xfrm_link_flush(&backend->link);
}

void xfrm_sa_make_anew(struct backend *backend, const struct xfrm_ticket *ticket,
                       const struct nlmsghdr *reply)
{
    const struct xfrm_sa *sa =
        xfrm_sa_of_child(backend, ticket->child_serial, (enum sa_direction)ticket->direction);
    if (sa == NULL)
        return;
    const struct ip_endpoint *source = sa->direction == SA_INBOUND ? &sa->remote : &sa->local;
    const struct ip_endpoint *destination = sa->direction == SA_INBOUND ? &sa->local : &sa->remote;
    struct xfrm_ticket done = *ticket;
    done.purpose = XFRM_PURPOSE_SAY_DONE;
    struct xfrm_usersa_info info;
    memcpy(&info, mnl_nlmsg_get_payload(reply), sizeof(info));
    info.id.daddr = xfrm_address_of(&destination->address);
    info.saddr = xfrm_address_of(&source->address);
    info.family = xfrm_family_of(&destination->address);
    struct nlmsghdr *message =
        xfrm_link_begin(&backend->link, XFRM_MSG_NEWSA, NLM_F_ACK | NLM_F_CREATE, &info, sizeof(info));
    struct nlattr *attribute;
    NETLINK_ATTRIBUTES(attribute, reply, sizeof(info))
    {
        uint16_t type = mnl_attr_get_type(attribute);
        bool is_kept = type == XFRMA_ALG_AEAD || type == XFRMA_ALG_CRYPT || type == XFRMA_ALG_AUTH_TRUNC ||
                       type == XFRMA_REPLAY_VAL || type == XFRMA_REPLAY_ESN_VAL || type == XFRMA_LTIME_VAL ||
                       type == XFRMA_SA_EXTRA_FLAGS || type == XFRMA_MARK || type == XFRMA_IF_ID ||
                       type == XFRMA_SET_MARK || type == XFRMA_SET_MARK_MASK;
        if (is_kept && message->nlmsg_len + attribute->nla_len + 64 < XFRM_REQUEST_SIZE)
            mnl_attr_put(message, type, mnl_attr_get_payload_len(attribute), mnl_attr_get_payload(attribute));
    }
    if (sa->udp_encapsulation)
        put_encapsulation(message, source->port, destination->port);
    xfrm_link_end(&backend->link, message, &done);
}

/* ---- counters ---- */

void xfrm_sa_query(struct backend *backend, const struct kernel_request *request)
{
    static const enum sa_direction directions[] = {SA_INBOUND, SA_OUTBOUND};
    for (size_t i = 0; i < ARRAY_SIZE(directions); i++) {
        const struct xfrm_sa *sa = xfrm_sa_of_child(backend, request->child_serial, directions[i]);
        struct xfrm_ticket ticket = {.request_id = request->request_id,
                                     .child_serial = request->child_serial,
                                     .purpose = XFRM_PURPOSE_COUNTERS,
                                     .direction = (uint8_t)directions[i],
                                     .may_be_missing = true};
        if (sa != NULL)
            send_get(backend, sa, &ticket);
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
        usec_t now = backend->settings.now(backend->settings.context);
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

/* Both directions are asked for in one batch, inbound first; the outbound one's answer completes them. */
void xfrm_sa_counters_came(struct backend *backend, const struct xfrm_ticket *ticket,
                           const struct nlmsghdr *reply)
{
    struct xfrm_counting *counting = &backend->counting;
    if (!counting->is_pending || counting->child_serial != ticket->child_serial)
        *counting = (struct xfrm_counting){.child_serial = ticket->child_serial, .is_pending = true};
    if (reply != NULL)
        counting->counters[ticket->direction] = counters_of(backend, reply);
    if (ticket->direction != SA_OUTBOUND)
        return;
    struct kernel_event event = {
        .kind = KERNEL_COUNTERS,
        .request_id = ticket->request_id,
        .child_serial = ticket->child_serial,
        .ok = reply != NULL,
        .in = counting->counters[SA_INBOUND],
        .out = counting->counters[SA_OUTBOUND],
    };
    if (!event.ok)
        snprintf(event.text, sizeof(event.text), "no such SA");
    counting->is_pending = false;
    event_queue_push(&backend->events, &event);
}

/* ---- the end ---- */

static void delete_one(struct hash_node *node, void *context)
{
    struct xfrm_ticket ticket = {.purpose = XFRM_PURPOSE_CHANGE, .may_be_missing = true};
    send_delete(context, CONTAINER_OF(node, struct xfrm_sa, by_child), &ticket);
}

void xfrm_sa_delete_all(struct backend *backend)
{
    hash_table_each(&backend->sas_by_child, delete_one, backend);
}

static void free_one(struct hash_node *node, void *context)
{
    (void)context;
    free(CONTAINER_OF(node, struct xfrm_sa, by_child));
}

void xfrm_sa_free_all(struct backend *backend)
{
    hash_table_each(&backend->sas_by_child, free_one, NULL);
    hash_table_free(&backend->sas_by_child);
    hash_table_free(&backend->sas_by_spi);
}
