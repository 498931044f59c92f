/*
 * What the back ends on the kernel's own IPsec (xfrm, pfkey) have in common, beside the way they speak to the
 * kernel: events, routes of the peers, tables of what the kernel has from us, counters that come in two
 * halves.
 */
#ifndef STYX_KERNEL_KERNEL_PLANE_H
#define STYX_KERNEL_KERNEL_PLANE_H

#include "kernel/backend.h"
#include "kernel/event_queue.h"
#include "kernel/kernel_ticket.h"
#include "kernel/order_queue.h"
#include "kernel/policy_slots.h"
#include "kernel/router.h"

/* Counters of a Child SA on their way: one direction has come. */
struct plane_counting {
    uint64_t child_serial;
    bool is_pending;
    struct sa_counters counters[2];
};

struct kernel_plane;

/* How a back end tells the kernel of policies. Directions are the kernel's numbers, below 8. */
struct plane_policies {
    const uint8_t *directions; /* in which order they are installed */
    size_t direction_count;
    uint8_t inbound, outbound; /* of these; others are for what is passed on */
    void (*send)(struct kernel_plane *plane, const struct policy_slot *slot, struct claimed_policy *policy,
                 uint8_t direction);
    void (*send_delete)(struct kernel_plane *plane, const struct policy_slot *slot, uint8_t direction);
    /* Such packets pass in clear from now on, in either direction, or no more. */
    void (*put_bypass)(struct kernel_plane *plane, const struct packet_selector *selector, bool is_there);
};

struct kernel_plane {
    struct backend_settings settings;
    struct event_queue events;
    struct order_queue orders; /* the router's */
    struct router *router;     /* NULL: it is not open, nor is `orders` */
    struct traffic_log *traffic_log;
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
/* All but the SAs themselves, which the back end has freed. */
void kernel_plane_free(struct kernel_plane *plane, bool leave_state);

/* ---- what the daemon asks ---- */

uint64_t kernel_plane_flush(struct kernel_plane *plane);
uint64_t kernel_plane_settled(const struct kernel_plane *plane);
void kernel_plane_log(const struct kernel_plane *plane, const char *line);
/* The kernel has refused a request: the log has it, and who waits is told. */
void kernel_plane_refused(struct kernel_plane *plane, const struct kernel_ticket *ticket, int failure,
                          const char *words);

/* ---- policies ---- */

/* IPPROTO_ESP, IPPROTO_AH of PROTOCOL_ESP, PROTOCOL_AH. */
uint8_t kernel_plane_ip_protocol(uint8_t protocol);
/* What a connection's policy says by itself; its SA may have more to say. */
struct claimed_policy kernel_plane_claim(const struct kernel_policy *wanted);
/* Makes the kernel have what the slot's best claim wants; NULL: nothing. The inbound side comes first, so
 * that no packet leaves whose answer would be refused. */
void kernel_plane_install(struct kernel_plane *plane, struct policy_slot *slot, struct claimed_policy *best);
/* At the end. */
void kernel_plane_delete_policies(struct kernel_plane *plane);
/* The policy was taken (NULL) or refused: its routes follow, or the reason goes to the log and who waits. */
void kernel_plane_policy_set(struct kernel_plane *plane, const struct kernel_request *request,
                             const char *failure);
void kernel_plane_policy_delete(struct kernel_plane *plane, const struct kernel_request *request);

/* ---- what the kernel tells ---- */

void kernel_plane_tell_expiry(struct kernel_plane *plane, uint64_t child_serial, bool is_hard);
/* Packets come from another endpoint. The kernel tells with every packet until the SA is changed, the engine
 * is told once: told_remote is where that is kept. */
void kernel_plane_tell_mapping(struct kernel_plane *plane, uint64_t child_serial,
                               const struct ip_endpoint *remote, struct ip_endpoint *told_remote);

/* ---- counters ---- */

/* For one direction of a KERNEL_SA_QUERY. */
struct kernel_ticket kernel_plane_query_ticket(const struct kernel_request *query,
                                               enum sa_direction direction, uint8_t purpose);
/* Where the ticket's counters are gathered. */
struct sa_counters *kernel_plane_counters(struct kernel_plane *plane, const struct kernel_ticket *ticket);
/* The answer about one direction has come; that about the outbound one, asked for last, completes them. */
void kernel_plane_counters_came(struct kernel_plane *plane, const struct kernel_ticket *ticket,
                                bool is_there);

#endif
