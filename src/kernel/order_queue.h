/*
 * Orders whose carrying out waits for the kernel (routes, filters), on a thread of its own, one after the
 * other as they were given. Whoever needs one to be in effect asks by its number.
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
    bool is_awaited;                   /* the queue's */
};

struct order_queue {
    struct event_queue *events;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t has_changed; /* orders or is_closing */
    struct list_node orders;
    bool is_closing;
    uint64_t given;
    uint64_t done; /* atomic: orders up to this number are in effect */
};

bool order_queue_start(struct order_queue *queue, struct event_queue *events, struct error *error);
/* Ends the thread after the order that is under way and drops the others. */
void order_queue_stop(struct order_queue *queue);

/* The number of the order. With is_awaited the event queue wakes its reader when it is done, even without a
 * request. */
uint64_t order_queue_give(struct order_queue *queue, struct order *order, bool is_awaited);
/* For an order that is under way: no other one waits behind it. */
bool order_queue_is_last(struct order_queue *queue);
/* Orders up to this number are in effect. */
uint64_t order_queue_done(const struct order_queue *queue);

#endif
