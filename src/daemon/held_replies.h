/*
 * Ends of replies that wait for the data plane: whoever is told that a tunnel is up may send into it at once,
 * so its routes must be there before. They wait here, not in the loop.
 */
#ifndef STYX_DAEMON_HELD_REPLIES_H
#define STYX_DAEMON_HELD_REPLIES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/list.h"

struct held_replies {
    struct list_node list; /* in the order in which they end */
    uint64_t last_number;  /* what was asked of the data plane last */
};

void held_replies_init(struct held_replies *held);
/* Something is asked of the data plane that will be there by this number; 0: nothing. */
void held_replies_expect(struct held_replies *held, uint64_t number);
/* Until all of that is settled: several may wait for one tunnel, and a message that waits for it may have
 * been before them. False: it is settled, or out of memory. */
bool held_replies_add(struct held_replies *held, uint64_t settled, uint64_t client, int code);
/* Ends what waited for this number or a smaller one. */
void held_replies_release(struct held_replies *held, uint64_t settled,
                          void (*finish)(void *context, uint64_t client, int code), void *context);

#endif
