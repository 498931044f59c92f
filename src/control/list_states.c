/* SAs in status output, in the shapes of Libreswan 4.x: --showstates and --trafficstatus. */
#include <inttypes.h>
#include <stdio.h>

#include "base/text.h"
#include "control/session.h"

enum { STATES_A_PIECE = 64 };

static void add_due(struct text *text, const char *what, usec_t at, usec_t now)
{
    if (at != USEC_NEVER && at >= now)
        text_add(text, "%s in %" PRIu64 "s; ", what, (at - now) / USEC_PER_SEC);
}

static usec_t now_of(const struct control_session *session)
{
    return engine_view_now(session->control->engine);
}

static void show_ike(struct control_session *session, const struct ike_view *view)
{
    char line[512];
    struct text text = text_of(line, sizeof(line));
    usec_t now = now_of(session);
    if (view->is_established) {
        add_due(&text, "REKEY", view->rekey_at, now);
        add_due(&text, "REPLACE", view->expire_at, now);
    } else {
        add_due(&text, view->next_event, view->next_event_at, now);
    }
    session_line(session, RC_COMMENT, "#%" PRIu64 ": \"%s\":%u %s (%s); %s%sidle;", view->serial,
                 view->connection_name, view->path.remote.port, view->state_name, view->state_story, line,
                 view->is_newest ? "newest; " : "");
}

static void show_child(struct control_session *session, const struct child_view *view)
{
    char line[512], local[ADDRESS_TEXT_SIZE], remote[ADDRESS_TEXT_SIZE];
    struct text text = text_of(line, sizeof(line));
    usec_t now = now_of(session);
    if (view->established_at != 0) {
        add_due(&text, "REKEY", view->rekey_at, now);
        add_due(&text, "REPLACE", view->expire_at, now);
    }
    session_line(session, RC_COMMENT, "#%" PRIu64 ": \"%s\":%u %s (%s); %s%sIKE SA #%" PRIu64 "; idle;",
                 view->serial, view->connection_name, view->remote.port, view->state_name, view->state_story,
                 line, view->is_newest ? "newest; eroute owner; " : "", view->ike_serial);
    if (view->suite == NULL || view->established_at == 0)
        return;
    const char *mode = view->mode == MODE_TUNNEL ? "tun" : "tpt";
    address_text(&view->local.address, local);
    address_text(&view->remote.address, remote);
    session_line(session, RC_COMMENT,
                 "#%" PRIu64 ": \"%s\" esp.%x@%s esp.%x@%s %s.0@%s %s.0@%s Traffic: ESPin=%" PRIu64
                 "B ESPout=%" PRIu64 "B ESPmax=2^63B ",
                 view->serial, view->connection_name, view->spi_out, remote, view->spi_in, local, mode,
                 remote, mode, local, view->in.bytes, view->out.bytes);
}

/* step 0: IKE SAs, 1: Child SAs. */
bool list_states(struct control_session *session)
{
    struct listing *listing = &session->listing;
    struct engine *engine = session->control->engine;
    for (int i = 0; i < STATES_A_PIECE; i++) {
        struct ike_view ike;
        struct child_view child;
        if (listing->step == 0 && engine_view_ike(engine, listing->after, &ike)) {
            listing->after = ike.serial;
            show_ike(session, &ike);
        } else if (listing->step == 0) {
            listing->step = 1;
            listing->after = 0;
        } else if (engine_view_child(engine, listing->after, &child)) {
            listing->after = child.serial;
            show_child(session, &child);
        } else {
            return false;
        }
    }
    return true;
}

#define COUNTERS_WAIT (20 * USEC_PER_MSEC)

bool list_refresh_counters(struct control_session *session, bool (*then)(struct control_session *session))
{
    struct listing *listing = &session->listing;
    struct control *control = session->control;
    struct child_view view;
    unsigned asked = 0;
    while (asked++ < STATES_A_PIECE * 16 && engine_view_child(control->engine, listing->after, &view)) {
        engine_refresh_counters(control->engine, view.serial);
        listing->after = view.serial;
    }
    if (asked > STATES_A_PIECE * 16)
        return true;
    listing->next = then;
    listing->is_waiting = listing->after != 0;
    listing->after = 0;
    if (listing->is_waiting)
        control->host.wake_later(control->host.context, session->id, COUNTERS_WAIT);
    return true;
}

bool list_traffic(struct control_session *session)
{
    struct listing *listing = &session->listing;
    char id[IDENTITY_TEXT_SIZE];
    for (int i = 0; i < STATES_A_PIECE; i++) {
        struct child_view view;
        if (!engine_view_child(session->control->engine, listing->after, &view))
            return false;
        listing->after = view.serial;
        bool is_wanted = listing->name[0] == '\0' || strcmp(listing->name, view.connection_name) == 0;
        if (view.is_established && is_wanted)
            session_line(session, RC_INFORMATIONAL_TRAFFIC,
                         "#%" PRIu64 ": \"%s\", type=ESP, add_time=%" PRId64 ", inBytes=%" PRIu64
                         ", outBytes=%" PRIu64 ", maxBytes=2^63B, id='%s'",
                         view.serial, view.connection_name, view.established_wall, view.in.bytes,
                         view.out.bytes, identity_text(view.remote_id, id));
    }
    return true;
}

void list_totals(struct control_session *session)
{
    struct engine_totals totals = engine_view_totals(session->control->engine);
    session_line(session, RC_COMMENT, "State Information: DDoS cookies %s, Accepting new IKE connections",
                 totals.ddos_cookies_required ? "required" : "not required");
    session_line(session, RC_COMMENT,
                 "IKE SAs: total(%" PRIu64 "), half-open(%" PRIu64 "), open(%" PRIu64
                 "), authenticated(%" PRIu64 "), anonymous(0)",
                 totals.ike_halfopen + totals.ike_open + totals.ike_established, totals.ike_halfopen,
                 totals.ike_open, totals.ike_established);
    session_line(session, RC_COMMENT,
                 "IPsec SAs: total(%" PRIu64 "), authenticated(%" PRIu64 "), anonymous(0)",
                 totals.child_established, totals.child_established);
}

void list_bare_shunts(struct control_session *session)
{
    session_line(session, RC_COMMENT, "Bare Shunt list:");
    session_line(session, RC_COMMENT, " ");
}
