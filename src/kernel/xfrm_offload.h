/*
 * nic-offload=: a network card does the ESP of an SA (Linux, Documentation/networking/xfrm_device.rst). The
 * kernel finds the card by the way to the peer. When it finds none that can, it does ESP by itself where the
 * cryptography alone was to be left to the card, and refuses the SA where all of ESP was.
 */
#ifndef STYX_KERNEL_XFRM_OFFLOAD_H
#define STYX_KERNEL_XFRM_OFFLOAD_H

#include "kernel/xfrm.h"

/* Of XFRM_MSG_NEWSA. The card's index, once it is known, is for policies alone. */
void xfrm_offload_put_state(struct nlmsghdr *message, enum nic_offload wanted, enum sa_direction direction);
/* Of XFRM_MSG_UPDPOLICY: policies go to the card when all of ESP does. `card`: its interface's index. */
void xfrm_offload_put_policy(struct nlmsghdr *message, unsigned card);

/* The SA is in the kernel: asks which card it is on, and says then that all is done. */
void xfrm_offload_ask(struct backend *backend, const struct xfrm_sa *sa, struct kernel_ticket ticket);
void xfrm_offload_came(struct backend *backend, const struct kernel_ticket *ticket,
                       const struct nlmsghdr *reply);
/* What the kernel's refusal of such an SA means. */
void xfrm_offload_refused(struct backend *backend, const struct kernel_ticket *ticket, int failure,
                          const char *words);

#endif
