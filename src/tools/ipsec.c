/* The front end: `ipsec COMMAND ...`, and the tools by their own names. ipsec(8). */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tools/paths.h"
#include "tools/service.h"
#include "tools/tools.h"

enum { EXIT_USAGE = 1, WORDS_MAX = 64 };

static int pluto_main(int argc, char **argv)
{
    (void)argc;
    execv(paths_pluto(), argv);
    fprintf(stderr, "ipsec: cannot run %s\n", paths_pluto());
    return EXIT_USAGE;
}

static int updown_main(int argc, char **argv)
{
    char path[4200];
    (void)argc;
    snprintf(path, sizeof(path), "%s/_updown", paths_exec_dir());
    execv(path, argv);
    fprintf(stderr, "ipsec: cannot run %s\n", path);
    return EXIT_USAGE;
}

static int directory_main(int argc, char **argv)
{
    (void)argc;
    (void)argv;
    puts(paths_exec_dir());
    return 0;
}

static int version_main(int argc, char **argv)
{
    (void)argc;
    (void)argv;
    puts("Styx " STYX_VERSION);
    return 0;
}

static int checkconfig_main(int argc, char **argv)
{
    char *words[WORDS_MAX] = {(char *)(uintptr_t) "addconn", (char *)(uintptr_t) "--checkconfig"};
    int count = 2;
    for (int i = 1; i < argc && count < WORDS_MAX - 1; i++)
        words[count++] = argv[i];
    return addconn_main(count, words);
}

static int help_main(int argc, char **argv);

/* Without a connection it is the service, with one the operation of `ipsec auto`. */
static int start_main(int argc, char **argv)
{
    bool has_name = argc > 1 && argv[argc - 1][0] != '-' && (argc == 2 || argv[argc - 2][0] != '-');
    if (!has_name)
        return service_start(argc, argv);
    char *words[WORDS_MAX] = {(char *)(uintptr_t) "auto", (char *)(uintptr_t) "--start"};
    int count = 2;
    for (int i = 1; i < argc && count < WORDS_MAX - 1; i++)
        words[count++] = argv[i];
    return auto_main(count, words);
}

struct command {
    const char *name;
    int (*main)(int argc, char **argv);
    const char *help; /* NULL: not listed */
};

static const struct command commands[] = {
    {"start", start_main, "start pluto and the connections with auto=start; with NAME: load and bring up"},
    {"stop", service_stop, "stop pluto"},
    {"restart", service_restart, "stop, then start"},
    {"setup", NULL, NULL},
    {"auto", auto_main, "one operation on a connection: --add, --up, --down, --delete, --status ..."},
    {"whack", whack_main, "talk to pluto directly"},
    {"addconn", addconn_main, "load connections of ipsec.conf into pluto"},
    {"algparse", algparse_main, "show what an ike= or esp= string means"},
    {"checkconfig", checkconfig_main, "read ipsec.conf and tell what is wrong"},
    {"readwriteconf", readwriteconf_main, "print ipsec.conf as it is understood"},
    {"loadtest", loadtest_main, "play thousands of initiators against a responder"},
    {"pluto", pluto_main, "the IKE daemon"},
    {"_updown", updown_main, NULL},
    {"version", version_main, "the version"},
    {"--version", version_main, NULL},
    {"--versioncode", version_main, NULL},
    {"directory", directory_main, "where pluto and its scripts are"},
    {"--directory", directory_main, NULL},
    {"help", help_main, "this list"},
    {"--help", help_main, NULL},
    {"-h", help_main, NULL},
};

/* `ipsec up NAME` is `ipsec auto --up NAME`, and so on. */
static const char *const auto_words[] = {
    "add",      "delete",      "replace",      "up",        "down",          "route",     "unroute",
    "ondemand", "status",      "ready",        "rereadall", "rereadsecrets", "fetchcrls", "rereadcerts",
    "listall",  "listpubkeys", "checkpubkeys", "listcerts", "listcacerts",   "listcrls",  "purgeocsp",
};

/* `ipsec briefstatus` is `ipsec whack --briefstatus`, and so on: the word, and whack's option. */
static const char *const whack_words[][2] = {
    {"briefstatus", "--briefstatus"},
    {"globalstatus", "--globalstatus"},
    {"shuntstatus", "--shuntstatus"},
    {"showstates", "--showstates"},
    {"trafficstatus", "--trafficstatus"},
    {"traffic", "--trafficstatus"},
    {"fipsstatus", "--fipsstatus"},
    {"fips", "--fipsstatus"},
    {"listen", "--listen"},
    {"initiate", "--initiate"},
    {"terminate", "--terminate"},
    {"secrets", "--rereadsecrets"},
    {"connectionstatus", "--connectionstatus"},
    {"briefconnectionstatus", "--briefconnectionstatus"},
    {"processstatus", "--processstatus"},
    {"addresspoolstatus", "--addresspoolstatus"},
    {"listevents", "--listevents"},
    {"crls", "--fetchcrls"},
};

/* Known words of other releases that do nothing here yet. */
static const char *const not_yet[] = {
    "barf",          "look",          "show",        "verify",        "newhostkey",  "showhostkey",
    "rsasigkey",     "ecdsasigkey",   "eddsasigkey", "initnss",       "checknss",    "import",
    "certutil",      "crlutil",       "pk12util",    "modutil",       "vfychain",    "checknflog",
    "stopnflog",     "sniff",         "letsencrypt", "unbound",       "redirect",    "showroute",
    "cavp",          "portexcludes",  "_plutorun",   "_unbound-hook", "_import_crl", "_kernel",
    "_secretcensor", "_stackmanager", "setup",       "plutoplus",
};

static int help_main(int argc, char **argv)
{
    (void)argc;
    (void)argv;
    printf("Usage: ipsec COMMAND [arguments]; COMMAND --help tells more\n");
    for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
        if (commands[i].help != NULL)
            printf("  %-12s %s\n", commands[i].name, commands[i].help);
    printf(
        "  add, delete, replace, up, down, route, unroute, ondemand NAME; status, ready, rereadsecrets\n"
        "               as `ipsec auto --add NAME` and so on\n"
        "  briefstatus, showstates, trafficstatus, shuntstatus, globalstatus, connectionstatus, listevents\n"
        "               as `ipsec whack --briefstatus` and so on\n");
    return 0;
}

/* argv with its first word replaced by two. */
static int run_with(int (*tool)(int argc, char **argv), const char *name, const char *option, int argc,
                    char **argv)
{
    char *words[WORDS_MAX] = {(char *)(uintptr_t)name, (char *)(uintptr_t)option};
    int count = 2;
    if (argc > WORDS_MAX - 2) {
        fprintf(stderr, "ipsec: too many arguments\n");
        return EXIT_USAGE;
    }
    for (int i = 1; i < argc; i++) {
        bool is_name = tool == whack_main && argv[i][0] != '-' && argv[i - 1][0] != '-';
        if (is_name || (is_name = tool == whack_main && i == 1 && argv[i][0] != '-'))
            words[count++] = (char *)(uintptr_t) "--name";
        words[count++] = argv[i];
    }
    words[count] = NULL;
    return tool(count, words);
}

/* 0 or more: the exit status; -1: no such command. */
static int dispatch(const char *name, int argc, char **argv)
{
    char option[64];
    const char *bare = strncmp(name, "--", 2) == 0 ? name + 2 : name;
    for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
        if (strcmp(commands[i].name, name) == 0 && commands[i].main != NULL)
            return commands[i].main(argc, argv);
    for (size_t i = 0; i < sizeof(auto_words) / sizeof(auto_words[0]); i++) {
        snprintf(option, sizeof(option), "--%s", auto_words[i]);
        if (strcmp(auto_words[i], bare) == 0)
            return run_with(auto_main, "auto", option, argc, argv);
    }
    for (size_t i = 0; i < sizeof(whack_words) / sizeof(whack_words[0]); i++)
        if (strcmp(whack_words[i][0], bare) == 0)
            return run_with(whack_main, "whack", whack_words[i][1], argc, argv);
    for (size_t i = 0; i < sizeof(not_yet) / sizeof(not_yet[0]); i++) {
        if (strcmp(not_yet[i], bare) == 0) {
            fprintf(stderr, "ipsec: command \"%s\" is not supported yet\n", name);
            return EXIT_USAGE;
        }
    }
    return -1;
}

int ipsec_main(int argc, char **argv)
{
    if (argc < 2) {
        help_main(argc, argv);
        return EXIT_USAGE;
    }
    int status = dispatch(argv[1], argc - 1, argv + 1);
    if (status >= 0)
        return status;
    fprintf(stderr, "ipsec: unknown IPsec command \"%s\"; ipsec --help lists them\n", argv[1]);
    return EXIT_USAGE;
}

int main(int argc, char **argv)
{
    const char *slash = strrchr(argv[0], '/');
    const char *name = slash ? slash + 1 : argv[0];
    /* By its own name: whack, addconn ... */
    if (strcmp(name, "whack") == 0)
        return whack_main(argc, argv);
    return ipsec_main(argc, argv);
}
