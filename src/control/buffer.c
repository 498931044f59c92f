/* A queue of bytes that grows. */
#include "control/buffer.h"

#include <stdlib.h>

enum { FIRST_CAPACITY = 4096, NUMBER_DIGITS = 20 };

uint8_t *buffer_extend(struct buffer *buffer, size_t size)
{
    if (buffer->start > 0 && buffer->start == buffer->size)
        buffer->start = buffer->size = 0;
    if (buffer->size + size > buffer->capacity) {
        size_t capacity = buffer->capacity ? buffer->capacity : FIRST_CAPACITY;
        while (capacity < buffer->size + size)
            capacity *= 2;
        uint8_t *grown = realloc(buffer->data, capacity);
        if (grown == NULL) {
            buffer->has_failed = true;
            return NULL;
        }
        buffer->data = grown;
        buffer->capacity = capacity;
    }
    buffer->size += size;
    return buffer->data + buffer->size - size;
}

bool buffer_add(struct buffer *buffer, const void *data, size_t size)
{
    uint8_t *room = size > 0 ? buffer_extend(buffer, size) : NULL;
    if (room != NULL)
        memcpy(room, data, size);
    return room != NULL || size == 0;
}

bool buffer_add_text(struct buffer *buffer, const char *text)
{
    return buffer_add(buffer, text, strlen(text));
}

bool buffer_add_number(struct buffer *buffer, uint64_t number)
{
    char digits[NUMBER_DIGITS];
    size_t at = NUMBER_DIGITS;
    do
        digits[--at] = (char)('0' + number % 10);
    while ((number /= 10) != 0);
    return buffer_add(buffer, digits + at, NUMBER_DIGITS - at);
}

void buffer_consume(struct buffer *buffer, size_t size)
{
    buffer->start += size;
    if (buffer->start < buffer->capacity / 2 && buffer->start != buffer->size)
        return;
    memmove(buffer->data, buffer->data + buffer->start, buffer->size - buffer->start);
    buffer->size -= buffer->start;
    buffer->start = 0;
}

void buffer_clear(struct buffer *buffer)
{
    buffer->size = buffer->start = 0;
}

void buffer_free(struct buffer *buffer)
{
    free(buffer->data);
    *buffer = (struct buffer){0};
}
