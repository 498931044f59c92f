/* The updown script of a connection: which verbs are run when, and the PLUTO_* variables it is given. */
#ifndef STYX_ENGINE_UPDOWN_H
#define STYX_ENGINE_UPDOWN_H

#include "engine/state.h"

/* prepare, route, up; down, unroute. Nothing is run with leftupdown="" and, on a data plane that routes
 * itself, nothing is run by default unless a source address must be set. */
void updown_run_up(struct engine *engine, struct connection *connection, const struct child_sa *child);
void updown_run_down(struct engine *engine, struct connection *connection, const struct child_sa *child);

/* Whether the data plane installs the routes itself: no script was named. */
bool updown_leaves_routes_to_data_plane(const struct connection *connection);

#endif
