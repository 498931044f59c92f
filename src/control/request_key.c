/* Requests about identities and public keys. */
#include "control/request.h"
#include "crypto/public_key_text.h"

/* The identity that a member names, for identity_free(); false: refused, and said why. */
static bool take_identity(struct control_session *session, const struct request *request, const char *member,
                          struct identity *out)
{
    const char *text = request_text(request, member);
    struct error error;
    if (text == NULL) {
        session_refuse(session, "bad whack message: \"%s\" is missing or no text", member);
        return false;
    }
    if (identity_parse(text, out, &error))
        return true;
    request_fail(session, RC_BADID, "%s", error.text);
    return false;
}

void request_identity(struct control_session *session, const struct request *request)
{
    struct identity identity;
    const char *member = request->kind == COMMAND_MY_ID ? "id" : "name";
    if (!take_identity(session, request, member, &identity))
        return;
    engine_command(session->control->engine,
                   &(struct command){.kind = request->kind, .client = session->id, .identity = &identity});
    identity_free(&identity);
}

void request_add_key(struct control_session *session, const struct request *request)
{
    const char *text = request_text(request, "key");
    struct identity identity;
    struct error error;
    if (text == NULL) {
        session_refuse(session, "bad whack message: \"key\" is missing or no text");
        return;
    }
    if (!take_identity(session, request, "id", &identity))
        return;
    struct public_key *key = public_key_parse(text, PUBLIC_KEY_RSA, &error);
    if (key == NULL)
        request_fail(session, RC_WHACK_PROBLEM, "%s", error.text);
    else
        engine_command(session->control->engine, &(struct command){.kind = COMMAND_ADD_KEY,
                                                                   .client = session->id,
                                                                   .identity = &identity,
                                                                   .public_key = key,
                                                                   .adds_key = request_flag(request, "add")});
    identity_free(&identity);
}
