/* What is loaded, as it was said when it was: `loaded`. The plan of a reload compares with it. */
#include "control/session.h"

enum { CONNECTIONS_A_PIECE = 64 };

static const char *const lines[] = {"\"{name}\": {options}"};
static const struct text_form form = TEXT_FORM(RC_COMMENT, lines);

static const char *routing_name(enum routing_state routing)
{
    return routing == ROUTING_UNROUTED ? "unrouted" : routing == ROUTING_TUNNEL ? "tunnel" : "routed";
}

/* Of what subnets= expanded, the first speaks for all. */
static void put_loaded(struct facts *facts, const struct connection_view *view)
{
    const struct connection_spec *spec = view->spec;
    if (view->is_instance || spec->origin == NULL)
        return;
    facts_begin(facts, NULL, &form);
    facts_text(facts, "name", spec->conn_name != NULL ? spec->conn_name : spec->name);
    facts_text(facts, "file", spec->origin->file);
    facts_text(facts, "options", spec->origin->options);
    facts_text(facts, "routing", routing_name(view->routing));
    facts_bool(facts, "is_up", view->newest_child_serial != 0);
    facts_end(facts);
}

static bool next_loaded(struct control_session *session, struct facts *facts)
{
    struct connection_view view;
    for (int i = 0; i < CONNECTIONS_A_PIECE; i++) {
        if (!engine_view_connection(session->control->engine, session->listing.after, &view))
            return false;
        session->listing.after = view.serial;
        put_loaded(facts, &view);
    }
    return true;
}

const struct list_section section_loaded = {.name = "connections", .is_array = true, .next = next_loaded};
