/* addconn's command line. */
#include <getopt.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "base/bytes.h"
#include "tools/addconn.h"

enum { EXIT_USAGE = 1 };

enum kind {
    KIND_TEXT,      /* const char * */
    KIND_SWITCH,    /* bool */
    KIND_LIST,      /* `list` becomes what the row says */
    KIND_AUTO,      /* how a connection is added */
    KIND_YES_OR_NO, /* bool; without a word: yes */
    KIND_HELP,
};

struct addconn_option {
    const char *name;
    enum kind kind;
    size_t offset;
    int list;
};

#define AT(member) offsetof(struct addconn, member)

static const struct addconn_option table[] = {
    {"config", KIND_TEXT, AT(config_file), 0},
    {"ctlsocket", KIND_TEXT, AT(location.ctlsocket), 0},
    {"ctlbase", KIND_TEXT, AT(location.ctlbase), 0},
    {"rundir", KIND_TEXT, AT(location.rundir), 0},
    {"autoall", KIND_SWITCH, AT(autoall), 0},
    {"addall", KIND_SWITCH, AT(autoall), 0},
    {"checkconfig", KIND_SWITCH, AT(checkconfig), 0},
    {"configsetup", KIND_SWITCH, AT(configsetup), 0},
    {"liststack", KIND_SWITCH, AT(liststack), 0},
    {"varprefix", KIND_TEXT, AT(variable_prefix), 0},
    {"noexport", KIND_SWITCH, AT(no_export), 0},
    {"listall", KIND_LIST, AT(list), LIST_ALL},
    {"listadd", KIND_LIST, AT(list), AUTO_ADD},
    {"listroute", KIND_LIST, AT(list), AUTO_ONDEMAND},
    {"liststart", KIND_LIST, AT(list), AUTO_START},
    {"listignore", KIND_LIST, AT(list), AUTO_IGNORE},
    {"name", KIND_TEXT, AT(name), 0},
    {"verbose", KIND_SWITCH, AT(verbose), 0},
    {"quiet", KIND_SWITCH, AT(quiet), 0},
    {"debug", KIND_SWITCH, AT(verbose), 0},
    {"showonly", KIND_SWITCH, AT(showonly), 0},
    {"dry-run", KIND_SWITCH, AT(showonly), 0},
    {"auto", KIND_AUTO, AT(auto_as), 0},
    {"asynchronous", KIND_YES_OR_NO, AT(asynchronous), 0},
    {"async", KIND_YES_OR_NO, AT(asynchronous), 0},
    {"bg", KIND_YES_OR_NO, AT(asynchronous), 0},
    {"help", KIND_HELP, 0, 0},
};

static const char usage[] =
    "Usage: ipsec addconn [options] [NAME ...]\n"
    "Loads connections of ipsec.conf into a running pluto.\n"
    "  --config FILE      instead of /etc/ipsec.conf\n"
    "  --rundir DIR, --ctlsocket PATH, --ctlbase PATH   where pluto listens\n"
    "  --autoall          all with auto= other than ignore, then listen, then start those with auto=start\n"
    "  --auto add|ondemand|start   what to do with NAME once it is loaded\n"
    "  --checkconfig      read everything, change nothing; status 0 unless the file has a fault; what\n"
    "                     cannot be loaded is told of, and is one only when its NAME is given\n"
    "  --configsetup      print `config setup` for a shell; --varprefix TEXT, --noexport say how\n"
    "  --liststack        print protostack=\n"
    "  --listall, --listadd, --listroute, --liststart, --listignore   print names\n"
    "  --asynchronous[=yes|no], --bg   do not wait for what is brought up\n"
    "  --verbose          tell each connection; --quiet: only failures\n"
    "  --showonly         print commands of whack instead of running them\n";

static bool parse_auto(const char *text, int *out)
{
    static const struct {
        const char *word;
        int how;
    } words[] = {{"add", AUTO_ADD},
                 {"ondemand", AUTO_ONDEMAND},
                 {"route", AUTO_ONDEMAND},
                 {"start", AUTO_START},
                 {"up", AUTO_START}};
    for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
        if (strcmp(words[i].word, text) == 0) {
            *out = words[i].how;
            return true;
        }
    }
    fprintf(stderr, "ipsec addconn: --auto wants add, ondemand or start, not \"%s\"\n", text);
    return false;
}

/* Without a word: yes. */
static bool parse_yes_or_no(const char *option, const char *text, bool *out)
{
    *out = text == NULL || strcmp(text, "yes") == 0;
    if (*out || strcmp(text, "no") == 0)
        return true;
    fprintf(stderr, "ipsec addconn: --%s wants yes or no, not \"%s\"\n", option, text);
    return false;
}

static bool set_option(struct addconn *addconn, const struct addconn_option *option, const char *value)
{
    void *at = (char *)addconn + option->offset;
    switch (option->kind) {
    case KIND_TEXT:
        *(const char **)at = value;
        return true;
    case KIND_SWITCH:
        *(bool *)at = true;
        return true;
    case KIND_LIST:
        *(int *)at = option->list;
        return true;
    case KIND_AUTO:
        return parse_auto(value, at);
    case KIND_YES_OR_NO:
        return parse_yes_or_no("asynchronous", value, at);
    case KIND_HELP:
        break;
    }
    return false;
}

/* The table as getopt_long() has it. */
static void make_long_options(struct option out[static ARRAY_SIZE(table) + 1])
{
    static const int arguments[] = {
        [KIND_TEXT] = required_argument, [KIND_SWITCH] = no_argument,          [KIND_LIST] = no_argument,
        [KIND_AUTO] = required_argument, [KIND_YES_OR_NO] = optional_argument, [KIND_HELP] = no_argument};
    for (size_t i = 0; i < ARRAY_SIZE(table); i++)
        out[i] = (struct option){.name = table[i].name, .has_arg = arguments[table[i].kind], .val = (int)i};
    out[ARRAY_SIZE(table)] = (struct option){0};
}

bool addconn_parse(struct addconn *addconn, int argc, char **argv, int *ret_status)
{
    struct option long_options[ARRAY_SIZE(table) + 1];
    int index;
    make_long_options(long_options);
    optind = 1;
    *ret_status = EXIT_USAGE;
    while ((index = getopt_long(argc, argv, "n", long_options, NULL)) != -1) {
        if (index == 'n') {
            addconn->showonly = true;
            continue;
        }
        if (index == '?') {
            fprintf(stderr, "ipsec addconn: --help lists the options\n");
            return false;
        }
        if (table[index].kind == KIND_HELP) {
            fputs(usage, stdout);
            *ret_status = 0;
            return false;
        }
        if (!set_option(addconn, &table[index], optarg))
            return false;
    }
    return true;
}
