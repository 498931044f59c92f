/* Updown scripts: what they are given, in which order they run, and what comes back. The loop is a real one;
 * the scripts are `sh -c` here. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "daemon/daemon.h"

enum { WAIT_SECONDS = 10 };

static struct daemon daemon_under_test;
static char log_of_test[65536];
static char done_order[512]; /* "1=0 2=3 ": request and exit status, in the order in which they ended */
static struct event *child_event;

/* ---- what the rest of the daemon would do ---- */

void log_text(const char *text)
{
    size_t size = strlen(log_of_test);
    snprintf(log_of_test + size, sizeof(log_of_test) - size, "%s\n", text);
}

void log_line(const char *format, ...)
{
    char line[2048];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(line, sizeof(line), format, arguments);
    va_end(arguments);
    log_text(line);
}

const char *daemon_exec_dir(void)
{
    return "/nowhere";
}

void daemon_rearm(struct daemon *daemon)
{
    (void)daemon;
}

void daemon_scripts_done(struct daemon *daemon)
{
    event_base_loopbreak(daemon->base);
}

void engine_updown_done(struct engine *engine, uint64_t request_id, int exit_status)
{
    size_t size = strlen(done_order);
    (void)engine;
    snprintf(done_order + size, sizeof(done_order) - size, "%d=%d ", (int)request_id, exit_status);
}

static void child_ended(evutil_socket_t number, short what, void *context)
{
    (void)number;
    (void)what;
    (void)context;
    updown_reap(daemon_under_test.updown);
}

static int make_queue(void **state)
{
    (void)state;
    log_of_test[0] = done_order[0] = '\0';
    daemon_under_test.base = event_base_new();
    daemon_under_test.updown = updown_new(&daemon_under_test);
    child_event = evsignal_new(daemon_under_test.base, SIGCHLD, child_ended, NULL);
    event_add(child_event, NULL);
    return 0;
}

static int free_queue(void **state)
{
    (void)state;
    event_free(child_event);
    updown_free(daemon_under_test.updown);
    event_base_free(daemon_under_test.base);
    return 0;
}

static void submit(unsigned id, const char *connection, const char *script)
{
    static const char *const environment[] = {"PLUTO_VERB=up-client", "PLUTO_PEER_ID=$(touch /tmp/no); `id`"};
    updown_submit(daemon_under_test.updown, &(struct updown_request){
                                                .request_id = id,
                                                .script = script,
                                                .environment = environment,
                                                .environment_count = ARRAY_SIZE(environment),
                                                .connection = connection,
                                                .verb = "up-client",
                                            });
}

static void run_until_idle(void)
{
    event_base_loopexit(daemon_under_test.base, &(struct timeval){.tv_sec = WAIT_SECONDS});
    event_base_dispatch(daemon_under_test.base);
    assert_true(updown_is_idle(daemon_under_test.updown));
}

/* ---- the tests ---- */

static void environment_is_what_was_given_and_a_path(void **state)
{
    (void)state;
    setenv("STYX_SECRET_OF_THE_PARENT", "1", 1);
    submit(1, "west", "/usr/bin/env");
    run_until_idle();
    assert_string_equal(
        log_of_test,
        "\"west\": up-client output: PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\n"
        "\"west\": up-client output: PLUTO_VERB=up-client\n"
        "\"west\": up-client output: PLUTO_PEER_ID=$(touch /tmp/no); `id`\n");
    assert_string_equal(done_order, "1=0 ");
}

static void quotes_keep_blanks_and_nothing_is_expanded(void **state)
{
    (void)state;
    submit(1, "west", "/usr/bin/printf '%s|' \"two words\" $HOME *  last");
    run_until_idle();
    assert_string_equal(log_of_test, "\"west\": up-client output: two words|$HOME|*|last|\n");
}

static void exit_status_is_reported(void **state)
{
    (void)state;
    submit(1, "west", "sh -c 'exit 3'");
    submit(2, "east", "sh -c 'kill -TERM $$'");
    run_until_idle();
    assert_non_null(strstr(done_order, "1=3 "));
    assert_non_null(strstr(done_order, "2=143 "));
}

static void script_that_is_not_there_is_127(void **state)
{
    (void)state;
    submit(1, "west", "/nowhere/script");
    run_until_idle();
    assert_string_equal(done_order, "1=127 ");
    assert_non_null(strstr(log_of_test, "No such file or directory"));
}

static void scripts_of_one_connection_keep_their_order(void **state)
{
    (void)state;
    submit(1, "west", "sh -c 'sleep 0.2'");
    submit(2, "west", "sh -c 'sleep 0.1'");
    submit(3, "west", "true");
    run_until_idle();
    assert_string_equal(done_order, "1=0 2=0 3=0 ");
}

static void slow_script_holds_up_no_other_connection(void **state)
{
    (void)state;
    submit(1, "west", "sh -c 'sleep 0.5'");
    submit(2, "east", "true");
    run_until_idle();
    assert_string_equal(done_order, "2=0 1=0 ");
}

static void more_scripts_than_may_run_at_once_all_run(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 40; i++) {
        char name[16];
        snprintf(name, sizeof(name), "c%u", i);
        submit(i, name, "true");
    }
    run_until_idle();
    unsigned ended = 0;
    for (const char *at = done_order; (at = strchr(at, '=')) != NULL; at++)
        ended++;
    assert_int_equal(ended, 40);
}

static void background_child_that_keeps_the_output_open_is_not_waited_for(void **state)
{
    (void)state;
    submit(1, "west", "sh -c 'echo done; sleep 30 & exit 0'");
    run_until_idle();
    assert_string_equal(done_order, "1=0 ");
    assert_string_equal(log_of_test, "\"west\": up-client output: done\n");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_queue, free_queue)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(environment_is_what_was_given_and_a_path),
        TEST(quotes_keep_blanks_and_nothing_is_expanded),
        TEST(exit_status_is_reported),
        TEST(script_that_is_not_there_is_127),
        TEST(scripts_of_one_connection_keep_their_order),
        TEST(slow_script_holds_up_no_other_connection),
        TEST(more_scripts_than_may_run_at_once_all_run),
        TEST(background_child_that_keeps_the_output_open_is_not_waited_for),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
