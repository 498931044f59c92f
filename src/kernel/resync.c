/* Every SA is asked for after events were lost: see resync.h. */
#include "kernel/resync.h"

#include <stdio.h>

enum { CHECKS_AT_ONCE = 64 };

void resync_begin(struct kernel_plane *plane, const char *reason)
{
    char line[120];
    snprintf(line, sizeof(line), "%s; checking all SAs", reason);
    if (plane->unchecked_count == 0)
        kernel_plane_log(plane, line);
    plane->unchecked_count = plane->sas_by_child.entry_count;
    event_queue_wake(&plane->events);
}

/* Those that have been checked go to the end of the list, as new ones do. */
void resync_some(struct kernel_plane *plane,
                 void (*ask)(struct kernel_plane *plane, const struct plane_sa *sa))
{
    if (plane->unchecked_count == 0)
        return;
    for (size_t i = 0; i < CHECKS_AT_ONCE && plane->unchecked_count > 0; i++) {
        struct list_node *first = plane->sas.next;
        if (first == &plane->sas) {
            plane->unchecked_count = 0;
            return;
        }
        list_remove(first);
        list_append(&plane->sas, first);
        plane->unchecked_count--;
        ask(plane, CONTAINER_OF(first, struct plane_sa, of_all));
    }
    event_queue_wake(&plane->events);
}

struct kernel_ticket resync_ticket(uint64_t child_serial, enum sa_direction direction, uint8_t purpose)
{
    return (struct kernel_ticket){.child_serial = child_serial,
                                  .purpose = purpose,
                                  .direction = (uint8_t)direction,
                                  .may_be_missing = true};
}

void resync_found(struct kernel_plane *plane, uint64_t child_serial, bool is_there,
                  bool has_reached_soft_limit)
{
    if (!is_there || has_reached_soft_limit)
        kernel_plane_tell_expiry(plane, child_serial, !is_there);
}
