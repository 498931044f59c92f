/*
 * pluto's command line: its own options are here, those that set a `config setup` keyword come from the
 * keyword table.
 * --config FILE is read first wherever it stands, so that the command line wins.
 */
#include "daemon/options.h"

#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#include "config/argument_file.h"
#include "config/conf_file.h"
#include "config/keyword.h"

#define DEFAULT_RUNDIR "/run/pluto"
#define DEFAULT_PEER_LOGS "/var/log/pluto/peer"

/* Options that set no keyword. */
struct own_option {
    const char *name;
    enum option_argument argument;
    bool (*set)(struct daemon_options *options, const struct own_option *row, const char *value,
                struct error *error);
    const char *help; /* NULL: another spelling is preferred */
    size_t offset;    /* of the field that set_text and set_flag fill */
    const char *text; /* the value that the option stands for */
};

static void warn(void *context, const char *text)
{
    (void)context;
    fprintf(stderr, "pluto: %s\n", text);
}

static const struct warning_sink sink = {warn, NULL};

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

static const struct own_option own_options[] = {
    {"config", TAKES, set_text, "FILE  read `config setup` of this ipsec.conf", FIELD(config_file)},
    {"rundir", TAKES, set_text, "DIR  folder of pluto.ctl and pluto.pid (default " DEFAULT_RUNDIR ")",
     FIELD(rundir)},
    {"ctlbase", TAKES, set_ctlbase, "PATH  control socket PATH.ctl, lock file PATH.pid"},
    {"ctlsocket", TAKES, set_text, "PATH  control socket", FIELD(control_socket)},
    {"nofork", ALONE, set_flag, "stay in the foreground and say \"Pluto initialized\"", FIELD(nofork)},
    {"stderrlog", ALONE, set_stderrlog, "log to standard error"},
    {"perpeerlog", ALONE, set_flag, "a log file for each peer as well", FIELD(perpeerlog)},
    {"perpeerlogbase", TAKES, set_perpeerlogbase, "DIR  where those are (default " DEFAULT_PEER_LOGS ")",
     FIELD(perpeerlogbase)},
    {"interface", TAKES, set_interface, "NAME  only this network interface; may be repeated"},
    {"ikeport", TAKES, set_port, "PORT  UDP port instead of 500", FIELD(ike_port)},
    {"natikeport", TAKES, set_port, "PORT  UDP port instead of 4500", FIELD(natt_port)},
    {"protostack", TAKES, set_text, "NAME  data plane: xfrm, userspace or none", FIELD(protostack)},
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
    {"selftest", ALONE, set_flag, "test the cryptography and exit", FIELD(selftest)},
    {"adns", TAKES, warn_obsolete, NULL, .text = "names are looked up by the daemon itself"},
    {"lwdnsq", TAKES, warn_obsolete, NULL, .text = "names are looked up by the daemon itself"},
    {"efence-protect", ALONE, warn_obsolete, NULL, .text = "build with -Db_sanitize=address instead"},
};

/* Known words of ipsec_pluto(8) that do not act in this version. */
static const char *const not_yet[] = {"impair", "no-debug", "use-klips", "use-mast"};

static const struct own_option *find_own(const char *name)
{
    for (size_t i = 0; i < ARRAY_SIZE(own_options); i++)
        if (strcmp(own_options[i].name, name) == 0)
            return &own_options[i];
    return NULL;
}

static void print_help(void)
{
    printf("Usage: pluto [options]      the IKE daemon; ipsec_pluto(8) tells more\n");
    for (size_t i = 0; i < ARRAY_SIZE(own_options); i++)
        if (own_options[i].help != NULL)
            printf("  --%-18s %s\n", own_options[i].name, own_options[i].help);
    printf("Options that stand for a keyword of `config setup` in ipsec.conf(5):\n");
    for (size_t i = 0; i < pluto_setup_option_count; i++)
        if (!pluto_setup_options[i].is_obsolete)
            printf("  --%-18s %s=\n", pluto_setup_options[i].name, pluto_setup_options[i].keyword);
    printf("  --help, --version\n");
}

/* One argument: its name without dashes, its value (NULL if none may follow), and how many words it took. */
struct argument {
    const char *name, *value;
    int words;
};

static bool unknown(const char *name, struct error *error)
{
    for (size_t i = 0; i < ARRAY_SIZE(not_yet); i++)
        if (strcmp(not_yet[i], name) == 0)
            return error_set(error, 0, "option --%s is not supported yet", name);
    return error_set(error, 0, "unknown option --%s; pluto --help lists them", name);
}

static bool next_argument(int left, char **words, char name[static 64], struct argument *out,
                          struct error *error)
{
    const char *word = words[0];
    if (strncmp(word, "--", 2) != 0)
        return error_set(error, 0, "\"%s\" is no option; pluto --help lists them", word);
    const char *equals = strchr(word, '=');
    size_t length = equals ? (size_t)(equals - word) - 2 : strlen(word) - 2;
    snprintf(name, 64, "%.*s", (int)(length < 63 ? length : 63), word + 2);
    const struct own_option *own = find_own(name);
    const struct keyword_option *option = own ? NULL : pluto_setup_option_find(name);
    *out = (struct argument){name, equals ? equals + 1 : NULL, 1};
    if (own == NULL && option == NULL)
        return unknown(name, error);
    enum option_argument wanted = own ? own->argument : option->argument;
    if (wanted == ARGUMENT_NONE && out->value != NULL)
        return error_set(error, 0, "option --%s takes no value", name);
    if (wanted == ARGUMENT_REQUIRED && out->value == NULL) {
        if (left < 2)
            return error_set(error, 0, "option --%s needs a value", name);
        out->value = words[1];
        out->words = 2;
    }
    return true;
}

/* It acts all the same. */
static void warn_of_old_spelling(const struct keyword_option *option)
{
    for (size_t i = 0; i < pluto_setup_option_count; i++) {
        const struct keyword_option *other = &pluto_setup_options[i];
        if (other->is_obsolete || other->argument == ARGUMENT_NONE ||
            strcmp(other->keyword, option->keyword) != 0)
            continue;
        fprintf(stderr, "pluto: warning: option --%s is obsolete; use --%s%s%s\n", option->name, other->name,
                option->value ? "=" : "", option->value ? option->value : "");
        return;
    }
}

static bool apply(struct daemon_options *options, const struct argument *argument, struct error *error)
{
    const struct own_option *own = find_own(argument->name);
    if (own != NULL)
        return own->set(options, own, argument->value, error);
    const struct keyword_option *option = pluto_setup_option_find(argument->name);
    const char *value = argument->value ? argument->value : option->value;
    if (option->is_obsolete)
        warn_of_old_spelling(option);
    return setup_option(options->setup, option->keyword, value, false, &sink, error);
}

/* Runs over the arguments; `visit` decides which of them to apply in this pass. */
static bool each_argument(int argc, char **argv, struct daemon_options *options, bool config_pass,
                          struct error *error)
{
    for (int i = 1; i < argc;) {
        char name[64];
        struct argument argument = {0};
        if (!next_argument(argc - i, argv + i, name, &argument, error))
            return false;
        if ((strcmp(name, "config") == 0) == config_pass && !apply(options, &argument, error))
            return false;
        i += argument.words;
    }
    return true;
}

static bool read_config(struct daemon_options *options, struct error *error)
{
    if (options->config_file == NULL)
        return true;
    struct conf *conf = conf_load(&file_reader_system, options->config_file, &sink, error);
    bool ok = conf != NULL && conf_apply_setup(conf, options->setup, &sink, error);
    conf_free(conf);
    return ok;
}

static bool fill_defaults(struct daemon_options *options)
{
    static const char *const stacks[] = {NULL, "userspace", "none"}; /* in the order of enum protostack */
    if (options->rundir == NULL)
        options->rundir = strdup(options->setup->rundir ? options->setup->rundir : DEFAULT_RUNDIR);
    if (options->control_socket == NULL &&
        asprintf(&options->control_socket, "%s/pluto.ctl", options->rundir) < 0)
        return false;
    if (options->perpeerlogbase == NULL)
        options->perpeerlogbase = strdup(DEFAULT_PEER_LOGS);
    if (options->pid_file == NULL && asprintf(&options->pid_file, "%s/pluto.pid", options->rundir) < 0)
        return false;
    /* The default working directory is the run directory, wherever that is. */
    if (options->setup->dumpdir == NULL || strcmp(options->setup->dumpdir, DEFAULT_RUNDIR) == 0) {
        free(options->setup->dumpdir);
        options->setup->dumpdir = strdup(options->rundir);
    }
    if (options->protostack == NULL && stacks[options->setup->protostack] != NULL)
        options->protostack = strdup(stacks[options->setup->protostack]);
    return true;
}

/* What ends at once: --help, --version. */
static bool ends_at_once(const struct argument_list *arguments)
{
    for (size_t i = 1; i < arguments->count; i++) {
        bool is_help = strcmp(arguments->words[i], "--help") == 0;
        if (is_help)
            print_help();
        else if (strcmp(arguments->words[i], "--version") == 0)
            printf("Styx %s\n", STYX_VERSION);
        else
            continue;
        return true;
    }
    return false;
}

int options_read(int argc, char **argv, struct daemon_options *out)
{
    struct error error = {0};
    struct argument_list arguments = {0};
    *out = (struct daemon_options){.setup = setup_new(), .ike_port = 500, .natt_port = 4500};
    bool ok = out->setup != NULL && argument_list_expand(&arguments, argc, argv, &error);
    bool is_over = ok && ends_at_once(&arguments);
    if (ok && !is_over) {
        int count = (int)arguments.count;
        ok = each_argument(count, arguments.words, out, true, &error) && read_config(out, &error) &&
             each_argument(count, arguments.words, out, false, &error) && fill_defaults(out);
    }
    argument_list_free(&arguments);
    if (ok && !is_over)
        return -1;
    if (!ok)
        fprintf(stderr, "pluto: %s\n", error.text);
    options_free(out);
    return ok ? 0 : 1;
}

void options_free(struct daemon_options *options)
{
    setup_free(options->setup);
    free(options->config_file);
    free(options->rundir);
    free(options->control_socket);
    free(options->pid_file);
    free(options->protostack);
    free(options->perpeerlogbase);
    for (size_t i = 0; i < options->interface_count; i++)
        free(options->interfaces[i]);
}
