/* SAs of single CPUs: XFRMA_SA_PCPU, XFRM_POLICY_CPU_ACQUIRE. */
#include "kernel/xfrm_per_cpu.h"

#include <stdio.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "kernel/netlink_attributes.h"

/* Younger than the headers that this may be built with. */
enum { SA_DIR = 33, SA_PCPU = 35 }; /* XFRMA_SA_DIR of Linux 6.10, XFRMA_SA_PCPU of 6.13 */
enum { SA_DIR_OUT = 2 };
enum { POLICY_CPU_ACQUIRE = 4 };

void xfrm_per_cpu_put_state(struct nlmsghdr *message, const struct kernel_sa *sa)
{
    if (!sa->has_cpu)
        return;
    mnl_attr_put_u8(message, SA_DIR, SA_DIR_OUT);
    mnl_attr_put_u32(message, SA_PCPU, sa->cpu);
}

void xfrm_per_cpu_keep(struct nlmsghdr *message, const struct nlattr *attribute)
{
    uint16_t type = mnl_attr_get_type(attribute);
    if (type == SA_DIR || type == SA_PCPU)
        mnl_attr_put(message, type, mnl_attr_get_payload_len(attribute), mnl_attr_get_payload(attribute));
}

void xfrm_per_cpu_mark_policy(struct xfrm_userpolicy_info *info)
{
    info->flags |= POLICY_CPU_ACQUIRE;
}

void xfrm_per_cpu_read_acquire(const struct nlmsghdr *acquire, struct kernel_event *event)
{
    struct nlattr *attribute;
    NETLINK_ATTRIBUTES(attribute, acquire, sizeof(struct xfrm_user_acquire))
    {
        if (mnl_attr_get_type(attribute) != SA_PCPU || mnl_attr_validate(attribute, MNL_TYPE_U32) < 0)
            continue;
        event->cpu = mnl_attr_get_u32(attribute);
        event->has_cpu = event->cpu != UINT32_MAX;
    }
}

/* Older kernels take the attributes and heed them not. */
void xfrm_per_cpu_limit(struct plane_limits *limits)
{
    struct utsname system;
    unsigned major = 0, minor = 0;
    long count = sysconf(_SC_NPROCESSORS_CONF);
    bool is_known = uname(&system) == 0 && sscanf(system.release, "%u.%u", &major, &minor) == 2;
    limits->lacks_clones = !is_known || major < 6 || (major == 6 && minor < 13);
    limits->cpu_count = count > 0 ? (unsigned)count : 1;
}
