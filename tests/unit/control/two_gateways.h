/*
 * Two gateways in one process for tests of the control protocol: engines joined by a wire that loses nothing,
 * each with a control client, on a clock that the test moves. Everything is the same at every run.
 */
#ifndef STYX_TESTS_TWO_GATEWAYS_H
#define STYX_TESTS_TWO_GATEWAYS_H

#include <jansson.h>

#include "control/control.h"

enum { ACTIONS_MAX = 1 << 15 };

struct gateway {
    const char *name;
    struct engine *engine;
    struct engine_env env;
    struct control *control;
    struct control_session *session; /* the client that gateway_ask() speaks as */
    struct gateway *peer;
    struct ip_address address;
    uint64_t in_bytes, out_bytes; /* what the data plane says of every SA */
    uint8_t next_random;
    bool is_cut_off;         /* what it sends gets lost */
    bool data_plane_is_dead; /* queries are not answered */
};

struct two_gateways {
    struct gateway near, far;
};

/* 192.0.2.1 and 192.0.2.2, listening, with the secret of "west" and "east" and one for all. */
struct two_gateways *two_gateways_new(void);
void two_gateways_free(struct two_gateways *world);
/* Lets happen what is under way; then the clock moves on. */
void two_gateways_settle(void);
void two_gateways_wait(usec_t time);

/* Adds a connection `name` with the options, a JSON object as text. */
void gateway_add(struct gateway *gateway, const char *name, const char *options);

/* What came for the client of a request: its end, all text of raw frames or of lines ("NNN text\n"). */
struct answer {
    int code;
    char *text; /* to be freed */
};

/* `request` is the inside of the object: "\"command\":\"status\"". */
struct answer gateway_ask(struct gateway *gateway, const char *request);
void session_ask(struct control_session *session, const char *request);
/* Takes what waits for the client; *ret_code is -1 as long as there was no end. */
char *session_read(struct control_session *session, int *ret_code);

#endif
