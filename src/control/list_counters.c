/* Counters as NAME=VALUE: --globalstatus. */
#include <assert.h>
#include <stdio.h>

#include "control/session.h"

enum { STATES_A_PIECE = 4096 };

/* The states that Libreswan 4.x counts, in its order; ours have these names. */
static const char *const state_names[] = {
    "STATE_MAIN_R0",
    "STATE_MAIN_I1",
    "STATE_MAIN_R1",
    "STATE_MAIN_I2",
    "STATE_MAIN_R2",
    "STATE_MAIN_I3",
    "STATE_MAIN_R3",
    "STATE_MAIN_I4",
    "STATE_AGGR_R0",
    "STATE_AGGR_I1",
    "STATE_AGGR_R1",
    "STATE_AGGR_I2",
    "STATE_AGGR_R2",
    "STATE_QUICK_R0",
    "STATE_QUICK_I1",
    "STATE_QUICK_R1",
    "STATE_QUICK_I2",
    "STATE_QUICK_R2",
    "STATE_INFO",
    "STATE_INFO_PROTECTED",
    "STATE_XAUTH_R0",
    "STATE_XAUTH_R1",
    "STATE_MODE_CFG_R0",
    "STATE_MODE_CFG_R1",
    "STATE_MODE_CFG_R2",
    "STATE_MODE_CFG_I1",
    "STATE_XAUTH_I0",
    "STATE_XAUTH_I1",
    "STATE_V2_PARENT_I0",
    "STATE_V2_PARENT_I1",
    "STATE_V2_PARENT_I2",
    "STATE_V2_PARENT_R0",
    "STATE_V2_PARENT_R1",
    "STATE_V2_PARENT_R_EAP",
    "STATE_V2_IKE_AUTH_CHILD_I0",
    "STATE_V2_IKE_AUTH_CHILD_R0",
    "STATE_V2_NEW_CHILD_I0",
    "STATE_V2_NEW_CHILD_I1",
    "STATE_V2_REKEY_IKE_I0",
    "STATE_V2_REKEY_IKE_I1",
    "STATE_V2_REKEY_CHILD_I0",
    "STATE_V2_REKEY_CHILD_I1",
    "STATE_V2_NEW_CHILD_R0",
    "STATE_V2_REKEY_IKE_R0",
    "STATE_V2_REKEY_CHILD_R0",
    "STATE_V2_ESTABLISHED_IKE_SA",
    "STATE_V2_ESTABLISHED_CHILD_SA",
    "STATE_V2_IKE_SA_DELETE",
    "STATE_V2_CHILD_SA_DELETE",
};
static_assert(ARRAY_SIZE(state_names) <= LISTING_COUNTS, "struct listing has a place for each");

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

static void count_state(struct listing *listing, const char *name)
{
    for (size_t i = 0; i < ARRAY_SIZE(state_names); i++) {
        if (strcmp(state_names[i], name) == 0) {
            listing->counts[i]++;
            return;
        }
    }
}

/* False: all have been counted. */
static bool count_states(struct control_session *session)
{
    const struct engine *engine = session->control->engine;
    struct listing *listing = &session->listing;
    struct ike_view ike;
    struct child_view child;
    bool has_ike = true, has_child = true;
    for (int i = 0; i < STATES_A_PIECE && (has_ike || has_child); i++) {
        has_ike = engine_view_ike(engine, listing->after, &ike);
        has_child = engine_view_child(engine, listing->after_child, &child);
        if (has_ike)
            count_state(listing, ike.state_name);
        if (has_child)
            count_state(listing, child.state_name);
        listing->after = has_ike ? ike.serial : listing->after;
        listing->after_child = has_child ? child.serial : listing->after_child;
    }
    return has_ike || has_child;
}

static void put_gauges(struct control_session *session, struct facts *facts)
{
    struct engine_totals totals = engine_view_totals(session->control->engine);
    const struct engine_settings *settings = engine_view_settings(session->control->engine);
    uint64_t ikes = totals.ike_halfopen + totals.ike_open + totals.ike_established;
    put_counter(facts, "config.setup.ike", "ddos_threshold", settings->ddos_ike_threshold);
    put_counter(facts, "config.setup.ike", "max_halfopen", settings->max_halfopen_ike);
    put_counter(facts, "current.states", "all", ikes + totals.child_established);
    put_counter(facts, "current.states", "ipsec", totals.child_established);
    put_counter(facts, "current.states", "ike", ikes);
    put_counter(facts, "current.states", "shunts", totals.shunts);
    put_counter(facts, "current.states.iketype", "anonymous", 0);
    put_counter(facts, "current.states.iketype", "authenticated", totals.ike_established);
    put_counter(facts, "current.states.iketype", "halfopen", totals.ike_halfopen);
    put_counter(facts, "current.states.iketype", "open", totals.ike_open);
    for (size_t i = 0; i < ARRAY_SIZE(state_names); i++)
        put_counter(facts, "current.states.enumerate", state_names[i], session->listing.counts[i]);
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
    if (count_states(session))
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
