/* What the back ends on the kernel's own IPsec have in common: see kernel_plane.h. */
#include "kernel/kernel_plane.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "kernel/address_translation.h"
#include "kernel/larval_drop.h"
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
    address_translation_commit(plane->translation);
}

static void open_traffic_log(struct kernel_plane *plane)
{
    struct traffic_log_settings settings = {.name = "styx-log",
                                            .group_of_all = plane->settings.nflog_all,
                                            .log = plane->settings.log,
                                            .context = plane->settings.context};
    plane->traffic_log = traffic_log_open(&settings, &plane->orders);
}

static void open_translation(struct kernel_plane *plane)
{
    struct address_translation_settings settings = {.name = "styx-nat", .events = &plane->events};
    plane->translation = address_translation_open(&settings, &plane->orders);
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
    open_translation(plane);
    if (order_queue_start(&plane->orders, &plane->events, end_of_orders, plane, error))
        return true;
    traffic_log_close(plane->traffic_log);
    address_translation_close(plane->translation);
    plane->traffic_log = NULL;
    plane->translation = NULL;
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
    address_translation_close(plane->translation);
    router_close(plane->router, leave_state);
    policy_slots_free(&plane->policies);
    plane_sas_free(plane);
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

/* ---- what the kernel tells ---- */

void kernel_plane_tell_expiry(struct kernel_plane *plane, uint64_t child_serial, bool is_hard)
{
    event_queue_push(&plane->events, &(struct kernel_event){
                                         .kind = KERNEL_EXPIRE,
                                         .child_serial = child_serial,
                                         .is_hard = is_hard,
                                     });
}

void kernel_plane_tell_loss(struct kernel_plane *plane, uint64_t child_serial)
{
    event_queue_push(&plane->events,
                     &(struct kernel_event){.kind = KERNEL_LOST, .child_serial = child_serial});
}

void kernel_plane_tell_mapping(struct kernel_plane *plane, struct plane_sa *sa,
                               const struct ip_endpoint *remote)
{
    if (endpoint_equal(&sa->told_remote, remote))
        return;
    sa->told_remote = *remote;
    event_queue_push(&plane->events, &(struct kernel_event){
                                         .kind = KERNEL_MAPPING,
                                         .child_serial = sa->child_serial,
                                         .remote = *remote,
                                     });
}
