/* The stream of events: what it tells, and that a reader that stalls costs nothing but its own events. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>

#include "control/event_stream.h"
#include "two_gateways.h"

static const char tunnel[] = "{\"left\":\"192.0.2.1\",\"leftid\":\"@west\",\"right\":\"192.0.2.2\","
                             "\"rightid\":\"@east\",\"authby\":\"secret\","
                             "\"ike\":\"aes_gcm128-sha2_256;dh31\",\"esp\":\"aes_gcm128\"}";

static struct two_gateways *world;
static struct control_session *reader;

static int make_world(void **state)
{
    (void)state;
    world = two_gateways_new();
    reader = control_session_new(world->near.control, NULL);
    return 0;
}

static int unmake_world(void **state)
{
    (void)state;
    control_session_free(reader);
    two_gateways_free(world);
    return 0;
}

/* The events that wait to be read, an array. */
static json_t *events(void)
{
    int code;
    json_t *list = json_array();
    char *text = session_read(reader, &code), *rest = text;
    for (char *line; (line = strsep(&rest, "\n")) != NULL;) {
        if (line[0] == '\0')
            continue;
        json_t *event = json_loads(line, JSON_REJECT_DUPLICATES, NULL);
        assert_non_null(event);
        json_array_append_new(list, event);
    }
    free(text);
    return list;
}

static const char *text_of_member(const json_t *event, const char *name)
{
    const char *text = json_string_value(json_object_get(event, name));
    return text ? text : "";
}

static const json_t *find(const json_t *list, const char *name)
{
    size_t index;
    const json_t *event;
    json_array_foreach(list, index, event)
    {
        if (strcmp(text_of_member(event, "event"), name) == 0)
            return event;
    }
    return NULL;
}

static void do_on(struct gateway *gateway, const char *request)
{
    free(gateway_ask(gateway, request).text);
}

static void bring_up(void)
{
    gateway_add(&world->near, "t", tunnel);
    gateway_add(&world->far, "t", tunnel);
    do_on(&world->near, "\"command\":\"initiate\",\"name\":\"t\"");
}

static void life_of_a_tunnel_is_told(void **state)
{
    static const char *const order[] = {"subscribed", "connection-added",  "ike-up",  "routing",
                                        "child-up",   "child-down",        "routing", "child-traffic",
                                        "ike-down",   "connection-removed"};
    (void)state;
    session_ask(reader, "\"command\":\"events\"");
    bring_up();
    world->near.in_bytes = 84;
    do_on(&world->near, "\"command\":\"terminate\",\"name\":\"t\"");
    do_on(&world->near, "\"command\":\"delete\",\"name\":\"t\"");
    json_t *list = events();
    assert_int_equal(json_array_size(list), ARRAY_SIZE(order));
    for (size_t i = 0; i < 5; i++)
        assert_string_equal(text_of_member(json_array_get(list, i), "event"), order[i]);
    for (size_t i = 0; i < ARRAY_SIZE(order); i++)
        assert_non_null(find(list, order[i]));
    json_decref(list);
}

static void event_names_the_sa_and_the_peer(void **state)
{
    (void)state;
    session_ask(reader, "\"command\":\"events\"");
    bring_up();
    json_t *list = events();
    const json_t *up = find(list, "child-up");
    assert_string_equal(text_of_member(up, "connection"), "t");
    assert_string_equal(text_of_member(up, "remote"), "192.0.2.2");
    assert_string_equal(text_of_member(up, "id"), "@east");
    assert_string_equal(text_of_member(up, "algorithms"), "AES_GCM_16_128-NONE");
    assert_int_equal(json_integer_value(json_object_get(up, "ike_serial")), 1);
    assert_int_equal(json_integer_value(json_object_get(up, "child_serial")), 2);
    assert_int_equal(json_integer_value(json_object_get(up, "time")), 1700001000);
    json_decref(list);
}

static void end_by_the_peer_has_its_reason_and_last_counters(void **state)
{
    (void)state;
    bring_up();
    session_ask(reader, "\"command\":\"events\"");
    world->near.in_bytes = 4242;
    do_on(&world->far, "\"command\":\"terminate\",\"name\":\"t\"");
    json_t *list = events();
    assert_string_equal(text_of_member(find(list, "child-down"), "reason"), "deleted by the peer");
    assert_string_equal(text_of_member(find(list, "ike-down"), "reason"), "deleted by the peer");
    assert_int_equal(json_integer_value(json_object_get(find(list, "child-traffic"), "in_bytes")), 4242);
    json_decref(list);
}

static void failure_has_its_reason(void **state)
{
    (void)state;
    gateway_add(&world->near, "t", tunnel);
    session_ask(reader, "\"command\":\"events\"");
    session_ask(world->near.session, "\"command\":\"initiate\",\"name\":\"t\"");
    two_gateways_wait(2 * USEC_PER_SEC); /* a refusal in clear is not believed sooner */
    json_t *list = events();
    assert_non_null(strstr(text_of_member(find(list, "failed"), "reason"), "NO_PROPOSAL_CHOSEN"));
    json_decref(list);
}

static void rekey_names_what_it_replaces(void **state)
{
    (void)state;
    bring_up();
    session_ask(reader, "\"command\":\"events\"");
    do_on(&world->near, "\"command\":\"rekey-child\",\"name\":\"t\"");
    json_t *list = events();
    const json_t *rekeyed = find(list, "child-rekeyed"), *down = find(list, "child-down");
    assert_int_equal(json_integer_value(json_object_get(rekeyed, "child_serial")), 3);
    assert_int_equal(json_integer_value(json_object_get(rekeyed, "replaces_serial")), 2);
    assert_int_equal(json_integer_value(json_object_get(down, "replaced_by_serial")), 3);
    assert_string_equal(text_of_member(down, "reason"), "rekeyed");
    json_decref(list);
}

static void name_leaves_others_out(void **state)
{
    (void)state;
    session_ask(reader, "\"command\":\"events\",\"name\":\"other\"");
    bring_up();
    gateway_add(&world->near, "other", tunnel);
    json_t *list = events();
    assert_int_equal(json_array_size(list), 2);
    assert_string_equal(text_of_member(json_array_get(list, 1), "event"), "connection-added");
    assert_string_equal(text_of_member(json_array_get(list, 1), "connection"), "other");
    json_decref(list);
}

static void a_burst_waits_for_whoever_reads(void **state)
{
    enum { ADDED = 5000 };
    (void)state;
    session_ask(reader, "\"command\":\"events\"");
    for (int i = 0; i < ADDED; i++)
        gateway_add(&world->near, "t", tunnel);
    assert_true(control_session_output(reader).size > 2 * EVENTS_HIGH_WATER);
    json_t *list = events();
    assert_int_equal(json_array_size(list), 1 + ADDED + ADDED - 1);
    assert_null(find(list, "missed"));
    json_decref(list);
}

static void a_burst_has_its_limit(void **state)
{
    enum { DETAIL_SIZE = 8192, MORE = 1000 };
    static char detail[DETAIL_SIZE];
    const struct report report = {.event = EVENT_ROUTING, .connection = "t", .text = detail};
    int code;
    (void)state;
    memset(detail, 'd', DETAIL_SIZE - 1);
    session_ask(reader, "\"command\":\"events\"");
    while (control_session_output(reader).size < EVENTS_BURST_MAX)
        events_tell(world->near.control, &report);
    for (int i = 0; i < MORE; i++)
        events_tell(world->near.control, &report);
    assert_true(control_session_output(reader).size < EVENTS_BURST_MAX + 2 * DETAIL_SIZE);
    assert_false(control_session_is_over(reader)); /* it loses events, and is not hung up on */
    char *text = session_read(reader, &code), *missed = strstr(text, "\"event\":\"missed\"");
    assert_non_null(missed);
    assert_int_equal(strtol(strstr(missed, "\"count\":") + strlen("\"count\":"), NULL, 10), MORE);
    free(text);
}

static void many_readers_share_what_may_wait(void **state)
{
    enum { READERS = 16, DETAIL_SIZE = 32768 };
    static char detail[DETAIL_SIZE];
    const struct report report = {.event = EVENT_ROUTING, .connection = "t", .text = detail};
    struct control_session *readers[READERS];
    size_t waiting = 0;
    (void)state;
    memset(detail, 'd', DETAIL_SIZE - 1);
    for (int i = 0; i < READERS; i++) {
        readers[i] = control_session_new(world->near.control, NULL);
        session_ask(readers[i], "\"command\":\"events\"");
    }
    for (int i = 0; i < EVENTS_BURST_MAX / DETAIL_SIZE; i++)
        events_tell(world->near.control, &report);
    for (int i = 0; i < READERS; i++) {
        waiting += control_session_output(readers[i]).size;
        assert_false(control_session_is_over(readers[i]));
        control_session_free(readers[i]);
    }
    assert_true(waiting > EVENTS_ALL_BURSTS_MAX / 2);
    assert_true(waiting < EVENTS_ALL_BURSTS_MAX + READERS * 2 * DETAIL_SIZE);
}

/* Without reading: memory stays bounded, others are served, and what was lost is counted exactly. */
static void stalled_reader_is_told_how_many_it_missed(void **state)
{
    enum { ADDED = 4000 };
    size_t seen = 0, missed = 0, index;
    json_t *event;
    (void)state;
    session_ask(reader, "\"command\":\"events\"");
    for (int i = 0; i < ADDED; i++) {
        gateway_add(&world->near, "t", tunnel); /* replaces the one before: removed, added */
        two_gateways_wait(EVENTS_BEHIND_MAX / 100);
    }
    assert_true(control_session_output(reader).size < 4 * EVENTS_HIGH_WATER);
    assert_false(control_session_is_over(reader));
    json_t *list = events();
    json_array_foreach(list, index, event)
    {
        if (strcmp(text_of_member(event, "event"), "missed") == 0)
            missed += (size_t)json_integer_value(json_object_get(event, "count"));
        else
            seen++;
    }
    assert_true(missed > 0);
    assert_int_equal(seen + missed, 1 + ADDED + ADDED - 1); /* subscribed, added, removed */
    json_decref(list);
    gateway_add(&world->near, "again", tunnel);
    list = events();
    assert_non_null(find(list, "connection-added"));
    json_decref(list);
}

static void reader_may_vanish(void **state)
{
    (void)state;
    session_ask(reader, "\"command\":\"events\"");
    control_session_free(reader);
    bring_up();
    reader = control_session_new(world->near.control, NULL);
}

static void end_of_the_daemon_ends_the_stream(void **state)
{
    int code;
    (void)state;
    session_ask(reader, "\"command\":\"events\"");
    control_goodbye(world->near.control);
    char *text = session_read(reader, &code);
    assert_int_equal(code, 0);
    assert_non_null(strstr(text, "\"event\":\"shutdown\""));
    free(text);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_world, unmake_world)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(life_of_a_tunnel_is_told),
        TEST(event_names_the_sa_and_the_peer),
        TEST(end_by_the_peer_has_its_reason_and_last_counters),
        TEST(failure_has_its_reason),
        TEST(rekey_names_what_it_replaces),
        TEST(name_leaves_others_out),
        TEST(a_burst_waits_for_whoever_reads),
        TEST(a_burst_has_its_limit),
        TEST(many_readers_share_what_may_wait),
        TEST(stalled_reader_is_told_how_many_it_missed),
        TEST(reader_may_vanish),
        TEST(end_of_the_daemon_ends_the_stream),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
