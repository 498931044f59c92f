/*
 * What the data plane must know of an IP packet before it trusts it: addresses, protocol, ports, lengths
 * (RFC 791, 8200), and whether it falls under a selector (RFC 4301 4.4.1.1).
 */
#ifndef STYX_ESP_IP_PACKET_H
#define STYX_ESP_IP_PACKET_H

#include "base/address.h"

enum {
    IPV4_HEADER_SIZE = 20,
    IPV6_HEADER_SIZE = 40,
    IPPROTO_NUMBER_ICMP = 1,
    IPPROTO_NUMBER_IPV4 = 4,
    IPPROTO_NUMBER_TCP = 6,
    IPPROTO_NUMBER_UDP = 17,
    IPPROTO_NUMBER_IPV6 = 41,
    IPPROTO_NUMBER_ESP = 50,
    IPPROTO_NUMBER_AH = 51,
    IPPROTO_NUMBER_ICMPV6 = 58,
    IPPROTO_NUMBER_NONE = 59,
    IPPROTO_NUMBER_IPCOMP = 108,
};

struct ip_packet {
    struct ip_address source, destination;
    uint8_t protocol;                       /* of the upper layer, behind IPv6 extension headers */
    bool has_ports;                         /* false: a later fragment, or a protocol without ports */
    uint16_t source_port, destination_port; /* ICMP: type * 256 + code in both */
    bool is_fragment;                       /* the first or a later one */
    bool dont_fragment;                     /* IPv4 DF; always with IPv6 */
    uint8_t traffic_class;                  /* DSCP and ECN */
    size_t network_size;                    /* bytes before the upper layer */
    size_t total_size;                      /* by the header; what follows in the buffer is TFC padding */
};

/* Every length is checked against the bytes that are there. False: not an IP packet that we can judge, and
 * *ret_packet says nothing. */
bool ip_packet_parse(struct bytes bytes, struct ip_packet *ret_packet);

/* Whether source (of this pair) falls under `source`, destination under `destination`. */
bool ip_packet_matches(const struct ip_packet *packet, const struct selector *source,
                       const struct selector *destination);

#endif
