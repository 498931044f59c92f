/*
 * protostack=xfrm: the Linux kernel's IPsec (linux/xfrm.h), by netlink. The parts and what they share; all of
 * it runs on the engine's thread and none of it waits.
 */
#ifndef STYX_KERNEL_XFRM_H
#define STYX_KERNEL_XFRM_H

#include "kernel/kernel_plane.h"
#include "kernel/xfrm_link.h"
#include "kernel/xfrm_state.h"

/* What is ours is known by it, for those who come after a crash: the upper byte of an SA's sequence number
 * and of a policy's index. */
enum { XFRM_SIGNATURE = 0x53, XFRM_SIGNATURE_SHIFT = 24 };

/* What a request to the kernel was for (kernel_ticket.purpose). */
enum xfrm_purpose {
    XFRM_PURPOSE_CHANGE,   /* to be done, and its failure to be told */
    XFRM_PURPOSE_SAY_DONE, /* the same, and its success too */
    XFRM_PURPOSE_COUNTERS,
    XFRM_PURPOSE_REFUSALS,    /* of the AH around ESP */
    XFRM_PURPOSE_CHECK,       /* whether the SA has reached a limit, or is gone */
    XFRM_PURPOSE_OFFLOAD_ADD, /* xfrm_offload.c: a refusal is told in its own words */
    XFRM_PURPOSE_OFFLOAD,     /* which card has the SA */
    XFRM_PURPOSE_MIGRATE,     /* the kernel moves the SA by itself */
    XFRM_PURPOSE_MOVE,        /* the SA as it was when it was deleted, to be made anew at its new addresses */
    XFRM_PURPOSE_MOVE_ADD,    /* the new one, unless packets have asked for it already */
    XFRM_PURPOSE_MOVE_END,    /* the new one in place of what they have left */
};

/* An SA that the kernel has from us; its keys only the kernel has. */
struct xfrm_sa {
    struct plane_sa common;
    struct xfrm_layers layers;
    bool tcp_encapsulation;
    uint32_t reqid;
    uint64_t policy_id;           /* outbound: whose policy leads here */
    enum nic_offload nic_offload; /* as wanted */
    unsigned card;                /* the interface that does it; 0: none */
};

struct backend {
    struct kernel_plane plane;
    struct xfrm_link link;
    unsigned former_acquire_lifetime; /* of the kernel; 0: it has its own */
    bool cannot_migrate;              /* the kernel does not know how to (xfrm_migrate.h) */
    bool has_migrated;                /* the SA that it was asked for last */
    bool has_lost_policies;           /* somebody has flushed them (xfrm_event.c) */
    uint32_t last_sequence, last_index;
};

/* xfrm_sa.c */
void xfrm_sa_add(struct backend *backend, const struct kernel_request *request);
void xfrm_sa_delete(struct backend *backend, const struct kernel_request *request);
struct xfrm_sa *xfrm_sa_of_child(const struct backend *backend, uint64_t child_serial,
                                 enum sa_direction direction);
/* By what an event names; NULL: not ours. */
struct xfrm_sa *xfrm_sa_by_spi(const struct backend *backend, const struct ip_address *destination,
                               uint32_t spi_network_order, uint8_t protocol);
void xfrm_sa_query(struct backend *backend, const struct kernel_request *request);
void xfrm_sa_counters_came(struct backend *backend, const struct kernel_ticket *ticket,
                           const struct nlmsghdr *reply);
void xfrm_sa_refusals_came(struct backend *backend, const struct kernel_ticket *ticket,
                           const struct nlmsghdr *reply);
void xfrm_sa_delete_all(struct backend *backend);

/* Asks for the SA's state; nothing waits. */
void xfrm_sa_ask(struct backend *backend, const struct xfrm_sa *sa, const struct kernel_ticket *ticket);

/* What a request about the SA is for. */
struct kernel_ticket xfrm_sa_ticket(const struct kernel_request *request, enum xfrm_purpose purpose);
void xfrm_sa_send_delete(struct backend *backend, const struct xfrm_sa *sa, size_t layer,
                         const struct kernel_ticket *ticket);

/* xfrm_sa_move.c */
void xfrm_sa_move(struct backend *backend, const struct kernel_request *request);
/* The kernel's answer to the first half of a move: adds the deleted state with its new addresses. `reply`:
 * what the kernel tells of its end. */
void xfrm_sa_make_anew(struct backend *backend, const struct kernel_ticket *ticket,
                       const struct nlmsghdr *reply);
void xfrm_sa_move_refused(struct backend *backend, const struct kernel_ticket *ticket, int failure,
                          const char *words);

/* xfrm_resync.c */
void xfrm_resync_some(struct backend *backend);
void xfrm_resync_answer(struct backend *backend, const struct kernel_ticket *ticket,
                        const struct nlmsghdr *reply);

/* xfrm_policy.c */
bool xfrm_policy_init(struct backend *backend);
void xfrm_policy_set(struct backend *backend, const struct kernel_request *request);
/* The outbound SA of a policy has moved, and the template with it. */
void xfrm_policy_follow(struct backend *backend, const struct xfrm_sa *sa);

/* xfrm_event.c: what the kernel tells unasked. */
void xfrm_event(void *context, const struct nlmsghdr *message);
/* After events were read: once, however often they were flushed. */
void xfrm_restore_policies(struct backend *backend);

/* xfrm_start.c */
/* Whether this kernel can do ESP at all; the reason if not. */
bool xfrm_probe(struct xfrm_link *link, struct error *error);
/* Takes away what a daemon that crashed has left. */
void xfrm_remove_leftovers(struct backend *backend);

#endif
