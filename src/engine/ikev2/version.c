/* IKEv2 as the engine's common code sees it, and the names of its states as in Libreswan 4.x. */
#include "engine/version.h"

#include "engine/ikev2/exchange.h"
#include "engine/ikev2/fragmentation.h"
#include "engine/ikev2/ike_auth.h"
#include "engine/ikev2/informational.h"
#include "engine/ikev2/mobike.h"
#include "engine/ikev2/receive.h"
#include "engine/ikev2/rekey_child.h"
#include "engine/ikev2/rekey_ike.h"
#include "engine/ikev2/sa_init.h"

static const char *ike_state_name(const struct ike_sa *ike)
{
    switch (ike->state) {
    case IKE_STATE_INIT_SENT:
        return "STATE_V2_PARENT_I1";
    case IKE_STATE_AUTH_SENT:
        return "STATE_V2_PARENT_I2";
    case IKE_STATE_INIT_RESPONDED:
        return "STATE_V2_PARENT_R1";
    case IKE_STATE_REKEY_LARVAL:
        return ike->is_initiator ? "STATE_V2_REKEY_IKE_I1" : "STATE_V2_REKEY_IKE_R0";
    case IKE_STATE_ESTABLISHED:
    case IKE_STATE_REPLACED:
        return "STATE_V2_ESTABLISHED_IKE_SA";
    case IKE_STATE_DELETING:
    case IKE_STATE_RETIRED:
    case IKE_STATE_ORPHANAGE:
    case IKE_STATE_PHASE1_DONE:
        return "STATE_V2_IKE_SA_DELETE";
    }
    return "STATE_UNDEFINED";
}

static const char *ike_state_story(const struct ike_sa *ike)
{
    switch (ike->state) {
    case IKE_STATE_INIT_SENT:
        return "sent IKE_SA_INIT request";
    case IKE_STATE_AUTH_SENT:
        return "sent IKE_AUTH request";
    case IKE_STATE_INIT_RESPONDED:
        return "sent IKE_SA_INIT response, waiting for IKE_AUTH";
    case IKE_STATE_REKEY_LARVAL:
        return "sent CREATE_CHILD_SA request to rekey IKE SA";
    case IKE_STATE_ESTABLISHED:
        return "established IKE SA";
    case IKE_STATE_REPLACED:
        return "established IKE SA, rekeyed";
    case IKE_STATE_DELETING:
    case IKE_STATE_RETIRED:
    case IKE_STATE_ORPHANAGE:
    case IKE_STATE_PHASE1_DONE:
        return "IKE SA being deleted";
    }
    return "";
}

static const char *child_state_name(const struct child_sa *child)
{
    if (child->state != CHILD_STATE_LARVAL)
        return "STATE_V2_ESTABLISHED_CHILD_SA";
    return child->replaces_serial ? "STATE_V2_REKEY_CHILD_I1" : "STATE_V2_NEW_CHILD_I1";
}

static const char *child_state_story(const struct child_sa *child)
{
    switch (child->state) {
    case CHILD_STATE_LARVAL:
        return child->replaces_serial ? "sent CREATE_CHILD_SA request to rekey IPsec SA"
                                      : "sent CREATE_CHILD_SA request for new IPsec SA";
    case CHILD_STATE_ESTABLISHED:
        return "established Child SA";
    case CHILD_STATE_REPLACED:
        return "established Child SA, rekeyed";
    case CHILD_STATE_DELETING:
        return "Child SA being deleted";
    }
    return "";
}

static void timer_fired(struct engine *engine, struct ike_sa *ike, enum timer_kind kind)
{
    switch (kind) {
    case TIMER_IKE_RETRANSMIT:
        exchange_retransmit(engine, ike);
        break;
    case TIMER_IKE_LIFE:
        ikev2_ike_life_is_due(engine, ike);
        break;
    case TIMER_IKE_LIVENESS:
        liveness_is_due(engine, ike);
        break;
    default:
        exchange_next(engine, ike);
        break;
    }
}

const struct ike_version ikev2_version = {
    .number = 2,
    .start = sa_init_start,
    .run_tasks = exchange_next,
    .delete_ike = ikev2_delete_ike,
    .delete_child = ikev2_delete_child,
    .say_goodbye = ikev2_say_goodbye,
    .rekey_ike = rekey_ike_start,
    .rekey_child = rekey_child_start,
    .timer_fired = timer_fired,
    .child_life_is_due = ikev2_child_life_is_due,
    .move_local = mobike_move_local,
    .job_done = ikev2_job_done,
    .login_checked = ike_auth_authorized,
    .counters_came = liveness_counters_came,
    .ike_is_going = rekey_ike_old_is_going,
    .ike_drop_parts = fragmentation_forget,
    .ike_state_name = ike_state_name,
    .ike_state_story = ike_state_story,
    .child_state_name = child_state_name,
    .child_state_story = child_state_story,
};
