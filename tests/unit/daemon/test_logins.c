/* xauthby=pam: how many programs ask PAM at once, and that none is left over. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>

#include "daemon/daemon.h"
#include "daemon/process.h"

enum { PROGRAMS_EXPECTED = 256 };

static struct process_settings running[PROGRAMS_EXPECTED + 1];
static size_t running_count, answer_count;
static struct login_result last_answer;

const char *daemon_exec_dir(void)
{
    return "/nowhere";
}

void daemon_rearm(struct daemon *daemon)
{
    (void)daemon;
}

int process_start(struct process_group *group, const struct process_settings *settings)
{
    (void)group;
    assert_in_range(running_count, 0, PROGRAMS_EXPECTED);
    running[running_count++] = *settings;
    return 0;
}

void engine_login_checked(struct engine *engine, const struct login_result *result)
{
    (void)engine;
    last_answer = *result;
    answer_count++;
}

static void end_one(int exit_status)
{
    const struct process_settings *ended = &running[--running_count];
    ended->on_end(ended->context, exit_status);
}

static void no_more_programs_than_the_limit_ask_pam_at_once(void **state)
{
    (void)state;
    struct setup setup = {0};
    struct daemon daemon = {.base = event_base_new(), .options.setup = &setup};
    struct login_request request = {.by = XAUTHBY_PAM, .connection = "net", .user = "u", .password = "p"};
    struct logins *logins = logins_new(&daemon);
    assert_non_null(logins);
    for (request.request_id = 1; request.request_id <= PROGRAMS_EXPECTED + 1; request.request_id++)
        logins_check(logins, &request);
    assert_int_equal(running_count, PROGRAMS_EXPECTED);
    assert_int_equal(answer_count, 0);
    event_base_loop(daemon.base, EVLOOP_NONBLOCK);
    assert_int_equal(answer_count, 1);
    assert_int_equal(last_answer.request_id, PROGRAMS_EXPECTED + 1);
    assert_false(last_answer.is_right);
    assert_string_equal(last_answer.reason, "too many users log in at once");
    /* One that ends makes room for another. */
    end_one(0);
    assert_true(last_answer.is_right);
    logins_check(logins, &request);
    assert_int_equal(running_count, PROGRAMS_EXPECTED);
    while (running_count > 0)
        end_one(1);
    assert_false(last_answer.is_right);
    assert_int_equal(answer_count, PROGRAMS_EXPECTED + 2);
    logins_free(logins);
    event_base_free(daemon.base);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_more_programs_than_the_limit_ask_pam_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
