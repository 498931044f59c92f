/* Configuration payloads in IKE_AUTH: RFC 7296 2.19, 3.15. */
#ifndef STYX_ENGINE_IKEV2_CONFIGURATION_H
#define STYX_ENGINE_IKEV2_CONFIGURATION_H

#include "engine/ikev2/exchange.h"

/* Initiator: CP(CFG_REQUEST), if the connection asks for an address. */
void ikev2_configuration_build_request(const struct connection *connection, struct message_builder *builder);
/* Initiator: takes the answer. False with the reason: the connection asked and got no address. */
bool ikev2_configuration_take(struct engine *engine, const struct ike_sa *ike, struct connection *connection,
                              const struct ikev2_message *message, uint64_t client, struct error *error);
/* Responder: CP(CFG_REPLY), if the peer asked and the connection is a server. */
void ikev2_configuration_build_reply(const struct connection *connection, const struct ikev2_message *message,
                                     struct message_builder *builder);

#endif
