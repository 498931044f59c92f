/* What a test of the control protocol does not need of the world: it is asked, and nothing happens. */
#ifndef STYX_TESTS_IDLE_WORLD_H
#define STYX_TESTS_IDLE_WORLD_H

#include "control/control.h"

static inline void idle_resolve(void *world, uint64_t query_id, const char *name, enum ip_family family)
{
    (void)world, (void)query_id, (void)name, (void)family;
}

static inline void idle_updown(void *world, const struct updown_request *request)
{
    (void)world, (void)request;
}

static inline void idle_trace(void *world, const char *line)
{
    (void)world, (void)line;
}

static inline void idle_session_ready(void *context, struct control_session *session, void *user)
{
    (void)context, (void)session, (void)user;
}

static inline const struct control_facts *idle_facts(void *context)
{
    static const struct control_facts all = {
        .kernel_interface = "userspace",
        .config_file = "/etc/ipsec.conf",
        .secrets_file = "/etc/ipsec.secrets",
        .ipsec_dir = "/etc/ipsec.d",
        .nss_dir = "/var/lib/ipsec/nss",
        .dump_dir = "/run/pluto",
        .exec_dir = "/usr/libexec/ipsec",
        .sbin_dir = "/usr/sbin",
        .listen = "<any>",
        .nhelpers = 1,
        .pid = 42,
    };
    (void)context;
    return &all;
}

#endif
