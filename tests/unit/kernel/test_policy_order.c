/* Policies on their way to the thread of the orders: what is told there, and in which order. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <semaphore.h>

#include "kernel/policy_order.h"

static struct {
    uint64_t set, forgotten;
    struct kernel_policy policy;
    struct selector local, remote, translated;
} told;

static void note_set(void *context, const struct kernel_policy *wanted)
{
    (void)context;
    told.set = wanted->policy_id;
    told.policy = *wanted;
    told.local = wanted->local_selectors[wanted->local_count - 1];
    told.remote = wanted->remote_selectors[0];
    told.translated = wanted->translated_selectors[0];
}

static void note_forgotten(void *context, uint64_t policy_id)
{
    told.forgotten = policy_id;
    sem_post(context);
}

struct bench {
    struct event_queue events;
    struct order_queue queue;
    struct policy_orders orders;
    sem_t is_done;
};

static void start(struct bench *bench)
{
    memset(&told, 0, sizeof(told));
    sem_init(&bench->is_done, 0, 0);
    bench->orders = (struct policy_orders){
        .queue = &bench->queue, .set = note_set, .forget = note_forgotten, .context = &bench->is_done};
    assert_true(event_queue_init(&bench->events, NULL));
    assert_true(order_queue_start(&bench->queue, &bench->events, NULL, NULL, NULL));
}

static void stop(struct bench *bench)
{
    order_queue_stop(&bench->queue);
    event_queue_free(&bench->events);
    sem_destroy(&bench->is_done);
}

static void what_is_told_is_a_copy_without_marks(void **state)
{
    struct bench bench;
    struct selector local[2] = {{.protocol = 6}, {.protocol = 17}}, remote = {.protocol = 50};
    struct selector translated = {.protocol = 51};
    struct kernel_policy policy = {.policy_id = 7,
                                   .nflog_group = 3,
                                   .mark_out = {.value = 1, .mask = 1},
                                   .local_selectors = local,
                                   .local_count = 2,
                                   .remote_selectors = &remote,
                                   .remote_count = 1,
                                   .translated_selectors = &translated,
                                   .translated_count = 1};
    (void)state;
    start(&bench);
    policy_orders_set(&bench.orders, &policy);
    memset(&translated, 0, sizeof(translated));
    memset(local, 0, sizeof(local));
    memset(&remote, 0, sizeof(remote));
    policy_orders_forget(&bench.orders, 8);
    sem_wait(&bench.is_done);
    stop(&bench);
    assert_int_equal(told.set, 7);
    assert_int_equal(told.forgotten, 8);
    assert_int_equal(told.policy.nflog_group, 3);
    assert_int_equal(told.policy.mark_out.mask, 0);
    assert_int_equal(told.local.protocol, 17);
    assert_int_equal(told.remote.protocol, 50);
    assert_int_equal(told.translated.protocol, 51);
}

static void what_is_not_told_is_freed(void **state)
{
    struct bench bench;
    (void)state;
    start(&bench);
    bench.queue.is_closing = true; /* as order_queue_stop() says */
    policy_orders_forget(&bench.orders, 8);
    stop(&bench);
    assert_int_equal(told.forgotten, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_told_is_a_copy_without_marks),
        cmocka_unit_test(what_is_not_told_is_freed),
    };
    return cmocka_run_group_tests_name("policy_order", tests, NULL, NULL);
}
