/* Orders on a thread of their own: their order, their numbers, who is woken. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <poll.h>
#include <semaphore.h>

#include "kernel/order_queue.h"

struct trial {
    struct order order;
    char name;
    sem_t *gate; /* NULL: it does not wait */
    bool fails;
};

static char log_of_trials[8];
static size_t log_size;

static bool carry_out(struct order *order, struct error *error)
{
    struct trial *trial = CONTAINER_OF(order, struct trial, order);
    if (trial->gate != NULL)
        sem_wait(trial->gate);
    log_of_trials[log_size++] = trial->name;
    return !trial->fails || error_set(error, 0, "it went wrong");
}

static void drop(struct order *order)
{
    struct trial *trial = CONTAINER_OF(order, struct trial, order);
    log_of_trials[log_size++] = (char)(trial->name - 'a' + 'A');
}

static struct trial trial_of(char name, sem_t *gate)
{
    return (struct trial){.order = {.carry_out = carry_out, .drop = drop}, .name = name, .gate = gate};
}

static sem_t rests;

static void note_rest(void *context)
{
    (void)context;
    log_of_trials[log_size++] = '.';
    sem_post(&rests);
}

static void start(struct order_queue *queue, struct event_queue *events)
{
    memset(log_of_trials, 0, sizeof(log_of_trials));
    log_size = 0;
    sem_init(&rests, 0, 0);
    assert_true(event_queue_init(events, NULL));
    assert_true(order_queue_start(queue, events, note_rest, NULL, NULL));
}

static bool wakes_within(const struct event_queue *events, int milliseconds)
{
    struct pollfd descriptor = {.fd = events->fd, .events = POLLIN};
    return poll(&descriptor, 1, milliseconds) == 1;
}

static void an_awaited_order_wakes_when_it_is_done_and_not_before(void **state)
{
    struct order_queue queue;
    struct event_queue events;
    sem_t gate;
    (void)state;
    sem_init(&gate, 0, 0);
    start(&queue, &events);
    struct trial first = trial_of('a', &gate), second = trial_of('b', NULL);
    order_queue_give(&queue, &first.order, false);
    uint64_t number = order_queue_give(&queue, &second.order, true);
    assert_false(wakes_within(&events, 20));
    assert_true(order_queue_done(&queue) < number);
    sem_post(&gate);
    assert_true(wakes_within(&events, 5000));
    assert_int_equal(order_queue_done(&queue), number);
    sem_wait(&rests);
    order_queue_stop(&queue);
    assert_string_equal(log_of_trials, "ab.");
    event_queue_free(&events);
    sem_destroy(&gate);
}

static struct kernel_event last_event;

static void keep(void *context, const struct kernel_event *event)
{
    (void)context;
    last_event = *event;
}

/* Carries out an order that fails; last_event is what came of it. */
static void order_that_fails(uint64_t request_id, uint64_t policy_id)
{
    struct order_queue queue;
    struct event_queue events;
    start(&queue, &events);
    struct trial trial = trial_of('a', NULL);
    trial.fails = true;
    trial.order.request_id = request_id;
    trial.order.policy_id = policy_id;
    order_queue_give(&queue, &trial.order, false);
    assert_true(wakes_within(&events, 5000));
    event_queue_drain(&events, keep, NULL);
    assert_string_equal(last_event.text, "it went wrong");
    order_queue_stop(&queue);
    event_queue_free(&events);
}

static void a_failure_is_told_to_its_request(void **state)
{
    (void)state;
    order_that_fails(7, 0);
    assert_int_equal(last_event.request_id, 7);
    assert_false(last_event.ok);
}

static void a_failure_that_nobody_waits_for_names_its_policy(void **state)
{
    (void)state;
    order_that_fails(0, 9);
    assert_int_equal(last_event.kind, KERNEL_POLICY_LACKS);
    assert_int_equal(last_event.policy_id, 9);
}

static void what_has_not_begun_is_dropped_at_the_end(void **state)
{
    struct order_queue queue;
    struct event_queue events;
    sem_t gate;
    (void)state;
    sem_init(&gate, 0, 0);
    start(&queue, &events);
    struct trial first = trial_of('a', &gate), second = trial_of('b', NULL);
    order_queue_give(&queue, &first.order, false);
    order_queue_give(&queue, &second.order, false);
    queue.is_closing = true; /* as order_queue_stop() says, while the first is still under way */
    sem_post(&gate);
    order_queue_stop(&queue);
    assert_string_equal(log_of_trials, log_size == 2 && log_of_trials[0] == 'A' ? "AB" : "aB");
    event_queue_free(&events);
    sem_destroy(&gate);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_awaited_order_wakes_when_it_is_done_and_not_before),
        cmocka_unit_test(a_failure_is_told_to_its_request),
        cmocka_unit_test(a_failure_that_nobody_waits_for_names_its_policy),
        cmocka_unit_test(what_has_not_begun_is_dropped_at_the_end),
    };
    return cmocka_run_group_tests_name("order_queue", tests, NULL, NULL);
}
