/*
 * PF_KEY v2 messages (RFC 2367 2, and KAME's policy extensions): struct to bytes and back. Numbers are in
 * the host's byte order, lengths in units of eight bytes. Reading is strict and the only place that looks at
 * raw lengths.
 */
#ifndef STYX_KERNEL_PFKEY_MESSAGE_H
#define STYX_KERNEL_PFKEY_MESSAGE_H

#include "base/reader.h"
#include "base/writer.h"
#include "kernel/packet_selector.h"
#include "kernel/pfkey_platform.h"

enum { PFKEY_MESSAGE_MAX = 4096, PFKEY_EXTENSIONS = 64, PFKEY_REQUESTS_MAX = 4 };

/* ---- writing ---- */

struct pfkey_sa_fields {
    uint32_t spi; /* host order */
    uint8_t replay, auth, encrypt;
    uint32_t flags;
};

/* 0: no limit. */
struct pfkey_lifetime {
    uint32_t allocations; /* packets */
    uint64_t bytes, addtime, usetime;
};

/* One transform that packets of a policy go through (struct sadb_x_ipsecrequest). */
struct pfkey_transform {
    uint8_t protocol; /* IPPROTO_ESP, ... */
    uint8_t mode, level;
    uint16_t reqid;                        /* IPSEC_LEVEL_UNIQUE: of its SAs */
    struct ip_address source, destination; /* of the gateways; unset in transport mode */
};

struct pfkey_policy_fields {
    uint8_t type, direction;
    uint32_t priority;
    struct pfkey_transform transforms[PFKEY_REQUESTS_MAX]; /* the innermost first */
    size_t transform_count;
};

/* A message without its length, which pfkey_end() puts in. False: it does not fit. */
void pfkey_begin(struct writer *writer, uint8_t type, uint8_t satype);
bool pfkey_end(struct writer *writer, uint32_t sequence, uint32_t pid);

void pfkey_put_sa(struct writer *writer, const struct pfkey_sa_fields *sa);
void pfkey_put_mode(struct writer *writer, uint8_t mode, uint32_t reqid); /* SADB_X_EXT_SA2 */
void pfkey_put_lifetime(struct writer *writer, uint16_t type, const struct pfkey_lifetime *lifetime);
void pfkey_put_key(struct writer *writer, uint16_t type, struct bytes key);
void pfkey_put_address(struct writer *writer, uint16_t type, const struct ip_address *address);
/* Both ends of a policy's selector; ports are single ones or any. */
void pfkey_put_selector(struct writer *writer, const struct packet_selector *selector);
void pfkey_put_encapsulation(struct writer *writer, uint16_t source_port, uint16_t destination_port);
void pfkey_put_policy(struct writer *writer, const struct pfkey_policy_fields *policy);

/* ---- reading ---- */

struct pfkey_message {
    uint8_t type, satype, error;
    uint32_t sequence, pid;
    struct bytes extensions[PFKEY_EXTENSIONS]; /* by type, with their headers, borrowed; empty: absent */
};

/* False: it is not a whole message, or an extension is too short or there twice. */
bool pfkey_read(struct bytes datagram, struct pfkey_message *ret_message);

/* What an extension says; false: it is not there (or in a family that nobody here knows). */
bool pfkey_get_spi(const struct pfkey_message *message, uint32_t *ret_spi);
bool pfkey_get_address(const struct pfkey_message *message, uint16_t type, struct ip_endpoint *ret_endpoint);
bool pfkey_get_selector(const struct pfkey_message *message, struct packet_selector *ret_selector);
bool pfkey_get_lifetime(const struct pfkey_message *message, uint16_t type,
                        struct pfkey_lifetime *ret_lifetime);
/* Direction, index and priority of a policy. */
bool pfkey_get_policy(const struct pfkey_message *message, uint8_t *ret_direction, uint32_t *ret_index,
                      uint32_t *ret_priority);
/* The port of SADB_X_EXT_NAT_T_SPORT or DPORT, in host order. */
bool pfkey_get_natt_port(const struct pfkey_message *message, uint16_t type, uint16_t *ret_port);
/* Whether the list (SADB_EXT_SUPPORTED_AUTH or ENCRYPT) names the algorithm. */
bool pfkey_supports(const struct pfkey_message *message, uint16_t type, uint8_t algorithm);

#endif
