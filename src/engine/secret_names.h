/* Names of hosts among the indexes of ipsec.secrets(5), which stand for the hosts' addresses too. */
#ifndef STYX_ENGINE_SECRET_NAMES_H
#define STYX_ENGINE_SECRET_NAMES_H

#include "engine/state.h"

/* Looks them up, once: the secrets are new. */
void secret_names_ask(struct engine *engine);
/* Ignored when the question was not of the present secrets. */
void secret_names_answered(struct engine *engine, uint64_t query_id, const struct ip_address *addresses,
                           size_t count);

#endif
