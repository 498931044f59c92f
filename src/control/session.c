/* Frames in and out, one request at a time, and the routing of reports to the client that waits. */
#include "control/session.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/secret.h"
#include "base/text.h"

/* The topmost bit of a frame's size: what follows is output as it is, no JSON object. */
#define FRAME_IS_RAW 0x80000000u

/* A reply waits to be read by the client: from OUTPUT_HIGH_WATER on its next request has to wait. */
enum {
    FRAME_HEADER = 4,
    LISTING_LOW_WATER = 65536,
    OUTPUT_HIGH_WATER = CONTROL_OUTPUT_SIZE_MAX / 2,
    LINE_SIZE = 4096
};

/* ---- the table of sessions ---- */

struct control *control_new(struct engine *engine, const struct control_host *host)
{
    struct control *control = calloc(1, sizeof(*control));
    if (control == NULL || !hash_table_init(&control->sessions)) {
        free(control);
        return NULL;
    }
    control->engine = engine;
    control->host = *host;
    list_init(&control->subscribers);
    return control;
}

static void free_session(struct hash_node *node, void *context)
{
    (void)context;
    control_session_free(CONTAINER_OF(node, struct control_session, by_id));
}

void control_free(struct control *control)
{
    if (control == NULL)
        return;
    control->is_closing = true;
    hash_table_each(&control->sessions, free_session, NULL);
    hash_table_free(&control->sessions);
    facts_free(&control->facts);
    buffer_free(&control->frame);
    buffer_free(&control->event);
    free(control);
}

struct control_session *control_session_new(struct control *control, void *user)
{
    struct control_session *session = NULL;
    if (control->session_count < CONTROL_CLIENTS_MAX)
        session = calloc(1, sizeof(*session));
    if (session == NULL)
        return NULL;
    session->control = control;
    session->user = user;
    session->id = ++control->last_id;
    if (!hash_table_insert(&control->sessions, &session->by_id, session->id)) {
        free(session);
        return NULL;
    }
    control->session_count++;
    return session;
}

struct bytes control_refusal(void)
{
    static const uint8_t frames[] = "\0\0\0\x30{\"code\":30,\"text\":\"too many clients: try again\"}"
                                    "\0\0\0\x18{\"final\":true,\"code\":30}";
    return bytes_of(frames, sizeof(frames) - 1);
}

void control_session_free(struct control_session *session)
{
    if (session == NULL)
        return;
    engine_client_gone(session->control->engine, session->id);
    events_unsubscribe(session);
    if (!session->control->is_closing)
        batch_complete_alone(session);
    batch_clear(&session->batch);
    listing_end(&session->listing);
    hash_table_remove(&session->control->sessions, &session->by_id);
    session->control->session_count--;
    buffer_free(&session->input);
    buffer_free(&session->output);
    free(session);
}

static struct control_session *session_by_id(struct control *control, uint64_t id)
{
    struct hash_node *node = id ? hash_table_find(&control->sessions, id) : NULL;
    return node ? CONTAINER_OF(node, struct control_session, by_id) : NULL;
}

/* ---- output ---- */

static void tell_ready(struct control_session *session)
{
    session->control->host.session_ready(session->control->host.context, session, session->user);
}

/* How much waits to be read is bounded; what would go beyond is not sent, and the client is dropped. Whoever
 * reads events loses some instead: see event_stream.h. */
static bool has_room(struct control_session *session, size_t size)
{
    if (!events_are_read_by(session) && buffer_bytes(&session->output).size + size > CONTROL_OUTPUT_SIZE_MAX)
        session->is_stalled = true;
    return !session->is_stalled;
}

static void send_frame(struct control_session *session, const char *text, size_t size)
{
    uint8_t header[FRAME_HEADER];
    store_be32(header, (uint32_t)size);
    if (has_room(session, size) &&
        (!buffer_add(&session->output, header, sizeof(header)) || !buffer_add(&session->output, text, size)))
        session->is_stalled = true;
    tell_ready(session);
}

size_t session_raw_begin(struct control_session *session)
{
    static const uint8_t header[FRAME_HEADER];
    buffer_add(&session->output, header, sizeof(header));
    return session->output.size - session->output.start;
}

void session_raw_end(struct control_session *session, size_t begin)
{
    struct buffer *output = &session->output;
    if (output->has_failed) {
        session->is_stalled = true;
        return;
    }
    size_t size = output->size - output->start - begin;
    if (size == 0)
        output->size -= FRAME_HEADER;
    else
        store_be32(output->data + output->start + begin - FRAME_HEADER, (uint32_t)size | FRAME_IS_RAW);
    has_room(session, 0);
    tell_ready(session);
}

static void send_object(struct control_session *session, json_t *object)
{
    char *text = object ? json_dumps(object, JSON_COMPACT) : NULL;
    if (text != NULL)
        send_frame(session, text, strlen(text));
    else
        session->is_stalled = true;
    free(text);
    json_decref(object);
}

void session_line_of(struct control_session *session, int code, const char *line, size_t size)
{
    struct buffer *text = &session->control->frame;
    struct json_out json = {.to = text};
    buffer_clear(text);
    json_out_open(&json, NULL, '{');
    json_out_signed(&json, "code", code);
    json_out_text(&json, "text", line, size);
    json_out_close(&json, '}');
    send_frame(session, (const char *)text->data, text->size);
}

void session_line(struct control_session *session, int code, const char *format, ...)
{
    char line[LINE_SIZE];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(line, sizeof(line), format, arguments);
    va_end(arguments);
    session_line_of(session, code, line, strlen(line));
}

void session_json_line(struct control_session *session, json_t *object)
{
    char *text = json_dumps(object, JSON_COMPACT);
    json_decref(object);
    if (text != NULL)
        send_object(session, json_pack("{s:i, s:s}", "code", RC_COMMENT, "text", text));
    free(text);
}

static void serve_next(struct control_session *session);

void session_finish(struct control_session *session, int code)
{
    session->is_busy = session->is_asking = false;
    listing_end(&session->listing);
    send_object(session, json_pack("{s:b, s:i}", "final", 1, "code", code));
}

void session_refuse(struct control_session *session, const char *format, ...)
{
    char line[LINE_SIZE];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(line, sizeof(line), format, arguments);
    va_end(arguments);
    session_line(session, RC_BADWHACKMESSAGE, "%s", line);
    session_finish(session, RC_BADWHACKMESSAGE);
    session->is_broken = true;
}

struct bytes control_session_output(const struct control_session *session)
{
    return buffer_bytes(&session->output);
}

/* More of a listing while little waits to be written. */
static void continue_listing(struct control_session *session)
{
    while (session->listing.command != NULL && !session->listing.is_waiting &&
           control_session_output(session).size < LISTING_LOW_WATER && !session->is_stalled)
        if (!listing_continue(session))
            session_finish(session, 0);
}

void control_session_wrote(struct control_session *session, size_t size)
{
    buffer_consume(&session->output, size);
    continue_listing(session);
    events_continue(session);
    serve_next(session);
}

bool control_session_is_over(const struct control_session *session)
{
    /* The next request is served as soon as the reply before it has been written: then none waits. */
    bool has_answered_all = session->has_no_more && (!session->is_busy || session->is_asking);
    bool is_at_end = session->is_broken || has_answered_all;
    return session->is_stalled || (is_at_end && control_session_output(session).size == 0);
}

void control_wake(struct control *control, uint64_t client)
{
    struct control_session *session = session_by_id(control, client);
    if (session == NULL || (!session->listing.is_waiting && !session->batch.is_running))
        return;
    session->listing.is_waiting = false;
    if (session->batch.is_running)
        batch_continue(session);
    continue_listing(session);
    serve_next(session);
    tell_ready(session);
}

/* ---- input ---- */

/* The answer to a question; it may be a password. */
static void serve_answer(struct control_session *session, const json_t *request)
{
    const char *command = json_string_value(json_object_get(request, "command"));
    const char *text = json_string_value(json_object_get(request, "text"));
    if (command == NULL || strcmp(command, "answer") != 0) {
        session_refuse(session, "bad whack message: an answer was expected");
        return;
    }
    session->is_asking = false;
    engine_command(session->control->engine,
                   &(struct command){.kind = COMMAND_ANSWER, .client = session->id, .answer = text});
    if (text != NULL)
        secret_wipe((void *)(uintptr_t)text, strlen(text));
}

static void serve_frame(struct control_session *session, struct bytes frame)
{
    json_error_t error;
    json_t *request = json_loadb((const char *)frame.data, frame.size, JSON_REJECT_DUPLICATES, &error);
    session->is_busy = true;
    if (json_is_object(request) && session->is_asking)
        serve_answer(session, request);
    else if (json_is_object(request))
        session_request(session, request);
    else
        session_refuse(session, "bad whack message: not a JSON object: %.200s",
                       request ? "another type" : error.text);
    json_decref(request);
    continue_listing(session);
}

/* One request: the next has its turn when something of the reply has been written, and other clients had
 * theirs in between. */
static void serve_next(struct control_session *session)
{
    bool is_ready = (!session->is_busy || session->is_asking) && !session->is_broken && !session->is_stalled;
    if (!is_ready || session->control->is_closing ||
        control_session_output(session).size >= OUTPUT_HIGH_WATER)
        return;
    struct bytes waiting = buffer_bytes(&session->input);
    if (waiting.size < FRAME_HEADER)
        return;
    size_t size = load_be32(waiting.data);
    if (size == 0 || size > CONTROL_REQUEST_SIZE_MAX) {
        session_refuse(session, "bad whack message: a frame of %zu bytes; 1 to %d are accepted", size,
                       CONTROL_REQUEST_SIZE_MAX);
        return;
    }
    if (waiting.size < FRAME_HEADER + size)
        return;
    serve_frame(session, bytes_of(waiting.data + FRAME_HEADER, size));
    /* There may have been a password in it. Nobody has added input meanwhile: it is where it was. */
    secret_wipe(session->input.data + session->input.start + FRAME_HEADER, size);
    buffer_consume(&session->input, FRAME_HEADER + size);
}

bool control_session_wants_input(const struct control_session *session)
{
    return !session->is_broken && !session->is_stalled && !session->has_no_more &&
           buffer_bytes(&session->input).size <= FRAME_HEADER + CONTROL_REQUEST_SIZE_MAX;
}

bool control_session_input(struct control_session *session, struct bytes bytes)
{
    if (session->is_broken || !buffer_add(&session->input, bytes.data, bytes.size))
        return false;
    serve_next(session);
    return !session->is_broken;
}

void control_session_input_ends(struct control_session *session)
{
    session->has_no_more = true;
}

/* ---- reports ---- */

void control_line(struct control *control, uint64_t client, int code, const char *text)
{
    struct control_session *session = session_by_id(control, client);
    if (session != NULL && session->is_busy)
        session_line(session, code, "%s", text);
}

void control_finish(struct control *control, uint64_t client, int code)
{
    struct control_session *session = session_by_id(control, client);
    if (session != NULL && session->is_busy)
        session_finish(session, code);
}

bool control_runs_batch(struct control *control, uint64_t client)
{
    const struct control_session *session = session_by_id(control, client);
    return session != NULL && session->batch.is_running;
}

/* A line that wants an answer. */
static void ask(struct control *control, const struct report *report)
{
    struct control_session *session = session_by_id(control, report->client);
    if (session == NULL || !session->is_busy)
        return;
    session->is_asking = true;
    send_object(session, json_pack("{s:i, s:s, s:s}", "code", report->code, "text", report->text, "prompt",
                                   report->code == RC_ENTERSECRET ? "secret" : "name"));
}

void control_report(struct control *control, const struct report *report)
{
    if (report->event != EVENT_NONE)
        events_tell(control, report);
    if (report->client == 0 || report->event != EVENT_NONE)
        return;
    struct control_session *session = session_by_id(control, report->client);
    bool is_of_batch = session != NULL && session->batch.is_running;
    if (report->code == RC_ENTERSECRET || report->code == RC_USERPROMPT)
        ask(control, report);
    else if (report->text[0] != '\0' && (!is_of_batch || report->code >= RC_DUPNAME))
        control_line(control, report->client, report->code, report->text);
    if (report->is_final && is_of_batch)
        batch_change_ended(session, report->code);
    else if (report->is_final)
        control_finish(control, report->client, report->code);
}

void control_goodbye(struct control *control)
{
    control->is_closing = true;
    events_end(control);
}
