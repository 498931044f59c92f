/* Dead peer detection: RFC 3706, with dpddelay= and dpdtimeout=. */
#ifndef STYX_ENGINE_IKEV1_DPD_H
#define STYX_ENGINE_IKEV1_DPD_H

#include "engine/ikev1/exchange.h"

/* The liveness timer of an ISAKMP SA. It may be gone afterwards. */
void dpd_is_due(struct engine *engine, struct ike_sa *ike);
/* The data plane's counters that a check asked for. */
void dpd_counters_came(struct engine *engine, struct ike_sa *ike, const struct child_sa *child);
/* R_U_THERE or R_U_THERE_ACK of the peer's, with the right HASH. False: it may be a replay. */
bool dpd_received(struct engine *engine, struct ike_sa *ike, const struct ike_notify *notify);

#endif
