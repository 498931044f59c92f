/*
 * IKE SAs in TCP connections (RFC 9329): whoever made the first connection makes a new one when it breaks,
 * the other follows the peer to the one that something authentic came by. The IKE SA outlives its
 * connections.
 */
#ifndef STYX_ENGINE_STREAM_H
#define STYX_ENGINE_STREAM_H

#include "engine/state.h"

/* From our address, by a port that the world chooses, to path.remote: path is that connection from now on. */
bool stream_open(struct engine *engine, struct ike_sa *ike, struct error *error);
/* It is established: what its connection is kept for. Nothing without TCP. */
void stream_is_up(struct engine *engine, const struct ike_sa *ike);
/* It has come to its end; its connection goes to whoever has taken its place, or nobody. */
void stream_release(struct engine *engine, const struct ike_sa *ike);
/* Something authentic and new came by this path. */
void stream_follow(struct engine *engine, struct ike_sa *ike, const struct path *path);
/* TIMER_IKE_STREAM */
void stream_reconnect(struct engine *engine, struct ike_sa *ike);

enum { PATH_TEXT_SIZE = ENDPOINT_TEXT_SIZE + 4 };
/* Where it leads: 192.0.2.1:500, or 192.0.2.1:TCP/4500. */
const char *path_text(const struct path *path, char out[static PATH_TEXT_SIZE]);

#endif
