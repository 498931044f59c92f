/* ipsec reload: makes pluto's connections those of ipsec.conf, all of it or nothing; --plan only tells. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config/conf_file.h"
#include "config/policy_group_file.h"
#include "config/secrets_file.h"
#include "tools/conf_request.h"
#include "tools/control_client.h"
#include "tools/paths.h"
#include "tools/reload_plan.h"
#include "tools/tools.h"

enum {
    EXIT_OTHER = 1,
    EXIT_PARSE = 3,
    CHANGES_A_REQUEST = 256,
    PATH_SIZE = 4096,
};

struct reload {
    struct control_location location;
    const char *config;
    bool only_plans, as_json, is_verbose;
    bool is_told;  /* in JSON, if wanted */
    json_t *setup; /* how config setup differs from what pluto began with; NULL: not looked at */
    struct control_client *client;
    char *answer; /* of `loaded` */
    size_t answer_size;
};

static void warn(void *context, const char *text)
{
    (void)context;
    fprintf(stderr, "%s\n", text);
}

static const struct warning_sink sink = {warn, NULL};

/* ---- talking to pluto ---- */

static bool gather(void *user, const void *data, size_t size)
{
    struct reload *reload = user;
    char *grown = realloc(reload->answer, reload->answer_size + size + 1);
    if (grown == NULL)
        return false;
    memcpy(grown + reload->answer_size, data, size);
    reload->answer = grown;
    reload->answer_size += size;
    return true;
}

static void print_trouble(void *user, const struct control_line *line)
{
    (void)user;
    if (line->number >= 20 && line->number < 100)
        fprintf(stderr, "%03d %s\n", line->number, line->text);
}

static int call(struct reload *reload, json_t *request)
{
    struct error error;
    int status = control_client_call(reload->client, request, print_trouble, NULL, &error);
    json_decref(request);
    if (error.text[0] != '\0')
        fprintf(stderr, "ipsec reload: %s\n", error.text);
    return status;
}

static json_t *ask_loaded(struct reload *reload)
{
    json_error_t error;
    control_client_on_output(reload->client, gather, reload);
    if (call(reload, json_pack("{s:s, s:s}", "command", "loaded", "output", "json")) != 0)
        return NULL;
    json_t *loaded = json_loadb(reload->answer ? reload->answer : "", reload->answer_size, 0, &error);
    if (loaded == NULL)
        fprintf(stderr, "ipsec reload: pluto's answer makes no sense: %s\n", error.text);
    return loaded;
}

/* ---- telling ---- */

static void print_difference(void *user, const char *keyword, const char *old_value, const char *new_value)
{
    (void)user;
    printf("           %s: %s -> %s\n", keyword, old_value ? old_value : "(not set)",
           new_value ? new_value : "(not set)");
}

static const char *start_story(enum connection_auto how)
{
    return how == AUTO_START ? ", brought up" : how == AUTO_ONDEMAND ? ", on demand" : "";
}

static void print_entry(const struct plan_entry *entry, bool is_verbose)
{
    switch (entry->action) {
    case PLAN_ADD:
        printf("add        \"%s\"%s\n", entry->name, start_story(entry->auto_start));
        break;
    case PLAN_CHANGE:
        printf("change     \"%s\"%s\n", entry->name,
               entry->is_up ? ": its tunnel is taken down and brought up again" : "");
        plan_differences(entry, print_difference, NULL);
        break;
    case PLAN_DESCRIBE:
        printf("change     \"%s\": what runs of it goes on\n", entry->name);
        plan_differences(entry, print_difference, NULL);
        break;
    case PLAN_REMOVE:
        printf("remove     \"%s\"%s\n", entry->name, entry->is_up ? ": its tunnel is taken down" : "");
        break;
    case PLAN_FOREIGN:
        printf("leave      \"%s\": it does not come from this file\n", entry->name);
        break;
    default:
        if (is_verbose)
            printf("keep       \"%s\"\n", entry->name);
        break;
    }
}

static void print_plan(const struct plan *plan, const struct reload *reload)
{
    for (size_t i = 0; i < plan->count; i++)
        print_entry(&plan->entries[i], reload->is_verbose);
    printf("%s: %zu to add, %zu to change, %zu to remove, %zu left alone\n",
           reload->only_plans ? "plan" : "done", plan->counts[PLAN_ADD],
           plan->counts[PLAN_CHANGE] + plan->counts[PLAN_DESCRIBE], plan->counts[PLAN_REMOVE],
           plan->counts[PLAN_KEEP] + plan->counts[PLAN_FOREIGN]);
}

static void add_difference(void *user, const char *keyword, const char *old_value, const char *new_value)
{
    json_array_append_new(
        user, json_pack("{s:s, s:s?, s:s?}", "keyword", keyword, "old", old_value, "new", new_value));
}

static json_t *entry_json(const struct plan_entry *entry)
{
    json_t *object = json_pack("{s:s, s:b}", "name", entry->name, "is_up", entry->is_up);
    if (entry->action == PLAN_CHANGE || entry->action == PLAN_DESCRIBE) {
        json_t *differences = json_array();
        plan_differences(entry, add_difference, differences);
        json_object_set_new(object, "keywords", differences);
        json_object_set_new(object, "is_replaced", json_boolean(entry->action == PLAN_CHANGE));
    }
    return object;
}

static void print_json(const struct plan *plan, const struct reload *reload, int status)
{
    static const char *const members[PLAN_ACTION_COUNT] = {"add",    "change", "change",
                                                           "remove", "keep",   "leave"};
    json_t *object = json_pack("{s:i, s:s, s:b, s:i}", "schema", 1, "command", "reload", "is_done",
                               !reload->only_plans && status == 0, "status", status);
    for (size_t i = 0; i < PLAN_ACTION_COUNT; i++)
        if (json_object_get(object, members[i]) == NULL)
            json_object_set_new(object, members[i], json_array());
    for (size_t i = 0; i < plan->count; i++)
        json_array_append_new(json_object_get(object, members[plan->entries[i].action]),
                              entry_json(&plan->entries[i]));
    json_object_set_new(object, "setup", reload->setup != NULL ? json_incref(reload->setup) : json_array());
    json_dumpf(object, stdout, JSON_COMPACT);
    putchar('\n');
    json_decref(object);
}

/* ---- config setup ---- */

/* Its value in lines KEYWORD=VALUE, malloc'd; NULL: none. */
static char *value_in(const char *lines, const char *name)
{
    size_t length = strlen(name);
    while (lines != NULL && *lines != '\0') {
        if (strncmp(lines, name, length) == 0 && lines[length] == '=')
            return strndup(lines + length + 1, strcspn(lines + length + 1, "\n"));
        lines = strchr(lines, '\n');
        lines = lines != NULL ? lines + 1 : NULL;
    }
    return NULL;
}

/* What stands in the file, which is the one that pluto began with, and what stood there then. */
static void setup_differences(const struct conf *conf, const struct reload *reload, const json_t *loaded,
                              plan_difference_function *tell, void *user)
{
    const json_t *setup = json_object_get(loaded, "setup");
    const char *file = json_string_value(json_object_get(setup, "file"));
    const char *lines = json_string_value(json_object_get(setup, "options"));
    if (file == NULL || lines == NULL || strcmp(file, reload->config) != 0)
        return;
    for (size_t i = 0; i < setup_keyword_count; i++) {
        const struct keyword *keyword = &setup_keywords[i];
        const char *now = conf_setup_value(conf, keyword);
        char *then = value_in(lines, keyword->name);
        if ((now == NULL) != (then == NULL) || (now != NULL && strcmp(now, then) != 0))
            tell(user, keyword->name, then, now);
        free(then);
    }
}

static void print_setup_difference(void *user, const char *keyword, const char *old_value,
                                   const char *new_value)
{
    size_t *count = user;
    if ((*count)++ == 0)
        printf("restart    config setup has changed since pluto began, which only a restart takes up\n");
    print_difference(NULL, keyword, old_value, new_value);
}

/* ---- doing it ---- */

static json_t *change_of(const struct plan_entry *entry, const char *file)
{
    switch (entry->action) {
    case PLAN_ADD:
    case PLAN_CHANGE:
        return conf_request("add", entry->name, json_incref(entry->new_options), file);
    case PLAN_DESCRIBE:
        return conf_request("describe", entry->name, json_incref(entry->new_options), file);
    case PLAN_REMOVE:
        return json_pack("{s:s, s:s}", "command", "delete", "name", entry->name);
    default:
        return NULL;
    }
}

/* What goes first, then what comes: a new connection may take the place of an old one. */
static bool is_first(const struct plan_entry *entry)
{
    return entry->action == PLAN_REMOVE;
}

static int send_changes(struct reload *reload, const struct plan *plan)
{
    json_t *operations = json_array();
    int status = 0;
    for (size_t i = 0; i < 2 * plan->count && status == 0; i++) {
        const struct plan_entry *entry = &plan->entries[i % plan->count];
        json_t *change = is_first(entry) == (i < plan->count) ? change_of(entry, reload->config) : NULL;
        if (change != NULL)
            json_array_append_new(operations, change);
        if (json_array_size(operations) < CHANGES_A_REQUEST)
            continue;
        status = call(reload, json_pack("{s:s, s:O}", "command", "batch", "operations", operations));
        json_array_clear(operations);
    }
    if (status == 0)
        status = call(
            reload, json_pack("{s:s, s:O, s:b}", "command", "batch", "operations", operations, "commit", 1));
    json_decref(operations);
    return status;
}

/* auto= of what is new; what was up or routed is so again. Whether peers answer is no matter of the reload.
 */
static void start(struct reload *reload, const struct plan_entry *entry)
{
    bool is_replaced = entry->action == PLAN_CHANGE;
    bool is_new = entry->action == PLAN_ADD || entry->action == PLAN_DESCRIBE || is_replaced;
    bool wants_up = entry->auto_start == AUTO_START; /* auto=keep: the peer begins */
    bool is_up = entry->is_up && !is_replaced, is_routed = entry->is_routed && !is_replaced;
    if (!is_new || is_up)
        return;
    if (wants_up || (is_replaced && entry->is_up))
        call(reload,
             json_pack("{s:s, s:s, s:b}", "command", "initiate", "name", entry->name, "asynchronous", 1));
    else if ((entry->auto_start == AUTO_ONDEMAND || (is_replaced && entry->is_routed)) && !is_routed)
        call(reload, json_pack("{s:s, s:s}", "command", "route", "name", entry->name));
}

static int carry_out(struct reload *reload, const struct plan *plan)
{
    int status = send_changes(reload, plan);
    if (status != 0)
        return status;
    status = call(reload, json_pack("{s:s}", "command", "listen")); /* secrets and policy groups, too */
    for (size_t i = 0; i < plan->count; i++)
        start(reload, &plan->entries[i]);
    return status;
}

/* Here the faulty lines are told of; pluto leaves them out when it reads the files. */
static void check_policy_groups(const struct setup *setup)
{
    char directory[PATH_SIZE];
    snprintf(directory, sizeof(directory), "%s/policies", setup->ipsecdir ? setup->ipsecdir : "/etc/ipsec.d");
    policy_groups_free(policy_groups_read(&file_reader_system, directory, &sink));
}

/* What pluto reads besides. Secrets that cannot be read at all change nothing, as a fault in ipsec.conf. */
static bool check_other_files(const struct conf *conf, struct error *error)
{
    struct setup *setup = setup_new();
    bool ok = setup != NULL && conf_apply_setup(conf, setup, NULL, error);
    if (ok && access(setup->secretsfile, F_OK) == 0) {
        struct secrets *secrets =
            secrets_file_load(&file_reader_system, setup->secretsfile, &sink, NULL, error);
        ok = secrets != NULL;
        secrets_free(secrets);
    }
    if (ok)
        check_policy_groups(setup);
    setup_free(setup);
    return ok;
}

static int reload_with(struct reload *reload, const struct conf *conf)
{
    struct plan plan = {0};
    struct error error = {0};
    json_t *loaded = check_other_files(conf, &error) ? ask_loaded(reload) : NULL;
    if (error.text[0] != '\0') {
        fprintf(stderr, "%s\n", error.text);
        return EXIT_PARSE;
    }
    if (loaded == NULL)
        return CONTROL_EXIT_WHACK_PROBLEM;
    int status = EXIT_PARSE;
    if (!plan_make(&plan, conf, reload->config, loaded, &sink, &error)) {
        fprintf(stderr, "ipsec reload: %s: %s\n", reload->config, error.text);
    } else {
        status = reload->only_plans ? 0 : carry_out(reload, &plan);
        size_t setup_count = 0;
        if (reload->as_json)
            setup_differences(conf, reload, plan.loaded, add_difference, reload->setup = json_array());
        else if (status == 0)
            setup_differences(conf, reload, plan.loaded, print_setup_difference, &setup_count);
        if (!reload->as_json && status == 0)
            print_plan(&plan, reload);
    }
    if (reload->as_json) /* of a fault, too: then the plan is empty */
        print_json(&plan, reload, status);
    reload->is_told = true;
    plan_free(&plan);
    return status;
}

/* ---- command line ---- */

enum { OPT_PLAN = 1, OPT_JSON, OPT_VERBOSE, OPT_CONFIG, OPT_CTLSOCKET, OPT_CTLBASE, OPT_RUNDIR, OPT_HELP };

static const struct option long_options[] = {
    {"plan", no_argument, NULL, OPT_PLAN},
    {"dry-run", no_argument, NULL, OPT_PLAN},
    {"json", no_argument, NULL, OPT_JSON},
    {"verbose", no_argument, NULL, OPT_VERBOSE},
    {"config", required_argument, NULL, OPT_CONFIG},
    {"ctlsocket", required_argument, NULL, OPT_CTLSOCKET},
    {"ctlbase", required_argument, NULL, OPT_CTLBASE},
    {"rundir", required_argument, NULL, OPT_RUNDIR},
    {"help", no_argument, NULL, OPT_HELP},
    {0},
};

static const char usage[] =
    "Usage: ipsec reload [--plan] [--json] [--verbose] [--config FILE] [--rundir DIR] [--ctlsocket PATH]\n"
    "Makes pluto's connections those of ipsec.conf and reads secrets and policy groups again. Connections "
    "that\n"
    "have not changed go on undisturbed; a fault in any line of the file changes nothing.\n"
    "  --plan     only tell what would be added, changed, removed and left alone\n"
    "  --json     as one JSON object\n"
    "  --verbose  name those that are left alone, too\n";

static bool parse(struct reload *reload, int argc, char **argv, int *ret_status)
{
    int option;
    optind = 1;
    *ret_status = EXIT_OTHER;
    while ((option = getopt_long(argc, argv, "n", long_options, NULL)) != -1) {
        if (option == OPT_PLAN || option == 'n')
            reload->only_plans = true;
        else if (option == OPT_JSON)
            reload->as_json = true;
        else if (option == OPT_VERBOSE)
            reload->is_verbose = true;
        else if (option == OPT_CONFIG)
            reload->config = optarg;
        else if (option == OPT_CTLSOCKET)
            reload->location.ctlsocket = optarg;
        else if (option == OPT_CTLBASE)
            reload->location.ctlbase = optarg;
        else if (option == OPT_RUNDIR)
            reload->location.rundir = optarg;
        else {
            fputs(usage, option == OPT_HELP ? stdout : stderr);
            *ret_status = option == OPT_HELP ? 0 : EXIT_OTHER;
            return false;
        }
    }
    if (optind < argc)
        fprintf(stderr, "ipsec reload: \"%s\": it takes no names, it is about all of the file\n",
                argv[optind]);
    return optind == argc;
}

static int run(struct reload *reload)
{
    struct error error;
    int status = CONTROL_EXIT_WHACK_PROBLEM;
    struct conf *conf = conf_load(&file_reader_system, reload->config, &sink, &error);
    if (conf == NULL) {
        fprintf(stderr, "%s\n", error.text);
        return EXIT_PARSE;
    }
    reload->client = control_client_open(&reload->location, &error);
    if (reload->client == NULL)
        fprintf(stderr, "ipsec reload: %s\n", error.text);
    else
        status = reload_with(reload, conf);
    control_client_close(reload->client);
    free(reload->answer);
    conf_free(conf);
    return status;
}

int reload_main(int argc, char **argv)
{
    struct reload reload = {.config = paths_config_file()};
    int status;
    if (!parse(&reload, argc, argv, &status))
        return status;
    status = run(&reload);
    if (reload.as_json && !reload.is_told)
        print_json(&(struct plan){0}, &reload, status);
    json_decref(reload.setup);
    return status;
}
