/*
 * A connection's policy on its way to the thread of the orders, for those who make rules of selectors there
 * (clear_guard.c, traffic_log.c, address_translation.c).
 */
#ifndef STYX_KERNEL_POLICY_ORDER_H
#define STYX_KERNEL_POLICY_ORDER_H

#include "engine/kernel_request.h"
#include "kernel/order_queue.h"

/* Who is told, on the queue's thread; lives until the queue has stopped. */
struct policy_orders {
    struct order_queue *queue;
    void (*set)(void *context, const struct kernel_policy *wanted); /* borrowed during the call */
    void (*forget)(void *context, uint64_t policy_id);
    void *context;
};

/* Nobody waits for either; without memory nothing comes of them. What is told is a copy without marks and
 * interface: a selector stands in the rules once, whatever else tells its policies apart. */
void policy_orders_set(const struct policy_orders *orders, const struct kernel_policy *policy);
void policy_orders_forget(const struct policy_orders *orders, uint64_t policy_id);

#endif
