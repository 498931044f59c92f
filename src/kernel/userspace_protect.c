/* Frames of one flow after the other: see userspace_protect.h. */
#include "kernel/userspace_protect.h"

#include <stdlib.h>
#include <string.h>

#include "esp/encapsulation.h"
#include "esp/icmp_too_big.h"

enum {
    ARENA_SIZE = 256 << 10,
    FRAME_MAX = TUN_PACKET_MAX + 512,
    PATH_MTU_INTERVAL_USEC = 1000000,
    IPV6_MINIMUM_MTU = 1280,
    STREAM_PATH_MTU = 16000,
    SEGMENT_HEADERS_MAX = 128,
};

bool protector_open(struct protector *protector, struct backend *backend)
{
    *protector = (struct protector){
        .backend = backend,
        .crypto = esp_crypto_new(ESP_ALL_PROVIDERS, userspace_random),
        .ipcomp = ipcomp_new(),
        .arena = malloc(ARENA_SIZE + FRAME_MAX),
        .sender = {.sockets = &backend->sockets, .streams = &backend->to_streams, .events = &backend->events},
    };
    path_mtu_probe_init(&protector->path_mtu);
    userspace_random((uint8_t *)&protector->identification, sizeof(protector->identification));
    userspace_random((uint8_t *)&protector->sender.identification, sizeof(protector->sender.identification));
    return protector->crypto != NULL && protector->ipcomp != NULL && protector->arena != NULL;
}

void protector_close(struct protector *protector)
{
    esp_sa_unref(protector->flow.sa);
    esp_crypto_free(protector->crypto);
    ipcomp_free(protector->ipcomp);
    path_mtu_probe_close(&protector->path_mtu);
    free(protector->arena);
}

/* AH around the sealed frames of a bundle. */
static bool wrap_pending(struct protector *protector)
{
    struct esp_sa *sa = protector->flow.sa;
    for (size_t i = 0; sa->outer_ah != NULL && i < protector->job_count; i++) {
        const struct bytes *frame = &protector->frames[i];
        if (!bundle_finish(sa, protector->crypto, (uint8_t *)(uintptr_t)frame->data, frame->size))
            return false;
    }
    return true;
}

static void seal_pending(struct protector *protector)
{
    struct esp_sa *sa = protector->flow.sa;
    if (protector->job_count == 0)
        return;
    /* What a failing library left unsealed must not leave the host. */
    if (!esp_cipher_seal(protector->crypto, &sa->cipher, &sa->keys, protector->jobs, protector->job_count) ||
        !wrap_pending(protector))
        protector->sender.run_count = 0;
    protector->job_count = 0;
}

void protector_flush(struct protector *protector)
{
    seal_pending(protector);
    sender_flush(&protector->sender);
    protector->arena_used = 0;
    if (protector->sender.met_too_large && protector->flow.sa != NULL)
        __atomic_store_n(&protector->flow.sa->path_mtu_expiry_usec, 0, __ATOMIC_RELAXED);
    protector->sender.met_too_large = false;
}

void protector_leave(struct protector *protector)
{
    seal_pending(protector);
    esp_sa_unref(protector->flow.sa);
    protector->flow.sa = NULL;
}

void protector_enter(struct protector *protector, const struct flow *flow)
{
    if (protector->flow.sa == flow->sa) {
        esp_sa_unref(flow->sa);
        protector->flow.destination = flow->destination;
        return;
    }
    protector_leave(protector);
    protector->flow = *flow;
}

/* Room for one frame; flushes to make it. */
static uint8_t *reserve_frame(struct protector *protector, size_t size)
{
    if (protector->job_count >= esp_cipher_batch(&protector->flow.sa->keys))
        seal_pending(protector);
    if (protector->arena_used + size > ARENA_SIZE || protector->sender.run_count == RUNS_MAX)
        protector_flush(protector);
    return protector->arena + protector->arena_used;
}

static uint32_t path_mtu(struct protector *protector)
{
    struct esp_sa *sa = protector->flow.sa;
    if (protector->now >= __atomic_load_n(&sa->path_mtu_expiry_usec, __ATOMIC_RELAXED)) {
        const struct destination *to = &protector->flow.destination;
        sa->path_mtu = path_mtu_ask(&protector->path_mtu, &to->local.address, &to->remote.address);
        __atomic_store_n(&sa->path_mtu_expiry_usec, protector->now + PATH_MTU_INTERVAL_USEC,
                         __ATOMIC_RELAXED);
    }
    return sa->path_mtu;
}

static void answer_too_big(struct protector *protector, struct bytes packet, size_t mtu)
{
    uint8_t answer[ICMP_TOO_BIG_MAX];
    size_t size = icmp_too_big_write(answer, packet, (uint32_t)mtu);
    if (size == 0)
        return;
    struct iovec pieces[2] = {[1] = {.iov_base = answer, .iov_len = size}};
    struct offload none = {.kind = OFFLOAD_NONE};
    (void)tun_write(&protector->backend->tun, pieces, 2, &none, 0);
}

enum fit { FITS, FITS_IN_FRAGMENTS, DOES_NOT_FIT };

/* Whether a packet of this size passes the tunnel; the kernel fragments the outer packet of one that may be
 * (RFC 4301 8.1, RFC 4459 3.2). */
static enum fit check_size(struct protector *protector, const struct gso *gso, const struct ip_packet *ip)
{
    const struct destination *to = &protector->flow.destination;
    /* A stream has no packets; its messages have a limit (RFC 9329 3). */
    uint32_t mtu = to->tcp_encapsulation ? STREAM_PATH_MTU : path_mtu(protector);
    size_t largest = gso_segment_size(gso, 0);
    size_t inner_mtu =
        esp_inner_mtu(protector->flow.sa, mtu, to->remote.address.family, to->udp_encapsulation);
    if (mtu == 0 || largest <= inner_mtu)
        return FITS;
    if (ip->source.family == IP_V6 && inner_mtu < IPV6_MINIMUM_MTU)
        inner_mtu = IPV6_MINIMUM_MTU;
    if (!ip->dont_fragment || largest <= inner_mtu)
        return FITS_IN_FRAGMENTS;
    answer_too_big(protector, gso->packet, inner_mtu);
    return DOES_NOT_FIT;
}

/* Moves the upper-layer payload to the front: in transport mode the IP header stays outside. */
static size_t strip_network_header(uint8_t *payload, size_t size, const struct ip_packet *ip)
{
    memmove(payload, payload + ip->network_size, size - ip->network_size);
    return size - ip->network_size;
}

static uint8_t next_header_of(const struct esp_sa *sa, const struct ip_packet *ip)
{
    if (sa->is_transport)
        return ip->protocol;
    return ip->source.family == IP_V4 ? IPPROTO_NUMBER_IPV4 : IPPROTO_NUMBER_IPV6;
}

static uint8_t class_of(const struct esp_sa *sa, const struct ip_packet *ip)
{
    return sa->is_transport ? ip->traffic_class : outer_traffic_class(ip->traffic_class, sa->encap_dscp);
}

/* Builds one frame of a segment; false when the SA has no sequence number left. */
static bool add_segment(struct protector *protector, const struct gso *gso, size_t index,
                        const struct ip_packet *ip, bool alone)
{
    size_t size = gso_segment_size(gso, index);
    struct esp_sa *sa = protector->flow.sa;
    size_t marker = esp_marker_size(sa);
    uint8_t *datagram = reserve_frame(protector, marker + esp_sealed_size(sa, size)),
            *frame = datagram + marker;
    uint8_t *payload = frame + esp_payload_offset(sa);
    gso_write_segment(gso, index, payload);
    size_t payload_size = sa->is_transport ? strip_network_header(payload, size, ip) : size;
    if (!esp_frame_payload(sa, protector->crypto, frame, payload_size, next_header_of(sa, ip),
                           &protector->jobs[protector->job_count]))
        return false;
    protector->job_count++;
    memset(datagram, 0, marker);
    size_t sealed = marker + esp_sealed_size(sa, payload_size);
    (void)sender_add(&protector->sender, &protector->flow.destination, class_of(sa, ip), datagram, sealed,
                     alone);
    protector->arena_used += sealed;
    userspace_tell_limit(protector->backend, sa, esp_sa_count(sa, size, protector->now));
    return true;
}

/* Whether the segments can be sealed out of the packet as it was read: in order, each over what is used up of
 * the one before, so each by itself. */
static bool may_seal_from_packet(const struct protector *protector, const struct gso *gso)
{
    const struct esp_sa *sa = protector->flow.sa;
    return gso->count > 1 && gso->packet.data == protector->writable_packet &&
           gso->header_size <= SEGMENT_HEADERS_MAX && esp_sa_is_plain(sa) && esp_marker_size(sa) == 0 &&
           esp_cipher_seals_from_elsewhere(&sa->keys);
}

/* add_segment() without the copy: the cipher does it. `headers`: those of the packet. */
static bool add_segment_in_passing(struct protector *protector, const struct gso *gso, size_t index,
                                   const struct ip_packet *ip, bool alone, const uint8_t *headers)
{
    struct esp_sa *sa = protector->flow.sa;
    size_t size = gso_segment_size(gso, index), skipped = sa->is_transport ? ip->network_size : 0;
    size_t payload_size = size - skipped, sealed = esp_sealed_size(sa, payload_size);
    uint8_t *frame = reserve_frame(protector, sealed);
    uint8_t *payload = gso_shape_segment(gso, index, headers) + skipped;
    uint8_t *behind = payload + payload_size, next[PROTECTOR_TRAILING_MAX];
    memcpy(next, behind, sizeof(next));
    if (!esp_frame_payload_at(sa, protector->crypto, frame, payload, payload_size, next_header_of(sa, ip),
                              &protector->jobs[protector->job_count]))
        return false;
    protector->job_count++;
    (void)sender_add(&protector->sender, &protector->flow.destination, class_of(sa, ip), frame, sealed,
                     alone);
    protector->arena_used += sealed;
    seal_pending(protector);
    memcpy(behind, next, sizeof(next));
    userspace_tell_limit(protector->backend, sa, esp_sa_count(sa, size, protector->now));
    return true;
}

static void protect_in_passing(struct protector *protector, const struct gso *gso, const struct ip_packet *ip,
                               bool alone)
{
    uint8_t headers[SEGMENT_HEADERS_MAX];
    memcpy(headers, gso->packet.data, gso->header_size);
    for (size_t i = 0; i < gso->count && esp_sa_is_usable(protector->flow.sa); i++) {
        if (!add_segment_in_passing(protector, gso, i, ip, alone, headers))
            return;
    }
}

static struct outer_header outer_header_of(struct protector *protector, const struct ip_packet *ip,
                                           bool alone)
{
    const struct destination *to = &protector->flow.destination;
    if (++protector->identification == 0)
        protector->identification = 1;
    return (struct outer_header){
        .source = to->local.address,
        .destination = to->remote.address,
        .traffic_class = class_of(protector->flow.sa, ip),
        .may_fragment = alone || to->may_fragment,
        .identification = protector->identification,
    };
}

/* The same for AH, IPComp and bundles. */
static bool add_bundle_segment(struct protector *protector, const struct gso *gso, size_t index,
                               const struct ip_packet *ip, bool alone)
{
    struct esp_sa *sa = protector->flow.sa;
    size_t size = gso_segment_size(gso, index);
    enum ip_family family = (enum ip_family)protector->flow.destination.remote.address.family;
    size_t marker = esp_marker_size(sa);
    uint8_t *datagram = reserve_frame(protector, marker + bundle_frame_size(sa, family, size));
    uint8_t *frame = datagram + marker;
    uint8_t *payload = frame + bundle_payload_offset(sa, family);
    gso_write_segment(gso, index, payload);
    size_t payload_size = sa->is_transport ? strip_network_header(payload, size, ip) : size;
    struct outer_header outer = outer_header_of(protector, ip, alone);
    size_t framed = bundle_begin(sa, protector->crypto, protector->ipcomp, &outer, frame, payload_size,
                                 next_header_of(sa, ip), &protector->jobs[protector->job_count]);
    if (framed == 0)
        return false;
    if (sa->is_ah && !bundle_finish(sa, protector->crypto, frame, framed))
        return false;
    protector->frames[protector->job_count] = bytes_of(frame, framed);
    protector->job_count += !sa->is_ah;
    memset(datagram, 0, marker);
    (void)sender_add(&protector->sender, &protector->flow.destination, outer.traffic_class, datagram,
                     marker + framed, alone);
    protector->arena_used += marker + framed;
    userspace_tell_limit(protector->backend, sa, esp_sa_count(sa, size, protector->now));
    return true;
}

void protector_packet(struct protector *protector, const struct gso *gso, const struct ip_packet *ip)
{
    struct esp_sa *sa = protector->flow.sa;
    /* One that came before the first of its packet. */
    if (sa->is_transport && ip->is_fragment)
        return;
    enum fit fit = check_size(protector, gso, ip);
    if (fit == DOES_NOT_FIT)
        return;
    bool is_plain = esp_sa_is_plain(sa), alone = fit == FITS_IN_FRAGMENTS;
    protector->flow.destination.path_mtu = sa->path_mtu;
    if (may_seal_from_packet(protector, gso)) {
        protect_in_passing(protector, gso, ip, alone);
        return;
    }
    for (size_t i = 0; i < gso->count && esp_sa_is_usable(sa); i++) {
        if (is_plain ? !add_segment(protector, gso, i, ip, alone)
                     : !add_bundle_segment(protector, gso, i, ip, alone))
            return;
    }
}

uint8_t *protector_lend_arena(struct protector *protector)
{
    protector_flush(protector);
    return protector->arena;
}
