/* The log file: what loglimit= does. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "daemon/daemon.h"

/* More than are let through without a pause. */
enum { LINES = 102000, LIMIT = 100000 };

static size_t lines_of_peers(bool is_limited)
{
    char path[] = "/tmp/styx-log-XXXXXX";
    struct setup setup = {.logfile = path, .loglimit = is_limited, .logip = true};
    int descriptor = mkstemp(path);
    assert_true(descriptor >= 0);
    close(descriptor);
    assert_true(log_open(&setup, NULL));
    for (size_t i = 0; i < LINES; i++)
        log_peer_text("x");
    log_text("ours");
    log_close();
    FILE *file = fopen(path, "r");
    char line[128];
    size_t count = 0;
    bool has_ours = false;
    while (fgets(line, sizeof(line), file) != NULL) {
        count += strcmp(line, "x\n") == 0;
        has_ours = has_ours || strcmp(line, "ours\n") == 0;
    }
    fclose(file);
    unlink(path);
    assert_true(has_ours);
    return count;
}

/* First, for the allowance is the process's. */
static void without_a_limit_every_line_is_there(void **state)
{
    (void)state;
    assert_int_equal(lines_of_peers(false), LINES);
}

/* However slow the machine is, some are lost: it may log a thousand more a second. */
static void lines_that_peers_cause_are_limited(void **state)
{
    (void)state;
    size_t count = lines_of_peers(true);
    assert_true(count >= LIMIT);
    if (count == LINES)
        skip(); /* it took seconds */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_a_limit_every_line_is_there),
        cmocka_unit_test(lines_that_peers_cause_are_limited),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
