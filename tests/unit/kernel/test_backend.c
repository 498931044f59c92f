/* Choosing a back end by name, and the one that carries nothing. */
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "kernel/backend.h"

enum { PF_KEY_V2_NUMBER = 2 };

struct seen {
    int lines, events;
    struct kernel_event last;
};

static void on_event(void *context, const struct kernel_event *event)
{
    struct seen *seen = context;
    seen->events++;
    seen->last = *event;
}

static void on_log(void *context, const char *line)
{
    struct seen *seen = context;
    seen->lines++;
    assert_non_null(strstr(line, "userspace"));
}

static usec_t no_time(void *context)
{
    (void)context;
    return 0;
}

static struct backend_settings settings_for(struct seen *seen)
{
    return (struct backend_settings){.on_event = on_event, .context = seen, .log = on_log, .now = no_time};
}

static void test_names_and_aliases_lead_to_back_ends(void **state)
{
    (void)state;
    assert_ptr_equal(backend_by_name("userspace"), &backend_userspace);
    assert_ptr_equal(backend_by_name("none"), &backend_none);
    assert_ptr_equal(backend_by_name("noklips"), &backend_none);
    assert_ptr_equal(backend_by_name("xfrm"), &backend_xfrm);
    assert_ptr_equal(backend_by_name("netkey"), &backend_xfrm);
    assert_ptr_equal(backend_by_name("pfkey"), &backend_pfkey);
    assert_ptr_equal(backend_by_name("bsdkame"), &backend_pfkey);
    assert_null(backend_by_name("carrier-pigeon"));
}

/* A kernel without ESP is passed over, and that is told in one line. */
static void test_the_kernel_is_asked_before_the_choice_is_made(void **state)
{
    (void)state;
    struct seen seen = {0};
    struct backend_settings settings = settings_for(&seen);
    struct error error;
    bool has_esp = xfrm_is_available(&error);
    const char *const wishes[] = {NULL, "", "auto", "xfrm", "netkey", "native"};
    for (size_t i = 0; i < ARRAY_SIZE(wishes); i++)
        assert_ptr_equal(backend_choose(wishes[i], &settings, &error),
                         has_esp ? &backend_xfrm : &backend_userspace);
    assert_int_equal(seen.lines, has_esp ? 0 : ARRAY_SIZE(wishes));
    seen.lines = 0;
    assert_ptr_equal(backend_choose("userspace", &settings, &error), &backend_userspace);
    assert_int_equal(seen.lines, 0);
}

static void test_a_back_end_of_another_version_is_refused_by_name(void **state)
{
    (void)state;
    struct seen seen = {0};
    struct backend_settings settings = settings_for(&seen);
    struct error error;
    const char *const names[] = {"klips", "mast"};
    for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
        assert_null(backend_choose(names[i], &settings, &error));
        assert_non_null(strstr(error.text, names[i]));
        assert_non_null(strstr(error.text, "protostack=xfrm or userspace"));
    }
    assert_null(backend_choose("carrier-pigeon", &settings, &error));
    assert_non_null(strstr(error.text, "unknown"));
}

/* Where the kernel has none, the user hears what is missing and what to take instead. */
static void test_a_kernel_without_pf_key_is_told_in_one_line(void **state)
{
    (void)state;
    struct seen seen = {0};
    struct backend_settings settings = settings_for(&seen);
    struct error error = {0};
    int fd = socket(PF_KEY, SOCK_RAW, PF_KEY_V2_NUMBER);
    if (fd >= 0) {
        close(fd);
        skip();
    }
    assert_null(backend_pfkey.open(&settings, &error));
    assert_non_null(strstr(error.text, "PF_KEY"));
    assert_null(strchr(error.text, '\n'));
}

static void test_none_answers_every_request_from_dispatch_only(void **state)
{
    (void)state;
    struct seen seen = {0};
    struct backend_settings settings = settings_for(&seen);
    struct backend *backend = backend_none.open(&settings, NULL);
    struct pollfd ready = {.fd = backend_none.event_fd(backend), .events = POLLIN};
    assert_int_equal(poll(&ready, 1, 0), 0);
    struct kernel_request delete = {.request_id = 5, .operation = KERNEL_POLICY_DELETE, .policy_id = 1};
    backend_none.request(backend, &delete);
    assert_int_equal(seen.events, 0);
    assert_int_equal(poll(&ready, 1, 0), 1);
    backend_none.dispatch(backend);
    assert_int_equal(seen.events, 1);
    assert_int_equal(seen.last.kind, KERNEL_DONE);
    assert_int_equal(seen.last.request_id, 5);
    assert_true(seen.last.ok);
    assert_int_equal(poll(&ready, 1, 0), 0);
    struct kernel_request query = {.request_id = 6, .operation = KERNEL_SA_QUERY, .child_serial = 9};
    backend_none.request(backend, &query);
    backend_none.dispatch(backend);
    assert_int_equal(seen.last.kind, KERNEL_COUNTERS);
    assert_int_equal(seen.last.child_serial, 9);
    backend_none.close(backend, false);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names_and_aliases_lead_to_back_ends),
        cmocka_unit_test(test_the_kernel_is_asked_before_the_choice_is_made),
        cmocka_unit_test(test_a_back_end_of_another_version_is_refused_by_name),
        cmocka_unit_test(test_a_kernel_without_pf_key_is_told_in_one_line),
        cmocka_unit_test(test_none_answers_every_request_from_dispatch_only),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
