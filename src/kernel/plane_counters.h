/* Counters of a Child SA, which come from the kernel in two halves: one for each direction. */
#ifndef STYX_KERNEL_PLANE_COUNTERS_H
#define STYX_KERNEL_PLANE_COUNTERS_H

#include "engine/kernel_request.h"
#include "kernel/kernel_ticket.h"

struct kernel_plane;

/* Counters of a Child SA on their way: one direction has come. */
struct plane_counting {
    uint64_t child_serial;
    bool is_pending;
    struct sa_counters counters[2];
};

/* For one direction of a KERNEL_SA_QUERY. */
struct kernel_ticket plane_counters_ticket(const struct kernel_request *query, enum sa_direction direction,
                                           uint8_t purpose);
/* Where the ticket's counters are gathered. */
struct sa_counters *plane_counters_of(struct kernel_plane *plane, const struct kernel_ticket *ticket);
/* The answer about one direction has come; that about the outbound one, asked for last, completes them. */
void plane_counters_came(struct kernel_plane *plane, const struct kernel_ticket *ticket, bool is_there);

#endif
