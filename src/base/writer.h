/*
 * Bounds-checked writing into a buffer of fixed capacity that the caller owns.
 *
 * Overflow is sticky: what does not fit is not written, `overflowed` is set, and the caller checks once.
 */
#ifndef STYX_BASE_WRITER_H
#define STYX_BASE_WRITER_H

#include "base/bytes.h"

struct writer {
    uint8_t *data;
    size_t size;
    size_t capacity;
    bool overflowed;
};

static inline struct writer writer_of(uint8_t *data, size_t capacity)
{
    return (struct writer){.data = data, .capacity = capacity};
}

/* Room for `size` bytes at the end, to be filled by the caller; NULL on overflow. */
static inline uint8_t *writer_reserve(struct writer *writer, size_t size)
{
    if (writer->overflowed || size > writer->capacity - writer->size) {
        writer->overflowed = true;
        return NULL;
    }
    uint8_t *room = writer->data + writer->size;
    writer->size += size;
    return room;
}

static inline void writer_bytes(struct writer *writer, struct bytes bytes)
{
    uint8_t *room = writer_reserve(writer, bytes.size);
    if (room != NULL && bytes.size > 0)
        memcpy(room, bytes.data, bytes.size);
}

static inline void writer_u8(struct writer *writer, uint8_t value)
{
    writer_bytes(writer, bytes_of(&value, 1));
}

static inline void writer_u16(struct writer *writer, uint16_t value)
{
    uint8_t *room = writer_reserve(writer, 2);
    if (room != NULL)
        store_be16(room, value);
}

static inline void writer_u32(struct writer *writer, uint32_t value)
{
    uint8_t *room = writer_reserve(writer, 4);
    if (room != NULL)
        store_be32(room, value);
}

static inline void writer_u64(struct writer *writer, uint64_t value)
{
    uint8_t *room = writer_reserve(writer, 8);
    if (room != NULL)
        store_be64(room, value);
}

static inline struct bytes writer_bytes_so_far(const struct writer *writer)
{
    return bytes_of(writer->data, writer->size);
}

#endif
