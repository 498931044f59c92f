/* The Quick Modes that we refused last, and what we said: a notification may be lost like any other message,
 * and whoever says its request again is to hear the same again. */
#ifndef STYX_ENGINE_IKEV1_REFUSALS_H
#define STYX_ENGINE_IKEV1_REFUSALS_H

#include "engine/ikev1/ikev1.h"

/* request_hash: of the datagram as it came. Takes the notification over. */
void refusal_keep(struct engine *engine, struct ike_sa *ike, uint64_t request_hash,
                  struct owned notification);
/* Says it again; false: this datagram was not refused. */
bool refusal_repeat(struct engine *engine, const struct ike_sa *ike, uint64_t request_hash);
void refusals_drop(struct engine *engine, struct ike_sa *ike);

#endif
