/* The Internet checksum (RFC 1071) and its incremental update (RFC 1624). */
#ifndef STYX_ESP_CHECKSUM_H
#define STYX_ESP_CHECKSUM_H

#include "base/bytes.h"

/* A one's complement sum in progress, in the byte order of memory. Runs of even size may be added in any
 * order. */
typedef uint64_t checksum_t;

checksum_t checksum_add(checksum_t sum, const uint8_t *data, size_t size);

/* As if the value stood in the data in network order. */
checksum_t checksum_add_u16(checksum_t sum, uint16_t value);

/* The sum folded to 16 bits, not complemented, as it is stored (memory order). */
uint16_t checksum_fold(checksum_t sum);

/* Stores the complement at p. */
void checksum_store(uint8_t *p, checksum_t sum);

/* Sum of the pseudo-header (RFC 9293 3.1, RFC 8200 8.1); addresses of 4 or 16 bytes. */
checksum_t checksum_pseudo_header(const uint8_t *source, const uint8_t *destination, size_t address_bytes,
                                  uint8_t protocol, size_t length);

/* Replaces the header checksum of an IPv4 header of this many bytes. */
void checksum_ipv4_header(uint8_t *header, size_t header_size);

/* Updates a stored checksum for one 16-bit word of the data that changed. */
void checksum_replace_u16(uint8_t *checksum, uint16_t old_value, uint16_t new_value);

#endif
