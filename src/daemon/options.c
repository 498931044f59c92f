/*
 * pluto's command line: its own options are here, those that set a `config setup` keyword come from the
 * keyword table.
 * --config FILE is read first wherever it stands, so that the command line wins.
 */
#include "daemon/options.h"

#include <stdio.h>
#include <stdlib.h>

#include "config/conf_file.h"
#include "config/keyword.h"

#define DEFAULT_RUNDIR "/run/pluto"

/* Options that set no keyword. */
struct own_option {
    const char *name;
    bool takes_value;
    bool (*set)(struct daemon_options *options, const char *value, struct error *error);
    const char *help;
};

static bool replace_text(char **slot, const char *value)
{
    free(*slot);
    *slot = strdup(value);
    return *slot != NULL;
}

static bool set_config(struct daemon_options *options, const char *value, struct error *error)
{
    (void)error;
    return replace_text(&options->config_file, value);
}

static bool set_rundir(struct daemon_options *options, const char *value, struct error *error)
{
    (void)error;
    return replace_text(&options->rundir, value);
}

static bool set_ctlbase(struct daemon_options *options, const char *value, struct error *error)
{
    (void)error;
    free(options->control_socket);
    free(options->pid_file);
    return asprintf(&options->control_socket, "%s.ctl", value) > 0 &&
           asprintf(&options->pid_file, "%s.pid", value) > 0;
}

static bool set_ctlsocket(struct daemon_options *options, const char *value, struct error *error)
{
    (void)error;
    return replace_text(&options->control_socket, value);
}

static bool set_nofork(struct daemon_options *options, const char *value, struct error *error)
{
    (void)value;
    (void)error;
    return options->nofork = true;
}

static bool set_stderrlog(struct daemon_options *options, const char *value, struct error *error)
{
    (void)value;
    (void)error;
    return options->setup->logstderr = true;
}

static bool set_leak_detective(struct daemon_options *options, const char *value, struct error *error)
{
    (void)value;
    (void)error;
    return options->leak_detective = true;
}

static bool set_no_leak_detective(struct daemon_options *options, const char *value, struct error *error)
{
    (void)value;
    (void)error;
    options->leak_detective = false;
    return true;
}

static bool set_no_retransmits(struct daemon_options *options, const char *value, struct error *error)
{
    (void)value;
    (void)error;
    return options->no_retransmits = true;
}

static bool set_interface(struct daemon_options *options, const char *value, struct error *error)
{
    if (options->interface_count == ARRAY_SIZE(options->interfaces))
        return error_set(error, 0, "--interface can be given %zu times", ARRAY_SIZE(options->interfaces));
    options->interfaces[options->interface_count] = strdup(value);
    return options->interfaces[options->interface_count++] != NULL;
}

static bool parse_port(const char *name, const char *value, uint16_t *out, struct error *error)
{
    char *end;
    unsigned long port = strtoul(value, &end, 10);
    if (*value == '\0' || *end != '\0' || port == 0 || port > UINT16_MAX)
        return error_set(error, 0, "--%s wants a port from 1 to 65535, not \"%s\"", name, value);
    *out = (uint16_t)port;
    return true;
}

static bool set_ikeport(struct daemon_options *options, const char *value, struct error *error)
{
    return parse_port("ikeport", value, &options->ike_port, error);
}

static bool set_natikeport(struct daemon_options *options, const char *value, struct error *error)
{
    return parse_port("natikeport", value, &options->natt_port, error);
}

static bool set_stack(struct daemon_options *options, const char *value, struct error *error)
{
    (void)error;
    return replace_text(&options->protostack, value);
}

static bool set_noklips(struct daemon_options *options, const char *value, struct error *error)
{
    (void)value;
    return set_stack(options, "none", error);
}

static bool set_netkey(struct daemon_options *options, const char *value, struct error *error)
{
    (void)value;
    return set_stack(options, "xfrm", error);
}

static bool set_pfkey(struct daemon_options *options, const char *value, struct error *error)
{
    (void)value;
    return set_stack(options, "pfkey", error);
}

static const struct own_option own_options[] = {
    {"config", true, set_config, "FILE  read `config setup` of this ipsec.conf"},
    {"rundir", true, set_rundir, "DIR  folder of pluto.ctl and pluto.pid (default " DEFAULT_RUNDIR ")"},
    {"ctlbase", true, set_ctlbase, "PATH  control socket PATH.ctl, lock file PATH.pid"},
    {"ctlsocket", true, set_ctlsocket, "PATH  control socket"},
    {"nofork", false, set_nofork, "stay in the foreground and say \"Pluto initialized\""},
    {"stderrlog", false, set_stderrlog, "log to standard error"},
    {"interface", true, set_interface, "NAME  only this network interface; may be repeated"},
    {"ikeport", true, set_ikeport, "PORT  UDP port instead of 500"},
    {"natikeport", true, set_natikeport, "PORT  UDP port instead of 4500"},
    {"protostack", true, set_stack, "NAME  data plane: userspace or none"},
    {"noklips", false, set_noklips, "negotiate only, as --protostack none"},
    {"use-nostack", false, set_noklips, NULL},
    {"use-netkey", false, set_netkey, NULL},
    {"use-xfrm", false, set_netkey, NULL},
    {"use-bsdkame", false, set_pfkey, NULL},
    {"use-pfkeyv2", false, set_pfkey, NULL},
    {"leak-detective", false, set_leak_detective, "at exit tell what is still owned"},
    {"no-leak-detective", false, set_no_leak_detective, NULL},
    {"noretransmits", false, set_no_retransmits, "never send a message twice"},
};

/* Known words of ipsec_pluto(8) that do not act in this version. */
static const char *const not_yet[] = {
    "adns",       "efence-protect", "force-keepalive", "impair",   "lwdnsq",    "no-debug", "optionsfrom",
    "perpeerlog", "perpeerlogbase", "selftest",        "use-auto", "use-klips", "use-mast", "use-none",
};

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

static void warn(void *context, const char *text)
{
    (void)context;
    fprintf(stderr, "pluto: %s\n", text);
}

static const struct warning_sink sink = {warn, NULL};

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
    bool needs_value = own ? own->takes_value : option != NULL && option->argument == ARGUMENT_REQUIRED;
    *out = (struct argument){name, equals ? equals + 1 : NULL, 1};
    if (own == NULL && option == NULL)
        return strcmp(name, "help") == 0 || strcmp(name, "version") == 0 || unknown(name, error);
    if (needs_value && out->value == NULL) {
        if (left < 2)
            return error_set(error, 0, "option --%s needs a value", name);
        out->value = words[1];
        out->words = 2;
    }
    return true;
}

static bool apply(struct daemon_options *options, const struct argument *argument, struct error *error)
{
    const struct own_option *own = find_own(argument->name);
    if (own != NULL)
        return own->set(options, argument->value, error);
    const struct keyword_option *option = pluto_setup_option_find(argument->name);
    const char *value = argument->value ? argument->value : option->value;
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

int options_read(int argc, char **argv, struct daemon_options *out)
{
    struct error error = {0};
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--help") == 0) {
            print_help();
            return 0;
        }
        if (strcmp(argv[i], "--version") == 0) {
            printf("Styx %s\n", STYX_VERSION);
            return 0;
        }
    }
    *out = (struct daemon_options){.setup = setup_new(), .ike_port = 500, .natt_port = 4500};
    bool ok = out->setup != NULL && each_argument(argc, argv, out, true, &error) &&
              read_config(out, &error) && each_argument(argc, argv, out, false, &error) && fill_defaults(out);
    if (ok)
        return -1;
    fprintf(stderr, "pluto: %s\n", error.text);
    options_free(out);
    return 1;
}

void options_free(struct daemon_options *options)
{
    setup_free(options->setup);
    free(options->config_file);
    free(options->rundir);
    free(options->control_socket);
    free(options->pid_file);
    free(options->protostack);
    for (size_t i = 0; i < options->interface_count; i++)
        free(options->interfaces[i]);
}
