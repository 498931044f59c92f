/* Who uses the interface of a tunnel, in a network namespace of the test's own. Needs root. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <errno.h>
#include <net/if.h>
#include <sched.h>

#include "kernel/tunnel_interfaces.h"

static bool is_possible;
static struct netlink netlink;

static int set_up(void **state)
{
    (void)state;
    is_possible = unshare(CLONE_NEWNET) == 0;
    if (is_possible)
        assert_true(netlink_open(&netlink, NULL));
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    netlink_close(&netlink);
    return 0;
}

static int use_with_address(struct tunnel_interfaces *interfaces, uint8_t length)
{
    struct tunnel_interface_site site = {.owner = 1, .local.family = IP_V4, .remote.family = IP_V4};
    struct tunnel_interface wanted = {.vti.name = "lo", .address.length = length};
    int index;
    if (!is_possible)
        skip();
    assert_true(address_parse("192.0.2.1", &wanted.address.address, NULL));
    return tunnel_interfaces_use(interfaces, &netlink, &wanted, &site, &index);
}

static void test_an_interface_that_takes_the_address_has_a_user(void **state)
{
    (void)state;
    struct tunnel_interfaces interfaces = {.count = 0};
    assert_int_equal(use_with_address(&interfaces, 24), 0);
    assert_int_equal(interfaces.count, 1);
    assert_int_equal(interfaces.list[0].users, 1);
    assert_int_equal(use_with_address(&interfaces, 24), 0);
    assert_int_equal(interfaces.list[0].users, 2);
}

static void test_who_gets_no_address_is_no_user(void **state)
{
    enum { TOO_LONG = 64 };
    (void)state;
    struct tunnel_interfaces interfaces = {.count = 0};
    assert_int_not_equal(use_with_address(&interfaces, TOO_LONG), 0);
    assert_int_equal(interfaces.count, 0);
    assert_int_equal(use_with_address(&interfaces, 24), 0);
    assert_int_not_equal(use_with_address(&interfaces, TOO_LONG), 0);
    assert_int_equal(interfaces.list[0].users, 1);
}

static int use_as(struct tunnel_interfaces *interfaces, uint64_t owner, bool is_shared)
{
    struct tunnel_interface_site site = {.owner = owner, .local.family = IP_V4, .remote.family = IP_V4};
    const struct tunnel_interface wanted = {.vti = {.name = "lo", .is_shared = is_shared}};
    int index;
    return tunnel_interfaces_use(interfaces, &netlink, &wanted, &site, &index);
}

static void test_only_a_shared_vti_serves_several_connections(void **state)
{
    (void)state;
    struct tunnel_interfaces own = {.count = 0}, shared = {.count = 0};
    if (!is_possible)
        skip();
    assert_int_equal(use_as(&own, 1, false), 0);
    assert_int_equal(use_as(&own, 2, false), EBUSY);
    assert_int_equal(own.list[0].users, 1);
    assert_int_equal(use_as(&shared, 1, true), 0);
    assert_int_equal(use_as(&shared, 2, true), 0);
    assert_int_equal(shared.list[0].users, 2);
}

static void test_an_interface_that_is_not_managed_is_not_made(void **state)
{
    (void)state;
    struct tunnel_interfaces interfaces = {.uses_them_as_they_are = true};
    struct tunnel_interface_site site = {.owner = 1, .local.family = IP_V4, .remote.family = IP_V4};
    const struct tunnel_interface wanted = {.is_wanted = true, .number = 77};
    int index;
    if (!is_possible)
        skip();
    assert_int_equal(tunnel_interfaces_use(&interfaces, &netlink, &wanted, &site, &index), ENODEV);
    assert_int_equal(interfaces.count, 0);
    assert_int_equal(if_nametoindex("ipsec77"), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_an_interface_that_takes_the_address_has_a_user),
        cmocka_unit_test(test_who_gets_no_address_is_no_user),
        cmocka_unit_test(test_only_a_shared_vti_serves_several_connections),
        cmocka_unit_test(test_an_interface_that_is_not_managed_is_not_made),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
