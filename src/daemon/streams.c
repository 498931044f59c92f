/* The TCP streams of the daemon: see streams.h. */
#include "daemon/streams.h"

#include <errno.h>
#include <event2/buffer.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/sockaddr.h"
#include "daemon/stream_listeners.h"
#include "daemon/stream_socket.h"

struct streams {
    struct daemon *daemon;
    uint8_t hash_key[16];
    struct hash_table by_path;
    struct stream_listeners listeners;
    struct list_node unclaimed; /* the oldest first */
    struct stream_hosts hosts;
    struct list_node broken;
    struct event *reaper, *expiry;
};

/* ---- one stream ---- */

static uint64_t hash_path(const struct streams *streams, const struct path *path)
{
    uint8_t key[2 * (sizeof(struct ip_address) + 2)], *at = key;
    const struct ip_endpoint *ends[] = {&path->local, &path->remote};
    for (size_t i = 0; i < ARRAY_SIZE(ends); i++) {
        memcpy(at, &ends[i]->address, sizeof(ends[i]->address));
        store_be16(at + sizeof(ends[i]->address), ends[i]->port);
        at += sizeof(ends[i]->address) + 2;
    }
    return hash_bytes(streams->hash_key, bytes_of(key, sizeof(key)));
}

/* One that is broken may wait for its end beside its successor. */
static struct stream *find(const struct streams *streams, const struct path *path)
{
    struct stream *broken = NULL;
    struct hash_node *node = hash_table_find(&streams->by_path, hash_path(streams, path));
    for (; node != NULL; node = hash_node_next(node)) {
        struct stream *stream = CONTAINER_OF(node, struct stream, by_path);
        if (endpoint_equal(&stream->path.local, &path->local) &&
            endpoint_equal(&stream->path.remote, &path->remote)) {
            if (!stream->is_broken)
                return stream;
            broken = stream;
        }
    }
    return broken;
}

static void arm_expiry(struct streams *streams)
{
    if (list_is_empty(&streams->unclaimed)) {
        event_del(streams->expiry);
        return;
    }
    usec_t deadline = CONTAINER_OF(streams->unclaimed.next, struct stream, idle)->deadline;
    usec_t now = streams->daemon->env.now(streams->daemon), wait = deadline > now ? deadline - now : 0;
    struct timeval when = {(time_t)(wait / USEC_PER_SEC), (suseconds_t)(wait % USEC_PER_SEC)};
    event_add(streams->expiry, &when);
}

static void leave_list(struct stream *stream)
{
    list_remove(&stream->idle);
    stream_hosts_leave(&stream->all->hosts, &stream->place);
}

static struct stream *at_place(struct stream_place *place)
{
    return CONTAINER_OF(place, struct stream, place);
}

static void enter_unclaimed(struct stream *stream)
{
    struct streams *streams = stream->all;
    stream->ike_serial = 0;
    stream->deadline = streams->daemon->env.now(streams->daemon) + STREAM_UNCLAIMED_LIFETIME;
    list_append(&streams->unclaimed, &stream->idle);
    if (!stream_hosts_enter(&streams->hosts, &stream->place, &stream->path.remote.address)) {
        stream_break(stream, ENOMEM);
        return;
    }
    struct stream_place *too_many = stream_hosts_one_too_many(&streams->hosts, &stream->place);
    if (too_many != NULL)
        stream_break(at_place(too_many), ETIMEDOUT);
    arm_expiry(streams);
}

void stream_break(struct stream *stream, int number)
{
    if (stream->is_broken)
        return;
    leave_list(stream);
    stream->is_broken = true;
    stream->broken_by = number;
    event_del(stream->readable);
    event_del(stream->writable);
    list_append(&stream->all->broken, &stream->idle);
    event_active(stream->all->reaper, EV_TIMEOUT, 0);
}

/* Those that we accept share the port of the listening socket. */
static void close_socket(const struct daemon *daemon, int descriptor, bool has_own_port)
{
    const struct backend_functions *functions = daemon->backend_functions;
    if (has_own_port && daemon->backend != NULL && functions->forget_socket != NULL)
        functions->forget_socket(daemon->backend, descriptor);
    close(descriptor);
}

static void destroy(struct stream *stream)
{
    hash_table_remove(&stream->all->by_path, &stream->by_path);
    leave_list(stream);
    if (stream->readable != NULL)
        event_free(stream->readable);
    if (stream->writable != NULL)
        event_free(stream->writable);
    if (stream->queue != NULL)
        evbuffer_free(stream->queue);
    stream_reader_free(&stream->reader);
    close_socket(stream->all->daemon, stream->descriptor, stream->is_originator);
    free(stream);
}

static void readable(evutil_socket_t descriptor, short what, void *context)
{
    struct stream *stream = context;
    struct daemon *daemon = stream->all->daemon;
    (void)descriptor;
    (void)what;
    stream_read(daemon, stream);
    daemon_rearm(daemon);
}

/* The connection stands, or it has failed. */
static void connected(struct stream *stream)
{
    struct daemon *daemon = stream->all->daemon;
    const struct backend_functions *functions = daemon->backend_functions;
    int failure = 0;
    socklen_t size = sizeof(failure);
    getsockopt(stream->descriptor, SOL_SOCKET, SO_ERROR, &failure, &size);
    if (failure == 0 && send(stream->descriptor, stream_prefix, STREAM_PREFIX_SIZE, MSG_DONTWAIT) < 0)
        failure = errno;
    if (failure != 0) {
        stream_break(stream, failure);
        return;
    }
    stream->is_connected = true;
    if (functions->give_stream != NULL)
        stream->is_given = functions->give_stream(daemon->backend, stream->descriptor);
    event_add(stream->readable, NULL);
}

static void writable(evutil_socket_t descriptor, short what, void *context)
{
    struct stream *stream = context;
    struct daemon *daemon = stream->all->daemon;
    (void)descriptor;
    (void)what;
    if (!stream->is_connected)
        connected(stream);
    stream_flush(stream);
    daemon_rearm(daemon);
}

/* Takes the descriptor, also when there is no memory. */
static struct stream *add(struct streams *streams, int descriptor, const struct path *path)
{
    struct event_base *base = streams->daemon->base;
    struct stream *stream = calloc(1, sizeof(*stream));
    if (stream == NULL) {
        close(descriptor);
        return NULL;
    }
    stream->all = streams;
    stream->path = *path;
    stream->descriptor = descriptor;
    stream->ike_serial = UINT64_MAX; /* in no list */
    list_init(&stream->idle);
    stream->queue = evbuffer_new();
    stream->readable = event_new(base, descriptor, EV_READ | EV_PERSIST, readable, stream);
    stream->writable = event_new(base, descriptor, EV_WRITE, writable, stream);
    if (stream->queue != NULL && stream->readable != NULL && stream->writable != NULL &&
        hash_table_insert(&streams->by_path, &stream->by_path, hash_path(streams, path)))
        return stream;
    destroy(stream);
    return NULL;
}

/* ---- where they come from ---- */

bool streams_open(struct streams *streams, struct path *path, uint64_t ike_serial, struct error *error)
{
    struct sockaddr_storage there;
    socklen_t size = endpoint_to_sockaddr(&path->remote, &there);
    int descriptor = stream_socket_open(streams->daemon, &path->local);
    if (descriptor < 0)
        return error_set(error, errno, "%s", strerror(errno));
    if (connect(descriptor, (struct sockaddr *)&there, size) < 0 && errno != EINPROGRESS) {
        error_set(error, errno, "%s", strerror(errno));
        close_socket(streams->daemon, descriptor, true);
        return false;
    }
    path->local.port = stream_socket_local(descriptor).port;
    struct stream *stream = add(streams, descriptor, path);
    if (stream == NULL)
        return error_set(error, 0, "out of memory");
    stream->is_originator = true;
    stream->ike_serial = ike_serial;
    event_add(stream->writable, NULL);
    return true;
}

void streams_accept(struct streams *streams, int descriptor, const struct sockaddr_storage *from)
{
    struct path path = {stream_socket_local(descriptor), endpoint_from_sockaddr(from), true};
    struct stream *dead = find(streams, &path); /* its reset has not been read yet */
    if (dead != NULL)
        stream_break(dead, ECONNRESET);
    struct stream *stream = add(streams, descriptor, &path);
    if (stream == NULL)
        return;
    stream->reader = stream_reader_make(true);
    stream->is_connected = true;
    event_add(stream->readable, NULL);
    enter_unclaimed(stream);
}

void streams_give_way(struct streams *streams, int number)
{
    struct stream_place *expendable = stream_hosts_most_expendable(&streams->hosts);
    if (expendable != NULL)
        stream_break(at_place(expendable), number);
}

/* ---- what they serve ---- */

void streams_claim(struct streams *streams, const struct path *path, uint64_t ike_serial)
{
    struct stream *stream = find(streams, path);
    if (stream == NULL)
        return;
    if (stream->is_broken) { /* it is the one to be told */
        stream->ike_serial = ike_serial;
        return;
    }
    leave_list(stream);
    stream->ike_serial = ike_serial;
    arm_expiry(streams);
}

void streams_release(struct streams *streams, const struct path *path, uint64_t ike_serial)
{
    struct stream *stream = find(streams, path);
    if (stream == NULL || stream->ike_serial != ike_serial)
        return;
    if (stream->is_broken) {
        stream->ike_serial = 0;
        return;
    }
    enter_unclaimed(stream);
    if (!stream->is_connected) /* nobody waits for it any more */
        stream_break(stream, ECANCELED);
}

void streams_send(struct streams *streams, const struct path *path, enum stream_content content,
                  struct bytes message)
{
    struct stream *stream = find(streams, path);
    if (stream == NULL || stream->is_broken)
        return;
    stream_queue(stream, content, message);
    if (content == STREAM_IKE)
        stream_flush(stream);
    else if (stream->is_connected && !stream->is_broken)
        event_add(stream->writable, NULL); /* with all that comes in this turn of the loop */
}

static void reap(evutil_socket_t unused, short what, void *context)
{
    struct streams *streams = context;
    struct daemon *daemon = streams->daemon;
    (void)unused;
    (void)what;
    while (!list_is_empty(&streams->broken)) {
        struct stream *stream = CONTAINER_OF(streams->broken.next, struct stream, idle);
        struct path path = stream->path;
        uint64_t ike_serial = stream->ike_serial;
        int number = stream->broken_by;
        destroy(stream);
        engine_stream_closed(daemon->engine, &path, ike_serial, number);
    }
    daemon_rearm(daemon);
}

static void expire(evutil_socket_t unused, short what, void *context)
{
    struct streams *streams = context;
    usec_t now = streams->daemon->env.now(streams->daemon);
    (void)unused;
    (void)what;
    while (!list_is_empty(&streams->unclaimed)) {
        struct stream *first = CONTAINER_OF(streams->unclaimed.next, struct stream, idle);
        if (first->deadline > now)
            break;
        stream_break(first, ETIMEDOUT);
    }
    arm_expiry(streams);
}

/* ---- all of them ---- */

void streams_listen(struct streams *streams, uint64_t client, const struct listen_address *list, size_t count)
{
    stream_listeners_follow(&streams->listeners, client, list, count);
}

void streams_each_listener(const struct streams *streams, control_socket_visitor *visit, void *context)
{
    stream_listeners_each(&streams->listeners, visit, context);
}

struct streams *streams_new(struct daemon *daemon)
{
    struct streams *streams = calloc(1, sizeof(*streams));
    if (streams == NULL)
        return NULL;
    streams->daemon = daemon;
    daemon->env.random(daemon, streams->hash_key, sizeof(streams->hash_key));
    stream_listeners_init(&streams->listeners, daemon, streams);
    list_init(&streams->unclaimed);
    list_init(&streams->broken);
    streams->reaper = event_new(daemon->base, -1, 0, reap, streams);
    streams->expiry = event_new(daemon->base, -1, 0, expire, streams);
    if (streams->reaper != NULL && streams->expiry != NULL && hash_table_init(&streams->by_path)) {
        if (stream_hosts_init(&streams->hosts, streams->hash_key))
            return streams;
        hash_table_free(&streams->by_path);
    }
    if (streams->reaper != NULL)
        event_free(streams->reaper);
    if (streams->expiry != NULL)
        event_free(streams->expiry);
    free(streams);
    return NULL;
}

static void destroy_node(struct hash_node *node, void *context)
{
    (void)context;
    destroy(CONTAINER_OF(node, struct stream, by_path));
}

void streams_close_all(struct streams *streams)
{
    hash_table_each(&streams->by_path, destroy_node, NULL);
    stream_listeners_close_all(&streams->listeners);
}

void streams_free(struct streams *streams)
{
    if (streams == NULL)
        return;
    streams_close_all(streams);
    event_free(streams->reaper);
    event_free(streams->expiry);
    hash_table_free(&streams->by_path);
    stream_hosts_free(&streams->hosts);
    free(streams);
}
