/* What packets tell of the end of a Quick Mode: see hearing.c. */
#ifndef STYX_ENGINE_IKEV1_HEARING_H
#define STYX_ENGINE_IKEV1_HEARING_H

#include "engine/ikev1/ikev1.h"

/* The initiator's Quick Mode is through; it is remembered until then, and its IPsec SA listened to. */
void hearing_begin(struct engine *engine, struct quick_mode *quick, usec_t forget_at);
/* False: the time is over. */
bool hearing_goes_on(struct engine *engine, struct child_sa *child);
/* The peer cannot read what we said last. */
void hearing_answer_was_not_read(struct engine *engine, struct ike_sa *ike);
/* Responder: instead of saying our answer again. False: that is what is to be done. */
bool hearing_waits(struct engine *engine, struct child_sa *child);
/* Of a Child SA that still has its Quick Mode. */
void hearing_counters_came(struct engine *engine, struct ike_sa *ike, struct child_sa *child);

#endif
