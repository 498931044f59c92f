/* The stream of events. */
#include "control/event_stream.h"

#include <stdio.h>

#include "control/session.h"

static const char *const names[] = {
    [EVENT_IKE_UP] = "ike-up",
    [EVENT_IKE_DOWN] = "ike-down",
    [EVENT_IKE_REKEYED] = "ike-rekeyed",
    [EVENT_CHILD_UP] = "child-up",
    [EVENT_CHILD_DOWN] = "child-down",
    [EVENT_CHILD_REKEYED] = "child-rekeyed",
    [EVENT_CHILD_TRAFFIC] = "child-traffic",
    [EVENT_FAILED] = "failed",
    [EVENT_PEER_MOVED] = "peer-moved",
    [EVENT_CONNECTION_ADDED] = "connection-added",
    [EVENT_CONNECTION_REMOVED] = "connection-removed",
    [EVENT_ROUTING] = "routing",
    [EVENT_LISTENING] = "listening",
    [EVENT_NOT_LISTENING] = "not-listening",
    [EVENT_SHUTDOWN] = "shutdown",
};

/* ---- an event as a line ---- */

static void begin(struct control *control, struct json_out *json, const char *event)
{
    buffer_clear(&control->event);
    *json = (struct json_out){.to = &control->event};
    json_out_open(json, NULL, '{');
    json_out_number(json, "schema", LISTING_SCHEMA);
    json_out_text(json, "event", event, strlen(event));
    json_out_signed(json, "time", engine_view_wall_clock(control->engine));
    json_out_number(json, "number", control->event_count);
}

static void end(struct json_out *json)
{
    json_out_close(json, '}');
    buffer_add(json->to, "\n", 1);
}

static void put_text(struct json_out *json, const char *name, const char *value)
{
    if (value != NULL && value[0] != '\0')
        json_out_text(json, name, value, strlen(value));
}

static void put_endpoints(struct json_out *json, const struct ip_endpoint *local,
                          const struct ip_endpoint *remote)
{
    char text[ADDRESS_TEXT_SIZE];
    put_text(json, "local", address_text(&local->address, text));
    json_out_number(json, "local_port", local->port);
    put_text(json, "remote", address_text(&remote->address, text));
    json_out_number(json, "remote_port", remote->port);
}

static void put_suite(struct json_out *json, const struct suite *suite)
{
    char algorithms[256];
    struct text text = text_of(algorithms, sizeof(algorithms));
    if (suite == NULL)
        return;
    suite_text(&text, suite);
    put_text(json, "algorithms", algorithms);
}

static void put_serial(struct json_out *json, const char *name, uint64_t serial)
{
    if (serial != 0)
        json_out_number(json, name, serial);
}

/* What replaced it, or was replaced by it, in a rekey: of the Child SA if the event is about one. */
static void put_rekey(struct json_out *json, const struct ike_view *ike, const struct child_view *child)
{
    if (child != NULL)
        put_serial(json, "replaces_serial", child->replaces_serial);
    if (child != NULL)
        put_serial(json, "replaced_by_serial", child->replaced_by_serial);
    else if (ike != NULL)
        put_serial(json, "replaced_by_serial", ike->replaced_by_serial);
}

static void put_ike(struct json_out *json, const struct ike_view *ike)
{
    char id[IDENTITY_TEXT_SIZE];
    if (ike->instance_number != 0)
        json_out_number(json, "instance", ike->instance_number);
    json_out_number(json, "ike_version", ike->version);
    put_endpoints(json, &ike->path.local, &ike->path.remote);
    if (ike->remote_id->kind != ID_NONE)
        put_text(json, "id", identity_text(ike->remote_id, id));
    json_out_boolean(json, "is_initiator", ike->is_initiator);
}

static void put_child(struct json_out *json, const struct child_view *child)
{
    char spi[16];
    snprintf(spi, sizeof(spi), "%08x", child->spi_in);
    put_text(json, "spi_in", child->spi_in ? spi : NULL);
    snprintf(spi, sizeof(spi), "%08x", child->spi_out);
    put_text(json, "spi_out", child->spi_out ? spi : NULL);
    json_out_number(json, "in_bytes", child->in.bytes);
    json_out_number(json, "out_bytes", child->out.bytes);
}

static bool is_end(enum event_kind event)
{
    return event == EVENT_FAILED || event == EVENT_IKE_DOWN || event == EVENT_CHILD_DOWN;
}

static void put_event(struct control *control, struct json_out *json, const struct report *report)
{
    struct ike_view ike;
    struct child_view child;
    bool has_child = engine_view_child_at(control->engine, report->child_serial, &child);
    bool has_ike = engine_view_ike_at(control->engine, report->ike_serial, &ike);
    begin(control, json, names[report->event]);
    put_text(json, "connection", report->connection);
    put_serial(json, "ike_serial", report->ike_serial);
    put_serial(json, "child_serial", report->child_serial);
    put_rekey(json, has_ike ? &ike : NULL, has_child ? &child : NULL);
    if (has_ike)
        put_ike(json, &ike);
    if (has_child)
        put_child(json, &child);
    if (report->counters != NULL) {
        json_out_number(json, "in_bytes", report->counters->in_bytes);
        json_out_number(json, "out_bytes", report->counters->out_bytes);
    }
    if (has_child)
        put_suite(json, child.suite);
    else if (has_ike && report->child_serial == 0)
        put_suite(json, ike.suite);
    put_text(json, is_end(report->event) ? "reason" : "detail", report->text);
    end(json);
}

/* ---- readers ---- */

static void send(struct control_session *session)
{
    const struct buffer *line = &session->control->event;
    size_t begin_at = session_raw_begin(session);
    buffer_add(&session->output, line->data, line->size);
    session_raw_end(session, begin_at);
}

bool events_are_read_by(const struct control_session *session)
{
    return session->events.node.next != NULL && !list_is_empty(&session->events.node);
}

static void note_waiting(struct control_session *session)
{
    struct event_subscription *events = &session->events;
    bool was_behind = events->is_behind;
    events->is_behind = control_session_output(session).size >= EVENTS_HIGH_WATER;
    if (events->is_behind && !was_behind)
        events->behind_since = engine_view_now(session->control->engine);
}

void events_continue(struct control_session *session)
{
    struct json_out json;
    if (!events_are_read_by(session))
        return;
    note_waiting(session);
    if (control_session_output(session).size == 0 && session->output.capacity > EVENTS_HIGH_WATER * 2)
        buffer_free(&session->output); /* a burst is over */
    if (session->events.missed == 0 || control_session_output(session).size >= EVENTS_LOW_WATER)
        return;
    begin(session->control, &json, "missed");
    json_out_number(&json, "count", session->events.missed);
    end(&json);
    session->events.missed = 0;
    send(session);
}

static size_t burst_max(const struct control *control)
{
    size_t share = EVENTS_ALL_BURSTS_MAX / control->subscriber_count;
    return share < EVENTS_BURST_MAX ? share : EVENTS_BURST_MAX;
}

static bool is_too_slow(const struct control_session *session)
{
    const struct event_subscription *events = &session->events;
    usec_t now = engine_view_now(session->control->engine);
    return events->is_behind && (now - events->behind_since > EVENTS_BEHIND_MAX ||
                                 control_session_output(session).size >= burst_max(session->control));
}

/* One that has missed some gets no more until it has been told how many. */
static void offer(struct control_session *session)
{
    if (session->events.missed > 0 || is_too_slow(session)) {
        session->events.missed++;
        return;
    }
    send(session);
    note_waiting(session);
}

static bool wants(const struct control_session *session, const struct report *report)
{
    const char *name = session->events.name;
    return name[0] == '\0' || report->connection == NULL || strcmp(name, report->connection) == 0;
}

void events_tell(struct control *control, const struct report *report)
{
    struct json_out json;
    control->event_count++;
    if (list_is_empty(&control->subscribers))
        return;
    put_event(control, &json, report);
    LIST_EACH(&control->subscribers, node)
    {
        struct control_session *session = CONTAINER_OF(node, struct control_session, events.node);
        if (wants(session, report))
            offer(session);
    }
}

void events_subscribe(struct control_session *session, const char *name)
{
    struct json_out json;
    struct event_subscription *events = &session->events;
    snprintf(events->name, sizeof(events->name), "%s", name ? name : "");
    events->missed = 0;
    events->is_behind = false;
    list_init(&events->node);
    list_append(&session->control->subscribers, &events->node);
    session->control->subscriber_count++;
    begin(session->control, &json, "subscribed");
    put_text(&json, "connection", name);
    end(&json);
    send(session);
}

void events_unsubscribe(struct control_session *session)
{
    if (!events_are_read_by(session))
        return;
    list_remove(&session->events.node);
    session->control->subscriber_count--;
}

void events_end(struct control *control)
{
    struct report report = {.event = EVENT_SHUTDOWN, .text = ""};
    events_tell(control, &report);
    LIST_EACH(&control->subscribers, node)
    {
        struct control_session *session = CONTAINER_OF(node, struct control_session, events.node);
        session_finish(session, 0);
        events_unsubscribe(session);
    }
}
