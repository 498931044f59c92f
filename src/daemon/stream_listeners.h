/*
 * Listening for TCP streams (listen-tcp=, RFC 9329): one socket for each of our addresses. Whom it lets in
 * goes to streams_accept.
 */
#ifndef STYX_DAEMON_STREAM_LISTENERS_H
#define STYX_DAEMON_STREAM_LISTENERS_H

#include "base/list.h"
#include "daemon/daemon.h"

struct streams;

struct stream_listeners {
    struct daemon *daemon;
    struct streams *streams;
    struct list_node all;
};

void stream_listeners_init(struct stream_listeners *listeners, struct daemon *daemon,
                           struct streams *streams);
/* Listens on these addresses and on no other, if listen-tcp=yes. */
void stream_listeners_follow(struct stream_listeners *listeners, uint64_t client,
                             const struct listen_address *list, size_t count);
void stream_listeners_each(const struct stream_listeners *listeners, control_socket_visitor *visit,
                           void *context);
void stream_listeners_close_all(struct stream_listeners *listeners);

#endif
