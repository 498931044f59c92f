/*
 * Sealed packets on their way to the sockets: equal-sized ones to the same peer go out as one message that
 * the kernel (or the network card) cuts up again (UDP_SEGMENT).
 */
#ifndef STYX_KERNEL_USERSPACE_SEND_H
#define STYX_KERNEL_USERSPACE_SEND_H

#include "kernel/event_queue.h"
#include "kernel/userspace_ike.h"
#include "kernel/userspace_socket.h"

/* What the kernel takes in one message: segments, and bytes of UDP payload. */
enum { RUNS_MAX = 64, RUN_SEGMENTS_MAX = 64, RUN_BYTES_MAX = 65000 };

/* Where packets of one SA go; a copy, since the SA may move. */
struct destination {
    struct ip_endpoint local, remote;
    bool udp_encapsulation;
    bool tcp_encapsulation; /* by the daemon's streams */
    bool may_fragment;      /* nopmtudisc: no DF on the outer packet */
    bool is_whole;          /* with AH: the packets have their IP header, and we fragment them */
    uint32_t path_mtu;      /* is_whole: what fragments are made for */
};

/* Packets that lie one behind the other in memory. */
struct send_run {
    struct destination destination;
    uint8_t traffic_class;
    bool is_closed; /* a shorter packet ended it, or it must go alone */
    uint8_t *data;
    size_t size, segment_size, count;
};

struct sender {
    struct socket_set *sockets;
    struct ike_queue *streams;  /* ESP in TCP, for the daemon's thread */
    struct event_queue *events; /* wakes that */
    struct send_run runs[RUNS_MAX];
    size_t run_count;
    uint32_t identification; /* of the last IPv6 packet that was fragmented */
    bool met_too_large;      /* a packet was larger than the path: ask for the MTU again */
};

/* False when there is no room for another run: flush first. `alone`: larger than the path, for the kernel to
 * fragment, or for us if the packet is whole. */
bool sender_add(struct sender *sender, const struct destination *destination, uint8_t traffic_class,
                uint8_t *data, size_t size, bool alone);

/* Sends all; what the sockets refuse is lost, as packets are. */
void sender_flush(struct sender *sender);

#endif
