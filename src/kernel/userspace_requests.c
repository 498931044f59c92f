/* What the engine asks of protostack=userspace: SAs, policies with their routes, counters. */
#include <stdio.h>
#include <stdlib.h>

#include "kernel/address_translation.h"
#include "kernel/backend_requests.h"
#include "kernel/traffic_log.h"
#include "kernel/userspace.h"

static struct esp_sa_spec spec_of(const struct kernel_sa *sa)
{
    return (struct esp_sa_spec){
        .child_serial = sa->child_serial,
        .spi = sa->spi,
        .is_ah = sa->protocol == PROTOCOL_AH,
        .is_outbound = sa->direction == SA_OUTBOUND,
        .is_transport = sa->mode == MODE_TRANSPORT,
        .udp_encapsulation = sa->udp_encapsulation,
        .has_non_ike_marker = sa->has_non_ike_marker,
        .tcp_encapsulation = sa->tcp_encapsulation,
        .esn = sa->esn,
        .decap_dscp = sa->decap_dscp,
        .encap_dscp = sa->encap_dscp,
        .nopmtudisc = sa->nopmtudisc,
        .local = sa->local,
        .remote = sa->remote,
        .encr = sa->encr,
        .integ = sa->integ,
        .encr_key_bits = sa->encr_key_bits,
        .encr_key = sa->encr_key,
        .integ_key = sa->integ_key,
        .compression_cpi = sa->compression_cpi,
        .outer_ah_spi = sa->outer_ah_spi,
        .ah_integ = sa->ah_integ,
        .ah_integ_key = sa->ah_integ_key,
        .replay_window = sa->replay_window,
        .local_selectors = sa->local_selectors,
        .local_count = sa->local_count,
        .remote_selectors = sa->remote_selectors,
        .remote_count = sa->remote_count,
        .soft_bytes = sa->soft_bytes,
        .hard_bytes = sa->hard_bytes,
        .soft_packets = sa->soft_packets,
        .hard_packets = sa->hard_packets,
    };
}

static void answer(struct backend *backend, uint64_t request_id, const char *failure)
{
    event_queue_push_done(&backend->events, request_id, failure);
}

static void add_sa(struct backend *backend, const struct kernel_request *request)
{
    struct error error = {0};
    if (request->sa->protocol != PROTOCOL_ESP && request->sa->protocol != PROTOCOL_AH) {
        answer(backend, request->request_id, "the userspace data plane carries ESP and AH only");
        return;
    }
    struct esp_sa_spec spec = spec_of(request->sa);
    struct esp_sa *sa = esp_sa_new(&spec, &error);
    if (sa == NULL) {
        answer(backend, request->request_id, error.text);
        return;
    }
    pthread_mutex_lock(&backend->tables_lock);
    bool is_added = sad_add(&backend->sad, sa);
    pthread_mutex_unlock(&backend->tables_lock);
    if (!is_added)
        esp_sa_unref(sa);
    answer(backend, request->request_id, is_added ? NULL : "out of memory for an SA");
}

static void delete_sa(struct backend *backend, const struct kernel_request *request)
{
    const struct kernel_sa *wanted = request->sa;
    pthread_mutex_lock(&backend->tables_lock);
    struct esp_sa *sa =
        sad_find(&backend->sad, wanted->child_serial, wanted->direction == SA_OUTBOUND, wanted->spi);
    if (sa != NULL)
        sad_remove(&backend->sad, sa);
    pthread_mutex_unlock(&backend->tables_lock);
    answer(backend, request->request_id, sa != NULL ? NULL : "no such SA");
}

static void move_sa(struct backend *backend, const struct kernel_request *request)
{
    const struct kernel_sa *wanted = request->sa;
    pthread_mutex_lock(&backend->tables_lock);
    struct esp_sa *sa =
        sad_find(&backend->sad, wanted->child_serial, wanted->direction == SA_OUTBOUND, wanted->spi);
    if (sa != NULL) {
        sa->local = wanted->local;
        sa->remote = sa->reported_remote = wanted->remote;
        sa->udp_encapsulation = wanted->udp_encapsulation;
        sa->tcp_encapsulation = wanted->tcp_encapsulation;
        __atomic_store_n(&sa->path_mtu_expiry_usec, 0, __ATOMIC_RELAXED);
    }
    pthread_mutex_unlock(&backend->tables_lock);
    answer(backend, request->request_id, sa != NULL ? NULL : "no such SA");
}

/* Of a bundle the innermost SA counts what passed; each of them what it refused. */
static struct sa_counters read_counters(const struct esp_sa *sa)
{
    if (sa == NULL)
        return (struct sa_counters){0};
    const struct esp_counters *counters = &sa->counters;
    struct sa_counters outer = read_counters(sa->outer_ah);
    return (struct sa_counters){
        .bytes = __atomic_load_n(&counters->bytes, __ATOMIC_RELAXED),
        .packets = __atomic_load_n(&counters->packets, __ATOMIC_RELAXED),
        .last_use = __atomic_load_n(&counters->last_use_usec, __ATOMIC_RELAXED),
        .replays = outer.replays + __atomic_load_n(&counters->replays, __ATOMIC_RELAXED),
        .bad_icv = outer.bad_icv + __atomic_load_n(&counters->bad_icv, __ATOMIC_RELAXED),
        .policy_violations = __atomic_load_n(&counters->policy_violations, __ATOMIC_RELAXED),
        .other_drops = outer.other_drops + __atomic_load_n(&counters->other_drops, __ATOMIC_RELAXED),
    };
}

static void query_sa(struct backend *backend, const struct kernel_request *request)
{
    struct kernel_event event = {
        .kind = KERNEL_COUNTERS, .request_id = request->request_id, .child_serial = request->child_serial};
    pthread_mutex_lock(&backend->tables_lock);
    const struct esp_sa *in = sad_find_child(&backend->sad, request->child_serial, false);
    const struct esp_sa *out = sad_find_child(&backend->sad, request->child_serial, true);
    event.ok = in != NULL || out != NULL;
    event.in = read_counters(in);
    event.out = read_counters(out);
    pthread_mutex_unlock(&backend->tables_lock);
    if (!event.ok)
        snprintf(event.text, sizeof(event.text), "no such SA");
    event_queue_push(&backend->events, &event);
}

static void free_held(struct list_node *list)
{
    LIST_EACH(list, node)
    {
        free(CONTAINER_OF(node, struct held_packet, node));
    }
}

/* Adds the outbound SA that the policy leads to, which decides the MTU of its routes; with a reference. */
static void add_route_sa(struct backend *backend, const struct kernel_policy *policy,
                         struct route_request *route)
{
    if (policy->mtu != 0 || policy->action != POLICY_PROTECT)
        return;
    pthread_mutex_lock(&backend->tables_lock);
    struct esp_sa *sa = sad_find_child(&backend->sad, policy->child_serial, true);
    if (sa != NULL) {
        route->sa = esp_sa_ref(sa);
        route->udp_encapsulation = sa->udp_encapsulation || sa->tcp_encapsulation;
    }
    pthread_mutex_unlock(&backend->tables_lock);
}

static uint64_t set_routes(struct backend *backend, const struct kernel_request *request)
{
    const struct kernel_policy *policy = request->policy;
    if (!policy->wants_route)
        return router_delete(backend->router, request->request_id, policy->policy_id);
    struct route_request route = {
        .request_id = request->request_id,
        .policy_id = policy->policy_id,
        .is_awaited = policy->action == POLICY_PROTECT,
        .sourceip = {policy->sourceip[0], policy->sourceip[1]},
        .mtu = policy->mtu,
        .metric = policy->metric,
        .local_host = policy->local_host,
        .remote_host = policy->remote_host,
        .local_selectors =
            policy->translated_count > 0 ? policy->translated_selectors : policy->local_selectors,
        .local_count = policy->translated_count > 0 ? policy->translated_count : policy->local_count,
        .remote_selectors = policy->remote_selectors,
        .remote_count = policy->remote_count,
    };
    add_route_sa(backend, policy, &route);
    uint64_t order = router_set(backend->router, &route);
    if (route.is_awaited && order != 0)
        backend->awaited_order = order;
    return order;
}

static void set_policy(struct backend *backend, const struct kernel_request *request)
{
    const struct kernel_policy *policy = request->policy;
    struct spd_spec spec = {
        .policy_id = policy->policy_id,
        .child_serial = policy->child_serial,
        .priority = policy->priority,
        .action = (uint8_t)policy->action,
        .rank = (uint8_t)policy_rank(policy->action),
        .local_selectors = policy->local_selectors,
        .local_count = policy->local_count,
        .remote_selectors = policy->remote_selectors,
        .remote_count = policy->remote_count,
    };
    struct list_node stale;
    list_init(&stale);
    pthread_mutex_lock(&backend->tables_lock);
    bool is_set = spd_set(&backend->spd, &spec);
    if (policy->action == POLICY_TRAP) /* what an earlier attempt was to carry is too old by now */
        held_take(&backend->held, policy->policy_id, &stale);
    bool frees_packets = backend->held.count > 0 && policy->action != POLICY_TRAP;
    pthread_mutex_unlock(&backend->tables_lock);
    free_held(&stale);
    if (!is_set) {
        answer(backend, request->request_id, "the policy has too many selectors, or memory is short");
        return;
    }
    clear_guard_set(backend->clear_guard, policy);
    traffic_log_set(backend->traffic_log, policy);
    address_translation_set(backend->translation, policy);
    if (set_routes(backend, request) == 0)
        answer(backend, request->request_id, "out of memory for a route");
    if (frees_packets)
        worker_wake(&backend->outbound);
}

static void delete_policy(struct backend *backend, const struct kernel_request *request)
{
    struct list_node dropped;
    list_init(&dropped);
    pthread_mutex_lock(&backend->tables_lock);
    spd_delete(&backend->spd, request->policy_id);
    held_take(&backend->held, request->policy_id, &dropped);
    pthread_mutex_unlock(&backend->tables_lock);
    free_held(&dropped);
    clear_guard_delete(backend->clear_guard, request->policy_id);
    traffic_log_delete(backend->traffic_log, request->policy_id);
    address_translation_delete(backend->translation, request->policy_id);
    if (router_delete(backend->router, request->request_id, request->policy_id) == 0)
        answer(backend, request->request_id, "out of memory for a route");
}

void userspace_request(struct backend *backend, const struct kernel_request *request)
{
    static const struct backend_requests functions = {.sa_add = add_sa,
                                                      .sa_delete = delete_sa,
                                                      .sa_move = move_sa,
                                                      .sa_query = query_sa,
                                                      .policy_set = set_policy,
                                                      .policy_delete = delete_policy};
    backend_carry_out(backend, &functions, request);
}
