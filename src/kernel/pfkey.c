/* protostack=pfkey: birth and death of the back end, the engine's requests, the kernel's answers. */
#include "kernel/pfkey.h"

#include <errno.h>
#include <stdlib.h>

#include "kernel/backend_requests.h"
#include "kernel/resync.h"

/* ---- answers ---- */

static void answered(void *context, const struct kernel_ticket *ticket, int failure,
                     const struct pfkey_message *answer)
{
    struct backend *backend = context;
    if (ticket->may_be_missing && (failure == ESRCH || failure == ENOENT))
        failure = 0;
    if (failure != 0) {
        kernel_plane_refused(&backend->plane, ticket, failure, "");
        return;
    }
    if (ticket->purpose == PFKEY_PURPOSE_COUNTERS)
        pfkey_sa_counters_came(backend, ticket, answer);
    else if (ticket->purpose == PFKEY_PURPOSE_CHECK)
        pfkey_resync_answer(backend, ticket, answer);
    else if (ticket->purpose == PFKEY_PURPOSE_MOVE && answer != NULL)
        pfkey_sa_give_ports(backend, ticket, answer);
    else if (ticket->purpose == PFKEY_PURPOSE_NUMBER && answer != NULL)
        pfkey_policy_numbered(backend, answer);
    else if (ticket->purpose == PFKEY_PURPOSE_SAY_DONE)
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

static void pfkey_request(struct backend *backend, const struct kernel_request *request)
{
    static const struct backend_requests functions = {.sa_add = pfkey_sa_add,
                                                      .sa_delete = pfkey_sa_delete,
                                                      .sa_move = pfkey_sa_move,
                                                      .sa_query = pfkey_sa_query,
                                                      .policy_set = pfkey_policy_set,
                                                      .policy_delete = delete_policy};
    backend_carry_out(backend, &functions, request);
}

static uint64_t pfkey_flush(struct backend *backend)
{
    return kernel_plane_flush(&backend->plane);
}

static uint64_t pfkey_settled(const struct backend *backend)
{
    return kernel_plane_settled(&backend->plane);
}

static int pfkey_event_fd(const struct backend *backend)
{
    return backend->plane.poll_fd;
}

static void pfkey_dispatch(struct backend *backend)
{
    pfkey_link_dispatch(&backend->link);
    event_queue_drain(&backend->plane.events, backend->plane.settings.on_event,
                      backend->plane.settings.context);
    pfkey_resync_some(backend);
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
            kernel_plane_log(&backend->plane,
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
    kernel_plane_log(&backend->plane, "this kernel takes no ESP in UDP: peers behind a NAT cannot be served");
}

/* ---- birth and death ---- */

static void free_all(struct backend *backend, bool leave_state)
{
    kernel_plane_free(&backend->plane, leave_state);
    hash_table_free(&backend->acquires);
    pfkey_reqids_free(&backend->reqids);
    pfkey_link_close(&backend->link);
    free(backend);
}

static bool open_tables(struct backend *backend)
{
    return pfkey_reqids_init(&backend->reqids) && pfkey_policy_init(backend);
}

static bool open_parts(struct backend *backend, struct error *error)
{
    return pfkey_link_open(&backend->link, error) && pfkey_register(backend, error) &&
           kernel_plane_watch(&backend->plane, backend->link.fd, error) &&
           kernel_plane_watch(&backend->plane, backend->link.retry_fd, error) &&
           (open_tables(backend) || error_set(error, 0, "out of memory")) &&
           kernel_plane_start(&backend->plane, error);
}

static struct backend *pfkey_open(const struct backend_settings *settings, struct error *error)
{
    struct backend *backend = calloc(1, sizeof(*backend));
    if (backend == NULL) {
        error_set(error, 0, "out of memory");
        return NULL;
    }
    backend->limits = (struct plane_limits){.stack = "pfkey",
                                            .lacks_clones = true,
                                            .context = backend,
                                            .has_algorithm = pfkey_has_algorithm,
                                            .lacks_esn = true,
                                            .lacks_non_ike_marker = true,
                                            .lacks_tcp = true, /* it can name no socket */
                                            .lacks_port_ranges = true,
                                            .lacks_encap_dscp = true,
                                            .lacks_decap_dscp = PFKEY_SAFLAG_DECAP_DSCP == 0,
                                            .lacks_nopmtudisc = PFKEY_SAFLAG_NOPMTUDISC == 0,
                                            .priority_max = PFKEY_PRIORITY_MAX};
    backend->link = (struct pfkey_link){.fd = -1,
                                        .retry_fd = -1,
                                        .on_answer = answered,
                                        .on_event = pfkey_event,
                                        .on_overrun = overrun,
                                        .context = backend};
    if (!kernel_plane_init(&backend->plane, settings, error)) {
        free(backend);
        return NULL;
    }
    if (!open_parts(backend, error)) {
        free_all(backend, false);
        return NULL;
    }
    pfkey_remove_leftovers(backend);
    kernel_plane_hold_packets(&backend->plane);
    kernel_plane_log(&backend->plane, "using the kernel's IPsec (PF_KEY)");
    return backend;
}

static void pfkey_close(struct backend *backend, bool leave_state)
{
    if (!leave_state) {
        plane_policies_delete_all(&backend->plane);
        pfkey_sa_delete_all(backend);
        kernel_plane_stop_holding(&backend->plane);
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
