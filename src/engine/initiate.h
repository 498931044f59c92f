/* Bringing connections up and taking them down: commands, auto=start, revival. */
#ifndef STYX_ENGINE_INITIATE_H
#define STYX_ENGINE_INITIATE_H

#include "engine/state.h"

/* Starts or joins whatever it takes to have a Child SA for the connection. `client` is told the outcome. */
void initiate_connection(struct engine *engine, struct connection *connection, uint64_t client);

/* Deletes every SA of the connection and of its instances, telling the peers; `client` is told of each. */
void terminate_connection(struct engine *engine, struct connection *connection, uint64_t client);
/* The same for this connection alone, which may be meant to come up again. */
void terminate_sas(struct engine *engine, struct connection *connection, uint64_t client);

/* Whether a Child SA for the connection waits for its turn. */
bool initiate_is_queued(const struct engine *engine, const struct connection *connection);

#endif
