/* Counters as NAME=VALUE: --globalstatus. */
#include <stdio.h>

#include "control/session.h"

static const char *const lines[] = {"{name}={value}"};
static const struct text_form form = TEXT_FORM(NO_CODE, lines);

static void put_counter(struct facts *facts, const char *family, const char *name, uint64_t value)
{
    char whole[128];
    snprintf(whole, sizeof(whole), "%s.%s", family, name);
    if (facts->is_json) {
        json_out_number(&facts->json, whole, value);
        return;
    }
    facts_begin(facts, NULL, &form);
    facts_text(facts, "name", whole);
    facts_number(facts, "value", value);
    facts_end(facts);
}

/* ---- what there is now ---- */

static void put_gauges(struct control_session *session, struct facts *facts)
{
    const struct census *census = &session->listing.census;
    const struct engine_settings *settings = engine_view_settings(session->control->engine);
    uint64_t halfopen = engine_view_pressure(session->control->engine).ike_halfopen;
    uint64_t ikes = halfopen + census->open_ikes + census->established_ikes;
    put_counter(facts, "config.setup.ike", "ddos_threshold", settings->ddos_ike_threshold);
    put_counter(facts, "config.setup.ike", "max_halfopen", settings->max_halfopen_ike);
    put_counter(facts, "current.states", "all", ikes + census->established_children);
    put_counter(facts, "current.states", "ipsec", census->established_children);
    put_counter(facts, "current.states", "ike", ikes);
    put_counter(facts, "current.states", "shunts", census->shunts);
    put_counter(facts, "current.states.iketype", "anonymous", 0);
    put_counter(facts, "current.states.iketype", "authenticated", census->established_ikes);
    put_counter(facts, "current.states.iketype", "halfopen", halfopen);
    put_counter(facts, "current.states.iketype", "open", census->open_ikes);
    for (unsigned i = 0; census_state_name(i) != NULL; i++)
        put_counter(facts, "current.states.enumerate", census_state_name(i), census->states[i]);
}

/* ---- what there has been ---- */

static void put_counters(struct control_session *session, struct facts *facts)
{
    const struct statistics *statistics = engine_view_statistics(session->control->engine);
    for (size_t i = 0; i < COUNT_FAMILIES; i++)
        for (size_t j = 0; j < counter_families[i].name_count; j++)
            put_counter(facts, counter_families[i].name, counter_families[i].names[j].name,
                        statistics->values[i][j]);
}

static bool next_counters(struct control_session *session, struct facts *facts)
{
    if (census_continue(session))
        return true;
    if (facts->is_json)
        json_out_open(&facts->json, "counters", '{');
    put_gauges(session, facts);
    put_counters(session, facts);
    if (facts->is_json)
        json_out_close(&facts->json, '}');
    return false;
}

const struct list_section section_counters = {.name = "counters", .next = next_counters};
