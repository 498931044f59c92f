/*
 * After the kernel has told more than the event socket could hold, or somebody has flushed the SAs: every SA
 * is asked for, a few at a time, so that the limits that were told in vain are told again. A lost ACQUIRE
 * comes again with the first packet after expire-lifetime=, a lost MAPPING with the next one.
 */
#ifndef STYX_KERNEL_RESYNC_H
#define STYX_KERNEL_RESYNC_H

#include "kernel/kernel_plane.h"

#define RESYNC_OVERRUN "the kernel told of more IPsec events than could be taken"

/* The reason is logged. */
void resync_begin(struct kernel_plane *plane, const char *reason);
/* Asks about some of the SAs that are still to be asked about. Wakes the reader of the events, which sends
 * what was gathered and asks about the next: to be called when they have been drained, or it would not wake.
 */
void resync_some(struct kernel_plane *plane,
                 void (*ask)(struct kernel_plane *plane, const struct plane_sa *sa));
struct kernel_ticket resync_ticket(uint64_t child_serial, enum sa_direction direction, uint8_t purpose);
/* What was found. An SA that is not there has reached its hard limit, or somebody has taken it away. */
void resync_found(struct kernel_plane *plane, uint64_t child_serial, bool is_there,
                  bool has_reached_soft_limit);

#endif
