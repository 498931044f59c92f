/*
 * One ESP or AH SA of one direction (RFC 4301 4.4.2): keys, sequence numbers, selectors, counters and limits,
 * in one block of memory. Tables and locks are the caller's; a reference count lets a packet in work outlive
 * a deletion. A bundle (RFC 2401 4.3) is an ESP SA that owns the AH SA around it; both belong to one Child
 * SA.
 */
#ifndef STYX_ESP_ESP_SA_H
#define STYX_ESP_ESP_SA_H

#include "base/address.h"
#include "base/hash_table.h"
#include "esp/esp_cipher.h"
#include "esp/ip_packet.h"
#include "esp/replay.h"

enum { ESP_HEADER_SIZE = 8, ESP_TRAILER_SIZE = 2, UDP_HEADER_SIZE = 8, NON_IKE_MARKER_SIZE = 8 };

/* What an SA is made from; all pointers are borrowed during the call. */
struct esp_sa_spec {
    uint64_t child_serial;
    uint32_t spi;
    bool is_ah; /* then integ only */
    bool is_outbound;
    bool is_transport;
    bool udp_encapsulation, tcp_encapsulation;
    bool has_non_ike_marker; /* in UDP: eight zero bytes before it */
    bool esn;
    bool decap_dscp, encap_dscp, nopmtudisc;
    struct ip_endpoint local, remote;
    const struct algorithm *encr, *integ;
    uint16_t encr_key_bits;
    const uint8_t *encr_key, *integ_key;
    uint16_t compression_cpi;         /* 0: no IPComp */
    uint32_t outer_ah_spi;            /* with ESP: AH around it; 0: none */
    const struct algorithm *ah_integ; /* of outer_ah_spi */
    const uint8_t *ah_integ_key;
    uint32_t replay_window;
    const struct selector *local_selectors;
    size_t local_count;
    const struct selector *remote_selectors;
    size_t remote_count;
    uint64_t soft_bytes, hard_bytes, soft_packets, hard_packets;
};

/* Written by one worker, read by anyone with relaxed atomic loads. Bytes are those of the protected IP
 * packets. */
struct esp_counters {
    uint64_t bytes, packets;
    uint64_t last_use_usec;
    uint64_t replays, bad_icv, policy_violations, other_drops;
};

enum esp_limit { ESP_LIMIT_NONE, ESP_LIMIT_SOFT, ESP_LIMIT_HARD };

struct esp_sa {
    struct hash_node spi_node, child_node; /* for struct sad */
    uint64_t child_serial;
    uint32_t spi;
    unsigned references;
    struct esp_sa *outer_ah; /* owned; NULL: none */
    struct esp_sa *bundle;   /* of an outer AH SA: the one inside */
    bool is_ah, is_outbound, is_transport, udp_encapsulation, tcp_encapsulation, has_non_ike_marker, esn;
    bool decap_dscp, encap_dscp, nopmtudisc;
    bool is_soft_reached, is_hard_reached;
    uint8_t iv_size, icv_size, pad_to; /* pad_to: alignment of payload and trailer */
    uint8_t compression_failures;      /* outbound: packets in a row that did not become smaller */
    uint16_t compression_pause;        /* outbound: packets that are not tried */
    uint16_t compression_cpi;
    struct ip_endpoint local, remote;
    struct ip_endpoint reported_remote; /* inbound: the last endpoint told as a new mapping */
    struct esp_keys keys;
    struct esp_cipher cipher;
    uint64_t sequence; /* outbound: the last number used */
    struct replay_window replay;
    struct esp_counters counters;
    uint64_t soft_bytes, hard_bytes, soft_packets, hard_packets;
    uint64_t path_mtu_expiry_usec; /* outbound: when to ask for path_mtu again; 0: never asked */
    uint32_t path_mtu;
    uint16_t local_count, remote_count;
    uint16_t key_bytes;
    const struct selector *selectors; /* local ones, then remote ones */
    uint64_t tail[];                  /* replay bitmap, selectors, keys */
};

/* NULL: out of memory or a spec that cannot be (the error says what). One reference for the caller. */
struct esp_sa *esp_sa_new(const struct esp_sa_spec *spec, struct error *error);
struct esp_sa *esp_sa_ref(struct esp_sa *sa);
/* Wipes and frees with the last reference; NULL is fine. */
void esp_sa_unref(struct esp_sa *sa);

/* Counts a packet and tells, once each, that a limit was reached. A hard one stops the SA. */
enum esp_limit esp_sa_count(struct esp_sa *sa, size_t bytes, uint64_t now_usec);

/* Whether a packet of this size may still pass. */
bool esp_sa_is_usable(const struct esp_sa *sa);

/* ESP without compression and without AH around it: the common case. */
static inline bool esp_sa_is_plain(const struct esp_sa *sa)
{
    return !sa->is_ah && sa->outer_ah == NULL && sa->compression_cpi == 0;
}

/* draft-ietf-ipsec-udp-encaps-00: bytes before the frame that tell ESP from IKE on port 500. */
static inline size_t esp_marker_size(const struct esp_sa *sa)
{
    return sa->has_non_ike_marker ? NON_IKE_MARKER_SIZE : 0;
}

/* RFC 4301 5.2 step 4: the decrypted packet's source in a remote selector and its destination in a local one.
 */
bool esp_sa_allows_inbound(const struct esp_sa *sa, const struct ip_packet *packet);
bool esp_sa_allows_outbound(const struct esp_sa *sa, const struct ip_packet *packet);

/* ESP only. Bytes that leave as the payload of IP (or of UDP) for a payload of so many. */
size_t esp_sealed_size(const struct esp_sa *sa, size_t payload_size);
/* Where the payload stands in it. */
size_t esp_payload_offset(const struct esp_sa *sa);
/* The largest inner IP packet whose outer packet of that family, in UDP or not, fits into path_mtu bytes with
 * all of the bundle; compression, which may fail, is not counted on. (Both are told, not read from the SA,
 * since another thread may be moving it.) */
size_t esp_inner_mtu(const struct esp_sa *sa, size_t path_mtu, enum ip_family outer, bool udp_encapsulation);

#endif
