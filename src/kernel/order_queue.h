/*
 * Orders whose carrying out waits for the kernel (routes, filters), on a thread of its own, one after the
 * other as they were given. Whoever needs one to be in effect asks by its number. The first order after a
 * rest is carried out at once; under load they are gathered for a millisecond, for a thread that is woken for
 * each of them costs more than most of them do.
 */
#ifndef STYX_KERNEL_ORDER_QUEUE_H
#define STYX_KERNEL_ORDER_QUEUE_H

#include <pthread.h>

#include "base/list.h"
#include "kernel/event_queue.h"

/* The beginning of what is to be done; the rest is the giver's. Either function ends its life. */
struct order {
    struct list_node node;
    /* On the queue's thread; true: done, or nobody waits; false with the reason. */
    bool (*carry_out)(struct order *order, struct error *error);
    void (*drop)(struct order *order); /* it was not carried out: the queue stops */
    uint64_t request_id;               /* KERNEL_DONE answers it; 0: no answer */
    uint64_t policy_id;                /* without a request: whose failure it is; 0: nobody's */
    bool is_awaited;                   /* the queue's */
};

struct order_queue {
    struct event_queue *events;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t has_changed; /* orders or is_closing */
    void (*at_rest)(void *context);
    void *context;
    struct list_node orders;
    bool is_closing;
    uint64_t given;
    uint64_t done; /* atomic: orders up to this number are in effect */
};

/* at_rest, unless NULL, is called on the thread whenever no more orders wait. */
bool order_queue_start(struct order_queue *queue, struct event_queue *events, void (*at_rest)(void *context),
                       void *context, struct error *error);
/* Ends the thread after the order that is under way and drops the others. */
void order_queue_stop(struct order_queue *queue);

/* The number of the order. With is_awaited the event queue wakes its reader when it is done, even without a
 * request. */
uint64_t order_queue_give(struct order_queue *queue, struct order *order, bool is_awaited);
/* Orders up to this number are in effect. */
uint64_t order_queue_done(const struct order_queue *queue);

#endif
