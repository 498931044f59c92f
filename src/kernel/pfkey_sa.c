/* IPsec SAs in the kernel: SADB_ADD, SADB_DELETE (RFC 2367 3.1). A bundle is up to three of them. */
#include "kernel/pfkey.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/secret.h"

/* ---- the table of what the kernel has from us ---- */

uint8_t pfkey_satype_of(uint8_t protocol)
{
    return protocol == PROTOCOL_AH ? SADB_SATYPE_AH : SADB_SATYPE_ESP;
}

struct pfkey_sa *pfkey_sa_of_child(const struct backend *backend, uint64_t child_serial,
                                   enum sa_direction direction)
{
    return (struct pfkey_sa *)plane_sa_of_child(&backend->plane, child_serial, direction);
}

struct pfkey_sa *pfkey_sa_by_spi(const struct backend *backend, uint32_t spi, uint8_t satype,
                                 const struct ip_address *destination)
{
    uint8_t protocol = satype == SADB_SATYPE_AH ? PROTOCOL_AH : PROTOCOL_ESP;
    return pfkey_satype_of(protocol) != satype
               ? NULL
               : (struct pfkey_sa *)plane_sa_by_spi(&backend->plane, spi, protocol, destination);
}

void pfkey_sa_put_addresses(struct writer *writer, const struct pfkey_sa *sa)
{
    pfkey_put_address(writer, SADB_EXT_ADDRESS_SRC, &plane_sa_source(&sa->common)->address);
    pfkey_put_address(writer, SADB_EXT_ADDRESS_DST, &plane_sa_destination(&sa->common)->address);
}

void pfkey_sa_put_ports(struct writer *writer, const struct pfkey_sa *sa)
{
    pfkey_put_encapsulation(writer, plane_sa_source(&sa->common)->port,
                            plane_sa_destination(&sa->common)->port);
}

/* The policy of an outbound SA leads to it alone; an inbound one's lets in all SAs of the connection. */
static struct pfkey_reqid *reqid_for(struct backend *backend, const struct kernel_sa *wanted)
{
    if (wanted->direction == SA_OUTBOUND)
        return pfkey_reqid_new(&backend->reqids, &wanted->local.address, &wanted->remote.address);
    return pfkey_reqid_shared(&backend->reqids, &wanted->remote.address, &wanted->local.address,
                              wanted->reqid);
}

static struct pfkey_sa *remember(struct backend *backend, const struct kernel_sa *wanted)
{
    struct pfkey_reqid *reqid = reqid_for(backend, wanted);
    struct pfkey_sa *sa = reqid != NULL ? calloc(1, sizeof(*sa)) : NULL;
    if (sa == NULL || !plane_sa_remember(&backend->plane, &sa->common, wanted)) {
        pfkey_reqid_release(&backend->reqids, reqid);
        free(sa);
        return NULL;
    }
    sa->compression_cpi = wanted->compression_cpi;
    sa->outer_ah_spi = wanted->outer_ah_spi;
    sa->reqid = reqid;
    return sa;
}

/* ---- the parts of a bundle, each an SA of the kernel's ---- */

enum { PARTS_MAX = 3 };

struct part {
    uint8_t satype;
    uint32_t spi;
    enum sa_mode mode;
};

/* From the innermost to the outermost. The one that the SA is named after comes with `main`. */
static size_t parts_of(const struct pfkey_sa *sa, struct part parts[static PARTS_MAX], size_t *ret_main)
{
    size_t count = 0;
    if (sa->compression_cpi != 0)
        parts[count++] = (struct part){SADB_X_SATYPE_IPCOMP, sa->compression_cpi, sa->common.mode};
    *ret_main = count;
    parts[count] = (struct part){pfkey_satype_of(sa->common.protocol), sa->common.spi,
                                 count == 0 ? sa->common.mode : MODE_TRANSPORT};
    count++;
    if (sa->outer_ah_spi != 0)
        parts[count++] = (struct part){SADB_SATYPE_AH, sa->outer_ah_spi, MODE_TRANSPORT};
    return count;
}

/* ---- what a request says ---- */

static uint32_t packets_of(uint64_t limit, uint32_t most)
{
    return limit < most ? (uint32_t)limit : most;
}

static uint64_t bytes_of_limit(uint64_t limit)
{
    return limit == UINT64_MAX ? 0 : limit;
}

/* Sequence numbers have 32 bits here: an SA ends, and is replaced before that, when they do. */
static void put_lifetimes(struct writer *writer, const struct kernel_sa *sa, bool has_limits)
{
    struct pfkey_lifetime hard = {.addtime = PFKEY_SIGNATURE_SECONDS}, soft = {0};
    if (has_limits) {
        hard.allocations = packets_of(sa->hard_packets, UINT32_MAX);
        hard.bytes = bytes_of_limit(sa->hard_bytes);
        soft.allocations = packets_of(sa->soft_packets, UINT32_MAX - UINT32_MAX / 8);
        soft.bytes = bytes_of_limit(sa->soft_bytes);
    }
    pfkey_put_lifetime(writer, SADB_EXT_LIFETIME_HARD, &hard);
    pfkey_put_lifetime(writer, SADB_EXT_LIFETIME_SOFT, &soft);
}

static uint8_t replay_of(const struct kernel_sa *sa)
{
    uint32_t window = sa->direction == SA_OUTBOUND ? 0 : sa->replay_window;
    window = window < PFKEY_REPLAY_MAX ? window : PFKEY_REPLAY_MAX;
    return (uint8_t)((window + PFKEY_REPLAY_UNIT - 1) / PFKEY_REPLAY_UNIT);
}

static struct pfkey_sa_fields fields_of(const struct kernel_sa *sa, const struct part *part)
{
    struct pfkey_sa_fields fields = {.spi = part->spi, .replay = replay_of(sa)};
    fields.flags = (uint32_t)((sa->decap_dscp ? PFKEY_SAFLAG_DECAP_DSCP : 0) |
                              (sa->nopmtudisc ? PFKEY_SAFLAG_NOPMTUDISC : 0));
    if (part->satype == SADB_X_SATYPE_IPCOMP) {
        fields.encrypt = SADB_X_CALG_DEFLATE;
        fields.replay = 0;
        return fields;
    }
    bool is_outer_ah = part->satype == SADB_SATYPE_AH && sa->protocol != PROTOCOL_AH;
    const struct algorithm *integ = is_outer_ah ? sa->ah_integ : sa->integ;
    fields.encrypt = !is_outer_ah && sa->encr != NULL ? pfkey_algorithm_number(sa->encr) : 0;
    fields.auth = integ != NULL ? pfkey_algorithm_number(integ) : 0;
    return fields;
}

static void put_keys(struct writer *writer, const struct kernel_sa *sa, const struct part *part)
{
    bool is_outer_ah = part->satype == SADB_SATYPE_AH && sa->protocol != PROTOCOL_AH;
    const struct algorithm *integ = is_outer_ah ? sa->ah_integ : sa->integ;
    const uint8_t *integ_key = is_outer_ah ? sa->ah_integ_key : sa->integ_key;
    if (part->satype == SADB_X_SATYPE_IPCOMP)
        return;
    if (integ != NULL && integ->key_size != 0)
        pfkey_put_key(writer, SADB_EXT_KEY_AUTH, bytes_of(integ_key, packet_integ_key_size(integ)));
    if (is_outer_ah || sa->encr == NULL)
        return;
    size_t size = packet_encr_key_size(sa->encr, sa->encr_key_bits);
    if (size != 0 || PFKEY_NULL_HAS_KEY)
        pfkey_put_key(writer, SADB_EXT_KEY_ENCRYPT, bytes_of(sa->encr_key, size));
}

/* An SA of Linux's lets through one version of IP, its own unless a proxy address says otherwise. */
static void put_inner_family(struct writer *writer, const struct kernel_sa *sa)
{
    uint8_t inner = sa->remote_selectors[0].range.start.family;
    struct ip_address any = {.family = inner};
    if (PFKEY_SA_NAMES_FAMILY && sa->mode == MODE_TUNNEL && inner != sa->remote.address.family)
        pfkey_put_address(writer, SADB_EXT_ADDRESS_PROXY, &any);
}

static void send_part(struct backend *backend, const struct kernel_request *request,
                      const struct pfkey_sa *sa, const struct part *part, bool is_main)
{
    uint8_t buffer[PFKEY_MESSAGE_MAX];
    struct writer writer = writer_of(buffer, sizeof(buffer));
    struct pfkey_sa_fields fields = fields_of(request->sa, part);
    struct kernel_ticket ticket = {
        .request_id = request->request_id,
        .child_serial = sa->common.child_serial,
        .direction = (uint8_t)sa->common.direction,
        .purpose = is_main ? PFKEY_PURPOSE_SAY_DONE : PFKEY_PURPOSE_CHANGE,
    };
    bool is_answer = is_main && sa->common.direction == SA_OUTBOUND;
    pfkey_begin(&writer, SADB_ADD, part->satype);
    pfkey_put_sa(&writer, &fields);
    pfkey_put_mode(&writer, part->mode == MODE_TUNNEL ? IPSEC_MODE_TUNNEL : IPSEC_MODE_TRANSPORT,
                   sa->reqid->key.number);
    put_lifetimes(&writer, request->sa, is_main);
    pfkey_sa_put_addresses(&writer, sa);
    put_inner_family(&writer, request->sa);
    put_keys(&writer, request->sa, part);
    if (is_main && sa->common.udp_encapsulation)
        pfkey_sa_put_ports(&writer, sa);
    pfkey_link_send(&backend->link, &writer, is_answer ? pfkey_policy_take_acquire(backend, request->sa) : 0,
                    &ticket);
}

/* ---- requests ---- */

static bool is_of_one_family(const struct kernel_sa *sa)
{
    uint8_t family = sa->remote_selectors[0].range.start.family;
    bool is_same = true;
    for (size_t i = 0; i < sa->local_count; i++)
        is_same = is_same && sa->local_selectors[i].range.start.family == family;
    for (size_t i = 0; i < sa->remote_count; i++)
        is_same = is_same && sa->remote_selectors[i].range.start.family == family;
    return is_same;
}

/* In Linux only what goes through a single SA may be another version of IP than the gateways'. */
static bool is_mixed_bundle(const struct kernel_sa *sa)
{
    bool is_bundle = sa->compression_cpi != 0 || sa->outer_ah_spi != 0;
    return PFKEY_SA_NAMES_FAMILY && is_bundle &&
           sa->remote_selectors[0].range.start.family != sa->remote.address.family;
}

/* The engine asks before it offers what may be missing (plane_limits.h): these are for who does not. */
static bool can_express(const struct backend *backend, const struct kernel_sa *sa, char text[static 128])
{
    const struct {
        const struct algorithm *algorithm;
        enum security_protocol protocol;
    } needed[] = {{sa->encr, PROTOCOL_ESP},
                  {sa->integ, (enum security_protocol)sa->protocol},
                  {sa->outer_ah_spi != 0 ? sa->ah_integ : NULL, PROTOCOL_AH}};
    *text = '\0';
    for (size_t i = 0; i < ARRAY_SIZE(needed); i++) {
        const struct algorithm *algorithm = needed[i].algorithm;
        bool is_none =
            algorithm == NULL || (algorithm->type == TRANSFORM_INTEG && algorithm->id == INTEG_NONE);
        if (!is_none && !pfkey_has_algorithm(backend, algorithm, needed[i].protocol))
            snprintf(text, 128, "the kernel's PF_KEY has no %s for %s", algorithm->name,
                     needed[i].protocol == PROTOCOL_AH ? "AH" : "ESP");
    }
    if (sa->esn)
        snprintf(text, 128, "PF_KEY has no extended sequence numbers");
    else if (sa->local_count == 0 || sa->remote_count == 0)
        snprintf(text, 128, "an SA without selectors");
    else if (PFKEY_SA_NAMES_FAMILY && !is_of_one_family(sa))
        snprintf(text, 128, "an SA of PF_KEY carries IPv4 or IPv6, not both");
    else if (is_mixed_bundle(sa))
        snprintf(text, 128, "a bundle of PF_KEY carries the IP version of its gateways only");
    return *text == '\0';
}

void pfkey_sa_add(struct backend *backend, const struct kernel_request *request)
{
    char text[128];
    struct part parts[PARTS_MAX];
    size_t main_part;
    const struct pfkey_sa *sa = NULL;
    if (can_express(backend, request->sa, text) && (sa = remember(backend, request->sa)) == NULL)
        snprintf(text, sizeof(text), "out of memory, or of numbers for SAs with this peer");
    if (sa == NULL) {
        kernel_plane_log(&backend->plane, text);
        event_queue_push_done(&backend->plane.events, request->request_id, text);
        return;
    }
    size_t count = parts_of(sa, parts, &main_part);
    for (size_t i = 0; i < count; i++)
        send_part(backend, request, sa, &parts[i], i == main_part);
}

static void send_delete(struct backend *backend, const struct pfkey_sa *sa, const struct part *part,
                        const struct kernel_ticket *ticket)
{
    uint8_t buffer[PFKEY_MESSAGE_MAX];
    struct writer writer = writer_of(buffer, sizeof(buffer));
    pfkey_begin(&writer, SADB_DELETE, part->satype);
    pfkey_put_sa(&writer, &(struct pfkey_sa_fields){.spi = part->spi});
    pfkey_sa_put_addresses(&writer, sa);
    pfkey_link_send(&backend->link, &writer, 0, ticket);
}

static void delete_parts(struct backend *backend, const struct pfkey_sa *sa, uint64_t request_id)
{
    struct part parts[PARTS_MAX];
    size_t main_part, count = parts_of(sa, parts, &main_part);
    for (size_t i = 0; i < count; i++)
        /* It may have reached its hard limit. */
        send_delete(backend, sa, &parts[i],
                    &(struct kernel_ticket){
                        .request_id = request_id,
                        .child_serial = sa->common.child_serial,
                        .purpose = i == main_part ? PFKEY_PURPOSE_SAY_DONE : PFKEY_PURPOSE_CHANGE,
                        .may_be_missing = true,
                    });
}

void pfkey_sa_delete(struct backend *backend, const struct kernel_request *request)
{
    struct pfkey_sa *sa = pfkey_sa_of_child(backend, request->sa->child_serial, request->sa->direction);
    if (sa == NULL) {
        event_queue_push_done(&backend->plane.events, request->request_id, "no such SA");
        return;
    }
    delete_parts(backend, sa, request->request_id);
    pfkey_reqid_release(&backend->reqids, sa->reqid);
    plane_sa_forget(&backend->plane, &sa->common);
}

/* ---- the end ---- */

static void delete_one(struct plane_sa *sa, struct kernel_plane *plane)
{
    delete_parts(CONTAINER_OF(plane, struct backend, plane), (const struct pfkey_sa *)sa, 0);
}

void pfkey_sa_delete_all(struct backend *backend)
{
    plane_sas_each(&backend->plane, delete_one);
}
