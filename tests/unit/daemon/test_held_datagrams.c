/* Datagrams that wait for the data plane: when they leave, and in which order. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "daemon/held_datagrams.h"

struct sent {
    char text[16];
    size_t size;
};

static void note(void *context, const struct path *path, struct bytes datagram)
{
    struct sent *sent = context;
    assert_int_equal(path->remote.port, 4500);
    assert_int_equal(datagram.size, 1);
    sent->text[sent->size++] = (char)datagram.data[0];
}

static void add(struct held_datagrams *held, uint64_t number, const char *text)
{
    struct path path = {.remote.port = 4500};
    assert_true(held_datagrams_add(held, number, &path, bytes_of(text, 1)));
}

static void those_that_are_settled_leave_in_order(void **state)
{
    struct held_datagrams held;
    struct sent sent = {0};
    (void)state;
    held_datagrams_init(&held);
    add(&held, 3, "a");
    add(&held, 3, "b");
    add(&held, 5, "c");
    held_datagrams_release(&held, 2, note, &sent);
    assert_int_equal(sent.size, 0);
    held_datagrams_release(&held, 4, note, &sent);
    assert_string_equal(sent.text, "ab");
    held_datagrams_release(&held, UINT64_MAX, note, &sent);
    assert_string_equal(sent.text, "abc");
}

/* A datagram that is sent may have the engine send another one. */
static struct held_datagrams growing;

static void add_another(void *context, const struct path *path, struct bytes datagram)
{
    note(context, path, datagram);
    if (datagram.data[0] == 'a')
        add(&growing, 9, "z");
}

static void one_that_comes_meanwhile_waits_its_turn(void **state)
{
    struct sent sent = {0};
    (void)state;
    held_datagrams_init(&growing);
    add(&growing, 1, "a");
    held_datagrams_release(&growing, 1, add_another, &sent);
    assert_string_equal(sent.text, "a");
    held_datagrams_release(&growing, 9, note, &sent);
    assert_string_equal(sent.text, "az");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(those_that_are_settled_leave_in_order),
        cmocka_unit_test(one_that_comes_meanwhile_waits_its_turn),
    };
    return cmocka_run_group_tests_name("held_datagrams", tests, NULL, NULL);
}
