/* IKE datagrams that arrive on the NAT-T sockets, on their way to the engine's thread (RFC 3948 2.2): a
 * bounded ring that drops when the engine does not keep up, as a socket buffer would. */
#ifndef STYX_KERNEL_USERSPACE_IKE_H
#define STYX_KERNEL_USERSPACE_IKE_H

#include <pthread.h>

#include "base/address.h"
#include "base/list.h"

enum { IKE_QUEUE_BYTES_MAX = 4 << 20 };

struct ike_datagram {
    struct list_node node;
    int socket_fd; /* the daemon's descriptor: finds the receiver, or nobody when it was detached */
    struct ip_endpoint local, remote;
    size_t size;
    uint8_t data[];
};

struct ike_queue {
    pthread_mutex_t lock;
    struct list_node list;
    size_t bytes;
};

void ike_queue_init(struct ike_queue *queue);
void ike_queue_free(struct ike_queue *queue);
/* True: the queue was empty before, so the engine must be woken. */
bool ike_queue_push(struct ike_queue *queue, int socket_fd, const struct ip_endpoint *local,
                    const struct ip_endpoint *remote, struct bytes datagram);
/* Moves all to `taken`, an initialized list; the caller frees each. */
void ike_queue_take(struct ike_queue *queue, struct list_node *taken);

#endif
