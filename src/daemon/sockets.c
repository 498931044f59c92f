/*
 * UDP sockets, one for each address and port: 500, and 4500 where IKE goes with the non-ESP marker (RFC
 * 3948 2.2) and shares the port with ESP, so that one is the data plane's to read.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/sockaddr.h"
#include "daemon/daemon.h"
#include "daemon/private_keys.h"
#include "daemon/socket_errors.h"
#include "daemon/streams.h"

enum { BATCH = 32, DATAGRAM_MAX = 16384, MARKER_SIZE = 4, IPV4_PMTUDISC_DONT = 0, BUFFER_BYTES = 4 << 20 };

struct udp_socket {
    struct udp_socket *next;
    struct daemon *daemon;
    struct ip_endpoint local;
    char interface[16];
    int descriptor;
    bool is_natt, is_attached; /* attached: the data plane reads it */
    bool is_stale;             /* its address may have gone */
    struct event *event;
};

/* ---- in ---- */

static void deliver(struct udp_socket *udp, const struct ip_endpoint *remote, struct bytes datagram)
{
    static const uint8_t marker[MARKER_SIZE];
    struct path path = {.local = udp->local, .remote = *remote};
    if (udp->is_natt) {
        if (datagram.size < MARKER_SIZE || memcmp(datagram.data, marker, MARKER_SIZE) != 0)
            return; /* a keepalive, or ESP with no data plane to take it */
        datagram = bytes_of(datagram.data + MARKER_SIZE, datagram.size - MARKER_SIZE);
    }
    engine_receive(udp->daemon->engine, &path, datagram);
}

static void readable(evutil_socket_t descriptor, short what, void *context)
{
    static uint8_t buffers[BATCH][DATAGRAM_MAX];
    struct udp_socket *udp = context;
    struct daemon *daemon = udp->daemon;
    struct sockaddr_storage from[BATCH];
    struct mmsghdr messages[BATCH];
    struct iovec parts[BATCH];
    (void)what;
    for (int i = 0; i < BATCH; i++) {
        parts[i] = (struct iovec){buffers[i], DATAGRAM_MAX};
        messages[i] = (struct mmsghdr){
            .msg_hdr = {
                .msg_name = &from[i], .msg_namelen = sizeof(from[i]), .msg_iov = &parts[i], .msg_iovlen = 1}};
    }
    int count = recvmmsg(descriptor, messages, BATCH, MSG_DONTWAIT, NULL);
    if (count < 0)
        socket_errors_read(udp->daemon->engine, descriptor, udp->interface, &udp->local);
    for (int i = 0; i < count; i++) {
        struct ip_endpoint remote = endpoint_from_sockaddr(&from[i]);
        if ((messages[i].msg_hdr.msg_flags & MSG_TRUNC) == 0)
            deliver(udp, &remote, bytes_of(buffers[i], messages[i].msg_len));
    }
    daemon_rearm(daemon);
}

/* IKE that the data plane found on a NAT-T port; the marker is off already. */
static void on_ike(void *context, const struct ip_endpoint *local, const struct ip_endpoint *remote,
                   struct bytes datagram)
{
    struct daemon *daemon = context;
    struct path path = {.local = *local, .remote = *remote};
    engine_receive(daemon->engine, &path, datagram);
    daemon_rearm(daemon);
}

/* ---- out ---- */

/* A full queue is no news. */
static void tell_failure(struct daemon *daemon, const struct udp_socket *udp, const struct path *path,
                         int number)
{
    char remote[ENDPOINT_TEXT_SIZE], line[256];
    if (number == EAGAIN)
        return;
    snprintf(line, sizeof(line), "ERROR: cannot send to %s on %s. Errno %d: %s",
             endpoint_text(&path->remote, remote), udp->interface, number, strerror(number));
    log_peer_text(line);
    engine_network_error(daemon->engine, path, number);
}

static void udp_send(struct daemon *daemon, const struct path *path, struct bytes datagram)
{
    static const uint8_t marker[MARKER_SIZE];
    struct udp_socket *udp = daemon->sockets;
    while (udp != NULL && !endpoint_equal(&udp->local, &path->local))
        udp = udp->next;
    if (udp == NULL)
        return;
    struct sockaddr_storage to;
    bool has_marker = udp->is_natt && datagram.size > 1;
    struct iovec parts[] = {
        {(void *)(uintptr_t)marker, has_marker ? MARKER_SIZE : 0},
        {(void *)(uintptr_t)datagram.data, datagram.size},
    };
    struct msghdr message = {.msg_name = &to,
                             .msg_namelen = endpoint_to_sockaddr(&path->remote, &to),
                             .msg_iov = parts,
                             .msg_iovlen = 2};
    /* What does not leave is sent again by retransmission; an error of an earlier datagram is reported in the
     * place of this one, so this one is tried once more. */
    if (sendmsg(udp->descriptor, &message, 0) < 0 && errno != EAGAIN &&
        sendmsg(udp->descriptor, &message, 0) < 0)
        tell_failure(daemon, udp, path, errno);
}

void ike_send(struct daemon *daemon, const struct path *path, struct bytes datagram)
{
    if (path->is_tcp)
        streams_send(daemon->streams, path, STREAM_IKE, datagram);
    else
        udp_send(daemon, path, datagram);
}

/* ---- opening and closing ---- */

static void set_buffers(int descriptor, uint32_t bytes)
{
    int size = bytes ? (int)bytes : BUFFER_BYTES;
    setsockopt(descriptor, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size));
    setsockopt(descriptor, SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof(size));
}

static int open_socket(const struct ip_endpoint *local, uint32_t buffer_bytes)
{
    struct sockaddr_storage here;
    socklen_t size = endpoint_to_sockaddr(local, &here);
    int on = 1, family = here.ss_family, discover = IPV4_PMTUDISC_DONT, mark = BACKEND_SOCKET_MARK;
    int descriptor = socket(here.ss_family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (descriptor < 0)
        return -1;
    if (family == AF_INET6)
        setsockopt(descriptor, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on));
    else /* large messages are fragmented, not refused */
        setsockopt(descriptor, IPPROTO_IP, IP_MTU_DISCOVER, &discover, sizeof(discover));
    /* An IPv6 address that is still being probed for duplicates can be bound already. */
    setsockopt(descriptor, family == AF_INET6 ? IPPROTO_IPV6 : IPPROTO_IP,
               family == AF_INET6 ? IPV6_FREEBIND : IP_FREEBIND, &on, sizeof(on));
    setsockopt(descriptor, SOL_SOCKET, SO_MARK, &mark, sizeof(mark));
    set_buffers(descriptor, buffer_bytes);
    if (bind(descriptor, (struct sockaddr *)&here, size) == 0)
        return descriptor;
    int saved = errno;
    close(descriptor);
    errno = saved;
    return -1;
}

static void close_socket(struct udp_socket *udp)
{
    struct daemon *daemon = udp->daemon;
    if (udp->event != NULL)
        event_free(udp->event);
    if (udp->is_attached && daemon->backend != NULL)
        daemon->backend_functions->detach_natt_socket(daemon->backend, udp->descriptor);
    close(udp->descriptor);
    free(udp);
}

static bool attach_to_plane(struct udp_socket *udp)
{
    struct daemon *daemon = udp->daemon;
    const struct backend_functions *functions = daemon->backend_functions;
    udp->is_attached = functions->attach_natt_socket != NULL &&
                       functions->attach_natt_socket(daemon->backend, udp->descriptor, &udp->local,
                                                     udp->is_natt, on_ike, daemon);
    return udp->is_attached;
}

static void attach(struct udp_socket *udp)
{
    struct daemon *daemon = udp->daemon;
    const struct backend_functions *functions = daemon->backend_functions;
    if (functions->prepare_socket != NULL)
        functions->prepare_socket(daemon->backend, udp->descriptor, udp->local.address.family, udp->is_natt);
    if (udp->is_natt && attach_to_plane(udp))
        return;
    if (daemon->options.setup->ike_socket_errqueue)
        socket_errors_watch(udp->descriptor, &udp->local, true);
    udp->event = event_new(daemon->base, udp->descriptor, EV_READ | EV_PERSIST, readable, udp);
    event_add(udp->event, NULL);
}

static void listen_on(struct daemon *daemon, uint64_t client, const struct listen_address *address,
                      uint16_t port, bool is_natt)
{
    struct ip_endpoint local = {address->address, port};
    char text[ENDPOINT_TEXT_SIZE];
    for (struct udp_socket *udp = daemon->sockets; udp != NULL; udp = udp->next) {
        if (endpoint_equal(&udp->local, &local)) {
            udp->is_stale = false;
            return;
        }
    }
    int descriptor = open_socket(&local, daemon->options.setup->ike_socket_bufsize);
    if (descriptor < 0) {
        daemon->lacks_sockets |= is_shortage(errno);
        daemon_tell(daemon, client, RC_LOG_SERIOUS, "cannot listen on UDP interface %s %s: %s",
                    address->interface, endpoint_text(&local, text), strerror(errno));
        return;
    }
    struct udp_socket *udp = calloc(1, sizeof(*udp));
    if (udp == NULL) {
        close(descriptor);
        return;
    }
    *udp = (struct udp_socket){.next = daemon->sockets,
                               .daemon = daemon,
                               .local = local,
                               .descriptor = descriptor,
                               .is_natt = is_natt};
    memcpy(udp->interface, address->interface, sizeof(udp->interface));
    daemon->sockets = udp;
    attach(udp);
    log_line("adding UDP interface %s %s", address->interface, endpoint_text(&local, text));
}

static void close_stale(struct daemon *daemon)
{
    char text[ENDPOINT_TEXT_SIZE];
    for (struct udp_socket **link = &daemon->sockets; *link != NULL;) {
        struct udp_socket *udp = *link;
        if (!udp->is_stale) {
            link = &udp->next;
            continue;
        }
        *link = udp->next;
        log_line("shutting down UDP interface %s %s", udp->interface, endpoint_text(&udp->local, text));
        close_socket(udp);
    }
}

void udp_share_with_plane(struct daemon *daemon, const struct ip_endpoint *local)
{
    struct udp_socket *udp = daemon->sockets;
    while (udp != NULL && !endpoint_equal(&udp->local, local))
        udp = udp->next;
    if (udp == NULL || udp->is_attached || !attach_to_plane(udp))
        return;
    event_free(udp->event);
    udp->event = NULL;
}

/* leftikeport=: stays as long as its address does. */
void udp_open_port(struct daemon *daemon, const struct ip_endpoint *local)
{
    struct listen_address address = {.address = local->address};
    if (!daemon->options.setup->listen_udp)
        return;
    for (const struct udp_socket *udp = daemon->sockets; udp != NULL; udp = udp->next)
        if (address_equal(&udp->local.address, &local->address))
            memcpy(address.interface, udp->interface, sizeof(address.interface));
    listen_on(daemon, 0, &address, local->port, true);
}

/* Ports of connections are not listed anywhere: their addresses tell whether they stay. */
static void keep_own_ports(struct daemon *daemon, const struct listen_address *list, size_t count)
{
    for (struct udp_socket *udp = daemon->sockets; udp != NULL; udp = udp->next)
        for (size_t i = 0; i < count; i++)
            if (udp->local.port != daemon->options.ike_port && udp->local.port != daemon->options.natt_port &&
                address_equal(&udp->local.address, &list[i].address))
                udp->is_stale = false;
}

bool udp_has_lost_address(const struct daemon *daemon, const struct listen_address *list, size_t count)
{
    for (const struct udp_socket *udp = daemon->sockets; udp != NULL; udp = udp->next) {
        bool is_there = false;
        for (size_t i = 0; i < count; i++)
            is_there = is_there || address_equal(&udp->local.address, &list[i].address);
        if (!is_there)
            return true;
    }
    return false;
}

/* The newest socket stands first in the list, as status shows it. */
static void open_sockets(struct daemon *daemon, uint64_t client, const struct listen_address *list,
                         size_t count)
{
    for (struct udp_socket *udp = daemon->sockets; udp != NULL; udp = udp->next)
        udp->is_stale = true;
    daemon->lacks_sockets = false;
    for (size_t i = count; i > 0 && daemon->options.setup->listen_udp; i--) {
        listen_on(daemon, client, &list[i - 1], daemon->options.ike_port, false);
        listen_on(daemon, client, &list[i - 1], daemon->options.natt_port, true);
    }
    keep_own_ports(daemon, list, count);
    close_stale(daemon);
    streams_listen(daemon->streams, client, list, count);
}

static void tell_engine(struct daemon *daemon, uint64_t client, const struct listen_address *list,
                        size_t count)
{
    engine_command(daemon->engine, &(struct command){
                                       .kind = COMMAND_LISTEN,
                                       .client = client,
                                       .interfaces = list,
                                       .interface_count = count,
                                   });
}

void udp_follow_addresses(struct daemon *daemon, const struct listen_address *list, size_t count)
{
    open_sockets(daemon, 0, list, count);
    tell_engine(daemon, 0, list, count);
}

void udp_listen(struct daemon *daemon, uint64_t client)
{
    size_t count;
    struct listen_address *list;
    struct error error;
    if (!interfaces_list(&daemon->options, &list, &count, &error)) {
        daemon_tell(daemon, client, RC_LOG_SERIOUS, "%s", error.text);
        control_finish(daemon->control, client, RC_WHACK_PROBLEM);
        return;
    }
    daemon_tell(daemon, client, RC_LOG, "listening for IKE messages");
    interfaces_tell_missing(daemon, client, list, count);
    open_sockets(daemon, client, list, count);
    daemon_read_secrets(daemon, client);
    key_loader_read(daemon->key_loader, 0);
    daemon_read_policy_groups(daemon, client);
    tell_engine(daemon, client, list, count);
    free(list);
}

void udp_apply_setup(struct daemon *daemon)
{
    const struct setup *setup = daemon->options.setup;
    for (struct udp_socket *udp = daemon->sockets; udp != NULL; udp = udp->next) {
        set_buffers(udp->descriptor, setup->ike_socket_bufsize);
        if (!udp->is_attached)
            socket_errors_watch(udp->descriptor, &udp->local, setup->ike_socket_errqueue);
    }
}

void udp_each_socket(const struct daemon *daemon, control_socket_visitor *visit, void *context)
{
    for (const struct udp_socket *udp = daemon->sockets; udp != NULL; udp = udp->next)
        visit(context, udp->interface, "UDP", &udp->local);
}

void udp_close_all(struct daemon *daemon)
{
    while (daemon->sockets != NULL) {
        struct udp_socket *udp = daemon->sockets;
        daemon->sockets = udp->next;
        close_socket(udp);
    }
}
