/* IKE datagrams from the data plane's threads to the engine's (RFC 3948 2.2). */
#include "kernel/userspace_ike.h"

#include <stdlib.h>

void ike_queue_init(struct ike_queue *queue)
{
    pthread_mutex_init(&queue->lock, NULL);
    list_init(&queue->list);
    queue->bytes = 0;
}

void ike_queue_free(struct ike_queue *queue)
{
    LIST_EACH(&queue->list, node)
    {
        list_remove(node);
        free(CONTAINER_OF(node, struct ike_datagram, node));
    }
    pthread_mutex_destroy(&queue->lock);
}

bool ike_queue_push(struct ike_queue *queue, int socket_fd, const struct ip_endpoint *local,
                    const struct ip_endpoint *remote, struct bytes datagram)
{
    struct ike_datagram *copy = malloc(sizeof(*copy) + datagram.size);
    if (copy == NULL)
        return false;
    copy->socket_fd = socket_fd;
    copy->local = *local;
    copy->remote = *remote;
    copy->size = datagram.size;
    if (datagram.size > 0)
        memcpy(copy->data, datagram.data, datagram.size);

    pthread_mutex_lock(&queue->lock);
    bool was_empty = list_is_empty(&queue->list);
    bool fits = queue->bytes + sizeof(*copy) + datagram.size <= IKE_QUEUE_BYTES_MAX;
    if (fits) {
        list_append(&queue->list, &copy->node);
        queue->bytes += sizeof(*copy) + datagram.size;
    }
    pthread_mutex_unlock(&queue->lock);
    if (!fits)
        free(copy);
    return was_empty;
}

void ike_queue_take(struct ike_queue *queue, struct list_node *taken)
{
    pthread_mutex_lock(&queue->lock);
    LIST_EACH(&queue->list, node)
    {
        list_remove(node);
        list_append(taken, node);
    }
    queue->bytes = 0;
    pthread_mutex_unlock(&queue->lock);
}
