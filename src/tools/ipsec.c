/* The front end: `ipsec [OPTIONS] COMMAND ...`, and the tools by their own names. ipsec(8). */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/bytes.h"
#include "tools/command_table.h"
#include "tools/paths.h"
#include "tools/shell_word.h"
#include "tools/tools.h"

enum { EXIT_USAGE = 1, WORDS_OF_OURS = 16 };

/* What was said before the command. Paths go into the environment, where every tool looks for them. */
struct globals {
    bool dry_run, utc, asynchronous;
    char *remote_host;
    const char *paths[3]; /* in the order of path_options */
};

struct words {
    char **list; /* ends with NULL */
    int count;
};

/* Room for the caller's `argc` words, each with one of ours before it, and for what we say ourselves. */
static struct words words_new(int argc)
{
    struct words words = {.list = calloc(2 * (size_t)argc + WORDS_OF_OURS, sizeof(char *))};
    if (words.list == NULL) {
        fputs("ipsec: out of memory\n", stderr);
        exit(EXIT_USAGE);
    }
    return words;
}

static void add_word(struct words *words, const char *word)
{
    words->list[words->count++] = (char *)(uintptr_t)word;
}

static int run_words(struct words *words, int (*program)(int argc, char **argv))
{
    int status = program(words->count, words->list);
    free(words->list);
    return status;
}

/* ---- small commands ---- */

static int run_program(char **argv, const char *path)
{
    execv(path, argv);
    fprintf(stderr, "ipsec: cannot run %s\n", path);
    return EXIT_USAGE;
}

int pluto_main(int argc, char **argv)
{
    (void)argc;
    return run_program(argv, paths_pluto());
}

int updown_main(int argc, char **argv)
{
    char path[4200];
    (void)argc;
    snprintf(path, sizeof(path), "%s/_updown", paths_exec_dir());
    return run_program(argv, path);
}

int directory_main(int argc, char **argv)
{
    (void)argc;
    (void)argv;
    puts(paths_exec_dir());
    return 0;
}

int version_main(int argc, char **argv)
{
    (void)argc;
    puts(strcmp(argv[0], "--versioncode") == 0 ? STYX_VERSION : "Styx " STYX_VERSION);
    return 0;
}

int checkconfig_main(int argc, char **argv)
{
    struct words words = words_new(argc);
    add_word(&words, "addconn");
    add_word(&words, "--checkconfig");
    for (int i = 1; i < argc; i++)
        add_word(&words, argv[i]);
    return run_words(&words, addconn_main);
}

int help_main(int argc, char **argv)
{
    (void)argc;
    (void)argv;
    puts("Usage: ipsec [OPTIONS] COMMAND [ARGUMENTS]; COMMAND --help tells more\n"
         "  --rundir DIRECTORY, --ctlsocket PATH   where pluto listens\n"
         "  --config FILE      instead of /etc/ipsec.conf\n"
         "  --dry-run, -n      tell what would be run\n"
         "  --asynchronous, --utc, --remote-host ADDRESS   for the command that takes it\n"
         "Commands:");
    command_table_print();
    return 0;
}

/* ---- dispatch ---- */

static bool is_bare_name(char **argv, int i)
{
    return argv[i][0] != '-' && (i == 1 || argv[i - 1][0] != '-' || strchr(argv[i - 1], '=') != NULL);
}

static const struct {
    const char *option, *variable;
    bool is_of_whack;
} path_options[] = {
    {"--rundir", "IPSEC_RUNDIR", true},
    {"--config", "IPSEC_CONF", false},
    {"--ctlsocket", "IPSEC_CTLSOCKET", true},
};

/* What is shown and not run must say them: the environment will not. */
static void add_paths(struct words *words, const struct globals *globals, enum command_kind_of_tool kind)
{
    for (size_t i = 0; i < ARRAY_SIZE(path_options); i++) {
        if (globals->paths[i] == NULL || (kind == COMMAND_OF_WHACK && !path_options[i].is_of_whack))
            continue;
        add_word(words, path_options[i].option);
        add_word(words, globals->paths[i]);
    }
}

static void add_globals(struct words *words, const struct globals *globals, const struct command_row *row)
{
    if (globals->dry_run && row->kind == COMMAND_OF_AUTO)
        add_word(words, "--showonly");
    if (globals->dry_run && row->kind != COMMAND_TOOL)
        add_paths(words, globals, row->kind);
    if (globals->asynchronous)
        add_word(words, "--asynchronous");
    if (globals->utc)
        add_word(words, "--utc");
    if (globals->remote_host != NULL) {
        add_word(words, "--remote-host");
        add_word(words, globals->remote_host);
    }
}

/* `ipsec add` with options that auto does not have: addconn's own. */
static bool is_for_addconn(const struct command_row *row, int argc, char **argv)
{
    static const char *const options[] = {"--auto", "--checkconfig", "--addall", "--debug"};
    for (int i = 1; i < argc && strcmp(row->name, "add") == 0; i++)
        for (size_t j = 0; j < ARRAY_SIZE(options); j++)
            if (strncmp(argv[i], options[j], strlen(options[j])) == 0)
                return true;
    return false;
}

static int run_addconn(const struct globals *globals, int argc, char **argv)
{
    struct words words = words_new(argc);
    add_word(&words, "addconn");
    if (globals->dry_run) {
        add_word(&words, "--showonly");
        add_paths(&words, globals, COMMAND_OF_AUTO);
    }
    if (globals->asynchronous)
        add_word(&words, "--asynchronous");
    for (int i = 1; i < argc; i++)
        add_word(&words, argv[i]);
    return run_words(&words, addconn_main);
}

/* The command as auto, whack or the tool itself take it. */
static struct words words_of(const struct command_row *row, const struct globals *globals, int argc,
                             char **argv)
{
    struct words words = words_new(argc);
    static char option[64]; /* as long-lived as the words */
    if (globals->dry_run && row->kind == COMMAND_TOOL)
        add_paths(&words, globals, row->kind);
    add_word(&words, row->kind == COMMAND_OF_AUTO    ? "auto"
                     : row->kind == COMMAND_OF_WHACK ? "whack"
                                                     : argv[0]);
    add_globals(&words, globals, row);
    snprintf(option, sizeof(option), "--%s", row->word ? row->word : "");
    if (row->kind == COMMAND_OF_AUTO)
        add_word(&words, option);
    else if (row->kind == COMMAND_OF_WHACK && row->word != NULL)
        add_word(&words, row->word);
    for (int i = 1; i < argc; i++) {
        if (row->kind == COMMAND_OF_WHACK && is_bare_name(argv, i))
            add_word(&words, "--name");
        add_word(&words, argv[i]);
    }
    return words;
}

static int show(int argc, char **argv)
{
    fputs("ipsec", stdout);
    for (int i = 0; i < argc; i++) {
        fputc(' ', stdout);
        shell_word_print(stdout, argv[i]);
    }
    fputc('\n', stdout);
    return 0;
}

static int run_row(const struct command_row *row, const struct globals *globals, int argc, char **argv)
{
    struct words words;
    switch (row->kind) {
    case COMMAND_NOT_NEEDED:
        printf("ipsec %s: not needed: %s\n", row->name, row->word);
        return 0;
    case COMMAND_NOT_YET:
        fprintf(stderr, "ipsec: command \"%s\" is not supported yet: %s\n", row->name, row->word);
        return EXIT_USAGE;
    case COMMAND_OF_AUTO:
        words = words_of(row, globals, argc, argv);
        return run_words(&words, auto_main);
    case COMMAND_OF_WHACK:
        words = words_of(row, globals, argc, argv);
        return run_words(&words, globals->dry_run ? show : whack_main);
    default:
        words = words_of(row, globals, argc, argv);
        return run_words(&words, globals->dry_run ? show : row->main);
    }
}

static int run(const struct globals *globals, int argc, char **argv)
{
    const struct command_row *row = command_find(argv[0]);
    if (row == NULL) {
        const char *near = command_suggest(argv[0]);
        fprintf(stderr, "ipsec: unknown IPsec command \"%s\"%s%s%s (\"ipsec --help\" for list)\n", argv[0],
                near ? "; did you mean \"" : "", near ? near : "", near ? "\"?" : "");
        return EXIT_USAGE;
    }
    return is_for_addconn(row, argc, argv) ? run_addconn(globals, argc, argv)
                                           : run_row(row, globals, argc, argv);
}

/* ---- options before the command ---- */

/* Which of path_options it is; -1: none. */
static int path_index(const char *option)
{
    for (size_t i = 0; i < ARRAY_SIZE(path_options); i++)
        if (strcmp(path_options[i].option, option) == 0)
            return (int)i;
    return -1;
}

static bool flag(struct globals *globals, const char *word)
{
    if (strcmp(word, "--dry-run") == 0 || strcmp(word, "-n") == 0)
        return globals->dry_run = true;
    if (strcmp(word, "--utc") == 0)
        return globals->utc = true;
    if (strcmp(word, "--asynchronous") == 0 || strcmp(word, "--async") == 0)
        return globals->asynchronous = true;
    return false;
}

/* How many words it takes with its value; 0: it is the command; -1: its value is missing. */
static int take_global(struct globals *globals, int argc, char **argv)
{
    char name[32];
    const char *equals = strchr(argv[0], '=');
    snprintf(name, sizeof(name), "%.*s", equals ? (int)(equals - argv[0]) : 31, argv[0]);
    int path = path_index(name);
    bool is_host = strcmp(name, "--remote-host") == 0;
    if (path < 0 && !is_host)
        return flag(globals, argv[0]) ? 1 : 0;
    if (equals == NULL && argc < 2)
        return -1;
    char *value = equals ? argv[0] + (equals - argv[0]) + 1 : argv[1];
    if (is_host) {
        globals->remote_host = value;
    } else {
        globals->paths[path] = value;
        setenv(path_options[path].variable, value, 1);
    }
    return equals ? 1 : 2;
}

int ipsec_main(int argc, char **argv)
{
    struct globals globals = {0};
    int at = 1, taken = 1;
    while (at < argc && (taken = take_global(&globals, argc - at, argv + at)) > 0)
        at += taken;
    if (taken < 0) {
        fprintf(stderr, "ipsec: %s needs a value\n", argv[at]);
        return EXIT_USAGE;
    }
    if (at >= argc) {
        help_main(argc, argv);
        return EXIT_USAGE;
    }
    return run(&globals, argc - at, argv + at);
}

int main(int argc, char **argv)
{
    const char *slash = strrchr(argv[0], '/');
    const char *name = slash ? slash + 1 : argv[0];
    /* By its own name: whack, addconn ... */
    if (strcmp(name, "whack") == 0)
        return whack_main(argc, argv);
    if (strcmp(name, "addconn") == 0)
        return addconn_main(argc, argv);
    return ipsec_main(argc, argv);
}
