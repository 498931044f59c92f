/* Counters of a Child SA, which the kernel has in two SAs: see plane_counters.h. */
#include "kernel/plane_counters.h"

#include <stdio.h>

#include "kernel/kernel_plane.h"

struct kernel_ticket plane_counters_ticket(const struct kernel_request *query, enum sa_direction direction,
                                           uint8_t purpose)
{
    return (struct kernel_ticket){.request_id = query->request_id,
                                  .child_serial = query->child_serial,
                                  .purpose = purpose,
                                  .direction = (uint8_t)direction,
                                  .may_be_missing = true};
}

struct sa_counters *plane_counters_of(struct kernel_plane *plane, const struct kernel_ticket *ticket)
{
    struct plane_counting *counting = &plane->counting;
    if (!counting->is_pending || counting->child_serial != ticket->child_serial)
        *counting = (struct plane_counting){.child_serial = ticket->child_serial, .is_pending = true};
    return &counting->counters[ticket->direction];
}

void plane_counters_came(struct kernel_plane *plane, const struct kernel_ticket *ticket, bool is_there)
{
    (void)plane_counters_of(plane, ticket);
    if (ticket->direction != SA_OUTBOUND)
        return;
    struct plane_counting *counting = &plane->counting;
    struct kernel_event event = {
        .kind = KERNEL_COUNTERS,
        .request_id = ticket->request_id,
        .child_serial = ticket->child_serial,
        .ok = is_there,
        .in = counting->counters[SA_INBOUND],
        .out = counting->counters[SA_OUTBOUND],
    };
    if (!is_there)
        snprintf(event.text, sizeof(event.text), "no such SA");
    counting->is_pending = false;
    event_queue_push(&plane->events, &event);
}
