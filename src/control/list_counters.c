/* Counters as NAME=VALUE: --globalstatus. */
#include "control/session.h"

static const char *const lines[] = {"{name}={value}"};
static const struct text_form form = TEXT_FORM(NO_CODE, lines);

static void put_counter(struct facts *facts, const char *name, uint64_t value)
{
    if (facts->is_json) {
        json_out_number(&facts->json, name, value);
        return;
    }
    facts_begin(facts, NULL, &form);
    facts_text(facts, "name", name);
    facts_number(facts, "value", value);
    facts_end(facts);
}

static bool next_counters(struct control_session *session, struct facts *facts)
{
    struct engine_totals totals = engine_view_totals(session->control->engine);
    const struct engine_settings *settings = engine_view_settings(session->control->engine);
    uint64_t ikes = totals.ike_halfopen + totals.ike_open + totals.ike_established;
    const struct {
        const char *name;
        uint64_t value;
    } counters[] = {
        {"config.setup.ike.ddos_threshold", settings->ddos_ike_threshold},
        {"config.setup.ike.max_halfopen", settings->max_halfopen_ike},
        {"current.states.all", ikes + totals.child_established},
        {"current.states.ipsec", totals.child_established},
        {"current.states.ike", ikes},
        {"current.states.iketype.authenticated", totals.ike_established},
        {"current.states.iketype.halfopen", totals.ike_halfopen},
        {"current.states.iketype.open", totals.ike_open},
        {"total.ike.ikev2.established", totals.ike_completed},
        {"total.ike.ikev2.failed", totals.ike_failed},
        {"total.ikev2.ike.started", totals.ike_started},
        {"total.ikev2.ike.established", totals.ike_completed},
        {"total.ikev2.child.established", totals.child_completed},
    };
    if (facts->is_json)
        json_out_open(&facts->json, "counters", '{');
    for (size_t i = 0; i < ARRAY_SIZE(counters); i++)
        put_counter(facts, counters[i].name, counters[i].value);
    if (facts->is_json)
        json_out_close(&facts->json, '}');
    return false;
}

const struct list_section section_counters = {.name = "counters", .next = next_counters};
