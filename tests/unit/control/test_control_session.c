/* The control protocol without sockets: frames, requests, replies and their limits, on a real engine that has
 * no network. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

#include "control/control.h"
#include "engine/prompt.h"
#include "engine/sa.h"
#include "idle_world.h"

/* ---- a world in which nothing happens ---- */

static struct control *control;
static struct engine *engine;
static struct engine_env env;

static usec_t now(void *world)
{
    (void)world;
    return 1000 * USEC_PER_SEC;
}

static int64_t wall_clock(void *world)
{
    (void)world;
    return 1;
}

static void random_bytes(void *world, uint8_t *out, size_t size)
{
    static uint8_t next;
    (void)world;
    while (size-- > 0)
        *out++ = ++next;
}

static void send_nothing(void *world, const struct path *path, struct bytes datagram)
{
    (void)world;
    (void)path;
    (void)datagram;
}

static void drop_job(void *world, struct job *job)
{
    (void)world;
    job_free(job);
}

static void drop_request(void *world, const struct kernel_request *request)
{
    (void)world;
    (void)request;
}

static void report(void *world, const struct report *report)
{
    (void)world;
    control_report(control, report);
}

static void end_reply(void *context, uint64_t client)
{
    (void)context;
    control_finish(control, client, 0);
}

static const char *line_of_listen = "listening";

static void (*asks_on_listen)(void *context, uint64_t client);

static void say_and_end_reply(void *context, uint64_t client)
{
    if (asks_on_listen != NULL) {
        asks_on_listen(context, client);
        return;
    }
    control_line(control, client, RC_LOG, line_of_listen);
    end_reply(context, client);
}

static void end_shutdown(void *context, uint64_t client, bool leave_state)
{
    (void)leave_state;
    end_reply(context, client);
}

static void wake_at_once(void *context, uint64_t client, usec_t delay)
{
    (void)context;
    (void)client;
    (void)delay;
}

static int make_world(void **state)
{
    const struct control_host host = {
        .listen = say_and_end_reply,
        .unlisten = end_reply,
        .reread_secrets = end_reply,
        .shutdown = end_shutdown,
        .session_ready = idle_session_ready,
        .wake_later = wake_at_once,
        .facts = idle_facts,
    };
    struct engine_settings settings = engine_settings_default();
    env = (struct engine_env){
        .now = now,
        .wall_clock = wall_clock,
        .random = random_bytes,
        .send = send_nothing,
        .submit_job = drop_job,
        .kernel_request = drop_request,
        .resolve = idle_resolve,
        .updown = idle_updown,
        .report = report,
        .trace = idle_trace,
    };
    engine = engine_new(&env, &settings);
    control = control_new(engine, &host);
    *state = control_session_new(control, NULL);
    return *state ? 0 : -1;
}

static int unmake_world(void **state)
{
    control_session_free(*state);
    control_free(control);
    engine_free(engine);
    return 0;
}

/* ---- talking ---- */

static void say_bytes(struct control_session *session, const char *text, size_t size)
{
    uint8_t header[4];
    store_be32(header, (uint32_t)size);
    control_session_input(session, bytes_of(header, sizeof(header)));
    control_session_input(session, bytes_of(text, size));
}

static void say(struct control_session *session, const char *text)
{
    say_bytes(session, text, strlen(text));
}

/* The next frame as an object, to be decref'd; NULL when there is none. */
static json_t *hear(struct control_session *session)
{
    struct bytes output = control_session_output(session);
    if (output.size < 4)
        return NULL;
    size_t size = load_be32(output.data);
    assert_true(output.size >= 4 + size);
    json_t *object = json_loadb((const char *)output.data + 4, size, 0, NULL);
    assert_non_null(object);
    control_session_wrote(session, 4 + size);
    return object;
}

/* Lines up to the end of one reply; its code, and the last line's code and text. */
struct heard {
    int end, code;
    unsigned lines;
    char text[512];
};

static struct heard hear_reply(struct control_session *session)
{
    struct heard heard = {.end = -1, .code = -1};
    for (json_t *frame; heard.end < 0 && (frame = hear(session)) != NULL; json_decref(frame)) {
        int code = (int)json_integer_value(json_object_get(frame, "code"));
        if (json_is_true(json_object_get(frame, "final"))) {
            heard.end = code;
            continue;
        }
        heard.code = code;
        heard.lines++;
        snprintf(heard.text, sizeof(heard.text), "%s", json_string_value(json_object_get(frame, "text")));
    }
    return heard;
}

static void add_connection(struct control_session *session, unsigned number)
{
    char request[512];
    snprintf(request, sizeof(request),
             "{\"styx\":1,\"command\":\"add\",\"name\":\"c%u\",\"options\":{\"left\":\"192.0.2.1\","
             "\"right\":\"10.%u.%u.2\",\"authby\":\"secret\"}}",
             number, number / 256, number % 256);
    say(session, request);
}

/* ---- the tests ---- */

static void request_in_single_bytes_is_understood(void **state)
{
    static const char text[] = "{\"styx\":1,\"command\":\"briefstatus\"}";
    uint8_t frame[4 + sizeof(text) - 1];
    store_be32(frame, sizeof(text) - 1);
    memcpy(frame + 4, text, sizeof(text) - 1);
    for (size_t i = 0; i < sizeof(frame); i++)
        assert_true(control_session_input(*state, bytes_of(frame + i, 1)));
    struct heard heard = hear_reply(*state);
    assert_int_equal(heard.end, 0);
    assert_int_equal(heard.lines, 3);
    assert_string_equal(heard.text, "IPsec SAs: total(0), authenticated(0), anonymous(0)");
}

static void requests_in_one_piece_are_answered_in_order(void **state)
{
    add_connection(*state, 1);
    say(*state, "{\"styx\":1,\"command\":\"delete\",\"name\":\"c1\"}");
    say(*state, "{\"styx\":1,\"command\":\"delete\",\"name\":\"c1\"}");
    struct heard added = hear_reply(*state);
    assert_int_equal(added.end, 0);
    assert_string_equal(added.text, "\"c1\": added IKEv2 connection");
    assert_int_equal(hear_reply(*state).end, 0);
    assert_int_equal(hear_reply(*state).end, 0); /* what is gone already is as it was wanted */
}

/* pluto has taken down by then what they would use. */
static void what_waits_when_the_daemon_ends_is_not_carried_out(void **state)
{
    static const char frames[] = "\0\0\0\x1d{\"styx\":1,\"command\":\"listen\"}"
                                 "\0\0\0\x1d{\"styx\":1,\"command\":\"listen\"}";
    control_session_input(*state, bytes_of(frames, sizeof(frames) - 1));
    control_goodbye(control);
    assert_int_equal(hear_reply(*state).end, 0);
    assert_int_equal(control_session_output(*state).size, 0);
    add_connection(*state, 1);
    assert_int_equal(hear_reply(*state).end, -1);
}

static void a_name_in_use_is_refused_where_nothing_is_to_be_replaced(void **state)
{
    add_connection(*state, 1);
    assert_int_equal(hear_reply(*state).end, 0);
    say(*state, "{\"styx\":1,\"command\":\"add\",\"name\":\"c1\",\"replace\":false,\"options\":{\"left\":"
                "\"192.0.2.1\",\"right\":\"10.0.1.2\",\"authby\":\"secret\"}}");
    struct heard heard = hear_reply(*state);
    assert_int_equal(heard.end, RC_DUPNAME);
    assert_string_equal(heard.text, "attempt to redefine connection \"c1\"");
}

/* Lines come as they are said, whatever stands in them; what is not UTF-8 is escaped. */
static void any_text_survives_the_way(void **state)
{
    static const struct {
        const char *said, *heard;
    } texts[] = {
        {"plain", "plain"},
        {"\"quoted\" \\ back", "\"quoted\" \\ back"},
        {"tab\tand\x7f", "tab\tand\x7f"},
        {"gr\xc3\xbc\xc3\x9f"
         "e",
         "gr\xc3\xbc\xc3\x9f"
         "e"},
        {"\xff", "\\377"},
    };
    for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
        line_of_listen = texts[i].said;
        say(*state, "{\"styx\":1,\"command\":\"listen\"}");
        struct heard heard = hear_reply(*state);
        assert_int_equal(heard.end, 0);
        assert_int_equal(heard.code, RC_LOG);
        assert_string_equal(heard.text, texts[i].heard);
    }
}

static void refused(struct control_session *session, const char *text)
{
    say(session, text);
    struct heard heard = hear_reply(session);
    assert_int_equal(heard.end, RC_BADWHACKMESSAGE);
    assert_int_equal(heard.code, RC_BADWHACKMESSAGE);
    assert_true(control_session_is_over(session));
    assert_false(control_session_wants_input(session));
}

static char answered_with[64];
static uint64_t asked_client;

static void take_answer(struct engine *of, struct ike_sa *ike, const char *answer)
{
    snprintf(answered_with, sizeof(answered_with), "%s", answer != NULL ? answer : "(none)");
    ike_destroy(of, ike);
    control_finish(control, asked_client, 0);
}

/* A command that needs a password of its user. */
static void ask_for_password(void *context, uint64_t client)
{
    struct connection *connection = connection_by_name(engine, "c1");
    struct ike_sa *ike = ike_new(engine, connection, true, IKE_STATE_AUTH_SENT);
    (void)context;
    asked_client = client;
    assert_true(prompt_ask(engine, ike, client, true, "Enter password:", take_answer));
}

static struct control_session *make_asking(struct control_session *session)
{
    add_connection(session, 1);
    hear_reply(session);
    asks_on_listen = ask_for_password;
    say(session, "{\"styx\":1,\"command\":\"listen\"}");
    asks_on_listen = NULL;
    json_t *question = hear(session);
    assert_int_equal(json_integer_value(json_object_get(question, "code")), RC_ENTERSECRET);
    assert_string_equal(json_string_value(json_object_get(question, "text")), "\"c1\" #1: Enter password:");
    assert_string_equal(json_string_value(json_object_get(question, "prompt")), "secret");
    json_decref(question);
    return session;
}

static void a_command_may_ask_its_client_for_a_password(void **state)
{
    make_asking(*state);
    say(*state, "{\"styx\":1,\"command\":\"answer\",\"text\":\"open sesame\"}");
    assert_string_equal(answered_with, "open sesame");
    assert_int_equal(hear_reply(*state).end, 0);
    say(*state, "{\"styx\":1,\"command\":\"briefstatus\"}");
    assert_int_equal(hear_reply(*state).end, 0);
}

static void who_asks_is_told_that_nobody_answers(void **state)
{
    control_session_free(make_asking(control_session_new(control, NULL)));
    assert_string_equal(answered_with, "(none)");
    (void)state;
}

static void refused(struct control_session *session, const char *text);

static void another_request_is_no_answer(void **state)
{
    refused(make_asking(*state), "{\"styx\":1,\"command\":\"briefstatus\"}");
}

static void an_answer_without_a_question_is_a_fault(void **state)
{
    refused(*state, "{\"styx\":1,\"command\":\"answer\",\"text\":\"x\"}");
}

static void faulty_requests_end_the_conversation(void **state)
{
    static const char *const faults[] = {
        "hello",
        "[]",
        "{\"command\":\"status\"}",
        "{\"styx\":2,\"command\":\"status\"}",
        "{\"styx\":1}",
        "{\"styx\":1,\"command\":\"dance\"}",
        "{\"styx\":1,\"command\":\"status\",\"colour\":1}",
        "{\"styx\":1,\"command\":\"delete\"}",
        "{\"styx\":1,\"command\":\"delete\",\"name\":7}",
        "{\"styx\":1,\"command\":\"add\",\"name\":\"x\"}",
        "{\"styx\":1,\"command\":\"add\",\"name\":\"x\",\"options\":{\"left\":1}}",
        "{\"styx\":1,\"command\":\"delete-state\",\"serial\":\"one\"}",
        "{\"styx\":1,\"command\":\"debug\"}",
        "{\"styx\":1,\"command\":\"ddos\",\"mode\":7}",
        "{\"styx\":1,\"styx\":1,\"command\":\"status\"}",
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(faults); i++) {
        struct control_session *session = control_session_new(control, NULL);
        refused(session, faults[i]);
        control_session_free(session);
    }
}

static void oversized_frame_is_refused_by_its_header(void **state)
{
    uint8_t header[4];
    store_be32(header, CONTROL_REQUEST_SIZE_MAX + 1);
    assert_false(control_session_input(*state, bytes_of(header, sizeof(header))));
    assert_int_equal(hear_reply(*state).end, RC_BADWHACKMESSAGE);
}

static void refused_option_leaves_the_conversation_open(void **state)
{
    say(*state, "{\"styx\":1,\"command\":\"add\",\"name\":\"x\",\"options\":{\"lfet\":\"192.0.2.1\"}}");
    struct heard heard = hear_reply(*state);
    assert_int_equal(heard.end, RC_FATAL);
    assert_non_null(strstr(heard.text, "lfet"));
    say(*state, "{\"styx\":1,\"command\":\"briefstatus\"}");
    assert_int_equal(hear_reply(*state).end, 0);
}

/* A client that asks and asks and never reads: what is kept for it stays within the limits, and it is no
 * longer read from. */
static void client_that_does_not_read_is_held_back(void **state)
{
    unsigned asked = 0;
    while (control_session_wants_input(*state) && asked < 1000000) {
        say(*state, "{\"styx\":1,\"command\":\"briefstatus\"}");
        asked++;
    }
    assert_true(asked > 1000);
    assert_true(asked < 1000000);
    assert_true(control_session_output(*state).size <= CONTROL_OUTPUT_SIZE_MAX);
    assert_false(control_session_is_over(*state));
    for (unsigned i = 0; i < asked; i++) /* it reads at last: nothing was lost */
        assert_int_equal(hear_reply(*state).end, 0);
}

static void long_listing_is_made_in_pieces(void **state)
{
    for (unsigned i = 0; i < 2000; i++) {
        add_connection(*state, i);
        assert_int_equal(hear_reply(*state).end, 0);
    }
    say(*state, "{\"styx\":1,\"command\":\"connectionstatus\"}");
    assert_true(control_session_output(*state).size < 256 * 1024);
    struct heard heard = hear_reply(*state);
    assert_int_equal(heard.end, 0);
    assert_true(heard.lines >= 2000 * 15);
}

static void reply_goes_only_to_who_asked(void **state)
{
    struct control_session *other = control_session_new(control, NULL);
    add_connection(*state, 1);
    assert_null(hear(other));
    assert_int_equal(hear_reply(*state).end, 0);
    control_session_free(other);
}

static void client_may_vanish_while_it_waits(void **state)
{
    struct control_session *other = control_session_new(control, NULL);
    (void)state;
    add_connection(other, 1);
    say(other, "{\"styx\":1,\"command\":\"initiate\",\"name\":\"c1\"}");
    control_session_free(other);
    engine_advance(engine);
}

static void refusal_of_one_too_many_is_two_frames(void **state)
{
    struct bytes refusal = control_refusal();
    size_t first = load_be32(refusal.data);
    json_t *line = json_loadb((const char *)refusal.data + 4, first, 0, NULL);
    size_t second = load_be32(refusal.data + 4 + first);
    json_t *end = json_loadb((const char *)refusal.data + 8 + first, second, 0, NULL);
    (void)state;
    assert_non_null(line);
    assert_true(json_is_true(json_object_get(end, "final")));
    assert_int_equal(refusal.size, 8 + first + second);
    json_decref(line);
    json_decref(end);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_world, unmake_world)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(request_in_single_bytes_is_understood),
        TEST(requests_in_one_piece_are_answered_in_order),
        TEST(what_waits_when_the_daemon_ends_is_not_carried_out),
        TEST(any_text_survives_the_way),
        TEST(a_command_may_ask_its_client_for_a_password),
        TEST(who_asks_is_told_that_nobody_answers),
        TEST(another_request_is_no_answer),
        TEST(an_answer_without_a_question_is_a_fault),
        TEST(a_name_in_use_is_refused_where_nothing_is_to_be_replaced),
        TEST(faulty_requests_end_the_conversation),
        TEST(oversized_frame_is_refused_by_its_header),
        TEST(refused_option_leaves_the_conversation_open),
        TEST(client_that_does_not_read_is_held_back),
        TEST(long_listing_is_made_in_pieces),
        TEST(reply_goes_only_to_who_asked),
        TEST(client_may_vanish_while_it_waits),
        TEST(refusal_of_one_too_many_is_two_frames),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
