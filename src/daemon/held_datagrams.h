/*
 * Datagrams that wait for the data plane: a peer may answer one with protected packets at once, so what those
 * need must be there before it leaves. They wait here, not in the loop.
 */
#ifndef STYX_DAEMON_HELD_DATAGRAMS_H
#define STYX_DAEMON_HELD_DATAGRAMS_H

#include "base/list.h"
#include "engine/env.h"

struct held_datagrams {
    struct list_node list; /* in the order in which they leave */
};

void held_datagrams_init(struct held_datagrams *held);
/* Until number is settled. False: out of memory. */
bool held_datagrams_add(struct held_datagrams *held, uint64_t number, const struct path *path,
                        struct bytes datagram);
/* Sends what waited for this number or a smaller one. */
void held_datagrams_release(struct held_datagrams *held, uint64_t settled,
                            void (*send)(void *context, const struct path *path, struct bytes datagram),
                            void *context);

#endif
