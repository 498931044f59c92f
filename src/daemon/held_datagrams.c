/* Datagrams that wait for the data plane: see held_datagrams.h. */
#include "daemon/held_datagrams.h"

#include <stdlib.h>

struct held_datagram {
    struct list_node node;
    uint64_t number;
    struct path path;
    size_t size;
    uint8_t data[];
};

void held_datagrams_init(struct held_datagrams *held)
{
    list_init(&held->list);
}

bool held_datagrams_add(struct held_datagrams *held, uint64_t number, const struct path *path,
                        struct bytes datagram)
{
    struct held_datagram *one = malloc(sizeof(*one) + datagram.size);
    if (one == NULL)
        return false;
    one->number = number;
    one->path = *path;
    one->size = datagram.size;
    memcpy(one->data, datagram.data, datagram.size);
    list_append(&held->list, &one->node);
    return true;
}

void held_datagrams_release(struct held_datagrams *held, uint64_t settled,
                            void (*send)(void *context, const struct path *path, struct bytes datagram),
                            void *context)
{
    while (!list_is_empty(&held->list)) {
        struct held_datagram *first = CONTAINER_OF(held->list.next, struct held_datagram, node);
        if (first->number > settled)
            return;
        list_remove(&first->node);
        send(context, &first->path, bytes_of(first->data, first->size));
        free(first);
    }
}
