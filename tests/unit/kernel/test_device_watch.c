/* What rtnetlink tells of others' deeds, in a network namespace of the test's own. Needs root. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <libmnl/libmnl.h>
#include <net/if.h>
#include <sched.h>

#include "kernel/device_watch.h"
#include "kernel/route_netlink.h"

struct bench {
    struct netlink netlink;
    int lo;
};

static int set_up(void **state)
{
    static struct bench bench;
    *state = NULL;
    if (unshare(CLONE_NEWNET) != 0)
        return 0;
    assert_true(netlink_open(&bench.netlink, NULL));
    bench.lo = (int)if_nametoindex("lo");
    assert_int_equal(netlink_link_up(&bench.netlink, bench.lo), 0);
    *state = &bench;
    return 0;
}

static int tear_down(void **state)
{
    struct bench *bench = *state;
    if (bench != NULL)
        netlink_close(&bench->netlink);
    return 0;
}

static struct bench *bench_of(void **state)
{
    if (*state == NULL)
        skip();
    return *state;
}

static struct ip_address numbered(unsigned number)
{
    uint8_t bytes[] = {10, 1, 0, (uint8_t)number};
    return address_of_bytes(IP_V4, bytes);
}

/* What is told when so many addresses come, and go again. */
static struct device_news lose_addresses(struct bench *bench, unsigned count, uint32_t own_port)
{
    struct device_watch watch;
    for (unsigned i = 0; i < count; i++) {
        struct ip_address address = numbered(i);
        assert_int_equal(netlink_address_add(&bench->netlink, bench->lo, &address), 0);
    }
    device_watch_open(&watch, bench->lo, own_port);
    assert_true(device_watch_fd(&watch) >= 0);
    for (unsigned i = 0; i < count; i++) {
        struct ip_address address = numbered(i);
        assert_int_equal(netlink_address_delete(&bench->netlink, bench->lo, &address), 0);
    }
    struct device_news news = device_watch_read(&watch);
    device_watch_close(&watch);
    return news;
}

static void several_addresses_that_go_at_once_are_all_told(void **state)
{
    struct device_news news = lose_addresses(bench_of(state), 3, 0);
    assert_int_equal(news.lost_count, 3);
    for (unsigned i = 0; i < news.lost_count; i++) {
        struct ip_address expected = numbered(i);
        assert_true(address_equal(&news.lost_addresses[i], &expected));
    }
    assert_false(news.may_lack_routes);
}

static void of_more_addresses_than_are_told_any_route_may_be_lacking(void **state)
{
    struct device_news news = lose_addresses(bench_of(state), LOST_ADDRESSES_MAX + 1, 0);
    assert_int_equal(news.lost_count, LOST_ADDRESSES_MAX);
    assert_true(news.may_lack_routes);
}

static void what_we_take_away_ourselves_is_no_news(void **state)
{
    struct bench *bench = bench_of(state);
    struct device_news news = lose_addresses(bench, 1, mnl_socket_get_portid(bench->netlink.socket));
    assert_int_equal(news.lost_count, 0);
}

static void a_rule_that_goes_takes_no_routes_along(void **state)
{
    struct bench *bench = bench_of(state);
    struct netlink_rule rule = {.family = IP_V4, .priority = 4000, .table = 100};
    struct device_watch watch;
    assert_int_equal(netlink_rule_add(&bench->netlink, &rule), 0);
    device_watch_open(&watch, bench->lo, 0);
    assert_int_equal(netlink_rule_delete(&bench->netlink, &rule), 0);
    struct device_news news = device_watch_read(&watch);
    assert_true(news.may_lack_rules);
    assert_false(news.may_lack_routes);
    device_watch_close(&watch);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(several_addresses_that_go_at_once_are_all_told),
        cmocka_unit_test(of_more_addresses_than_are_told_any_route_may_be_lacking),
        cmocka_unit_test(what_we_take_away_ourselves_is_no_news),
        cmocka_unit_test(a_rule_that_goes_takes_no_routes_along),
    };
    return cmocka_run_group_tests_name("device_watch", tests, set_up, tear_down);
}
