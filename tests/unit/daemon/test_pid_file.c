/* The locks of a run directory: one pluto at a time, and the next as soon as the one before lets go. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "daemon/daemon.h"

static char folder[32], path[48];

static int make_folder(void **state)
{
    (void)state;
    strcpy(folder, "/tmp/styx-pid-XXXXXX");
    if (mkdtemp(folder) == NULL)
        return -1;
    snprintf(path, sizeof(path), "%s/pluto.pid", folder);
    return 0;
}

static int remove_folder(void **state)
{
    (void)state;
    pid_file_remove(path);
    rmdir(folder);
    return 0;
}

static long number_in_file(void)
{
    char text[32] = "";
    FILE *file = fopen(path, "r");
    if (file != NULL) {
        (void)!fgets(text, sizeof(text), file);
        fclose(file);
    }
    return strtol(text, NULL, 10);
}

static void the_file_is_locked_and_names_the_process(void **state)
{
    (void)state;
    assert_int_equal(pid_file_take(path), 0);
    pid_file_write(path);
    assert_int_equal(number_in_file(), getpid());
    assert_int_equal(pid_file_take(path), EXIT_LOCKED);
}

static void a_removed_file_opens_no_way(void **state)
{
    (void)state;
    assert_int_equal(pid_file_take(path), 0);
    pid_file_write(path);
    unlink(path);
    assert_int_equal(pid_file_take(path), EXIT_LOCKED);
    assert_int_equal(access(path, F_OK), -1);
}

static void a_removed_file_is_restored(void **state)
{
    (void)state;
    assert_int_equal(pid_file_take(path), 0);
    pid_file_write(path);
    unlink(path);
    pid_file_restore(path);
    assert_int_equal(number_in_file(), getpid());
    assert_int_equal(pid_file_take(path), EXIT_LOCKED);
}

/* It has said that it is down, and need not have ended yet. */
static void the_next_starts_when_the_one_before_lets_go(void **state)
{
    (void)state;
    assert_int_equal(pid_file_take(path), 0);
    pid_file_write(path);
    pid_file_remove(path);
    assert_int_equal(pid_file_take(path), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_folder, remove_folder)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_file_is_locked_and_names_the_process),
        TEST(a_removed_file_opens_no_way),
        TEST(a_removed_file_is_restored),
        TEST(the_next_starts_when_the_one_before_lets_go),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
