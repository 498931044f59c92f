/* Traffic selectors in the terms of kernels. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "kernel/packet_selector.h"

static struct selector selector_from(const char *start, const char *end, uint8_t protocol, uint16_t port)
{
    struct selector selector = {
        .protocol = protocol, .port_start = port, .port_end = port != 0 ? port : UINT16_MAX};
    assert_true(address_parse(start, &selector.range.start, NULL));
    assert_true(address_parse(end, &selector.range.end, NULL));
    return selector;
}

static void test_ends_of_two_protocols_make_no_selector(void **state)
{
    enum { TCP = 6, UDP = 17, HTTP = 80, DNS = 53 };
    (void)state;
    const struct selector here[] = {selector_from("10.1.0.0", "10.1.255.255", TCP, 0),
                                    selector_from("10.1.0.0", "10.1.255.255", UDP, 0)};
    const struct selector there[] = {selector_from("10.2.0.0", "10.2.255.255", TCP, HTTP),
                                     selector_from("10.2.0.0", "10.2.255.255", UDP, DNS)};
    size_t count;
    struct packet_selector *list = packet_selectors_of_pairs(here, 2, there, 2, &count);
    assert_int_equal(count, 2);
    assert_int_equal(list[0].protocol, TCP);
    assert_int_equal(list[0].destination_port, HTTP);
    assert_int_equal(list[1].protocol, UDP);
    assert_int_equal(list[1].destination_port, DNS);
    free(list);
}

static void test_ends_of_two_families_make_no_selector(void **state)
{
    (void)state;
    const struct selector here = selector_from("10.1.0.0", "10.1.255.255", 0, 0);
    const struct selector there[] = {selector_from("fd02::", "fd02::ffff", 0, 0),
                                     selector_from("10.2.0.0", "10.2.255.255", 0, 0)};
    size_t count;
    struct packet_selector *list = packet_selectors_of_pairs(&here, 1, there, 2, &count);
    assert_int_equal(count, 1);
    assert_int_equal(list[0].destination.address.family, IP_V4);
    free(list);
}

static void test_one_pair_that_is_too_much_fails_all(void **state)
{
    (void)state;
    const struct selector here = selector_from("10.0.0.1", "10.255.255.254", 0, 0);
    const struct selector there[] = {selector_from("172.16.0.0", "172.16.255.255", 0, 0),
                                     selector_from("11.0.0.1", "11.255.255.254", 0, 0)};
    size_t count;
    struct packet_selector *list = packet_selectors_of_pairs(&here, 1, &there[0], 1, &count);
    assert_true(count > 0);
    free(list);
    list = packet_selectors_of_pairs(&here, 1, there, 2, &count);
    assert_int_equal(count, 0);
    assert_null(list);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ends_of_two_protocols_make_no_selector),
        cmocka_unit_test(test_ends_of_two_families_make_no_selector),
        cmocka_unit_test(test_one_pair_that_is_too_much_fails_all),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
