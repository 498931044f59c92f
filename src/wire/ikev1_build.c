/* Writing IKEv1 messages: RFC 2408 3. */
#include "wire/ikev1_build.h"

enum { ATTRIBUTE_BASIC = 0x8000 };

struct message_builder ikev1_build_start(uint8_t *buffer, size_t capacity, const struct ikev2_header *header)
{
    struct ikev2_header own = *header;
    own.version = ISAKMP_VERSION;
    return message_build_start(buffer, capacity, &own);
}

void ikev1_build_notify(struct message_builder *builder, uint8_t protocol, struct bytes spi, uint16_t type,
                        struct bytes data)
{
    message_build_begin(builder, ISAKMP_NOTIFY);
    writer_u32(&builder->writer, DOI_IPSEC);
    writer_u8(&builder->writer, protocol);
    writer_u8(&builder->writer, (uint8_t)spi.size);
    writer_u16(&builder->writer, type);
    writer_bytes(&builder->writer, spi);
    writer_bytes(&builder->writer, data);
    message_build_end(builder);
}

void ikev1_build_delete(struct message_builder *builder, uint8_t protocol, uint8_t spi_size, uint16_t count,
                        struct bytes spis)
{
    message_build_begin(builder, ISAKMP_DELETE);
    writer_u32(&builder->writer, DOI_IPSEC);
    writer_u8(&builder->writer, protocol);
    writer_u8(&builder->writer, spi_size);
    writer_u16(&builder->writer, count);
    writer_bytes(&builder->writer, spis);
    message_build_end(builder);
}

void ikev1_build_attributes(struct message_builder *builder, uint8_t type, uint16_t identifier,
                            struct bytes list, size_t unit)
{
    size_t padding = unit > 0 ? (unit - list.size % unit) % unit : 0;
    message_build_begin(builder, ISAKMP_ATTRIBUTES);
    writer_u8(&builder->writer, type);
    writer_u8(&builder->writer, 0);
    writer_u16(&builder->writer, identifier);
    writer_bytes(&builder->writer, list);
    while (padding-- > 0)
        writer_u8(&builder->writer, 0);
    message_build_end(builder);
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

bool ikev1_build_finish(struct message_builder *builder, size_t block_size, struct bytes *ret_message)
{
    struct writer *writer = &builder->writer;
    size_t plain = writer->size - IKE_HEADER_SIZE;
    size_t padding = block_size > 0 ? (block_size - plain % block_size) % block_size : 0;
    uint8_t *room = writer_reserve(writer, padding);
    if (writer->overflowed)
        return false;
    memset(room, 0, padding);
    return message_build_finish(builder, ret_message);
}
