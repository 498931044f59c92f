/*
 * Child SAs of single CPUs (clones=, RFC 9611). The first Child SA of a connection is that of all CPUs. When
 * both ends have said SA_RESOURCE_INFO with it, the data plane tells of packets of CPUs that have none of
 * their own, and each gets a further one with the same selectors. The connection's state, its policy and its
 * scripts follow the first alone; it ends, and so do they.
 */
#ifndef STYX_ENGINE_PER_CPU_H
#define STYX_ENGINE_PER_CPU_H

#include "engine/state.h"

/* A packet of this CPU met the connection's tunnel. */
void per_cpu_acquire(struct engine *engine, struct connection *connection, uint32_t cpu);
/* The Child SA of all CPUs beside which the connection has others, or may have; NULL: none. */
struct child_sa *per_cpu_first(const struct engine *engine, const struct connection *connection);
/* How many there may be beside it. */
unsigned per_cpu_limit(const struct engine *engine, const struct connection *connection);
unsigned per_cpu_count_established(const struct connection *connection);
/* The CPU of those that there may be which has the fewest. */
uint32_t per_cpu_choose(const struct engine *engine, const struct connection *connection);
/* Of a Child SA and the one that it replaces. */
void per_cpu_inherit(struct child_sa *child, const struct child_sa *old);
/* Whether the data plane is to tell of packets of CPUs that have none. Not while one is being made: what the
 * data plane has told of waits until there is one, or until it is not asked any more. */
bool per_cpu_wants_more(const struct engine *engine, const struct connection *connection,
                        const struct child_sa *first);
/* Something has changed about that. */
void per_cpu_follow(struct engine *engine, struct connection *connection);
/* The peer or the data plane has refused this one: none is asked for before the first is rekeyed. */
void per_cpu_make_no_more(const struct engine *engine, const struct child_sa *child);
/* Whether these are the selectors of the first one, as those of the others must be. */
bool per_cpu_covers(const struct child_sa *first, const struct selector *local, size_t local_count,
                    const struct selector *remote, size_t remote_count);
/* The first one has gone, and no other takes its place. */
void per_cpu_end(struct engine *engine, const struct connection *connection);

#endif
