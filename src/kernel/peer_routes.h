/* The routes that a policy wants, of a data plane whose packets leave on the way to the peer. */
#ifndef STYX_KERNEL_PEER_ROUTES_H
#define STYX_KERNEL_PEER_ROUTES_H

#include "kernel/router.h"

/* KERNEL_POLICY_SET or KERNEL_POLICY_DELETE: the route's answer is the request's. Returns the number of the
 * order that a message to the peer must wait for; 0: none. */
uint64_t peer_routes_request(struct router *router, struct event_queue *events,
                             const struct kernel_request *request);

#endif
