/* What messages of both versions have alike: see message_parse.h. */
#include "wire/message_parse.h"

#include "wire/ikev2_numbers.h"

const char *message_read_payload(struct reader *reader, struct payload *out)
{
    out->next = reader_u8(reader);
    out->flags = reader_u8(reader);
    uint16_t length = reader_u16(reader);
    if (reader->failed || length < PAYLOAD_HEADER_SIZE)
        return "payload header is truncated or its length is below 4";
    out->body = reader_bytes(reader, length - (size_t)PAYLOAD_HEADER_SIZE);
    return reader->failed ? "payload is longer than the message" : NULL;
}

bool message_read_notify(struct reader *reader, struct ike_notify *out)
{
    out->protocol = reader_u8(reader);
    uint8_t spi_size = reader_u8(reader);
    out->type = reader_u16(reader);
    out->spi = reader_bytes(reader, spi_size);
    out->data = reader_rest(reader);
    return !reader->failed;
}

bool message_read_delete(struct reader *reader, struct ike_delete *out)
{
    out->protocol = reader_u8(reader);
    out->spi_size = reader_u8(reader);
    out->count = reader_u16(reader);
    out->spis = reader_rest(reader);
    return !reader->failed && out->spis.size == (size_t)out->spi_size * out->count;
}
