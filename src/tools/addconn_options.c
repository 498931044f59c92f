/* addconn's command line. */
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "base/bytes.h"
#include "tools/addconn.h"

enum { EXIT_USAGE = 1 };

enum {
    OPT_CONFIG = 1,
    OPT_CTLSOCKET,
    OPT_CTLBASE,
    OPT_RUNDIR,
    OPT_AUTOALL,
    OPT_CHECK,
    OPT_SETUP,
    OPT_LISTSTACK,
    OPT_VARPREFIX,
    OPT_NOEXPORT,
    OPT_LISTALL,
    OPT_LISTADD,
    OPT_LISTROUTE,
    OPT_LISTSTART,
    OPT_LISTIGNORE,
    OPT_NAME,
    OPT_VERBOSE,
    OPT_QUIET,
    OPT_SHOWONLY,
    OPT_AUTO,
    OPT_ASYNC,
    OPT_HELP,
};

static const struct option long_options[] = {
    {"config", required_argument, NULL, OPT_CONFIG},
    {"ctlsocket", required_argument, NULL, OPT_CTLSOCKET},
    {"ctlbase", required_argument, NULL, OPT_CTLBASE},
    {"rundir", required_argument, NULL, OPT_RUNDIR},
    {"autoall", no_argument, NULL, OPT_AUTOALL},
    {"addall", no_argument, NULL, OPT_AUTOALL},
    {"checkconfig", no_argument, NULL, OPT_CHECK},
    {"configsetup", no_argument, NULL, OPT_SETUP},
    {"liststack", no_argument, NULL, OPT_LISTSTACK},
    {"varprefix", required_argument, NULL, OPT_VARPREFIX},
    {"noexport", no_argument, NULL, OPT_NOEXPORT},
    {"listall", no_argument, NULL, OPT_LISTALL},
    {"listadd", no_argument, NULL, OPT_LISTADD},
    {"listroute", no_argument, NULL, OPT_LISTROUTE},
    {"liststart", no_argument, NULL, OPT_LISTSTART},
    {"listignore", no_argument, NULL, OPT_LISTIGNORE},
    {"name", required_argument, NULL, OPT_NAME},
    {"verbose", no_argument, NULL, OPT_VERBOSE},
    {"quiet", no_argument, NULL, OPT_QUIET},
    {"debug", no_argument, NULL, OPT_VERBOSE},
    {"showonly", no_argument, NULL, OPT_SHOWONLY},
    {"dry-run", no_argument, NULL, OPT_SHOWONLY},
    {"auto", required_argument, NULL, OPT_AUTO},
    {"asynchronous", optional_argument, NULL, OPT_ASYNC},
    {"async", optional_argument, NULL, OPT_ASYNC},
    {"bg", optional_argument, NULL, OPT_ASYNC},
    {"help", no_argument, NULL, OPT_HELP},
    {0},
};

static const char usage[] =
    "Usage: ipsec addconn [options] [NAME ...]\n"
    "Loads connections of ipsec.conf into a running pluto.\n"
    "  --config FILE      instead of /etc/ipsec.conf\n"
    "  --rundir DIR, --ctlsocket PATH, --ctlbase PATH   where pluto listens\n"
    "  --autoall          all with auto= other than ignore, then listen, then start those with auto=start\n"
    "  --auto add|ondemand|start   what to do with NAME once it is loaded\n"
    "  --checkconfig      read everything, change nothing; status 0 unless the file has an error or a bad "
    "value\n"
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

static bool set_option(struct addconn *addconn, int option, const char *value)
{
    switch (option) {
    case OPT_CONFIG:
        addconn->config_file = value;
        return true;
    case OPT_CTLSOCKET:
        addconn->location.ctlsocket = value;
        return true;
    case OPT_CTLBASE:
        addconn->location.ctlbase = value;
        return true;
    case OPT_RUNDIR:
        addconn->location.rundir = value;
        return true;
    case OPT_AUTOALL:
        return addconn->autoall = true;
    case OPT_CHECK:
        return addconn->checkconfig = true;
    case OPT_SETUP:
        return addconn->configsetup = true;
    case OPT_LISTSTACK:
        return addconn->liststack = true;
    case OPT_VARPREFIX:
        addconn->variable_prefix = value;
        return true;
    case OPT_NOEXPORT:
        return addconn->no_export = true;
    case OPT_LISTALL:
        addconn->list = LIST_ALL;
        return true;
    case OPT_LISTADD:
        addconn->list = AUTO_ADD;
        return true;
    case OPT_LISTROUTE:
        addconn->list = AUTO_ONDEMAND;
        return true;
    case OPT_LISTSTART:
        addconn->list = AUTO_START;
        return true;
    case OPT_LISTIGNORE:
        addconn->list = AUTO_IGNORE;
        return true;
    case OPT_NAME:
        addconn->name = value;
        return true;
    case OPT_VERBOSE:
        return addconn->verbose = true;
    case OPT_QUIET:
        return addconn->quiet = true;
    case OPT_SHOWONLY:
        return addconn->showonly = true;
    case OPT_AUTO:
        return parse_auto(value, &addconn->auto_as);
    case OPT_ASYNC:
        return parse_yes_or_no("asynchronous", value, &addconn->asynchronous);
    default:
        fprintf(stderr, "ipsec addconn: --help lists the options\n");
        return false;
    }
}

bool addconn_parse(struct addconn *addconn, int argc, char **argv, int *ret_status)
{
    int option;
    optind = 1;
    *ret_status = EXIT_USAGE;
    while ((option = getopt_long(argc, argv, "n", long_options, NULL)) != -1) {
        if (option == OPT_HELP) {
            fputs(usage, stdout);
            *ret_status = 0;
            return false;
        }
        if (!set_option(addconn, option == 'n' ? OPT_SHOWONLY : option, optarg))
            return false;
    }
    return true;
}
