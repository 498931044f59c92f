/* IKE_SA_INIT in both roles: RFC 7296 1.2, 2.6 (cookies), 2.7 (INVALID_KE_PAYLOAD), 2.14. */
#ifndef STYX_ENGINE_IKEV2_SA_INIT_H
#define STYX_ENGINE_IKEV2_SA_INIT_H

#include "engine/state.h"

/* A new IKE SA for the connection, on its way; NULL after telling `client` why not. */
struct ike_sa *sa_init_start(struct engine *engine, const struct connection *connection, uint64_t client);
/* Nobody has answered. With enable-tcp=fallback it begins anew over TCP, with another SPI (RFC 9329 5.1);
 * false: that is not to be, or has been tried. */
bool sa_init_fall_back(struct engine *engine, struct ike_sa *ike);
/* A refusal that came in clear is taken for true, as nothing else has come: it fails. False: none came. */
bool sa_init_believes_refusal(struct engine *engine, struct ike_sa *ike);
void sa_init_receive(struct engine *engine, const struct path *path, const struct ikev2_header *header,
                     struct bytes datagram);
void sa_init_job_done(struct engine *engine, struct ike_sa *ike, struct job *job);
/* A job for `owner` with all that SKEYSEED of `ike` needs but the shared secret. NULL: too many. */
struct job *sa_init_key_job(struct engine *engine, const struct ike_sa *owner, const struct ike_sa *ike,
                            enum job_kind kind, struct bytes peer);

#endif
