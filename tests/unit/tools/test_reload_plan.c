/* The plan of a reload: what is new, changed, gone and the same. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "../config/memory_reader.h"
#include "tools/conf_request.h"
#include "tools/reload_plan.h"

#define FILE_NAME "/no/such/ipsec.conf"
#define ENDS "\tleft=192.0.2.1\n\tright=192.0.2.2\n\tauthby=secret\n"

static struct conf *conf;
static struct plan plan;
static struct error error;

/* loaded: "NAME": options as JSON text, with file and is_up. */
static bool make(const char *text, const char *loaded)
{
    const struct memory_file files[] = {{FILE_NAME, text, 0}, {NULL, NULL, 0}};
    struct memory_files all = {files};
    struct file_reader reader = memory_reader(&all);
    json_t *answer = json_loads(loaded, 0, NULL);
    assert_non_null(answer);
    conf = conf_load(&reader, FILE_NAME, NULL, &error);
    assert_non_null(conf);
    return plan_make(&plan, conf, FILE_NAME, answer, NULL, &error);
}

static int clean(void **state)
{
    (void)state;
    plan_free(&plan);
    conf_free(conf);
    conf = NULL;
    return 0;
}

#define LOADED(name, file, more)                                                                             \
    "{\"name\":\"" name "\",\"file\":" file                                                                  \
    ",\"is_up\":false,\"routing\":\"unrouted\",\"options\":\"{\\\"left\\\":"                                 \
    "\\\"192.0.2.1\\\",\\\"right\\\":\\\"192.0.2.2\\\",\\\"authby\\\":\\\"secret\\\"" more "}\"}"
#define OURS "\"" FILE_NAME "\""
#define OPTION(keyword, value) ",\\\"" keyword "\\\":\\\"" value "\\\""

static void another_spelling_is_no_change(void **state)
{
    (void)state;
    assert_true(
        make("conn a\n" ENDS "\tikelifetime=60m\n\tauto=add\n\trekey=yes\n",
             "{\"connections\":[" LOADED("a", OURS, OPTION("ikelifetime", "1h") OPTION("auto", "add")) "]}"));
    assert_int_equal(plan.counts[PLAN_KEEP], 1);
}

static void keep_difference(void *user, const char *keyword, const char *old_value, const char *new_value)
{
    snprintf(user, 128, "%s: %s -> %s", keyword, old_value ? old_value : "-", new_value ? new_value : "-");
}

static void a_change_is_told_with_both_values(void **state)
{
    char told[128];
    (void)state;
    assert_true(
        make("conn a\n" ENDS "\tikelifetime=2h\n\tauto=add\n",
             "{\"connections\":[" LOADED("a", OURS, OPTION("ikelifetime", "1h") OPTION("auto", "add")) "]}"));
    assert_int_equal(plan.counts[PLAN_CHANGE], 1);
    assert_int_equal(plan_differences(&plan.entries[0], keep_difference, told), 1);
    assert_string_equal(told, "ikelifetime: 1h -> 2h");
}

static void another_auto_alone_replaces_nothing(void **state)
{
    (void)state;
    assert_true(make("conn a\n" ENDS "\tauto=start\n",
                     "{\"connections\":[" LOADED("a", OURS, OPTION("auto", "add")) "]}"));
    assert_int_equal(plan.counts[PLAN_DESCRIBE], 1);
}

static void what_the_file_gives_up_is_removed(void **state)
{
    (void)state;
    assert_true(
        make("conn a\n" ENDS "\tauto=ignore\n",
             "{\"connections\":[" LOADED("a", OURS, OPTION("auto", "add")) "," LOADED("b", OURS, "") "]}"));
    assert_int_equal(plan.counts[PLAN_REMOVE], 2);
}

static void what_is_of_others_is_left_alone(void **state)
{
    (void)state;
    assert_true(
        make("", "{\"connections\":[" LOADED("a", "null", "") "," LOADED("b", "\"/other\"", "") "]}"));
    assert_int_equal(plan.counts[PLAN_FOREIGN], 2);
}

static void what_was_added_by_hand_stays(void **state)
{
    (void)state;
    assert_true(make("conn a\n" ENDS, "{\"connections\":[" LOADED("a", OURS, "") "]}"));
    assert_int_equal(plan.counts[PLAN_KEEP], 1);
}

static void what_is_new_is_added_unless_it_is_ignored(void **state)
{
    (void)state;
    assert_true(make("conn a\n" ENDS "\tauto=add\n\nconn b\n" ENDS, "{\"connections\":[]}"));
    assert_int_equal(plan.counts[PLAN_ADD], 1);
    assert_string_equal(plan.entries[0].name, "a");
}

static void a_fault_makes_no_plan(void **state)
{
    (void)state;
    assert_false(
        make("conn a\n" ENDS "\tauto=add\n\nconn b\n" ENDS "\tikelifetime=long\n", "{\"connections\":[]}"));
    assert_int_equal(plan.count, 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_teardown(name, clean)
    const struct CMUnitTest tests[] = {
        TEST(another_spelling_is_no_change),
        TEST(a_change_is_told_with_both_values),
        TEST(another_auto_alone_replaces_nothing),
        TEST(what_the_file_gives_up_is_removed),
        TEST(what_is_of_others_is_left_alone),
        TEST(what_was_added_by_hand_stays),
        TEST(what_is_new_is_added_unless_it_is_ignored),
        TEST(a_fault_makes_no_plan),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
