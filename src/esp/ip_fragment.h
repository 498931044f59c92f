/* Our own outer packets cut into fragments (RFC 791 3.2, RFC 8200 4.5), where the host does not do it because
 * the header is ours: AH covers it, and fragmenting comes after AH (RFC 4302 3.3.4). */
#ifndef STYX_ESP_IP_FRAGMENT_H
#define STYX_ESP_IP_FRAGMENT_H

#include "base/bytes.h"

/* Writes the fragment whose payload begins at *offset, at most mtu bytes, and moves *offset behind it. The
 * packet has a header without options. Returns its bytes; 0: there is none (any more), or no mtu to go by.
 * identification: IPv6 only, an IPv4 packet has its own. */
size_t ip_fragment_write(uint8_t *out, struct bytes packet, size_t mtu, uint32_t identification,
                         size_t *offset);

#endif
