/* The table that refuses packets in clear, when the kernel's answers get lost; in a network namespace of the
 * test's own. Needs root and nft(8). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <errno.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/clear_guard.h"
#include "kernel/nft_message.h"

static bool loses_verdict; /* of the next transaction, which is carried out */

int __real_nft_link_commit(struct nft_link *link);
int __wrap_nft_link_commit(struct nft_link *link);

int __wrap_nft_link_commit(struct nft_link *link)
{
    bool is_lost = loses_verdict && link->size > 0;
    int failure = __real_nft_link_commit(link);
    if (!is_lost)
        return failure;
    loses_verdict = false;
    return ENOBUFS;
}

struct bench {
    struct event_queue events;
    struct order_queue orders;
    struct clear_guard *guard;
};

static void note_line(void *context, const char *line)
{
    (void)context;
    print_message("%s\n", line);
}

static void end_of_orders(void *context)
{
    struct bench *bench = context;
    clear_guard_commit(bench->guard);
}

static int set_up(void **state)
{
    static struct bench bench;
    static const struct clear_guard_settings settings = {
        .name = "styxtest", .interface_index = 1, .log = note_line};
    struct error error = {0};
    *state = &bench;
    if (unshare(CLONE_NEWNET) != 0 || system("nft list tables 2>&1") != 0)
        return 0;
    assert_true(event_queue_init(&bench.events, &error));
    bench.guard = clear_guard_open(&settings, &bench.orders, &error);
    if (bench.guard != NULL)
        assert_true(order_queue_start(&bench.orders, &bench.events, end_of_orders, &bench, &error));
    return 0;
}

static int tear_down(void **state)
{
    struct bench *bench = *state;
    if (bench->guard == NULL)
        return 0;
    order_queue_stop(&bench->orders);
    clear_guard_close(bench->guard);
    event_queue_free(&bench->events);
    return 0;
}

static struct selector selector_of(const char *network)
{
    struct ip_prefix prefix = {.length = 24};
    assert_true(address_parse(network, &prefix.address, NULL));
    return (struct selector){.range = range_of_prefix(&prefix), .port_end = UINT16_MAX};
}

static void protect(struct bench *bench, uint64_t id, const char *remote)
{
    struct selector here = selector_of("10.1.0.0"), there = selector_of(remote);
    struct kernel_policy policy = {.policy_id = id,
                                   .action = POLICY_PROTECT,
                                   .local_selectors = &here,
                                   .local_count = 1,
                                   .remote_selectors = &there,
                                   .remote_count = 1};
    clear_guard_set(bench->guard, &policy);
}

/* Whether the kernel's table speaks of the text; waits for what is under way. */
static bool table_has(const char *text, bool wanted)
{
    char command[128];
    bool is_there = !wanted;
    snprintf(command, sizeof(command), "nft list table inet styxtest | grep -q '%s'", text);
    for (unsigned tries = 0; tries < 100 && is_there != wanted; tries++) {
        struct timespec pause = {.tv_nsec = 20000000};
        nanosleep(&pause, NULL);
        is_there = system(command) == 0;
    }
    return is_there;
}

static void after_a_lost_answer_the_table_is_made_anew(void **state)
{
    struct bench *bench = *state;
    if (bench->guard == NULL)
        skip();
    clear_guard_set_port(bench->guard, false, 4500, true);
    protect(bench, 1, "10.2.0.0");
    protect(bench, 2, "10.3.0.0");
    assert_true(table_has("0a020000\\|10.2.0.0", true));
    assert_true(table_has("0a030000\\|10.3.0.0", true));
    loses_verdict = true;
    clear_guard_delete(bench->guard, 2);
    assert_false(table_has("0a030000\\|10.3.0.0", false));
    protect(bench, 3, "10.4.0.0");
    assert_true(table_has("0a040000\\|10.4.0.0", true));
    assert_true(table_has("0a020000\\|10.2.0.0", true));
    assert_true(table_has("4500", true));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(after_a_lost_answer_the_table_is_made_anew),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
