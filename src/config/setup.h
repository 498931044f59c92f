/* `config setup`, typed: what the daemon itself obeys. Filled from ipsec.conf and from pluto's options alike.
 */
#ifndef STYX_CONFIG_SETUP_H
#define STYX_CONFIG_SETUP_H

#include "config/warning.h"
#include "engine/engine.h"

enum protostack {
    PROTOSTACK_DEFAULT, /* xfrm, netkey, auto: the kernel's ESP where it can be had, else userspace */
    PROTOSTACK_USERSPACE,
    PROTOSTACK_NONE, /* negotiate only */
    PROTOSTACK_PFKEY,
};

enum seccomp_mode { SECCOMP_DISABLED, SECCOMP_ENABLED, SECCOMP_TOLERANT };

struct setup {
    char *logfile; /* NULL: syslog */
    bool logappend;
    bool logtime;
    bool logip;    /* addresses may stand in the log */
    bool loglimit; /* lines that peers cause are limited */
    bool logstderr;
    bool audit_log; /* the audit system is told of SAs */
    uint64_t debug; /* enum debug_class */
    bool uniqueids;
    struct ip_address *listen; /* none: all */
    size_t listen_count;
    bool listen_is_of_file; /* then listen addresses of the command line replace them */
    bool listen_tcp;
    bool listen_udp;
    int64_t nhelpers; /* -1: one less than processors */
    int ddos_mode;    /* enum ddos_mode */
    int ikev1_policy; /* enum ikev1_policy */
    uint32_t ddos_ike_threshold;
    uint32_t max_halfopen_ike;
    usec_t keep_alive;
    usec_t shunt_lifetime;
    usec_t expire_shunt_interval;
    bool drop_oppo_null;
    uint16_t nflog_all;
    usec_t expire_lifetime;       /* of the kernel's wish for an SA */
    bool ipsec_interface_managed; /* ipsecN interfaces are made and taken away by us */
    uint32_t ike_socket_bufsize;  /* 0: the kernel's */
    bool ike_socket_errqueue;
    int dns_resolver;  /* 1: systemd */
    int seccomp;       /* enum seccomp_mode */
    uint32_t seedbits; /* 0: no seeding beyond the kernel's */
    char *seeddev;
    char *statsbin;   /* NULL: none */
    char *myvendorid; /* NULL: built in */
    int protostack;   /* enum protostack */
    char *dumpdir, *secretsfile, *ipsecdir, *nssdir, *rundir;
    char *virtual_private;            /* as written */
    struct virtual_net *virtual_nets; /* the same, parsed */
    size_t virtual_net_count;
};

/* All defaults; NULL: out of memory. */
struct setup *setup_new(void);
void setup_free(struct setup *setup);
/* One keyword of `config setup`; the error names keyword and value. `in_file` false: from a command line. */
bool setup_option(struct setup *setup, const char *keyword, const char *value, bool in_file,
                  const struct warning_sink *warnings, struct error *error);
/* What of it concerns the engine; ports and no_retransmits keep their defaults. vendor_id and virtual_private
 * are borrowed from setup. */
struct engine_settings setup_engine_settings(const struct setup *setup);

/* The classes, each with a line of help: for --debug help. */
struct debug_class_row {
    const char *name, *help;
};
extern const struct debug_class_row debug_class_rows[];
extern const size_t debug_class_row_count;

/* A list of debug classes ("base, no-crypt", "all", "none", FreeS/WAN's) onto bits to set and to clear. */
bool debug_classes_parse(const char *text, uint64_t *ret_set, uint64_t *ret_clear, struct error *error);

#endif
