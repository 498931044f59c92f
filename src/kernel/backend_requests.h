/* The engine's requests, each to the function of the back end that carries it out. */
#ifndef STYX_KERNEL_BACKEND_REQUESTS_H
#define STYX_KERNEL_BACKEND_REQUESTS_H

#include "engine/kernel_request.h"

struct backend;

struct backend_requests {
    void (*sa_add)(struct backend *backend, const struct kernel_request *request);
    void (*sa_delete)(struct backend *backend, const struct kernel_request *request);
    void (*sa_move)(struct backend *backend, const struct kernel_request *request);
    void (*sa_query)(struct backend *backend, const struct kernel_request *request);
    void (*policy_set)(struct backend *backend, const struct kernel_request *request);
    void (*policy_delete)(struct backend *backend, const struct kernel_request *request);
};

void backend_carry_out(struct backend *backend, const struct backend_requests *functions,
                       const struct kernel_request *request);

#endif
