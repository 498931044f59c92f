/* Reading DER: X.690 8.1.3, 8.3, 10.1. */
#include "crypto/der.h"

enum { LONG_FORM = 0x80, LENGTH_OCTETS_MAX = 3 };

/* In the shortest form that holds it (X.690 10.1). */
static size_t take_length(struct reader *reader)
{
    size_t first = reader_u8(reader), length = 0;
    if (first < LONG_FORM)
        return first;
    size_t octets = first - LONG_FORM;
    if (octets == 0 || octets > LENGTH_OCTETS_MAX) {
        reader->failed = true;
        return 0;
    }
    for (size_t i = 0; i < octets; i++)
        length = length << 8 | reader_u8(reader);
    bool is_shortest = length >= LONG_FORM && length >> (8 * (octets - 1)) != 0;
    if (!is_shortest)
        reader->failed = true;
    return length;
}

struct bytes der_take(struct reader *reader, uint8_t tag)
{
    if (reader_u8(reader) != tag)
        reader->failed = true;
    size_t length = take_length(reader);
    return reader_bytes(reader, length);
}

bool der_is_next(const struct reader *reader, uint8_t tag)
{
    return !reader->failed && reader->left > 0 && reader->at[0] == tag;
}

bool der_is_done(const struct reader *reader)
{
    return !reader->failed && reader->left == 0;
}

struct bytes der_take_positive(struct reader *reader)
{
    struct bytes number = der_take(reader, DER_INTEGER);
    bool is_padded = number.size > 1 && number.data[0] == 0 && number.data[1] < 0x80;
    if (number.size == 0 || number.data[0] >= 0x80 || is_padded ||
        (number.size == 1 && number.data[0] == 0)) {
        reader->failed = true;
        return bytes_of(NULL, 0);
    }
    return number.data[0] == 0 ? bytes_of(number.data + 1, number.size - 1) : number;
}
