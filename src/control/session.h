/* One client of the control protocol; private to src/control. */
#ifndef STYX_CONTROL_SESSION_H
#define STYX_CONTROL_SESSION_H

#include <jansson.h>

#include "base/hash_table.h"
#include "base/list.h"
#include "control/control.h"
#include "engine/view.h"

struct control {
    struct engine *engine;
    struct control_host host;
    struct hash_table sessions; /* by client id */
    size_t session_count;
    uint64_t last_id;
};

struct buffer {
    uint8_t *data;
    size_t size, capacity, start;
};

/* A listing under way: it is made in pieces, so that ten thousand lines never block the loop. */
struct listing {
    bool (*next)(struct control_session *session); /* makes some lines; false: done */
    unsigned step;
    bool is_waiting; /* until control_wake() */
    uint64_t after;
    char name[256]; /* only this connection; empty: all */
};

struct control_session {
    struct hash_node by_id;
    struct control *control;
    uint64_t id;
    void *user;
    struct buffer input, output;
    bool is_busy;   /* a reply is under way */
    bool is_broken; /* protocol error: hang up when all is written */
    bool is_stalled;
    struct listing listing;
};

void session_line(struct control_session *session, int code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void session_finish(struct control_session *session, int code);

/* A protocol error: said, and the end of the conversation. */
void session_refuse(struct control_session *session, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* request.c: carries out one request. */
void session_request(struct control_session *session, json_t *request);

/* Listings, by command name: NULL when there is none of that name. */
typedef bool (*listing_function)(struct control_session *session);
listing_function listing_find(const char *command);

/*
 * First phase of listings that show traffic: asks the data plane for the counters of all Child SAs, waits a
 * moment for the answers, and then goes on as `then`.
 */
bool list_refresh_counters(struct control_session *session, bool (*then)(struct control_session *session));

/* Pieces that several listings share. */
bool list_connections(struct control_session *session);
bool list_states(struct control_session *session);
bool list_traffic(struct control_session *session);
void list_algorithms(struct control_session *session);
void list_totals(struct control_session *session);
void list_bare_shunts(struct control_session *session);

#endif
