/* ipsec auto: one operation on one connection, as ipsec_auto(8) describes; carried out by addconn and whack.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/paths.h"
#include "tools/tools.h"

enum { WORDS_MAX = 24, EXIT_USAGE = 1 };

enum runner { RUN_ADDCONN, RUN_WHACK };

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
    const char *connection, *config, *rundir, *ctlsocket, *ctlbase, *remote_host;
    bool showonly, asynchronous, verbose, utc, json;
};

static const char usage[] =
    "Usage: ipsec auto [--showonly] [--asynchronous] [--config FILE] [--verbose] OPERATION CONNECTION\n"
    "       ipsec auto {--add|--delete|--replace|--start} CONNECTION\n"
    "       ipsec auto {--up|--down} CONNECTION\n"
    "       ipsec auto {--route|--unroute|--ondemand} CONNECTION\n"
    "       ipsec auto {--status|--ready|--rereadsecrets|--rereadall}\n"
    "  --showonly       print the commands instead of running them\n"
    "  --verbose        tell on standard error what is run\n"
    "  --asynchronous   --up does not wait for the outcome\n"
    "  --json           --status and the lists as a JSON document\n"
    "  --config FILE    instead of /etc/ipsec.conf\n"
    "  --rundir DIR, --ctlsocket PATH   where pluto listens\n"
    "  --remote-host ADDRESS   the peer of a connection with right=%any\n";

static const struct operation *find_operation(const char *name)
{
    for (size_t i = 0; i < sizeof(operations) / sizeof(operations[0]); i++)
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
    if (strcmp(name, "showonly") == 0)
        return &arguments->showonly;
    if (strcmp(name, "asynchronous") == 0 || strcmp(name, "async") == 0)
        return &arguments->asynchronous;
    if (strcmp(name, "verbose") == 0)
        return &arguments->verbose;
    if (strcmp(name, "json") == 0)
        return &arguments->json;
    return strcmp(name, "utc") == 0 ? &arguments->utc : NULL;
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
        *flag = true;
    } else if (operation != NULL && arguments->operation != NULL) {
        fprintf(stderr, "ipsec auto: both --%s and --%s are given; one operation at a time\n",
                arguments->operation->name, name);
        return false;
    } else if (operation != NULL) {
        arguments->operation = operation;
    } else {
        fprintf(stderr, "ipsec auto: unknown option --%s; ipsec auto --help lists them\n", name);
        return false;
    }
    return true;
}

static bool parse(struct arguments *arguments, int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        if (strncmp(argv[i], "--", 2) == 0) {
            if (!parse_option(arguments, argc, argv, &i))
                return false;
        } else if (arguments->connection == NULL) {
            arguments->connection = argv[i];
        } else {
            fprintf(stderr, "ipsec auto: \"%s\" is one word too many\n", argv[i]);
            return false;
        }
    }
    if (arguments->operation == NULL) {
        fputs(usage, stderr);
        return false;
    }
    if (arguments->operation->needs_connection && arguments->connection == NULL) {
        fprintf(stderr, "ipsec auto: --%s needs the name of a connection\n", arguments->operation->name);
        return false;
    }
    if (!arguments->operation->needs_connection && arguments->connection != NULL) {
        fprintf(stderr, "ipsec auto: --%s takes no connection\n", arguments->operation->name);
        return false;
    }
    return true;
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

static struct words command_of(const struct arguments *arguments)
{
    const struct operation *operation = arguments->operation;
    struct words words = {{operation->runner == RUN_ADDCONN ? "addconn" : "whack"}, 1};
    add_pair(&words, "--rundir", arguments->rundir);
    add_pair(&words, "--ctlbase", arguments->ctlbase);
    add_pair(&words, "--ctlsocket", arguments->ctlsocket);
    if (operation->runner == RUN_ADDCONN)
        add_pair(&words, "--config", arguments->config);
    if (arguments->asynchronous && strcmp(operation->name, "up") == 0)
        words.list[words.count++] = "--asynchronous";
    if (arguments->asynchronous && strcmp(operation->name, "start") == 0)
        words.list[words.count++] = "--asynchronous";
    if (strcmp(operation->name, "up") == 0)
        add_pair(&words, "--remote-host", arguments->remote_host);
    if (arguments->json)
        words.list[words.count++] = "--json";
    if (arguments->utc) /* whack says what it thinks of that */
        words.list[words.count++] = "--utc";
    for (size_t i = 0; i < 3 && operation->words[i] != NULL; i++)
        words.list[words.count++] = operation->words[i];
    if (arguments->connection != NULL)
        words.list[words.count++] = arguments->connection;
    return words;
}

/* As a shell takes it: quoted where it must be. */
static void show_word(FILE *out, const char *word)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./:@%+=,";
    if (word[0] != '\0' && strspn(word, plain) == strlen(word)) {
        fprintf(out, " %s", word);
        return;
    }
    fputs(" '", out);
    for (; *word != '\0'; word++) {
        if (*word == '\'')
            fputs("'\\''", out);
        else
            fputc(*word, out);
    }
    fputc('\'', out);
}

static void show(FILE *out, const struct words *words)
{
    fputs("ipsec", out);
    for (int i = 0; i < words->count; i++)
        show_word(out, words->list[i]);
    fputc('\n', out);
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
    struct words words = command_of(&arguments);
    words.list[words.count] = NULL;
    /* What addconn would send is shown as the whack commands that do it. */
    bool is_shown = arguments.showonly && arguments.operation->runner == RUN_WHACK;
    if (is_shown) {
        show(stdout, &words);
        return 0;
    }
    if (arguments.verbose && !arguments.showonly)
        show(stderr, &words);
    if (arguments.showonly) {
        memmove(words.list + 2, words.list + 1, (size_t)words.count * sizeof(words.list[0]));
        words.list[1] = "--showonly";
        words.count++;
    }
    char **copy = (char **)(uintptr_t)words.list;
    return arguments.operation->runner == RUN_ADDCONN ? addconn_main(words.count, copy)
                                                      : whack_main(words.count, copy);
}
