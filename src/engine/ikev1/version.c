/* IKEv1 as the engine's common code sees it. */
#include "engine/version.h"

#include "engine/ikev1/dpd.h"
#include "engine/ikev1/hearing.h"
#include "engine/ikev1/informational.h"
#include "engine/ikev1/lifetimes.h"
#include "engine/ikev1/phase1.h"
#include "engine/ikev1/quick_mode.h"
#include "engine/ikev1/receive.h"
#include "engine/ikev1/transaction.h"
#include "engine/ikev1/xauth.h"

static void retransmit_phase1(struct engine *engine, struct ike_sa *ike)
{
    unsigned waited;
    usec_t interval = ike->v1->phase1.retransmit_interval;
    const char *hint =
        ike->v1->state == STATE_MAIN_I3
            ? "Possible authentication failure: no acceptable response to our first encrypted message"
            : "No response (or no acceptable response) to our first IKEv1 message";
    switch (ikev1_retransmit(engine, ike, &ike->v1->phase1, &ike->retransmit_timer, &waited)) {
    case RETRANSMIT_GIVE_UP:
        ike->request_first_sent = ike->v1->phase1.first_sent; /* for the record of the failure */
        ike->retransmits = ike->v1->phase1.retransmits;
        ike_fail_because(engine, ike, FAILURE_NO_ANSWER, 0, RC_NORETRANSMISSION,
                         "%s: %u second timeout exceeded after %u retransmits.  %s",
                         ikev1_ike_state_name(ike), waited, ike->v1->phase1.retransmits, hint);
        break;
    case RETRANSMITTED:
        say_ike(engine, RC_RETRANSMISSION, ike, ike->setup->client,
                "%s: retransmission; will wait %g seconds for response", ikev1_ike_state_name(ike),
                (double)interval / (double)USEC_PER_SEC);
        break;
    case RETRANSMIT_SUPPRESSED:
        break;
    }
}

static void timer_fired(struct engine *engine, struct ike_sa *ike, enum timer_kind kind)
{
    switch (kind) {
    case TIMER_IKE_RETRANSMIT:
        if (ikev1_is_past_phase1(ike))
            transaction_retransmit(engine, ike);
        else
            retransmit_phase1(engine, ike);
        break;
    case TIMER_IKE_LIFE:
        lifetimes_ike_is_due(engine, ike);
        break;
    case TIMER_IKE_LIVENESS:
        dpd_is_due(engine, ike);
        break;
    case TIMER_IKE_RETRY:
        quick_mode_run_tasks(engine, ike);
        break;
    default:
        break;
    }
}

static void counters_came(struct engine *engine, struct ike_sa *ike, const struct child_sa *child)
{
    uint64_t serial = child->serial;
    if (ike->liveness_querying)
        dpd_counters_came(engine, ike, child);
    struct child_sa *quick_child = child_by_serial(engine, serial);
    if (quick_child != NULL && quick_child->quick != NULL)
        hearing_counters_came(engine, ike_by_serial(engine, quick_child->ike_serial), quick_child);
}

static void ike_is_going(struct engine *engine, struct ike_sa *ike)
{
    (void)engine, (void)ike;
}

const struct ike_version ikev1_version = {
    .number = 1,
    .start = ikev1_start_connection,
    .run_tasks = quick_mode_run_tasks,
    .delete_ike = ikev1_delete_ike,
    .delete_child = ikev1_delete_child,
    .say_goodbye = ikev1_say_goodbye,
    .rekey_ike = lifetimes_rekey_ike,
    .rekey_child = lifetimes_rekey_child,
    .timer_fired = timer_fired,
    .child_life_is_due = lifetimes_child_is_due,
    .child_retransmit = quick_mode_retransmit,
    .job_done = ikev1_job_done,
    .login_checked = xauth_server_checked,
    .counters_came = counters_came,
    .ike_is_going = ike_is_going,
    .ike_drop_parts = ikev1_sa_free,
    .child_drop_parts = quick_drop,
    .ike_state_name = ikev1_ike_state_name,
    .ike_state_story = ikev1_ike_state_story,
    .child_state_name = ikev1_child_state_name,
    .child_state_story = ikev1_child_state_story,
};
