/* The control socket: who may connect, and the bytes of each client. No client can stall the loop. When
 * somebody removes it, or the run directory, it is made anew, for without it nobody could speak to pluto. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/list.h"
#include "daemon/daemon.h"

enum {
    BACKLOG = 1024,
    READ_SIZE = 65536,
    WRITES_A_TURN = 4,       /* to one client before the loop goes on; each may be a request's reply */
    ACCEPT_PAUSE_MSEC = 100, /* when descriptors have run out */
    PATH_CHECK_SECONDS = 5,  /* how often we look whether the socket can still be found */
    HANG_UP_SECONDS = 1      /* how often we look whether a client that says nothing more is there */
};

struct control_listener {
    struct daemon *daemon;
    int descriptor;
    char *path;
    struct event *event, *resume, *path_check;
    bool is_short_of_descriptors; /* and has said so */
    struct list_node clients;
};

struct client {
    struct list_node node;
    struct control_listener *listener;
    struct control_session *session;
    int descriptor;
    struct event *readable, *writable;
    struct event *hang_up; /* NULL: it may say more */
};

static void client_free(struct client *client)
{
    list_remove(&client->node);
    control_session_free(client->session); /* what it ends may have lines for it still */
    event_free(client->readable);
    event_free(client->writable);
    if (client->hang_up != NULL)
        event_free(client->hang_up);
    close(client->descriptor);
    free(client);
}

/* Reads on when what the client has asked for is carried out. */
static void update_reading(struct client *client)
{
    if (control_session_wants_input(client->session))
        event_add(client->readable, NULL);
    else
        event_del(client->readable);
}

/* Writes what the client takes, a turn's worth at most; false: it is gone. */
static bool flush(struct client *client)
{
    for (unsigned writes = 0;; writes++) {
        struct bytes output = control_session_output(client->session);
        if (output.size == 0 || control_session_is_over(client->session))
            return !control_session_is_over(client->session);
        ssize_t size = writes < WRITES_A_TURN
                           ? send(client->descriptor, output.data, output.size, MSG_NOSIGNAL | MSG_DONTWAIT)
                           : 0;
        if (size == 0 || (size < 0 && (errno == EAGAIN || errno == EINTR))) {
            event_add(client->writable, NULL);
            return true;
        }
        if (size < 0)
            return false;
        control_session_wrote(client->session, (size_t)size);
    }
}

static void writable(evutil_socket_t descriptor, short what, void *context)
{
    struct client *client = context;
    struct daemon *daemon = client->listener->daemon;
    (void)descriptor;
    (void)what;
    if (flush(client))
        update_reading(client);
    else
        client_free(client);
    daemon_rearm(daemon);
}

/* After the end of its input: whether the client has closed the socket, not only its sending side. */
static bool has_hung_up(int descriptor)
{
    struct pollfd poll_one = {.fd = descriptor};
    return poll(&poll_one, 1, 0) != 0; /* POLLHUP and POLLERR are told unasked */
}

static void look_for_hang_up(evutil_socket_t unused, short what, void *context)
{
    struct client *client = context;
    struct daemon *daemon = client->listener->daemon;
    (void)unused;
    (void)what;
    if (!has_hung_up(client->descriptor))
        return;
    client_free(client);
    daemon_rearm(daemon);
}

/* It may wait long for its answers; nobody reads from it any more, which would tell when it goes. */
static void input_ends(struct client *client)
{
    control_session_input_ends(client->session);
    client->hang_up = event_new(client->listener->daemon->base, -1, EV_PERSIST, look_for_hang_up, client);
    if (client->hang_up != NULL)
        event_add(client->hang_up, &(struct timeval){.tv_sec = HANG_UP_SECONDS});
}

static void readable(evutil_socket_t descriptor, short what, void *context)
{
    static uint8_t data[READ_SIZE];
    struct client *client = context;
    struct daemon *daemon = client->listener->daemon;
    ssize_t size = recv(descriptor, data, sizeof(data), MSG_DONTWAIT);
    (void)what;
    if (size < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (size < 0 || (size == 0 && has_hung_up(descriptor))) {
        client_free(client);
        return;
    }
    if (size == 0)
        input_ends(client);
    else
        control_session_input(client->session, bytes_of(data, (size_t)size));
    update_reading(client);
    event_active(client->writable, EV_WRITE, 1);
    daemon_rearm(daemon);
}

/* Only the superuser and whoever runs the daemon. */
static bool may_connect(int descriptor)
{
    struct ucred peer;
    socklen_t size = sizeof(peer);
    return getsockopt(descriptor, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 &&
           (peer.uid == 0 || peer.uid == geteuid());
}

static bool serve(struct control_listener *listener, int descriptor)
{
    struct client *client = may_connect(descriptor) ? calloc(1, sizeof(*client)) : NULL;
    if (client == NULL)
        return false;
    client->session = control_session_new(listener->daemon->control, client);
    if (client->session == NULL) {
        struct bytes refusal = control_refusal();
        (void)!send(descriptor, refusal.data, refusal.size, MSG_NOSIGNAL | MSG_DONTWAIT);
        free(client);
        return false;
    }
    client->listener = listener;
    client->descriptor = descriptor;
    client->readable = event_new(listener->daemon->base, descriptor, EV_READ | EV_PERSIST, readable, client);
    client->writable = event_new(listener->daemon->base, descriptor, EV_WRITE, writable, client);
    event_add(client->readable, NULL);
    list_append(&listener->clients, &client->node);
    return true;
}

static void accept_again(evutil_socket_t unused, short what, void *context)
{
    struct control_listener *listener = context;
    (void)unused;
    (void)what;
    event_add(listener->event, NULL);
}

static void acceptable(evutil_socket_t listening, short what, void *context)
{
    struct control_listener *listener = context;
    int descriptor;
    (void)what;
    while ((descriptor = accept4(listening, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK)) >= 0) {
        listener->is_short_of_descriptors = false;
        if (!serve(listener, descriptor))
            close(descriptor);
    }
    if (errno == EAGAIN || errno == EINTR || errno == ECONNABORTED)
        return;
    if (!listener->is_short_of_descriptors)
        log_line("control socket: cannot accept a client: %s", strerror(errno));
    listener->is_short_of_descriptors = true;
    event_del(listener->event);
    event_add(listener->resume, &(struct timeval){.tv_usec = ACCEPT_PAUSE_MSEC * 1000});
}

/* Called by src/control whenever a session has something to write. */
void control_socket_session_ready(void *context, struct control_session *session, void *user);

void control_socket_session_ready(void *context, struct control_session *session, void *user)
{
    struct client *client = user;
    (void)context;
    (void)session;
    if (client != NULL && client->writable != NULL)
        event_active(client->writable, EV_WRITE, 1);
}

/* The descriptor; -1 with the reason. */
static int listen_at(const char *path, struct error *error)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof(address.sun_path)) {
        error_set(error, 0, "control socket path \"%s\" is too long", path);
        return -1;
    }
    memcpy(address.sun_path, path, strlen(path));
    int descriptor = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    unlink(path); /* the pid file's lock says that nobody uses it */
    mode_t mask = umask(0177);
    bool is_good = descriptor >= 0 && bind(descriptor, (struct sockaddr *)&address, sizeof(address)) == 0 &&
                   listen(descriptor, BACKLOG) == 0;
    umask(mask);
    if (is_good)
        return descriptor;
    error_set(error, 0, "cannot make control socket \"%s\": %s", path, strerror(errno));
    if (descriptor >= 0)
        close(descriptor);
    return -1;
}

static bool watch(struct control_listener *listener)
{
    listener->event =
        event_new(listener->daemon->base, listener->descriptor, EV_READ | EV_PERSIST, acceptable, listener);
    return listener->event != NULL && event_add(listener->event, NULL) == 0;
}

/* What stands in its place may be somebody else's. */
static void look_for_path(evutil_socket_t unused, short what, void *context)
{
    struct control_listener *listener = context;
    struct daemon *daemon = listener->daemon;
    struct error error = {0};
    (void)unused;
    (void)what;
    bool is_there = access(listener->path, F_OK) == 0 || errno != ENOENT;
    if (!is_there)
        (void)mkdir(daemon->options.rundir, 0755);
    pid_file_restore(daemon->options.pid_file);
    if (is_there)
        return;
    int descriptor = listen_at(listener->path, &error);
    if (descriptor < 0)
        return; /* it is tried again */
    event_free(listener->event);
    close(listener->descriptor);
    listener->descriptor = descriptor;
    (void)watch(listener);
    log_line("the control socket \"%s\" was removed, and is made anew", listener->path);
}

struct control_listener *control_listener_new(struct daemon *daemon, const char *path, struct error *error)
{
    struct control_listener *listener = calloc(1, sizeof(*listener));
    if (listener == NULL) {
        error_set(error, 0, "out of memory");
        return NULL;
    }
    listener->daemon = daemon;
    list_init(&listener->clients);
    listener->descriptor = listen_at(path, error);
    if (listener->descriptor < 0) {
        free(listener);
        return NULL;
    }
    listener->path = strdup(path);
    listener->resume = event_new(daemon->base, -1, 0, accept_again, listener);
    listener->path_check = event_new(daemon->base, -1, EV_PERSIST, look_for_path, listener);
    event_add(listener->path_check, &(struct timeval){.tv_sec = PATH_CHECK_SECONDS});
    (void)watch(listener);
    return listener;
}

void control_listener_hide(struct control_listener *listener)
{
    if (listener != NULL)
        unlink(listener->path);
}

void control_listener_free(struct control_listener *listener)
{
    if (listener == NULL)
        return;
    LIST_EACH(&listener->clients, node)
    {
        struct client *client = CONTAINER_OF(node, struct client, node);
        flush(client); /* the last words of a shutdown */
        client_free(client);
    }
    event_free(listener->event);
    event_free(listener->resume);
    event_free(listener->path_check);
    close(listener->descriptor);
    free(listener->path);
    free(listener);
}
