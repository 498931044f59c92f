/* protostack=xfrm: birth and death of the back end, the engine's requests, the kernel's answers. */
#include "kernel/xfrm.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/in6.h>
#include <linux/udp.h>
#include <linux/xfrm.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "kernel/acquire_lifetime.h"
#include "kernel/larval_drop.h"

/* ---- answers ---- */

static const char *purpose_text(const struct xfrm_ticket *ticket)
{
    return ticket->child_serial != 0 ? "of a Child SA" : "";
}

static void answered(void *context, const struct xfrm_ticket *ticket, int failure, const char *words,
                     const struct nlmsghdr *reply)
{
    struct backend *backend = context;
    char text[160];
    if (ticket->may_be_missing && (failure == ESRCH || failure == ENOENT))
        failure = 0;
    if (failure != 0) {
        snprintf(text, sizeof(text), "the kernel refused a request%s%s: %s%s%s",
                 ticket->child_serial != 0 ? " " : "", purpose_text(ticket), strerror(failure),
                 *words ? ": " : "", words);
        backend->settings.log(backend->settings.context, text);
        event_queue_push_done(&backend->events, ticket->request_id, text);
        return;
    }
    if (ticket->purpose == XFRM_PURPOSE_COUNTERS)
        xfrm_sa_counters_came(backend, ticket, reply);
    else if (ticket->purpose == XFRM_PURPOSE_REFUSALS)
        xfrm_sa_refusals_came(backend, ticket, reply);
    else if (ticket->purpose == XFRM_PURPOSE_CHECK)
        xfrm_resync_answer(backend, ticket, reply);
    else if (ticket->purpose == XFRM_PURPOSE_MOVE && reply != NULL)
        xfrm_sa_make_anew(backend, ticket, reply);
    else if (ticket->purpose == XFRM_PURPOSE_SAY_DONE)
        event_queue_push_done(&backend->events, ticket->request_id, NULL);
}

static void overrun(void *context)
{
    struct backend *backend = context;
    if (backend->unchecked_count == 0)
        backend->settings.log(backend->settings.context,
                              "the kernel told of more IPsec events than could be taken; checking all SAs");
    xfrm_resync_begin(backend);
}

/* ---- requests ---- */

static void xfrm_request(struct backend *backend, const struct kernel_request *request)
{
    switch (request->operation) {
    case KERNEL_SA_ADD:
        xfrm_sa_add(backend, request);
        break;
    case KERNEL_SA_DELETE:
        xfrm_sa_delete(backend, request);
        break;
    case KERNEL_SA_MOVE:
        xfrm_sa_move(backend, request);
        break;
    case KERNEL_SA_QUERY:
        xfrm_sa_query(backend, request);
        break;
    case KERNEL_POLICY_SET:
        xfrm_policy_set(backend, request);
        break;
    case KERNEL_POLICY_DELETE:
        xfrm_policy_delete(backend, request);
        break;
    }
    event_queue_wake(&backend->events); /* what is gathered is sent at the latest when the loop comes round */
}

static uint64_t xfrm_flush(struct backend *backend)
{
    uint64_t order = backend->awaited_order;
    backend->awaited_order = 0;
    xfrm_link_flush(&backend->link);
    return order > order_queue_done(&backend->orders) ? order : 0;
}

static uint64_t xfrm_settled(const struct backend *backend)
{
    return order_queue_done(&backend->orders);
}

static int xfrm_event_fd(const struct backend *backend)
{
    return backend->poll_fd;
}

static void xfrm_dispatch(struct backend *backend)
{
    xfrm_link_flush(&backend->link);
    xfrm_link_read_events(&backend->link);
    xfrm_resync_some(backend);
    event_queue_drain(&backend->events, backend->settings.on_event, backend->settings.context);
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
        backend->settings.log(backend->settings.context,
                              "this kernel takes no ESP in UDP: peers behind a NAT cannot be served");
}

/* ---- birth and death ---- */

static bool watch(const struct backend *backend, int fd, struct error *error)
{
    struct epoll_event event = {.events = EPOLLIN};
    return epoll_ctl(backend->poll_fd, EPOLL_CTL_ADD, fd, &event) == 0 ||
           error_set(error, errno, "cannot watch a descriptor: %s", strerror(errno));
}

static bool open_tables(struct backend *backend)
{
    return hash_table_init(&backend->sas_by_child) && hash_table_init(&backend->sas_by_spi) &&
           xfrm_policy_init(backend);
}

static bool start_orders(struct backend *backend, struct error *error)
{
    if (order_queue_start(&backend->orders, &backend->events, error))
        return true;
    router_close(backend->router, false);
    backend->router = NULL;
    return false;
}

static bool open_parts(struct backend *backend, struct error *error)
{
    struct router_settings routes = {.name = "protected traffic",
                                     .number = ROUTER_NUMBER_OF_PEERS,
                                     .uses_interfaces_as_they_are =
                                         backend->settings.uses_interfaces_as_they_are};
    backend->poll_fd = epoll_create1(EPOLL_CLOEXEC);
    if (backend->poll_fd < 0)
        return error_set(error, errno, "cannot make a descriptor to watch others: %s", strerror(errno));
    return watch(backend, backend->events.fd, error) &&
           watch(backend, xfrm_link_events_fd(&backend->link), error) &&
           (open_tables(backend) || error_set(error, 0, "out of memory")) &&
           (backend->router = router_open(&routes, &backend->orders, error)) != NULL &&
           start_orders(backend, error);
}

static void free_all(struct backend *backend, bool leave_state)
{
    if (backend->router != NULL)
        order_queue_stop(&backend->orders);
    router_close(backend->router, leave_state);
    policy_slots_free(&backend->policies);
    xfrm_sa_free_all(backend);
    xfrm_link_close(&backend->link);
    event_queue_free(&backend->events);
    if (backend->poll_fd >= 0)
        close(backend->poll_fd);
    free(backend);
}

static struct backend *xfrm_open(const struct backend_settings *settings, struct error *error)
{
    struct backend *backend = calloc(1, sizeof(*backend));
    if (backend == NULL) {
        error_set(error, 0, "out of memory");
        return NULL;
    }
    backend->settings = *settings;
    backend->poll_fd = -1;
    list_init(&backend->sas);
    backend->link = (struct xfrm_link){
        .on_answer = answered, .on_event = xfrm_event, .on_overrun = overrun, .context = backend};
    if (!event_queue_init(&backend->events, error)) {
        free(backend);
        return NULL;
    }
    if (!xfrm_link_open(&backend->link, error) || !xfrm_probe(&backend->link, error) ||
        !open_parts(backend, error)) {
        free_all(backend, false);
        return NULL;
    }
    xfrm_remove_leftovers(backend);
    backend->holds_packets = larval_drop_end();
    backend->former_acquire_lifetime = acquire_lifetime_set(settings->acquire_lifetime_seconds);
    settings->log(settings->context, "using the kernel's IPsec (XFRM)");
    return backend;
}

static void xfrm_close(struct backend *backend, bool leave_state)
{
    if (!leave_state) {
        xfrm_policy_delete_all(backend);
        xfrm_sa_delete_all(backend);
        if (backend->holds_packets)
            larval_drop_resume();
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
};
