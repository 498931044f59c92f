/* Dead peer detection: RFC 3706. Only silence is asked about: messages and packets of the peer prove it
 * alive. */
#include "engine/ikev1/dpd.h"

#include "engine/child_install.h"
#include "engine/count.h"
#include "engine/ikev1/informational.h"

#define COUNTERS_WAIT USEC_PER_SEC /* for the data plane's counters, before the peer is asked */

static const struct connection_spec *spec_of(const struct engine *engine, const struct ike_sa *ike)
{
    return connection_by_serial(engine, ike->connection_serial)->spec;
}

static void arm(struct engine *engine, struct ike_sa *ike, usec_t at)
{
    engine_timer_arm(engine, &ike->liveness_timer, at);
}

/* dpdaction=, before the SAs go: what the connection is to be then. */
static void decide_what_follows(struct connection *connection)
{
    switch (connection->spec->dpd_action) {
    case DPD_ACTION_AUTO:
        return;
    case DPD_ACTION_HOLD:
        connection->keep_up = false;
        connection->route.is_wanted = true;
        return;
    case DPD_ACTION_CLEAR:
        connection->keep_up = connection->route.is_wanted = false;
        return;
    case DPD_ACTION_RESTART:
        connection->keep_up = true;
        return;
    }
}

static void declare_dead(struct engine *engine, struct ike_sa *ike)
{
    const struct connection_spec *spec = spec_of(engine, ike);
    say_ike(engine, RC_LOG_SERIOUS, ike, 0,
            "DPD: no answer for %u seconds, peer is declared dead: its SAs end",
            (unsigned)((engine_now(engine) - ike->v1->dpd_unanswered_since) / USEC_PER_SEC));
    say_event(engine, EVENT_FAILED, spec->name, ike->serial, 0, "dead peer");
    LIST_EACH(&ike->children, node)
    {
        const struct child_sa *child = CONTAINER_OF(node, struct child_sa, siblings);
        decide_what_follows(connection_by_serial(engine, child->connection_serial));
    }
    ike_destroy(engine, ike);
}

static void ask(struct engine *engine, struct ike_sa *ike)
{
    uint8_t sequence[4];
    struct ikev1_sa *v1 = ike->v1;
    const struct connection_spec *spec = spec_of(engine, ike);
    usec_t now = engine_now(engine);
    ike->liveness_querying = false;
    if (v1->dpd_unanswered_since != 0 && now >= v1->dpd_unanswered_since + spec->dpd_timeout) {
        declare_dead(engine, ike);
        return;
    }
    if (v1->dpd_unanswered_since == 0)
        v1->dpd_unanswered_since = now;
    if (v1->dpd_sequence == 0)
        engine_random(engine, &v1->dpd_sequence, sizeof(v1->dpd_sequence));
    v1->dpd_sequence = (v1->dpd_sequence + 1) & 0x7fffffff;
    store_be32(sequence, v1->dpd_sequence);
    count_one(engine, COUNT_LIVENESS, PROBES_SENT);
    notify_about_ike(engine, ike, V1_R_U_THERE, bytes_of(sequence, sizeof(sequence)));
    usec_t dead_at = v1->dpd_unanswered_since + spec->dpd_timeout, next = now + spec->dpd_delay;
    arm(engine, ike, next < dead_at ? next : dead_at);
}

void dpd_is_due(struct engine *engine, struct ike_sa *ike)
{
    usec_t delay = spec_of(engine, ike)->dpd_delay, now = engine_now(engine);
    struct child_sa *child =
        list_is_empty(&ike->children) ? NULL : CONTAINER_OF(ike->children.prev, struct child_sa, siblings);
    if (ike->state != IKE_STATE_ESTABLISHED || delay == 0 || (ike->v1->peer_features & PEER_DPD) == 0)
        return;
    if (now < ike->last_received_at + delay) {
        ike->v1->dpd_unanswered_since = 0;
        arm(engine, ike, ike->last_received_at + delay);
    } else if (child != NULL && child->is_installed && !ike->liveness_querying) {
        ike->liveness_querying = true;
        arm(engine, ike, now + COUNTERS_WAIT);
        child_query(engine, child);
    } else {
        ask(engine, ike);
    }
}

void dpd_counters_came(struct engine *engine, struct ike_sa *ike, const struct child_sa *child)
{
    usec_t delay = spec_of(engine, ike)->dpd_delay;
    ike->liveness_querying = false;
    if (ike->state != IKE_STATE_ESTABLISHED) /* it has been replaced meanwhile, or has lost its keys */
        return;
    if (child->in.last_use != 0 && engine_now(engine) < child->in.last_use + delay) {
        ike->v1->dpd_unanswered_since = 0;
        arm(engine, ike, child->in.last_use + delay);
    } else {
        ask(engine, ike);
    }
}

static bool is_about(const struct ike_sa *ike, const struct ike_notify *notify)
{
    return notify->spi.size == 2 * IKE_SPI_SIZE && memcmp(notify->spi.data, ike->spi_i, IKE_SPI_SIZE) == 0 &&
           memcmp(notify->spi.data + IKE_SPI_SIZE, ike->spi_r, IKE_SPI_SIZE) == 0 && notify->data.size == 4;
}

/* Old numbers are replays (RFC 3706 7). The last one may come again because our answer was lost: it is
 * answered, to where the peer was, and proves nothing. */
static bool answer(struct engine *engine, struct ike_sa *ike, const struct ike_notify *notify)
{
    uint32_t sequence = load_be32(notify->data.data);
    bool is_first = ike->v1->dpd_peer_sequence == 0;
    int32_t step = (int32_t)(sequence - ike->v1->dpd_peer_sequence);
    if (!is_first && step < 0)
        return false;
    ike->v1->dpd_peer_sequence = sequence;
    count_one(engine, COUNT_LIVENESS, ANSWERS_SENT);
    notify_about_ike(engine, ike, V1_R_U_THERE_ACK, notify->data);
    return is_first || step > 0;
}

static bool take_answer(struct engine *engine, struct ike_sa *ike, const struct ike_notify *notify)
{
    if (load_be32(notify->data.data) != ike->v1->dpd_sequence || ike->v1->dpd_unanswered_since == 0)
        return false;
    ike->v1->dpd_unanswered_since = 0;
    count_one(engine, COUNT_LIVENESS, PROBES_ANSWERED);
    return true;
}

bool dpd_received(struct engine *engine, struct ike_sa *ike, const struct ike_notify *notify)
{
    if (!is_about(ike, notify))
        return false;
    return notify->type == V1_R_U_THERE ? answer(engine, ike, notify) : take_answer(engine, ike, notify);
}
