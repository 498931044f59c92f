/* Routes that several policies want, in a network namespace of the test's own. Needs root. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <errno.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kernel/shared_routes.h"

struct bench {
    struct netlink netlink;
    struct route_rules rules;
    struct shared_routes routes;
    bool is_possible;
};

static int set_up(void **state)
{
    static struct bench bench;
    *state = &bench;
    if (unshare(CLONE_NEWNET) != 0)
        return 0;
    assert_true(netlink_open(&bench.netlink, NULL));
    assert_int_equal(netlink_link_up(&bench.netlink, (int)if_nametoindex("lo")), 0);
    bench.rules = (struct route_rules){.netlink = &bench.netlink, .number = 17};
    bench.routes = (struct shared_routes){
        .netlink = &bench.netlink, .rules = &bench.rules, .source_holder = (int)if_nametoindex("lo")};
    assert_true(shared_routes_init(&bench.routes));
    bench.is_possible = route_rules_open(&bench.rules, "test", NULL);
    return 0;
}

static int tear_down(void **state)
{
    struct bench *bench = *state;
    if (bench->netlink.socket == NULL)
        return 0;
    route_rules_close(&bench->rules);
    shared_routes_free(&bench->routes, true);
    netlink_close(&bench->netlink);
    return 0;
}

static struct bench *bench_of(void **state)
{
    struct bench *bench = *state;
    if (!bench->is_possible)
        skip();
    return bench;
}

static struct route_use use_of(const char *network, uint8_t length, uint32_t metric, const char *source)
{
    struct route_use use = {.wanted = {.interface_index = (int)if_nametoindex("lo"), .metric = metric}};
    use.wanted.destination.length = length;
    assert_true(address_parse(network, &use.wanted.destination.address, NULL));
    if (source != NULL)
        assert_true(address_parse(source, &use.wanted.source, NULL));
    return use;
}

/* How the kernel would route to the address; its preferred source is what tells the users apart. */
static struct netlink_route route_to(struct bench *bench, const char *address)
{
    struct ip_address from = {.family = IP_V4}, to;
    struct netlink_route route = {0};
    assert_true(address_parse(address, &to, NULL));
    (void)netlink_route_get(&bench->netlink, &from, &to, 0, &route);
    return route;
}

static void run_ip(const char *what, const char *how)
{
    pid_t pid = fork();
    if (pid == 0) {
        execlp("ip", "ip", what, how, (char *)NULL);
        _exit(127);
    }
    int status = -1;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
}

static void assert_source(struct bench *bench, const char *expected)
{
    char text[ADDRESS_TEXT_SIZE];
    struct netlink_route route = route_to(bench, "198.51.100.9");
    address_text(&route.source, text);
    assert_string_equal(text, expected);
}

static void the_route_falls_back_to_the_user_that_is_left(void **state)
{
    struct bench *bench = bench_of(state);
    struct route_use first = use_of("198.51.100.0", 24, 0, "10.1.0.1");
    struct route_use second = use_of("198.51.100.0", 24, 0, "10.1.0.2");
    assert_int_equal(shared_routes_use(&bench->routes, &first), 0);
    assert_source(bench, "10.1.0.1");
    assert_int_equal(shared_routes_use(&bench->routes, &second), 0);
    assert_source(bench, "10.1.0.2");
    shared_routes_release(&bench->routes, &second);
    assert_source(bench, "10.1.0.1");
    shared_routes_release(&bench->routes, &first);
    assert_int_equal(route_to(bench, "198.51.100.9").interface_index, 0);
}

static void another_metric_leaves_no_second_route(void **state)
{
    struct bench *bench = bench_of(state);
    struct route_use first = use_of("198.51.100.0", 24, 10, NULL);
    struct route_use second = use_of("198.51.100.0", 24, 20, NULL);
    assert_int_equal(shared_routes_use(&bench->routes, &first), 0);
    assert_int_equal(shared_routes_use(&bench->routes, &second), 0);
    shared_routes_release(&bench->routes, &first);
    shared_routes_release(&bench->routes, &second);
    assert_int_equal(route_to(bench, "198.51.100.9").interface_index, 0);
}

static void without_its_route_the_barrier_beneath_refuses(void **state)
{
    struct bench *bench = bench_of(state);
    struct route_use use = use_of("198.51.100.0", 24, 0, "10.1.0.1");
    struct ip_address from = {.family = IP_V4}, to;
    struct netlink_route route;
    assert_true(address_parse("198.51.100.9", &to, NULL));
    bench->routes.has_barriers = true;
    assert_true(shared_routes_use_source(&bench->routes, &use.wanted.source));
    assert_int_equal(shared_routes_use(&bench->routes, &use), 0);
    assert_source(bench, "10.1.0.1");
    struct netlink_route lost = use.wanted;
    assert_int_equal(netlink_route_delete(&bench->netlink, &lost), 0);
    assert_int_equal(netlink_address_delete(&bench->netlink, bench->routes.source_holder, &lost.source), 0);
    assert_int_equal(netlink_route_get(&bench->netlink, &from, &to, 0, &route), EHOSTUNREACH);
    shared_routes_restore(&bench->routes, &use.wanted.source);
    assert_source(bench, "10.1.0.1");
    struct ip_address source = use.wanted.source;
    shared_routes_release(&bench->routes, &use);
    shared_routes_release_source(&bench->routes, &source);
    bench->routes.has_barriers = false;
    assert_int_not_equal(netlink_route_get(&bench->netlink, &from, &to, 0, &route), EHOSTUNREACH);
}

static void a_route_of_the_barriers_metric_is_not_replaced_by_it(void **state)
{
    struct bench *bench = bench_of(state);
    struct route_use use = use_of("198.51.100.0", 24, UINT32_MAX, NULL);
    bench->routes.has_barriers = true;
    assert_int_equal(shared_routes_use(&bench->routes, &use), 0);
    assert_int_not_equal(route_to(bench, "198.51.100.9").interface_index, 0);
    shared_routes_release(&bench->routes, &use);
    bench->routes.has_barriers = false;
}

/* As one that was wanted while the device was away. */
static void a_route_that_was_refused_is_tried_again(void **state)
{
    struct bench *bench = bench_of(state);
    struct route_use use = use_of("198.51.100.0", 24, 0, NULL);
    use.wanted.interface_index = 4711;
    assert_int_not_equal(shared_routes_use(&bench->routes, &use), 0);
    use.wanted.interface_index = (int)if_nametoindex("lo");
    shared_routes_restore(&bench->routes, NULL);
    assert_int_not_equal(route_to(bench, "198.51.100.9").interface_index, 0);
    shared_routes_release(&bench->routes, &use);
    assert_int_equal(route_to(bench, "198.51.100.9").interface_index, 0);
}

static size_t route_count(struct bench *bench, unsigned count)
{
    size_t found = 0;
    for (unsigned i = 0; i < count; i++) {
        char text[ADDRESS_TEXT_SIZE];
        snprintf(text, sizeof(text), "10.%u.%u.1", i / 256, i % 256);
        found += route_to(bench, text).interface_index != 0;
    }
    return found;
}

static void all_routes_go_with_their_table_barriers_too(void **state)
{
    enum { COUNT = 300 };
    struct bench *bench = bench_of(state);
    struct netlink_route route = {.interface_index = (int)if_nametoindex("lo"), .destination.length = 24};
    route.destination.address.family = IP_V4;
    route.destination.address.bytes[0] = 10;
    route.table = route_rules_table(&bench->rules, &route.destination);
    for (unsigned i = 0; i < COUNT; i++) {
        route.destination.address.bytes[1] = (uint8_t)(i / 256);
        route.destination.address.bytes[2] = (uint8_t)(i % 256);
        route.metric = i % 2 == 0 ? 0 : UINT32_MAX;
        route.is_unreachable = i % 2 != 0;
        assert_int_equal(netlink_route_replace(&bench->netlink, &route), 0);
    }
    assert_int_equal(route_count(bench, COUNT), COUNT / 2);
    netlink_table_flush(&bench->netlink, IP_V4, route.table);
    assert_int_equal(route_count(bench, COUNT), 0);
    assert_int_equal(netlink_route_delete(&bench->netlink, &route), ESRCH);
}

static void rules_that_somebody_took_away_are_restored(void **state)
{
    struct bench *bench = bench_of(state);
    struct route_use use = use_of("0.0.0.0", 0, 0, NULL);
    assert_int_equal(shared_routes_use(&bench->routes, &use), 0);
    assert_int_not_equal(route_to(bench, "198.51.100.9").interface_index, 0);
    run_ip("rule", "flush");
    assert_int_equal(route_to(bench, "198.51.100.9").interface_index, 0);
    route_rules_restore(&bench->rules);
    assert_int_not_equal(route_to(bench, "198.51.100.9").interface_index, 0);
    shared_routes_release(&bench->routes, &use);
    assert_int_equal(route_to(bench, "198.51.100.9").interface_index, 0);
}

static void a_use_that_the_kernel_refuses_can_be_released(void **state)
{
    struct bench *bench = bench_of(state);
    struct route_use wrong = use_of("198.51.100.0", 24, 0, NULL);
    wrong.wanted.interface_index = 4711;
    assert_int_not_equal(shared_routes_use(&bench->routes, &wrong), 0);
    shared_routes_release(&bench->routes, &wrong);
    assert_int_equal(bench->routes.by_destination.entry_count, 0);
}

static void rules_of_default_routes_go_with_the_last(void **state)
{
    struct bench *bench = bench_of(state);
    struct route_use first = use_of("0.0.0.0", 0, 0, NULL), second = use_of("0.0.0.0", 0, 0, NULL);
    assert_int_equal(shared_routes_use(&bench->routes, &first), 0);
    assert_int_equal(shared_routes_use(&bench->routes, &second), 0);
    assert_int_not_equal(route_to(bench, "203.0.113.1").interface_index, 0);
    shared_routes_release(&bench->routes, &first);
    assert_int_equal(bench->rules.default_users[0], 1);
    shared_routes_release(&bench->routes, &second);
    assert_int_equal(bench->rules.default_users[0], 0);
    assert_int_equal(route_to(bench, "203.0.113.1").interface_index, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_route_falls_back_to_the_user_that_is_left),
        cmocka_unit_test(another_metric_leaves_no_second_route),
        cmocka_unit_test(without_its_route_the_barrier_beneath_refuses),
        cmocka_unit_test(a_route_of_the_barriers_metric_is_not_replaced_by_it),
        cmocka_unit_test(a_route_that_was_refused_is_tried_again),
        cmocka_unit_test(all_routes_go_with_their_table_barriers_too),
        cmocka_unit_test(rules_that_somebody_took_away_are_restored),
        cmocka_unit_test(a_use_that_the_kernel_refuses_can_be_released),
        cmocka_unit_test(rules_of_default_routes_go_with_the_last),
    };
    return cmocka_run_group_tests_name("shared_routes", tests, set_up, tear_down);
}
