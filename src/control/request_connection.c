/* Requests about connections, their SAs, single SAs and peers. */
#include "base/secret.h"
#include "control/request.h"
#include "control/spec_request.h"

/* What the configuration accepts but the user should know. */
static void send_warning(void *context, const char *text)
{
    session_line(context, RC_LOG, "%s", text);
}

/* `conn "x": reason` as users know it: "x": failed to add connection: reason. */
static void refuse_add(struct control_session *session, const struct error *error)
{
    const char *reason = error->text;
    const char *behind = strncmp(reason, "conn \"", 6) == 0 ? strstr(reason, "\": ") : NULL;
    if (behind != NULL)
        request_fail(session, RC_FATAL, "%.*s failed to add connection: %s", (int)(behind + 2 - (reason + 5)),
                     reason + 5, behind + 3);
    else
        request_fail(session, RC_FATAL, "%s", reason);
}

void request_add(struct control_session *session, const struct request *request)
{
    const struct warning_sink sink = {send_warning, session};
    struct error error;
    struct connection_spec *spec = spec_of_request(request->name, json_object_get(request->json, "options"),
                                                   json_object_get(request->json, "origin"), &sink, &error);
    if (spec == NULL && error.code == RC_BADWHACKMESSAGE) {
        session_refuse(session, "%s", error.text);
        return;
    }
    if (spec == NULL) {
        refuse_add(session, &error);
        return;
    }
    for (struct connection_spec *each = spec; each != NULL; each = each->next)
        each->ike_only = request_flag(request, "ike-only");
    engine_command(session->control->engine,
                   &(struct command){.kind = COMMAND_ADD,
                                     .client = session->id,
                                     .spec = spec,
                                     .keeps_old = json_is_false(json_object_get(request->json, "replace"))});
}

/* An address that the request names; false: refused, and said why. */
bool request_address(struct control_session *session, const struct request *request, const char *member,
                     struct ip_address *out)
{
    const char *text = request_text(request, member);
    struct error error;
    if (text == NULL) {
        session_refuse(session, "bad whack message: \"%s\" is missing or no text", member);
        return false;
    }
    if (address_parse(text, out, &error))
        return true;
    request_fail(session, RC_WHACK_PROBLEM, "%s: %s", member, error.text);
    return false;
}

void request_named(struct control_session *session, const struct request *request)
{
    struct command command = {
        .kind = request->kind,
        .client = session->id,
        .name = request->name,
        .asynchronous = request_flag(request, "asynchronous"),
        .user = request_text(request, "user"),
        .password = request_text(request, "password"),
    };
    bool has_host = json_object_get(request->json, "remote-host") != NULL;
    if (!has_host || request_address(session, request, "remote-host", &command.remote_host))
        engine_command(session->control->engine, &command);
    if (command.password != NULL)
        secret_wipe((void *)(uintptr_t)command.password, strlen(command.password));
}

void request_delete_state(struct control_session *session, const struct request *request)
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

void request_crash(struct control_session *session, const struct request *request)
{
    struct command command = {.kind = COMMAND_CRASH, .client = session->id};
    if (request_address(session, request, "address", &command.remote_host))
        engine_command(session->control->engine, &command);
}
