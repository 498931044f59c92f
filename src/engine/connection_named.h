/* Which connections the name in a command means: the one of that name, or all that have it as an alias
 * (connalias=, or the conn whose subnets= they come from). */
#ifndef STYX_ENGINE_CONNECTION_NAMED_H
#define STYX_ENGINE_CONNECTION_NAMED_H

#include "engine/state.h"

/* By serial, in the order in which they were added: they may go while the set is being worked through. */
struct connection_set {
    uint64_t *serials;
    size_t count;
    bool is_alias; /* the name was an alias */
};

/* Empty: there is none. Free it in any case. */
struct connection_set connections_named(const struct engine *engine, const char *name);
/* Those that `name` was expanded to (subnets=) when it was added last. */
struct connection_set connections_of_conn(const struct engine *engine, const char *name);
void connection_set_free(struct connection_set *set);

bool connection_add_aliases(struct engine *engine, struct connection *connection);
void connection_remove_aliases(struct engine *engine, struct connection *connection);

#endif
