/* INFORMATIONAL exchanges: Delete in both directions (RFC 7296 1.4.1, 2.25) and liveness checks (2.4). */
#ifndef STYX_ENGINE_IKEV2_INFORMATIONAL_H
#define STYX_ENGINE_IKEV2_INFORMATIONAL_H

#include "engine/ikev2/exchange.h"

void informational_request(struct engine *engine, struct ike_sa *ike, struct incoming *incoming);
void informational_response(struct engine *engine, struct ike_sa *ike, struct incoming *incoming);

/* Queue a Delete; what they name is out of use at once. */
void ikev2_delete_child(struct engine *engine, struct child_sa *child, uint64_t client);
void ikev2_delete_ike(struct engine *engine, struct ike_sa *ike, uint64_t client);
/* Initiator that does not believe the peer: tells it and deletes (2.21.2). */
void ikev2_reject_peer(struct engine *engine, struct ike_sa *ike);
/* One Delete without waiting for an answer, then it is gone: at shutdown. */
void ikev2_say_goodbye(struct engine *engine, struct ike_sa *ike);

/* A task's turn has come. */
void delete_child_begin(struct engine *engine, struct ike_sa *ike, const struct task *task);
void delete_ike_begin(struct engine *engine, struct ike_sa *ike, uint64_t client);
void liveness_begin(struct engine *engine, struct ike_sa *ike);

void liveness_is_due(struct engine *engine, struct ike_sa *ike);
void liveness_counters_came(struct engine *engine, struct ike_sa *ike, const struct child_sa *child);

enum { DELETE_ANSWER_SPIS = 1024 };      /* Child SAs that one Delete may close */
#define LIVENESS_QUERY_WAIT USEC_PER_SEC /* for the data plane's counters, before the peer is asked */

/* Obeys the Delete payloads of a request. spis takes what the answer shall name; *ret_whole: the IKE SA
 * itself. */
void delete_obey(struct engine *engine, struct ike_sa *ike, const struct incoming *incoming, uint8_t protocol,
                 uint8_t *spis, size_t *ret_size, bool *ret_whole);

/* Rekey and expiry timers. */
void ikev2_ike_life_is_due(struct engine *engine, struct ike_sa *ike);
void ikev2_child_life_is_due(struct engine *engine, struct child_sa *child);

#endif
