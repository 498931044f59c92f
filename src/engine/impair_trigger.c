/* Impairments that are done at once: see impair_trigger.h. */
#include "engine/impair_trigger.h"

#include "engine/host_name.h"
#include "engine/ikev2/cookie.h"
#include "engine/initiate.h"
#include "engine/peer_path.h"
#include "engine/version.h"

/* As event_words of impair_names.c. */
static const enum impairment event_triggers[] = {
    IMPAIR_TRIGGER_SECRET,  IMPAIR_TRIGGER_NAMES,   IMPAIR_TRIGGER_REKEY,     IMPAIR_TRIGGER_LIVENESS,
    IMPAIR_TRIGGER_REPLACE, IMPAIR_TRIGGER_REVIVAL, IMPAIR_TRIGGER_KEEPALIVE,
};

enum impairment impair_event(uint64_t event)
{
    return event_triggers[event - 1];
}

bool impair_event_needs_serial(uint64_t event)
{
    return impair_event(event) != IMPAIR_TRIGGER_SECRET && impair_event(event) != IMPAIR_TRIGGER_NAMES;
}

static bool no_such_sa(uint64_t serial, struct error *error)
{
    return error_set(error, RC_UNKNOWN_NAME, "no established SA #%llu", (unsigned long long)serial);
}

static bool trigger_on_sa(struct engine *engine, enum impairment which, uint64_t serial, struct error *error)
{
    struct child_sa *child = child_by_serial(engine, serial);
    struct ike_sa *ike = ike_by_serial(engine, child != NULL ? child->ike_serial : serial);
    if (ike == NULL || ike->setup != NULL || (child != NULL && child->state != CHILD_STATE_ESTABLISHED))
        return no_such_sa(serial, error);
    if (which == IMPAIR_TRIGGER_LIVENESS && ike->version != &ikev2_version)
        return error_set(error, RC_WHACK_PROBLEM, "SA #%llu is of IKEv1: only IKEv2 has a liveness exchange",
                         (unsigned long long)serial);
    if (which == IMPAIR_TRIGGER_KEEPALIVE) {
        peer_path_keep_alive(engine, ike);
    } else if (which == IMPAIR_TRIGGER_LIVENESS) {
        ike_add_task(engine, ike, TASK_LIVENESS, 0, 0, 0);
        ike->version->run_tasks(engine, ike);
    } else if (which == IMPAIR_TRIGGER_REKEY) {
        child != NULL ? child_rekey(engine, child, 0) : ike->version->rekey_ike(engine, ike, 0);
    } else if (child != NULL) {
        child->expire_at = engine_now(engine);
        engine_timer_arm(engine, &child->life_timer, child->expire_at);
    } else {
        ike->expire_at = engine_now(engine);
        engine_timer_arm(engine, &ike->life_timer, ike->expire_at);
    }
    return true;
}

static bool trigger_revival(struct engine *engine, uint64_t serial, struct error *error)
{
    struct connection *connection = connection_by_serial(engine, serial);
    if (connection == NULL || !connection->is_oriented || !address_is_set(&connection->remote))
        return error_set(error, RC_UNKNOWN_NAME, "no connection $%llu that could be brought up",
                         (unsigned long long)serial);
    initiate_connection(engine, connection, 0);
    return true;
}

bool impair_trigger(struct engine *engine, enum impairment which, uint64_t number, struct error *error)
{
    bool (*drip)(struct engine *, uint64_t) =
        which == IMPAIR_DRIP_INBOUND ? impair_drip_inbound : impair_drip_outbound;
    switch (which) {
    case IMPAIR_TRIGGER_REVIVAL:
        return trigger_revival(engine, number, error);
    case IMPAIR_TRIGGER_SECRET:
        cookie_renew_secret(engine);
        return true;
    case IMPAIR_TRIGGER_NAMES:
        host_name_ask_all(engine);
        return true;
    case IMPAIR_DRIP_INBOUND:
    case IMPAIR_DRIP_OUTBOUND:
        return drip(engine, number) ||
               error_set(error, RC_WHACK_PROBLEM, "message %llu is not among the last %d that were recorded",
                         (unsigned long long)number, IMPAIR_RECORD_SIZE);
    default:
        return trigger_on_sa(engine, which, number, error);
    }
}
