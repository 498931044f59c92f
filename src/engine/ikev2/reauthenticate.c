/*
 * Reauthentication: RFC 7296 2.8.3. The new IKE SA is made beside the old one, with a first Child SA for the
 * connection that the old one was made for; then it makes those of the other connections, and the old one is
 * deleted with what it has, so that there is always an SA that carries traffic.
 */
#include "engine/ikev2/reauthenticate.h"

#include "engine/child_install.h"
#include "engine/ikev2/exchange.h"
#include "engine/ikev2/sa_init.h"
#include "engine/lifecycle.h"
#include "engine/sa.h"

/* How long the old IKE SA is kept for Child SAs that are being made anew. */
static const usec_t REAUTHENTICATED_GRACE = 5 * USEC_PER_SEC;
/* For the answer's way and the peer's installation of the SA. */
static const usec_t PEER_NEEDS = 1 * USEC_PER_SEC;

/* The one that it was made for, unless that was taken down since and only others live on it. */
static struct connection *first_of(const struct engine *engine, const struct ike_sa *ike)
{
    struct connection *owner = connection_by_serial(engine, ike->connection_serial), *other = NULL;
    if (owner->spec->ike_only)
        return owner;
    LIST_EACH(&ike->children, node)
    {
        const struct child_sa *child = CONTAINER_OF(node, struct child_sa, siblings);
        if (child->state != CHILD_STATE_ESTABLISHED)
            continue;
        if (child->connection_serial == owner->serial)
            return owner;
        if (other == NULL)
            other = connection_by_serial(engine, child->connection_serial);
    }
    return other;
}

bool reauthenticate_is_wanted(const struct engine *engine, const struct ike_sa *ike)
{
    const struct connection *owner = connection_by_serial(engine, ike->connection_serial);
    return ike->is_initiator && owner->spec->reauth && first_of(engine, ike) != NULL;
}

void reauthenticate_start(struct engine *engine, struct ike_sa *ike)
{
    if (!ike_add_task(engine, ike, TASK_REAUTHENTICATE, 0, 0, 0))
        lifecycle_replace_later(engine, &ike->life_timer, ike->expire_at);
    exchange_next(engine, ike);
}

void reauthenticate_begin(struct engine *engine, struct ike_sa *ike)
{
    const struct connection *first = first_of(engine, ike);
    struct ike_sa *fresh = first != NULL ? sa_init_start(engine, first, 0) : NULL;
    if (fresh == NULL)
        return;
    fresh->setup->reauthenticates_serial = ike->serial;
    fresh->path.remote.address = ike->path.remote.address; /* where the peer is now */
    say_ike(engine, RC_LOG, fresh, 0, "reauthenticating: takes the place of IKE SA #%llu",
            (unsigned long long)ike->serial);
}

/* What the old one was made for lives on the new one. */
static bool is_whole(const struct engine *engine, const struct ike_sa *ike)
{
    const struct connection *connection = connection_by_serial(engine, ike->connection_serial);
    const struct child_sa *newest = child_by_serial(engine, connection->newest_child_serial);
    return connection->spec->ike_only || (newest != NULL && newest->ike_serial == ike->serial);
}

void reauthenticate_finish(struct engine *engine, struct ike_sa *ike, uint64_t old_serial)
{
    struct ike_sa *old = ike_by_serial(engine, old_serial);
    if (old == NULL || old->state != IKE_STATE_ESTABLISHED || !is_whole(engine, ike))
        return;
    LIST_EACH(&old->children, node)
    {
        const struct child_sa *child = CONTAINER_OF(node, struct child_sa, siblings);
        bool is_others =
            child->state == CHILD_STATE_ESTABLISHED && child->connection_serial != ike->connection_serial;
        if (is_others && !child->has_cpu)
            ike_add_task(engine, ike, TASK_CREATE_CHILD, 0, child->connection_serial, 0);
    }
    old->end_reason = "reauthenticated";
    old->expire_at = engine_now(engine) + REAUTHENTICATED_GRACE;
    old->rekey_at = USEC_NEVER;
    engine_timer_arm(engine, &old->life_timer, old->expire_at);
}

/* A peer that was restarted has forgotten the old SA; only one that has reauth= is taken to know it still. */
void reauthenticate_take_policy(struct engine *engine, struct child_sa *child)
{
    const struct connection *connection = connection_by_serial(engine, child->connection_serial);
    if (connection->spec->reauth && connection->newest_child_serial != 0)
        engine_timer_arm(engine, &child->switch_timer, engine_now(engine) + PEER_NEEDS);
    else
        child_take_policy(engine, child);
}
