/*
 * The inbound thread: sockets -> SA -> opened packets -> policy check -> TUN -> host (RFC 4301 5.2, RFC
 * 4302 3.4, RFC 4303 3.4). Several datagrams are received at once, each possibly a batch of equal ones
 * (UDP_GRO); consecutive packets of one SA are opened together, and what comes out is joined into
 * super-packets.
 */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/eventfd.h>

#include "esp/gro.h"
#include "esp/ipcomp.h"
#include "esp/unwrap.h"
#include "kernel/userspace.h"
#include "kernel/userspace_ah.h"

enum {
    MESSAGES = 8,
    MESSAGE_SIZE = 65536,
    BATCHES_BETWEEN_CHECKS = 16,
    NAT_KEEPALIVE = 0xff, /* RFC 3948 2.3 */
    BOUNCE_SIZE = MESSAGES * MESSAGE_SIZE,
};

/* One received packet in a batch. */
struct arrival {
    struct esp_received received;
    struct ip_endpoint remote;
    uint8_t traffic_class;
};

struct inbound {
    struct backend *backend;
    struct esp_crypto *crypto;
    struct esp_sa *sa; /* a reference: whose packets are being collected */
    bool sa_udp_encapsulation, sa_tcp_encapsulation;
    struct ip_endpoint sa_remote, sa_local; /* copies, since the SA may move */
    struct arrival arrivals[ESP_BATCH_MAX];
    struct esp_job jobs[ESP_BATCH_MAX];
    size_t arrival_count;
    struct ipcomp *ipcomp;
    struct gro gro;
    uint64_t now;
    uint8_t *buffer; /* MESSAGES of MESSAGE_SIZE bytes */
    uint8_t *bounce; /* packets rebuilt in transport mode, and what was compressed */
    size_t bounce_used;
    struct mmsghdr messages[MESSAGES];
    struct iovec pieces[MESSAGES];
    struct sockaddr_storage addresses[MESSAGES];
    uint8_t controls[MESSAGES][RECEIVE_CONTROL_SIZE] __attribute__((aligned(8)));
};

static void emit_to_tun(void *context, struct iovec *pieces, int count, const struct offload *offload,
                        size_t header_size)
{
    struct inbound *in = context;
    (void)tun_write(&in->backend->tun, pieces, count, offload, header_size);
}

static void count_one(uint64_t *counter)
{
    __atomic_store_n(counter, *counter + 1, __ATOMIC_RELAXED);
}

/* An authenticated packet came from elsewhere: the peer's NAT gave it a new address or port (RFC 7296 2.23).
 */
static void notice_mapping(struct inbound *in, const struct arrival *arrival)
{
    struct esp_sa *sa = in->sa;
    if (!in->sa_udp_encapsulation || endpoint_equal(&arrival->remote, &in->sa_remote) ||
        arrival->received.sequence < sa->replay.highest)
        return;
    pthread_mutex_lock(&in->backend->tables_lock);
    bool is_new = !endpoint_equal(&arrival->remote, &sa->reported_remote);
    sa->reported_remote = arrival->remote;
    pthread_mutex_unlock(&in->backend->tables_lock);
    if (!is_new)
        return;
    struct kernel_event event = {
        .kind = KERNEL_MAPPING, .child_serial = sa->child_serial, .remote = arrival->remote};
    event_queue_push(&in->backend->events, &event);
}

static void make_room(struct inbound *in, size_t size)
{
    if (in->bounce_used + size <= BOUNCE_SIZE)
        return;
    gro_flush(&in->gro);
    in->bounce_used = 0;
}

/* Room for a packet that is put together; NULL when none is needed. */
static uint8_t *reserve_room(struct inbound *in, const struct esp_received *received)
{
    size_t size = esp_unwrap_room(in->sa, received);
    if (size == 0)
        return NULL;
    make_room(in, size);
    in->bounce_used += size;
    return in->bounce + in->bounce_used - size;
}

/* Takes the IPComp header away, if there is one (RFC 3173). */
static bool inflate_payload(struct inbound *in, struct esp_received *received)
{
    if (received->next_header != IPPROTO_NUMBER_IPCOMP || in->sa->compression_cpi == 0)
        return true;
    /* With room for the whole packet behind it, so that nothing is overwritten when that is put together. */
    make_room(in, IPV6_HEADER_SIZE + 2 * IPCOMP_INFLATED_MAX);
    if (!ipcomp_decompress(in->ipcomp, in->sa, received, in->bounce + in->bounce_used))
        return false;
    in->bounce_used += received->payload_size;
    return true;
}

/* What an accepted payload has in it goes to the host. */
static void deliver(struct inbound *in, struct arrival *arrival)
{
    struct esp_sa *sa = in->sa;
    notice_mapping(in, arrival);
    if (!esp_sa_is_usable(sa)) {
        count_one(&sa->counters.other_drops);
        return;
    }
    if (!inflate_payload(in, &arrival->received))
        return;
    struct ip_packet ip;
    struct outer_packet outer = {.source = in->sa_remote.address,
                                 .destination = in->sa_local.address,
                                 .traffic_class = arrival->traffic_class,
                                 .was_udp_encapsulated =
                                     in->sa_udp_encapsulation || in->sa_tcp_encapsulation};
    uint8_t *room = reserve_room(in, &arrival->received);
    uint8_t *packet = esp_unwrap(sa, &arrival->received, &outer, room, &ip);
    if (packet == NULL)
        return;
    userspace_tell_limit(in->backend, sa, esp_sa_count(sa, ip.total_size, in->now));
    gro_add(&in->gro, packet, &ip);
}

/* Opens what was collected and delivers it in order. */
static void open_pending(struct inbound *in)
{
    if (in->arrival_count == 0)
        return;
    esp_cipher_open(in->crypto, &in->sa->cipher, &in->sa->keys, in->jobs, in->arrival_count);
    for (size_t i = 0; i < in->arrival_count; i++) {
        if (esp_open_finish(in->sa, &in->arrivals[i].received))
            deliver(in, &in->arrivals[i]);
    }
    in->arrival_count = 0;
}

static void leave_sa(struct inbound *in)
{
    open_pending(in);
    esp_sa_unref(in->sa);
    in->sa = NULL;
}

static bool is_current(const struct inbound *in, bool is_ah, uint32_t spi)
{
    const struct esp_sa *sa = in->sa;
    if (sa == NULL)
        return false;
    if (is_ah && sa->outer_ah != NULL)
        return sa->outer_ah->spi == spi;
    return sa->spi == spi && sa->is_ah == is_ah;
}

/* Makes the SA or bundle of this SPI the current one; false: there is none. */
static bool enter_sa(struct inbound *in, bool is_ah, uint32_t spi)
{
    if (is_current(in, is_ah, spi))
        return true;
    leave_sa(in);
    pthread_mutex_lock(&in->backend->tables_lock);
    struct esp_sa *sa = sad_find_inbound(&in->backend->sad, is_ah, spi);
    if (sa != NULL) {
        in->sa = esp_sa_ref(sa);
        in->sa_udp_encapsulation = sa->udp_encapsulation;
        in->sa_tcp_encapsulation = sa->tcp_encapsulation;
        in->sa_remote = sa->remote;
        in->sa_local = sa->local;
    }
    pthread_mutex_unlock(&in->backend->tables_lock);
    return sa != NULL;
}

/* An ESP packet of the current SA. */
static void collect_esp(struct inbound *in, uint8_t *frame, size_t size, const struct received_info *info)
{
    if (in->arrival_count >= esp_cipher_batch(&in->sa->keys))
        open_pending(in);
    struct arrival *arrival = &in->arrivals[in->arrival_count];
    arrival->remote = info->remote;
    arrival->traffic_class = info->traffic_class;
    if (!esp_open_begin(in->sa, frame, size, &in->jobs[in->arrival_count], &arrival->received))
        return;
    in->arrival_count++;
}

static void handle_esp(struct inbound *in, uint8_t *frame, size_t size, const struct received_info *info)
{
    uint32_t spi;
    if (!esp_frame_spi(bytes_of(frame, size), &spi) || !enter_sa(in, false, spi))
        return;
    if (in->sa->outer_ah != NULL)
        count_one(&in->sa->counters.policy_violations); /* it came without the AH of its bundle */
    else
        collect_esp(in, frame, size, info);
}

static void handle_ah(struct inbound *in, const struct ah_packet *packet, const struct received_info *info)
{
    uint32_t spi, inner_spi;
    if (!ah_frame_spi(bytes_of(packet->ah, packet->size), &spi) || !enter_sa(in, true, spi))
        return;
    struct esp_sa *bundle = in->sa->outer_ah != NULL ? in->sa : NULL;
    struct arrival arrival = {.remote = info->remote, .traffic_class = info->traffic_class};
    if (!ah_open(bundle != NULL ? bundle->outer_ah : in->sa, in->crypto, packet, &arrival.received))
        return;
    if (bundle == NULL)
        deliver(in, &arrival);
    else if (arrival.received.next_header == IPPROTO_NUMBER_ESP &&
             esp_frame_spi(bytes_of(arrival.received.payload, arrival.received.payload_size), &inner_spi) &&
             inner_spi == bundle->spi)
        collect_esp(in, arrival.received.payload, arrival.received.payload_size, info);
    else
        count_one(&bundle->counters.policy_violations);
}

/* What is IKE there: the whole datagram, or what comes behind the non-ESP marker. */
static void pass_ike(struct inbound *in, const struct natt_socket *natt, struct bytes datagram,
                     const struct received_info *info)
{
    struct ip_endpoint local = natt->local;
    if (address_is_any(&local.address) && address_is_set(&info->destination))
        local.address = info->destination;
    if (ike_queue_push(&in->backend->ike, natt->owner_fd, &local, &info->remote, datagram))
        event_queue_wake(&in->backend->events);
}

/* One datagram of port 500 (draft-ietf-ipsec-udp-encaps-00). */
static void handle_ike_port_datagram(struct inbound *in, const struct natt_socket *natt, uint8_t *data,
                                     size_t size, const struct received_info *info)
{
    static const uint8_t marker[NON_IKE_MARKER_SIZE];
    if (size > sizeof(marker) && memcmp(data, marker, sizeof(marker)) == 0)
        handle_esp(in, data + sizeof(marker), size - sizeof(marker), info);
    else
        pass_ike(in, natt, bytes_of(data, size), info);
}

/* One datagram of a NAT-T socket (RFC 3948 2). */
static void handle_datagram(struct inbound *in, const struct natt_socket *natt, uint8_t *data, size_t size,
                            const struct received_info *info)
{
    if (size == 1 && data[0] == NAT_KEEPALIVE)
        return;
    if (natt->has_bare_ike) {
        handle_ike_port_datagram(in, natt, data, size, info);
        return;
    }
    if (size < 4)
        return;
    if (load_be32(data) != 0) {
        handle_esp(in, data, size, info);
        return;
    }
    pass_ike(in, natt, bytes_of(data + 4, size - 4), info);
}

static void prepare_messages(struct inbound *in)
{
    for (size_t i = 0; i < MESSAGES; i++) {
        in->pieces[i] = (struct iovec){.iov_base = in->buffer + i * MESSAGE_SIZE, .iov_len = MESSAGE_SIZE};
        in->messages[i].msg_hdr = (struct msghdr){
            .msg_name = &in->addresses[i],
            .msg_namelen = sizeof(in->addresses[i]),
            .msg_iov = &in->pieces[i],
            .msg_iovlen = 1,
            .msg_control = in->controls[i],
            .msg_controllen = RECEIVE_CONTROL_SIZE,
        };
    }
}

static void handle_natt_message(struct inbound *in, const struct natt_socket *natt, size_t index)
{
    struct received_info info;
    uint8_t *data = in->pieces[index].iov_base;
    size_t size = in->messages[index].msg_len;
    socket_read_info(&in->messages[index].msg_hdr, &info);
    size_t step = info.segment_size != 0 ? info.segment_size : size;
    for (size_t at = 0; at < size; at += step) {
        size_t left = size - at;
        handle_datagram(in, natt, data + at, left < step ? left : step, &info);
    }
}

/* A raw IPv4 socket gives the header too. */
static void handle_raw_message(struct inbound *in, bool is_v4, size_t index)
{
    struct received_info info;
    uint8_t *data = in->pieces[index].iov_base;
    size_t size = in->messages[index].msg_len;
    socket_read_info(&in->messages[index].msg_hdr, &info);
    info.remote.port = 0;
    if (is_v4) {
        size_t header = size >= IPV4_HEADER_SIZE ? (size_t)(data[0] & 15) * 4 : 0;
        if (header < IPV4_HEADER_SIZE || header > size)
            return;
        info.traffic_class = data[1];
        data += header;
        size -= header;
    }
    handle_esp(in, data, size, &info);
}

static void handle_ah_message(struct inbound *in, bool is_v4, size_t index)
{
    struct received_info info;
    uint8_t headers[AH_NETWORK_MAX];
    struct ah_packet packet;
    const struct msghdr *message = &in->messages[index].msg_hdr;
    socket_read_info(message, &info);
    info.remote.port = 0;
    if (!userspace_ah_packet(message, &info, in->messages[index].msg_len, is_v4, headers, &packet))
        return;
    if (is_v4)
        info.traffic_class = packet.network.data[1];
    handle_ah(in, &packet, &info);
}

/* Receives once from a socket; the number of messages. */
static int receive(struct inbound *in, int fd)
{
    prepare_messages(in);
    return recvmmsg(fd, in->messages, MESSAGES, MSG_DONTWAIT, NULL);
}

/* The buffers are about to be used again. */
static void finish_batch(struct inbound *in)
{
    open_pending(in);
    gro_flush(&in->gro);
    in->bounce_used = 0;
}

static void drain_natt(struct inbound *in, size_t slot)
{
    for (int i = 0; i < BATCHES_BETWEEN_CHECKS; i++) {
        pthread_rwlock_rdlock(&in->backend->sockets.lock);
        struct natt_socket natt = in->backend->sockets.natt[slot];
        int count = natt.fd >= 0 ? receive(in, natt.fd) : -1;
        pthread_rwlock_unlock(&in->backend->sockets.lock);
        for (int message = 0; message < count; message++)
            handle_natt_message(in, &natt, (size_t)message);
        finish_batch(in);
        if (count < MESSAGES)
            return;
    }
}

static void drain_raw(struct inbound *in, int fd, bool is_v4,
                      void (*handle)(struct inbound *in, bool is_v4, size_t index))
{
    for (int i = 0; i < BATCHES_BETWEEN_CHECKS; i++) {
        int count = receive(in, fd);
        for (int message = 0; message < count; message++)
            handle(in, is_v4, (size_t)message);
        finish_batch(in);
        if (count < MESSAGES)
            return;
    }
}

/* ESP out of TCP streams; the memory is needed until the batch is finished. */
static void drain_streams(struct inbound *in)
{
    struct list_node taken;
    list_init(&taken);
    ike_queue_take(&in->backend->from_streams, &taken);
    if (list_is_empty(&taken))
        return;
    for (struct list_node *node = taken.next; node != &taken; node = node->next) {
        struct ike_datagram *packet = CONTAINER_OF(node, struct ike_datagram, node);
        const struct received_info info = {.remote = packet->remote, .destination = packet->local.address};
        handle_esp(in, packet->data, packet->size, &info);
    }
    finish_batch(in);
    LIST_EACH(&taken, node)
    free(CONTAINER_OF(node, struct ike_datagram, node));
}

enum { WAIT_WAKE, WAIT_RAW_V4, WAIT_RAW_V6, WAIT_AH_V4, WAIT_AH_V6, WAIT_NATT };

static nfds_t collect_descriptors(struct inbound *in, struct pollfd *wanted)
{
    struct socket_set *sockets = &in->backend->sockets;
    pthread_rwlock_rdlock(&sockets->lock);
    wanted[WAIT_WAKE].fd = in->backend->inbound.wake_fd;
    wanted[WAIT_RAW_V4].fd = sockets->raw_v4;
    wanted[WAIT_RAW_V6].fd = sockets->raw_v6;
    wanted[WAIT_AH_V4].fd = sockets->ah_v4;
    wanted[WAIT_AH_V6].fd = sockets->ah_v6;
    nfds_t count = WAIT_NATT + sockets->natt_count;
    for (size_t i = 0; i < sockets->natt_count; i++)
        wanted[WAIT_NATT + i].fd = sockets->natt[i].fd;
    pthread_rwlock_unlock(&sockets->lock);
    for (nfds_t i = 0; i < count; i++)
        wanted[i].events = POLLIN;
    return count;
}

static void serve_once(struct inbound *in)
{
    struct pollfd wanted[WAIT_NATT + NATT_SOCKETS_MAX];
    nfds_t count = collect_descriptors(in, wanted);
    if (poll(wanted, count, -1) < 0)
        return;
    in->now = userspace_now(in->backend);
    if (wanted[WAIT_WAKE].revents != 0) {
        eventfd_t ignored;
        (void)!eventfd_read(wanted[WAIT_WAKE].fd, &ignored);
        drain_streams(in);
    }
    if (wanted[WAIT_RAW_V4].revents != 0)
        drain_raw(in, wanted[WAIT_RAW_V4].fd, true, handle_raw_message);
    if (wanted[WAIT_RAW_V6].revents != 0)
        drain_raw(in, wanted[WAIT_RAW_V6].fd, false, handle_raw_message);
    if (wanted[WAIT_AH_V4].revents != 0)
        drain_raw(in, wanted[WAIT_AH_V4].fd, true, handle_ah_message);
    if (wanted[WAIT_AH_V6].revents != 0)
        drain_raw(in, wanted[WAIT_AH_V6].fd, false, handle_ah_message);
    for (nfds_t i = WAIT_NATT; i < count; i++) {
        if (wanted[i].revents != 0)
            drain_natt(in, i - WAIT_NATT);
    }
    leave_sa(in);
}

static struct inbound *inbound_new(struct backend *backend)
{
    struct inbound *in = calloc(1, sizeof(*in));
    if (in == NULL)
        return NULL;
    in->backend = backend;
    in->crypto = esp_crypto_new(ESP_ALL_PROVIDERS, userspace_random);
    in->ipcomp = ipcomp_new();
    in->buffer = malloc((size_t)MESSAGES * MESSAGE_SIZE);
    in->bounce = malloc(BOUNCE_SIZE);
    gro_init(&in->gro, backend->tun.takes_udp_offload, emit_to_tun, in);
    return in;
}

static void inbound_free(struct inbound *in)
{
    if (in == NULL)
        return;
    esp_sa_unref(in->sa);
    esp_crypto_free(in->crypto);
    ipcomp_free(in->ipcomp);
    free(in->buffer);
    free(in->bounce);
    free(in);
}

void *userspace_inbound_run(void *argument)
{
    struct backend *backend = argument;
    struct inbound *in = inbound_new(backend);
    bool is_ready =
        in != NULL && in->crypto != NULL && in->ipcomp != NULL && in->buffer != NULL && in->bounce != NULL;
    if (!is_ready)
        backend->settings.log(backend->settings.context,
                              "ERROR: the data plane cannot receive: out of memory; restart pluto");
    while (is_ready && !__atomic_load_n(&backend->is_closing, __ATOMIC_ACQUIRE))
        serve_once(in);
    inbound_free(in);
    return NULL;
}
