/*
 * The yardstick of the data plane: a TUN-to-UDP forwarder without cryptography and without ESP, on the same
 * device, offloads, segmentation, joining and sending as the userspace back end. What this one carries is
 * what the machine allows; the data plane's share of it is what protection costs.
 *
 * usage: forwarder LOCAL REMOTE PORT    prints the device's name; runs until standard input ends
 */
#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "esp/gro.h"
#include "base/sockaddr.h"
#include "kernel/userspace_send.h"
#include "kernel/userspace_tun.h"

enum { ARENA_SIZE = 256 << 10, SEGMENT_MAX = 65535, MESSAGES = 8, MESSAGE_SIZE = 65536 };

struct forwarder {
    struct tun tun;
    struct socket_set sockets;
    struct destination destination;
    int socket;
    bool is_closing;
};

static void fail(const char *what)
{
    fprintf(stderr, "forwarder: %s\n", what);
    exit(1);
}

static void forward_packet(struct forwarder *forwarder, struct sender *sender, uint8_t *arena, size_t *used,
                           struct bytes packet, const struct offload *offload)
{
    struct gso gso;
    if (!gso_init(&gso, packet, offload))
        return;
    for (size_t i = 0; i < gso.count; i++) {
        size_t size = gso_segment_size(&gso, i);
        if (*used + size > ARENA_SIZE || sender->run_count == RUNS_MAX) {
            sender_flush(sender);
            *used = 0;
        }
        gso_write_segment(&gso, i, arena + *used);
        (void)sender_add(sender, &forwarder->destination, 0, arena + *used, size, false);
        *used += size;
    }
}

static void *run_outbound(void *argument)
{
    struct forwarder *forwarder = argument;
    static struct sender sender;
    static uint8_t buffer[TUN_HEADER_SIZE + TUN_PACKET_MAX], arena[ARENA_SIZE + SEGMENT_MAX];
    sender.sockets = &forwarder->sockets;
    while (!__atomic_load_n(&forwarder->is_closing, __ATOMIC_ACQUIRE)) {
        struct bytes packet;
        struct offload offload;
        size_t used = 0;
        bool is_empty = false;
        for (int i = 0; i < 64 && !is_empty; i++) {
            is_empty = tun_read(&forwarder->tun, buffer, &packet, &offload) != TUN_PACKET;
            if (!is_empty)
                forward_packet(forwarder, &sender, arena, &used, packet, &offload);
        }
        sender_flush(&sender);
        struct pollfd wanted = {.fd = forwarder->tun.fd, .events = POLLIN};
        if (is_empty)
            (void)poll(&wanted, 1, 100);
    }
    return NULL;
}

static void emit_to_tun(void *context, struct iovec *pieces, int count, const struct offload *offload,
                        size_t header_size)
{
    struct forwarder *forwarder = context;
    (void)tun_write(&forwarder->tun, pieces, count, offload, header_size);
}

struct receiver {
    struct gro gro;
    struct mmsghdr messages[MESSAGES];
    struct iovec pieces[MESSAGES];
    struct sockaddr_storage addresses[MESSAGES];
    uint8_t controls[MESSAGES][SOCKET_CONTROL_SIZE] __attribute__((aligned(8)));
    uint8_t buffers[MESSAGES][MESSAGE_SIZE];
};

static int receive(struct receiver *receiver, int fd)
{
    for (size_t i = 0; i < MESSAGES; i++) {
        receiver->pieces[i] = (struct iovec){receiver->buffers[i], MESSAGE_SIZE};
        receiver->messages[i].msg_hdr = (struct msghdr){.msg_name = &receiver->addresses[i],
                                                        .msg_namelen = sizeof(receiver->addresses[i]),
                                                        .msg_iov = &receiver->pieces[i],
                                                        .msg_iovlen = 1,
                                                        .msg_control = receiver->controls[i],
                                                        .msg_controllen = SOCKET_CONTROL_SIZE};
    }
    return recvmmsg(fd, receiver->messages, MESSAGES, MSG_DONTWAIT, NULL);
}

static void handle_message(struct receiver *receiver, size_t index)
{
    struct received_info info;
    socket_read_info(&receiver->messages[index].msg_hdr, &info);
    size_t size = receiver->messages[index].msg_len;
    size_t step = info.segment_size != 0 ? info.segment_size : size;
    for (size_t at = 0; at < size; at += step) {
        struct ip_packet ip;
        size_t left = size - at < step ? size - at : step;
        if (ip_packet_parse(bytes_of(receiver->buffers[index] + at, left), &ip))
            gro_add(&receiver->gro, receiver->buffers[index] + at, &ip);
    }
}

static void *run_inbound(void *argument)
{
    struct forwarder *forwarder = argument;
    static struct receiver receiver;
    gro_init(&receiver.gro, forwarder->tun.takes_udp_offload, emit_to_tun, forwarder);
    while (!__atomic_load_n(&forwarder->is_closing, __ATOMIC_ACQUIRE)) {
        int count = receive(&receiver, forwarder->socket);
        for (int i = 0; i < count; i++)
            handle_message(&receiver, (size_t)i);
        gro_flush(&receiver.gro);
        struct pollfd wanted = {.fd = forwarder->socket, .events = POLLIN};
        if (count < MESSAGES)
            (void)poll(&wanted, 1, 100);
    }
    return NULL;
}

static void open_socket(struct forwarder *forwarder, const struct ip_endpoint *local)
{
    struct sockaddr_storage address;
    struct error error;
    socklen_t size = endpoint_to_sockaddr(local, &address);
    int fd = socket(address.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || bind(fd, (struct sockaddr *)&address, size) < 0)
        fail(strerror(errno));
    int slot = sockets_attach(&forwarder->sockets, fd, local, true, NULL, NULL, &error);
    if (slot < 0)
        fail(error.text);
    forwarder->socket = forwarder->sockets.natt[slot].fd;
}

int main(int argc, char **argv)
{
    static struct forwarder forwarder;
    struct error error;
    if (argc != 4)
        fail("usage: forwarder LOCAL REMOTE PORT");
    struct destination *to = &forwarder.destination;
    to->udp_encapsulation = true;
    to->local.port = to->remote.port = (uint16_t)atoi(argv[3]);
    if (!address_parse(argv[1], &to->local.address, &error) ||
        !address_parse(argv[2], &to->remote.address, &error) || !tun_open(&forwarder.tun, &error) ||
        !sockets_open(&forwarder.sockets, &error))
        fail(error.text);
    open_socket(&forwarder, &to->local);
    pthread_t outbound, inbound;
    if (pthread_create(&outbound, NULL, run_outbound, &forwarder) != 0 ||
        pthread_create(&inbound, NULL, run_inbound, &forwarder) != 0)
        fail("cannot start a thread");
    printf("%s\n", forwarder.tun.name);
    fflush(stdout);
    char byte;
    while (read(STDIN_FILENO, &byte, 1) > 0)
        ;
    __atomic_store_n(&forwarder.is_closing, true, __ATOMIC_RELEASE);
    pthread_join(outbound, NULL);
    pthread_join(inbound, NULL);
    tun_close(&forwarder.tun);
    sockets_close(&forwarder.sockets);
    return 0;
}
