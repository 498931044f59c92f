/* The engine's request for updown calls, copied: it waits for its turn, and the engine's own is gone by then.
 */
#ifndef STYX_DAEMON_UPDOWN_REQUEST_H
#define STYX_DAEMON_UPDOWN_REQUEST_H

#include "base/arena.h"
#include "engine/env.h"

struct kept_request {
    struct arena arena; /* owns all texts */
    struct updown_request request;
    char *command; /* the script, or the default one; to be split */
};

/* With PATH, PLUTO_RUNDIR and PLUTO_PID added to the environment. False: too large, or out of memory; it is
 * to be released all the same. */
bool kept_request_init(struct kept_request *kept, const struct updown_request *request, const char *rundir);
void kept_request_release(struct kept_request *kept);
/* Replaces the value of a variable that all calls share. */
void kept_request_set_number(struct kept_request *kept, const char *name, uint64_t value);

#endif
