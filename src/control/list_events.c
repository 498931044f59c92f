/* Timers in status output: --listevents. */
#include "control/session.h"

enum { EVENTS_A_PIECE = 64 };

static const char *const lines[] = {
    "event {event}: {at_seconds} (in {in_seconds}s) {name}  #{serial}",
};
static const struct text_form form = TEXT_FORM(RC_COMMENT, lines);
static const char *const clock_lines[] = {"it is now: {now_seconds} seconds since monotonic epoch"};
static const struct text_form clock_form = TEXT_FORM(RC_COMMENT, clock_lines);

static bool next_clock(struct control_session *session, struct facts *facts)
{
    facts_begin(facts, "clock", &clock_form);
    facts_number(facts, "now_seconds", engine_view_now(session->control->engine) / USEC_PER_SEC);
    facts_end(facts);
    return false;
}

static void put_event(struct facts *facts, const char *event, usec_t at, usec_t now, uint64_t serial,
                      const char *connection, unsigned instance_number, const struct ip_endpoint *remote)
{
    char peer[ADDRESS_TEXT_SIZE];
    facts_begin(facts, NULL, &form);
    facts_text(facts, "event", event);
    facts_number(facts, "at_seconds", at / USEC_PER_SEC);
    facts_number(facts, "in_seconds", at > now ? (at - now) / USEC_PER_SEC : 0);
    put_connection_name(facts, connection, instance_number, address_text(&remote->address, peer));
    facts_number(facts, "serial", serial);
    facts_end(facts);
}

static bool next_ike_events(struct control_session *session, struct facts *facts)
{
    const struct engine *engine = session->control->engine;
    struct ike_view view;
    for (int i = 0; i < EVENTS_A_PIECE; i++) {
        if (!engine_view_ike(engine, session->listing.after, &view))
            return false;
        session->listing.after = view.serial;
        if (view.next_event_at != USEC_NEVER)
            put_event(facts, view.next_event, view.next_event_at, engine_view_now(engine), view.serial,
                      view.connection_name, view.instance_number, &view.path.remote);
    }
    return true;
}

static bool next_child_events(struct control_session *session, struct facts *facts)
{
    const struct engine *engine = session->control->engine;
    struct child_view view;
    for (int i = 0; i < EVENTS_A_PIECE; i++) {
        if (!engine_view_child(engine, session->listing.after_child, &view))
            return false;
        session->listing.after_child = view.serial;
        bool is_rekey = view.rekey_at < view.expire_at && view.is_established;
        usec_t at = is_rekey ? view.rekey_at : view.expire_at;
        if (view.is_established && at != USEC_NEVER)
            put_event(facts, is_rekey ? "REKEY" : "EXPIRE", at, engine_view_now(engine), view.serial,
                      view.connection_name, view.instance_number, &view.remote);
    }
    return true;
}

/* Of IKE SAs, then of Child SAs. */
static bool next_events(struct control_session *session, struct facts *facts)
{
    return next_ike_events(session, facts) || next_child_events(session, facts);
}

const struct list_section section_clock = {.name = "clock", .next = next_clock};
const struct list_section section_events = {.name = "events", .is_array = true, .next = next_events};
