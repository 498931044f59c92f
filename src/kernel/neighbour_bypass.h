/*
 * IPv6's neighbour discovery (RFC 4861) passes in clear whatever tunnels say: a tunnel or transport mode
 * whose selectors hold the neighbours themselves needs their link addresses before its first packet can
 * leave.
 */
#ifndef STYX_KERNEL_NEIGHBOUR_BYPASS_H
#define STYX_KERNEL_NEIGHBOUR_BYPASS_H

#include "kernel/kernel_plane.h"

/* Before a slot's policies come to the kernel, and after they are gone: the bypass is there as long as there
 * are policies of IPv6. */
void neighbour_bypass_before(struct kernel_plane *plane, const struct policy_slot *slot, bool will_be_there);
void neighbour_bypass_after(struct kernel_plane *plane, const struct policy_slot *slot, bool was_there);
/* At the end. */
void neighbour_bypass_remove(struct kernel_plane *plane);

#endif
