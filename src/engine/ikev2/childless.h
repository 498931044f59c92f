/* IKE SAs without a Child SA: RFC 6023. We begin them for connections that whack describes without --encrypt
 * and the like; peers may for any. */
#ifndef STYX_ENGINE_IKEV2_CHILDLESS_H
#define STYX_ENGINE_IKEV2_CHILDLESS_H

#include "engine/state.h"

/* Responder: whether an IKE SA of this connection may begin without one. */
bool childless_is_allowed(const struct connection *connection);
/* Responder: into the IKE_SA_INIT answer, if the connection may be one. */
void childless_announce(const struct connection *connection, struct message_builder *builder);
/* Initiator: whether the peer's IKE_SA_INIT answer announces it. */
bool childless_is_announced(const struct ikev2_message *message);
/* Whether an IKE_AUTH request asks for no Child SA: none of the payloads that make one. */
bool childless_is_wanted(const struct ikev2_message *message);

#endif
