/* A queue of bytes that grows: appended at the end, consumed at the start. */
#ifndef STYX_CONTROL_BUFFER_H
#define STYX_CONTROL_BUFFER_H

#include "base/bytes.h"

struct buffer {
    uint8_t *data;
    size_t size, capacity, start;
    bool has_failed; /* memory ran out: something is missing */
};

/* Room for `size` more bytes, to be filled by the caller before the next call; NULL: out of memory. */
uint8_t *buffer_extend(struct buffer *buffer, size_t size);
bool buffer_add(struct buffer *buffer, const void *data, size_t size);
bool buffer_add_text(struct buffer *buffer, const char *text);
bool buffer_add_number(struct buffer *buffer, uint64_t number);
void buffer_consume(struct buffer *buffer, size_t size);
/* Keeps the memory. */
void buffer_clear(struct buffer *buffer);
void buffer_free(struct buffer *buffer);

static inline struct bytes buffer_bytes(const struct buffer *buffer)
{
    if (buffer->data == NULL)
        return bytes_of(NULL, 0);
    return bytes_of(buffer->data + buffer->start, buffer->size - buffer->start);
}

#endif
