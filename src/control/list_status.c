/* --status and its shorter relatives: which listings there are, and the parts about the daemon itself. */
#include <inttypes.h>

#include "base/text.h"
#include "control/session.h"

static void show_interfaces(struct control_session *session)
{
    const struct listen_address *list;
    const struct engine_settings *settings = engine_view_settings(session->control->engine);
    size_t count = engine_view_interfaces(session->control->engine, &list);
    for (size_t i = 0; i < count; i++) {
        const uint16_t ports[] = {settings->natt_port, settings->ike_port};
        for (size_t j = 0; j < ARRAY_SIZE(ports); j++) {
            struct ip_endpoint endpoint = {.address = list[i].address, .port = ports[j]};
            char text[ENDPOINT_TEXT_SIZE];
            session_line(session, RC_COMMENT, "interface %s UDP %s", list[i].interface,
                         endpoint_text(&endpoint, text));
        }
    }
}

static void show_setup(struct control_session *session)
{
    static const char *const ddos[] = {"auto", "busy", "unlimited"};
    const struct control_facts *facts = session->control->host.facts(session->control->host.context);
    const struct engine_settings *settings = engine_view_settings(session->control->engine);
    session_line(session, RC_COMMENT, "config setup options:");
    session_line(session, RC_COMMENT, " ");
    session_line(session, RC_COMMENT, "configdir=/etc, configfile=%s, secrets=%s, ipsecdir=%s",
                 facts->config_file, facts->secrets_file, facts->ipsec_dir);
    session_line(session, RC_COMMENT, "dumpdir=%s, libexecdir=%s", facts->dump_dir, facts->exec_dir);
    session_line(session, RC_COMMENT, "pluto_version=Styx %s, pluto_vendorid=%s", STYX_VERSION,
                 settings->vendor_id ? settings->vendor_id : "Styx-" STYX_VERSION);
    session_line(session, RC_COMMENT, "nhelpers=%d, uniqueids=%s", facts->nhelpers,
                 settings->unique_ids ? "yes" : "no");
    session_line(session, RC_COMMENT,
                 "ddos-cookies-threshold=%u, ddos-max-halfopen=%u, ddos-mode=%s, ikev1-policy=drop",
                 settings->ddos_ike_threshold, settings->max_halfopen_ike, ddos[settings->ddos_mode]);
    session_line(session, RC_COMMENT, "listen=%s", facts->listen);
    session_line(session, RC_COMMENT, " ");
    session_line(session, RC_COMMENT, "nat-traversal=yes, keep-alive=%" PRIu64 ", nat-ikeport=%u",
                 settings->nat_keepalive_interval / USEC_PER_SEC, settings->natt_port);
    session_line(session, RC_COMMENT, " ");
}

static void show_header(struct control_session *session)
{
    const struct control_facts *facts = session->control->host.facts(session->control->host.context);
    session_line(session, RC_COMMENT, "using kernel interface: %s", facts->kernel_interface);
    session_line(session, RC_COMMENT, " ");
    show_interfaces(session);
    session_line(session, RC_COMMENT, " ");
    show_setup(session);
    list_algorithms(session);
    session_line(session, RC_COMMENT, "Connection list:");
    session_line(session, RC_COMMENT, " ");
}

static void show_middle(struct control_session *session)
{
    struct engine_totals totals = engine_view_totals(session->control->engine);
    session_line(session, RC_COMMENT, " ");
    session_line(session, RC_COMMENT, "Total IPsec connections: loaded %" PRIu64 ", active %" PRIu64,
                 totals.connections_loaded, totals.connections_active);
    session_line(session, RC_COMMENT, " ");
    list_totals(session);
    session_line(session, RC_COMMENT, " ");
}

enum { STATUS_HEADER, STATUS_CONNECTIONS, STATUS_MIDDLE, STATUS_STATES };

static bool status(struct control_session *session)
{
    struct listing *listing = &session->listing;
    switch (listing->step) {
    case STATUS_HEADER:
        show_header(session);
        listing->step = STATUS_CONNECTIONS;
        return true;
    case STATUS_CONNECTIONS:
        if (!list_connections(session)) {
            show_middle(session);
            /* list_states counts its own steps from here on. */
            *listing = (struct listing){.next = status, .step = STATUS_STATES};
        }
        return true;
    default:
        listing->step -= STATUS_STATES;
        bool more = list_states(session);
        listing->step += STATUS_STATES;
        if (!more) {
            session_line(session, RC_COMMENT, " ");
            list_bare_shunts(session);
        }
        return more;
    }
}

static bool brief_status(struct control_session *session)
{
    list_totals(session);
    return false;
}

static bool shunt_status(struct control_session *session)
{
    list_bare_shunts(session);
    return false;
}

static bool process_status(struct control_session *session)
{
    const struct control_facts *facts = session->control->host.facts(session->control->host.context);
    session_line(session, RC_COMMENT, "pid=%d, nhelpers=%d", facts->pid, facts->nhelpers);
    return false;
}

static bool fips_status(struct control_session *session)
{
    session_line(session, RC_COMMENT, "FIPS mode disabled");
    return false;
}

static bool address_pool_status(struct control_session *session)
{
    session_line(session, RC_COMMENT, "No address pools: addresspool= is not supported yet");
    return false;
}

static bool global_status(struct control_session *session)
{
    struct engine_totals totals = engine_view_totals(session->control->engine);
    const struct engine_settings *settings = engine_view_settings(session->control->engine);
    const struct {
        const char *name;
        uint64_t value;
    } lines[] = {
        {"config.setup.ike.ddos_threshold", settings->ddos_ike_threshold},
        {"config.setup.ike.max_halfopen", settings->max_halfopen_ike},
        {"current.states.all",
         totals.ike_halfopen + totals.ike_open + totals.ike_established + totals.child_established},
        {"current.states.ipsec", totals.child_established},
        {"current.states.ike", totals.ike_halfopen + totals.ike_open + totals.ike_established},
        {"current.states.iketype.authenticated", totals.ike_established},
        {"current.states.iketype.halfopen", totals.ike_halfopen},
        {"current.states.iketype.open", totals.ike_open},
        {"total.ike.ikev2.established", totals.ike_completed},
        {"total.ike.ikev2.failed", totals.ike_failed},
        {"total.ikev2.ike.started", totals.ike_started},
        {"total.ikev2.ike.established", totals.ike_completed},
        {"total.ikev2.child.established", totals.child_completed},
    };
    for (size_t i = 0; i < ARRAY_SIZE(lines); i++)
        session_line(session, RC_COMMENT, "%s=%" PRIu64, lines[i].name, lines[i].value);
    return false;
}

static bool list_events(struct control_session *session)
{
    usec_t now = engine_view_now(session->control->engine);
    struct ike_view view;
    while (engine_view_ike(session->control->engine, session->listing.after, &view)) {
        session->listing.after = view.serial;
        if (view.next_event_at != USEC_NEVER && view.next_event_at >= now)
            session_line(session, RC_COMMENT, "event %s: in %" PRIu64 "s \"%s\"  #%" PRIu64, view.next_event,
                         (view.next_event_at - now) / USEC_PER_SEC, view.connection_name, view.serial);
        if (control_session_output(session).size > 65536)
            return true;
    }
    return false;
}

static bool status_with_counters(struct control_session *session)
{
    return list_refresh_counters(session, status);
}

static bool traffic_with_counters(struct control_session *session)
{
    return list_refresh_counters(session, list_traffic);
}

static bool states_with_counters(struct control_session *session)
{
    return list_refresh_counters(session, list_states);
}

listing_function listing_find(const char *command)
{
    static const struct {
        const char *command;
        listing_function function;
    } listings[] = {
        {"status", status_with_counters},
        {"briefstatus", brief_status},
        {"globalstatus", global_status},
        {"connectionstatus", list_connections},
        {"trafficstatus", traffic_with_counters},
        {"showstates", states_with_counters},
        {"shuntstatus", shunt_status},
        {"processstatus", process_status},
        {"addresspoolstatus", address_pool_status},
        {"fipsstatus", fips_status},
        {"listevents", list_events},
    };
    for (size_t i = 0; i < ARRAY_SIZE(listings); i++)
        if (strcmp(listings[i].command, command) == 0)
            return listings[i].function;
    return NULL;
}
