/* How many SAs and connections there are. */
#include "control/census.h"

#include <assert.h>

#include "control/session.h"

enum { COUNTED_A_PIECE = 1024 };

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
static_assert(ARRAY_SIZE(state_names) <= CENSUS_STATES, "struct census has a place for each");

const char *census_state_name(unsigned index)
{
    return index < ARRAY_SIZE(state_names) ? state_names[index] : NULL;
}

static void count_state(struct census *census, const char *name)
{
    unsigned found = census->last_state;
    if (strcmp(state_names[found], name) != 0)
        for (found = 0; found < ARRAY_SIZE(state_names) && strcmp(state_names[found], name) != 0;)
            found++;
    if (found == ARRAY_SIZE(state_names))
        return;
    census->states[found]++;
    census->last_state = found;
}

static bool count_ikes(const struct engine *engine, struct census *census)
{
    struct ike_view ike;
    for (int i = 0; i < COUNTED_A_PIECE; i++) {
        if (!engine_view_ike(engine, census->after_ike, &ike))
            return false;
        census->after_ike = ike.serial;
        census->established_ikes += ike.is_established;
        census->open_ikes += ike.is_open;
        count_state(census, ike.state_name);
    }
    return true;
}

static bool count_children(const struct engine *engine, struct census *census)
{
    struct child_view child;
    for (int i = 0; i < COUNTED_A_PIECE; i++) {
        if (!engine_view_child(engine, census->after_child, &child))
            return false;
        census->after_child = child.serial;
        census->established_children += child.is_established;
        count_state(census, child.state_name);
    }
    return true;
}

static bool count_connections(const struct engine *engine, struct census *census)
{
    struct connection_view connection;
    for (int i = 0; i < COUNTED_A_PIECE; i++) {
        if (!engine_view_connection(engine, census->after_connection, &connection))
            return false;
        census->after_connection = connection.serial;
        census->connections++;
        census->active_connections += connection.newest_child_serial != 0;
        census->shunts += connection.routing == ROUTING_FAILURE || connection.routing == ROUTING_NEGOTIATING;
    }
    return true;
}

bool census_continue(struct control_session *session)
{
    const struct engine *engine = session->control->engine;
    struct census *census = &session->listing.census;
    if (!census->is_complete)
        census->is_complete = !count_ikes(engine, census) && !count_children(engine, census) &&
                              !count_connections(engine, census);
    return !census->is_complete;
}
