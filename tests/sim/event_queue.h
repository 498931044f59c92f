/* What is going to happen in the virtual world, in the order of virtual time; equal times in the order of
 * adding. */
#ifndef STYX_SIM_EVENT_QUEUE_H
#define STYX_SIM_EVENT_QUEUE_H

#include "base/timer_wheel.h"

struct sim_event {
    usec_t time;
    uint64_t sequence;
    /* Exactly one of the two is called, and frees the context. */
    void (*run)(void *context);
    void (*discard)(void *context);
    void *context;
};

struct event_queue {
    struct sim_event *heap;
    size_t count, capacity;
    uint64_t next_sequence;
};

void event_queue_add(struct event_queue *queue, usec_t time, void (*run)(void *), void (*discard)(void *),
                     void *context);
/* USEC_NEVER when empty. */
usec_t event_queue_next(const struct event_queue *queue);
bool event_queue_pop(struct event_queue *queue, struct sim_event *out);
/* Discards everything. */
void event_queue_clear(struct event_queue *queue);

/* Zeroed memory; a test that runs out of it ends. */
void *sim_alloc(size_t size);
void *sim_grow(void *data, size_t size);

#endif
