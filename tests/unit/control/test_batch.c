/* Changes of connections that are checked all before the first is made: `batch`, and what `loaded` tells. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/view.h"
#include "two_gateways.h"

#define OPTIONS "{\"left\":\"192.0.2.1\",\"right\":\"198.51.100.7\",\"authby\":\"secret\"}"

static struct two_gateways *world;

static int make_world(void **state)
{
    (void)state;
    world = two_gateways_new();
    return 0;
}

static int unmake_world(void **state)
{
    (void)state;
    two_gateways_free(world);
    return 0;
}

static bool is_loaded(const char *name)
{
    struct connection_view view;
    return engine_view_connection_named(world->near.engine, name, &view);
}

static uint64_t count_loaded(void)
{
    return engine_view_totals(world->near.engine).connections_loaded;
}

static int ask(const char *request, char *text, size_t size)
{
    struct answer answer = gateway_ask(&world->near, request);
    if (text != NULL)
        snprintf(text, size, "%s", answer.text ? answer.text : "");
    free(answer.text);
    return answer.code;
}

static int batch(const char *operations, bool commit)
{
    char request[4000];
    snprintf(request, sizeof(request), "\"command\":\"batch\",\"operations\":[%s],\"commit\":%s", operations,
             commit ? "true" : "false");
    return ask(request, NULL, 0);
}

static const char *add(const char *name, const char *options)
{
    static char operation[512];
    snprintf(operation, sizeof(operation),
             "{\"command\":\"add\",\"name\":\"%s\",\"origin\":\"/f\",\"options\":%s}", name, options);
    return operation;
}

static void a_batch_changes_nothing_before_it_is_committed(void **state)
{
    (void)state;
    assert_int_equal(batch(add("one", OPTIONS), false), 0);
    assert_false(is_loaded("one"));
    assert_int_equal(batch(add("two", OPTIONS), true), 0);
    assert_true(is_loaded("one"));
    assert_true(is_loaded("two"));
}

static void a_fault_in_any_operation_drops_the_whole(void **state)
{
    (void)state;
    assert_int_equal(batch(add("one", OPTIONS), false), 0);
    assert_int_equal(
        batch(add("two", "{\"left\":\"192.0.2.1\",\"right\":\"nonsense!\",\"authby\":\"secret\"}"), true),
        36);
    assert_int_equal(batch("", true), 0);
    assert_int_equal(count_loaded(), 0);
}

static void deletes_and_adds_go_together(void **state)
{
    (void)state;
    batch(add("one", OPTIONS), true);
    assert_int_equal(batch("{\"command\":\"delete\",\"name\":\"one\"}", false), 0);
    assert_true(is_loaded("one"));
    assert_int_equal(batch(add("two", OPTIONS), true), 0);
    assert_false(is_loaded("one"));
    assert_true(is_loaded("two"));
}

/* More than are made at once. */
static void gather_many(unsigned count)
{
    char name[16];
    for (unsigned i = 0; i < count; i++) {
        snprintf(name, sizeof(name), "c%u", i);
        assert_int_equal(batch(add(name, OPTIONS), false), 0);
    }
}

static void many_are_made_in_pieces(void **state)
{
    int code;
    (void)state;
    gather_many(300);
    session_ask(world->near.session, "\"command\":\"batch\",\"commit\":true");
    free(session_read(world->near.session, &code));
    assert_int_equal(code, -1);
    assert_in_range(count_loaded(), 1, 299);
    two_gateways_settle();
    free(session_read(world->near.session, &code));
    assert_int_equal(code, 0);
    assert_int_equal(count_loaded(), 300);
}

static void what_is_committed_is_carried_out_though_the_client_goes(void **state)
{
    (void)state;
    gather_many(300);
    session_ask(world->near.session, "\"command\":\"batch\",\"commit\":true");
    control_session_free(world->near.session);
    world->near.session = control_session_new(world->near.control, NULL);
    assert_int_equal(count_loaded(), 300);
}

static void what_is_not_committed_goes_with_the_client(void **state)
{
    (void)state;
    gather_many(3);
    control_session_free(world->near.session);
    world->near.session = control_session_new(world->near.control, NULL);
    assert_int_equal(batch("", true), 0);
    assert_int_equal(count_loaded(), 0);
}

static void loaded_tells_the_options_as_they_were_said(void **state)
{
    char text[1024];
    (void)state;
    batch(add("one", OPTIONS), true);
    assert_int_equal(ask("\"command\":\"loaded\",\"output\":\"json\"", text, sizeof(text)), 0);
    json_t *document = json_loads(text, 0, NULL);
    const json_t *one = json_array_get(json_object_get(document, "connections"), 0);
    assert_string_equal(json_string_value(json_object_get(one, "name")), "one");
    assert_string_equal(json_string_value(json_object_get(one, "file")), "/f");
    assert_string_equal(json_string_value(json_object_get(one, "options")),
                        "{\"authby\":\"secret\",\"left\":\"192.0.2.1\",\"right\":\"198.51.100.7\"}");
    json_decref(document);
}

static void describe_changes_what_is_told_and_not_the_connection(void **state)
{
    char text[1024];
    struct connection_view before, after;
    (void)state;
    batch(add("one", OPTIONS), true);
    engine_view_connection_named(world->near.engine, "one", &before);
    assert_int_equal(
        batch("{\"command\":\"describe\",\"name\":\"one\",\"origin\":\"/f\",\"options\":"
              "{\"left\":\"192.0.2.1\",\"right\":\"198.51.100.7\",\"authby\":\"secret\",\"auto\":\"start\"}}",
              true),
        0);
    engine_view_connection_named(world->near.engine, "one", &after);
    assert_int_equal(before.serial, after.serial);
    assert_int_equal(after.spec->auto_start, AUTO_START);
    ask("\"command\":\"loaded\",\"output\":\"json\"", text, sizeof(text));
    assert_non_null(strstr(text, "start"));
}

static void an_operation_that_is_none_is_a_bad_message(void **state)
{
    (void)state;
    assert_int_equal(batch("{\"command\":\"shutdown\",\"name\":\"one\"}", true), 30);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, make_world, unmake_world)
    const struct CMUnitTest tests[] = {
        TEST(a_batch_changes_nothing_before_it_is_committed),
        TEST(a_fault_in_any_operation_drops_the_whole),
        TEST(deletes_and_adds_go_together),
        TEST(many_are_made_in_pieces),
        TEST(what_is_committed_is_carried_out_though_the_client_goes),
        TEST(what_is_not_committed_goes_with_the_client),
        TEST(loaded_tells_the_options_as_they_were_said),
        TEST(describe_changes_what_is_told_and_not_the_connection),
        TEST(an_operation_that_is_none_is_a_bad_message),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
