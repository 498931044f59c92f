/* IKE fragmentation: RFC 7383. Large messages go as several datagrams, each protected by itself. */
#ifndef STYX_ENGINE_IKEV2_FRAGMENTATION_H
#define STYX_ENGINE_IKEV2_FRAGMENTATION_H

#include "engine/ikev2/exchange.h"

/* IKE_SA_INIT: the initiator offers, the responder agrees (2.3). */
void fragmentation_build_offer(const struct engine *engine, const struct ike_sa *ike,
                               struct message_builder *builder);
void fragmentation_build_agreement(const struct ike_sa *ike, struct message_builder *builder);
void fragmentation_read(const struct engine *engine, struct ike_sa *ike, const struct ikev2_message *message);

/* Whether the message, built but not sealed, is too large for one datagram. */
bool fragmentation_is_due(const struct engine *engine, const struct ike_sa *ike,
                          const struct message_builder *builder);
/* Seals it as fragments, one behind the other in memory that is good until the next call. */
bool fragmentation_seal(struct engine *engine, const struct ike_sa *ike,
                        const struct message_builder *builder, struct bytes *ret_datagrams);

/*
 * Takes the payloads of an authentic fragment. slot: 0 a request of theirs, 1 the answer to ours; hash: of
 * the datagram. True when they are complete: then incoming->chain is the whole, which the caller frees with
 * engine_deallocate(engine, chain, size, NULL), incoming->first is set, and *ret_hash is the first
 * fragment's.
 */
bool fragmentation_take(struct engine *engine, struct ike_sa *ike, unsigned slot,
                        const struct ikev2_message *outer, uint64_t hash, struct incoming *incoming,
                        uint64_t *ret_hash);
/* Forgets what has come of a message that will not be finished. */
void fragmentation_forget(struct engine *engine, struct ike_sa *ike);

#endif
