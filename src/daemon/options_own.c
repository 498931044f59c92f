/* pluto's own options and what they fill: see options_own.h. */
#include "daemon/options_own.h"

#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

static bool set_text(struct daemon_options *options, const struct own_option *row, const char *value,
                     struct error *error)
{
    char **slot = (char **)(void *)((char *)options + row->offset);
    char *copy = strdup(row->text ? row->text : value);
    if (copy == NULL)
        return error_set(error, 0, "out of memory");
    free(*slot);
    *slot = copy;
    return true;
}

static bool parse_yes_no(const char *name, const char *value, bool *out, struct error *error)
{
    static const char *const words[] = {"yes", "on", "true", "1", "no", "off", "false", "0"};
    for (size_t i = 0; value != NULL && i < ARRAY_SIZE(words); i++) {
        if (strcasecmp(value, words[i]) == 0) {
            *out = i < ARRAY_SIZE(words) / 2;
            return true;
        }
    }
    *out = true;
    return value == NULL || error_set(error, 0, "--%s=%.40s: expected yes or no", name, value);
}

static bool set_flag(struct daemon_options *options, const struct own_option *row, const char *value,
                     struct error *error)
{
    bool is_on;
    if (!parse_yes_no(row->name, row->text ? row->text : value, &is_on, error))
        return false;
    *(bool *)((char *)options + row->offset) = is_on;
    return true;
}

static bool set_ctlbase(struct daemon_options *options, const struct own_option *row, const char *value,
                        struct error *error)
{
    (void)row;
    free(options->control_socket);
    free(options->pid_file);
    return (asprintf(&options->control_socket, "%s.ctl", value) > 0 &&
            asprintf(&options->pid_file, "%s.pid", value) > 0) ||
           error_set(error, 0, "out of memory");
}

static bool set_stderrlog(struct daemon_options *options, const struct own_option *row, const char *value,
                          struct error *error)
{
    (void)row, (void)value, (void)error;
    return options->setup->logstderr = true;
}

static bool set_interface(struct daemon_options *options, const struct own_option *row, const char *value,
                          struct error *error)
{
    (void)row;
    if (options->interface_count == ARRAY_SIZE(options->interfaces))
        return error_set(error, 0, "--interface can be given %zu times", ARRAY_SIZE(options->interfaces));
    options->interfaces[options->interface_count] = strdup(value);
    return options->interfaces[options->interface_count++] != NULL || error_set(error, 0, "out of memory");
}

static bool set_port(struct daemon_options *options, const struct own_option *row, const char *value,
                     struct error *error)
{
    char *end;
    unsigned long port = strtoul(value, &end, 10);
    if (*value == '\0' || *end != '\0' || port == 0 || port > UINT16_MAX)
        return error_set(error, 0, "--%s wants a port from 1 to 65535, not \"%.40s\"", row->name, value);
    *(uint16_t *)(void *)((char *)options + row->offset) = (uint16_t)port;
    return true;
}

static bool set_perpeerlogbase(struct daemon_options *options, const struct own_option *row,
                               const char *value, struct error *error)
{
    options->perpeerlog = true;
    return set_text(options, row, value, error);
}

static bool add_impairments(struct daemon_options *options, const struct own_option *row, const char *value,
                            struct error *error)
{
    char *old = options->impairments, *joined = NULL;
    (void)row;
    if (asprintf(&joined, "%s%s%s", old ? old : "", old ? "," : "", value) < 0)
        return error_set(error, 0, "out of memory");
    free(old);
    options->impairments = joined;
    return true;
}

static bool warn_obsolete(struct daemon_options *options, const struct own_option *row, const char *value,
                          struct error *error)
{
    (void)options, (void)value, (void)error;
    fprintf(stderr, "pluto: warning: option --%s is obsolete and has no effect: %s\n", row->name, row->text);
    return true;
}

#define FIELD(member) .offset = offsetof(struct daemon_options, member)
#define TAKES ARGUMENT_REQUIRED
#define MAY ARGUMENT_OPTIONAL
#define ALONE ARGUMENT_NONE

const struct own_option own_options[] = {
    {"config", TAKES, set_text, "read `config setup` of this ipsec.conf", FIELD(config_file), .form = "FILE"},
    {"rundir", TAKES, set_text, "folder of pluto.ctl and pluto.pid (default " DEFAULT_RUNDIR ")",
     FIELD(rundir), .form = "DIR"},
    {"ctlbase", TAKES, set_ctlbase, "control socket PATH.ctl, lock file PATH.pid", .form = "PATH"},
    {"ctlsocket", TAKES, set_text, "control socket", FIELD(control_socket), .form = "PATH"},
    {"nofork", ALONE, set_flag, "stay in the foreground and say \"Pluto initialized\"", FIELD(nofork)},
    {"stderrlog", ALONE, set_stderrlog, "log to standard error"},
    {"perpeerlog", ALONE, set_flag, "a log file for each peer as well", FIELD(perpeerlog)},
    {"perpeerlogbase", TAKES, set_perpeerlogbase, "where those are (default " DEFAULT_PEER_LOGS ")",
     FIELD(perpeerlogbase), .form = "DIR"},
    {"interface", TAKES, set_interface, "only this network interface; may be repeated", .form = "NAME"},
    {"ikeport", TAKES, set_port, "UDP port instead of 500", FIELD(ike_port), .form = "PORT"},
    {"natikeport", TAKES, set_port, "UDP port instead of 4500", FIELD(natt_port), .form = "PORT"},
    {"protostack", TAKES, set_text, "data plane: xfrm, pfkey, userspace or none", FIELD(protostack),
     .form = "NAME"},
    {"noklips", ALONE, set_text, "negotiate only, as --protostack none", FIELD(protostack), "none"},
    {"use-nostack", ALONE, set_text, NULL, FIELD(protostack), "none"},
    {"use-none", ALONE, set_text, NULL, FIELD(protostack), "none"},
    {"use-auto", ALONE, set_text, NULL, FIELD(protostack), "auto"},
    {"use-netkey", ALONE, set_text, NULL, FIELD(protostack), "xfrm"},
    {"use-xfrm", ALONE, set_text, NULL, FIELD(protostack), "xfrm"},
    {"use-bsdkame", ALONE, set_text, NULL, FIELD(protostack), "bsdkame"},
    {"use-pfkeyv2", ALONE, set_text, NULL, FIELD(protostack), "pfkeyv2"},
    {"force-keepalive", ALONE, set_flag, "NAT keep-alives also where no NAT was found",
     FIELD(force_keepalive)},
    {"leak-detective", MAY, set_flag, "at exit tell what is still owned", FIELD(leak_detective)},
    {"no-leak-detective", ALONE, set_flag, NULL, FIELD(leak_detective), "no"},
    {"noretransmits", ALONE, set_flag, "never send a message twice", FIELD(no_retransmits)},
    {"impair", TAKES, add_impairments, "misbehave, to test; --impair help lists the ways",
     .form = "BEHAVIOURS"},
    {"selftest", ALONE, set_flag, "test the cryptography and exit", FIELD(selftest)},
    {"adns", TAKES, warn_obsolete, NULL, .text = "names are looked up by the daemon itself"},
    {"lwdnsq", TAKES, warn_obsolete, NULL, .text = "names are looked up by the daemon itself"},
    {"efence-protect", ALONE, warn_obsolete, NULL, .text = "build with -Db_sanitize=address instead"},
};
const size_t own_option_count = ARRAY_SIZE(own_options);

const struct own_option *own_option_find(const char *name)
{
    for (size_t i = 0; i < own_option_count; i++)
        if (strcmp(own_options[i].name, name) == 0)
            return &own_options[i];
    return NULL;
}
