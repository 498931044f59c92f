/* Traffic selectors in the terms of kernels. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include <arpa/inet.h>

#include "kernel/packet_selector.h"
#include "kernel/xfrm_selector.h"

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

enum { ICMP = 1, ECHO_REQUEST = 8, ECHO_REQUEST_ANY_CODE = 0x0800, UNREACHABLE_PORT = 0x0303 };

static void test_type_and_code_of_icmp_are_told_apart(void **state)
{
    (void)state;
    size_t count;
    struct selector here = selector_from("10.1.0.0", "10.1.255.255", ICMP, ECHO_REQUEST_ANY_CODE);
    struct selector there = selector_from("10.2.0.0", "10.2.255.255", ICMP, 0);
    here.port_end = ECHO_REQUEST_ANY_CODE | 0xff;
    struct packet_selector *list = packet_selectors_of_pairs(&here, 1, &there, 1, &count);
    assert_int_equal(count, 1);
    assert_int_equal(list[0].source_port, ECHO_REQUEST);
    assert_int_equal(list[0].source_mask, UINT16_MAX);
    assert_int_equal(list[0].destination_mask, 0);
    free(list);
    there.port_start = there.port_end = UNREACHABLE_PORT;
    assert_null(packet_selectors_of_pairs(&here, 1, &there, 1, &count));
    here.port_start = here.port_end = UNREACHABLE_PORT;
    list = packet_selectors_of_pairs(&here, 1, &there, 1, &count);
    assert_int_equal(count, 1);
    assert_int_equal(list[0].source_port, 3);
    assert_int_equal(list[0].destination_port, 3);
    assert_int_equal(list[0].destination_mask, UINT16_MAX);
    free(list);
}

static void test_any_icmp_is_any(void **state)
{
    (void)state;
    size_t count;
    struct selector here = selector_from("10.1.0.0", "10.1.255.255", ICMP, 0);
    struct packet_selector *list = packet_selectors_of_pairs(&here, 1, &here, 1, &count);
    assert_int_equal(count, 1);
    assert_int_equal(list[0].source_mask, 0);
    assert_int_equal(list[0].destination_mask, 0);
    free(list);
}

static void test_a_ping_that_met_a_trap_has_its_type_at_both_ends(void **state)
{
    (void)state;
    const struct xfrm_selector met = {
        .family = AF_INET, .proto = ICMP, .sport = htons(ECHO_REQUEST), .prefixlen_s = 32, .prefixlen_d = 32};
    assert_int_equal(xfrm_selector_end(&met, true).port_start, ECHO_REQUEST_ANY_CODE);
    assert_int_equal(xfrm_selector_end(&met, false).port_start, ECHO_REQUEST_ANY_CODE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ends_of_two_protocols_make_no_selector),
        cmocka_unit_test(test_ends_of_two_families_make_no_selector),
        cmocka_unit_test(test_one_pair_that_is_too_much_fails_all),
        cmocka_unit_test(test_type_and_code_of_icmp_are_told_apart),
        cmocka_unit_test(test_any_icmp_is_any),
        cmocka_unit_test(test_a_ping_that_met_a_trap_has_its_type_at_both_ends),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
