/* reauth=yes: a new IKE SA from scratch in the place of a rekeyed one: RFC 7296 2.8.3. */
#ifndef STYX_ENGINE_IKEV2_REAUTHENTICATE_H
#define STYX_ENGINE_IKEV2_REAUTHENTICATE_H

#include "engine/state.h"

/* Only the initiator of an IKE SA can do so; the other side rekeys, as without reauth=. */
bool reauthenticate_is_wanted(const struct engine *engine, const struct ike_sa *ike);
/* When its turn comes: while a request waits for its answer the peer may be dead, and who nobody wants up is
 * not brought back. */
void reauthenticate_start(struct engine *engine, struct ike_sa *ike);
void reauthenticate_begin(struct engine *engine, struct ike_sa *ike);
/* The new IKE SA is up; `old_serial` is the one in whose place it comes, 0: none. Without its first Child SA
 * the old one stays. */
void reauthenticate_finish(struct engine *engine, struct ike_sa *ike, uint64_t old_serial);
/* The responder's side: traffic goes on the Child SA at once, before the answer, for the peer's first packet
 * follows that and is answered through it; or when the peer must have got the answer, if there is another
 * one. */
void reauthenticate_take_policy(struct engine *engine, struct child_sa *child);

#endif
