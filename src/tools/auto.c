/* ipsec auto: one operation on one connection, as ipsec_auto(8) describes; carried out by addconn and whack.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/text.h"
#include "tools/shell_word.h"
#include "tools/tools.h"

enum { WORDS_MAX = 24, EXIT_USAGE = 1 };

#define CERTIFICATES_LATER "certificates are not supported yet"

enum runner { RUN_ADDCONN, RUN_WHACK, RUN_NOT_YET };

struct operation {
    const char *name;
    bool needs_connection;
    enum runner runner;
    const char *words[3]; /* put before the connection */
};

static const struct operation operations[] = {
    {"add", true, RUN_ADDCONN, {NULL}},
    {"replace", true, RUN_ADDCONN, {NULL}},
    {"start", true, RUN_ADDCONN, {"--auto", "start"}},
    {"ondemand", true, RUN_ADDCONN, {"--auto", "ondemand"}},
    {"delete", true, RUN_WHACK, {"--delete", "--name"}},
    {"up", true, RUN_WHACK, {"--initiate", "--name"}},
    {"down", true, RUN_WHACK, {"--terminate", "--name"}},
    {"route", true, RUN_WHACK, {"--route", "--name"}},
    {"unroute", true, RUN_WHACK, {"--unroute", "--name"}},
    {"rotatecert", true, RUN_NOT_YET, {CERTIFICATES_LATER}},
    {"status", false, RUN_WHACK, {"--status"}},
    {"ready", false, RUN_WHACK, {"--listen"}},
    {"rereadsecrets", false, RUN_WHACK, {"--rereadsecrets"}},
    {"rereadgroups", false, RUN_WHACK, {"--listen"}},
    {"rereadall", false, RUN_WHACK, {"--rereadall"}},
    {"rereadcrls", false, RUN_WHACK, {"--rereadcrls"}},
    {"rereadcerts", false, RUN_WHACK, {"--rereadcerts"}},
    {"fetchcrls", false, RUN_WHACK, {"--fetchcrls"}},
    {"listall", false, RUN_WHACK, {"--listall"}},
    {"listpubkeys", false, RUN_WHACK, {"--listpubkeys"}},
    {"checkpubkeys", false, RUN_WHACK, {"--checkpubkeys"}},
    {"listcerts", false, RUN_WHACK, {"--listcerts"}},
    {"listcacerts", false, RUN_WHACK, {"--listcacerts"}},
    {"listcrls", false, RUN_WHACK, {"--listcrls"}},
    {"listgroups", false, RUN_WHACK, {"--listgroups"}},
    {"purgeocsp", false, RUN_WHACK, {"--purgeocsp"}},
};

struct arguments {
    const struct operation *operation;
    char **connections; /* several only with those that load */
    int connection_count;
    const char *config, *rundir, *ctlsocket, *ctlbase, *remote_host;
    bool showonly, asynchronous, verbose, quiet, utc, json;
};

static const char usage[] =
    "Usage: ipsec auto [--showonly] [--asynchronous] [--config FILE] [--verbose] OPERATION CONNECTION\n"
    "       ipsec auto {--add|--delete|--replace|--start} CONNECTION\n"
    "       ipsec auto {--up|--down} CONNECTION\n"
    "       ipsec auto {--route|--unroute|--ondemand} CONNECTION\n"
    "       ipsec auto --rotatecert CONNECTION\n"
    "       ipsec auto {--status|--ready}\n"
    "       ipsec auto {--rereadsecrets|--rereadcerts|--rereadgroups|--rereadcrls|--rereadall|--fetchcrls}\n"
    "       ipsec auto [--utc] "
    "{--listpubkeys|--checkpubkeys|--listcerts|--listcacerts|--listcrls|--listgroups|\n"
    "                   --listall|--purgeocsp}\n"
    "  --showonly       print the commands instead of running them\n"
    "  --verbose        tell on standard error what is run\n"
    "  --quiet          of what is loaded, tell only failures\n"
    "  --asynchronous   --up and --start do not wait for the outcome\n"
    "  --json           --status and the lists as a JSON document\n"
    "  --utc            times in UTC\n"
    "  --config FILE    instead of /etc/ipsec.conf\n"
    "  --rundir DIR, --ctlsocket PATH   where pluto listens\n"
    "  --remote-host ADDRESS   the peer of a connection with right=%any\n";

static const struct operation *find_operation(const char *name)
{
    for (size_t i = 0; i < ARRAY_SIZE(operations); i++)
        if (strcmp(operations[i].name, name) == 0)
            return &operations[i];
    return NULL;
}

/* Options with a value, each with its place. */
static const char **value_slot(struct arguments *arguments, const char *name)
{
    if (strcmp(name, "config") == 0)
        return &arguments->config;
    if (strcmp(name, "rundir") == 0)
        return &arguments->rundir;
    if (strcmp(name, "ctlsocket") == 0)
        return &arguments->ctlsocket;
    if (strcmp(name, "ctlbase") == 0)
        return &arguments->ctlbase;
    return strcmp(name, "remote-host") == 0 ? &arguments->remote_host : NULL;
}

static bool *flag_slot(struct arguments *arguments, const char *name)
{
    if (strcmp(name, "showonly") == 0 || strcmp(name, "dry-run") == 0)
        return &arguments->showonly;
    if (strcmp(name, "quiet") == 0)
        return &arguments->quiet;
    if (strcmp(name, "asynchronous") == 0 || strcmp(name, "async") == 0 || strcmp(name, "bg") == 0)
        return &arguments->asynchronous;
    if (strcmp(name, "verbose") == 0)
        return &arguments->verbose;
    if (strcmp(name, "json") == 0)
        return &arguments->json;
    return strcmp(name, "utc") == 0 ? &arguments->utc : NULL;
}

static bool unknown_option(const char *name)
{
    static const char *const options[] = {"config",      "rundir",       "ctlsocket", "ctlbase",
                                          "remote-host", "showonly",     "quiet",     "verbose",
                                          "json",        "asynchronous", "utc"};
    const char *names[ARRAY_SIZE(operations) + ARRAY_SIZE(options)];
    size_t count = 0;
    for (size_t i = 0; i < ARRAY_SIZE(operations); i++)
        names[count++] = operations[i].name;
    for (size_t i = 0; i < ARRAY_SIZE(options); i++)
        names[count++] = options[i];
    const char *nearest = text_nearest(name, names, count);
    if (nearest != NULL)
        fprintf(stderr, "ipsec auto: unknown option --%s; did you mean --%s?\n", name, nearest);
    else
        fprintf(stderr, "ipsec auto: unknown option --%s; ipsec auto --help lists them\n", name);
    return false;
}

static bool parse_option(struct arguments *arguments, int argc, char **argv, int *at)
{
    char name[64];
    const char *word = argv[*at] + 2;
    const char *equals = strchr(word, '=');
    snprintf(name, sizeof(name), "%.*s", equals ? (int)(equals - word) : 63, word);
    const char **value = value_slot(arguments, name);
    bool *flag = flag_slot(arguments, name);
    const struct operation *operation = find_operation(name);
    if (value != NULL && equals == NULL && *at + 1 >= argc) {
        fprintf(stderr, "ipsec auto: --%s needs a value\n", name);
        return false;
    }
    if (value != NULL) {
        *value = equals ? equals + 1 : argv[++*at];
    } else if (flag != NULL) {
        bool is_no = equals != NULL && strcmp(equals + 1, "no") == 0;
        if (equals != NULL && !is_no && strcmp(equals + 1, "yes") != 0) {
            fprintf(stderr, "ipsec auto: --%s=%s: expected yes or no\n", name, equals + 1);
            return false;
        }
        *flag = !is_no;
    } else if (operation != NULL && arguments->operation != NULL) {
        fprintf(stderr, "ipsec auto: both --%s and --%s are given; one operation at a time\n",
                arguments->operation->name, name);
        return false;
    } else if (operation != NULL) {
        arguments->operation = operation;
    } else {
        return unknown_option(name);
    }
    return true;
}

static bool takes_several(const struct operation *operation)
{
    return operation->runner == RUN_ADDCONN;
}

/* What was said goes together, and every option changes something. */
static bool check(const struct arguments *arguments)
{
    const struct operation *operation = arguments->operation;
    bool brings_up =
        operation != NULL && (strcmp(operation->name, "up") == 0 || strcmp(operation->name, "start") == 0);
    if (operation == NULL)
        fputs(usage, stderr);
    else if (operation->needs_connection && arguments->connection_count == 0)
        fprintf(stderr, "ipsec auto: --%s needs the name of a connection\n", operation->name);
    else if (!operation->needs_connection && arguments->connection_count > 0)
        fprintf(stderr, "ipsec auto: --%s takes no connection\n", operation->name);
    else if (arguments->connection_count > 1 && !takes_several(operation))
        fprintf(stderr, "ipsec auto: \"%s\" is one word too many\n", arguments->connections[1]);
    else if (arguments->json && operation->runner == RUN_ADDCONN)
        fprintf(stderr, "ipsec auto: --json goes with --status and the lists\n");
    else if (arguments->asynchronous && !brings_up)
        fprintf(stderr, "ipsec auto: --asynchronous goes with --up and --start\n");
    else if (arguments->remote_host != NULL && strcmp(operation->name, "up") != 0)
        fprintf(stderr, "ipsec auto: --remote-host goes with --up\n");
    else
        return true;
    return false;
}

/* The names are put in order at the beginning of argv. */
static bool parse(struct arguments *arguments, int argc, char **argv)
{
    arguments->connections = argv;
    for (int i = 1; i < argc; i++) {
        if (strncmp(argv[i], "--", 2) == 0) {
            if (!parse_option(arguments, argc, argv, &i))
                return false;
        } else if (strcmp(argv[i], "-n") == 0) {
            arguments->showonly = true;
        } else {
            argv[arguments->connection_count++] = argv[i];
        }
    }
    return check(arguments);
}

struct words {
    const char *list[WORDS_MAX];
    int count;
};

static void add_pair(struct words *words, const char *option, const char *value)
{
    if (value == NULL)
        return;
    words->list[words->count++] = option;
    words->list[words->count++] = value;
}

static void add_flag(struct words *words, const char *option, bool is_set)
{
    if (is_set)
        words->list[words->count++] = option;
}

static struct words command_of(const struct arguments *arguments, const char *connection)
{
    const struct operation *operation = arguments->operation;
    bool loads = operation->runner == RUN_ADDCONN;
    struct words words = {{loads ? "addconn" : "whack"}, 1};
    add_pair(&words, "--rundir", arguments->rundir);
    add_pair(&words, "--ctlbase", arguments->ctlbase);
    add_pair(&words, "--ctlsocket", arguments->ctlsocket);
    add_pair(&words, "--config", loads ? arguments->config : NULL);
    add_flag(&words, "--showonly", loads && arguments->showonly);
    add_flag(&words, "--quiet", loads && arguments->quiet);
    add_flag(&words, "--asynchronous", arguments->asynchronous);
    add_flag(&words, "--json", arguments->json);
    add_flag(&words, "--utc", arguments->utc && !loads);
    add_pair(&words, "--remote-host", arguments->remote_host);
    for (size_t i = 0; i < 3 && operation->words[i] != NULL; i++)
        words.list[words.count++] = operation->words[i];
    add_flag(&words, connection, connection != NULL);
    words.list[words.count] = NULL;
    return words;
}

static void show(FILE *out, const struct words *words)
{
    fputs("ipsec", out);
    for (int i = 0; i < words->count; i++) {
        fputc(' ', out);
        shell_word_print(out, words->list[i]);
    }
    fputc('\n', out);
}

/* What addconn would send it shows itself, as the whack commands that do it. */
static int run(const struct arguments *arguments, const char *connection)
{
    struct words words = command_of(arguments, connection);
    char **copy = (char **)(uintptr_t)words.list;
    bool loads = arguments->operation->runner == RUN_ADDCONN;
    if (arguments->showonly && !loads) {
        show(stdout, &words);
        return 0;
    }
    if (arguments->verbose && !arguments->showonly)
        show(stderr, &words);
    return loads ? addconn_main(words.count, copy) : whack_main(words.count, copy);
}

int auto_main(int argc, char **argv)
{
    struct arguments arguments = {0};
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--help") == 0) {
            fputs(usage, stdout);
            return 0;
        }
    }
    if (!parse(&arguments, argc, argv))
        return EXIT_USAGE;
    if (arguments.operation->runner == RUN_NOT_YET) {
        fprintf(stderr, "ipsec auto: --%s: %s\n", arguments.operation->name, arguments.operation->words[0]);
        return EXIT_USAGE;
    }
    int status = arguments.connection_count == 0 ? run(&arguments, NULL) : 0;
    for (int i = 0; i < arguments.connection_count; i++) {
        int one = run(&arguments, arguments.connections[i]);
        status = one != 0 ? one : status;
    }
    return status;
}
