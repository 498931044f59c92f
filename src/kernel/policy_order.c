/* Policies as orders: see policy_order.h. */
#include "kernel/policy_order.h"

#include <stdlib.h>
#include <string.h>

struct policy_order {
    struct order order;
    const struct policy_orders *orders;
    bool is_set;
    struct kernel_policy wanted;
    struct selector selectors[]; /* local ones, then remote ones, then translated ones */
};

static void free_order(struct order *order)
{
    free(CONTAINER_OF(order, struct policy_order, order));
}

static bool carry_out(struct order *order, struct error *error)
{
    const struct policy_order *wish = CONTAINER_OF(order, struct policy_order, order);
    const struct policy_orders *orders = wish->orders;
    (void)error;
    if (wish->is_set)
        orders->set(orders->context, &wish->wanted);
    else
        orders->forget(orders->context, wish->wanted.policy_id);
    free_order(order);
    return true;
}

static struct policy_order *new_order(const struct policy_orders *orders, size_t selector_count)
{
    struct policy_order *wish = calloc(1, sizeof(*wish) + selector_count * sizeof(wish->selectors[0]));
    if (wish == NULL)
        return NULL;
    wish->order = (struct order){.carry_out = carry_out, .drop = free_order};
    wish->orders = orders;
    return wish;
}

/* Behind what is there already. */
static const struct selector *copy(struct selector **end, const struct selector *list, size_t count)
{
    struct selector *out = *end;
    if (count > 0)
        memcpy(out, list, count * sizeof(*out));
    *end += count;
    return out;
}

void policy_orders_set(const struct policy_orders *orders, const struct kernel_policy *policy)
{
    struct policy_order *wish =
        new_order(orders, policy->local_count + policy->remote_count + policy->translated_count);
    if (wish == NULL)
        return;
    wish->is_set = true;
    wish->wanted = *policy;
    wish->wanted.mark_in = wish->wanted.mark_out = (struct packet_mark){0};
    wish->wanted.interface = (struct tunnel_interface){0};
    struct selector *end = wish->selectors;
    wish->wanted.local_selectors = copy(&end, policy->local_selectors, policy->local_count);
    wish->wanted.remote_selectors = copy(&end, policy->remote_selectors, policy->remote_count);
    wish->wanted.translated_selectors = copy(&end, policy->translated_selectors, policy->translated_count);
    order_queue_give(orders->queue, &wish->order, false);
}

void policy_orders_forget(const struct policy_orders *orders, uint64_t policy_id)
{
    struct policy_order *wish = new_order(orders, 0);
    if (wish == NULL)
        return;
    wish->wanted.policy_id = policy_id;
    order_queue_give(orders->queue, &wish->order, false);
}
