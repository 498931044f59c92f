/* The TCP streams of the daemon: see streams.h. */
#include "daemon/streams.h"

#include <errno.h>
#include <event2/buffer.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/sockaddr.h"

enum { BACKLOG = 512, ACCEPTS_A_TURN = 64, ACCEPT_PAUSE_MSEC = 100 /* when descriptors have run out */ };

struct listener {
    struct list_node node;
    struct streams *all;
    struct ip_endpoint local;
    char interface[16];
    int descriptor;
    struct event *event, *resume;
    bool is_stale;
};

struct streams {
    struct daemon *daemon;
    uint8_t hash_key[16];
    struct hash_table by_path;
    struct list_node listeners;
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

/* ---- sockets ---- */

static void set_int(int descriptor, int level, int name, int value)
{
    (void)setsockopt(descriptor, level, name, &value, sizeof(value));
}

/* What is accepted from a listening socket has its options. */
static int open_socket(struct daemon *daemon, const struct ip_endpoint *local)
{
    struct sockaddr_storage here;
    socklen_t size = endpoint_to_sockaddr(local, &here);
    bool is_v6 = local->address.family == IP_V6;
    int descriptor = socket(here.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (descriptor < 0)
        return -1;
    set_int(descriptor, is_v6 ? IPPROTO_IPV6 : IPPROTO_IP, is_v6 ? IPV6_FREEBIND : IP_FREEBIND, 1);
    if (is_v6)
        set_int(descriptor, IPPROTO_IPV6, IPV6_V6ONLY, 1);
    if (local->port != 0)
        set_int(descriptor, SOL_SOCKET, SO_REUSEADDR, 1);
    set_int(descriptor, SOL_SOCKET, SO_MARK, BACKEND_SOCKET_MARK);
    set_int(descriptor, SOL_SOCKET, SO_KEEPALIVE, 1);
    set_int(descriptor, IPPROTO_TCP, TCP_NODELAY, 1);
    set_int(descriptor, IPPROTO_TCP, TCP_USER_TIMEOUT, STREAM_SILENCE_MSEC);
    if (bind(descriptor, (struct sockaddr *)&here, size) == 0) {
        const struct backend_functions *functions = daemon->backend_functions;
        if (functions->prepare_socket != NULL)
            functions->prepare_socket(daemon->backend, descriptor, local->address.family, false);
        return descriptor;
    }
    int saved = errno;
    close(descriptor);
    errno = saved;
    return -1;
}

static uint16_t port_of(int descriptor)
{
    struct sockaddr_storage here = {0};
    socklen_t size = sizeof(here);
    (void)getsockname(descriptor, (struct sockaddr *)&here, &size);
    return endpoint_from_sockaddr(&here).port;
}

bool streams_open(struct streams *streams, struct path *path, uint64_t ike_serial, struct error *error)
{
    struct sockaddr_storage there;
    socklen_t size = endpoint_to_sockaddr(&path->remote, &there);
    int descriptor = open_socket(streams->daemon, &path->local);
    if (descriptor < 0)
        return error_set(error, errno, "%s", strerror(errno));
    if (connect(descriptor, (struct sockaddr *)&there, size) < 0 && errno != EINPROGRESS) {
        error_set(error, errno, "%s", strerror(errno));
        close_socket(streams->daemon, descriptor, true);
        return false;
    }
    path->local.port = port_of(descriptor);
    struct stream *stream = add(streams, descriptor, path);
    if (stream == NULL)
        return error_set(error, 0, "out of memory");
    stream->is_originator = true;
    stream->ike_serial = ike_serial;
    event_add(stream->writable, NULL);
    return true;
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

/* ---- listening ---- */

static void accept_one(struct listener *listener, int descriptor, const struct sockaddr_storage *from)
{
    struct sockaddr_storage here = {0};
    socklen_t size = sizeof(here);
    (void)getsockname(descriptor, (struct sockaddr *)&here, &size);
    struct path path = {endpoint_from_sockaddr(&here), endpoint_from_sockaddr(from), true};
    struct stream *dead = find(listener->all, &path); /* its reset has not been read yet */
    if (dead != NULL)
        stream_break(dead, ECONNRESET);
    struct stream *stream = add(listener->all, descriptor, &path);
    if (stream == NULL)
        return;
    stream->reader = stream_reader_make(true);
    stream->is_connected = true;
    event_add(stream->readable, NULL);
    enter_unclaimed(stream);
}

static void accept_again(evutil_socket_t unused, short what, void *context)
{
    struct listener *listener = context;
    (void)unused;
    (void)what;
    event_add(listener->event, NULL);
}

/* Without descriptors the next one waits, and would wake us for nothing: who is expendable goes for it. */
static void make_room(struct listener *listener, int number)
{
    if (number == EAGAIN || number == EINTR || number == ECONNABORTED)
        return;
    struct stream_place *expendable = stream_hosts_most_expendable(&listener->all->hosts);
    if (expendable != NULL && (number == EMFILE || number == ENFILE))
        stream_break(at_place(expendable), number);
    event_del(listener->event);
    event_add(listener->resume, &(struct timeval){.tv_usec = ACCEPT_PAUSE_MSEC * 1000});
}

static void accept_some(evutil_socket_t descriptor, short what, void *context)
{
    struct listener *listener = context;
    (void)what;
    for (int i = 0; i < ACCEPTS_A_TURN; i++) {
        struct sockaddr_storage from = {0};
        socklen_t size = sizeof(from);
        int accepted = accept4(descriptor, (struct sockaddr *)&from, &size, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (accepted < 0) {
            make_room(listener, errno);
            return;
        }
        accept_one(listener, accepted, &from);
    }
}

static void close_listener(struct listener *listener)
{
    list_remove(&listener->node);
    if (listener->event != NULL)
        event_free(listener->event);
    if (listener->resume != NULL)
        event_free(listener->resume);
    close(listener->descriptor);
    free(listener);
}

static struct listener *find_listener(struct streams *streams, const struct ip_endpoint *local)
{
    LIST_EACH(&streams->listeners, node)
    {
        struct listener *listener = CONTAINER_OF(node, struct listener, node);
        if (endpoint_equal(&listener->local, local))
            return listener;
    }
    return NULL;
}

static void listen_on(struct streams *streams, uint64_t client, const struct listen_address *address)
{
    struct daemon *daemon = streams->daemon;
    struct ip_endpoint local = {address->address, daemon->options.natt_port};
    struct listener *listener = find_listener(streams, &local);
    char text[ENDPOINT_TEXT_SIZE];
    if (listener != NULL) {
        listener->is_stale = false;
        return;
    }
    int descriptor = open_socket(daemon, &local);
    if (descriptor < 0 || listen(descriptor, BACKLOG) < 0) {
        daemon->lacks_sockets |= is_shortage(errno);
        daemon_tell(daemon, client, RC_LOG_SERIOUS, "cannot listen on TCP interface %s %s: %s",
                    address->interface, endpoint_text(&local, text), strerror(errno));
        if (descriptor >= 0)
            close(descriptor);
        return;
    }
    listener = calloc(1, sizeof(*listener));
    if (listener == NULL) {
        close(descriptor);
        return;
    }
    *listener = (struct listener){.all = streams, .local = local, .descriptor = descriptor};
    memcpy(listener->interface, address->interface, sizeof(listener->interface));
    list_append(&streams->listeners, &listener->node);
    listener->event = event_new(daemon->base, descriptor, EV_READ | EV_PERSIST, accept_some, listener);
    listener->resume = event_new(daemon->base, -1, 0, accept_again, listener);
    if (listener->event == NULL || listener->resume == NULL || event_add(listener->event, NULL) != 0) {
        close_listener(listener);
        return;
    }
    log_line("adding TCP interface %s %s", address->interface, endpoint_text(&local, text));
}

/* Whether the data plane can serve whom we would let in. */
static bool may_listen(struct daemon *daemon, uint64_t client)
{
    const struct backend_functions *functions = daemon->backend_functions;
    const struct plane_limits *limits = functions->limits != NULL ? functions->limits(daemon->backend) : NULL;
    if (!daemon->options.setup->listen_tcp)
        return false;
    if (limits == NULL || !limits->lacks_tcp)
        return true;
    daemon_tell(daemon, client, RC_LOG_SERIOUS,
                "listen-tcp=yes is more than this pluto's protostack=%s can do", limits->stack);
    return false;
}

void streams_listen(struct streams *streams, uint64_t client, const struct listen_address *list, size_t count)
{
    char text[ENDPOINT_TEXT_SIZE];
    LIST_EACH(&streams->listeners, node)
    CONTAINER_OF(node, struct listener, node)->is_stale = true;
    bool is_wanted = may_listen(streams->daemon, client);
    for (size_t i = 0; i < count && is_wanted; i++)
        listen_on(streams, client, &list[i]);
    LIST_EACH(&streams->listeners, node)
    {
        struct listener *listener = CONTAINER_OF(node, struct listener, node);
        if (!listener->is_stale)
            continue;
        log_line("shutting down TCP interface %s %s", listener->interface,
                 endpoint_text(&listener->local, text));
        close_listener(listener);
    }
}

void streams_each_listener(const struct streams *streams, control_socket_visitor *visit, void *context)
{
    LIST_EACH(&streams->listeners, node)
    {
        const struct listener *listener = CONTAINER_OF(node, struct listener, node);
        visit(context, listener->interface, "TCP", &listener->local);
    }
}

/* ---- all of them ---- */

struct streams *streams_new(struct daemon *daemon)
{
    struct streams *streams = calloc(1, sizeof(*streams));
    if (streams == NULL)
        return NULL;
    streams->daemon = daemon;
    daemon->env.random(daemon, streams->hash_key, sizeof(streams->hash_key));
    list_init(&streams->listeners);
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
    LIST_EACH(&streams->listeners, node)
    close_listener(CONTAINER_OF(node, struct listener, node));
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
