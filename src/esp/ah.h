/*
 * AH packets (RFC 4302): the header with its ICV over all of the packet that does not change on the way, that
 * is the IP headers before it, itself, and all behind it.
 */
#ifndef STYX_ESP_AH_H
#define STYX_ESP_AH_H

#include "esp/esp_seal.h"

enum {
    AH_FIXED_SIZE = 12,
    AH_HEADER_MAX = AH_FIXED_SIZE + CIPHER_ICV_MAX + 4,
    AH_NETWORK_MAX = 512, /* bytes of IP headers before it */
};

/* One packet: its IP headers, whole and as they arrived or will leave, and what begins with AH. */
struct ah_packet {
    struct bytes network;
    uint8_t *ah;
    size_t size; /* from AH to the end of the packet */
};

/* The AH header's size; its ICV is padded to a multiple of 4 bytes with IPv4, of 8 with IPv6 (3.3.3.2.1). */
size_t ah_header_size(const struct esp_sa *ah, enum ip_family outer);

/*
 * The IP headers as the ICV covers them (3.3.3.1, appendix A): what routers change is zero, what they change
 * in a known way is as the receiver will see it. Returns the bytes written; 0: headers that cannot be, or
 * more than AH_NETWORK_MAX of them.
 */
size_t ah_immutable_headers(uint8_t out[static AH_NETWORK_MAX], struct bytes network);

/* Writes the AH header in front of a payload that stands behind it, with the next sequence number. False:
 * the SA has none left, or a library fails; the packet must not leave. */
bool ah_seal(struct esp_sa *ah, struct esp_crypto *crypto, const struct ah_packet *packet,
             uint8_t next_header);

/* The SPI; false when the bytes are too few for an AH header. */
bool ah_frame_spi(struct bytes frame, uint32_t *ret_spi);

/* Checks lengths, replay and ICV; counts what fails. ret_received has next header and payload when the
 * verdict is ESP_ACCEPTED. */
bool ah_open(struct esp_sa *ah, struct esp_crypto *crypto, const struct ah_packet *packet,
             struct esp_received *ret_received);

#endif
