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
#include "config/name_lists.h"
#include "daemon/options_own.h"

static void warn(void *context, const char *text)
{
    (void)context;
    fprintf(stderr, "pluto: %s\n", text);
}

static const struct warning_sink sink = {warn, NULL};

/* Known words of ipsec_pluto(8) that do not act in this version. */
static const char *const not_yet[] = {"use-klips", "use-mast"};

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
    const char *nearest = options_nearest(name);
    if (nearest != NULL)
        return error_set(error, 0, "unknown option --%s; did you mean --%s?", name, nearest);
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
    const struct own_option *own = own_option_find(name);
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
    const struct own_option *own = own_option_find(argument->name);
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
    if (ok)
        options->setup_text = conf_setup_text(conf);
    conf_free(conf);
    return ok;
}

static bool fill_defaults(struct daemon_options *options)
{
    static const char *const stacks[] = {NULL, "userspace", "none",
                                         "pfkey"}; /* in the order of enum protostack */
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

/* --debug help or --debug=help. */
static bool asks_for_names(const char *option, const char *word, const char *next)
{
    size_t length = strlen(option);
    if (strncmp(word, option, length) != 0)
        return false;
    return strcmp(word + length, "=help") == 0 ||
           (word[length] == '\0' && next != NULL && strcmp(next, "help") == 0);
}

/* What ends at once: --help, --version, lists of names. */
static bool ends_at_once(const struct argument_list *arguments)
{
    for (size_t i = 1; i < arguments->count; i++) {
        const char *word = arguments->words[i], *next = arguments->words[i + 1];
        if (strcmp(word, "--help") == 0)
            options_print_help();
        else if (strcmp(word, "--version") == 0)
            printf("Styx %s\n", STYX_VERSION);
        else if (asks_for_names("--debug", word, next))
            print_debug_names();
        else if (asks_for_names("--impair", word, next))
            print_impair_names();
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
    free(options->setup_text);
    free(options->config_file);
    free(options->rundir);
    free(options->control_socket);
    free(options->pid_file);
    free(options->protostack);
    free(options->perpeerlogbase);
    free(options->impairments);
    for (size_t i = 0; i < options->interface_count; i++)
        free(options->interfaces[i]);
}
