/* Impairments that are done at once, to an SA, a connection or a recorded message. Private to impair*.c. */
#ifndef STYX_ENGINE_IMPAIR_TRIGGER_H
#define STYX_ENGINE_IMPAIR_TRIGGER_H

#include "engine/impair.h"

bool impair_trigger(struct engine *engine, enum impairment which, uint64_t number, struct error *error);
/* What "trigger:WORD" does, by the number of the word, from 1. */
enum impairment impair_event(uint64_t event);
bool impair_event_needs_serial(uint64_t event);

#endif
