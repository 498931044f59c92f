/*
 * The outbound thread: host -> TUN -> policy -> SA -> sealed packets -> sockets (RFC 4301 5.1, RFC 4303 3.3).
 * Frames are built one behind the other in one buffer, sealed a batch at a time, and sent when the TUN device
 * is empty or the buffer is full.
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>

#include "base/sockaddr.h"
#include "esp/bundle.h"
#include "esp/encapsulation.h"
#include "esp/icmp_too_big.h"
#include "esp/reassembly.h"
#include "kernel/path_mtu.h"
#include "kernel/userspace.h"
#include "kernel/userspace_send.h"

enum {
    ARENA_SIZE = 256 << 10,
    FRAME_MAX = TUN_PACKET_MAX + 512,
    ACQUIRE_INTERVAL_USEC = 2000000,
    ACQUIRES_A_SECOND = 1000,
    PATH_MTU_INTERVAL_USEC = 1000000,
    IPV6_MINIMUM_MTU = 1280,
    STREAM_PATH_MTU = 16000,
    PACKETS_BETWEEN_CHECKS = 64,
    SEGMENT_HEADERS_MAX = 128,
    TRAILING_MAX = 8, /* of an AEAD: padding to 4, and two bytes */
};

/* Whose frames are being collected. */
struct flow {
    struct esp_sa *sa; /* a reference; NULL: none */
    struct destination destination;
};

struct outbound {
    struct backend *backend;
    struct esp_crypto *crypto;
    struct flow flow;
    struct esp_job jobs[ESP_BATCH_MAX];
    struct bytes frames[ESP_BATCH_MAX]; /* of a bundle: what each job is in */
    size_t job_count;
    struct ipcomp *ipcomp;
    struct reassembly reassembly;
    struct path_mtu_probe path_mtu;
    uint16_t identification; /* of the last packet with AH */
    size_t arena_used;
    struct sender sender;
    uint64_t now;
    uint64_t acquire_window_usec;
    unsigned acquire_count;
    uint8_t *tun_buffer;
    uint8_t *arena;
    bool has_lost_device;
};

/* AH around the sealed frames of a bundle. */
static bool wrap_pending(struct outbound *out)
{
    struct esp_sa *sa = out->flow.sa;
    for (size_t i = 0; sa->outer_ah != NULL && i < out->job_count; i++) {
        const struct bytes *frame = &out->frames[i];
        if (!bundle_finish(sa, out->crypto, (uint8_t *)(uintptr_t)frame->data, frame->size))
            return false;
    }
    return true;
}

static void seal_pending(struct outbound *out)
{
    struct esp_sa *sa = out->flow.sa;
    if (out->job_count == 0)
        return;
    /* What a failing library left unsealed must not leave the host. */
    if (!esp_cipher_seal(out->crypto, &sa->cipher, &sa->keys, out->jobs, out->job_count) ||
        !wrap_pending(out))
        out->sender.run_count = 0;
    out->job_count = 0;
}

static void flush(struct outbound *out)
{
    seal_pending(out);
    sender_flush(&out->sender);
    out->arena_used = 0;
    if (out->sender.met_too_large && out->flow.sa != NULL)
        __atomic_store_n(&out->flow.sa->path_mtu_expiry_usec, 0, __ATOMIC_RELAXED);
    out->sender.met_too_large = false;
}

static void leave_flow(struct outbound *out)
{
    seal_pending(out);
    esp_sa_unref(out->flow.sa);
    out->flow.sa = NULL;
}

/* Takes over the reference to the SA. */
static void enter_flow(struct outbound *out, const struct flow *flow)
{
    if (out->flow.sa == flow->sa) {
        esp_sa_unref(flow->sa);
        out->flow.destination = flow->destination;
        return;
    }
    leave_flow(out);
    out->flow = *flow;
}

/* Room for one frame; flushes to make it. */
static uint8_t *reserve_frame(struct outbound *out, size_t size)
{
    if (out->job_count >= esp_cipher_batch(&out->flow.sa->keys))
        seal_pending(out);
    if (out->arena_used + size > ARENA_SIZE || out->sender.run_count == RUNS_MAX)
        flush(out);
    return out->arena + out->arena_used;
}

static uint32_t path_mtu(struct outbound *out)
{
    struct esp_sa *sa = out->flow.sa;
    if (out->now >= __atomic_load_n(&sa->path_mtu_expiry_usec, __ATOMIC_RELAXED)) {
        const struct destination *to = &out->flow.destination;
        sa->path_mtu = path_mtu_ask(&out->path_mtu, &to->local.address, &to->remote.address);
        __atomic_store_n(&sa->path_mtu_expiry_usec, out->now + PATH_MTU_INTERVAL_USEC, __ATOMIC_RELAXED);
    }
    return sa->path_mtu;
}

static void answer_too_big(struct outbound *out, struct bytes packet, size_t mtu)
{
    uint8_t answer[ICMP_TOO_BIG_MAX];
    size_t size = icmp_too_big_write(answer, packet, (uint32_t)mtu);
    if (size == 0)
        return;
    struct iovec pieces[2] = {[1] = {.iov_base = answer, .iov_len = size}};
    struct offload none = {.kind = OFFLOAD_NONE};
    (void)tun_write(&out->backend->tun, pieces, 2, &none, 0);
}

enum fit { FITS, FITS_IN_FRAGMENTS, DOES_NOT_FIT };

/* Whether a packet of this size passes the tunnel; the kernel fragments the outer packet of one that may be
 * (RFC 4301 8.1, RFC 4459 3.2). */
static enum fit check_size(struct outbound *out, const struct gso *gso, const struct ip_packet *ip)
{
    const struct destination *to = &out->flow.destination;
    /* A stream has no packets; its messages have a limit (RFC 9329 3). */
    uint32_t mtu = to->tcp_encapsulation ? STREAM_PATH_MTU : path_mtu(out);
    size_t largest = gso_segment_size(gso, 0);
    size_t inner_mtu = esp_inner_mtu(out->flow.sa, mtu, to->remote.address.family, to->udp_encapsulation);
    if (mtu == 0 || largest <= inner_mtu)
        return FITS;
    if (ip->source.family == IP_V6 && inner_mtu < IPV6_MINIMUM_MTU)
        inner_mtu = IPV6_MINIMUM_MTU;
    if (!ip->dont_fragment || largest <= inner_mtu)
        return FITS_IN_FRAGMENTS;
    answer_too_big(out, gso->packet, inner_mtu);
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
static bool add_segment(struct outbound *out, const struct gso *gso, size_t index, const struct ip_packet *ip,
                        bool alone)
{
    size_t size = gso_segment_size(gso, index);
    struct esp_sa *sa = out->flow.sa;
    size_t marker = esp_marker_size(sa);
    uint8_t *datagram = reserve_frame(out, marker + esp_sealed_size(sa, size)), *frame = datagram + marker;
    uint8_t *payload = frame + esp_payload_offset(sa);
    gso_write_segment(gso, index, payload);
    size_t payload_size = sa->is_transport ? strip_network_header(payload, size, ip) : size;
    if (!esp_frame_payload(sa, out->crypto, frame, payload_size, next_header_of(sa, ip),
                           &out->jobs[out->job_count]))
        return false;
    out->job_count++;
    memset(datagram, 0, marker);
    size_t sealed = marker + esp_sealed_size(sa, payload_size);
    (void)sender_add(&out->sender, &out->flow.destination, class_of(sa, ip), datagram, sealed, alone);
    out->arena_used += sealed;
    userspace_tell_limit(out->backend, sa, esp_sa_count(sa, size, out->now));
    return true;
}

/* Whether the segments can be sealed out of the packet as it was read: in order, each over what is used up of
 * the one before, so each by itself. */
static bool may_seal_from_packet(const struct outbound *out, const struct gso *gso)
{
    const struct esp_sa *sa = out->flow.sa;
    return gso->count > 1 && gso->packet.data == out->tun_buffer + TUN_HEADER_SIZE &&
           gso->header_size <= SEGMENT_HEADERS_MAX && esp_sa_is_plain(sa) && esp_marker_size(sa) == 0 &&
           esp_cipher_seals_from_elsewhere(&sa->keys);
}

/* add_segment() without the copy: the cipher does it. `headers`: those of the packet. */
static bool add_segment_in_passing(struct outbound *out, const struct gso *gso, size_t index,
                                   const struct ip_packet *ip, bool alone, const uint8_t *headers)
{
    struct esp_sa *sa = out->flow.sa;
    size_t size = gso_segment_size(gso, index), skipped = sa->is_transport ? ip->network_size : 0;
    size_t payload_size = size - skipped, sealed = esp_sealed_size(sa, payload_size);
    uint8_t *frame = reserve_frame(out, sealed);
    uint8_t *payload = gso_shape_segment(gso, index, headers) + skipped;
    uint8_t *behind = payload + payload_size, next[TRAILING_MAX];
    memcpy(next, behind, sizeof(next));
    if (!esp_frame_payload_at(sa, out->crypto, frame, payload, payload_size, next_header_of(sa, ip),
                              &out->jobs[out->job_count]))
        return false;
    out->job_count++;
    (void)sender_add(&out->sender, &out->flow.destination, class_of(sa, ip), frame, sealed, alone);
    out->arena_used += sealed;
    seal_pending(out);
    memcpy(behind, next, sizeof(next));
    userspace_tell_limit(out->backend, sa, esp_sa_count(sa, size, out->now));
    return true;
}

static void protect_in_passing(struct outbound *out, const struct gso *gso, const struct ip_packet *ip,
                               bool alone)
{
    uint8_t headers[SEGMENT_HEADERS_MAX];
    memcpy(headers, gso->packet.data, gso->header_size);
    for (size_t i = 0; i < gso->count && esp_sa_is_usable(out->flow.sa); i++) {
        if (!add_segment_in_passing(out, gso, i, ip, alone, headers))
            return;
    }
}

static struct outer_header outer_header_of(struct outbound *out, const struct ip_packet *ip, bool alone)
{
    const struct destination *to = &out->flow.destination;
    if (++out->identification == 0)
        out->identification = 1;
    return (struct outer_header){
        .source = to->local.address,
        .destination = to->remote.address,
        .traffic_class = class_of(out->flow.sa, ip),
        .may_fragment = alone || to->may_fragment,
        .identification = out->identification,
    };
}

/* The same for AH, IPComp and bundles. */
static bool add_bundle_segment(struct outbound *out, const struct gso *gso, size_t index,
                               const struct ip_packet *ip, bool alone)
{
    struct esp_sa *sa = out->flow.sa;
    size_t size = gso_segment_size(gso, index);
    enum ip_family family = (enum ip_family)out->flow.destination.remote.address.family;
    size_t marker = esp_marker_size(sa);
    uint8_t *datagram = reserve_frame(out, marker + bundle_frame_size(sa, family, size));
    uint8_t *frame = datagram + marker;
    uint8_t *payload = frame + bundle_payload_offset(sa, family);
    gso_write_segment(gso, index, payload);
    size_t payload_size = sa->is_transport ? strip_network_header(payload, size, ip) : size;
    struct outer_header outer = outer_header_of(out, ip, alone);
    size_t framed = bundle_begin(sa, out->crypto, out->ipcomp, &outer, frame, payload_size,
                                 next_header_of(sa, ip), &out->jobs[out->job_count]);
    if (framed == 0)
        return false;
    if (sa->is_ah && !bundle_finish(sa, out->crypto, frame, framed))
        return false;
    out->frames[out->job_count] = bytes_of(frame, framed);
    out->job_count += !sa->is_ah;
    memset(datagram, 0, marker);
    (void)sender_add(&out->sender, &out->flow.destination, outer.traffic_class, datagram, marker + framed,
                     alone);
    out->arena_used += marker + framed;
    userspace_tell_limit(out->backend, sa, esp_sa_count(sa, size, out->now));
    return true;
}

static void protect(struct outbound *out, const struct gso *gso, const struct ip_packet *ip)
{
    struct esp_sa *sa = out->flow.sa;
    /* One that came before the first of its packet. */
    if (sa->is_transport && ip->is_fragment)
        return;
    enum fit fit = check_size(out, gso, ip);
    if (fit == DOES_NOT_FIT)
        return;
    bool is_plain = esp_sa_is_plain(sa), alone = fit == FITS_IN_FRAGMENTS;
    out->flow.destination.path_mtu = sa->path_mtu;
    if (may_seal_from_packet(out, gso)) {
        protect_in_passing(out, gso, ip, alone);
        return;
    }
    for (size_t i = 0; i < gso->count && esp_sa_is_usable(sa); i++) {
        if (is_plain ? !add_segment(out, gso, i, ip, alone) : !add_bundle_segment(out, gso, i, ip, alone))
            return;
    }
}

/* No policy speaks of it: out as the host would have sent it without us, but not what was meant for the
 * device. */
static void pass_in_clear(struct outbound *out, const struct gso *gso, const struct ip_packet *ip)
{
    const struct socket_set *sockets = &out->backend->sockets;
    bool is_v6 = ip->destination.family == IP_V6;
    bool is_link_local =
        is_v6 ? ip->destination.bytes[0] == 0xff || (load_be16(ip->destination.bytes) & 0xffc0) == 0xfe80
              : ip->destination.bytes[0] >= 224;
    int fd = is_v6 ? sockets->clear_v6 : sockets->clear_v4;
    if (fd < 0 || is_link_local)
        return;
    struct ip_endpoint to = {.address = ip->destination};
    struct sockaddr_storage address;
    socklen_t address_size_bytes = endpoint_to_sockaddr(&to, &address);
    flush(out); /* the arena is free now */
    for (size_t i = 0; i < gso->count; i++) {
        gso_write_segment(gso, i, out->arena);
        (void)sendto(fd, out->arena, gso_segment_size(gso, i), MSG_DONTWAIT, (struct sockaddr *)&address,
                     address_size_bytes);
    }
}

/* Hosts behind us choose what meets traps: so many new ones a second are told, the others later. */
static bool may_tell(struct outbound *out)
{
    if (out->now - out->acquire_window_usec >= 1000000) {
        out->acquire_window_usec = out->now;
        out->acquire_count = 0;
    }
    return out->acquire_count++ < ACQUIRES_A_SECOND;
}

/* With the tables locked: tells the engine, at most every ACQUIRE_INTERVAL, and holds the packet. */
static void acquire(struct outbound *out, struct spd_policy *policy, const struct gso *gso,
                    const struct ip_packet *ip)
{
    held_add(&out->backend->held, policy->policy_id, out->now, gso->packet, &gso->offload);
    if (out->now < policy->acquire_after_usec || !may_tell(out))
        return;
    policy->acquire_after_usec = out->now + ACQUIRE_INTERVAL_USEC;
    struct kernel_event event = {
        .kind = KERNEL_ACQUIRE,
        .policy_id = policy->policy_id,
        .packet_local = {.range = {ip->source, ip->source},
                         .protocol = ip->protocol,
                         .port_start = ip->has_ports ? ip->source_port : 0,
                         .port_end = ip->has_ports ? ip->source_port : UINT16_MAX},
        .packet_remote = {.range = {ip->destination, ip->destination},
                          .protocol = ip->protocol,
                          .port_start = ip->has_ports ? ip->destination_port : 0,
                          .port_end = ip->has_ports ? ip->destination_port : UINT16_MAX},
    };
    event_queue_push(&out->backend->events, &event);
}

/* With the tables locked: the SA to protect with and a copy of where it leads. */
static bool find_flow(struct outbound *out, const struct spd_policy *policy, struct flow *ret_flow)
{
    struct esp_sa *sa = sad_find_child(&out->backend->sad, policy->child_serial, true);
    if (sa == NULL || !esp_sa_is_usable(sa))
        return false;
    *ret_flow = (struct flow){
        .sa = esp_sa_ref(sa),
        .destination = {.local = sa->local,
                        .remote = sa->remote,
                        .udp_encapsulation = sa->udp_encapsulation,
                        .tcp_encapsulation = sa->tcp_encapsulation,
                        .may_fragment = sa->nopmtudisc,
                        .is_whole = bundle_has_ah(sa)},
    };
    return true;
}

/* Whether the SA takes no fragments, only whole packets. */
static bool needs_whole_packets(const struct esp_sa *sa)
{
    bool names_ports = false;
    for (size_t i = 0; i < (size_t)sa->local_count + sa->remote_count; i++)
        names_ports |= sa->selectors[i].port_start != 0 || sa->selectors[i].port_end != UINT16_MAX;
    return sa->is_transport || names_ports;
}

static void handle_parsed(struct outbound *out, const struct ip_packet *ip, struct bytes packet,
                          const struct offload *offload)
{
    struct gso gso;
    if (!gso_init(&gso, packet, offload))
        return;
    struct flow flow;
    pthread_mutex_lock(&out->backend->tables_lock);
    struct spd_policy *policy = spd_lookup(&out->backend->spd, ip);
    enum policy_action action = policy != NULL ? (enum policy_action)policy->action : POLICY_PASS;
    bool is_found = action == POLICY_PROTECT && find_flow(out, policy, &flow);
    if (action == POLICY_TRAP)
        acquire(out, policy, &gso, ip);
    pthread_mutex_unlock(&out->backend->tables_lock);
    if (action == POLICY_PASS)
        pass_in_clear(out, &gso, ip);
    if (!is_found)
        return;
    if (ip->is_fragment && needs_whole_packets(flow.sa) && reassembly_start(&out->reassembly, packet)) {
        esp_sa_unref(flow.sa);
        return;
    }
    enter_flow(out, &flow);
    protect(out, &gso, ip);
}

/* What the host has sent in fragments may be sent so again. */
static void handle_reassembled(struct outbound *out, struct bytes packet)
{
    struct ip_packet ip;
    struct offload none = {.kind = OFFLOAD_NONE};
    if (packet.size == 0 || !ip_packet_parse(packet, &ip))
        return;
    ip.dont_fragment = false;
    handle_parsed(out, &ip, packet, &none);
}

static void handle_packet(struct outbound *out, struct bytes packet, const struct offload *offload)
{
    struct ip_packet ip;
    struct bytes whole;
    if (!ip_packet_parse(packet, &ip))
        return;
    packet.size = ip.total_size; /* nothing behind the packet goes out */
    if (ip.is_fragment && reassembly_continue(&out->reassembly, packet, &whole))
        handle_reassembled(out, whole);
    else
        handle_parsed(out, &ip, packet, offload);
}

/* Held packets whose policy traps no longer go the way that it leads now. */
static void retry_held(struct outbound *out)
{
    struct backend *backend = out->backend;
    struct list_node ready;
    list_init(&ready);
    pthread_mutex_lock(&backend->tables_lock);
    struct list_node *node = backend->held.list.next;
    while (node != &backend->held.list) {
        uint64_t policy_id = CONTAINER_OF(node, struct held_packet, node)->policy_id;
        const struct spd_policy *policy = spd_find(&backend->spd, policy_id);
        if (policy != NULL && policy->action == POLICY_TRAP) {
            node = node->next;
            continue;
        }
        held_take(&backend->held, policy_id, &ready);
        node = backend->held.list.next;
    }
    pthread_mutex_unlock(&backend->tables_lock);
    LIST_EACH(&ready, taken)
    {
        struct held_packet *packet = CONTAINER_OF(taken, struct held_packet, node);
        handle_packet(out, bytes_of(packet->data, packet->size), &packet->offload);
        free(packet);
    }
}

/* Somebody has deleted it, and our routes with it: polling it further would only burn the processor. */
static void lose_device(struct outbound *out, int number)
{
    char line[200];
    out->has_lost_device = true;
    snprintf(line, sizeof(line),
             "ERROR: the device %s is gone (%s): until pluto is restarted tunnels carry nothing, and packets "
             "for them may leave in clear",
             out->backend->tun.name, strerror(number));
    out->backend->settings.log(out->backend->settings.context, line);
}

/* Reads until the device is empty or it is time to look at other things; true: it is empty. */
static bool read_packets(struct outbound *out)
{
    for (int i = 0; i < PACKETS_BETWEEN_CHECKS; i++) {
        struct bytes packet;
        struct offload offload;
        enum tun_read_result result = out->has_lost_device
                                          ? TUN_EMPTY
                                          : tun_read(&out->backend->tun, out->tun_buffer, &packet, &offload);
        if (result == TUN_FAILED)
            lose_device(out, errno);
        if (result != TUN_PACKET)
            return true;
        handle_packet(out, packet, &offload);
    }
    return false;
}

static void wait_for_work(struct outbound *out)
{
    int device = out->has_lost_device ? -1 : out->backend->tun.fd;
    struct pollfd wanted[2] = {{.fd = device, .events = POLLIN},
                               {.fd = out->backend->outbound.wake_fd, .events = POLLIN}};
    (void)poll(wanted, 2, -1);
    if (wanted[1].revents == 0)
        return;
    eventfd_t count;
    (void)!eventfd_read(out->backend->outbound.wake_fd, &count);
    out->now = userspace_now(out->backend);
    retry_held(out);
}

static struct outbound *outbound_new(struct backend *backend)
{
    struct outbound *out = calloc(1, sizeof(*out));
    if (out == NULL)
        return NULL;
    out->backend = backend;
    out->sender.sockets = &backend->sockets;
    out->sender.streams = &backend->to_streams;
    out->sender.events = &backend->events;
    out->crypto = esp_crypto_new(ESP_ALL_PROVIDERS, userspace_random);
    out->ipcomp = ipcomp_new();
    path_mtu_probe_init(&out->path_mtu);
    userspace_random((uint8_t *)&out->identification, sizeof(out->identification));
    userspace_random((uint8_t *)&out->sender.identification, sizeof(out->sender.identification));
    out->tun_buffer = malloc(TUN_HEADER_SIZE + TUN_PACKET_MAX + TRAILING_MAX);
    out->arena = malloc(ARENA_SIZE + FRAME_MAX);
    return out;
}

static void outbound_free(struct outbound *out)
{
    if (out == NULL)
        return;
    esp_sa_unref(out->flow.sa);
    esp_crypto_free(out->crypto);
    ipcomp_free(out->ipcomp);
    reassembly_free(&out->reassembly);
    path_mtu_probe_close(&out->path_mtu);
    free(out->tun_buffer);
    free(out->arena);
    free(out);
}

void *userspace_outbound_run(void *argument)
{
    struct backend *backend = argument;
    struct outbound *out = outbound_new(backend);
    bool is_ready = out != NULL && out->crypto != NULL && out->ipcomp != NULL && out->tun_buffer != NULL &&
                    out->arena != NULL;
    if (!is_ready)
        backend->settings.log(backend->settings.context,
                              "ERROR: the data plane cannot send: out of memory; restart pluto");
    while (is_ready && !__atomic_load_n(&backend->is_closing, __ATOMIC_ACQUIRE)) {
        out->now = userspace_now(backend);
        bool is_empty = read_packets(out);
        flush(out);
        if (is_empty) {
            /* An idle thread keeps no deleted SA's keys alive. */
            leave_flow(out);
            wait_for_work(out);
        }
    }
    outbound_free(out);
    return NULL;
}
