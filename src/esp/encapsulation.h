/*
 * What happens to the traffic class between the inner and the outer header (RFC 4301 5.1.2, RFC 6040), and
 * the rebuilding of a packet that came in transport mode (RFC 4303 3.1.1, RFC 3948 3.1.2).
 */
#ifndef STYX_ESP_ENCAPSULATION_H
#define STYX_ESP_ENCAPSULATION_H

#include "esp/ip_packet.h"

enum { ECN_MASK = 3, ECN_NOT_ECT = 0, ECN_ECT1 = 1, ECN_ECT0 = 2, ECN_CE = 3 };

/* The outer traffic class: the inner ECN always (RFC 6040 4.1), the inner DSCP when wanted. */
uint8_t outer_traffic_class(uint8_t inner, bool copy_dscp);

/* Applies the outer class to a decapsulated packet. False: congestion was marked on a packet whose ends do
 * not understand it, and it must be dropped (RFC 6040 4.2). */
bool decapsulate_traffic_class(uint8_t *packet, uint8_t outer, bool copy_dscp);

/* The header for a transport-mode payload from source to destination, written at `out` (IPV4_HEADER_SIZE or
 * IPV6_HEADER_SIZE bytes, returned); 0 when the payload does not fit into a packet. */
size_t rebuild_transport_header(uint8_t *out, const struct ip_address *source,
                                const struct ip_address *destination, uint8_t protocol, uint8_t traffic_class,
                                size_t payload_size);

/* Recomputes the TCP or UDP checksum, which covered addresses before a NAT changed them. */
void repair_transport_checksum(uint8_t *packet, size_t size);

#endif
