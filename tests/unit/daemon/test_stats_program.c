/* statsbin=: what the program is told, how many run, and that a connection is told of once for many changes.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "daemon/daemon.h"
#include "daemon/stats_program.h"

static char path[64], log_of_test[1024];
static struct event_base *base;
static struct process_group *processes;
static struct event *child_event;

void log_line(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(log_of_test, sizeof(log_of_test), format, arguments);
    va_end(arguments);
}

static void child_ended(evutil_socket_t number, short what, void *context)
{
    (void)number;
    (void)what;
    (void)context;
    process_group_reap(processes);
}

static int begin(void **state)
{
    (void)state;
    snprintf(path, sizeof(path), "/tmp/styx-stats-XXXXXX");
    close(mkstemp(path));
    log_of_test[0] = '\0';
    base = event_base_new();
    processes = process_group_new(base);
    child_event = evsignal_new(base, SIGCHLD, child_ended, NULL);
    event_add(child_event, NULL);
    return 0;
}

static int end(void **state)
{
    (void)state;
    event_free(child_event);
    process_group_free(processes);
    event_base_free(base);
    return unlink(path);
}

static struct stats_program *writing_program(void)
{
    char command[128];
    snprintf(command, sizeof(command), "sh -c 'echo \"$@\" >>%s' x", path);
    return stats_program_new(base, processes, command);
}

static void tell(struct stats_program *program, const char *connection, enum event_kind event)
{
    stats_program_tell(program, &(struct report){.event = event, .connection = connection, .text = ""},
                       "eth0");
}

static void run_for(long milliseconds)
{
    event_base_loopexit(base, &(struct timeval){.tv_usec = milliseconds * 1000});
    event_base_dispatch(base);
}

static const char *told(void)
{
    static char text[65536];
    FILE *file = fopen(path, "r");
    text[fread(text, 1, sizeof(text) - 1, file)] = '\0';
    fclose(file);
    return text;
}

static void words_are_those_of_libreswan(void **state)
{
    (void)state;
    struct stats_program *program = writing_program();
    tell(program, "net", EVENT_CHILD_DOWN);
    run_for(300);
    assert_string_equal(told(),
                        "ipsec-tunnel-net if_stats /proc/net/dev/eth0 ; ipsec-tunnel-net tunnel down ; "
                        "ipsec-tunnel-net phase1 unchanged ; ipsec-tunnel-net phase2 down ; "
                        "ipsec-tunnel-net nfmark-me/him 0x0/0x0\n");
    stats_program_free(program);
}

static void many_changes_at_once_are_told_of_once(void **state)
{
    (void)state;
    struct stats_program *program = writing_program();
    tell(program, "net", EVENT_IKE_UP);
    tell(program, "net", EVENT_CHILD_UP);
    tell(program, "net", EVENT_FAILED);
    tell(program, NULL, EVENT_IKE_UP);
    run_for(300);
    assert_non_null(strstr(told(), "tunnel up ; ipsec-tunnel-net phase1 up ; ipsec-tunnel-net phase2 up"));
    assert_ptr_equal(strchr(told(), '\n'), strrchr(told(), '\n'));
    stats_program_free(program);
}

static void a_slow_program_runs_a_few_times_at_once(void **state)
{
    (void)state;
    char name[16];
    struct stats_program *program = stats_program_new(base, processes, "sh -c 'sleep 9'");
    for (int i = 0; i < 100; i++) {
        snprintf(name, sizeof(name), "c%d", i);
        tell(program, name, EVENT_IKE_UP);
    }
    run_for(200);
    assert_int_equal(process_group_count(processes), 4);
    process_group_free(processes);
    processes = process_group_new(base);
    stats_program_free(program);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(words_are_those_of_libreswan, begin, end),
        cmocka_unit_test_setup_teardown(many_changes_at_once_are_told_of_once, begin, end),
        cmocka_unit_test_setup_teardown(a_slow_program_runs_a_few_times_at_once, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
