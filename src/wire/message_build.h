/*
 * Writing messages of either version of IKE: the header and the chain of payloads are the same (RFC
 * 2408 3.1, 3.2, RFC 7296 3.1, 3.2). Payloads chain themselves; lengths are filled in at the end of each.
 */
#ifndef STYX_WIRE_MESSAGE_BUILD_H
#define STYX_WIRE_MESSAGE_BUILD_H

#include "base/writer.h"
#include "wire/ikev2_parse.h"

enum { BUILT_NOTIFIES = 24 };

struct message_builder {
    struct writer writer;
    size_t next_payload_at;            /* offset of the byte that names the next payload */
    size_t payload_at;                 /* offset of the payload being written */
    uint16_t notifies[BUILT_NOTIFIES]; /* types of those in it, for the counters */
    size_t notify_count;
};

/* Begins a message in the caller's buffer; its next payload and length are filled in later. */
struct message_builder message_build_start(uint8_t *buffer, size_t capacity,
                                           const struct ikev2_header *header);

/* Between these two the body is written through builder->writer. */
void message_build_begin(struct message_builder *builder, uint8_t type);
void message_build_end(struct message_builder *builder);

void message_build_body(struct message_builder *builder, uint8_t type, struct bytes body);

/* Fills in the header's length. False when the buffer was too small. */
bool message_build_finish(struct message_builder *builder, struct bytes *ret_message);

#endif
