/*
 * protostack=none: keys are negotiated and go nowhere. Every request succeeds, no packet is ever protected.
 * For tests of the keying alone and for machines that must not carry traffic.
 */
#include <stdlib.h>

#include "kernel/backend.h"
#include "kernel/event_queue.h"

struct backend {
    struct backend_settings settings;
    struct event_queue events;
};

static struct backend *none_open(const struct backend_settings *settings, struct error *error)
{
    struct backend *backend = calloc(1, sizeof(*backend));
    if (backend == NULL) {
        error_set(error, 0, "out of memory");
        return NULL;
    }
    backend->settings = *settings;
    if (!event_queue_init(&backend->events, error)) {
        free(backend);
        return NULL;
    }
    return backend;
}

static void none_close(struct backend *backend, bool leave_state)
{
    (void)leave_state;
    event_queue_free(&backend->events);
    free(backend);
}

static void none_request(struct backend *backend, const struct kernel_request *request)
{
    if (request->operation != KERNEL_SA_QUERY) {
        event_queue_push_done(&backend->events, request->request_id, NULL);
        return;
    }
    struct kernel_event event = {.kind = KERNEL_COUNTERS,
                                 .request_id = request->request_id,
                                 .child_serial = request->child_serial,
                                 .ok = true};
    event_queue_push(&backend->events, &event);
}

static int none_event_fd(const struct backend *backend)
{
    return backend->events.fd;
}

static void none_dispatch(struct backend *backend)
{
    event_queue_drain(&backend->events, backend->settings.on_event, backend->settings.context);
}

const struct backend_functions backend_none = {
    .name = "none",
    .open = none_open,
    .close = none_close,
    .request = none_request,
    .event_fd = none_event_fd,
    .dispatch = none_dispatch,
};
