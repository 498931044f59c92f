/* Writing the payloads of IKEv2: RFC 7296 3. */
#ifndef STYX_WIRE_IKEV2_BUILD_H
#define STYX_WIRE_IKEV2_BUILD_H

#include "base/address.h"
#include "wire/message_build.h"

void ikev2_build_ke(struct message_builder *builder, uint16_t group, struct bytes public_value);
void ikev2_build_notify(struct message_builder *builder, uint8_t protocol, struct bytes spi, uint16_t type,
                        struct bytes data);
void ikev2_build_auth(struct message_builder *builder, uint8_t method, struct bytes data);
void ikev2_build_selectors(struct message_builder *builder, uint8_t type, const struct selector *list,
                           size_t count);
/* One SPI (4 bytes), or none for the IKE SA. */
void ikev2_build_delete(struct message_builder *builder, uint8_t protocol, struct bytes spi);

/*
 * An SK payload: begin leaves room for the IV, payloads follow as if at top level, and end pads the plaintext
 * to `block_size` and leaves room for the ICV (RFC 7296 3.14). The caller then encrypts in place: offsets in
 * the result are from the start of the message, which is then complete but for the cipher.
 */
struct ikev2_sealed {
    size_t iv_at;
    size_t data_at;
    size_t data_size;
    size_t icv_at;
};

void ikev2_build_sk_begin(struct message_builder *builder, size_t iv_size);
/* The same for one fragment of a message whose first payload is `first` (RFC 7383 2.5). */
void ikev2_build_skf_begin(struct message_builder *builder, uint8_t first, uint16_t number, uint16_t total,
                           size_t iv_size);
struct ikev2_sealed ikev2_build_sk_end(struct message_builder *builder, size_t iv_size, size_t block_size,
                                       size_t icv_size);

#endif
