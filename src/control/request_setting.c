/* Requests that change what the daemon does from now on. */
#include "config/setup.h"
#include "control/request.h"

enum { SOCKET_BUFFER_MAX = 1 << 30 };

void request_debug(struct control_session *session, const struct request *request)
{
    const char *classes = request_text(request, "classes");
    struct command command = {.kind = COMMAND_DEBUG, .client = session->id, .name = request->name};
    struct error error;
    if (classes == NULL) {
        session_refuse(session, "bad whack message: \"classes\" is missing or no text");
        return;
    }
    if (!debug_classes_parse(classes, &command.debug_set, &command.debug_clear, &error)) {
        request_fail(session, RC_WHACK_PROBLEM, "%s", error.text);
        return;
    }
    engine_command(session->control->engine, &command);
}

void request_impair(struct control_session *session, const struct request *request)
{
    const char *impairments = request_text(request, "impairments");
    if (impairments == NULL) {
        session_refuse(session, "bad whack message: \"impairments\" is missing or no text");
        return;
    }
    engine_command(
        session->control->engine,
        &(struct command){.kind = COMMAND_IMPAIR, .client = session->id, .impairments = impairments});
}

void request_ddos(struct control_session *session, const struct request *request)
{
    static const char *const modes[] = {"auto", "busy", "unlimited"}; /* in the order of enum ddos_mode */
    static const char *const stories[] = {"auto-detect", "active", "unlimited"};
    const char *mode = request_text(request, "mode");
    if (mode == NULL) {
        session_refuse(session, "bad whack message: \"mode\" is missing or no text");
        return;
    }
    for (size_t i = 0; i < ARRAY_SIZE(modes); i++) {
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
    request_fail(session, RC_WHACK_PROBLEM, "DDoS mode \"%.40s\": expected auto, busy or unlimited", mode);
}

void request_socket(struct control_session *session, const struct request *request)
{
    const json_t *size = json_object_get(request->json, "buffer-size");
    const json_t *queue = json_object_get(request->json, "error-queue");
    json_int_t bytes = json_integer_value(size);
    struct control_socket_change change = {
        .changes_buffer = size != NULL,
        .buffer_size = (uint32_t)bytes,
        .changes_error_queue = queue != NULL,
        .error_queue = json_is_true(queue),
        .toggles_error_queue = request_flag(request, "error-queue-toggle"),
    };
    if ((size != NULL && !json_is_integer(size)) || (queue != NULL && !json_is_boolean(queue)))
        session_refuse(session,
                       "bad whack message: \"buffer-size\" is a number, \"error-queue\" true or false");
    else if (bytes < 0 || bytes > SOCKET_BUFFER_MAX)
        request_fail(session, RC_WHACK_PROBLEM, "buffer size: expected 0 to %d bytes", SOCKET_BUFFER_MAX);
    else
        session->control->host.change_sockets(session->control->host.context, session->id, &change);
}
