/* What is counted when (statistics.h), and the one way for a datagram out of the engine. */
#ifndef STYX_ENGINE_COUNT_H
#define STYX_ENGINE_COUNT_H

#include "engine/state.h"

void count_ike_started(struct engine *engine, const struct ike_sa *ike);
void count_ike_established(struct engine *engine, const struct ike_sa *ike);
void count_ike_ended(struct engine *engine, const struct ike_sa *ike);
void count_child_started(struct engine *engine, const struct child_sa *child);
void count_child_established(struct engine *engine, const struct child_sa *child);
void count_child_ended(struct engine *engine, const struct child_sa *child);
/* What an SA has carried since its counters were last seen. */
void count_traffic(struct engine *engine, const struct sa_counters *before_in,
                   const struct sa_counters *before_out, const struct kernel_event *now);

/* One of whatever the family counts. */
void count_one(struct engine *engine, enum counter_family_id family, unsigned number);

/* The notifications of a message that is now complete, or that was read. */
void count_sent(struct engine *engine, const struct message_builder *builder);
void count_received(struct engine *engine, const struct ikev2_message *message);
/* INVALID_KE_PAYLOAD from us or from a peer: the group that was used, the one that is wanted. */
void count_invalid_ke(struct engine *engine, bool is_ours, unsigned used, unsigned wanted);

void engine_send(struct engine *engine, const struct path *path, struct bytes datagram);
/* The same past the impairments. */
void engine_send_now(struct engine *engine, const struct path *path, struct bytes datagram);

#endif
