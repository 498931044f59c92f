/*
 * What the back ends on the kernel's own IPsec (xfrm, pfkey) have in common, beside the way they speak to the
 * kernel: events, routes of the peers. Their SAs: plane_sa.h; policies: plane_policy.h; counters:
 * plane_counters.h.
 */
#ifndef STYX_KERNEL_KERNEL_PLANE_H
#define STYX_KERNEL_KERNEL_PLANE_H

#include "kernel/backend.h"
#include "kernel/event_queue.h"
#include "kernel/kernel_ticket.h"
#include "kernel/order_queue.h"
#include "kernel/plane_counters.h"
#include "kernel/plane_policy.h"
#include "kernel/plane_sa.h"
#include "kernel/router.h"

struct kernel_plane {
    struct backend_settings settings;
    struct event_queue events;
    struct order_queue orders; /* of the router and the log */
    struct router *router;     /* NULL: it is not open, nor is `orders` */
    struct traffic_log *traffic_log;
    struct address_translation *translation;
    uint64_t awaited_order; /* since the last flush; 0: none */
    int poll_fd;            /* readable when any of the back end's descriptors has something */
    struct hash_table sas_by_child, sas_by_spi;
    struct list_node sas;   /* the same, all of them */
    size_t unchecked_count; /* resync.c: at the list's beginning */
    struct policy_slots policies;
    size_t ipv6_slot_count; /* neighbour_bypass.c: those that are in the kernel */
    const struct plane_policies *kernel_policies;
    bool holds_packets; /* we have made the kernel hold packets that wait for an SA */
    struct plane_counting counting;
};

/* ---- birth and death ---- */

/* The first thing; what follows fails to kernel_plane_free(). */
bool kernel_plane_init(struct kernel_plane *plane, const struct backend_settings *settings,
                       struct error *error);
bool kernel_plane_watch(const struct kernel_plane *plane, int fd, struct error *error);
/* The tables of SAs, and the router on a thread of its own. */
bool kernel_plane_start(struct kernel_plane *plane, struct error *error);
/* Packets wait for their SA from now on, until the end. */
void kernel_plane_hold_packets(struct kernel_plane *plane);
void kernel_plane_stop_holding(struct kernel_plane *plane);
/* What is left of SAs too; the kernel keeps its own unless the back end has deleted them. */
void kernel_plane_free(struct kernel_plane *plane, bool leave_state);

/* ---- what the daemon asks ---- */

uint64_t kernel_plane_flush(struct kernel_plane *plane);
uint64_t kernel_plane_settled(const struct kernel_plane *plane);
void kernel_plane_log(const struct kernel_plane *plane, const char *line);
/* The kernel has refused a request: the log has it, and who waits is told. */
void kernel_plane_refused(struct kernel_plane *plane, const struct kernel_ticket *ticket, int failure,
                          const char *words);

/* ---- what the kernel tells ---- */

void kernel_plane_tell_expiry(struct kernel_plane *plane, uint64_t child_serial, bool is_hard);
void kernel_plane_tell_loss(struct kernel_plane *plane, uint64_t child_serial);
/* Packets come from another endpoint. The kernel tells with every packet until the SA is changed, the engine
 * is told once. */
void kernel_plane_tell_mapping(struct kernel_plane *plane, struct plane_sa *sa,
                               const struct ip_endpoint *remote);

#endif
