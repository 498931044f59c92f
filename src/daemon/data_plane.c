/* The data plane in the event loop: what it tells goes to the engine, and whom it let wait goes on. */
#include "daemon/daemon.h"
#include "daemon/streams.h"

static void kernel_event(void *context, const struct kernel_event *event)
{
    struct daemon *daemon = context;
    if (daemon->is_shutting_down)
        return;
    engine_kernel_event(daemon->engine, event);
    if (event->kind == KERNEL_COUNTERS)
        updown_counters_came(daemon->updown, event);
}

static void send_now(void *context, const struct path *path, struct bytes datagram)
{
    ike_send(context, path, datagram);
}

static void finish_now(void *context, uint64_t client, int code)
{
    const struct daemon *daemon = context;
    if (daemon->control != NULL)
        control_finish(daemon->control, client, code);
}

static void release_held(struct daemon *daemon, uint64_t settled)
{
    if (daemon->told_number <= settled) /* the next datagram would wait for what has come already */
        daemon->told_number = 0;
    held_datagrams_release(&daemon->held_datagrams, settled, send_now, daemon);
    held_replies_release(&daemon->held_replies, settled, finish_now, daemon);
}

static void backend_readable(evutil_socket_t unused, short what, void *context)
{
    struct daemon *daemon = context;
    (void)unused;
    (void)what;
    daemon->backend_functions->dispatch(daemon->backend);
    if (daemon->backend_functions->settled != NULL)
        release_held(daemon, daemon->backend_functions->settled(daemon->backend));
    daemon_rearm(daemon);
}

static void backend_log(void *context, const char *line)
{
    (void)context;
    log_text(line);
}

static usec_t backend_now(void *context)
{
    const struct daemon *daemon = context;
    return daemon->env.now(context);
}

/* ESP that the data plane has sealed for a TCP stream. */
static void send_esp(void *context, const struct ip_endpoint *local, const struct ip_endpoint *remote,
                     struct bytes packet)
{
    const struct daemon *daemon = context;
    const struct path path = {*local, *remote, true};
    streams_send(daemon->streams, &path, STREAM_ESP, packet);
}

bool data_plane_open(struct daemon *daemon, struct error *error)
{
    struct backend_settings settings = {
        .on_event = kernel_event,
        .context = daemon,
        .log = backend_log,
        .now = backend_now,
        .send_esp = send_esp,
        .natt_port = daemon->options.natt_port,
        .acquire_lifetime_seconds = (unsigned)(daemon->options.setup->expire_lifetime / USEC_PER_SEC),
        .nflog_all = daemon->options.setup->nflog_all,
        .uses_interfaces_as_they_are = !daemon->options.setup->ipsec_interface_managed,
    };
    daemon->backend_functions = backend_choose(daemon->options.protostack, &settings, error);
    if (daemon->backend_functions == NULL)
        return false;
    daemon->backend = daemon->backend_functions->open(&settings, error);
    if (daemon->backend == NULL)
        return false;
    int descriptor = daemon->backend_functions->event_fd(daemon->backend);
    if (descriptor >= 0) {
        daemon->backend_event =
            event_new(daemon->base, descriptor, EV_READ | EV_PERSIST, backend_readable, daemon);
        event_add(daemon->backend_event, NULL);
    }
    return true;
}

void data_plane_release_all(struct daemon *daemon)
{
    release_held(daemon, UINT64_MAX);
}

void data_plane_close(struct daemon *daemon)
{
    if (daemon->backend_event != NULL)
        event_free(daemon->backend_event);
    if (daemon->backend != NULL)
        daemon->backend_functions->close(daemon->backend, daemon->leaves_state);
}
