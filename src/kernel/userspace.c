/*
 * protostack=userspace: ESP and AH by this process, through a TUN device. This file owns the parts; the
 * engine's requests are in userspace_requests.c, the packets' ways in userspace_outbound.c and
 * userspace_inbound.c.
 */
#include "kernel/userspace.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/sockaddr.h"
#include "kernel/address_translation.h"
#include "kernel/traffic_log.h"

/* Port of an IKE socket: whatever the policies say, IKE comes in (RFC 4301 4.4.1). */
static void set_port_of(struct backend *backend, int fd, bool is_open)
{
    struct sockaddr_storage here;
    int type = SOCK_DGRAM;
    socklen_t size = sizeof(here), type_size = sizeof(type);
    (void)getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &type_size);
    if (getsockname(fd, (struct sockaddr *)&here, &size) == 0)
        clear_guard_set_port(backend->clear_guard, type == SOCK_STREAM, endpoint_from_sockaddr(&here).port,
                             is_open);
}

static void userspace_prepare_socket(struct backend *backend, int fd, enum ip_family family, bool is_natt)
{
    (void)family;
    (void)is_natt;
    set_port_of(backend, fd, true);
}

static void userspace_forget_socket(struct backend *backend, int fd)
{
    set_port_of(backend, fd, false);
}

/* The first answer to a peer's packet must not leave in clear because its route is late. */
static uint64_t userspace_flush(struct backend *backend)
{
    uint64_t order = backend->awaited_order;
    backend->awaited_order = 0;
    return order > order_queue_done(&backend->orders) ? order : 0;
}

static uint64_t userspace_settled(const struct backend *backend)
{
    return order_queue_done(&backend->orders);
}

static int userspace_event_fd(const struct backend *backend)
{
    return backend->events.fd;
}

static void deliver_ike(struct backend *backend)
{
    struct list_node taken;
    list_init(&taken);
    ike_queue_take(&backend->ike, &taken);
    LIST_EACH(&taken, node)
    {
        struct ike_datagram *datagram = CONTAINER_OF(node, struct ike_datagram, node);
        struct natt_socket socket = {.on_ike = NULL};
        sockets_find_owner(&backend->sockets, datagram->socket_fd, &socket);
        if (socket.on_ike != NULL)
            socket.on_ike(socket.context, &datagram->local, &datagram->remote,
                          bytes_of(datagram->data, datagram->size));
        free(datagram);
    }
}

static void deliver_to_streams(struct backend *backend)
{
    const struct backend_settings *settings = &backend->settings;
    struct list_node taken;
    list_init(&taken);
    ike_queue_take(&backend->to_streams, &taken);
    LIST_EACH(&taken, node)
    {
        struct ike_datagram *packet = CONTAINER_OF(node, struct ike_datagram, node);
        if (settings->send_esp != NULL)
            settings->send_esp(settings->context, &packet->local, &packet->remote,
                               bytes_of(packet->data, packet->size));
        free(packet);
    }
}

/* To the inbound thread, as if it had come by a socket of its own. */
static void userspace_receive_esp(struct backend *backend, const struct ip_endpoint *local,
                                  const struct ip_endpoint *remote, struct bytes packet)
{
    if (ike_queue_push(&backend->from_streams, -1, local, remote, packet))
        worker_wake(&backend->inbound);
}

static void userspace_dispatch(struct backend *backend)
{
    event_queue_drain(&backend->events, backend->settings.on_event, backend->settings.context);
    deliver_ike(backend);
    deliver_to_streams(backend);
}

static bool userspace_attach(struct backend *backend, int fd, const struct ip_endpoint *local, bool is_natt,
                             void (*on_ike)(void *context, const struct ip_endpoint *local,
                                            const struct ip_endpoint *remote, struct bytes datagram),
                             void *context)
{
    struct error error = {0};
    int index = sockets_attach(&backend->sockets, fd, local, is_natt, on_ike, context, &error);
    if (index < 0) {
        backend->settings.log(backend->settings.context, error.text);
        return false;
    }
    worker_wake(&backend->inbound);
    return true;
}

static void userspace_detach(struct backend *backend, int fd)
{
    sockets_detach(&backend->sockets, fd);
    worker_wake(&backend->inbound); /* its wait still holds the socket */
}

/* Without it the tunnels work as well; only what comes beside them is not refused. */
static void open_clear_guard(struct backend *backend)
{
    struct clear_guard_settings settings = {.name = backend->tun.name,
                                            .interface_index = backend->tun.interface_index,
                                            .log = backend->settings.log,
                                            .context = backend->settings.context};
    struct error error = {0};
    char line[200];
    backend->clear_guard = clear_guard_open(&settings, &backend->orders, &error);
    if (backend->clear_guard != NULL)
        return;
    snprintf(line, sizeof(line), "packets in clear that a tunnel should bring cannot be refused here: %.120s",
             error.text);
    settings.log(settings.context, line);
}

static void open_traffic_log(struct backend *backend)
{
    struct traffic_log_settings settings = {.name = "styx-log",
                                            .interface_index = backend->tun.interface_index,
                                            .group_of_all = backend->settings.nflog_all,
                                            .log = backend->settings.log,
                                            .context = backend->settings.context};
    backend->traffic_log = traffic_log_open(&settings, &backend->orders);
}

static void open_translation(struct backend *backend)
{
    struct address_translation_settings settings = {
        .name = "styx-nat", .interface_index = backend->tun.interface_index, .events = &backend->events};
    backend->translation = address_translation_open(&settings, &backend->orders);
}

static void end_of_orders(void *context)
{
    struct backend *backend = context;
    clear_guard_commit(backend->clear_guard);
    traffic_log_commit(backend->traffic_log);
    address_translation_commit(backend->translation);
}

/* Routes, and what is refused in clear: both wait for the kernel. */
static bool start_orders(struct backend *backend, struct error *error)
{
    struct router_settings routes = {.name = backend->tun.name,
                                     .number = backend->tun.number,
                                     .interface_index = backend->tun.interface_index};
    backend->router = router_open(&routes, &backend->orders, error);
    if (backend->router == NULL)
        return false;
    open_clear_guard(backend);
    open_traffic_log(backend);
    open_translation(backend);
    if (order_queue_start(&backend->orders, &backend->events, end_of_orders, backend, error))
        return true;
    clear_guard_close(backend->clear_guard);
    traffic_log_close(backend->traffic_log);
    address_translation_close(backend->translation);
    router_close(backend->router, false);
    backend->clear_guard = NULL;
    backend->traffic_log = NULL;
    backend->translation = NULL;
    backend->router = NULL;
    return false;
}

static bool start_threads(struct backend *backend, struct error *error)
{
    if (!start_orders(backend, error) ||
        !worker_start(&backend->outbound, userspace_outbound_run, backend, error))
        return false;
    return worker_start(&backend->inbound, userspace_inbound_run, backend, error);
}

static void stop_threads(struct backend *backend)
{
    __atomic_store_n(&backend->is_closing, true, __ATOMIC_RELEASE);
    worker_stop(&backend->outbound);
    worker_stop(&backend->inbound);
    if (backend->router != NULL)
        order_queue_stop(&backend->orders);
    clear_guard_close(backend->clear_guard);
    traffic_log_close(backend->traffic_log);
    address_translation_close(backend->translation);
    router_close(backend->router, false);
}

static bool open_tables(struct backend *backend, struct error *error)
{
    pthread_mutex_init(&backend->tables_lock, NULL);
    ike_queue_init(&backend->ike);
    ike_queue_init(&backend->from_streams);
    ike_queue_init(&backend->to_streams);
    held_init(&backend->held);
    if (!sad_init(&backend->sad))
        return error_set(error, 0, "out of memory");
    if (spd_init(&backend->spd))
        return event_queue_init(&backend->events, error);
    sad_free(&backend->sad);
    return error_set(error, 0, "out of memory");
}

static void close_tables(struct backend *backend)
{
    event_queue_free(&backend->events);
    spd_free(&backend->spd);
    sad_free(&backend->sad);
    held_free(&backend->held);
    ike_queue_free(&backend->ike);
    ike_queue_free(&backend->from_streams);
    ike_queue_free(&backend->to_streams);
    pthread_mutex_destroy(&backend->tables_lock);
}

/* Nothing can outlive the process, since it is the process that carries the packets: leave_state changes
 * nothing. */
static void userspace_close(struct backend *backend, bool leave_state)
{
    (void)leave_state;
    stop_threads(backend);
    sockets_close(&backend->sockets);
    tun_close(&backend->tun);
    close_tables(backend);
    free(backend);
}

static bool open_parts(struct backend *backend, struct error *error)
{
    if (!sockets_open(&backend->sockets, error))
        return false;
    if (!tun_open(&backend->tun, error)) {
        sockets_close(&backend->sockets);
        return false;
    }
    if (start_threads(backend, error))
        return true;
    stop_threads(backend);
    tun_close(&backend->tun);
    sockets_close(&backend->sockets);
    return false;
}

static struct backend *userspace_open(const struct backend_settings *settings, struct error *error)
{
    struct backend *backend = calloc(1, sizeof(*backend));
    if (backend == NULL) {
        error_set(error, 0, "out of memory");
        return NULL;
    }
    backend->settings = *settings;
    backend->clock_offset_usec = (int64_t)(settings->now(settings->context) - userspace_now(backend));
    if (!open_tables(backend, error)) {
        free(backend);
        return NULL;
    }
    if (!open_parts(backend, error)) {
        close_tables(backend);
        free(backend);
        return NULL;
    }
    char line[160];
    snprintf(line, sizeof(line), "userspace data plane on %s, cryptography by %s", backend->tun.name,
             esp_provider(PROVIDER_IPSEC_MB) != NULL ? "intel-ipsec-mb and libcrypto" : "libcrypto");
    settings->log(settings->context, line);
    return backend;
}

static const struct plane_limits *userspace_limits(const struct backend *backend)
{
    static const struct plane_limits limits = {.stack = "userspace", .lacks_clones = true};
    (void)backend;
    return &limits;
}

const struct backend_functions backend_userspace = {
    .name = "userspace",
    .open = userspace_open,
    .close = userspace_close,
    .request = userspace_request,
    .flush = userspace_flush,
    .settled = userspace_settled,
    .event_fd = userspace_event_fd,
    .dispatch = userspace_dispatch,
    .attach_natt_socket = userspace_attach,
    .detach_natt_socket = userspace_detach,
    .receive_esp = userspace_receive_esp,
    .prepare_socket = userspace_prepare_socket,
    .forget_socket = userspace_forget_socket,
    .limits = userspace_limits,
};
