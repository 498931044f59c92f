/* src/config/policy_group_file.c: ipsec.d/policies/NAME. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "config/policy_group_file.h"
#include "memory_reader.h"

static struct policy_groups *read_all(const struct memory_file *files, struct kept_warnings *kept)
{
    struct memory_files memory = {files};
    struct file_reader reader = memory_reader(&memory);
    struct warning_sink sink = keep_warnings(kept);
    struct policy_groups *groups = policy_groups_read(&reader, "/policies", &sink);
    assert_non_null(groups);
    return groups;
}

static void networks_with_ports_comments_and_includes_are_read(void **state)
{
    (void)state;
    static const struct memory_file files[] = {
        {"/policies/clear", "# comment\n\n10.1.0.0/16 # behind\n  fd00::/8\t\n192.0.2.7 tcp 0 80\nnone", 0},
        {"/policies/private", "include /more/*.inc\n0.0.0.0/0", 0},
        {"/policies/clear~", "10.9.0.0/16", 0},
        {"/more/a.inc", "10.2.0.0/16\n", 0},
        {"/more/b.inc", "10.3.0.0/16 udp 500 %any\n", 0},
        {NULL, NULL, 0}};
    struct kept_warnings kept = {0};
    struct policy_groups *groups = read_all(files, &kept);
    assert_int_equal(groups->group_count, 2);
    const struct policy_group *clear = &groups->groups[0], *private = &groups->groups[1];
    assert_string_equal(clear->name, "clear");
    assert_int_equal(clear->entry_count, 3);
    assert_int_equal(clear->entries[0].network.length, 16);
    assert_int_equal(clear->entries[1].network.address.family, IP_V6);
    assert_int_equal(clear->entries[2].network.length, 32);
    assert_int_equal(clear->entries[2].protocol, 6);
    assert_int_equal(clear->entries[2].remote_port, 80);
    assert_int_equal(kept.count, 1);
    assert_non_null(strstr(kept.text, "/policies/clear:6:1: found network \"none\""));
    assert_string_equal(private->name, "private");
    assert_int_equal(private->entry_count, 3);
    assert_int_equal(private->entries[1].local_port, 500);
    assert_int_equal(private->entries[2].network.length, 0);
    policy_groups_free(groups);
}

static void lines_that_cannot_be_read_are_left_out_with_place_and_reason(void **state)
{
    (void)state;
    static const struct {
        const char *line, *reason;
    } rows[] = {
        {"10.0.0.0/33", ":1:1: found network"},
        {"10.0.0.0/8 tcp", ":1:12: found the last word \"tcp\""},
        {"10.0.0.0/8 tcp 1 2 3", "the last word"},
        {"10.0.0.0/8 nonsense 0 0", ":1:12: found protocol"},
        {"10.0.0.0/8 tcp 0 65536", ":1:18: found port"},
        {"10.0.0.0/8/tcp/80", "found network"},
        {"include /nowhere/*", ":1:9: found include"},
        {"include /policies/x", "include too deep"},
    };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        const struct memory_file files[] = {{"/policies/x", rows[i].line, 0}, {NULL, NULL, 0}};
        struct kept_warnings kept = {0};
        struct policy_groups *groups = read_all(files, &kept);
        if (groups->groups[0].entry_count != 0 || strstr(kept.text, rows[i].reason) == NULL)
            fail_msg("%s: %s", rows[i].line, kept.text);
        policy_groups_free(groups);
    }
}

static void no_directory_means_no_groups(void **state)
{
    (void)state;
    static const struct memory_file none[] = {{NULL, NULL, 0}};
    struct kept_warnings kept = {0};
    struct policy_groups *groups = read_all(none, &kept);
    assert_int_equal(groups->group_count, 0);
    assert_int_equal(kept.count, 0);
    policy_groups_free(groups);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(networks_with_ports_comments_and_includes_are_read),
        cmocka_unit_test(lines_that_cannot_be_read_are_left_out_with_place_and_reason),
        cmocka_unit_test(no_directory_means_no_groups),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
