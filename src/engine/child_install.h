/* A Child SA in the data plane: its two SAs, and its connection's outbound policy. */
#ifndef STYX_ENGINE_CHILD_INSTALL_H
#define STYX_ENGINE_CHILD_INSTALL_H

#include "engine/state.h"

/* Bytes of KEYMAT that both directions of a Child SA may need at most. */
enum { CHILD_KEYMAT_MAX = 2 * (CIPHER_KEY_MAX + 2 * INTEG_KEY_MAX) };

/* Bytes of KEYMAT that a suite needs for both directions; of the AH around it, for one direction. */
size_t child_keymat_size(const struct suite *suite);
size_t child_ah_keymat_size(const struct suite *suite);
/* Splits KEYMAT (RFC 7296 2.17: initiator to responder first; of a bundle in each direction ESP first, then
 * AH) and adds both SAs. */
void child_install(struct engine *engine, struct child_sa *child, const uint8_t *keymat, bool we_initiated);
/* reqid=, or one of the connection's own. */
uint32_t child_reqid(const struct connection *connection);
/* Adds the outbound SA if it is not there yet: a responder's that takes over packets as soon as it is there
 * waits until the peer has its inbound one. */
void child_begin_to_send(struct engine *engine, struct child_sa *child);
/* From now on the connection's traffic leaves on this Child SA. */
void child_take_policy(struct engine *engine, struct child_sa *child);
/* ipsec-max-bytes= or what was agreed on, whichever is less; UINT64_MAX: no limit. */
uint64_t child_max_bytes(const struct engine *engine, const struct child_sa *child);
/* Undoes both, as far as they were done. */
void child_uninstall(struct engine *engine, struct child_sa *child);
/* After the peer's address or our NAT mapping changed. */
void child_follow_path(struct engine *engine, struct child_sa *child);
/* The same with the answer marked as the last. */
void child_query_last(struct engine *engine, const struct child_sa *child);
void child_query(struct engine *engine, const struct child_sa *child);

#endif
