/* src/engine/ikev2/traffic_selectors.c and the order of nonces. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "engine/ikev2/rekey_child.h"
#include "engine/ikev2/traffic_selectors.h"

static struct selector selector(const char *prefix_text, uint8_t protocol, uint16_t port)
{
    struct ip_prefix prefix;
    assert_true(prefix_parse(prefix_text, &prefix, NULL));
    return selector_of_prefix(&prefix, protocol, port);
}

static void narrowing_gives_what_both_allow(void **state)
{
    (void)state;
    struct selector ours[] = {selector("10.1.0.0/16", 0, 0), selector("2001:db8::/64", 0, 0)};
    struct selector theirs[] = {selector("10.0.0.0/8", 17, 0), selector("10.1.2.0/24", 0, 0),
                                selector("::/0", 0, 0)};
    struct selector out[8];
    assert_int_equal(selectors_narrow(ours, 2, theirs, 3, out, 8), 3);
    assert_int_equal(out[0].protocol, 17);
    struct selector expected = selector("10.1.2.0/24", 0, 0);
    assert_true(selector_equal(&out[1], &expected));
    assert_true(selector_equal(&out[2], &ours[1]));
}

static void what_lies_inside_another_is_left_out_and_the_limit_holds(void **state)
{
    (void)state;
    struct selector ours[] = {selector("10.0.0.0/8", 0, 0)};
    struct selector theirs[] = {selector("10.0.0.0/8", 0, 0), selector("10.1.0.0/16", 0, 0),
                                selector("11.0.0.0/8", 0, 0)};
    struct selector out[1];
    assert_int_equal(selectors_narrow(ours, 1, theirs, 3, out, 1), 1);
    assert_int_equal(selectors_narrow(ours, 1, theirs + 2, 1, out, 1), 0);
    struct selector packet_first[] = {selector("10.1.2.3/32", 6, 80), theirs[0]}, both[2];
    assert_int_equal(selectors_narrow(ours, 1, packet_first, 2, both, 2), 1);
    assert_true(selector_equal(&both[0], &theirs[0]));
    assert_true(selectors_cover(theirs, 1, theirs, 2));
    assert_false(selectors_cover(theirs + 1, 1, theirs, 1));
}

/* RFC 7296 2.8.1: octet by octet, and the shorter of two that begin alike is the lower. */
static void nonces_are_ordered_as_octet_strings(void **state)
{
    (void)state;
    static const struct {
        const char *a, *b;
        bool a_is_lower;
    } table[] = {
        {"aaaa", "aaab", true},  {"aaab", "aaaa", false}, {"aaaa", "aaaaa", true}, {"aaaaa", "aaaa", false},
        {"aaaa", "aaaa", false}, {"b", "aaaa", false},    {"a\xff", "b", true},    {"\x7f", "\x80", true},
    };
    for (size_t i = 0; i < ARRAY_SIZE(table); i++)
        assert_int_equal(rekey_nonce_is_lower(bytes_of_text(table[i].a), bytes_of_text(table[i].b)),
                         table[i].a_is_lower);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(narrowing_gives_what_both_allow),
        cmocka_unit_test(what_lies_inside_another_is_left_out_and_the_limit_holds),
        cmocka_unit_test(nonces_are_ordered_as_octet_strings),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
