/* Requests of the control protocol: one table of commands, their members checked, each a handler. */
#include <stdio.h>

#include "config/setup.h"
#include "config/spec_build.h"
#include "control/session.h"

struct request {
    json_t *json;
    const char *command;
    const char *name;
    enum command_kind kind;
};

struct command_row {
    const char *command;
    const char *members; /* those that it may have, besides styx and command: name parted by blanks */
    bool needs_name;
    void (*handle)(struct control_session *session, const struct request *request);
    enum command_kind kind;
};

/* What the configuration accepts but the user should know. */
static void send_warning(void *context, const char *text)
{
    session_line(context, RC_LOG, "%s", text);
}

static void fail_add(struct control_session *session, const char *reason)
{
    session_line(session, RC_FATAL, "%s", reason);
    session_finish(session, RC_FATAL);
}

static void handle_add(struct control_session *session, const struct request *request)
{
    json_t *options = json_object_get(request->json, "options");
    const char *keyword;
    json_t *value;
    struct error error;
    if (!json_is_object(options)) {
        session_refuse(session, "bad whack message: \"options\" is missing or no object");
        return;
    }
    struct warning_sink sink = {send_warning, session};
    struct spec_builder *builder = spec_builder_new(request->name, &sink);
    if (builder == NULL) {
        fail_add(session, "out of memory");
        return;
    }
    json_object_foreach(options, keyword, value)
    {
        if (!json_is_string(value)) {
            spec_builder_free(builder);
            session_refuse(session, "bad whack message: option \"%s\" is no text", keyword);
            return;
        }
        if (!spec_build_option(builder, keyword, json_string_value(value), &error)) {
            spec_builder_free(builder);
            fail_add(session, error.text);
            return;
        }
    }
    struct connection_spec *spec = spec_build_finish(builder, &error);
    if (spec == NULL) {
        fail_add(session, error.text);
        return;
    }
    engine_command(session->control->engine,
                   &(struct command){.kind = COMMAND_ADD, .client = session->id, .spec = spec});
}

static void handle_named(struct control_session *session, const struct request *request)
{
    struct command command = {
        .kind = request->kind,
        .client = session->id,
        .name = request->name,
        .asynchronous = json_is_true(json_object_get(request->json, "asynchronous")),
    };
    json_t *host = json_object_get(request->json, "remote-host");
    struct error error;
    if (host != NULL &&
        (!json_is_string(host) || !address_parse(json_string_value(host), &command.remote_host, &error))) {
        session_line(session, RC_WHACK_PROBLEM, "remote-host: %s",
                     json_is_string(host) ? error.text : "no text");
        session_finish(session, RC_WHACK_PROBLEM);
        return;
    }
    engine_command(session->control->engine, &command);
}

static void handle_delete_state(struct control_session *session, const struct request *request)
{
    json_t *serial = json_object_get(request->json, "serial");
    if (!json_is_integer(serial)) {
        session_refuse(session, "bad whack message: \"serial\" is missing or no number");
        return;
    }
    engine_command(session->control->engine, &(struct command){
                                                 .kind = COMMAND_DELETE_STATE,
                                                 .client = session->id,
                                                 .serial = (uint64_t)json_integer_value(serial),
                                             });
}

static void handle_listen(struct control_session *session, const struct request *request)
{
    (void)request;
    session->control->host.listen(session->control->host.context, session->id);
}

static void handle_unlisten(struct control_session *session, const struct request *request)
{
    (void)request;
    session->control->host.unlisten(session->control->host.context, session->id);
}

static void handle_secrets(struct control_session *session, const struct request *request)
{
    (void)request;
    session->control->host.reread_secrets(session->control->host.context, session->id);
}

static void handle_shutdown(struct control_session *session, const struct request *request)
{
    bool leave = json_is_true(json_object_get(request->json, "leave-state"));
    session->control->host.shutdown(session->control->host.context, session->id, leave);
}

static void handle_debug(struct control_session *session, const struct request *request)
{
    json_t *classes = json_object_get(request->json, "classes");
    struct command command = {.kind = COMMAND_DEBUG, .client = session->id, .name = request->name};
    struct error error;
    if (!json_is_string(classes)) {
        session_refuse(session, "bad whack message: \"classes\" is missing or no text");
        return;
    }
    if (!debug_classes_parse(json_string_value(classes), &command.debug_set, &command.debug_clear, &error)) {
        session_line(session, RC_WHACK_PROBLEM, "%s", error.text);
        session_finish(session, RC_WHACK_PROBLEM);
        return;
    }
    engine_command(session->control->engine, &command);
}

static void handle_ddos(struct control_session *session, const struct request *request)
{
    static const char *const modes[] = {"auto", "busy", "unlimited"}; /* in the order of enum ddos_mode */
    static const char *const stories[] = {"auto-detect", "active", "unlimited"};
    const char *mode = json_string_value(json_object_get(request->json, "mode"));
    for (size_t i = 0; mode != NULL && i < ARRAY_SIZE(modes); i++) {
        if (strcmp(mode, modes[i]) != 0)
            continue;
        session_line(session, RC_LOG, "pluto DDoS protection mode set to %s", stories[i]);
        engine_command(session->control->engine, &(struct command){
                                                     .kind = COMMAND_DDOS,
                                                     .client = session->id,
                                                     .ddos_mode = (enum ddos_mode)i,
                                                 });
        return;
    }
    session_refuse(session, "bad whack message: \"mode\" is not auto, busy or unlimited");
}

static void handle_explain(struct control_session *session, const struct request *request)
{
    session_explain(session, request->name, json_is_true(json_object_get(request->json, "json")));
}

static bool find_output_form(const json_t *output, enum output_form *ret_form)
{
    static const char *const names[] = {"lines", "text", "json"}; /* enum output_form */
    const char *name = json_string_value(output);
    for (size_t i = 0; name != NULL && i < ARRAY_SIZE(names); i++) {
        if (strcmp(names[i], name) == 0) {
            *ret_form = (enum output_form)i;
            return true;
        }
    }
    return false;
}

static void handle_listing(struct control_session *session, const struct request *request)
{
    const json_t *output = json_object_get(request->json, "output");
    enum output_form form = OUTPUT_LINES;
    if (output != NULL && !find_output_form(output, &form)) {
        session_refuse(session, "bad whack message: \"output\" is not lines, text or json");
        return;
    }
    listing_start(session, list_command_find(request->command), request->name, form);
}

static void handle_clear_statistics(struct control_session *session, const struct request *request)
{
    (void)request;
    engine_command(session->control->engine,
                   &(struct command){.kind = COMMAND_CLEAR_STATISTICS, .client = session->id});
}

static const struct command_row rows[] = {
    {"add", "name options", true, handle_add, COMMAND_ADD},
    {"delete", "name", true, handle_named, COMMAND_DELETE},
    {"initiate", "name asynchronous remote-host", true, handle_named, COMMAND_INITIATE},
    {"terminate", "name", true, handle_named, COMMAND_TERMINATE},
    {"rekey-ike", "name", true, handle_named, COMMAND_REKEY_IKE},
    {"rekey-child", "name", true, handle_named, COMMAND_REKEY_CHILD},
    {"rekey-ipsec", "name", true, handle_named, COMMAND_REKEY_CHILD},
    {"route", "name", true, handle_named, COMMAND_ROUTE},
    {"unroute", "name", true, handle_named, COMMAND_UNROUTE},
    {"delete-state", "serial", false, handle_delete_state, COMMAND_DELETE_STATE},
    {"deletestate", "serial", false, handle_delete_state, COMMAND_DELETE_STATE},
    {"listen", "", false, handle_listen, COMMAND_LISTEN},
    {"unlisten", "", false, handle_unlisten, COMMAND_UNLISTEN},
    {"reread-secrets", "", false, handle_secrets, COMMAND_SECRETS},
    {"rereadsecrets", "", false, handle_secrets, COMMAND_SECRETS},
    {"reread-all", "", false, handle_secrets, COMMAND_SECRETS},
    {"rereadall", "", false, handle_secrets, COMMAND_SECRETS},
    {"debug", "name classes", false, handle_debug, COMMAND_DEBUG},
    {"ddos", "mode", false, handle_ddos, COMMAND_DDOS},
    {"explain", "name json", true, handle_explain, COMMAND_ADD},
    {"clearstats", "", false, handle_clear_statistics, COMMAND_CLEAR_STATISTICS},
    {"shutdown", "leave-state", false, handle_shutdown, COMMAND_SHUTDOWN},
};

static const struct command_row listing_row = {"", "name output", false, handle_listing, COMMAND_LISTEN};

static bool is_member(const char *members, const char *name)
{
    size_t length = strlen(name);
    if (strcmp(name, "styx") == 0 || strcmp(name, "command") == 0)
        return true;
    for (const char *at = members; (at = strstr(at, name)) != NULL; at += length) {
        bool begins = at == members || at[-1] == ' ';
        if (begins && (at[length] == ' ' || at[length] == '\0'))
            return true;
    }
    return false;
}

static const struct command_row *find_row(const char *command)
{
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
        if (strcmp(rows[i].command, command) == 0)
            return &rows[i];
    return list_command_find(command) != NULL ? &listing_row : NULL;
}

void session_request(struct control_session *session, json_t *json)
{
    json_t *version = json_object_get(json, "styx");
    json_t *name = json_object_get(json, "name");
    struct request request = {.json = json, .command = json_string_value(json_object_get(json, "command"))};
    const struct command_row *row = request.command ? find_row(request.command) : NULL;
    const char *member;
    json_t *unused;
    if (!json_is_integer(version) || json_integer_value(version) != 1) {
        session_refuse(session, "bad whack message: this daemon speaks version 1 of the control protocol");
        return;
    }
    if (row == NULL) {
        session_refuse(session, "bad whack message: unknown command \"%.100s\"",
                       request.command ? request.command : "");
        return;
    }
    json_object_foreach(json, member, unused)
    {
        if (!is_member(row->members, member)) {
            session_refuse(session, "bad whack message: command \"%s\" has no member \"%.100s\"",
                           request.command, member);
            return;
        }
    }
    if ((name != NULL && !json_is_string(name)) || (name == NULL && row->needs_name)) {
        session_refuse(session, "bad whack message: \"name\" is missing or no text");
        return;
    }
    request.name = json_string_value(name);
    request.kind = row->kind;
    row->handle(session, &request);
}
