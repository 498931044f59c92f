/* Requests, one file for each family of commands; private to src/control. */
#ifndef STYX_CONTROL_REQUEST_H
#define STYX_CONTROL_REQUEST_H

#include "control/session.h"

struct request {
    json_t *json;
    const char *command;
    const char *name; /* NULL when there is none */
    enum command_kind kind;
};

/* A member's text; NULL when it is missing or something else. */
const char *request_text(const struct request *request, const char *member);
/* A member's address; false after saying what is wrong with it. */
bool request_address(struct control_session *session, const struct request *request, const char *member,
                     struct ip_address *out);
bool request_flag(const struct request *request, const char *member);
/* The request was understood and cannot be carried out: a line, and the end, with this message number. */
void request_fail(struct control_session *session, int code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* request_connection.c: connections, their SAs, single SAs and peers. */
void request_add(struct control_session *session, const struct request *request);
void request_named(struct control_session *session, const struct request *request);
void request_delete_state(struct control_session *session, const struct request *request);
void request_crash(struct control_session *session, const struct request *request);

/* request_key.c: identities and public keys. */
void request_identity(struct control_session *session, const struct request *request);
void request_add_key(struct control_session *session, const struct request *request);

/* request_packet.c */
void request_packet(struct control_session *session, const struct request *request);

/* request_setting.c: what the daemon does otherwise from now on. */
void request_debug(struct control_session *session, const struct request *request);
void request_impair(struct control_session *session, const struct request *request);
void request_ddos(struct control_session *session, const struct request *request);
void request_socket(struct control_session *session, const struct request *request);

/* request_daemon.c: interfaces, files, the end. */
void request_listen(struct control_session *session, const struct request *request);
void request_unlisten(struct control_session *session, const struct request *request);
void request_sandbox(struct control_session *session, const struct request *request);
void request_secrets(struct control_session *session, const struct request *request);
void request_shutdown(struct control_session *session, const struct request *request);

#endif
