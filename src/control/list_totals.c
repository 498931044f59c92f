/* How many there are: the totals in status output, and all of --briefstatus. */
#include "control/session.h"

static const char *const blank[] = {" ", NULL};

static const char *const connection_lines[] = {"Total IPsec connections: loaded {loaded}, active {active}"};
static const struct text_form connection_form = TEXT_FORM(RC_COMMENT, connection_lines);

static bool next_connection_totals(struct control_session *session, struct facts *facts)
{
    const struct census *census = &session->listing.census;
    if (census_continue(session))
        return true;
    facts_begin(facts, "connection_totals", &connection_form);
    facts_number(facts, "loaded", census->connections);
    facts_number(facts, "active", census->active_connections);
    facts_end(facts);
    return false;
}

const struct list_section section_connection_totals = {
    .name = "connection_totals", .heading = blank, .ending = blank, .next = next_connection_totals};

static const char *const lines[] = {
    "State Information: DDoS cookies {ddos_cookies_required?required}{!ddos_cookies_required?not required}, "
    "{accepts_new_ike?Accepting}{!accepts_new_ike?NOT accepting} new IKE connections",
    "IKE SAs: total({ike_sas.total}), half-open({ike_sas.halfopen}), open({ike_sas.open}), "
    "authenticated({ike_sas.authenticated}), anonymous({ike_sas.anonymous})",
    "IPsec SAs: total({ipsec_sas.total}), authenticated({ipsec_sas.authenticated}), "
    "anonymous({ipsec_sas.anonymous})",
};
static const struct text_form form = TEXT_FORM(RC_COMMENT, lines);

static bool next_totals(struct control_session *session, struct facts *facts)
{
    const struct census *census = &session->listing.census;
    struct engine_pressure pressure = engine_view_pressure(session->control->engine);
    const struct engine_settings *settings = engine_view_settings(session->control->engine);
    if (census_continue(session))
        return true;
    facts_begin(facts, "totals", &form);
    facts_bool(facts, "ddos_cookies_required", pressure.ddos_cookies_required);
    facts_bool(facts, "accepts_new_ike", pressure.ike_halfopen < settings->max_halfopen_ike);
    facts_object(facts, "ike_sas");
    facts_number(facts, "total", pressure.ike_halfopen + census->open_ikes + census->established_ikes);
    facts_number(facts, "halfopen", pressure.ike_halfopen);
    facts_number(facts, "open", census->open_ikes);
    facts_number(facts, "authenticated", census->established_ikes);
    facts_number(facts, "anonymous", 0);
    facts_object(facts, "ipsec_sas");
    facts_number(facts, "total", census->established_children);
    facts_number(facts, "authenticated", census->established_children);
    facts_number(facts, "anonymous", 0);
    facts_end(facts);
    return false;
}

const struct list_section section_totals = {.name = "totals", .next = next_totals};
const struct list_section section_totals_of_status = {.name = "totals", .ending = blank, .next = next_totals};
