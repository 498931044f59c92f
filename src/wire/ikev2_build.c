/* Writing IKEv2 messages: RFC 7296 3. */
#include "wire/ikev2_build.h"

enum { HEADER_LENGTH_AT = 24 };

struct ikev2_builder ikev2_build_start(uint8_t *buffer, size_t capacity, const struct ikev2_header *header)
{
    struct ikev2_builder builder = {
        .writer = writer_of(buffer, capacity),
        .next_payload_at = HEADER_NEXT_PAYLOAD_AT,
    };
    struct writer *writer = &builder.writer;
    writer_bytes(writer, bytes_of(header->spi_i, IKE_SPI_SIZE));
    writer_bytes(writer, bytes_of(header->spi_r, IKE_SPI_SIZE));
    writer_u8(writer, PAYLOAD_NONE);
    writer_u8(writer, header->version);
    writer_u8(writer, header->exchange);
    writer_u8(writer, header->flags);
    writer_u32(writer, header->message_id);
    writer_u32(writer, 0);
    return builder;
}

void ikev2_build_begin(struct ikev2_builder *builder, uint8_t type)
{
    if (builder->writer.overflowed)
        return;
    builder->writer.data[builder->next_payload_at] = type;
    builder->payload_at = builder->next_payload_at = builder->writer.size;
    writer_u8(&builder->writer, PAYLOAD_NONE);
    writer_u8(&builder->writer, 0);
    writer_u16(&builder->writer, 0);
}

void ikev2_build_end(struct ikev2_builder *builder)
{
    if (builder->writer.overflowed)
        return;
    size_t length = builder->writer.size - builder->payload_at;
    if (length > UINT16_MAX)
        builder->writer.overflowed = true;
    else
        store_be16(builder->writer.data + builder->payload_at + 2, (uint16_t)length);
}

void ikev2_build_body(struct ikev2_builder *builder, uint8_t type, struct bytes body)
{
    ikev2_build_begin(builder, type);
    writer_bytes(&builder->writer, body);
    ikev2_build_end(builder);
}

void ikev2_build_ke(struct ikev2_builder *builder, uint16_t group, struct bytes public_value)
{
    ikev2_build_begin(builder, PAYLOAD_KE);
    writer_u16(&builder->writer, group);
    writer_u16(&builder->writer, 0);
    writer_bytes(&builder->writer, public_value);
    ikev2_build_end(builder);
}

void ikev2_build_notify(struct ikev2_builder *builder, uint8_t protocol, struct bytes spi, uint16_t type,
                        struct bytes data)
{
    if (builder->notify_count < BUILT_NOTIFIES)
        builder->notifies[builder->notify_count++] = type;
    ikev2_build_begin(builder, PAYLOAD_NOTIFY);
    writer_u8(&builder->writer, protocol);
    writer_u8(&builder->writer, (uint8_t)spi.size);
    writer_u16(&builder->writer, type);
    writer_bytes(&builder->writer, spi);
    writer_bytes(&builder->writer, data);
    ikev2_build_end(builder);
}

void ikev2_build_auth(struct ikev2_builder *builder, uint8_t method, struct bytes data)
{
    ikev2_build_begin(builder, PAYLOAD_AUTH);
    writer_u32(&builder->writer, (uint32_t)method << 24);
    writer_bytes(&builder->writer, data);
    ikev2_build_end(builder);
}

static void write_selector(struct writer *writer, const struct selector *selector)
{
    size_t size = address_size(&selector->range.start);
    writer_u8(writer, selector->range.start.family == IP_V4 ? TS_IPV4_ADDR_RANGE : TS_IPV6_ADDR_RANGE);
    writer_u8(writer, selector->protocol);
    writer_u16(writer, (uint16_t)(8 + 2 * size));
    writer_u16(writer, selector->port_start);
    writer_u16(writer, selector->port_end);
    writer_bytes(writer, bytes_of(selector->range.start.bytes, size));
    writer_bytes(writer, bytes_of(selector->range.end.bytes, size));
}

void ikev2_build_selectors(struct ikev2_builder *builder, uint8_t type, const struct selector *list,
                           size_t count)
{
    ikev2_build_begin(builder, type);
    writer_u32(&builder->writer, (uint32_t)count << 24);
    for (size_t i = 0; i < count; i++)
        write_selector(&builder->writer, &list[i]);
    ikev2_build_end(builder);
}

void ikev2_build_delete(struct ikev2_builder *builder, uint8_t protocol, struct bytes spi)
{
    ikev2_build_begin(builder, PAYLOAD_DELETE);
    writer_u8(&builder->writer, protocol);
    writer_u8(&builder->writer, (uint8_t)spi.size);
    writer_u16(&builder->writer, spi.size ? 1 : 0);
    writer_bytes(&builder->writer, spi);
    ikev2_build_end(builder);
}

void ikev2_build_sk_begin(struct ikev2_builder *builder, size_t iv_size)
{
    ikev2_build_begin(builder, PAYLOAD_SK);
    writer_reserve(&builder->writer, iv_size);
}

void ikev2_build_skf_begin(struct ikev2_builder *builder, uint8_t first, uint16_t number, uint16_t total,
                           size_t iv_size)
{
    ikev2_build_begin(builder, PAYLOAD_SKF);
    writer_u16(&builder->writer, number);
    writer_u16(&builder->writer, total);
    writer_reserve(&builder->writer, iv_size);
    if (!builder->writer.overflowed && number == 1)
        builder->writer.data[builder->payload_at] = first;
}

struct ikev2_sealed ikev2_build_sk_end(struct ikev2_builder *builder, size_t iv_size, size_t block_size,
                                       size_t icv_size)
{
    struct writer *writer = &builder->writer;
    /* The SK payload is the only one at top level of a protected message: it follows the header. */
    size_t sk_at = IKE_HEADER_SIZE;
    bool is_fragment = !writer->overflowed && writer->data[HEADER_NEXT_PAYLOAD_AT] == PAYLOAD_SKF;
    struct ikev2_sealed sealed = {.iv_at = sk_at + PAYLOAD_HEADER_SIZE +
                                           (is_fragment ? (size_t)FRAGMENT_FIELDS_SIZE : 0)};
    sealed.data_at = sealed.iv_at + iv_size;
    if (writer->overflowed)
        return sealed;
    size_t plain = writer->size - sealed.data_at;
    size_t padding = (block_size - (plain + 1) % block_size) % block_size;
    uint8_t *room = writer_reserve(writer, padding + 1);
    if (room != NULL) {
        memset(room, 0, padding);
        room[padding] = (uint8_t)padding;
    }
    sealed.icv_at = writer->size;
    sealed.data_size = sealed.icv_at - sealed.data_at;
    writer_reserve(writer, icv_size);
    builder->payload_at = sk_at;
    ikev2_build_end(builder);
    return sealed;
}

bool ikev2_build_finish(struct ikev2_builder *builder, struct bytes *ret_message)
{
    if (builder->writer.overflowed)
        return false;
    store_be32(builder->writer.data + HEADER_LENGTH_AT, (uint32_t)builder->writer.size);
    *ret_message = writer_bytes_so_far(&builder->writer);
    return true;
}
