/* Writing messages of either version: see message_build.h. */
#include "wire/message_build.h"

enum { NO_NEXT_PAYLOAD = 0 };

struct message_builder message_build_start(uint8_t *buffer, size_t capacity,
                                           const struct ikev2_header *header)
{
    struct message_builder builder = {
        .writer = writer_of(buffer, capacity),
        .next_payload_at = HEADER_NEXT_PAYLOAD_AT,
    };
    struct writer *writer = &builder.writer;
    writer_bytes(writer, bytes_of(header->spi_i, IKE_SPI_SIZE));
    writer_bytes(writer, bytes_of(header->spi_r, IKE_SPI_SIZE));
    writer_u8(writer, NO_NEXT_PAYLOAD);
    writer_u8(writer, header->version);
    writer_u8(writer, header->exchange);
    writer_u8(writer, header->flags);
    writer_u32(writer, header->message_id);
    writer_u32(writer, 0);
    return builder;
}

void message_build_begin(struct message_builder *builder, uint8_t type)
{
    if (builder->writer.overflowed)
        return;
    builder->writer.data[builder->next_payload_at] = type;
    builder->payload_at = builder->next_payload_at = builder->writer.size;
    writer_u8(&builder->writer, NO_NEXT_PAYLOAD);
    writer_u8(&builder->writer, 0);
    writer_u16(&builder->writer, 0);
}

void message_build_end(struct message_builder *builder)
{
    if (builder->writer.overflowed)
        return;
    size_t length = builder->writer.size - builder->payload_at;
    if (length > UINT16_MAX)
        builder->writer.overflowed = true;
    else
        store_be16(builder->writer.data + builder->payload_at + 2, (uint16_t)length);
}

void message_build_body(struct message_builder *builder, uint8_t type, struct bytes body)
{
    message_build_begin(builder, type);
    writer_bytes(&builder->writer, body);
    message_build_end(builder);
}

bool message_build_finish(struct message_builder *builder, struct bytes *ret_message)
{
    if (builder->writer.overflowed)
        return false;
    store_be32(builder->writer.data + HEADER_LENGTH_AT, (uint32_t)builder->writer.size);
    *ret_message = writer_bytes_so_far(&builder->writer);
    return true;
}
