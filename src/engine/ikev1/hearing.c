/* Whether the peer has an IPsec SA, too, when the last messages of its Quick Mode were lost and are not said
 * again (RFC 2409 has no acknowledgement; some peers forget the exchange). The packets of the data plane
 * tell: who sends under the new keys has taken our answer, who never answers what we send may have nothing.
 */
#include "engine/ikev1/hearing.h"

#include "engine/child_install.h"
#include "engine/ikev1/lifetimes.h"
#include "engine/ikev1/quick_mode.h"

#define HEARING_INTERVAL (10 * USEC_PER_SEC)
#define NOT_READ_INTERVAL (2 * USEC_PER_SEC)
#define BLAME_LIMIT (2 * USEC_PER_SEC)

enum { UNHEARD_LIMIT = 2 }; /* in a row: traffic that goes one way only is no fault */

void hearing_begin(struct engine *engine, struct quick_mode *quick, usec_t forget_at)
{
    usec_t next = engine_now(engine) + HEARING_INTERVAL;
    quick->forget_at = forget_at;
    engine_timer_arm(engine, &quick->retransmit_timer, next < forget_at ? next : forget_at);
}

bool hearing_goes_on(struct engine *engine, struct child_sa *child)
{
    struct quick_mode *quick = child->quick;
    if (engine_now(engine) >= quick->forget_at)
        return false;
    if (child->in.packets == 0 && child->is_installed)
        child_query(engine, child);
    hearing_begin(engine, quick, quick->forget_at);
    return true;
}

/* A notification names no exchange: it follows at once what it is about. Peers that remember the IVs of a few
 * exchanges only (strongSwan: three) say so of an answer that is said again, and forget another one each time
 * they hear it. */
void hearing_answer_was_not_read(struct engine *engine, struct ike_sa *ike)
{
    struct quick_mode *meant = NULL;
    LIST_EACH(&ike->v1->quicks, node)
    {
        struct quick_mode *quick = CONTAINER_OF(node, struct quick_mode, node);
        bool is_fresh = quick->last_repeated != 0 && engine_now(engine) < quick->last_repeated + BLAME_LIMIT;
        if (quick->state == STATE_QUICK_R1 && is_fresh &&
            (meant == NULL || quick->last_repeated > meant->last_repeated))
            meant = quick;
    }
    if (meant != NULL)
        meant->is_not_read = true;
}

bool hearing_waits(struct engine *engine, struct child_sa *child)
{
    struct quick_mode *quick = child->quick;
    const struct connection *connection = connection_by_serial(engine, child->connection_serial);
    usec_t end = quick->exchange.first_sent + connection->spec->retransmit_timeout;
    usec_t now = engine_now(engine), next = now + NOT_READ_INTERVAL;
    if (!quick->is_not_read || now >= end)
        return false;
    child_query(engine, child);
    engine_timer_arm(engine, &quick->retransmit_timer, next < end ? next : end);
    return true;
}

/* Ours, that nothing answers: another Quick Mode makes one that both have. */
static void replace_unheard(struct engine *engine, const struct ike_sa *ike, struct child_sa *child)
{
    const struct connection *connection = connection_by_serial(engine, child->connection_serial);
    bool is_in_use = child->state == CHILD_STATE_ESTABLISHED && ike->state == IKE_STATE_ESTABLISHED &&
                     connection->newest_child_serial == child->serial;
    bool has_had_time = engine_now(engine) >= child->established_at + HEARING_INTERVAL;
    if (!is_in_use || !has_had_time || !connection->spec->rekey || child->unheard_count >= UNHEARD_LIMIT)
        return;
    child->unheard_count++;
    say_child(
        engine, RC_LOG, child, 0,
        "%llu packets have left under this IPsec SA and none has come: the peer may not have it, another "
        "one is made in its place",
        (unsigned long long)child->out.packets);
    quick_drop(engine, child);
    lifetimes_rekey_child(engine, child, 0);
}

void hearing_counters_came(struct engine *engine, struct ike_sa *ike, struct child_sa *child)
{
    struct quick_mode *quick = child->quick;
    if (quick->state == STATE_QUICK_R1 && quick->job_id == 0 && child->in.packets > 0)
        quick_mode_confirmed(engine, ike, quick);
    else if (quick->state == STATE_QUICK_I2 && child->in.packets > 0)
        child->unheard_count = 0;
    else if (quick->state == STATE_QUICK_I2 && child->out.packets > 0)
        replace_unheard(engine, ike, child);
}
