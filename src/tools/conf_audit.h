/*
 * Faults of a configuration that reading it does not show: connections that could not come up, or not as
 * meant. Without a daemon.
 */
#ifndef STYX_TOOLS_CONF_AUDIT_H
#define STYX_TOOLS_CONF_AUDIT_H

#include "config/conf_file.h"
#include "engine/secrets.h"

enum audit_severity { AUDIT_WARNING, AUDIT_ERROR };

struct audit_finding {
    enum audit_severity severity;
    const char *file;      /* NULL: not of a line */
    uint32_t line, column; /* column 0: the whole line */
    const char *text, *hint;
};

typedef void audit_report_function(void *user, const struct audit_finding *finding);

struct audit {
    const struct conf *conf;
    struct secrets *secrets; /* NULL: there are none */
    const char *secrets_file;
    const struct ip_address *own; /* addresses of this host; NULL: it is not for this host */
    size_t own_count;
    audit_report_function *report;
    void *user;
};

/* Of one connection that has been built (only: its index), or all and how they go together. */
void conf_audit_connection(const struct audit *audit, size_t index, const struct connection_spec *spec);
void conf_audit_overlaps(const struct audit *audit, struct connection_spec *const *specs, size_t count);
void conf_audit_sections(const struct audit *audit);
void conf_audit_secrets(const struct audit *audit);
void conf_audit_file_mode(const struct audit *audit, const char *path, bool is_secret);

#endif
