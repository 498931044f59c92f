/*
 * The sockets that carry protected packets: raw ones for the IP protocols 50 and 51, and the daemon's NAT-T
 * sockets for ESP in UDP (RFC 3948). All bear the mark that the routing rule skips.
 */
#ifndef STYX_KERNEL_USERSPACE_SOCKET_H
#define STYX_KERNEL_USERSPACE_SOCKET_H

#include <netinet/in.h>
#include <pthread.h>
#include <sys/socket.h>

#include "base/address.h"
#include "base/error.h"

/* Control messages: of a send, and of a receive, which may have an AH packet's extension headers. */
enum { NATT_SOCKETS_MAX = 256, SOCKET_CONTROL_SIZE = 128, RECEIVE_CONTROL_SIZE = 1024 };

typedef void (*ike_receiver)(void *context, const struct ip_endpoint *local, const struct ip_endpoint *remote,
                             struct bytes datagram);

struct natt_socket {
    int fd;       /* ours: a duplicate, so that the number cannot be reused under us; -1: free */
    int owner_fd; /* the daemon's */
    struct ip_endpoint local;
    bool has_bare_ike; /* port 500: ESP is what has eight zero bytes before it */
    ike_receiver on_ike;
    void *context;
    bool may_fragment; /* the DF mode last set, by the outbound thread */
};

struct socket_set {
    pthread_rwlock_t lock;  /* workers read; attaching and detaching writes */
    int raw_v4, raw_v6;     /* protocol 50; -1: the host has no such family */
    int ah_v4, ah_v6;       /* protocol 51, for receiving */
    int clear_v4, clear_v6; /* whole packets: with AH, and what no policy protects, past our own routes */
    bool raw_may_fragment;  /* the DF mode last set on raw_v4 */
    struct natt_socket natt[NATT_SOCKETS_MAX];
    size_t natt_count; /* slots in use, free ones among them */
};

bool sockets_open(struct socket_set *set, struct error *error);
void sockets_close(struct socket_set *set);

/* The slot's index, or -1 with the reason. */
int sockets_attach(struct socket_set *set, int fd, const struct ip_endpoint *local, bool is_natt,
                   ike_receiver on_ike, void *context, struct error *error);
/* The index that was freed, or -1. When it returns no worker uses the socket. */
int sockets_detach(struct socket_set *set, int owner_fd);

/* A copy of what the daemon's descriptor was attached with; untouched when it is not (any more). */
void sockets_find_owner(struct socket_set *set, int owner_fd, struct natt_socket *ret_socket);

/* The NAT-T socket bound to this endpoint, else one of this port bound to any address, else one of this
 * address; NULL: none. */
struct natt_socket *sockets_find_natt(struct socket_set *set, const struct ip_endpoint *local);

/* Address conversions. */

/* What recvmsg() tells beside the data. */
struct received_info {
    struct ip_endpoint remote;
    struct ip_address destination; /* unset when the kernel did not tell */
    uint8_t traffic_class;
    size_t segment_size; /* of a UDP_GRO batch; 0: the message is one datagram */
};
void socket_read_info(const struct msghdr *message, struct received_info *ret_info);

/* Builds the control messages of a send into control (SOCKET_CONTROL_SIZE bytes): the source address when
 * set, the traffic class, UDP segment size when not 0. */
void socket_write_control(struct msghdr *message, uint8_t *control, const struct ip_address *source,
                          enum ip_family family, uint8_t traffic_class, uint16_t segment_size);

/* Sets whether the kernel puts DF on packets that fit the path (RFC 4301 8.1). */
void socket_set_fragmentation(int fd, bool may_fragment);

#endif
