/*
 * --perpeerlog: besides the log itself, a file for each peer, BASE/192/0/2/1/192.0.2.1.log. Only peers that a
 * connection names, or that have proven who they are, get one: a stranger cannot fill the disk with folders.
 * A bounded number of files is kept open; the one that was used longest ago gives way.
 */
#ifndef STYX_DAEMON_PEER_LOG_H
#define STYX_DAEMON_PEER_LOG_H

#include "engine/engine.h"

enum { PEER_LOG_OPEN_MAX = 64 };

struct peer_log;

/* NULL: out of memory. */
struct peer_log *peer_log_new(const char *base);
void peer_log_free(struct peer_log *log);

/* Whose file a line of the engine belongs into; unset: nobody's. */
struct ip_address peer_log_owner(const struct engine *engine, const struct report *report);
void peer_log_write(struct peer_log *log, const struct ip_address *peer, const char *line);

#endif
