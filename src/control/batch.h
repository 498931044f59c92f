/*
 * A batch: changes of connections that are checked all before the first is made (`batch`,
 * docs/control-protocol.md). Gathered from several requests of one client, made in pieces so that ten
 * thousand do not block the loop.
 */
#ifndef STYX_CONTROL_BATCH_H
#define STYX_CONTROL_BATCH_H

#include <jansson.h>

#include "engine/engine.h"

enum { BATCH_CHANGES_MAX = 1 << 18, BATCH_PIECE = 128 };

struct control_session;

struct batch_change {
    enum command_kind kind; /* COMMAND_ADD, COMMAND_DELETE or COMMAND_DESCRIBE */
    char *name;
    struct connection_spec *spec;
};

struct batch {
    struct batch_change *changes;
    size_t count, capacity;
    bool is_running;   /* committed */
    bool is_making;    /* a piece, now */
    size_t next;       /* to be made */
    size_t unfinished; /* made, and not yet answered by the engine */
    int code;          /* of the first that failed */
};

/* A `batch` request. */
void batch_request(struct control_session *session, const json_t *request);
/* Makes the next piece. */
void batch_continue(struct control_session *session);
/* The engine has ended one change. */
void batch_change_ended(struct control_session *session, int code);
/* The client has gone: what it has committed is carried out to the end. */
void batch_complete_alone(struct control_session *session);
void batch_clear(struct batch *batch);

#endif
