/* Routes to the clients of a peer, as policies ask for them. */
#include "kernel/peer_routes.h"

static uint64_t set_routes(struct router *router, const struct kernel_request *request)
{
    const struct kernel_policy *wanted = request->policy;
    struct route_request route = {
        .request_id = request->request_id,
        .policy_id = wanted->policy_id,
        .is_awaited = wanted->action == POLICY_PROTECT,
        .sourceip = {wanted->sourceip[0], wanted->sourceip[1]},
        .interface = wanted->interface,
        .mtu = wanted->mtu,
        .metric = wanted->metric,
        .local_host = wanted->local_host,
        .remote_host = wanted->remote_host,
        .nexthop = wanted->nexthop,
        .local_selectors =
            wanted->translated_count > 0 ? wanted->translated_selectors : wanted->local_selectors,
        .local_count = wanted->translated_count > 0 ? wanted->translated_count : wanted->local_count,
        .remote_selectors = wanted->remote_selectors,
        .remote_count = wanted->remote_count,
    };
    bool leads_to_peer = address_is_set(&wanted->remote_host) && wanted->action != POLICY_DROP;
    return wanted->wants_route && leads_to_peer
               ? router_set(router, &route)
               : router_delete(router, request->request_id, wanted->policy_id);
}

uint64_t peer_routes_request(struct router *router, struct event_queue *events,
                             const struct kernel_request *request)
{
    bool is_set = request->operation == KERNEL_POLICY_SET;
    uint64_t order =
        is_set ? set_routes(router, request) : router_delete(router, request->request_id, request->policy_id);
    if (order == 0)
        event_queue_push_done(events, request->request_id, "out of memory for a route");
    return is_set && request->policy->action == POLICY_PROTECT ? order : 0;
}
