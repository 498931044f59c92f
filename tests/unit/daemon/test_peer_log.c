/* --perpeerlog: where the files are, and how many stay open. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "daemon/daemon.h"
#include "daemon/peer_log.h"

static char folder[64];

void log_line(const char *format, ...)
{
    (void)format;
}

static struct ip_address address_of(const char *text)
{
    struct ip_address address;
    assert_true(address_parse(text, &address, NULL));
    return address;
}

static void read_log(const char *name, char *out, size_t size)
{
    char path[256];
    snprintf(path, sizeof(path), "%s/%s", folder, name);
    FILE *file = fopen(path, "r");
    if (file == NULL)
        fail_msg("%s is not there", path);
    out[fread(out, 1, size - 1, file)] = '\0';
    fclose(file);
}

static int make_folder(void **state)
{
    (void)state;
    snprintf(folder, sizeof(folder), "/tmp/styx-peer-log-XXXXXX");
    return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **state)
{
    char command[128];
    (void)state;
    snprintf(command, sizeof(command), "rm -r %s", folder);
    return system(command);
}

static void dots_and_colons_become_folders(void **state)
{
    (void)state;
    char text[512];
    struct peer_log *log = peer_log_new(folder);
    struct ip_address v4 = address_of("192.0.2.1"), v6 = address_of("2001:db8::1"), unset = {0};
    peer_log_write(log, &v4, "\"net\" #1: first");
    peer_log_write(log, &v4, "\"net\" #1: second");
    peer_log_write(log, &v6, "sixth");
    peer_log_write(log, &unset, "nobody's");
    peer_log_free(log);
    read_log("192/0/2/1/192.0.2.1.log", text, sizeof(text));
    assert_non_null(strstr(text, ": \"net\" #1: first\n"));
    assert_non_null(strstr(text, ": \"net\" #1: second\n"));
    read_log("2001/db8//1/2001:db8::1.log", text, sizeof(text));
    assert_non_null(strstr(text, ": sixth\n"));
}

static int count_open(void)
{
    int count = 0;
    for (int descriptor = 0; descriptor < 1024; descriptor++)
        count += fcntl(descriptor, F_GETFD) != -1;
    return count;
}

static void few_files_stay_open_and_no_line_is_lost(void **state)
{
    (void)state;
    enum { PEERS = 3 * PEER_LOG_OPEN_MAX };
    char text[512], name[64];
    struct peer_log *log = peer_log_new(folder);
    int before = count_open();
    for (int round = 0; round < 2; round++) {
        for (int i = 0; i < PEERS; i++) {
            snprintf(name, sizeof(name), "10.0.0.%d", i);
            struct ip_address peer = address_of(name);
            peer_log_write(log, &peer, round ? "again" : "once");
        }
    }
    assert_in_range(count_open() - before, 1, PEER_LOG_OPEN_MAX);
    peer_log_free(log);
    read_log("10/0/0/7/10.0.0.7.log", text, sizeof(text));
    assert_non_null(strstr(text, "once"));
    assert_non_null(strstr(text, "again"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(dots_and_colons_become_folders, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(few_files_stay_open_and_no_line_is_lost, make_folder, remove_folder),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
