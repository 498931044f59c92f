/* Writing IKEv2 messages: RFC 7296 3. Payloads chain themselves; lengths are filled in at the end of each. */
#ifndef STYX_WIRE_IKEV2_BUILD_H
#define STYX_WIRE_IKEV2_BUILD_H

#include "base/address.h"
#include "base/writer.h"
#include "wire/ikev2_parse.h"

enum { BUILT_NOTIFIES = 24 };

struct ikev2_builder {
    struct writer writer;
    size_t next_payload_at;            /* offset of the byte that names the next payload */
    size_t payload_at;                 /* offset of the payload being written */
    uint16_t notifies[BUILT_NOTIFIES]; /* types of those in it, for the counters */
    size_t notify_count;
};

/* Begins a message in the caller's buffer; header->next_payload and length are filled in later. */
struct ikev2_builder ikev2_build_start(uint8_t *buffer, size_t capacity, const struct ikev2_header *header);

/* Between these two the body is written through builder->writer. */
void ikev2_build_begin(struct ikev2_builder *builder, uint8_t type);
void ikev2_build_end(struct ikev2_builder *builder);

void ikev2_build_body(struct ikev2_builder *builder, uint8_t type, struct bytes body);
void ikev2_build_ke(struct ikev2_builder *builder, uint16_t group, struct bytes public_value);
void ikev2_build_notify(struct ikev2_builder *builder, uint8_t protocol, struct bytes spi, uint16_t type,
                        struct bytes data);
void ikev2_build_auth(struct ikev2_builder *builder, uint8_t method, struct bytes data);
void ikev2_build_selectors(struct ikev2_builder *builder, uint8_t type, const struct selector *list,
                           size_t count);
/* One SPI (4 bytes), or none for the IKE SA. */
void ikev2_build_delete(struct ikev2_builder *builder, uint8_t protocol, struct bytes spi);

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

void ikev2_build_sk_begin(struct ikev2_builder *builder, size_t iv_size);
/* The same for one fragment of a message whose first payload is `first` (RFC 7383 2.5). */
void ikev2_build_skf_begin(struct ikev2_builder *builder, uint8_t first, uint16_t number, uint16_t total,
                           size_t iv_size);
struct ikev2_sealed ikev2_build_sk_end(struct ikev2_builder *builder, size_t iv_size, size_t block_size,
                                       size_t icv_size);

/* Fills in the header's length. False when the buffer was too small. */
bool ikev2_build_finish(struct ikev2_builder *builder, struct bytes *ret_message);

#endif
