/*
 * What IKE_AUTH and CREATE_CHILD_SA have in common about Child SAs: SA, KE, TSi, TSr and the mode, offered,
 * chosen, answered and accepted; keys and installation. RFC 7296 1.2, 1.3.1, 2.9, 2.17.
 */
#ifndef STYX_ENGINE_IKEV2_CHILD_PAYLOADS_H
#define STYX_ENGINE_IKEV2_CHILD_PAYLOADS_H

#include "engine/ikev2/exchange.h"

/* How this Child SA is offered; in_auth: with IKE_AUTH, where there is no key exchange. spi is scratch for 4
 * bytes. */
struct proposal_offer child_offer(const struct ike_sa *ike, const struct child_sa *child,
                                  const struct connection *connection, bool in_auth, uint8_t spi[static 4]);

/* Initiator: [N(IPCOMP_SUPPORTED)], [N(USE_TRANSPORT_MODE)], SA, [Nonce, [KE]], TSi, TSr. */
void child_build_request(struct engine *engine, const struct ike_sa *ike, struct child_sa *child,
                         bool in_auth, struct bytes own_public, struct message_builder *builder);

/*
 * Responder: chooses connection, selectors, suite and mode, and makes the larval Child SA. connection NULL:
 * any of this IKE SA's peers. NULL: error->code is the notify type to answer with, and for INVALID_KE_PAYLOAD
 * *ret_group the group wanted.
 */
struct child_sa *child_choose(struct engine *engine, struct ike_sa *ike, const struct incoming *incoming,
                              bool in_auth, const struct connection *connection, uint16_t *ret_group,
                              struct error *error);
/* Responder: [N(IPCOMP_SUPPORTED)], [N(USE_TRANSPORT_MODE)], SA, [Nonce, [KE]], TSi, TSr. */
void child_build_answer(struct engine *engine, const struct child_sa *child, bool in_auth,
                        struct bytes own_public, struct message_builder *builder);

/* Initiator: checks the answer against the offer and fills the Child SA in. */
bool child_accept(struct engine *engine, struct ike_sa *ike, struct child_sa *child,
                  const struct incoming *incoming, bool in_auth, struct error *error);

/* Keys, both data-plane SAs. shared_secret is empty without a key exchange. */
bool child_make_keys_and_install(struct engine *engine, const struct ike_sa *ike, struct child_sa *child,
                                 struct bytes shared_secret, struct bytes nonce_i, struct bytes nonce_r,
                                 bool we_initiated);

/* The line that tells of it: "initiator established Child SA using #1; IPsec tunnel [...] -> [...] {...}". */
void child_announce(struct engine *engine, const struct child_sa *child, uint64_t client, const char *what);

#endif
