/* Shunts in status output: what packets of connections meet for a while that have no SA. */
#include <stdio.h>

#include "control/listing.h"
#include "control/session.h"

enum { CONNECTIONS_A_PIECE = 256 };

static const char *const lines[] = {"{local_client} -{protocol}-> {remote_client} => %{action} {priority}    "
                                    "{connection}: {why}"};
static const struct text_form form = TEXT_FORM(RC_COMMENT, lines);

static const char *action_of(const struct connection_view *view)
{
    if (view->routing == ROUTING_FAILURE)
        return view->spec->failure_shunt == SHUNT_PASS ? "pass" : "drop";
    return view->spec->negotiation_shunt == SHUNT_PASS ? "pass" : "hold";
}

/* 10.1.0.0/24:0, as Libreswan writes the ends of a shunt. */
static void put_client(struct facts *facts, const char *name, const struct connection_view *view, bool local)
{
    const struct end_spec *end = view->left_is_local == local ? &view->spec->left : &view->spec->right;
    const struct ip_address *host = local ? &view->local.address : &view->remote.address;
    struct ip_prefix prefix = prefix_of_address(host);
    struct selector client =
        end->client_count > 0 ? end->clients[0] : selector_of_prefix(&prefix, end->protocol, end->port);
    unsigned port = client.port_start == client.port_end ? client.port_start : 0;
    client.protocol = 0;
    client.port_start = 0;
    client.port_end = UINT16_MAX;
    char selector[SELECTOR_TEXT_SIZE], shown[SELECTOR_TEXT_SIZE + 8];
    snprintf(shown, sizeof(shown), "%s:%u", selector_text(&client, selector), port);
    facts_text(facts, name, shown);
}

static void put_shunt(struct facts *facts, const struct engine *engine, const struct connection_view *view)
{
    usec_t now = engine_view_now(engine);
    bool is_failure = view->routing == ROUTING_FAILURE;
    uint64_t left =
        is_failure && view->shunt_until > now ? (view->shunt_until - now) / USEC_PER_SEC : UINT64_MAX;
    facts_begin(facts, NULL, &form);
    facts_text(facts, "connection", view->spec->name);
    facts_number(facts, "connection_serial", view->serial);
    facts_text(facts, "action", action_of(view));
    facts_text(facts, "why", is_failure ? "negotiation failed" : "negotiation under way");
    put_client(facts, "local_client", view, true);
    put_client(facts, "remote_client", view, false);
    facts_number(facts, "protocol", view->spec->left.protocol);
    facts_number(facts, "priority", view->spec->priority);
    facts_limit(facts, "ends_in_seconds", left, "");
    facts_end(facts);
}

static bool next_shunts(struct control_session *session, struct facts *facts)
{
    const struct engine *engine = session->control->engine;
    struct listing *listing = &session->listing;
    struct connection_view view;
    for (int i = 0; i < CONNECTIONS_A_PIECE; i++) {
        if (!engine_view_connection(engine, listing->after, &view))
            return false;
        listing->after = view.serial;
        if (view.routing == ROUTING_FAILURE || view.routing == ROUTING_NEGOTIATING)
            put_shunt(facts, engine, &view);
    }
    return true;
}

static const char *const heading[] = {"Bare Shunt list:", " ", NULL};

const struct list_section section_shunts = {
    .name = "shunts", .is_array = true, .heading = heading, .next = next_shunts};
