/* What kind of request it is: see backend_requests.h. */
#include "kernel/backend_requests.h"

void backend_carry_out(struct backend *backend, const struct backend_requests *functions,
                       const struct kernel_request *request)
{
    switch (request->operation) {
    case KERNEL_SA_ADD:
        functions->sa_add(backend, request);
        break;
    case KERNEL_SA_DELETE:
        functions->sa_delete(backend, request);
        break;
    case KERNEL_SA_MOVE:
        functions->sa_move(backend, request);
        break;
    case KERNEL_SA_QUERY:
        functions->sa_query(backend, request);
        break;
    case KERNEL_POLICY_SET:
        functions->policy_set(backend, request);
        break;
    case KERNEL_POLICY_DELETE:
        functions->policy_delete(backend, request);
        break;
    }
}
