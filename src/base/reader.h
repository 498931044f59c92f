/*
 * Bounds-checked reading of untrusted bytes.
 *
 * Failure is sticky: a getter that would pass the end returns zero (or empty bytes), sets `failed`,
 * and every later getter does the same, so a parser may read a whole structure and check once.
 */
#ifndef STYX_BASE_READER_H
#define STYX_BASE_READER_H

#include "base/bytes.h"

struct reader {
    const uint8_t *at;
    size_t left;
    bool failed;
};

static inline struct reader reader_of(struct bytes bytes)
{
    return (struct reader){.at = bytes.data, .left = bytes.size};
}

/* The next `size` bytes, borrowed from the input. */
static inline struct bytes reader_bytes(struct reader *reader, size_t size)
{
    if (reader->failed || size > reader->left) {
        reader->failed = true;
        return bytes_of(NULL, 0);
    }
    struct bytes taken = bytes_of(reader->at, size);
    reader->at += size;
    reader->left -= size;
    return taken;
}

static inline struct bytes reader_rest(struct reader *reader)
{
    return reader_bytes(reader, reader->failed ? 0 : reader->left);
}

static inline uint8_t reader_u8(struct reader *reader)
{
    struct bytes taken = reader_bytes(reader, 1);
    return taken.size ? taken.data[0] : 0;
}

static inline uint16_t reader_u16(struct reader *reader)
{
    struct bytes taken = reader_bytes(reader, 2);
    return taken.size ? load_be16(taken.data) : 0;
}

static inline uint32_t reader_u32(struct reader *reader)
{
    struct bytes taken = reader_bytes(reader, 4);
    return taken.size ? load_be32(taken.data) : 0;
}

static inline uint64_t reader_u64(struct reader *reader)
{
    struct bytes taken = reader_bytes(reader, 8);
    return taken.size ? load_be64(taken.data) : 0;
}

#endif
