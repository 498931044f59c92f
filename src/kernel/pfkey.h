/*
 * protostack=pfkey: the kernel's IPsec by PF_KEY v2 (RFC 2367) with KAME's policy extensions, as FreeBSD,
 * NetBSD, macOS and Linux (af_key) have it. The parts and what they share; all of it runs on the engine's
 * thread and none of it waits.
 */
#ifndef STYX_KERNEL_PFKEY_H
#define STYX_KERNEL_PFKEY_H

#include "kernel/kernel_plane.h"
#include "kernel/pfkey_link.h"
#include "kernel/pfkey_reqid.h"

/*
 * What is ours is known by it, for those who come after a crash. An SA: a hard lifetime of that many seconds,
 * 44 years. A policy: the lower bits of its priority, which is the wanted one above them.
 */
enum {
    PFKEY_SIGNATURE_SECONDS = 0x53747978,
    PFKEY_SIGNATURE_BITS = 15,
    PFKEY_SIGNATURE = 0x5379,
    PFKEY_PRIORITY_MAX = UINT16_MAX, /* of those that a connection may give (priority=) */
};

/* What a request to the kernel was for (kernel_ticket.purpose). */
enum pfkey_purpose {
    PFKEY_PURPOSE_CHANGE,   /* to be done, and its failure to be told */
    PFKEY_PURPOSE_SAY_DONE, /* the same, and its success too */
    PFKEY_PURPOSE_COUNTERS,
    PFKEY_PURPOSE_CHECK,  /* whether the SA has reached a limit, or is gone */
    PFKEY_PURPOSE_MOVE,   /* the SA as it is, to be given its new ports */
    PFKEY_PURPOSE_NUMBER, /* an outbound policy: the answer has its number */
};

/* An SA that the kernel has from us; its keys only the kernel has. */
struct pfkey_sa {
    struct plane_sa common;
    uint16_t compression_cpi;
    uint32_t outer_ah_spi;
    struct pfkey_reqid *reqid; /* outbound: its own; inbound: the connection's */
    uint64_t bytes_seen;       /* when its counters were asked for last */
    usec_t last_use;           /* when they were found to have grown */
};

/* What the kernel waits for since it told of a packet: the next SA of that reqid, or with that peer. */
struct pfkey_acquire {
    struct hash_node node;
    uint32_t reqid;           /* the engine's */
    struct ip_address remote; /* of a policy without a peer, for which reqid says nothing */
    uint32_t sequence;
};

struct backend {
    struct kernel_plane plane;
    struct pfkey_link link;
    struct pfkey_reqids reqids;
    struct hash_table acquires; /* of the policies, by reqid or peer */
    struct plane_limits limits;
    uint64_t algorithms; /* of the table in pfkey_algorithm.c: a bit for each that this kernel has */
};

/* pfkey_algorithm.c */
/* The kernel's number for it; 0: it has none. */
uint8_t pfkey_algorithm_number(const struct algorithm *algorithm);
/* Notes which of them this kernel has; from its answer to SADB_REGISTER. */
void pfkey_algorithms_note(struct backend *backend, const struct pfkey_message *registered);
bool pfkey_has_algorithm(const void *backend, const struct algorithm *algorithm,
                         enum security_protocol protocol);

/* pfkey_sa.c */
void pfkey_sa_add(struct backend *backend, const struct kernel_request *request);
void pfkey_sa_delete(struct backend *backend, const struct kernel_request *request);
void pfkey_sa_delete_all(struct backend *backend);
struct pfkey_sa *pfkey_sa_of_child(const struct backend *backend, uint64_t child_serial,
                                   enum sa_direction direction);
/* By what an event names; NULL: not ours. Without a destination: the inbound one. */
struct pfkey_sa *pfkey_sa_by_spi(const struct backend *backend, uint32_t spi, uint8_t satype,
                                 const struct ip_address *destination);
uint8_t pfkey_satype_of(uint8_t protocol);
/* Both addresses of an SA, as a message names it. */
void pfkey_sa_put_addresses(struct writer *writer, const struct pfkey_sa *sa);
/* The ports of its encapsulation. */
void pfkey_sa_put_ports(struct writer *writer, const struct pfkey_sa *sa);

/* pfkey_sa_change.c */
void pfkey_sa_move(struct backend *backend, const struct kernel_request *request);
/* The kernel's answer to the first half of a move: the same SA with other ports. */
void pfkey_sa_give_ports(struct backend *backend, const struct kernel_ticket *ticket,
                         const struct pfkey_message *answer);
void pfkey_sa_query(struct backend *backend, const struct kernel_request *request);
void pfkey_sa_counters_came(struct backend *backend, const struct kernel_ticket *ticket,
                            const struct pfkey_message *answer);

/* Asks the kernel for the SA. */
void pfkey_sa_ask(struct backend *backend, const struct pfkey_sa *sa, const struct kernel_ticket *ticket);

/* pfkey_resync.c */
void pfkey_resync_some(struct backend *backend);
void pfkey_resync_answer(struct backend *backend, const struct kernel_ticket *ticket,
                         const struct pfkey_message *answer);

/* pfkey_policy.c */
bool pfkey_policy_init(struct backend *backend);
void pfkey_policy_set(struct backend *backend, const struct kernel_request *request);
/* The kernel has told the number of an outbound policy. */
void pfkey_policy_numbered(struct backend *backend, const struct pfkey_message *answer);
void pfkey_policy_send_delete(struct backend *backend, const struct packet_selector *selector,
                              uint8_t direction);
/* A packet to that address met the trap, says the ACQUIRE with that number. */
void pfkey_policy_acquired(struct backend *backend, struct claimed_policy *policy,
                           const struct ip_address *destination, uint32_t sequence);
/* The number of the ACQUIRE that this SA answers, which is then forgotten; 0: none. */
uint32_t pfkey_policy_take_acquire(struct backend *backend, const struct kernel_sa *sa);

/* pfkey_event.c: what the kernel tells unasked. */
void pfkey_event(void *context, const struct pfkey_message *message);

/* pfkey_start.c */
/* Asks for ESP and AH; the reason if the kernel has no ESP. */
bool pfkey_register(struct backend *backend, struct error *error);
/* Takes away what a daemon that crashed has left. */
void pfkey_remove_leftovers(struct backend *backend);

#endif
