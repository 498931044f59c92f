/*
 * IKE and ESP in TCP (RFC 9329). A stream is a TCP connection, named by its path. One that serves no IKE SA,
 * because nobody has proved himself there yet or the last one has ended, lives a short while, and there are
 * only so many of them, in all and of one host (stream_hosts.h). Nothing waits: what a slow peer does not
 * take queues up to a limit, of ESP a small one.
 */
#ifndef STYX_DAEMON_STREAMS_H
#define STYX_DAEMON_STREAMS_H

#include "base/hash_table.h"
#include "base/list.h"
#include "daemon/daemon.h"
#include "daemon/stream_hosts.h"
#include "wire/stream_frame.h"

enum {
    STREAM_QUEUE_ESP_MAX = 1 << 18,       /* bytes that wait: from here on ESP is dropped */
    STREAM_QUEUE_UNCLAIMED_MAX = 1 << 15, /* of IKE, to one who has not proved himself, and does not read */
    STREAM_QUEUE_MAX = 1 << 20,           /* with this much IKE the peer has stopped reading: it is closed */
    STREAM_SILENCE_MSEC = 20000, /* unacknowledged bytes so old: the network has lost the connection */
};
#define STREAM_UNCLAIMED_LIFETIME (30 * USEC_PER_SEC) /* as a half-open IKE SA */

struct evbuffer;
struct streams;

struct stream {
    struct hash_node by_path;
    struct list_node idle;     /* of streams.unclaimed, or streams.broken */
    struct stream_place place; /* among the unclaimed of its host */
    struct streams *all;
    struct path path;
    uint64_t ike_serial; /* that it serves; 0: none */
    int descriptor;
    struct event *readable, *writable;
    struct evbuffer *queue; /* frames */
    struct stream_reader reader;
    bool is_originator;
    bool is_connected;
    bool is_given; /* the kernel does the framing and takes the ESP */
    bool is_broken;
    int broken_by; /* an errno; 0: the peer */
    usec_t deadline;
};

/* NULL: out of memory. */
struct streams *streams_new(struct daemon *daemon);
void streams_free(struct streams *streams);
/* Listens on these addresses and on no other, if listen-tcp=yes. */
void streams_listen(struct streams *streams, uint64_t client, const struct listen_address *list,
                    size_t count);
void streams_each_listener(const struct streams *streams, control_socket_visitor *visit, void *context);
/* Closes all; nobody is told. */
void streams_close_all(struct streams *streams);

/* What the engine wants (env.h). */
bool streams_open(struct streams *streams, struct path *path, uint64_t ike_serial, struct error *error);
void streams_claim(struct streams *streams, const struct path *path, uint64_t ike_serial);
void streams_release(struct streams *streams, const struct path *path, uint64_t ike_serial);
void streams_send(struct streams *streams, const struct path *path, enum stream_content content,
                  struct bytes message);

/* What stream_listeners.c brings: a connection of this peer's, whose descriptor is ours now, */
struct sockaddr_storage;
void streams_accept(struct streams *streams, int descriptor, const struct sockaddr_storage *from);
/* or that there are no descriptors any more: the most expendable stream goes. */
void streams_give_way(struct streams *streams, int number);

/* It ends when the loop comes round. */
void stream_break(struct stream *stream, int number);

/* stream_transfer.c: bytes in and out of one stream. */
void stream_read(struct daemon *daemon, struct stream *stream);
void stream_queue(struct stream *stream, enum stream_content content, struct bytes message);
/* As much as the kernel takes now. */
void stream_flush(struct stream *stream);

#endif
