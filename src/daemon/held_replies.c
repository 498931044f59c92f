/* Ends of replies that wait for the data plane: see held_replies.h. */
#include "daemon/held_replies.h"

#include <stdlib.h>

struct held_reply {
    struct list_node node;
    uint64_t number, client;
    int code;
};

void held_replies_init(struct held_replies *held)
{
    *held = (struct held_replies){0};
    list_init(&held->list);
}

void held_replies_expect(struct held_replies *held, uint64_t number)
{
    if (number > held->last_number)
        held->last_number = number;
}

bool held_replies_add(struct held_replies *held, uint64_t settled, uint64_t client, int code)
{
    struct held_reply *one = held->last_number > settled ? malloc(sizeof(*one)) : NULL;
    if (one == NULL)
        return false;
    *one = (struct held_reply){.number = held->last_number, .client = client, .code = code};
    list_append(&held->list, &one->node);
    return true;
}

void held_replies_release(struct held_replies *held, uint64_t settled,
                          void (*finish)(void *context, uint64_t client, int code), void *context)
{
    while (!list_is_empty(&held->list)) {
        struct held_reply *first = CONTAINER_OF(held->list.next, struct held_reply, node);
        if (first->number > settled)
            return;
        list_remove(&first->node);
        finish(context, first->client, first->code);
        free(first);
    }
}
