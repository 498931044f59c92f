/* SAs of single CPUs (RFC 9611) in the kernel, Linux 6.13: the policy's template names no SPI, so that of the
 * SAs of its reqid one of the CPU that a packet is on is taken, else one of no CPU, and an ACQUIRE tells of
 * the CPU. */
#ifndef STYX_KERNEL_XFRM_PER_CPU_H
#define STYX_KERNEL_XFRM_PER_CPU_H

#include <libmnl/libmnl.h>
#include <linux/xfrm.h>

#include "engine/kernel_request.h"
#include "engine/plane_limits.h"

void xfrm_per_cpu_put_state(struct nlmsghdr *message, const struct kernel_sa *sa);
/* Of a state as it was told by the kernel, to one that takes its place. */
void xfrm_per_cpu_keep(struct nlmsghdr *message, const struct nlattr *attribute);
void xfrm_per_cpu_mark_policy(struct xfrm_userpolicy_info *info);
void xfrm_per_cpu_read_acquire(const struct nlmsghdr *acquire, struct kernel_event *event);
/* Whether this kernel has them, and of how many CPUs. */
void xfrm_per_cpu_limit(struct plane_limits *limits);

#endif
