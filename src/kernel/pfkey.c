/* protostack=pfkey: birth and death of the back end, the engine's requests, the kernel's answers. */
#include "kernel/pfkey.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "kernel/larval_drop.h"

/* ---- answers ---- */

static void answered(void *context, const struct pfkey_ticket *ticket, int failure,
                     const struct pfkey_message *answer)
{
    struct backend *backend = context;
    char text[160];
    if (ticket->may_be_missing && (failure == ESRCH || failure == ENOENT))
        failure = 0;
    if (failure != 0) {
        snprintf(text, sizeof(text), "the kernel refused a request%s: %s",
                 ticket->child_serial != 0 ? " of a Child SA" : "", strerror(failure));
        backend->settings.log(backend->settings.context, text);
        event_queue_push_done(&backend->events, ticket->request_id, text);
        return;
    }
    if (ticket->purpose == PFKEY_PURPOSE_COUNTERS)
        pfkey_sa_counters_came(backend, ticket, answer);
    else if (ticket->purpose == PFKEY_PURPOSE_MOVE && answer != NULL)
        pfkey_sa_give_ports(backend, ticket, answer);
    else if (ticket->purpose == PFKEY_PURPOSE_NUMBER && answer != NULL)
        pfkey_policy_numbered(backend, answer);
    else if (ticket->purpose == PFKEY_PURPOSE_SAY_DONE)
        event_queue_push_done(&backend->events, ticket->request_id, NULL);
}

/* ---- requests ---- */

static void pfkey_request(struct backend *backend, const struct kernel_request *request)
{
    switch (request->operation) {
    case KERNEL_SA_ADD:
        pfkey_sa_add(backend, request);
        break;
    case KERNEL_SA_DELETE:
        pfkey_sa_delete(backend, request);
        break;
    case KERNEL_SA_MOVE:
        pfkey_sa_move(backend, request);
        break;
    case KERNEL_SA_QUERY:
        pfkey_sa_query(backend, request);
        break;
    case KERNEL_POLICY_SET:
        pfkey_policy_set(backend, request);
        break;
    case KERNEL_POLICY_DELETE:
        pfkey_policy_delete(backend, request);
        break;
    }
}

static uint64_t pfkey_flush(struct backend *backend)
{
    uint64_t order = backend->awaited_order;
    backend->awaited_order = 0;
    return order > order_queue_done(&backend->orders) ? order : 0;
}

static uint64_t pfkey_settled(const struct backend *backend)
{
    return order_queue_done(&backend->orders);
}

static int pfkey_event_fd(const struct backend *backend)
{
    return backend->poll_fd;
}

static void pfkey_dispatch(struct backend *backend)
{
    pfkey_link_dispatch(&backend->link);
    event_queue_drain(&backend->events, backend->settings.on_event, backend->settings.context);
}

static const struct plane_limits *pfkey_limits(const struct backend *backend)
{
    return &backend->limits;
}

/* ---- sockets of IKE ---- */

/* IKE passes whatever policies there are (RFC 4301 4.4.1): a policy of the socket's own allows it. */
static void bypass(const struct backend *backend, int fd, enum ip_family family)
{
    static const uint8_t directions[] = {IPSEC_DIR_INBOUND, IPSEC_DIR_OUTBOUND};
    int level = family == IP_V6 ? IPPROTO_IPV6 : IPPROTO_IP;
    int option = family == IP_V6 ? IPV6_IPSEC_POLICY : IP_IPSEC_POLICY;
    for (size_t i = 0; i < ARRAY_SIZE(directions); i++) {
        struct sadb_x_policy policy = {
            .sadb_x_policy_len = sizeof(policy) / 8,
            .sadb_x_policy_exttype = SADB_X_EXT_POLICY,
            .sadb_x_policy_type = IPSEC_POLICY_BYPASS,
            .sadb_x_policy_dir = directions[i],
        };
        if (setsockopt(fd, level, option, &policy, sizeof(policy)) < 0)
            backend->settings.log(backend->settings.context,
                                  "this kernel gives sockets no policies: IKE may meet those of tunnels");
    }
}

/* The kernel takes the ESP packets out of the NAT-T port's datagrams (RFC 3948); IKE stays the daemon's. */
static void pfkey_prepare_socket(struct backend *backend, int fd, enum ip_family family, bool is_natt)
{
    bypass(backend, fd, family);
    if (!is_natt)
        return;
#ifdef PFKEY_ENCAPSULATION
    int encapsulation = PFKEY_ESP_IN_UDP;
    if (setsockopt(fd, IPPROTO_UDP, PFKEY_ENCAPSULATION, &encapsulation, sizeof(encapsulation)) == 0)
        return;
#endif
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
           pfkey_reqids_init(&backend->reqids) && pfkey_policy_init(backend);
}

static bool start_router(struct backend *backend, struct error *error)
{
    struct router_settings routes = {.name = "protected traffic", .number = ROUTER_NUMBER_OF_PEERS};
    backend->router = router_open(&routes, &backend->orders, error);
    if (backend->router == NULL)
        return false;
    if (order_queue_start(&backend->orders, &backend->events, error))
        return true;
    router_close(backend->router, false);
    backend->router = NULL;
    return false;
}

static bool open_parts(struct backend *backend, struct error *error)
{
    backend->poll_fd = epoll_create1(EPOLL_CLOEXEC);
    if (backend->poll_fd < 0)
        return error_set(error, errno, "cannot make a descriptor to watch others: %s", strerror(errno));
    return watch(backend, backend->events.fd, error) && watch(backend, backend->link.fd, error) &&
           watch(backend, backend->link.retry_fd, error) &&
           (open_tables(backend) || error_set(error, 0, "out of memory")) && start_router(backend, error);
}

static void free_all(struct backend *backend, bool leave_state)
{
    if (backend->router != NULL)
        order_queue_stop(&backend->orders);
    router_close(backend->router, leave_state);
    policy_slots_free(&backend->policies);
    hash_table_free(&backend->acquires);
    pfkey_sa_free_all(backend);
    pfkey_reqids_free(&backend->reqids);
    pfkey_link_close(&backend->link);
    event_queue_free(&backend->events);
    if (backend->poll_fd >= 0)
        close(backend->poll_fd);
    free(backend);
}

static struct backend *pfkey_open(const struct backend_settings *settings, struct error *error)
{
    struct backend *backend = calloc(1, sizeof(*backend));
    if (backend == NULL) {
        error_set(error, 0, "out of memory");
        return NULL;
    }
    backend->settings = *settings;
    backend->poll_fd = -1;
    backend->limits = (struct plane_limits){.stack = "pfkey",
                                            .context = backend,
                                            .has_algorithm = pfkey_has_algorithm,
                                            .lacks_esn = true,
                                            .lacks_port_ranges = true,
                                            .lacks_encap_dscp = true,
                                            .lacks_decap_dscp = PFKEY_SAFLAG_DECAP_DSCP == 0,
                                            .lacks_nopmtudisc = PFKEY_SAFLAG_NOPMTUDISC == 0,
                                            .priority_max = PFKEY_PRIORITY_MAX};
    backend->link = (struct pfkey_link){
        .fd = -1, .retry_fd = -1, .on_answer = answered, .on_event = pfkey_event, .context = backend};
    if (!event_queue_init(&backend->events, error)) {
        free(backend);
        return NULL;
    }
    if (!pfkey_link_open(&backend->link, error) || !pfkey_register(backend, error) ||
        !open_parts(backend, error)) {
        free_all(backend, false);
        return NULL;
    }
    pfkey_remove_leftovers(backend);
    backend->holds_packets = larval_drop_end();
    settings->log(settings->context, "using the kernel's IPsec (PF_KEY)");
    return backend;
}

static void pfkey_close(struct backend *backend, bool leave_state)
{
    if (!leave_state) {
        pfkey_policy_delete_all(backend);
        pfkey_sa_delete_all(backend);
        if (backend->holds_packets)
            larval_drop_resume();
    }
    free_all(backend, leave_state);
}

const struct backend_functions backend_pfkey = {
    .name = "pfkey",
    .open = pfkey_open,
    .close = pfkey_close,
    .request = pfkey_request,
    .flush = pfkey_flush,
    .settled = pfkey_settled,
    .event_fd = pfkey_event_fd,
    .dispatch = pfkey_dispatch,
    .prepare_socket = pfkey_prepare_socket,
    .limits = pfkey_limits,
};
