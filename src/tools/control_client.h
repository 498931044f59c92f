/*
 * The client's end of the control protocol (docs/control-protocol.md): connect to a running pluto, send one
 * request, hand out the lines of its reply, and turn them into whack's exit status.
 */
#ifndef STYX_TOOLS_CONTROL_CLIENT_H
#define STYX_TOOLS_CONTROL_CLIENT_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

#define CONTROL_DEFAULT_RUNDIR "/run/pluto"
#define CONTROL_EXIT_WHACK_PROBLEM 33       /* the client itself found a problem: no pluto, a bad option */
#define CONTROL_MESSAGE_SIZE_MAX (1u << 20) /* of one frame, either way */

/* What the command line said; NULL or "" where it said nothing. At most one of the three matters, in this
 * order; without any the environment's IPSEC_CTLSOCKET, then IPSEC_RUNDIR. */
struct control_location {
    const char *ctlsocket; /* the socket itself */
    const char *ctlbase;   /* the socket without its ".ctl" */
    const char *rundir;    /* the directory of pluto.ctl */
};

struct control_client;

/* Connects. NULL with a reason fit to be printed after "whack: "; error->code is the errno. */
struct control_client *control_client_open(const struct control_location *location, struct error *error);
void control_client_close(struct control_client *client);

/* The path that the client is connected to. */
const char *control_client_path(const struct control_client *client);

/* One line of a reply, borrowed during the call. */
struct control_line {
    int number; /* the message number: 0, 2, 181 ... */
    const char *text;
    bool wants_answer; /* pluto waits for control_client_answer() */
    bool is_secret;    /* and what is typed is not to be seen */
};

typedef void control_line_function(void *user, const struct control_line *line);

/*
 * Sends `request` ({"command": ...}) and reads its reply to the end, calling `on_line` for each line (NULL:
 * drop them). Several requests may follow each other on one client. Returns whack's exit status of this
 * reply: 0, the number that pluto gave its failure, or CONTROL_EXIT_WHACK_PROBLEM with `error` filled when
 * the conversation itself failed (error->text is empty otherwise).
 */
int control_client_call(struct control_client *client, const json_t *request, control_line_function *on_line,
                        void *user, struct error *error);

/* The same in two steps, so that several requests are on their way at once: few enough that neither side's
 * buffers fill while nobody reads. */
bool control_client_send(struct control_client *client, const json_t *request, struct error *error);
int control_client_receive(struct control_client *client, control_line_function *on_line, void *user,
                           struct error *error);

/*
 * Where the raw frames of a reply go: text or JSON as it is to be put out. False: it cannot be put out, and
 * the call ends. Without it they are written to standard output.
 */
typedef bool control_output_function(void *user, const void *data, size_t size);
void control_client_on_output(struct control_client *client, control_output_function *on_output, void *user);
/* Answers a line that wants it; NULL: there is no answer. False: the conversation is over. */
bool control_client_answer(struct control_client *client, const char *answer, struct error *error);

/* An on_line that prints as whack does: "NNN text" on standard output, flushed line by line. */
void control_print_line(void *user, const struct control_line *line);

#endif
