/* protostack=xfrm: birth and death of the back end, the engine's requests, the kernel's answers. */
#include "kernel/xfrm.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/in6.h>
#include <linux/udp.h>
#include <linux/xfrm.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "kernel/acquire_lifetime.h"
#include "kernel/backend_requests.h"
#include "kernel/resync.h"
#include "kernel/xfrm_migrate.h"
#include "kernel/xfrm_offload.h"
#include "kernel/xfrm_per_cpu.h"

/* ---- answers ---- */

static void answered(void *context, const struct kernel_ticket *ticket, int failure, const char *words,
                     const struct nlmsghdr *reply)
{
    struct backend *backend = context;
    if (ticket->may_be_missing && (failure == ESRCH || failure == ENOENT))
        failure = 0;
    if (ticket->purpose == XFRM_PURPOSE_MOVE_ADD && failure == EEXIST)
        return; /* what comes next replaces it */
    bool is_of_move = ticket->purpose == XFRM_PURPOSE_MOVE || ticket->purpose == XFRM_PURPOSE_MOVE_ADD ||
                      ticket->purpose == XFRM_PURPOSE_MOVE_END;
    if (ticket->purpose == XFRM_PURPOSE_MIGRATE) {
        xfrm_migrate_answered(backend, ticket, failure);
        return;
    }
    if (failure != 0 && is_of_move) {
        xfrm_sa_move_refused(backend, ticket, failure, words);
        return;
    }
    if (failure != 0 && ticket->purpose == XFRM_PURPOSE_OFFLOAD_ADD) {
        xfrm_offload_refused(backend, ticket, failure, words);
        return;
    }
    if (failure != 0) {
        kernel_plane_refused(&backend->plane, ticket, failure, words);
        return;
    }
    if (ticket->purpose == XFRM_PURPOSE_COUNTERS)
        xfrm_sa_counters_came(backend, ticket, reply);
    else if (ticket->purpose == XFRM_PURPOSE_REFUSALS)
        xfrm_sa_refusals_came(backend, ticket, reply);
    else if (ticket->purpose == XFRM_PURPOSE_CHECK)
        xfrm_resync_answer(backend, ticket, reply);
    else if (ticket->purpose == XFRM_PURPOSE_OFFLOAD)
        xfrm_offload_came(backend, ticket, reply);
    else if (ticket->purpose == XFRM_PURPOSE_MOVE)
        xfrm_sa_make_anew(backend, ticket, reply);
    else if (ticket->purpose == XFRM_PURPOSE_SAY_DONE || ticket->purpose == XFRM_PURPOSE_MOVE_END)
        event_queue_push_done(&backend->plane.events, ticket->request_id, NULL);
}

static void overrun(void *context)
{
    struct backend *backend = context;
    resync_begin(&backend->plane, RESYNC_OVERRUN);
}

/* ---- requests ---- */

static void delete_policy(struct backend *backend, const struct kernel_request *request)
{
    plane_policy_delete(&backend->plane, request);
}

static void xfrm_request(struct backend *backend, const struct kernel_request *request)
{
    static const struct backend_requests functions = {.sa_add = xfrm_sa_add,
                                                      .sa_delete = xfrm_sa_delete,
                                                      .sa_move = xfrm_sa_move,
                                                      .sa_query = xfrm_sa_query,
                                                      .policy_set = xfrm_policy_set,
                                                      .policy_delete = delete_policy};
    backend_carry_out(backend, &functions, request);
    event_queue_wake(
        &backend->plane.events); /* what is gathered is sent at the latest when the loop comes round */
}

static uint64_t xfrm_flush(struct backend *backend)
{
    xfrm_link_flush(&backend->link);
    return kernel_plane_flush(&backend->plane);
}

static uint64_t xfrm_settled(const struct backend *backend)
{
    return kernel_plane_settled(&backend->plane);
}

static int xfrm_event_fd(const struct backend *backend)
{
    return backend->plane.poll_fd;
}

static void xfrm_dispatch(struct backend *backend)
{
    xfrm_link_flush(&backend->link);
    xfrm_link_read_events(&backend->link);
    xfrm_restore_policies(backend);
    event_queue_drain(&backend->plane.events, backend->plane.settings.on_event,
                      backend->plane.settings.context);
    xfrm_resync_some(backend);
}

/* ---- sockets of IKE ---- */

/* IKE passes whatever policies there are (RFC 4301 4.4.1): a policy of the socket's own allows it. */
static void bypass(int fd, int family)
{
    struct xfrm_userpolicy_info policy = {
        .sel = {.family = (uint16_t)family},
        .lft = {XFRM_INF, XFRM_INF, XFRM_INF, XFRM_INF, 0, 0, 0, 0},
        .action = XFRM_POLICY_ALLOW,
    };
    int level = family == AF_INET6 ? IPPROTO_IPV6 : IPPROTO_IP;
    int option = family == AF_INET6 ? IPV6_XFRM_POLICY : IP_XFRM_POLICY;
    policy.dir = XFRM_POLICY_IN;
    (void)setsockopt(fd, level, option, &policy, sizeof(policy));
    policy.dir = XFRM_POLICY_OUT;
    (void)setsockopt(fd, level, option, &policy, sizeof(policy));
}

/* The kernel takes the ESP packets out of the NAT-T port's datagrams (RFC 3948); IKE stays the daemon's. */
static void xfrm_prepare_socket(struct backend *backend, int fd, enum ip_family family, bool is_natt)
{
    int encapsulation = UDP_ENCAP_ESPINUDP;
    bypass(fd, family == IP_V6 ? AF_INET6 : AF_INET);
    if (is_natt && setsockopt(fd, IPPROTO_UDP, UDP_ENCAP, &encapsulation, sizeof(encapsulation)) < 0)
        kernel_plane_log(&backend->plane,
                         "this kernel takes no ESP in UDP: peers behind a NAT cannot be served");
}

static bool make_espintcp(int fd)
{
    static const char name[] = "espintcp";
    return setsockopt(fd, IPPROTO_TCP, TCP_ULP, name, sizeof(name)) == 0;
}

static bool xfrm_give_stream(struct backend *backend, int fd)
{
    bool is_given = make_espintcp(fd);
    if (!is_given)
        kernel_plane_log(&backend->plane, "the kernel does not take ESP out of a TCP connection");
    return is_given;
}

/* ---- birth and death ---- */

static void free_all(struct backend *backend, bool leave_state)
{
    xfrm_link_close(&backend->link);
    kernel_plane_free(&backend->plane, leave_state);
    free(backend);
}

static bool open_parts(struct backend *backend, struct error *error)
{
    return xfrm_link_open(&backend->link, error) && xfrm_probe(&backend->link, error) &&
           kernel_plane_watch(&backend->plane, xfrm_link_events_fd(&backend->link), error) &&
           (xfrm_policy_init(backend) || error_set(error, 0, "out of memory")) &&
           kernel_plane_start(&backend->plane, error);
}

static struct backend *xfrm_open(const struct backend_settings *settings, struct error *error)
{
    struct backend *backend = calloc(1, sizeof(*backend));
    if (backend == NULL) {
        error_set(error, 0, "out of memory");
        return NULL;
    }
    backend->link = (struct xfrm_link){
        .on_answer = answered, .on_event = xfrm_event, .on_overrun = overrun, .context = backend};
    if (!kernel_plane_init(&backend->plane, settings, error)) {
        free(backend);
        return NULL;
    }
    if (!open_parts(backend, error)) {
        free_all(backend, false);
        return NULL;
    }
    xfrm_remove_leftovers(backend);
    kernel_plane_hold_packets(&backend->plane);
    backend->former_acquire_lifetime = acquire_lifetime_set(settings->acquire_lifetime_seconds);
    kernel_plane_log(&backend->plane, "using the kernel's IPsec (XFRM)");
    return backend;
}

static void xfrm_close(struct backend *backend, bool leave_state)
{
    if (!leave_state) {
        plane_policies_delete_all(&backend->plane);
        xfrm_sa_delete_all(backend);
        kernel_plane_stop_holding(&backend->plane);
        (void)acquire_lifetime_set(backend->former_acquire_lifetime);
    }
    xfrm_link_flush(&backend->link);
    free_all(backend, leave_state);
}

bool xfrm_is_available(struct error *error)
{
    struct xfrm_link link = {0};
    bool is_available = xfrm_link_open(&link, error) && xfrm_probe(&link, error);
    xfrm_link_close(&link);
    return is_available;
}

/* A kernel without CONFIG_INET_ESPINTCP has no protocol of this name on a TCP socket. */
static bool has_espintcp(void)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool has_tcp = fd >= 0 && (make_espintcp(fd) || errno != ENOENT);
    if (fd >= 0)
        close(fd);
    return has_tcp;
}

/* UDP_ENCAP_ESPINUDP_NON_IKE has gone from Linux. */
static const struct plane_limits *xfrm_limits(const struct backend *backend)
{
    static struct plane_limits limits = {.stack = "xfrm", .lacks_non_ike_marker = true};
    (void)backend;
    limits.lacks_tcp = !has_espintcp();
    xfrm_per_cpu_limit(&limits);
    return &limits;
}

const struct backend_functions backend_xfrm = {
    .name = "xfrm",
    .open = xfrm_open,
    .close = xfrm_close,
    .request = xfrm_request,
    .flush = xfrm_flush,
    .settled = xfrm_settled,
    .event_fd = xfrm_event_fd,
    .dispatch = xfrm_dispatch,
    .prepare_socket = xfrm_prepare_socket,
    .give_stream = xfrm_give_stream,
    .limits = xfrm_limits,
};
