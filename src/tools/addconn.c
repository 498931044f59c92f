/* addconn: reads ipsec.conf and hands its connections to pluto. ipsec_addconn(8). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "tools/addconn.h"
#include "tools/conf_request.h"
#include "tools/id_lookup.h"
#include "tools/paths.h"
#include "tools/tools.h"
#include "tools/whack_prompt.h"

enum { EXIT_PARSE = 3, EXIT_UNKNOWN = 21, EXIT_OTHER = 1, UNANSWERED_MAX = 64 };

static void warn(void *context, const char *text)
{
    (void)context;
    fprintf(stderr, "%s\n", text);
}

static const struct warning_sink sink = {warn, NULL};

/* ---- one connection ---- */

/* Failures are 20 to 99; the first is the exit status, as whack's. */
static void print_line(void *user, const struct control_line *line)
{
    struct addconn *addconn = user;
    bool is_trouble = line->number >= 20 && line->number < 100 && !line->wants_answer;
    if (!addconn->quiet || is_trouble || line->wants_answer)
        printf("%03d %s\n", line->number, line->text);
    if (is_trouble && addconn->status == 0)
        addconn->status = line->number;
    if (line->wants_answer)
        whack_prompt_answer(addconn->client, line, NULL);
}

static void tell(struct addconn *addconn, const struct error *error, int status)
{
    if (error->text[0] != '\0')
        fprintf(stderr, "ipsec addconn: %s\n", error->text);
    if (addconn->status == 0)
        addconn->status = status;
}

static void await_one(struct addconn *addconn)
{
    struct error error = {0};
    int status = control_client_receive(addconn->client, print_line, addconn, &error);
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

/* Returns whether it went as far as it should. */
static bool add(struct addconn *addconn, size_t index)
{
    const char *name = conf_conn_name(addconn->conf, index);
    struct error error;
    if (addconn->verbose)
        fprintf(stderr, "%s conn \"%s\"\n", addconn->checkconfig ? "checking" : "loading", name);
    /* pluto warns of the same when it builds it. */
    bool is_only_read = addconn->checkconfig || addconn->showonly;
    struct connection_spec *spec = conf_conn_build(addconn->conf, index, is_only_read ? &sink : NULL, &error);
    bool is_for_pluto_to_refuse = spec == NULL && error.code == CONF_NOT_TOGETHER && !is_only_read;
    bool has_options = spec != NULL || is_for_pluto_to_refuse;
    json_t *options = has_options ? conf_request_options(addconn->conf, index, &error) : NULL;
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
        addconn_show_connection(addconn, index);
        json_decref(options);
    } else {
        id_lookup(options);
        queue(addconn, conf_request("add", name, options, addconn->config_file));
    }
    return !is_for_pluto_to_refuse;
}

static void command(struct addconn *addconn, const char *verb, const char *name, bool asynchronous)
{
    if (addconn->showonly) {
        addconn_show_whack(addconn, name);
        printf(" --%s%s\n", verb, asynchronous ? " --asynchronous" : "");
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

/* --auto: also what it asks for once the connection is loaded. */
static void add_and_start(struct addconn *addconn, size_t index)
{
    int before = addconn->status;
    addconn->status = 0;
    add(addconn, index);
    await_all(addconn);
    if (addconn->status == 0 && addconn->auto_as >= 0 && !addconn->checkconfig)
        start(addconn, index);
    if (before != 0)
        addconn->status = before;
}

static void tell_unknown(struct addconn *addconn, const char *name)
{
    size_t count = conf_conn_count(addconn->conf);
    const char **names = calloc(count + 1, sizeof(*names));
    for (size_t i = 0; names != NULL && i < count; i++)
        names[i] = conf_conn_name(addconn->conf, i);
    const char *nearest = names != NULL ? text_nearest(name, names, count) : NULL;
    fprintf(stderr, "conn '%s': not found (tried aliases)%s%s%s\n", name, nearest ? "; did you mean '" : "",
            nearest ? nearest : "", nearest ? "'?" : "");
    free(names);
    addconn->status = EXIT_UNKNOWN;
}

static void add_named(struct addconn *addconn, const char *name)
{
    size_t index = 0;
    bool found = conf_conn_find(addconn->conf, name, &index);
    if (found) {
        add_and_start(addconn, index);
        return;
    }
    for (index = 0; conf_conn_find_alias(addconn->conf, name, &index); index++) {
        add_and_start(addconn, index);
        found = true;
    }
    if (!found)
        tell_unknown(addconn, name);
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
    if (addconn->showonly) {
        addconn_show_whack(addconn, NULL);
        printf(" --listen\n");
    } else
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

/* As Libreswan, whose service begins with this: a connection that cannot be loaded as it is (it lacks an end,
 * names what there is not, wants what is not supported) is told of, but the file is in order; a fault of the
 * grammar, of a word or a number, or of `config setup` is a fault of the file. */
static void check_all(struct addconn *addconn)
{
    size_t count = conf_conn_count(addconn->conf), meant = 0, failed = 0;
    check_setup(addconn);
    tell_faults(addconn);
    int status = addconn->status;
    for (size_t i = 0; i < count; i++)
        if (!conf_conn_is_template(addconn->conf, i)) {
            meant++;
            failed += !add(addconn, i);
        }
    addconn->status = status;
    if (failed > 0 && status == 0)
        fprintf(
            stderr,
            "ipsec addconn: warning: %zu of %zu connections cannot be loaded, as told above; this stops no "
            "other one, so it is no fault of the file (ipsec check is stricter)\n",
            failed, meant);
}

static void run(struct addconn *addconn, int count, char **names)
{
    if (addconn->configsetup)
        addconn_show_setup(addconn);
    else if (addconn->liststack)
        addconn_show_stack(addconn);
    else if (addconn->list != LIST_NONE)
        addconn_show_names(addconn);
    else if (addconn->autoall)
        addconn->checkconfig ? check_all(addconn) : add_all(addconn);
    else if (count > 0)
        for (int i = 0; i < count; i++)
            add_named(addconn, names[i]);
    else if (addconn->checkconfig)
        check_all(addconn);
    else {
        fprintf(stderr, "ipsec addconn: no connection named; --help tells more\n");
        addconn->status = EXIT_OTHER;
    }
}

int addconn_main(int argc, char **argv)
{
    struct addconn addconn = {
        .list = LIST_NONE, .auto_as = -1, .config_file = paths_config_file(), .variable_prefix = ""};
    struct error error;
    int status;
    if (!addconn_parse(&addconn, argc, argv, &status))
        return status;
    addconn.conf = conf_load(&file_reader_system, addconn.config_file, &sink, &error);
    if (addconn.conf == NULL) {
        fprintf(stderr, "%s\n", error.text);
        return EXIT_PARSE;
    }
    if (addconn.name != NULL)
        run(&addconn, 1, (char *[]){(char *)(uintptr_t)addconn.name});
    else
        run(&addconn, argc - optind, argv + optind);
    await_all(&addconn);
    control_client_close(addconn.client);
    conf_free(addconn.conf);
    return addconn.status;
}
