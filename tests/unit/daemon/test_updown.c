/* Updown scripts: what they are given, in which order they run, and what comes back. The loop is a real one;
 * the scripts are `sh -c` here. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "daemon/daemon.h"
#include "daemon/front_end.h"
#include "daemon/process.h"

enum { WAIT_SECONDS = 10 };

static struct daemon daemon_under_test;
static char log_of_test[65536];
static char done_order[512]; /* "1=0 2=3 ": request and exit status, in the order in which they ended */
static char failed_verbs[256];
static size_t running_most;
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

static const char *exec_dir = "/nowhere";

const char *daemon_exec_dir(void)
{
    return exec_dir;
}

void daemon_rearm(struct daemon *daemon)
{
    size_t running = process_group_count(daemon->processes);
    running_most = running > running_most ? running : running_most;
    if (updown_is_idle(daemon->updown))
        event_base_loopbreak(daemon->base);
}

void engine_updown_said(struct engine *engine, uint64_t connection_serial, uint64_t request_id,
                        const char *line)
{
    (void)engine;
    (void)connection_serial;
    (void)request_id;
    log_text(line);
}

void engine_updown_done(struct engine *engine, const struct updown_result *result)
{
    size_t size = strlen(done_order), verbs_size = strlen(failed_verbs);
    (void)engine;
    snprintf(done_order + size, sizeof(done_order) - size, "%d=%d ", (int)result->request_id,
             result->exit_status);
    if (result->verb != NULL)
        snprintf(failed_verbs + verbs_size, sizeof(failed_verbs) - verbs_size, "%s ", result->verb);
}

static void child_ended(evutil_socket_t number, short what, void *context)
{
    (void)number;
    (void)what;
    (void)context;
    process_group_reap(daemon_under_test.processes);
}

static int make_queue(void **state)
{
    (void)state;
    log_of_test[0] = done_order[0] = failed_verbs[0] = '\0';
    running_most = 0;
    daemon_under_test.options.rundir = "/run/styx";
    daemon_under_test.base = event_base_new();
    daemon_under_test.processes = process_group_new(daemon_under_test.base);
    daemon_under_test.updown = updown_new(&daemon_under_test);
    child_event = evsignal_new(daemon_under_test.base, SIGCHLD, child_ended, NULL);
    event_add(child_event, NULL);
    return 0;
}

static int free_queue(void **state)
{
    (void)state;
    event_free(child_event);
    process_group_free(daemon_under_test.processes);
    updown_free(daemon_under_test.updown);
    event_base_free(daemon_under_test.base);
    return 0;
}

static const char *const common[] = {"PLUTO_PEER_ID=$(touch /tmp/no); `id`", "PLUTO_INBYTES=0"};
static const char *const prepare[] = {"PLUTO_VERB=prepare-client"}, *const up[] = {"PLUTO_VERB=up-client"};
static const struct updown_step steps[] = {{"prepare-client", prepare, 1}, {"up-client", up, 1}};

static struct updown_request request_of(unsigned id, uint64_t lane, const char *script)
{
    return (struct updown_request){
        .request_id = id,
        .lane = lane,
        .script = script,
        .prefix = "\"west\" #3",
        .environment = common,
        .environment_count = ARRAY_SIZE(common),
        .steps = steps + 1,
        .step_count = 1,
        .ends_at_failure = true,
    };
}

static void submit(unsigned id, uint64_t lane, const char *script)
{
    struct updown_request request = request_of(id, lane, script);
    updown_submit(daemon_under_test.updown, &request);
}

static void run_until_idle(void)
{
    event_base_loopexit(daemon_under_test.base, &(struct timeval){.tv_sec = WAIT_SECONDS});
    event_base_dispatch(daemon_under_test.base);
    assert_true(updown_is_idle(daemon_under_test.updown));
}

/* ---- the tests ---- */

static void environment_is_what_was_given_and_the_path(void **state)
{
    (void)state;
    setenv("STYX_SECRET_OF_THE_PARENT", "1", 1);
    setenv("PATH", "/usr/bin:/bin", 1);
    submit(1, 1, "/usr/bin/env");
    run_until_idle();
    char expected[512];
    snprintf(expected, sizeof(expected),
             "\"west\" #3: up-client output: PATH=/usr/bin:/bin\n"
             "\"west\" #3: up-client output: PLUTO_RUNDIR=/run/styx\n"
             "\"west\" #3: up-client output: PLUTO_PID=%d\n"
             "\"west\" #3: up-client output: PLUTO_PEER_ID=$(touch /tmp/no); `id`\n"
             "\"west\" #3: up-client output: PLUTO_INBYTES=0\n"
             "\"west\" #3: up-client output: PLUTO_VERB=up-client\n",
             (int)getpid());
    assert_string_equal(log_of_test, expected);
    assert_string_equal(done_order, "1=0 ");
}

static void quotes_keep_blanks_and_nothing_is_expanded(void **state)
{
    (void)state;
    submit(1, 1, "/usr/bin/printf '%s|' \"two words\" a\\ b c\"d e\"f $HOME *  last");
    run_until_idle();
    assert_string_equal(log_of_test, "\"west\" #3: up-client output: two words|a b|cd ef|$HOME|*|last|\n");
}

static void exit_status_is_reported_with_script_and_verb(void **state)
{
    (void)state;
    submit(1, 1, "sh -c 'exit 3'");
    submit(2, 2, "sh -c 'kill -TERM $$'");
    submit(3, 3, "sh -c 'exit 255'");
    run_until_idle();
    assert_non_null(strstr(done_order, "1=3 "));
    assert_non_null(strstr(done_order, "2=143 "));
    assert_non_null(strstr(done_order, "3=255 "));
    assert_string_equal(failed_verbs, "up-client up-client up-client ");
    assert_non_null(
        strstr(log_of_test, "\"west\" #3: up-client command \"sh -c 'exit 3'\" exited with status 3\n"));
    assert_non_null(strstr(log_of_test, "exited with signal 15\n"));
    assert_non_null(strstr(log_of_test, "exited with status 255\n"));
}

static void script_that_is_not_there_is_127(void **state)
{
    (void)state;
    submit(1, 1, "/nowhere/script");
    run_until_idle();
    assert_string_equal(done_order, "1=127 ");
    assert_non_null(strstr(log_of_test, "No such file or directory"));
}

static void ipsec_is_that_of_the_installation(void **state)
{
    (void)state;
    char prefix[] = "/tmp/styx-updown-XXXXXX", folder[64], program[64], sbin[64], command[256];
    assert_non_null(mkdtemp(prefix));
    snprintf(folder, sizeof(folder), "%s/libexec/ipsec", prefix);
    snprintf(program, sizeof(program), "%s/sbin/ipsec", prefix);
    snprintf(command, sizeof(command), "mkdir -p %s %s/sbin && ln -s /bin/echo %s", folder, prefix, program);
    assert_int_equal(system(command), 0);
    exec_dir = folder;
    snprintf(sbin, sizeof(sbin), "%s/sbin", prefix);
    assert_string_equal(front_end_dir(), sbin);
    submit(1, 1, "ipsec _updown --x");
    run_until_idle();
    exec_dir = "/nowhere";
    snprintf(command, sizeof(command), "rm -r %s", prefix);
    assert_int_equal(system(command), 0);
    assert_string_equal(log_of_test, "\"west\" #3: up-client output: _updown --x\n");
}

static void calls_of_a_sequence_follow_each_other(void **state)
{
    (void)state;
    struct updown_request request = request_of(1, 1, "sh -c 'echo $PLUTO_VERB'");
    request.steps = steps;
    request.step_count = 2;
    updown_submit(daemon_under_test.updown, &request);
    run_until_idle();
    assert_string_equal(log_of_test, "\"west\" #3: prepare-client output: prepare-client\n"
                                     "\"west\" #3: up-client output: up-client\n");
    assert_string_equal(done_order, "1=0 ");
}

static void first_failure_ends_a_sequence_that_brings_up(void **state)
{
    (void)state;
    struct updown_request request = request_of(1, 1, "sh -c 'echo ran; exit 5'");
    request.steps = steps;
    request.step_count = 2;
    updown_submit(daemon_under_test.updown, &request);
    run_until_idle();
    assert_string_equal(done_order, "1=5 ");
    assert_string_equal(failed_verbs, "prepare-client ");
    assert_null(strstr(log_of_test, "up-client"));
}

static void failure_does_not_end_a_sequence_that_takes_down(void **state)
{
    (void)state;
    struct updown_request request = request_of(1, 1, "sh -c 'exit 5'");
    request.steps = steps;
    request.step_count = 2;
    request.ends_at_failure = false;
    updown_submit(daemon_under_test.updown, &request);
    run_until_idle();
    assert_non_null(strstr(log_of_test, "up-client command"));
    assert_string_equal(failed_verbs, "prepare-client ");
}

static void scripts_of_one_lane_keep_their_order(void **state)
{
    (void)state;
    submit(1, 1, "sh -c 'sleep 0.2'");
    submit(2, 1, "sh -c 'sleep 0.1'");
    submit(3, 1, "true");
    run_until_idle();
    assert_string_equal(done_order, "1=0 2=0 3=0 ");
}

static void slow_script_holds_up_no_other_lane(void **state)
{
    (void)state;
    submit(1, 1, "sh -c 'sleep 0.5'");
    submit(2, 2, "true");
    run_until_idle();
    assert_string_equal(done_order, "2=0 1=0 ");
}

static void few_of_many_scripts_run_at_once_and_all_run(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 40; i++)
        submit(i, i, "true");
    run_until_idle();
    unsigned ended = 0;
    for (const char *at = done_order; (at = strchr(at, '=')) != NULL; at++)
        ended++;
    assert_int_equal(ended, 40);
    assert_int_equal(running_most, 8);
}

static void background_child_that_keeps_the_output_open_is_not_waited_for(void **state)
{
    (void)state;
    submit(1, 1, "sh -c 'echo done; sleep 30 & exit 0'");
    run_until_idle();
    assert_string_equal(done_order, "1=0 ");
    assert_string_equal(log_of_test, "\"west\" #3: up-client output: done\n");
}

static void script_that_hangs_is_ended(void **state)
{
    (void)state;
    time_t begun = time(NULL);
    updown_set_time_limit(daemon_under_test.updown, 1);
    submit(1, 1, "sh -c 'sleep 60'");
    submit(2, 1, "true");
    run_until_idle();
    assert_string_equal(done_order, "1=143 2=0 ");
    assert_true(time(NULL) - begun < 5);
    assert_non_null(strstr(log_of_test, "did not end within 1 seconds and is ended"));
}

static void script_that_ignores_its_end_is_killed(void **state)
{
    (void)state;
    updown_set_time_limit(daemon_under_test.updown, 1);
    submit(1, 1, "sh -c 'trap \"\" TERM; while :; do sleep 1; done'");
    run_until_idle();
    assert_string_equal(done_order, "1=137 ");
}

static void script_waits_for_the_last_counters(void **state)
{
    (void)state;
    struct updown_request request = request_of(1, 1, "sh -c 'echo $PLUTO_INBYTES'");
    request.wants_counters = true;
    request.child_serial = 7;
    updown_submit(daemon_under_test.updown, &request);
    updown_counters_came(
        daemon_under_test.updown,
        &(struct kernel_event){.kind = KERNEL_COUNTERS, .ok = true, .child_serial = 7, .in = {.bytes = 84}});
    run_until_idle();
    assert_string_equal(log_of_test, "\"west\" #3: up-client output: 84\n");
}

static void counters_that_never_come_are_not_waited_for_long(void **state)
{
    (void)state;
    struct updown_request request = request_of(1, 1, "sh -c 'echo $PLUTO_INBYTES'");
    request.wants_counters = true;
    request.child_serial = 7;
    updown_submit(daemon_under_test.updown, &request);
    run_until_idle();
    assert_string_equal(log_of_test, "\"west\" #3: up-client output: 0\n");
}

static void queue_that_is_freed_with_scripts_waiting_leaks_nothing(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 5; i++)
        submit(i, i % 2, "true");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_queue, free_queue)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(environment_is_what_was_given_and_the_path),
        TEST(quotes_keep_blanks_and_nothing_is_expanded),
        TEST(exit_status_is_reported_with_script_and_verb),
        TEST(script_that_is_not_there_is_127),
        TEST(ipsec_is_that_of_the_installation),
        TEST(calls_of_a_sequence_follow_each_other),
        TEST(first_failure_ends_a_sequence_that_brings_up),
        TEST(failure_does_not_end_a_sequence_that_takes_down),
        TEST(scripts_of_one_lane_keep_their_order),
        TEST(slow_script_holds_up_no_other_lane),
        TEST(few_of_many_scripts_run_at_once_and_all_run),
        TEST(background_child_that_keeps_the_output_open_is_not_waited_for),
        TEST(script_that_hangs_is_ended),
        TEST(script_that_ignores_its_end_is_killed),
        TEST(script_waits_for_the_last_counters),
        TEST(counters_that_never_come_are_not_waited_for_long),
        TEST(queue_that_is_freed_with_scripts_waiting_leaks_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
