/* Writing IKEv1 messages: RFC 2408 3. */
#include "wire/ikev1_build.h"

enum { HEADER_LENGTH_AT = 24, ATTRIBUTE_BASIC = 0x8000 };

struct ikev1_builder ikev1_build_start(uint8_t *buffer, size_t capacity, const struct ikev2_header *header)
{
    struct ikev1_builder builder = {
        .writer = writer_of(buffer, capacity),
        .next_payload_at = HEADER_NEXT_PAYLOAD_AT,
    };
    struct writer *writer = &builder.writer;
    writer_bytes(writer, bytes_of(header->spi_i, IKE_SPI_SIZE));
    writer_bytes(writer, bytes_of(header->spi_r, IKE_SPI_SIZE));
    writer_u8(writer, ISAKMP_NONE);
    writer_u8(writer, ISAKMP_VERSION);
    writer_u8(writer, header->exchange);
    writer_u8(writer, header->flags);
    writer_u32(writer, header->message_id);
    writer_u32(writer, 0);
    return builder;
}

void ikev1_build_begin(struct ikev1_builder *builder, uint8_t type)
{
    if (builder->writer.overflowed)
        return;
    builder->writer.data[builder->next_payload_at] = type;
    builder->payload_at = builder->next_payload_at = builder->writer.size;
    writer_u8(&builder->writer, ISAKMP_NONE);
    writer_u8(&builder->writer, 0);
    writer_u16(&builder->writer, 0);
}

void ikev1_build_end(struct ikev1_builder *builder)
{
    if (builder->writer.overflowed)
        return;
    size_t length = builder->writer.size - builder->payload_at;
    if (length > UINT16_MAX)
        builder->writer.overflowed = true;
    else
        store_be16(builder->writer.data + builder->payload_at + 2, (uint16_t)length);
}

void ikev1_build_body(struct ikev1_builder *builder, uint8_t type, struct bytes body)
{
    ikev1_build_begin(builder, type);
    writer_bytes(&builder->writer, body);
    ikev1_build_end(builder);
}

void ikev1_build_notify(struct ikev1_builder *builder, uint8_t protocol, struct bytes spi, uint16_t type,
                        struct bytes data)
{
    ikev1_build_begin(builder, ISAKMP_NOTIFY);
    writer_u32(&builder->writer, DOI_IPSEC);
    writer_u8(&builder->writer, protocol);
    writer_u8(&builder->writer, (uint8_t)spi.size);
    writer_u16(&builder->writer, type);
    writer_bytes(&builder->writer, spi);
    writer_bytes(&builder->writer, data);
    ikev1_build_end(builder);
}

void ikev1_build_delete(struct ikev1_builder *builder, uint8_t protocol, uint8_t spi_size, uint16_t count,
                        struct bytes spis)
{
    ikev1_build_begin(builder, ISAKMP_DELETE);
    writer_u32(&builder->writer, DOI_IPSEC);
    writer_u8(&builder->writer, protocol);
    writer_u8(&builder->writer, spi_size);
    writer_u16(&builder->writer, count);
    writer_bytes(&builder->writer, spis);
    ikev1_build_end(builder);
}

void ikev1_build_attributes(struct ikev1_builder *builder, uint8_t type, uint16_t identifier,
                            struct bytes list, size_t unit)
{
    size_t padding = unit > 0 ? (unit - list.size % unit) % unit : 0;
    ikev1_build_begin(builder, ISAKMP_ATTRIBUTES);
    writer_u8(&builder->writer, type);
    writer_u8(&builder->writer, 0);
    writer_u16(&builder->writer, identifier);
    writer_bytes(&builder->writer, list);
    while (padding-- > 0)
        writer_u8(&builder->writer, 0);
    ikev1_build_end(builder);
}

void ikev1_write_attribute_bytes(struct writer *writer, uint16_t type, struct bytes value)
{
    writer_u16(writer, type);
    writer_u16(writer, (uint16_t)value.size);
    writer_bytes(writer, value);
}

void ikev1_write_attribute(struct writer *writer, uint16_t type, uint32_t value)
{
    uint8_t bytes[4];
    if (value <= UINT16_MAX) {
        writer_u16(writer, (uint16_t)(ATTRIBUTE_BASIC | type));
        writer_u16(writer, (uint16_t)value);
        return;
    }
    store_be32(bytes, value);
    ikev1_write_attribute_bytes(writer, type, bytes_of(bytes, sizeof(bytes)));
}

bool ikev1_build_finish(struct ikev1_builder *builder, size_t block_size, struct bytes *ret_message)
{
    struct writer *writer = &builder->writer;
    size_t plain = writer->size - IKE_HEADER_SIZE;
    size_t padding = block_size > 0 ? (block_size - plain % block_size) % block_size : 0;
    uint8_t *room = writer_reserve(writer, padding);
    if (writer->overflowed)
        return false;
    memset(room, 0, padding);
    store_be32(writer->data + HEADER_LENGTH_AT, (uint32_t)writer->size);
    *ret_message = writer_bytes_so_far(writer);
    return true;
}
