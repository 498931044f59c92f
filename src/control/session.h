/* One client of the control protocol; private to src/control. */
#ifndef STYX_CONTROL_SESSION_H
#define STYX_CONTROL_SESSION_H

#include <jansson.h>

#include "base/hash_table.h"
#include "base/list.h"
#include "control/batch.h"
#include "control/control.h"
#include "control/event_stream.h"
#include "control/listing.h"

struct control {
    struct engine *engine;
    struct control_host host;
    struct hash_table sessions; /* by client id */
    size_t session_count;
    uint64_t last_id;
    struct facts facts;           /* of whatever listing makes its piece */
    struct buffer frame;          /* the one that is being made */
    struct list_node subscribers; /* struct control_session.events.node */
    size_t subscriber_count;
    struct buffer event; /* the line of the one that is being told */
    uint64_t event_count;
    bool is_closing; /* no request is carried out any more */
};

struct control_session {
    struct hash_node by_id;
    struct control *control;
    uint64_t id;
    void *user;
    struct buffer input, output;
    bool is_busy;     /* a reply is under way */
    bool is_asking;   /* and waits for an answer */
    bool is_broken;   /* protocol error: hang up when all is written */
    bool has_no_more; /* the client says nothing more: hang up when what it asked for is answered */
    bool is_stalled;
    bool wants_utc; /* times in listings */
    struct listing listing;
    struct event_subscription events;
    struct batch batch;
};

void session_line(struct control_session *session, int code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* The same of a line that need not end with NUL. */
void session_line_of(struct control_session *session, int code, const char *line, size_t size);
/* A line whose text is the object, in one line of JSON. Takes the object. */
void session_json_line(struct control_session *session, json_t *object);
void session_finish(struct control_session *session, int code);

/* A raw frame: what is appended to session->output in between is for the client's output as it is. */
size_t session_raw_begin(struct control_session *session);
void session_raw_end(struct control_session *session, size_t begin);

/* A protocol error: said, and the end of the conversation. */
void session_refuse(struct control_session *session, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* request.c: carries out one request. */
void session_request(struct control_session *session, json_t *request);

/* explain.c: what stands between a connection and its being up. */
void session_explain(struct control_session *session, const char *name, bool as_json);

#endif
