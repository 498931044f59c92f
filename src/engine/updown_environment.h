/* The PLUTO_* variables that an updown script is given: ipsec_pluto(8), "The updown command". */
#ifndef STYX_ENGINE_UPDOWN_ENVIRONMENT_H
#define STYX_ENGINE_UPDOWN_ENVIRONMENT_H

#include "base/arena.h"
#include "engine/state.h"

enum { UPDOWN_VARIABLES_MAX = 64 };

/* NAME=value texts; they live in the arena. */
struct variables {
    struct arena *arena;
    const char *list[UPDOWN_VARIABLES_MAX];
    size_t count;
};

/* What all calls for a connection share. `child` may be NULL: nothing is negotiated yet. */
void updown_add_connection(struct variables *variables, const struct engine *engine,
                           const struct connection *connection, const struct child_sa *child,
                           const struct script_hosts *hosts, bool is_move);

/* What is told of one pair of clients, with PLUTO_VERB: the verb and its suffix, -host or -client, -v6. */
void updown_add_clients(struct variables *variables, const struct script_hosts *hosts, const char *verb,
                        const struct selector *local, const struct selector *remote);

#endif
