/*
 * PF_KEY v2 (RFC 2367) as this platform has it, with the extensions of KAME: its headers, and what it does
 * otherwise than the others. All that differs between Linux, FreeBSD, NetBSD and macOS stands here.
 */
#ifndef STYX_KERNEL_PFKEY_PLATFORM_H
#define STYX_KERNEL_PFKEY_PLATFORM_H

#include <netinet/in.h>
#include <stdint.h>
#include <sys/socket.h>

#ifdef __linux__
#include <linux/ipsec.h>
#include <linux/pfkeyv2.h>
#include <linux/udp.h>
#else
#include <net/pfkeyv2.h>
#include <netinet/udp.h>
#ifdef __APPLE__
#include <netinet6/ipsec.h>
#else
#include <netipsec/ipsec.h>
#endif
#endif

/* Reqids that a policy may name; greater ones are the kernel's own. */
enum { PFKEY_REQIDS = IPSEC_MANUAL_REQID_MAX };

#ifdef __linux__
enum {
    PFKEY_REPLAY_MAX = 32, /* packets */
    PFKEY_REPLAY_UNIT = 1, /* sadb_sa_replay counts packets */
    PFKEY_NULL_HAS_KEY = 1,
    PFKEY_SAFLAG_DECAP_DSCP = SADB_SAFLAGS_DECAP_DSCP,
    PFKEY_SAFLAG_NOPMTUDISC = SADB_SAFLAGS_NOPMTUDISC,
    PFKEY_SA_NAMES_FAMILY = 1, /* of the packets inside, by a proxy address where it is not the outer one */
    PFKEY_SHA2_256_BITS = 96,  /* of its ICV: the draft's, not RFC 4868's 128 */
    PFKEY_AH_ICV_MAX = 12,     /* bytes; of longer ones it pads AH in IPv4 as if it were in IPv6 */
};
/* Packets that are passed on have policies of their own. The inbound ones come first, so that no packet
 * leaves whose answer would be refused. */
#define PFKEY_DIRECTIONS IPSEC_DIR_INBOUND, IPSEC_DIR_FWD, IPSEC_DIR_OUTBOUND
#define PFKEY_ENCAPSULATION UDP_ENCAP
#else
#define PFKEY_DIRECTIONS IPSEC_DIR_INBOUND, IPSEC_DIR_OUTBOUND
enum {
    PFKEY_REPLAY_MAX = 255 * 8,
    PFKEY_REPLAY_UNIT = 8, /* sadb_sa_replay counts bytes of a bitmap */
    PFKEY_NULL_HAS_KEY = 0,
    PFKEY_SAFLAG_DECAP_DSCP = 0,
    PFKEY_SAFLAG_NOPMTUDISC = 0,
    PFKEY_SA_NAMES_FAMILY = 0,
    PFKEY_SHA2_256_BITS = 128,
    PFKEY_AH_ICV_MAX = 32,
};
#ifdef UDP_ENCAP
#define PFKEY_ENCAPSULATION UDP_ENCAP
#endif
#endif

#ifdef UDP_ENCAP_ESPINUDP
enum { PFKEY_ESP_IN_UDP = UDP_ENCAP_ESPINUDP };
#else
enum { PFKEY_ESP_IN_UDP = 2 };
#endif

/* A socket address in a message: BSD's say their length. */
static inline struct sockaddr_in pfkey_ipv4(const uint8_t address[static 4], uint16_t port)
{
    struct sockaddr_in out = {.sin_family = AF_INET, .sin_port = htons(port)};
#ifndef __linux__
    out.sin_len = sizeof(out);
#endif
    __builtin_memcpy(&out.sin_addr, address, 4);
    return out;
}

static inline struct sockaddr_in6 pfkey_ipv6(const uint8_t address[static 16], uint16_t port)
{
    struct sockaddr_in6 out = {.sin6_family = AF_INET6, .sin6_port = htons(port)};
#ifndef __linux__
    out.sin6_len = sizeof(out);
#endif
    __builtin_memcpy(&out.sin6_addr, address, 16);
    return out;
}

#endif
