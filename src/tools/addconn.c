/* addconn: reads ipsec.conf and hands its connections to pluto. ipsec_addconn(8). */
#include <arpa/inet.h>
#include <getopt.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config/conf_file.h"
#include "tools/conf_request.h"
#include "tools/control_client.h"
#include "tools/paths.h"
#include "tools/shell_word.h"
#include "tools/tools.h"

enum { EXIT_PARSE = 3, EXIT_UNKNOWN = 21, EXIT_OTHER = 1, UNANSWERED_MAX = 64 };

struct addconn {
    struct control_location location;
    const char *config_file;
    bool autoall, checkconfig, configsetup, liststack, showonly;
    const char *variable_prefix; /* --varprefix */
    bool no_export;
    int list;    /* a connection_auto, -1: none, LIST_ALL */
    int auto_as; /* --auto: taken instead of auto=; -1: none */
    bool asynchronous;
    struct conf *conf;
    struct control_client *client;
    unsigned unanswered;  /* requests */
    bool faults_are_told; /* bad values of the file were shown already */
    int status;
};

enum { LIST_NONE = -1, LIST_ALL = -2 };

static void warn(void *context, const char *text)
{
    (void)context;
    fprintf(stderr, "%s\n", text);
}

static const struct warning_sink sink = {warn, NULL};

/* ---- one connection ---- */

static void print_line(void *user, const struct control_line *line)
{
    (void)user;
    printf("%03d %s\n", line->number, line->text);
}

static void tell(struct addconn *addconn, const struct error *error, int status)
{
    if (error->text[0] != '\0')
        fprintf(stderr, "ipsec addconn: %s\n", error->text);
    if (status != 0)
        addconn->status = status;
}

static void await_one(struct addconn *addconn)
{
    struct error error = {0};
    int status = control_client_receive(addconn->client, print_line, NULL, &error);
    addconn->unanswered--;
    tell(addconn, &error, status);
}

static void await_all(struct addconn *addconn)
{
    while (addconn->unanswered > 0)
        await_one(addconn);
    fflush(stdout);
}

/* Sent without waiting for the answer, as long as few are on their way. */
static void queue(struct addconn *addconn, json_t *request)
{
    struct error error = {0};
    if (addconn->client == NULL)
        addconn->client = control_client_open(&addconn->location, &error);
    if (addconn->client == NULL || !control_client_send(addconn->client, request, &error))
        tell(addconn, &error, CONTROL_EXIT_WHACK_PROBLEM);
    else if (++addconn->unanswered >= UNANSWERED_MAX)
        await_one(addconn);
    json_decref(request);
}

static void call(struct addconn *addconn, json_t *request)
{
    queue(addconn, request);
    await_all(addconn);
}

/* The option of whack that takes the keyword's value as its argument; NULL: only ipsec.conf can say it. */
static const struct keyword_option *whack_option_of(const struct keyword *keyword)
{
    for (size_t i = 0; i < whack_connection_option_count; i++) {
        const struct keyword_option *option = &whack_connection_options[i];
        if (strcmp(option->keyword, keyword->name) == 0 && option->argument != ARGUMENT_NONE)
            return option;
    }
    return NULL;
}

static void show_options(const struct conf_option *options, size_t count, enum keyword_end end)
{
    for (size_t i = 0; i < count; i++) {
        const struct keyword_option *option =
            options[i].end == end ? whack_option_of(options[i].keyword) : NULL;
        if (option == NULL)
            continue;
        printf(" --%s=", option->name);
        shell_word_print_quoted(stdout, options[i].value);
    }
}

static void show_as_whack(struct addconn *addconn, size_t index)
{
    size_t count;
    struct error error;
    struct conf_option *options = conf_conn_options(addconn->conf, index, &count, &error);
    printf("ipsec whack --name ");
    shell_word_print_quoted(stdout, conf_conn_name(addconn->conf, index));
    show_options(options, count, END_LEFT);
    printf(" --to");
    show_options(options, count, END_RIGHT);
    show_options(options, count, END_NONE);
    printf("\n");
    free(options);
}

/* Returns whether it went as far as it should. */
static bool add(struct addconn *addconn, size_t index)
{
    const char *name = conf_conn_name(addconn->conf, index);
    struct error error;
    /* pluto warns of the same when it builds it. */
    bool is_only_read = addconn->checkconfig || addconn->showonly;
    struct connection_spec *spec = conf_conn_build(addconn->conf, index, is_only_read ? &sink : NULL, &error);
    json_t *options = spec ? conf_request_options(addconn->conf, index, &error) : NULL;
    connection_spec_free(spec);
    if (options == NULL) {
        if (error.code != CONF_BAD_VALUE || !addconn->faults_are_told)
            fprintf(stderr, "%s\n", error.text);
        addconn->status = EXIT_PARSE;
        return false;
    }
    if (addconn->checkconfig) {
        json_decref(options);
    } else if (addconn->showonly) {
        show_as_whack(addconn, index);
        json_decref(options);
    } else {
        queue(addconn, conf_request("add", name, options, addconn->config_file));
    }
    return true;
}

static void command(struct addconn *addconn, const char *verb, const char *name, bool asynchronous)
{
    if (addconn->showonly) {
        printf("ipsec whack --name '%s' --%s%s\n", name, verb, asynchronous ? " --asynchronous" : "");
        return;
    }
    json_t *request = json_pack("{s:s, s:s}", "command", verb, "name", name);
    if (asynchronous)
        json_object_set_new(request, "asynchronous", json_true());
    call(addconn, request);
}

/* What auto= asks for beyond loading. */
static void start(struct addconn *addconn, size_t index)
{
    enum connection_auto how =
        addconn->auto_as >= 0 ? (enum connection_auto)addconn->auto_as : conf_conn_auto(addconn->conf, index);
    const char *name = conf_conn_name(addconn->conf, index);
    if (how == AUTO_START)
        command(addconn, "initiate", name, addconn->autoall || addconn->asynchronous);
    else if (how == AUTO_ONDEMAND)
        command(addconn, "route", name, false);
}

/* ---- many connections ---- */

static void add_named(struct addconn *addconn, const char *name)
{
    size_t index = 0;
    int before = addconn->status;
    bool found = conf_conn_find(addconn->conf, name, &index);
    if (!found) {
        for (index = 0; conf_conn_find_alias(addconn->conf, name, &index); index++) {
            add(addconn, index);
            found = true;
        }
        if (!found) {
            fprintf(stderr, "conn '%s': not found (tried aliases)\n", name);
            addconn->status = EXIT_UNKNOWN;
        }
        return;
    }
    add(addconn, index);
    await_all(addconn);
    if (addconn->status == before && addconn->auto_as >= 0 && !addconn->checkconfig)
        start(addconn, index);
}

static bool is_loaded_at_start(const struct conf *conf, size_t index)
{
    return conf_conn_auto(conf, index) != AUTO_IGNORE;
}

/* Bad values anywhere in the file, once. */
static void tell_faults(struct addconn *addconn)
{
    addconn->faults_are_told = true;
    if (conf_tell_faults(addconn->conf, &sink) > 0)
        addconn->status = EXIT_PARSE;
}

/* One that cannot be loaded stops none of the others. */
static void add_all(struct addconn *addconn)
{
    size_t count = conf_conn_count(addconn->conf);
    bool *is_added = calloc(count + 1, sizeof(*is_added));
    tell_faults(addconn);
    for (size_t i = 0; is_added != NULL && i < count; i++)
        if (is_loaded_at_start(addconn->conf, i) && !conf_conn_is_template(addconn->conf, i))
            is_added[i] = add(addconn, i);
    if (addconn->showonly)
        printf("ipsec whack --listen\n");
    else
        call(addconn, json_pack("{s:s}", "command", "listen"));
    for (size_t i = 0; is_added != NULL && i < count; i++)
        if (is_added[i])
            start(addconn, i);
    free(is_added);
}

static void check_setup(struct addconn *addconn)
{
    struct setup *setup = setup_new();
    struct error error;
    if (setup != NULL && !conf_apply_setup(addconn->conf, setup, &sink, &error)) {
        fprintf(stderr, "%s\n", error.text);
        addconn->status = EXIT_PARSE;
    }
    setup_free(setup);
}

/* As elsewhere a connection that cannot be loaded as it is (it lacks an end, names what there is not, wants
 * what is not supported) is told of, and the file is in order; a bad value or `config setup` is a fault of
 * the file. */
static void check_all(struct addconn *addconn)
{
    size_t count = conf_conn_count(addconn->conf);
    check_setup(addconn);
    tell_faults(addconn);
    int status = addconn->status;
    for (size_t i = 0; i < count; i++)
        if (!conf_conn_is_template(addconn->conf, i))
            add(addconn, i);
    addconn->status = status;
}

/* Those that start are routed as well. */
static bool is_listed(int list, enum connection_auto how)
{
    return list == LIST_ALL || (int)how == list ||
           (list == AUTO_ONDEMAND && (how == AUTO_START || how == AUTO_KEEP));
}

/* In one line, as scripts take them apart. */
static void list(const struct addconn *addconn)
{
    size_t count = conf_conn_count(addconn->conf);
    for (size_t i = 0; i < count; i++)
        if (is_listed(addconn->list, conf_conn_auto(addconn->conf, i)))
            printf("%s ", conf_conn_name(addconn->conf, i));
    printf("\n");
}

/* The value in force: of the file, or the default. */
static const char *setup_value(const struct addconn *addconn, const struct keyword *keyword)
{
    size_t count;
    const struct conf_option *options = conf_setup_options(addconn->conf, &count);
    for (size_t i = 0; i < count; i++)
        if (options[i].keyword == keyword)
            return options[i].value;
    return keyword->default_text;
}

static void show_assignment(const struct addconn *addconn, const char *name, const char *value)
{
    printf("%s%s", addconn->no_export ? "" : "export ", addconn->variable_prefix);
    for (; *name != '\0'; name++)
        putchar(*name == '-' ? '_' : *name);
    putchar('=');
    shell_word_print_quoted(stdout, value);
    putchar('\n');
}

/* name='value' for the shell, with _ where the keyword has -. */
static void show_setup(const struct addconn *addconn)
{
    show_assignment(addconn, "confreadstatus", "");
    show_assignment(addconn, "configfile", addconn->config_file);
    for (size_t i = 0; i < setup_keyword_count; i++) {
        const struct keyword *keyword = &setup_keywords[i];
        if (keyword->alias_of == NULL && keyword->status != KEYWORD_OBSOLETE)
            show_assignment(addconn, keyword->name, setup_value(addconn, keyword));
    }
}

static void show_stack(const struct addconn *addconn)
{
    printf("%s\n", setup_value(addconn, keyword_find(SECTION_SETUP, "protostack", NULL)));
}

/* ---- command line ---- */

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
    {"quiet", no_argument, NULL, OPT_NAME + 100},
    {"showonly", no_argument, NULL, OPT_SHOWONLY},
    {"dry-run", no_argument, NULL, OPT_SHOWONLY},
    {"auto", required_argument, NULL, OPT_AUTO},
    {"asynchronous", optional_argument, NULL, OPT_ASYNC},
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
    "  --showonly         print commands instead of running them\n";

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
    case OPT_VERBOSE:
    case OPT_NAME + 100:
        return true;
    case OPT_SHOWONLY:
        return addconn->showonly = true;
    case OPT_AUTO:
        return parse_auto(value, &addconn->auto_as);
    case OPT_ASYNC:
        addconn->asynchronous = value == NULL || strcmp(value, "yes") == 0;
        return true;
    default:
        fprintf(stderr, "ipsec addconn: unknown option; --help lists them\n");
        return false;
    }
}

static void run(struct addconn *addconn, int count, char **names)
{
    if (addconn->configsetup)
        show_setup(addconn);
    else if (addconn->liststack)
        show_stack(addconn);
    else if (addconn->list != LIST_NONE)
        list(addconn);
    else if (addconn->autoall)
        addconn->checkconfig ? check_all(addconn) : add_all(addconn);
    else if (count > 0)
        for (int i = 0; i < count; i++)
            add_named(addconn, names[i]);
    else if (addconn->checkconfig)
        check_all(addconn);
    else
        fprintf(stderr, "ipsec addconn: no connection named; --help tells more\n");
}

int addconn_main(int argc, char **argv)
{
    struct addconn addconn = {
        .list = LIST_NONE, .auto_as = -1, .config_file = paths_config_file(), .variable_prefix = ""};
    const char *named = NULL;
    struct error error;
    int option;
    optind = 1;
    while ((option = getopt_long(argc, argv, "", long_options, NULL)) != -1) {
        if (option == OPT_HELP) {
            fputs(usage, stdout);
            return 0;
        }
        if (option == OPT_NAME)
            named = optarg;
        else if (!set_option(&addconn, option, optarg))
            return EXIT_OTHER;
    }
    addconn.conf = conf_load(&file_reader_system, addconn.config_file, &sink, &error);
    if (addconn.conf == NULL) {
        fprintf(stderr, "%s\n", error.text);
        return EXIT_PARSE;
    }
    if (named != NULL)
        run(&addconn, 1, (char *[]){(char *)(uintptr_t)named});
    else
        run(&addconn, argc - optind, argv + optind);
    await_all(&addconn);
    control_client_close(addconn.client);
    conf_free(addconn.conf);
    return addconn.status;
}
