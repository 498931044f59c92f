/*
 * MOBIKE: RFC 4555. The initiator of an IKE SA whose address changes takes its SAs along; the responder
 * follows when it has been told so and has seen that the new address answers (3.7). Both ends need
 * mobike=yes. Neither additional addresses (3.4, 3.6) nor the prohibition of NATs (3.9) are used: with
 * encapsulation=no there is no MOBIKE, and none of an IKE SA in TCP.
 */
#ifndef STYX_ENGINE_IKEV2_MOBIKE_H
#define STYX_ENGINE_IKEV2_MOBIKE_H

#include "engine/ikev2/exchange.h"

bool mobike_is_wanted(const struct connection *connection);
/* MOBIKE_SUPPORTED in a message of IKE_AUTH: ours, and theirs. */
void mobike_build(const struct engine *engine, const struct ike_sa *ike, struct message_builder *builder);
void mobike_read(const struct engine *engine, struct ike_sa *ike, const struct ikev2_message *message);

/* Our address is now another one: SAs and connections follow, the peer is told. False: this IKE SA cannot. */
bool mobike_move_local(struct engine *engine, struct ike_sa *ike, const struct listen_address *ours);

/* A request of an INFORMATIONAL exchange: what it says of addresses is obeyed, and answered in `builder`. */
void mobike_request(struct engine *engine, struct ike_sa *ike, const struct incoming *incoming,
                    struct message_builder *builder);

/* In a request that asks whether the peer is alive, and its answer: a NAT mapping that has changed is told.
 */
void mobike_build_probe(const struct engine *engine, const struct ike_sa *ike,
                        struct message_builder *builder);
void mobike_probe_answered(struct engine *engine, struct ike_sa *ike, const struct ikev2_message *message);

/* TASK_UPDATE_ADDRESSES and TASK_CHECK_ROUTE. */
void mobike_begin(struct engine *engine, struct ike_sa *ike, enum task_kind kind);
/* False: the IKE SA is gone. */
bool mobike_response(struct engine *engine, struct ike_sa *ike, enum task_kind kind,
                     const struct incoming *incoming);

#endif
