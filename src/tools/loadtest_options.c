/* The options of ipsec loadtest: one table, which the command line and --help read. */
#include "tools/loadtest_options.h"

#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

enum kind { KIND_ADDRESS, KIND_NUMBER, KIND_NUMBER_ABOVE_0, KIND_TEXT, KIND_SWITCH };

struct loadtest_option {
    const char *name;
    enum kind kind;
    size_t offset;
    const char *argument, *help;
};

#define AT(member) offsetof(struct loadtest_options, member)

static const struct loadtest_option table[] = {
    {"local", KIND_ADDRESS, AT(local), "ADDRESS", "where the initiators are"},
    {"remote", KIND_ADDRESS, AT(remote), "ADDRESS", "the responder"},
    {"count", KIND_NUMBER_ABOVE_0, AT(count), "N", "IKE SAs with one Child SA each (default 1000)"},
    {"concurrency", KIND_NUMBER_ABOVE_0, AT(concurrency), "N", "how many are under way at once (default 64)"},
    {"first", KIND_NUMBER, AT(first), "N", "number of the first client (default 0)"},
    {"psk", KIND_TEXT, AT(psk), "TEXT", "the secret (default loadtest)"},
    {"ike", KIND_TEXT, AT(ike), "STRING", "proposals (default aes_gcm128-sha2_256;dh31)"},
    {"esp", KIND_TEXT, AT(esp), "STRING", "proposals (default aes_gcm128)"},
    {"id-prefix", KIND_TEXT, AT(id_prefix), "TEXT", "clients are @TEXT0, @TEXT1 ... (default client)"},
    {"remote-id", KIND_TEXT, AT(remote_id), "ID", "the responder's identity (default @gateway)"},
    {"responder-pid", KIND_NUMBER, AT(responder_pid), "PID",
     "report that process's CPU time and memory for each set-up"},
    {"timeout", KIND_NUMBER, AT(timeout_seconds), "SECONDS", "give up (default 120)"},
    {"hold", KIND_NUMBER, AT(hold_seconds), "SECONDS",
     "keep the tunnels that long before leaving without a Delete (default 0)"},
    {"json", KIND_SWITCH, AT(json), "", "one JSON object instead of text"},
    {"lease", KIND_SWITCH, AT(leases), "",
     "each client asks for an address (rightaddresspool= at the responder)"},
};

static const struct loadtest_options defaults = {
    .count = 1000,
    .concurrency = 64,
    .psk = "loadtest",
    .ike = "aes_gcm128-sha2_256;dh31",
    .esp = "aes_gcm128",
    .id_prefix = "client",
    .remote_id = "@gateway",
    .timeout_seconds = 120,
};

void loadtest_options_print_help(void)
{
    printf(
        "Usage: ipsec loadtest --local ADDRESS --remote ADDRESS [options]\n"
        "Plays COUNT initiators against an IKEv2 responder with a pre-shared key. Bind address and port 500 "
        "must be free.\n");
    for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
        char left[40];
        snprintf(left, sizeof(left), "%s %s", table[i].name, table[i].argument);
        printf("  --%-19s %s\n", left, table[i].help);
    }
    printf("Client N protects the address 10.0.0.0+N; the responder's conn needs rightsubnet of 10.0.0.0/8 "
           "with\n"
           "narrowing=yes, leftsubnet=192.168.0.0/16, right=%%any.\n");
}

static bool set_number(const struct loadtest_option *option, const char *value, unsigned *out,
                       struct error *error)
{
    bool is_above_0 = option->kind == KIND_NUMBER_ABOVE_0;
    char *end;
    errno = 0;
    unsigned long number = strtoul(value, &end, 10);
    if (value[0] < '0' || value[0] > '9' || *end != '\0' || errno != 0 || number > UINT_MAX ||
        (is_above_0 && number == 0))
        return error_set(error, 0, "--%s wants a number%s, not \"%s\"", option->name,
                         is_above_0 ? " above 0" : "", value);
    *out = (unsigned)number;
    return true;
}

static bool set_option(struct loadtest_options *options, const struct loadtest_option *option,
                       const char *value, struct error *error)
{
    void *at = (char *)options + option->offset;
    switch (option->kind) {
    case KIND_ADDRESS:
        return address_parse(value, at, error);
    case KIND_NUMBER_ABOVE_0:
    case KIND_NUMBER:
        return set_number(option, value, at, error);
    case KIND_TEXT:
        *(const char **)at = value;
        return true;
    case KIND_SWITCH:
        *(bool *)at = true;
        return true;
    }
    return false;
}

/* The table as getopt_long() has it; --help stands behind its last row. */
static void make_long_options(struct option out[static ARRAY_SIZE(table) + 2])
{
    for (size_t i = 0; i < ARRAY_SIZE(table); i++)
        out[i] = (struct option){.name = table[i].name,
                                 .has_arg = table[i].kind == KIND_SWITCH ? no_argument : required_argument,
                                 .val = (int)i};
    out[ARRAY_SIZE(table)] = (struct option){.name = "help", .val = ARRAY_SIZE(table)};
    out[ARRAY_SIZE(table) + 1] = (struct option){0};
}

bool loadtest_options_read(int argc, char **argv, struct loadtest_options *out, bool *ret_help,
                           struct error *error)
{
    struct option long_options[ARRAY_SIZE(table) + 2];
    int index;
    make_long_options(long_options);
    *out = defaults;
    *ret_help = false;
    optind = 1;
    while ((index = getopt_long(argc, argv, "", long_options, NULL)) != -1) {
        if (index == ARRAY_SIZE(table)) {
            *ret_help = true;
            return true;
        }
        if (index == '?')
            return error_set(error, 0, "unknown option; ipsec loadtest --help lists them");
        if (!set_option(out, &table[index], optarg, error))
            return false;
    }
    if (optind < argc)
        return error_set(error, 0, "\"%s\" is not expected here", argv[optind]);
    return (address_is_set(&out->local) && address_is_set(&out->remote)) ||
           error_set(error, 0, "--local and --remote are needed");
}
