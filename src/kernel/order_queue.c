/* Orders on a thread of their own: see order_queue.h. */
#include "kernel/order_queue.h"

#include <time.h>

enum { GATHER_NSEC = 1000000 };

static void carry_out(struct order_queue *queue, struct order *order)
{
    struct error error = {0};
    uint64_t request_id = order->request_id, policy_id = order->policy_id;
    bool is_done = order->carry_out(order, &error);
    if (request_id == 0 && policy_id != 0 && !is_done)
        event_queue_push_policy_failure(queue->events, policy_id, error.text);
    event_queue_push_done(queue->events, request_id, is_done ? NULL : error.text);
}

/* With the lock held, which is given up meanwhile. */
static void carry_out_first(struct order_queue *queue)
{
    struct list_node *node = queue->orders.next;
    struct order *order = CONTAINER_OF(node, struct order, node);
    bool is_awaited = order->is_awaited;
    list_remove(node);
    pthread_mutex_unlock(&queue->lock);
    carry_out(queue, order);
    __atomic_fetch_add(&queue->done, 1, __ATOMIC_RELEASE);
    if (is_awaited)
        event_queue_wake(queue->events);
    pthread_mutex_lock(&queue->lock);
}

/* With the lock held, which is given up meanwhile: no order waits, and those of the next moment gather. */
static void rest(struct order_queue *queue)
{
    const struct timespec gathering = {.tv_nsec = GATHER_NSEC};
    pthread_mutex_unlock(&queue->lock);
    if (queue->at_rest != NULL)
        queue->at_rest(queue->context);
    nanosleep(&gathering, NULL);
    pthread_mutex_lock(&queue->lock);
}

static void *run(void *argument)
{
    struct order_queue *queue = argument;
    pthread_mutex_lock(&queue->lock);
    while (!queue->is_closing) {
        if (list_is_empty(&queue->orders)) {
            pthread_cond_wait(&queue->has_changed, &queue->lock);
            continue;
        }
        carry_out_first(queue);
        if (list_is_empty(&queue->orders))
            rest(queue);
    }
    pthread_mutex_unlock(&queue->lock);
    return NULL;
}

bool order_queue_start(struct order_queue *queue, struct event_queue *events, void (*at_rest)(void *context),
                       void *context, struct error *error)
{
    *queue = (struct order_queue){.events = events, .at_rest = at_rest, .context = context};
    pthread_mutex_init(&queue->lock, NULL);
    pthread_cond_init(&queue->has_changed, NULL);
    list_init(&queue->orders);
    if (pthread_create(&queue->thread, NULL, run, queue) == 0)
        return true;
    pthread_cond_destroy(&queue->has_changed);
    pthread_mutex_destroy(&queue->lock);
    return error_set(error, 0, "cannot start a thread for routes and filters");
}

void order_queue_stop(struct order_queue *queue)
{
    pthread_mutex_lock(&queue->lock);
    queue->is_closing = true;
    pthread_cond_signal(&queue->has_changed);
    pthread_mutex_unlock(&queue->lock);
    pthread_join(queue->thread, NULL);
    LIST_EACH(&queue->orders, node)
    {
        struct order *order = CONTAINER_OF(node, struct order, node);
        order->drop(order);
    }
    pthread_cond_destroy(&queue->has_changed);
    pthread_mutex_destroy(&queue->lock);
}

uint64_t order_queue_give(struct order_queue *queue, struct order *order, bool is_awaited)
{
    order->is_awaited = is_awaited;
    pthread_mutex_lock(&queue->lock);
    bool was_empty = list_is_empty(&queue->orders);
    list_append(&queue->orders, &order->node);
    uint64_t number = ++queue->given;
    pthread_mutex_unlock(&queue->lock);
    if (was_empty)
        pthread_cond_signal(&queue->has_changed);
    return number;
}

uint64_t order_queue_done(const struct order_queue *queue)
{
    return __atomic_load_n(&queue->done, __ATOMIC_ACQUIRE);
}
