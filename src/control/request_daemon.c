/* Requests about the daemon itself: its interfaces, its files, its end. */
#include "control/request.h"

void request_listen(struct control_session *session, const struct request *request)
{
    (void)request;
    session->control->host.listen(session->control->host.context, session->id);
}

void request_unlisten(struct control_session *session, const struct request *request)
{
    (void)request;
    session->control->host.unlisten(session->control->host.context, session->id);
}

void request_sandbox(struct control_session *session, const struct request *request)
{
    (void)request;
    session->control->host.test_sandbox(session->control->host.context, session->id);
}

void request_secrets(struct control_session *session, const struct request *request)
{
    (void)request;
    session->control->host.reread_secrets(session->control->host.context, session->id);
}

void request_shutdown(struct control_session *session, const struct request *request)
{
    session->control->host.shutdown(session->control->host.context, session->id,
                                    request_flag(request, "leave-state"));
}
