/*
 * XFRM_MSG_MIGRATE_STATE (Linux 7.2, CONFIG_XFRM_MIGRATE): the kernel itself gives one SA, which it is told
 * the SPI of, other addresses. It takes the SA away and puts the new one in its place with the numbers of its
 * last packets under one lock, and tells nobody the keys.
 */
#ifndef STYX_KERNEL_XFRM_MIGRATE_H
#define STYX_KERNEL_XFRM_MIGRATE_H

#include "kernel/xfrm.h"

/* Whether it does for this SA, from what it was to what it is to be; other SAs are made anew. */
bool xfrm_migrate_is_for(const struct backend *backend, const struct xfrm_sa *before,
                         const struct xfrm_sa *after);
/* Adds the request; its answer comes with the ticket. */
void xfrm_migrate_send(struct backend *backend, const struct xfrm_sa *before, const struct xfrm_sa *after,
                       const struct kernel_ticket *ticket);
/* A kernel that does not know the message is not asked again. What was refused is as it was, or gone. */
void xfrm_migrate_answered(struct backend *backend, const struct kernel_ticket *ticket, int failure);

#endif
