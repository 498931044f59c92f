/*
 * Kernel events on their way from any thread to the one that runs the engine: a bounded-by-use list behind a
 * short lock and a descriptor that is readable while the list is not empty.
 */
#ifndef STYX_KERNEL_EVENT_QUEUE_H
#define STYX_KERNEL_EVENT_QUEUE_H

#include <pthread.h>

#include "engine/kernel_request.h"

struct queued_event;

struct event_queue {
    pthread_mutex_t lock;
    struct queued_event *first;
    struct queued_event **last;
    int fd;
};

bool event_queue_init(struct event_queue *queue, struct error *error);
void event_queue_free(struct event_queue *queue);

/* From any thread; copies the event. An event that finds no memory is lost: every waiter has a deadline. */
void event_queue_push(struct event_queue *queue, const struct kernel_event *event);

/* Makes the descriptor readable though no event is queued. */
void event_queue_wake(struct event_queue *queue);

/* On the engine's thread: hands over all that was queued before the call. */
void event_queue_drain(struct event_queue *queue,
                       void (*on_event)(void *context, const struct kernel_event *event), void *context);

/* The answer to one request. `failure` NULL: it succeeded. A request_id of 0 wants no answer. */
void event_queue_push_done(struct event_queue *queue, uint64_t request_id, const char *failure);
/* What a policy wanted besides is not there, which nobody has asked about. */
void event_queue_push_policy_failure(struct event_queue *queue, uint64_t policy_id, const char *failure);

#endif
