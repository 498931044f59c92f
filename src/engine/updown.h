/*
 * The updown script of a connection: which verbs are run when. prepare, route and up bring it up; down and
 * unroute take it down; for a connection that waits on demand, prepare and route come first and up follows
 * with the SA. Calls of one connection are run one after the other, and the first that fails ends those that
 * were to follow it.
 */
#ifndef STYX_ENGINE_UPDOWN_H
#define STYX_ENGINE_UPDOWN_H

#include "engine/state.h"

/* prepare and route for the connection's clients, before anything is negotiated; unroute, after it. */
void updown_run_route(struct engine *engine, struct connection *connection);
void updown_run_unroute(struct engine *engine, struct connection *connection);

/* up, and what must come before it if that has not been run; down, and unroute unless the route stays. */
void updown_run_up(struct engine *engine, struct connection *connection, const struct child_sa *child);
void updown_run_down(struct engine *engine, struct connection *connection, const struct child_sa *child,
                     bool stays_routed);

/* With the SA `child`, as once with `before`, scripts are up: when the hosts or our source address have
 * changed since, what they did is undone as they were told then, and done anew; once those that run have
 * ended, so that a peer that moves without end makes no queue of them. */
void updown_follow(struct engine *engine, struct connection *connection, const struct child_sa *before,
                   const struct child_sa *child, bool is_move);

/* The command of `client`, which routed the connection, is over: at once, or when its script has ended. */
void updown_finish_route(struct engine *engine, struct connection *connection, uint64_t client);
/* The command of `client`, which brought the connection up, is over: at once, or when its script has ended.
 */
void updown_finish_client(struct engine *engine, struct connection *connection, uint64_t client);

/* The connection goes: nobody is told of its scripts any more. */
void updown_forget(struct engine *engine, struct connection *connection);

#endif
