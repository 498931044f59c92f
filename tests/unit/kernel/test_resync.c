/* All SAs are asked for, a few at a time, and nobody has to wake the loop for it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>

#include "kernel/kernel_plane.h"
#include "kernel/resync.h"

enum { SAS = 100 };

static size_t asked_count[SAS];

static char last_line[160];

static void note_line(void *context, const char *line)
{
    (void)context;
    snprintf(last_line, sizeof(last_line), "%s", line);
}

static void ignore_event(void *context, const struct kernel_event *event)
{
    (void)context;
    (void)event;
}

static void note(struct kernel_plane *plane, const struct plane_sa *sa)
{
    (void)plane;
    asked_count[sa->child_serial]++;
}

static void open_plane(struct kernel_plane *plane)
{
    *plane = (struct kernel_plane){.settings = {.log = note_line}};
    list_init(&plane->sas);
    assert_true(event_queue_init(&plane->events, NULL));
    assert_true(hash_table_init(&plane->sas_by_child) && hash_table_init(&plane->sas_by_spi));
    for (uint32_t i = 0; i < SAS; i++) {
        struct plane_sa *sa = calloc(1, sizeof(*sa));
        assert_true(plane_sa_remember(plane, sa, &(struct kernel_sa){.child_serial = i, .spi = 256 + i}));
    }
}

static bool is_woken(const struct kernel_plane *plane)
{
    struct pollfd descriptor = {.fd = plane->events.fd, .events = POLLIN};
    return poll(&descriptor, 1, 0) == 1;
}

/* As the back ends do when their descriptor is readable. */
static void dispatch(struct kernel_plane *plane)
{
    event_queue_drain(&plane->events, ignore_event, NULL);
    resync_some(plane, note);
}

static void every_sa_is_asked_for_once_and_the_last_are_sent(void **state)
{
    struct kernel_plane plane;
    size_t rounds = 0;
    (void)state;
    open_plane(&plane);
    resync_begin(&plane, RESYNC_OVERRUN);
    for (; rounds < SAS && plane.unchecked_count > 0; rounds++) {
        assert_true(is_woken(&plane));
        dispatch(&plane);
    }
    assert_true(rounds > 1);
    assert_true(is_woken(&plane)); /* what was asked last still has to be sent */
    dispatch(&plane);
    assert_false(is_woken(&plane));
    for (size_t i = 0; i < SAS; i++)
        assert_int_equal(asked_count[i], 1);
    plane_sas_free(&plane);
    event_queue_free(&plane.events);
}

static void the_reason_is_told(void **state)
{
    struct kernel_plane plane;
    (void)state;
    open_plane(&plane);
    resync_begin(&plane, "somebody has flushed the kernel's IPsec SAs");
    assert_string_equal(last_line, "somebody has flushed the kernel's IPsec SAs; checking all SAs");
    plane_sas_free(&plane);
    event_queue_free(&plane.events);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_sa_is_asked_for_once_and_the_last_are_sent),
                                       cmocka_unit_test(the_reason_is_told)};
    return cmocka_run_group_tests_name("resync", tests, NULL, NULL);
}
