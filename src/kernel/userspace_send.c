/* Sending sealed packets in few system calls (sendmmsg, UDP_SEGMENT). */
#include "kernel/userspace_send.h"

#include <errno.h>

#include "base/sockaddr.h"
#include "esp/ip_fragment.h"
#include "esp/ip_packet.h"

/* One message of sendmmsg with all that it points to. */
struct outgoing {
    struct sockaddr_storage address;
    uint8_t control[SOCKET_CONTROL_SIZE] __attribute__((aligned(8)));
    struct iovec piece;
};

static bool destinations_are_same(const struct destination *a, const struct destination *b)
{
    return a->udp_encapsulation == b->udp_encapsulation && a->tcp_encapsulation == b->tcp_encapsulation &&
           a->may_fragment == b->may_fragment && a->is_whole == b->is_whole &&
           endpoint_equal(&a->remote, &b->remote) && endpoint_equal(&a->local, &b->local);
}

static bool run_takes(const struct send_run *run, const struct destination *destination,
                      uint8_t traffic_class, const uint8_t *data, size_t size)
{
    return !run->is_closed && run->destination.udp_encapsulation && size <= run->segment_size &&
           run->data + run->size == data && run->count < RUN_SEGMENTS_MAX &&
           run->size + size <= RUN_BYTES_MAX && run->traffic_class == traffic_class &&
           destinations_are_same(&run->destination, destination);
}

bool sender_add(struct sender *sender, const struct destination *destination, uint8_t traffic_class,
                uint8_t *data, size_t size, bool alone)
{
    if (sender->run_count > 0 && !alone) {
        struct send_run *last = &sender->runs[sender->run_count - 1];
        if (run_takes(last, destination, traffic_class, data, size)) {
            last->is_closed = size < last->segment_size;
            last->size += size;
            last->count++;
            return true;
        }
    }
    if (sender->run_count == RUNS_MAX)
        return false;
    sender->runs[sender->run_count++] = (struct send_run){
        .destination = *destination,
        .traffic_class = traffic_class,
        .is_closed = alone,
        .data = data,
        .size = size,
        .segment_size = size,
        .count = 1,
    };
    return true;
}

/* The socket for a run, with its DF mode as the run wants it; -1: none. */
static int socket_for(struct socket_set *sockets, const struct destination *destination)
{
    bool is_v6 = destination->remote.address.family == IP_V6;
    if (destination->tcp_encapsulation)
        return -1;
    if (destination->is_whole)
        return is_v6 ? sockets->clear_v6 : sockets->clear_v4;
    if (!destination->udp_encapsulation && is_v6)
        return sockets->raw_v6;
    int fd = sockets->raw_v4;
    bool *mode = &sockets->raw_may_fragment;
    if (destination->udp_encapsulation) {
        struct natt_socket *natt = sockets_find_natt(sockets, &destination->local);
        if (natt == NULL)
            return -1;
        fd = natt->fd;
        mode = &natt->may_fragment;
    }
    if (!is_v6 && fd >= 0 && *mode != destination->may_fragment) {
        socket_set_fragmentation(fd, destination->may_fragment);
        *mode = destination->may_fragment;
    }
    return fd;
}

static void fill_message(const struct send_run *run, struct mmsghdr *message, struct outgoing *outgoing)
{
    struct ip_endpoint to = run->destination.remote;
    if (!run->destination.udp_encapsulation)
        to.port = 0; /* a raw IPv6 socket takes no port */
    *message = (struct mmsghdr){0};
    message->msg_hdr.msg_name = &outgoing->address;
    message->msg_hdr.msg_namelen = endpoint_to_sockaddr(&to, &outgoing->address);
    outgoing->piece = (struct iovec){.iov_base = run->data, .iov_len = run->size};
    message->msg_hdr.msg_iov = &outgoing->piece;
    message->msg_hdr.msg_iovlen = 1;
    uint16_t segment_size = run->count > 1 ? (uint16_t)run->segment_size : 0;
    socket_write_control(&message->msg_hdr, outgoing->control, &run->destination.local.address,
                         to.address.family, run->traffic_class, segment_size);
}

/* One packet after the other, when the kernel takes them no other way (a smaller path MTU, no UDP_SEGMENT).
 */
static void send_singly(int fd, const struct send_run *run)
{
    struct send_run single = *run;
    single.count = 1;
    for (size_t at = 0; at < run->size; at += run->segment_size) {
        struct mmsghdr message;
        struct outgoing outgoing;
        single.data = run->data + at;
        single.size = run->size - at < run->segment_size ? run->size - at : run->segment_size;
        fill_message(&single, &message, &outgoing);
        (void)sendmsg(fd, &message.msg_hdr, 0);
    }
}

static bool is_for_fragments(const struct send_run *run)
{
    return run->destination.is_whole && run->is_closed && run->size > run->destination.path_mtu;
}

/* The host does not fragment a packet whose header it has not made. */
static void send_in_fragments(struct sender *sender, int fd, const struct send_run *run)
{
    uint8_t fragment[IPV6_HEADER_SIZE + UINT16_MAX]; /* the path may take more than 64 kB */
    struct send_run single = *run;
    size_t offset = 0;
    uint32_t identification = ++sender->identification;
    single.data = fragment;
    while ((single.size = ip_fragment_write(fragment, bytes_of(run->data, run->size),
                                            run->destination.path_mtu, identification, &offset)) > 0) {
        struct mmsghdr message;
        struct outgoing outgoing;
        fill_message(&single, &message, &outgoing);
        (void)sendmsg(fd, &message.msg_hdr, MSG_DONTWAIT);
    }
}

/* Runs [from, to) have the same socket. */
static void send_range(struct sender *sender, int fd, size_t from, size_t to)
{
    struct mmsghdr messages[RUNS_MAX];
    struct outgoing outgoing[RUNS_MAX];
    for (size_t i = from; i < to; i++)
        fill_message(&sender->runs[i], &messages[i], &outgoing[i]);
    bool is_retry = false;
    while (from < to) {
        int sent = sendmmsg(fd, messages + from, (unsigned)(to - from), MSG_DONTWAIT);
        if (sent > 0) {
            from += (size_t)sent;
            is_retry = false;
            continue;
        }
        bool is_too_large = errno == EMSGSIZE || errno == EINVAL;
        sender->met_too_large |= is_too_large;
        if (is_too_large && sender->runs[from].count > 1)
            send_singly(fd, &sender->runs[from]);
        else if (errno == EINTR || (!is_retry && !is_too_large && errno != EAGAIN)) {
            is_retry = true; /* a pending error of an earlier packet is told once */
            continue;
        }
        from++;
        is_retry = false;
    }
}

/* The daemon's thread writes to TCP streams. Runs of theirs are single packets. */
static void send_to_streams(struct sender *sender, size_t from, size_t to)
{
    bool is_first = false;
    for (size_t i = from; i < to; i++) {
        const struct send_run *run = &sender->runs[i];
        is_first |= ike_queue_push(sender->streams, -1, &run->destination.local, &run->destination.remote,
                                   bytes_of(run->data, run->size));
    }
    if (is_first)
        event_queue_wake(sender->events);
}

void sender_flush(struct sender *sender)
{
    if (sender->run_count == 0)
        return;
    pthread_rwlock_rdlock(&sender->sockets->lock);
    size_t from = 0;
    while (from < sender->run_count) {
        const struct destination *destination = &sender->runs[from].destination;
        int fd = socket_for(sender->sockets, destination);
        size_t to = from + 1;
        bool is_fragmented = is_for_fragments(&sender->runs[from]);
        while (to < sender->run_count && !is_fragmented && !is_for_fragments(&sender->runs[to]) &&
               destinations_are_same(&sender->runs[to].destination, destination))
            to++;
        if (destination->tcp_encapsulation)
            send_to_streams(sender, from, to);
        else if (fd >= 0 && is_fragmented)
            send_in_fragments(sender, fd, &sender->runs[from]);
        else if (fd >= 0)
            send_range(sender, fd, from, to);
        from = to;
    }
    pthread_rwlock_unlock(&sender->sockets->lock);
    sender->run_count = 0;
}
