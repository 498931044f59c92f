/* What the back ends on the kernel's own IPsec have in common: see kernel_plane.h. */
#include "kernel/kernel_plane.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "kernel/larval_drop.h"
#include "kernel/neighbour_bypass.h"
#include "kernel/peer_routes.h"
#include "kernel/traffic_log.h"

/* ---- birth and death ---- */

bool kernel_plane_init(struct kernel_plane *plane, const struct backend_settings *settings,
                       struct error *error)
{
    plane->settings = *settings;
    list_init(&plane->sas);
    plane->poll_fd = epoll_create1(EPOLL_CLOEXEC);
    if (plane->poll_fd < 0)
        return error_set(error, errno, "cannot make a descriptor to watch others: %s", strerror(errno));
    if (event_queue_init(&plane->events, error))
        return true;
    close(plane->poll_fd);
    return false;
}

bool kernel_plane_watch(const struct kernel_plane *plane, int fd, struct error *error)
{
    struct epoll_event event = {.events = EPOLLIN};
    return epoll_ctl(plane->poll_fd, EPOLL_CTL_ADD, fd, &event) == 0 ||
           error_set(error, errno, "cannot watch a descriptor: %s", strerror(errno));
}

static void end_of_orders(void *context)
{
    struct kernel_plane *plane = context;
    traffic_log_commit(plane->traffic_log);
}

static void open_traffic_log(struct kernel_plane *plane)
{
    struct traffic_log_settings settings = {.name = "styx-log",
                                            .group_of_all = plane->settings.nflog_all,
                                            .log = plane->settings.log,
                                            .context = plane->settings.context};
    plane->traffic_log = traffic_log_open(&settings, &plane->orders);
}

static bool start_router(struct kernel_plane *plane, struct error *error)
{
    struct router_settings routes = {.name = "protected traffic",
                                     .number = ROUTER_NUMBER_OF_PEERS,
                                     .uses_interfaces_as_they_are =
                                         plane->settings.uses_interfaces_as_they_are};
    plane->router = router_open(&routes, &plane->orders, error);
    if (plane->router == NULL)
        return false;
    open_traffic_log(plane);
    if (order_queue_start(&plane->orders, &plane->events, end_of_orders, plane, error))
        return true;
    traffic_log_close(plane->traffic_log);
    plane->traffic_log = NULL;
    router_close(plane->router, false);
    plane->router = NULL;
    return false;
}

bool kernel_plane_start(struct kernel_plane *plane, struct error *error)
{
    if (!hash_table_init(&plane->sas_by_child) || !hash_table_init(&plane->sas_by_spi))
        return error_set(error, 0, "out of memory");
    return kernel_plane_watch(plane, plane->events.fd, error) && start_router(plane, error);
}

void kernel_plane_hold_packets(struct kernel_plane *plane)
{
    plane->holds_packets = larval_drop_end();
}

void kernel_plane_stop_holding(struct kernel_plane *plane)
{
    if (plane->holds_packets)
        larval_drop_resume();
}

void kernel_plane_free(struct kernel_plane *plane, bool leave_state)
{
    if (plane->router != NULL)
        order_queue_stop(&plane->orders);
    traffic_log_close(plane->traffic_log);
    router_close(plane->router, leave_state);
    policy_slots_free(&plane->policies);
    hash_table_free(&plane->sas_by_child);
    hash_table_free(&plane->sas_by_spi);
    event_queue_free(&plane->events);
    close(plane->poll_fd);
}

/* ---- what the daemon asks ---- */

uint64_t kernel_plane_flush(struct kernel_plane *plane)
{
    uint64_t order = plane->awaited_order;
    plane->awaited_order = 0;
    return order > order_queue_done(&plane->orders) ? order : 0;
}

uint64_t kernel_plane_settled(const struct kernel_plane *plane)
{
    return order_queue_done(&plane->orders);
}

void kernel_plane_log(const struct kernel_plane *plane, const char *line)
{
    plane->settings.log(plane->settings.context, line);
}

void kernel_plane_refused(struct kernel_plane *plane, const struct kernel_ticket *ticket, int failure,
                          const char *words)
{
    char text[160];
    snprintf(text, sizeof(text), "the kernel refused a request%s: %s%s%s",
             ticket->child_serial != 0 ? " of a Child SA" : "", strerror(failure), *words ? ": " : "", words);
    kernel_plane_log(plane, text);
    event_queue_push_done(&plane->events, ticket->request_id, text);
}

/* ---- policies ---- */

uint8_t kernel_plane_ip_protocol(uint8_t protocol)
{
    return protocol == PROTOCOL_AH ? IPPROTO_AH : IPPROTO_ESP;
}

struct claimed_policy kernel_plane_claim(const struct kernel_policy *wanted)
{
    return (struct claimed_policy){
        .policy_id = wanted->policy_id,
        .action = wanted->action,
        .priority = wanted->priority,
        .mode = wanted->mode,
        .protocol = kernel_plane_ip_protocol(wanted->protocol),
        .local = wanted->local_host,
        .remote = wanted->remote_host,
    };
}

/* What a trap will let in is not known yet; in transport mode nothing is passed on. */
static bool is_wanted_in(const struct plane_policies *kernel, const struct claimed_policy *policy,
                         uint8_t direction)
{
    if (direction == kernel->outbound)
        return true;
    if (policy->action == POLICY_TRAP)
        return false;
    return direction == kernel->inbound || policy->action != POLICY_PROTECT || policy->mode == MODE_TUNNEL;
}

void kernel_plane_install(struct kernel_plane *plane, struct policy_slot *slot, struct claimed_policy *best)
{
    const struct plane_policies *kernel = plane->kernel_policies;
    bool was_there = slot->installed != 0;
    neighbour_bypass_before(plane, slot, best != NULL);
    for (size_t i = 0; i < kernel->direction_count; i++) {
        uint8_t direction = kernel->directions[i];
        unsigned bit = 1u << direction;
        bool is_wanted = best != NULL && is_wanted_in(kernel, best, direction);
        if (is_wanted)
            kernel->send(plane, slot, best, direction);
        else if (slot->installed & bit)
            kernel->send_delete(plane, slot, direction);
        slot->installed = (uint8_t)(is_wanted ? slot->installed | bit : slot->installed & ~bit);
    }
    neighbour_bypass_after(plane, slot, was_there);
}

static void delete_slot(void *context, struct policy_slot *slot)
{
    struct kernel_plane *plane = context;
    const struct plane_policies *kernel = plane->kernel_policies;
    for (size_t i = 0; i < kernel->direction_count; i++)
        if (slot->installed & 1u << kernel->directions[i])
            kernel->send_delete(plane, slot, kernel->directions[i]);
}

void kernel_plane_delete_policies(struct kernel_plane *plane)
{
    policy_slots_each(&plane->policies, delete_slot);
    neighbour_bypass_remove(plane);
}

void kernel_plane_policy_set(struct kernel_plane *plane, const struct kernel_request *request,
                             const char *failure)
{
    if (failure == NULL) {
        traffic_log_set(plane->traffic_log, request->policy);
        uint64_t order = peer_routes_request(plane->router, &plane->events, request);
        if (order != 0)
            plane->awaited_order = order;
        return;
    }
    kernel_plane_log(plane, failure);
    event_queue_push_done(&plane->events, request->request_id, failure);
}

void kernel_plane_policy_delete(struct kernel_plane *plane, const struct kernel_request *request)
{
    policy_slots_delete(&plane->policies, request->policy_id);
    traffic_log_delete(plane->traffic_log, request->policy_id);
    (void)peer_routes_request(plane->router, &plane->events, request);
}

/* ---- what the kernel tells ---- */

void kernel_plane_tell_expiry(struct kernel_plane *plane, uint64_t child_serial, bool is_hard)
{
    event_queue_push(&plane->events, &(struct kernel_event){
                                         .kind = KERNEL_EXPIRE,
                                         .child_serial = child_serial,
                                         .is_hard = is_hard,
                                     });
}

void kernel_plane_tell_mapping(struct kernel_plane *plane, uint64_t child_serial,
                               const struct ip_endpoint *remote, struct ip_endpoint *told_remote)
{
    if (endpoint_equal(told_remote, remote))
        return;
    *told_remote = *remote;
    event_queue_push(&plane->events, &(struct kernel_event){
                                         .kind = KERNEL_MAPPING,
                                         .child_serial = child_serial,
                                         .remote = *remote,
                                     });
}

/* ---- counters ---- */

struct kernel_ticket kernel_plane_query_ticket(const struct kernel_request *query,
                                               enum sa_direction direction, uint8_t purpose)
{
    return (struct kernel_ticket){.request_id = query->request_id,
                                  .child_serial = query->child_serial,
                                  .purpose = purpose,
                                  .direction = (uint8_t)direction,
                                  .may_be_missing = true};
}

struct sa_counters *kernel_plane_counters(struct kernel_plane *plane, const struct kernel_ticket *ticket)
{
    struct plane_counting *counting = &plane->counting;
    if (!counting->is_pending || counting->child_serial != ticket->child_serial)
        *counting = (struct plane_counting){.child_serial = ticket->child_serial, .is_pending = true};
    return &counting->counters[ticket->direction];
}

void kernel_plane_counters_came(struct kernel_plane *plane, const struct kernel_ticket *ticket, bool is_there)
{
    (void)kernel_plane_counters(plane, ticket);
    if (ticket->direction != SA_OUTBOUND)
        return;
    struct plane_counting *counting = &plane->counting;
    struct kernel_event event = {
        .kind = KERNEL_COUNTERS,
        .request_id = ticket->request_id,
        .child_serial = ticket->child_serial,
        .ok = is_there,
        .in = counting->counters[SA_INBOUND],
        .out = counting->counters[SA_OUTBOUND],
    };
    if (!is_there)
        snprintf(event.text, sizeof(event.text), "no such SA");
    counting->is_pending = false;
    event_queue_push(&plane->events, &event);
}
