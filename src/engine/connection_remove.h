/* The end of a connection with all that stands on it: SAs, instances, members of a group. */
#ifndef STYX_ENGINE_CONNECTION_REMOVE_H
#define STYX_ENGINE_CONNECTION_REMOVE_H

#include "engine/state.h"

/* Ends its SAs at once, telling established peers once, and destroys it; `client` hears of it. An IKE SA that
 * carries tunnels of other connections becomes theirs. */
void connection_remove(struct engine *engine, struct connection *connection, uint64_t client);

#endif
