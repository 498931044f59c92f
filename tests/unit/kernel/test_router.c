/* Routes of policies, in a network namespace of the test's own. Needs root. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <net/if.h>
#include <sched.h>
#include <unistd.h>

#include "kernel/route_netlink.h"
#include "kernel/router.h"

enum { POLICY = 7, WAIT_MSEC = 5000 };

struct bench {
    struct netlink netlink;
    struct event_queue events;
    struct order_queue orders;
    struct router *router;
};

static struct ip_address address_of(const char *text)
{
    struct ip_address address;
    assert_true(address_parse(text, &address, NULL));
    return address;
}

static int set_up(void **state)
{
    static struct bench bench;
    struct router_settings settings = {.name = "test", .number = 18};
    struct ip_address here;
    *state = NULL;
    if (unshare(CLONE_NEWNET) != 0)
        return 0;
    here = address_of("192.0.2.1");
    assert_true(netlink_open(&bench.netlink, NULL));
    assert_int_equal(netlink_link_up(&bench.netlink, (int)if_nametoindex("lo")), 0);
    assert_int_equal(netlink_prefix_add(&bench.netlink, (int)if_nametoindex("lo"), &here, 32), 0);
    assert_true(event_queue_init(&bench.events, NULL));
    bench.router = router_open(&settings, &bench.orders, NULL);
    if (bench.router != NULL && order_queue_start(&bench.orders, &bench.events, NULL, NULL, NULL))
        *state = &bench;
    return 0;
}

static int tear_down(void **state)
{
    struct bench *bench = *state;
    if (bench == NULL)
        return 0;
    order_queue_stop(&bench->orders);
    router_close(bench->router, false);
    event_queue_free(&bench->events);
    netlink_close(&bench->netlink);
    return 0;
}

static void wait_for_order(struct bench *bench, uint64_t order)
{
    for (int i = 0; i < WAIT_MSEC && order_queue_done(&bench->orders) < order; i++)
        usleep(1000);
    assert_true(order_queue_done(&bench->orders) >= order);
}

/* Waits until it is carried out. */
static void set_route(struct bench *bench, const char *peer, const char *network)
{
    struct ip_prefix there = {.address = address_of(network), .length = 24};
    struct ip_prefix here = {.address = address_of("192.0.2.1"), .length = 32};
    struct selector local = selector_of_prefix(&here, 0, 0), remote = selector_of_prefix(&there, 0, 0);
    struct route_request request = {.policy_id = POLICY,
                                    .local_host = here.address,
                                    .remote_host = address_of(peer),
                                    .local_selectors = &local,
                                    .local_count = 1,
                                    .remote_selectors = &remote,
                                    .remote_count = 1};
    uint64_t order = router_set(bench->router, &request);
    wait_for_order(bench, order);
}

static bool leads_somewhere(struct bench *bench, const char *destination)
{
    struct ip_address from = address_of("192.0.2.1"), to = address_of(destination);
    struct netlink_route way;
    return netlink_route_get(&bench->netlink, &from, &to, 0, &way) == 0;
}

static void test_without_a_way_to_the_peer_the_routes_of_former_clients_go(void **state)
{
    struct bench *bench = *state;
    if (bench == NULL)
        skip();
    set_route(bench, "192.0.2.1", "10.2.0.0");
    assert_true(leads_somewhere(bench, "10.2.0.1"));
    set_route(bench, "198.51.100.1", "10.2.0.0"); /* the same clients: until there is a way again */
    assert_true(leads_somewhere(bench, "10.2.0.1"));
    set_route(bench, "198.51.100.1", "10.3.0.0");
    assert_false(leads_somewhere(bench, "10.2.0.1"));
    assert_false(leads_somewhere(bench, "10.3.0.1"));
}

struct hold {
    struct order order;
    bool is_over; /* atomic */
};

static bool wait_for_end(struct order *order, struct error *error)
{
    (void)error;
    while (!__atomic_load_n(&CONTAINER_OF(order, struct hold, order)->is_over, __ATOMIC_ACQUIRE))
        usleep(1000);
    return true;
}

/* Somebody may take away devices or rules faster than ten thousand routes are made. */
static void repairs_that_wait_are_asked_for_once(void **state)
{
    struct bench *bench = *state;
    if (bench == NULL)
        skip();
    struct hold hold = {.order = {.carry_out = wait_for_end}};
    uint64_t first = order_queue_give(&bench->orders, &hold.order, false);
    for (int i = 0; i < 100; i++) {
        router_restore(bench->router);
        router_restore_rules(bench->router);
    }
    uint64_t given = bench->orders.given;
    __atomic_store_n(&hold.is_over, true, __ATOMIC_RELEASE);
    assert_int_equal(given, first + 2);
    wait_for_order(bench, given);
    router_restore(bench->router);
    assert_int_equal(bench->orders.given, given + 1);
    wait_for_order(bench, given + 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_without_a_way_to_the_peer_the_routes_of_former_clients_go),
        cmocka_unit_test(repairs_that_wait_are_asked_for_once),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
