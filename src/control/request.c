/* Requests of the control protocol: one table of commands, their members checked, each a handler. */
#include "control/request.h"

#include <stdarg.h>
#include <stdio.h>

struct command_row {
    const char *command;
    const char *members; /* those that it may have, besides styx and command: name parted by blanks */
    bool needs_name;
    void (*handle)(struct control_session *session, const struct request *request);
    enum command_kind kind;
};

static void handle_events(struct control_session *session, const struct request *request)
{
    events_subscribe(session, request->name);
}

static void handle_explain(struct control_session *session, const struct request *request)
{
    session_explain(session, request->name, request_flag(request, "json"));
}

static void handle_batch(struct control_session *session, const struct request *request)
{
    batch_request(session, request->json);
}

static void handle_plain(struct control_session *session, const struct request *request)
{
    engine_command(session->control->engine, &(struct command){.kind = request->kind, .client = session->id});
}

static const struct command_row rows[] = {
    {"add", "name options origin replace ike-only", true, request_add, COMMAND_ADD},
    {"batch", "operations commit", false, handle_batch, COMMAND_ADD},
    {"delete", "name", true, request_named, COMMAND_DELETE},
    {"initiate", "name asynchronous remote-host user password", true, request_named, COMMAND_INITIATE},
    {"terminate", "name", true, request_named, COMMAND_TERMINATE},
    {"rekey-ike", "name", true, request_named, COMMAND_REKEY_IKE},
    {"rekey-child", "name", true, request_named, COMMAND_REKEY_CHILD},
    {"rekey-ipsec", "name", true, request_named, COMMAND_REKEY_CHILD},
    {"delete-ike", "name", true, request_named, COMMAND_DELETE_IKE},
    {"delete-child", "name", true, request_named, COMMAND_DELETE_CHILD},
    {"down-ike", "name", true, request_named, COMMAND_DOWN_IKE},
    {"down-child", "name", true, request_named, COMMAND_DOWN_CHILD},
    {"initiate-opportunistic", "here there protocol source-port destination-port", false, request_packet,
     COMMAND_PACKET},
    {"route", "name", true, request_named, COMMAND_ROUTE},
    {"unroute", "name", true, request_named, COMMAND_UNROUTE},
    {"delete-id", "name", true, request_identity, COMMAND_DELETE_ID},
    {"delete-user", "name", true, request_named, COMMAND_DELETE_USER},
    {"my-id", "id", false, request_identity, COMMAND_MY_ID},
    {"delete-state", "serial", false, request_delete_state, COMMAND_DELETE_STATE},
    {"deletestate", "serial", false, request_delete_state, COMMAND_DELETE_STATE},
    {"add-key", "id key add", false, request_add_key, COMMAND_ADD_KEY},
    {"crash", "address", false, request_crash, COMMAND_CRASH},
    {"listen", "", false, request_listen, COMMAND_LISTEN},
    {"unlisten", "", false, request_unlisten, COMMAND_UNLISTEN},
    {"reread-secrets", "", false, request_secrets, COMMAND_SECRETS},
    {"rereadsecrets", "", false, request_secrets, COMMAND_SECRETS},
    {"reread-all", "", false, request_secrets, COMMAND_SECRETS},
    {"rereadall", "", false, request_secrets, COMMAND_SECRETS},
    {"ddns", "", false, handle_plain, COMMAND_DDNS},
    {"clearstats", "", false, handle_plain, COMMAND_CLEAR_STATISTICS},
    {"ike-socket", "buffer-size error-queue error-queue-toggle", false, request_socket, COMMAND_LISTEN},
    {"seccomp-crashtest", "", false, request_sandbox, COMMAND_LISTEN},
    {"debug", "name classes", false, request_debug, COMMAND_DEBUG},
    {"impair", "impairments", false, request_impair, COMMAND_IMPAIR},
    {"ddos", "mode", false, request_ddos, COMMAND_DDOS},
    {"events", "name", false, handle_events, COMMAND_LISTEN},
    {"explain", "name json", true, handle_explain, COMMAND_ADD},
    {"shutdown", "leave-state", false, request_shutdown, COMMAND_SHUTDOWN},
};

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
    session->wants_utc = request_flag(request, "utc");
    listing_start(session, list_command_find(request->command), request->name, form);
}

/* What whack can ask and this build does not do. */
static const struct {
    const char *command, *option, *lacks;
} commands_not_yet[] = {
    {"reread-certs", "rereadcerts", "certificates"},
    {"fetch-crls", "fetchcrls", "certificate revocation lists"},
    {"purge-ocsp", "purgeocsp", "OCSP"},
};

static bool is_not_yet(const char *command)
{
    for (size_t i = 0; i < ARRAY_SIZE(commands_not_yet); i++)
        if (strcmp(commands_not_yet[i].command, command) == 0)
            return true;
    return false;
}

static void handle_not_yet(struct control_session *session, const struct request *request)
{
    for (size_t i = 0; i < ARRAY_SIZE(commands_not_yet); i++)
        if (strcmp(commands_not_yet[i].command, request->command) == 0)
            request_fail(session, RC_WHACK_PROBLEM, "--%s is not supported yet: %s",
                         commands_not_yet[i].option, commands_not_yet[i].lacks);
}

static const struct command_row row_not_yet = {NULL, NULL, false, handle_not_yet, COMMAND_LISTEN};

static const struct command_row listing_row = {"", "name output utc", false, handle_listing, COMMAND_LISTEN};

const char *request_text(const struct request *request, const char *member)
{
    return json_string_value(json_object_get(request->json, member));
}

bool request_flag(const struct request *request, const char *member)
{
    return json_is_true(json_object_get(request->json, member));
}

void request_fail(struct control_session *session, int code, const char *format, ...)
{
    char line[1024];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(line, sizeof(line), format, arguments);
    va_end(arguments);
    session_line(session, code, "%s", line);
    session_finish(session, code);
}

static bool is_word_of(const char *words, const char *name)
{
    size_t length = strlen(name);
    for (const char *at = words; length > 0 && (at = strstr(at, name)) != NULL; at += length) {
        bool begins = at == words || at[-1] == ' ';
        if (begins && (at[length] == ' ' || at[length] == '\0'))
            return true;
    }
    return false;
}

static bool is_member(const char *members, const char *name)
{
    return is_word_of("styx command", name) || is_word_of(members, name);
}

static const struct command_row *find_row(const char *command)
{
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
        if (strcmp(rows[i].command, command) == 0)
            return &rows[i];
    if (list_command_find(command) != NULL)
        return &listing_row;
    return is_not_yet(command) ? &row_not_yet : NULL;
}

static bool check_members(struct control_session *session, const struct command_row *row, json_t *json)
{
    const char *member;
    json_t *value;
    json_object_foreach(json, member, value)
    {
        if (row->members == NULL || is_member(row->members, member))
            continue;
        session_refuse(session, "bad whack message: command \"%s\" has no member \"%.100s\"",
                       json_string_value(json_object_get(json, "command")), member);
        return false;
    }
    const json_t *name = json_object_get(json, "name");
    if ((name == NULL || json_is_string(name)) && (name != NULL || !row->needs_name))
        return true;
    session_refuse(session, "bad whack message: \"name\" is missing or no text");
    return false;
}

void session_request(struct control_session *session, json_t *json)
{
    json_t *version = json_object_get(json, "styx");
    struct request request = {.json = json, .command = json_string_value(json_object_get(json, "command"))};
    if (!json_is_integer(version) || json_integer_value(version) != 1) {
        session_refuse(session, "bad whack message: this daemon speaks version 1 of the control protocol");
        return;
    }
    const struct command_row *row = request.command ? find_row(request.command) : NULL;
    if (row == NULL) {
        session_refuse(session, "bad whack message: unknown command \"%.100s\"",
                       request.command ? request.command : "");
        return;
    }
    if (!check_members(session, row, json))
        return;
    request.name = request_text(&request, "name");
    request.kind = row->kind;
    row->handle(session, &request);
}
