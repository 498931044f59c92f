/* Child SAs of single CPUs: RFC 9611. */
#include "engine/per_cpu.h"

#include "engine/ikev2/traffic_selectors.h"
#include "engine/routing_policy.h"
#include "engine/sa.h"
#include "engine/version.h"

struct child_sa *per_cpu_first(const struct engine *engine, const struct connection *connection)
{
    struct child_sa *child = child_by_serial(engine, connection->newest_child_serial);
    return child != NULL && child->state == CHILD_STATE_ESTABLISHED ? child : NULL;
}

unsigned per_cpu_limit(const struct engine *engine, const struct connection *connection)
{
    const struct plane_limits *limits = engine->settings.plane_limits;
    unsigned wanted = connection->spec->clones;
    bool has_fewer = limits != NULL && limits->cpu_count != 0 && limits->cpu_count < wanted;
    return has_fewer ? limits->cpu_count : wanted;
}

static bool is_replacement(const struct child_sa *child)
{
    return child->state == CHILD_STATE_LARVAL && child->replaces_serial != 0;
}

static bool lives(const struct child_sa *child)
{
    return child->state == CHILD_STATE_ESTABLISHED || child->state == CHILD_STATE_LARVAL;
}

unsigned per_cpu_count_established(const struct connection *connection)
{
    unsigned count = 0;
    LIST_EACH(&connection->children, node)
    {
        const struct child_sa *child = CONTAINER_OF(node, const struct child_sa, of_connection);
        count += child->has_cpu && child->state == CHILD_STATE_ESTABLISHED;
    }
    return count;
}

uint32_t per_cpu_choose(const struct engine *engine, const struct connection *connection)
{
    uint16_t taken[CLONES_MAX] = {0};
    unsigned limit = per_cpu_limit(engine, connection);
    uint32_t best = 0;
    LIST_EACH(&connection->children, node)
    {
        const struct child_sa *child = CONTAINER_OF(node, const struct child_sa, of_connection);
        if (child->has_cpu && child->cpu < limit && lives(child) && !is_replacement(child))
            taken[child->cpu]++;
    }
    for (uint32_t cpu = 1; cpu < limit; cpu++)
        if (taken[cpu] < taken[best])
            best = cpu;
    return best;
}

void per_cpu_inherit(struct child_sa *child, const struct child_sa *old)
{
    child->has_cpu = old->has_cpu;
    child->cpu = old->cpu;
    child->allows_clones = old->allows_clones;
}

void per_cpu_make_no_more(const struct engine *engine, const struct child_sa *child)
{
    const struct connection *connection = connection_by_serial(engine, child->connection_serial);
    struct child_sa *first = child->has_cpu ? per_cpu_first(engine, connection) : NULL;
    if (first != NULL)
        first->has_enough_clones = true;
}

bool per_cpu_covers(const struct child_sa *first, const struct selector *local, size_t local_count,
                    const struct selector *remote, size_t remote_count)
{
    const struct selector *ours = first->selectors, *theirs = child_remote_selectors(first);
    return selectors_cover(ours, first->local_count, local, local_count) &&
           selectors_cover(local, local_count, ours, first->local_count) &&
           selectors_cover(theirs, first->remote_count, remote, remote_count) &&
           selectors_cover(remote, remote_count, theirs, first->remote_count);
}

void per_cpu_end(struct engine *engine, const struct connection *connection)
{
    LIST_EACH(&connection->children, node)
    {
        struct child_sa *child = CONTAINER_OF(node, struct child_sa, of_connection);
        if (!child->has_cpu)
            continue;
        child->is_unwanted |= child->state == CHILD_STATE_LARVAL;
        if (child->state != CHILD_STATE_ESTABLISHED)
            continue;
        child->expire_at = engine_now(engine); /* not here: whoever ends the first may end the others, too */
        engine_timer_arm(engine, &child->life_timer, child->expire_at);
    }
}

/* ---- what the data plane asks for ---- */

/* How many wait for their turn to be made, and whether one of them is for this CPU. */
static unsigned count_tasks(const struct ike_sa *ike, const struct connection *connection, uint32_t cpu,
                            bool *ret_has_cpu)
{
    unsigned count = 0;
    *ret_has_cpu = false;
    for (const struct list_node *node = ike->tasks.next; node != &ike->tasks; node = node->next) {
        const struct task *task = CONTAINER_OF(node, const struct task, node);
        if (!task->has_cpu || task->connection_serial != connection->serial)
            continue;
        *ret_has_cpu |= task->cpu == cpu;
        count++;
    }
    return count;
}

static bool is_being_made(const struct child_sa *child)
{
    bool is_incomplete = child->state == CHILD_STATE_LARVAL || child->held_key.size != 0;
    return child->has_cpu && child->replaces_serial == 0 && is_incomplete;
}

bool per_cpu_wants_more(const struct engine *engine, const struct connection *connection,
                        const struct child_sa *first)
{
    const struct ike_sa *ike = ike_by_serial(engine, first->ike_serial);
    unsigned count = 0;
    bool has_task;
    if (!first->allows_clones || first->has_enough_clones || ike == NULL ||
        count_tasks(ike, connection, 0, &has_task) > 0)
        return false;
    LIST_EACH(&connection->children, node)
    {
        const struct child_sa *child = CONTAINER_OF(node, const struct child_sa, of_connection);
        if (is_being_made(child))
            return false;
        count += child->has_cpu && child->state == CHILD_STATE_ESTABLISHED;
    }
    return count < per_cpu_limit(engine, connection);
}

void per_cpu_follow(struct engine *engine, struct connection *connection)
{
    const struct child_sa *first = per_cpu_first(engine, connection);
    if (first != NULL && first->allows_clones && connection->policy_child_serial == first->serial &&
        connection->asks_for_cpus != per_cpu_wants_more(engine, connection, first))
        routing_policy_protect(engine, connection, first);
}

/* Several CPUs may have sent before the data plane was told to ask no more. */
static bool may_have(const struct engine *engine, const struct connection *connection,
                     const struct ike_sa *ike, uint32_t cpu)
{
    bool has_one;
    unsigned count = count_tasks(ike, connection, cpu, &has_one);
    LIST_EACH(&connection->children, node)
    {
        const struct child_sa *child = CONTAINER_OF(node, const struct child_sa, of_connection);
        if (!child->has_cpu || !lives(child) || is_replacement(child))
            continue;
        has_one |= child->cpu == cpu;
        count++;
    }
    return !has_one && count < per_cpu_limit(engine, connection);
}

void per_cpu_acquire(struct engine *engine, struct connection *connection, uint32_t cpu)
{
    const struct child_sa *first = per_cpu_first(engine, connection);
    struct ike_sa *ike = first != NULL ? ike_by_serial(engine, first->ike_serial) : NULL;
    if (ike == NULL || ike->state != IKE_STATE_ESTABLISHED || !first->allows_clones ||
        first->has_enough_clones || !may_have(engine, connection, ike, cpu))
        return;
    if (ike_add_cpu_task(engine, ike, connection->serial, cpu))
        ike->version->run_tasks(engine, ike);
    per_cpu_follow(engine, connection);
}
