/* IPComp of Child SAs: N(IPCOMP_SUPPORTED), RFC 7296 2.22. */
#ifndef STYX_ENGINE_IKEV2_COMPRESSION_H
#define STYX_ENGINE_IKEV2_COMPRESSION_H

#include "engine/ikev2/exchange.h"

/* Initiator, compress=yes: the CPI on which we receive. */
void compression_build_offer(struct engine *engine, const struct connection *connection,
                             struct child_sa *child, struct message_builder *builder);
/* Responder: takes the first offer that is deflate, if the connection wants it. */
void compression_choose(struct engine *engine, const struct connection *connection, struct child_sa *child,
                        const struct ikev2_message *message);
void compression_build_answer(const struct child_sa *child, struct message_builder *builder);
/* Initiator: the answer may leave it out. False: it answers what was not offered. */
bool compression_accept(struct engine *engine, struct child_sa *child, const struct ikev2_message *message,
                        struct error *error);

#endif
