/* Writing the payloads of IKEv1: RFC 2408 3. */
#ifndef STYX_WIRE_IKEV1_BUILD_H
#define STYX_WIRE_IKEV1_BUILD_H

#include "wire/ikev1_parse.h"
#include "wire/message_build.h"

/* Begins a message of IKEv1, whatever version the header says. */
struct message_builder ikev1_build_start(uint8_t *buffer, size_t capacity, const struct ikev2_header *header);

void ikev1_build_notify(struct message_builder *builder, uint8_t protocol, struct bytes spi, uint16_t type,
                        struct bytes data);
/* `count` SPIs of one size, one after the other. */
void ikev1_build_delete(struct message_builder *builder, uint8_t protocol, uint8_t spi_size, uint16_t count,
                        struct bytes spis);

/* An Attributes payload (draft-dukes-ike-mode-cfg 3.2); `list` as the functions below write it, padded with
 * zeros to whole units (0: not at all). */
void ikev1_build_attributes(struct message_builder *builder, uint8_t type, uint16_t identifier,
                            struct bytes list, size_t unit);

/* Attributes (RFC 2408 3.3): basic up to 16 bits, variable of four bytes above. */
void ikev1_write_attribute(struct writer *writer, uint16_t type, uint32_t value);
void ikev1_write_attribute_bytes(struct writer *writer, uint16_t type, struct bytes value);

/* Pads the payloads to whole blocks of the cipher with zeros (0: none) and fills in the header's length.
 * False when the buffer was too small. */
bool ikev1_build_finish(struct message_builder *builder, size_t block_size, struct bytes *ret_message);

#endif
