/* SAs of the kernel's back ends: what the engine is told of the peer's mappings. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "kernel/kernel_plane.h"

static const struct ip_endpoint here = {.port = 4500}, first = {.port = 1001}, second = {.port = 1002};

static size_t told_count;
static struct ip_endpoint told;

static void note(void *context, const struct kernel_event *event)
{
    (void)context;
    assert_int_equal(event->kind, KERNEL_MAPPING);
    told_count++;
    told = event->remote;
}

static void packets_come_from(struct kernel_plane *plane, struct plane_sa *sa,
                              const struct ip_endpoint *remote)
{
    kernel_plane_tell_mapping(plane, sa, remote);
    kernel_plane_tell_mapping(plane, sa, remote);
    event_queue_drain(&plane->events, note, NULL);
}

static void a_mapping_is_told_once(void **state)
{
    struct kernel_plane plane = {0};
    struct plane_sa sa = {.local = here, .remote = first};
    (void)state;
    told_count = 0;
    assert_true(event_queue_init(&plane.events, NULL));
    packets_come_from(&plane, &sa, &second);
    assert_int_equal(told_count, 1);
    assert_int_equal(told.port, second.port);
    plane_sa_move(&sa, &here, &second);
    packets_come_from(&plane, &sa, &second); /* from before the move */
    assert_int_equal(told_count, 1);
    event_queue_free(&plane.events);
}

static void a_peer_that_goes_back_to_a_former_mapping_is_told_again(void **state)
{
    struct kernel_plane plane = {0};
    struct plane_sa sa = {.local = here, .remote = second};
    (void)state;
    told_count = 0;
    assert_true(event_queue_init(&plane.events, NULL));
    packets_come_from(&plane, &sa, &first);
    plane_sa_move(&sa, &here, &first);
    plane_sa_move(&sa, &here, &second); /* IKE has shown it, not a packet of the SA */
    packets_come_from(&plane, &sa, &first);
    assert_int_equal(told_count, 2);
    assert_int_equal(told.port, first.port);
    event_queue_free(&plane.events);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_mapping_is_told_once),
        cmocka_unit_test(a_peer_that_goes_back_to_a_former_mapping_is_told_again),
    };
    return cmocka_run_group_tests_name("plane_sa", tests, NULL, NULL);
}
