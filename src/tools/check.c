/* ipsec check: faults of a configuration, without a daemon: those of reading it, and those of conf_audit.h.
 */
#include <getopt.h>
#include <ifaddrs.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/sockaddr.h"
#include "config/secrets_file.h"
#include "tools/conf_audit.h"
#include "tools/paths.h"
#include "tools/tools.h"

enum { EXIT_WARNINGS = 1, EXIT_USAGE = 2, EXIT_ERRORS = 3, EXIT_UNKNOWN = 21, ADDRESSES_MAX = 4096 };

struct check {
    const char *config;
    bool is_elsewhere, is_strict;
    struct conf *conf;
    struct setup *setup;
    size_t errors, warnings;
};

/* ---- telling ---- */

static void tell(void *user, const struct audit_finding *finding)
{
    struct check *check = user;
    bool is_error = finding->severity == AUDIT_ERROR;
    *(is_error ? &check->errors : &check->warnings) += 1;
    if (finding->file != NULL)
        printf("%s:", finding->file);
    if (finding->line != 0)
        printf("%u:", finding->line);
    if (finding->column != 0)
        printf("%u:", finding->column);
    printf(" %s: %s\n    hint: %s\n", is_error ? "error" : "warning", finding->text, finding->hint);
}

static void tell_error(void *user, const char *text)
{
    struct check *check = user;
    check->errors++;
    printf("%s\n", text);
}

static void tell_warning(void *user, const char *text)
{
    struct check *check = user;
    check->warnings++;
    printf("%s\n", text);
}

/* ---- what it is checked against ---- */

static size_t own_addresses(struct ip_address *out)
{
    struct ifaddrs *list;
    size_t count = 0;
    if (getifaddrs(&list) != 0)
        return 0;
    for (const struct ifaddrs *at = list; at != NULL && count < ADDRESSES_MAX; at = at->ifa_next) {
        out[count] = address_from_sockaddr(at->ifa_addr);
        count += out[count].family != IP_NONE;
    }
    freeifaddrs(list);
    return count;
}

static struct secrets *load_secrets(struct check *check)
{
    struct error error;
    const struct warning_sink sink = {tell_warning, check};
    struct secrets *secrets =
        secrets_file_load(&file_reader_system, check->setup->secretsfile, &sink, NULL, &error);
    if (secrets == NULL)
        tell_error(check, error.text);
    return secrets;
}

/* ---- connections ---- */

static struct connection_spec *build(struct check *check, size_t index)
{
    const struct warning_sink sink = {tell_warning, check};
    struct error error = {0};
    struct connection_spec *spec = conf_conn_build(check->conf, index, &sink, &error);
    if (spec == NULL && error.code != CONF_BAD_VALUE) /* those were told with all of the file */
        tell_error(check, error.text);
    return spec;
}

static bool is_meant(const struct check *check, size_t index, const char *only)
{
    if (only != NULL)
        return strcmp(conf_conn_name(check->conf, index), only) == 0;
    return !conf_conn_is_template(check->conf, index);
}

static void check_connections(struct check *check, const struct audit *audit, const char *only)
{
    size_t count = conf_conn_count(check->conf);
    struct connection_spec **specs = calloc(count + 1, sizeof(struct connection_spec *));
    for (size_t i = 0; specs != NULL && i < count; i++) {
        specs[i] = is_meant(check, i, only) ? build(check, i) : NULL;
        if (specs[i] != NULL)
            conf_audit_connection(audit, i, specs[i]);
    }
    if (specs != NULL && only == NULL)
        conf_audit_overlaps(audit, specs, count);
    for (size_t i = 0; specs != NULL && i < count; i++)
        connection_spec_free(specs[i]);
    free(specs);
}

static void check_all(struct check *check, const char *only)
{
    struct secrets *secrets = load_secrets(check);
    struct ip_address *own = calloc(ADDRESSES_MAX, sizeof(*own));
    struct audit audit = {.conf = check->conf,
                          .secrets = secrets,
                          .secrets_file = check->setup->secretsfile,
                          .own = check->is_elsewhere ? NULL : own,
                          .own_count = own != NULL && !check->is_elsewhere ? own_addresses(own) : 0,
                          .report = tell,
                          .user = check};
    check_connections(check, &audit, only);
    if (only == NULL) {
        conf_audit_sections(&audit);
        conf_audit_secrets(&audit);
        conf_audit_file_mode(&audit, check->config, false);
        conf_audit_file_mode(&audit, check->setup->secretsfile, true);
    }
    free(own);
    secrets_free(secrets);
}

static int check_file(struct check *check, const char *only)
{
    const struct warning_sink warnings = {tell_warning, check}, errors = {tell_error, check};
    struct error error;
    size_t index;
    check->conf = conf_load(&file_reader_system, check->config, &warnings, &error);
    if (check->conf == NULL || !conf_apply_setup(check->conf, check->setup, &warnings, &error)) {
        tell_error(check, error.text);
        return EXIT_ERRORS;
    }
    if (only != NULL && !conf_conn_find(check->conf, only, &index)) {
        printf("%s: there is no conn \"%s\"\n", check->config, only);
        return EXIT_UNKNOWN;
    }
    conf_tell_faults(check->conf, &errors);
    check_all(check, only);
    printf("%s: %zu connection%s, %zu error%s, %zu warning%s\n", check->config, conf_conn_count(check->conf),
           conf_conn_count(check->conf) == 1 ? "" : "s", check->errors, check->errors == 1 ? "" : "s",
           check->warnings, check->warnings == 1 ? "" : "s");
    return check->errors > 0 ? EXIT_ERRORS : check->is_strict && check->warnings > 0 ? EXIT_WARNINGS : 0;
}

/* ---- command line ---- */

enum { OPT_CONFIG = 1, OPT_ELSEWHERE, OPT_STRICT, OPT_HELP };

static const struct option long_options[] = {
    {"config", required_argument, NULL, OPT_CONFIG},
    {"elsewhere", no_argument, NULL, OPT_ELSEWHERE},
    {"strict", no_argument, NULL, OPT_STRICT},
    {"help", no_argument, NULL, OPT_HELP},
    {0},
};

static const char usage[] =
    "Usage: ipsec check [--config FILE] [--strict] [--elsewhere] [CONN]\n"
    "Finds faults of a configuration; pluto need not run.\n"
    "  --elsewhere  it is for another host: addresses of this one do not matter\n"
    "  --strict     warnings count: exit status 1\n"
    "Exit status: 0 no errors, 1 warnings with --strict, 3 errors, 21 no such CONN.\n";

int check_main(int argc, char **argv)
{
    struct check check = {.config = paths_config_file()};
    int option;
    optind = 1;
    while ((option = getopt_long(argc, argv, "", long_options, NULL)) != -1) {
        if (option == OPT_CONFIG)
            check.config = optarg;
        else if (option == OPT_ELSEWHERE)
            check.is_elsewhere = true;
        else if (option == OPT_STRICT)
            check.is_strict = true;
        else {
            fputs(usage, option == OPT_HELP ? stdout : stderr);
            return option == OPT_HELP ? 0 : EXIT_USAGE;
        }
    }
    if (optind + 1 < argc) {
        fputs(usage, stderr);
        return EXIT_USAGE;
    }
    check.setup = setup_new();
    int status = check.setup != NULL ? check_file(&check, argv[optind]) : EXIT_ERRORS;
    conf_free(check.conf);
    setup_free(check.setup);
    return status;
}
