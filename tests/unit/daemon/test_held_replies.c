/* Ends of replies that wait for the data plane: when they come, and in which order. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "daemon/held_replies.h"

static uint64_t ended[4];
static unsigned ended_count;

static void note(void *context, uint64_t client, int code)
{
    assert_null(context);
    assert_int_equal(code, (int)client + 1);
    ended[ended_count++] = client;
}

static void those_that_are_settled_end_in_order(void **state)
{
    struct held_replies held;
    (void)state;
    ended_count = 0;
    held_replies_init(&held);
    held_replies_expect(&held, 3);
    assert_true(held_replies_add(&held, 2, 7, 8));
    assert_true(held_replies_add(&held, 2, 6, 7));
    held_replies_expect(&held, 5);
    assert_true(held_replies_add(&held, 2, 9, 10));
    held_replies_release(&held, 2, note, NULL);
    assert_int_equal(ended_count, 0);
    held_replies_release(&held, 4, note, NULL);
    assert_int_equal(ended_count, 2);
    held_replies_release(&held, UINT64_MAX, note, NULL);
    assert_int_equal(ended_count, 3);
    assert_true(ended[0] == 7 && ended[1] == 6 && ended[2] == 9);
}

/* What was asked for has been handed over with an earlier message, or for somebody else's reply. */
static void whoever_ends_meanwhile_waits_too(void **state)
{
    struct held_replies held;
    (void)state;
    ended_count = 0;
    held_replies_init(&held);
    assert_false(held_replies_add(&held, 0, 1, 2));
    held_replies_expect(&held, 4);
    held_replies_expect(&held, 0);
    assert_true(held_replies_add(&held, 3, 1, 2));
    assert_true(held_replies_add(&held, 3, 2, 3));
    held_replies_release(&held, 4, note, NULL);
    assert_int_equal(ended_count, 2);
    assert_false(held_replies_add(&held, 4, 3, 4));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whoever_ends_meanwhile_waits_too),
        cmocka_unit_test(those_that_are_settled_end_in_order),
    };
    return cmocka_run_group_tests_name("held_replies", tests, NULL, NULL);
}
