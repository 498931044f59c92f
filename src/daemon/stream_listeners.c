/* Listening for TCP streams: see stream_listeners.h. */
#include "daemon/stream_listeners.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/sockaddr.h"
#include "daemon/stream_socket.h"
#include "daemon/streams.h"

enum { BACKLOG = 512, ACCEPTS_A_TURN = 64, ACCEPT_PAUSE_MSEC = 100 /* when descriptors have run out */ };

struct listener {
    struct list_node node;
    struct stream_listeners *owner;
    struct ip_endpoint local;
    char interface[16];
    int descriptor;
    struct event *event, *resume;
    bool is_stale;
};

void stream_listeners_init(struct stream_listeners *listeners, struct daemon *daemon, struct streams *streams)
{
    listeners->daemon = daemon;
    listeners->streams = streams;
    list_init(&listeners->all);
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
    if (number == EMFILE || number == ENFILE)
        streams_give_way(listener->owner->streams, number);
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
        streams_accept(listener->owner->streams, accepted, &from);
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

static struct listener *find(struct stream_listeners *listeners, const struct ip_endpoint *local)
{
    LIST_EACH(&listeners->all, node)
    {
        struct listener *listener = CONTAINER_OF(node, struct listener, node);
        if (endpoint_equal(&listener->local, local))
            return listener;
    }
    return NULL;
}

static void listen_on(struct stream_listeners *listeners, uint64_t client,
                      const struct listen_address *address)
{
    struct daemon *daemon = listeners->daemon;
    struct ip_endpoint local = {address->address, daemon->options.natt_port};
    struct listener *listener = find(listeners, &local);
    char text[ENDPOINT_TEXT_SIZE];
    if (listener != NULL) {
        listener->is_stale = false;
        return;
    }
    int descriptor = stream_socket_open(daemon, &local);
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
    *listener = (struct listener){.owner = listeners, .local = local, .descriptor = descriptor};
    memcpy(listener->interface, address->interface, sizeof(listener->interface));
    list_append(&listeners->all, &listener->node);
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

void stream_listeners_follow(struct stream_listeners *listeners, uint64_t client,
                             const struct listen_address *list, size_t count)
{
    char text[ENDPOINT_TEXT_SIZE];
    LIST_EACH(&listeners->all, node)
    CONTAINER_OF(node, struct listener, node)->is_stale = true;
    bool is_wanted = may_listen(listeners->daemon, client);
    for (size_t i = 0; i < count && is_wanted; i++)
        listen_on(listeners, client, &list[i]);
    LIST_EACH(&listeners->all, node)
    {
        struct listener *listener = CONTAINER_OF(node, struct listener, node);
        if (!listener->is_stale)
            continue;
        log_line("shutting down TCP interface %s %s", listener->interface,
                 endpoint_text(&listener->local, text));
        close_listener(listener);
    }
}

void stream_listeners_each(const struct stream_listeners *listeners, control_socket_visitor *visit,
                           void *context)
{
    LIST_EACH(&listeners->all, node)
    {
        const struct listener *listener = CONTAINER_OF(node, struct listener, node);
        visit(context, listener->interface, "TCP", &listener->local);
    }
}

void stream_listeners_close_all(struct stream_listeners *listeners)
{
    LIST_EACH(&listeners->all, node)
    close_listener(CONTAINER_OF(node, struct listener, node));
}
