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
    held_replies_init(&held);
    assert_true(held_replies_add(&held, 3, 7, 8));
    assert_true(held_replies_add(&held, 3, 6, 7));
    assert_true(held_replies_add(&held, 5, 9, 10));
    held_replies_release(&held, 2, note, NULL);
    assert_int_equal(ended_count, 0);
    held_replies_release(&held, 4, note, NULL);
    assert_int_equal(ended_count, 2);
    held_replies_release(&held, UINT64_MAX, note, NULL);
    assert_int_equal(ended_count, 3);
    assert_true(ended[0] == 7 && ended[1] == 6 && ended[2] == 9);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(those_that_are_settled_end_in_order),
    };
    return cmocka_run_group_tests_name("held_replies", tests, NULL, NULL);
}
