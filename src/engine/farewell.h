/*
 * The last counters of a Child SA: asked for when it leaves the data plane, told when they have come, by when
 * the SA itself may be gone. The command that took it down waits for them, but not long.
 */
#ifndef STYX_ENGINE_FAREWELL_H
#define STYX_ENGINE_FAREWELL_H

#include "engine/state.h"

/* Before the SAs of the Child SA are deleted. engine->watcher is told, and its command ends no earlier. */
void farewell_begin(struct engine *engine, const struct child_sa *child);
/* Counters came; it may be those that were asked for. */
void farewell_counters_came(struct engine *engine, const struct kernel_event *event);
/* They did not come in time: what was known before is told. */
void farewell_is_due(struct engine *engine, uint64_t child_serial);
void farewells_free(struct engine *engine);

#endif
