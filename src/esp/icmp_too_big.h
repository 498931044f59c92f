/* The answer to a packet that does not fit the tunnel: ICMP fragmentation needed (RFC 792, 1191) or ICMPv6
 * packet too big (RFC 4443 3.2), as a whole packet towards its sender (RFC 4301 8.2). */
#ifndef STYX_ESP_ICMP_TOO_BIG_H
#define STYX_ESP_ICMP_TOO_BIG_H

#include "base/bytes.h"

enum { ICMP_TOO_BIG_MAX = 1280 };

/* Returns the bytes written to `out`; 0: this packet must not be answered (an ICMP error, a later fragment, a
 * source that is no host). */
size_t icmp_too_big_write(uint8_t out[static ICMP_TOO_BIG_MAX], struct bytes packet, uint32_t mtu);

#endif
