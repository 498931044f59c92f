/* What the kernel's PF_KEY knows of an SA whose events may have been lost: see resync.h. */
#include "kernel/pfkey.h"
#include "kernel/resync.h"

static void ask(struct kernel_plane *plane, const struct plane_sa *sa)
{
    struct kernel_ticket ticket = resync_ticket(sa->child_serial, sa->direction, PFKEY_PURPOSE_CHECK);
    pfkey_sa_ask(CONTAINER_OF(plane, struct backend, plane), (const struct pfkey_sa *)sa, &ticket);
}

void pfkey_resync_some(struct backend *backend)
{
    if (list_is_empty(&backend->link.waiting)) /* else they would only wait too */
        resync_some(&backend->plane, ask);
}

static bool has_reached_soft_limit(const struct pfkey_message *answer)
{
    struct pfkey_lifetime soft, current;
    if (!pfkey_get_lifetime(answer, SADB_EXT_LIFETIME_SOFT, &soft) ||
        !pfkey_get_lifetime(answer, SADB_EXT_LIFETIME_CURRENT, &current))
        return false;
    return (soft.bytes != 0 && current.bytes >= soft.bytes) ||
           (soft.allocations != 0 && current.allocations >= soft.allocations);
}

void pfkey_resync_answer(struct backend *backend, const struct kernel_ticket *ticket,
                         const struct pfkey_message *answer)
{
    enum sa_direction direction = (enum sa_direction)ticket->direction;
    bool is_there = answer != NULL && answer->error == 0;
    if (pfkey_sa_of_child(backend, ticket->child_serial, direction) != NULL)
        resync_found(&backend->plane, ticket->child_serial, is_there,
                     is_there && has_reached_soft_limit(answer));
}
