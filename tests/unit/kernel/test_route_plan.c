/* The routes of a policy: selectors taken apart into prefixes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "kernel/host_addresses.h"
#include "kernel/route_plan.h"

static struct selector range_of(const char *start, const char *end)
{
    struct selector selector = {.port_end = UINT16_MAX};
    assert_true(address_parse(start, &selector.range.start, NULL));
    assert_true(address_parse(end, &selector.range.end, NULL));
    return selector;
}

static void expect_prefixes(const char *start, const char *end, const char *const *expected, size_t count)
{
    struct ip_prefix found[SELECTOR_PREFIXES_MAX];
    char text[ADDRESS_TEXT_SIZE + 4];
    struct selector selector = range_of(start, end);
    assert_int_equal(route_prefixes_of_selector(&selector, found), count);
    for (size_t i = 0; i < count; i++)
        assert_string_equal(prefix_text(&found[i], text), expected[i]);
}

static void test_a_subnet_is_one_route(void **state)
{
    (void)state;
    expect_prefixes("10.2.0.0", "10.2.255.255", (const char *[]){"10.2.0.0/16"}, 1);
    expect_prefixes("0.0.0.0", "255.255.255.255", (const char *[]){"0.0.0.0/0"}, 1);
    expect_prefixes("fd02::", "fd02::ffff:ffff:ffff:ffff", (const char *[]){"fd02::/64"}, 1);
}

static void test_a_range_is_the_fewest_routes_that_cover_it_exactly(void **state)
{
    (void)state;
    expect_prefixes("10.0.0.1", "10.0.0.6",
                    (const char *[]){"10.0.0.1/32", "10.0.0.2/31", "10.0.0.4/31", "10.0.0.6/32"}, 4);
    expect_prefixes("fd02::1", "fd02::3", (const char *[]){"fd02::1/128", "fd02::2/127"}, 2);
}

static void test_the_worst_range_keeps_within_the_bound(void **state)
{
    (void)state;
    struct ip_prefix found[SELECTOR_PREFIXES_MAX];
    struct selector v4 = range_of("0.0.0.1", "255.255.255.254");
    struct selector v6 = range_of("::1", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:fffe");
    assert_int_equal(route_prefixes_of_selector(&v4, found), 62);
    assert_int_equal(route_prefixes_of_selector(&v6, found), 254);
}

static void test_the_host_has_its_loopback_address(void **state)
{
    (void)state;
    struct selector loopback = range_of("127.0.0.0", "127.255.255.255");
    struct selector nobody = range_of("240.0.0.0", "240.0.0.255");
    struct host_addresses addresses;
    host_addresses_init(&addresses);
    struct ip_address found = host_addresses_find_inside(&addresses, &loopback);
    assert_int_equal(found.family, IP_V4);
    assert_int_equal(found.bytes[0], 127);
    found = host_addresses_find_inside(&addresses, &nobody);
    assert_false(address_is_set(&found));
    host_addresses_free(&addresses);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_subnet_is_one_route),
        cmocka_unit_test(test_a_range_is_the_fewest_routes_that_cover_it_exactly),
        cmocka_unit_test(test_the_worst_range_keeps_within_the_bound),
        cmocka_unit_test(test_the_host_has_its_loopback_address),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
