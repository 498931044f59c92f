/* The outbound policies that the routing states stand for, in the data plane and in the engine's own index.
 */
#ifndef STYX_ENGINE_ROUTING_POLICY_H
#define STYX_ENGINE_ROUTING_POLICY_H

#include "engine/state.h"

/* Sets the connection's policy for its own selectors. False: it has none yet, or too many. */
bool routing_policy_set(struct engine *engine, struct connection *connection, enum policy_action action);
/* Sets it for the Child SA's selectors, so that packets leave on it. */
void routing_policy_protect(struct engine *engine, struct connection *connection,
                            const struct child_sa *child);
void routing_policy_delete(struct engine *engine, struct connection *connection);

/* Another connection with the same clients that has an SA (or, the second, that has none); NULL: none. A
 * template and its instances are no rivals. */
struct connection *routing_rival_with_sa(const struct engine *engine, const struct connection *connection,
                                         const struct child_sa *child);
struct connection *routing_rival_without_sa(const struct engine *engine, const struct connection *connection);

/* Another connection with an SA for just this remote client and one of our local ones; NULL: none. */
struct connection *routing_rival_for_client(const struct engine *engine, const struct connection *connection,
                                            const struct selector *remote);

#endif
