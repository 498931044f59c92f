/* Writing IKEv2 messages: RFC 7296 3. */
#include "wire/ikev2_build.h"

void ikev2_build_ke(struct message_builder *builder, uint16_t group, struct bytes public_value)
{
    message_build_begin(builder, PAYLOAD_KE);
    writer_u16(&builder->writer, group);
    writer_u16(&builder->writer, 0);
    writer_bytes(&builder->writer, public_value);
    message_build_end(builder);
}

void ikev2_build_notify(struct message_builder *builder, uint8_t protocol, struct bytes spi, uint16_t type,
                        struct bytes data)
{
    if (builder->notify_count < BUILT_NOTIFIES)
        builder->notifies[builder->notify_count++] = type;
    message_build_begin(builder, PAYLOAD_NOTIFY);
    writer_u8(&builder->writer, protocol);
    writer_u8(&builder->writer, (uint8_t)spi.size);
    writer_u16(&builder->writer, type);
    writer_bytes(&builder->writer, spi);
    writer_bytes(&builder->writer, data);
    message_build_end(builder);
}

void ikev2_build_auth(struct message_builder *builder, uint8_t method, struct bytes data)
{
    message_build_begin(builder, PAYLOAD_AUTH);
    writer_u32(&builder->writer, (uint32_t)method << 24);
    writer_bytes(&builder->writer, data);
    message_build_end(builder);
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

void ikev2_build_selectors(struct message_builder *builder, uint8_t type, const struct selector *list,
                           size_t count)
{
    message_build_begin(builder, type);
    writer_u32(&builder->writer, (uint32_t)count << 24);
    for (size_t i = 0; i < count; i++)
        write_selector(&builder->writer, &list[i]);
    message_build_end(builder);
}

void ikev2_build_delete(struct message_builder *builder, uint8_t protocol, struct bytes spi)
{
    message_build_begin(builder, PAYLOAD_DELETE);
    writer_u8(&builder->writer, protocol);
    writer_u8(&builder->writer, (uint8_t)spi.size);
    writer_u16(&builder->writer, spi.size ? 1 : 0);
    writer_bytes(&builder->writer, spi);
    message_build_end(builder);
}

void ikev2_build_sk_begin(struct message_builder *builder, size_t iv_size)
{
    message_build_begin(builder, PAYLOAD_SK);
    writer_reserve(&builder->writer, iv_size);
}

void ikev2_build_skf_begin(struct message_builder *builder, uint8_t first, uint16_t number, uint16_t total,
                           size_t iv_size)
{
    message_build_begin(builder, PAYLOAD_SKF);
    writer_u16(&builder->writer, number);
    writer_u16(&builder->writer, total);
    writer_reserve(&builder->writer, iv_size);
    if (!builder->writer.overflowed && number == 1)
        builder->writer.data[builder->payload_at] = first;
}

struct ikev2_sealed ikev2_build_sk_end(struct message_builder *builder, size_t iv_size, size_t block_size,
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
    message_build_end(builder);
    return sealed;
}
