/* Source addresses that the router gave to an interface: how long they stay. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "kernel/route_source.h"

static struct ip_address address_of(const char *text)
{
    struct ip_address address;
    assert_true(address_parse(text, &address, NULL));
    return address;
}

static void ours_goes_with_its_last_user(void **state)
{
    (void)state;
    struct route_sources sources;
    struct ip_address address = address_of("10.1.0.9");
    assert_true(route_sources_init(&sources));
    assert_true(route_sources_use(&sources, &address));
    route_sources_note_ours(&sources, &address);
    assert_true(route_sources_use(&sources, &address));
    assert_false(route_sources_release(&sources, &address));
    assert_true(route_sources_release(&sources, &address));
    assert_false(route_sources_release(&sources, &address));
    route_sources_free(&sources, NULL, NULL);
}

static void one_that_was_there_before_stays(void **state)
{
    (void)state;
    struct route_sources sources;
    struct ip_address address = address_of("fd00::9"), unset = {0};
    assert_true(route_sources_init(&sources));
    assert_true(route_sources_use(&sources, &address));
    assert_true(route_sources_use(&sources, &unset));
    assert_false(route_sources_release(&sources, &address));
    assert_false(route_sources_release(&sources, &unset));
    route_sources_free(&sources, NULL, NULL);
}

static void count_removal(const struct ip_address *address, void *context)
{
    (void)address;
    ++*(int *)context;
}

static void what_is_left_at_the_end_is_removed(void **state)
{
    (void)state;
    struct route_sources sources;
    struct ip_address ours = address_of("10.1.0.9"), theirs = address_of("10.1.0.1");
    int removed = 0;
    assert_true(route_sources_init(&sources));
    assert_true(route_sources_use(&sources, &ours) && route_sources_use(&sources, &theirs));
    route_sources_note_ours(&sources, &ours);
    route_sources_free(&sources, count_removal, &removed);
    assert_int_equal(removed, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ours_goes_with_its_last_user),
        cmocka_unit_test(one_that_was_there_before_stays),
        cmocka_unit_test(what_is_left_at_the_end_is_removed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
