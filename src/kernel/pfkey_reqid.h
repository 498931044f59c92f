/*
 * The numbers that tie policies to SAs. PF_KEY's policies cannot name an SPI, and the numbers that they can
 * name are few (IPSEC_MANUAL_REQID_MAX); but the kernel compares addresses too, so that a number needs to be
 * unique only between two gateways, in one direction.
 */
#ifndef STYX_KERNEL_PFKEY_REQID_H
#define STYX_KERNEL_PFKEY_REQID_H

#include "base/address.h"
#include "base/hash_table.h"
#include "base/list.h"

/* What tells one user of numbers from another; comparable by memcmp. */
struct pfkey_reqid_key {
    struct ip_address source, destination;
    uint16_t number;
    uint32_t wanted; /* the engine's reqid that it stands for; 0: it stands for one SA alone */
};

struct pfkey_reqid {
    struct hash_node by_number, by_wanted;
    struct pfkey_reqid_key key;
    unsigned users;
};

struct pfkey_reqids {
    struct hash_table by_number, by_wanted;
    uint8_t hash_key[16];
    uint32_t last;
};

bool pfkey_reqids_init(struct pfkey_reqids *reqids);
void pfkey_reqids_free(struct pfkey_reqids *reqids);

/* The number that stands for the engine's reqid from source to destination, one user more: that very reqid if
 * a policy can name it. NULL: all are taken, or out of memory. */
struct pfkey_reqid *pfkey_reqid_shared(struct pfkey_reqids *reqids, const struct ip_address *source,
                                       const struct ip_address *destination, uint32_t wanted);
/* A number of its own. */
struct pfkey_reqid *pfkey_reqid_new(struct pfkey_reqids *reqids, const struct ip_address *source,
                                    const struct ip_address *destination);
/* One user more. */
struct pfkey_reqid *pfkey_reqid_share(struct pfkey_reqid *reqid);
/* One user less; NULL is fine. */
void pfkey_reqid_release(struct pfkey_reqids *reqids, struct pfkey_reqid *reqid);

#endif
