/*
 * What the engine asks of a data plane and what the data plane tells it. Values and ids only: a request may
 * be carried to another process. Requests are answered later by kernel events, in any order, or never.
 */
#ifndef STYX_ENGINE_KERNEL_REQUEST_H
#define STYX_ENGINE_KERNEL_REQUEST_H

#include "base/address.h"
#include "base/timer_wheel.h"
#include "crypto/packet_cipher.h"
#include "engine/kernel_extras.h"
#include "proposal/proposal.h"
#include "wire/configuration.h"

enum sa_mode { MODE_TUNNEL, MODE_TRANSPORT };
enum sa_direction { SA_INBOUND, SA_OUTBOUND };

/* One IPsec SA of one direction. The Child SA's serial is the key that both sides of the door use. */
struct kernel_sa {
    uint64_t child_serial; /* the Child SA it belongs to; unique in the engine's life */
    enum sa_direction direction;
    uint8_t protocol; /* PROTOCOL_ESP, PROTOCOL_AH */
    enum sa_mode mode;
    uint32_t spi;             /* host order; inbound: chosen by us */
    struct ip_endpoint local; /* ports matter only with encapsulation */
    struct ip_endpoint remote;
    bool udp_encapsulation;
    bool has_non_ike_marker; /* in UDP: eight zero bytes before ESP, which shares a port with bare IKE */
    bool
        tcp_encapsulation; /* in the TCP connection between the two (RFC 9329), for which there is a socket */
    bool esn;
    bool decap_dscp, encap_dscp, nopmtudisc;
    const struct algorithm *encr; /* NULL: AH */
    uint16_t encr_key_bits;
    const struct algorithm *integ;    /* NULL with an AEAD */
    uint8_t encr_key[CIPHER_KEY_MAX]; /* key || salt */
    uint8_t integ_key[INTEG_KEY_MAX];
    /* A bundle (RFC 2401 4.3): packets are compressed, then ESP, then AH around it. The innermost of them has
     * `mode`, those around it are in transport mode. */
    uint16_t compression_cpi; /* IPComp with deflate (RFC 3173, 2394); inbound: chosen by us; 0: none */
    uint32_t outer_ah_spi;    /* with PROTOCOL_ESP: AH around it; 0: none */
    const struct algorithm *ah_integ; /* of outer_ah_spi */
    uint8_t ah_integ_key[INTEG_KEY_MAX];
    enum nic_offload nic_offload;
    uint32_t tfc_pad;       /* outbound: bytes up to which packets are padded (RFC 4303 2.7); 0: none */
    uint32_t replay_window; /* packets; 0 none; at most 4096 */
    uint32_t reqid;
    bool has_cpu; /* outbound: only packets of this CPU leave on it, rather than on that of all CPUs */
    uint32_t cpu;
    uint32_t interface_id; /* of the tunnel interface; 0: none */
    bool serves_interface; /* what it sends must not be routed into that interface (or VTI) again */
    /* Policy check after decryption, and the outbound choice: any pair of local[i], remote[j]. Borrowed. */
    const struct selector *local_selectors;
    size_t local_count;
    const struct selector *remote_selectors;
    size_t remote_count;
    /* Limits on this SA; UINT64_MAX none. Reached: KERNEL_EXPIRE, hard ones also stop the SA. */
    uint64_t soft_bytes, hard_bytes, soft_packets, hard_packets;
};

enum policy_action {
    POLICY_PROTECT, /* to the outbound SA of child_serial */
    /* Tell the engine of the first packet (KERNEL_ACQUIRE), hold it. Set again it lets go what it held. */
    POLICY_TRAP,
    POLICY_PASS,
    POLICY_DROP,
};

/* Of two policies with the same priority for a packet the smaller rank wins: an SA before a shunt before a
 * trap. */
static inline unsigned policy_rank(enum policy_action action)
{
    return action == POLICY_PROTECT ? 0 : action == POLICY_TRAP ? 2 : 1;
}

/* Outbound policy of one connection; setting it again with the same id replaces it in one step. */
struct kernel_policy {
    uint64_t policy_id; /* the connection's serial, or a shunt's */
    enum policy_action action;
    uint64_t child_serial;
    uint32_t priority; /* the smaller wins; 0: computed from the selectors' widths */
    uint32_t reqid;    /* of the SAs to come; protocol and mode theirs too: POLICY_TRAP */
    uint8_t protocol;  /* PROTOCOL_ESP, PROTOCOL_AH */
    enum sa_mode mode;
    struct ip_address local_host, remote_host; /* the gateways; for routes */
    struct ip_address sourceip[CONFIGURATION_FAMILIES];
    struct ip_address nexthop; /* leftnexthop=: the neighbour that routes go by; unset: as to the peer */
    uint32_t mtu, metric;      /* 0 unset */
    struct packet_mark mark_in, mark_out;
    struct tunnel_interface interface;
    uint16_t nflog_group; /* nflog-group=: what becomes of its packets' copies; 0: nothing */
    bool wants_route;     /* the back end itself installs routes to the remote selectors */
    /* POLICY_PROTECT: packets of a CPU that has an outbound SA of this reqid leave on that. Of those of
     * another CPU KERNEL_ACQUIRE tells if that is asked for; while it is, later ones may have to wait. */
    bool is_per_cpu, asks_for_cpus;
    const struct selector *local_selectors;
    size_t local_count;
    const struct selector *remote_selectors;
    size_t remote_count;
    /* POLICY_PROTECT with leftcat=: packets of these to the remote ones get the address that the local ones
     * are, one of each family, as their source before they are protected; what comes to it from elsewhere
     * goes to local_host. */
    const struct selector *translated_selectors;
    size_t translated_count; /* 0: nothing is translated */
};

enum kernel_operation {
    KERNEL_SA_ADD,
    KERNEL_SA_DELETE, /* by child_serial, direction and spi */
    KERNEL_SA_MOVE,   /* new local/remote endpoints (NAT mapping, MOBIKE) */
    KERNEL_SA_QUERY,  /* counters of both directions of child_serial */
    KERNEL_POLICY_SET,
    KERNEL_POLICY_DELETE,
};

struct kernel_request {
    uint64_t request_id; /* echoed in KERNEL_DONE; 0: no answer wanted */
    enum kernel_operation operation;
    union {
        const struct kernel_sa *sa;         /* borrowed during the call */
        const struct kernel_policy *policy; /* borrowed during the call */
        uint64_t child_serial;              /* KERNEL_SA_QUERY */
        uint64_t policy_id;                 /* KERNEL_POLICY_DELETE */
    };
};

enum kernel_event_kind {
    KERNEL_DONE,         /* of request_id: ok, or failed with text */
    KERNEL_EXPIRE,       /* soft or hard limit of an SA */
    KERNEL_LOST,         /* an SA is not there any more, before any limit */
    KERNEL_COUNTERS,     /* answer to KERNEL_SA_QUERY */
    KERNEL_ACQUIRE,      /* a packet met a trap policy */
    KERNEL_MAPPING,      /* authenticated packets now come from another endpoint */
    KERNEL_POLICY_LACKS, /* policy_id is in force, but without its route: text says why */
};

struct sa_counters {
    uint64_t bytes, packets;
    usec_t last_use; /* env->now() clock; 0 never */
    uint64_t replays, bad_icv, policy_violations, other_drops;
};

struct kernel_event {
    enum kernel_event_kind kind;
    uint64_t request_id;
    uint64_t child_serial;
    uint64_t policy_id;
    bool ok;
    bool is_hard;
    struct sa_counters in, out;
    struct selector packet_local, packet_remote; /* KERNEL_ACQUIRE */
    bool has_cpu;                                /* KERNEL_ACQUIRE: it met a tunnel, but no SA of its CPU */
    uint32_t cpu;
    struct ip_endpoint remote; /* KERNEL_MAPPING */
    char text[160];
};

#endif
