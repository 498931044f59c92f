/* IKE and ESP in a stream of bytes: see stream_frame.h. RFC 9329 3, 4, 6.6. */
#include "wire/stream_frame.h"

#include <stdlib.h>

const uint8_t stream_prefix[STREAM_PREFIX_SIZE] = {'I', 'K', 'E', 'T', 'C', 'P'};

struct stream_reader stream_reader_make(bool wants_prefix)
{
    return (struct stream_reader){.wants_prefix = wants_prefix};
}

static void drop_message(struct stream_reader *reader)
{
    free(reader->message);
    reader->message = NULL;
    reader->message_size = reader->message_end = 0;
}

void stream_reader_free(struct stream_reader *reader)
{
    drop_message(reader);
}

size_t stream_reader_prefix_left(const struct stream_reader *reader)
{
    return reader->wants_prefix ? STREAM_PREFIX_SIZE - reader->head_size : 0;
}

static struct bytes take(struct bytes *input, size_t wanted)
{
    struct bytes taken = bytes_of(input->data, wanted < input->size ? wanted : input->size);
    if (taken.size > 0)
        *input = bytes_of(input->data + taken.size, input->size - taken.size);
    return taken;
}

/* Whether the head is complete now. */
static bool take_head(struct stream_reader *reader, struct bytes *input, size_t wanted)
{
    struct bytes more = take(input, wanted - reader->head_size);
    if (more.size > 0)
        memcpy(reader->head + reader->head_size, more.data, more.size);
    reader->head_size += more.size;
    return reader->head_size == wanted;
}

/* A stranger is known by his first wrong byte. */
static enum stream_progress take_prefix(struct stream_reader *reader, struct bytes *input)
{
    bool is_complete = take_head(reader, input, STREAM_PREFIX_SIZE);
    if (memcmp(reader->head, stream_prefix, reader->head_size) != 0)
        return STREAM_BROKEN;
    if (is_complete) {
        reader->wants_prefix = false;
        reader->head_size = 0;
    }
    return STREAM_WANTS_MORE;
}

static enum stream_progress collect(struct stream_reader *reader, struct bytes *input,
                                    struct bytes *ret_message)
{
    struct bytes more = take(input, reader->message_end - reader->message_size);
    if (more.size > 0)
        memcpy(reader->message + reader->message_size, more.data, more.size);
    reader->message_size += more.size;
    if (reader->message_size < reader->message_end)
        return STREAM_WANTS_MORE;
    *ret_message = bytes_of(reader->message, reader->message_size);
    return STREAM_WHOLE;
}

/* One that the input has whole is not copied. */
static enum stream_progress begin(struct stream_reader *reader, struct bytes *input, size_t size,
                                  struct bytes *ret_message)
{
    reader->head_size = 0;
    if (input->size >= size) {
        *ret_message = take(input, size);
        return STREAM_WHOLE;
    }
    reader->message = malloc(size);
    if (reader->message == NULL)
        return STREAM_BROKEN;
    reader->message_size = 0;
    reader->message_end = size;
    return collect(reader, input, ret_message);
}

enum stream_progress stream_reader_take(struct stream_reader *reader, struct bytes *input,
                                        struct bytes *ret_message)
{
    if (reader->message != NULL && reader->message_size == reader->message_end)
        drop_message(reader);
    if (reader->wants_prefix && take_prefix(reader, input) == STREAM_BROKEN)
        return STREAM_BROKEN;
    if (reader->wants_prefix)
        return STREAM_WANTS_MORE;
    if (reader->message != NULL)
        return collect(reader, input, ret_message);
    if (!take_head(reader, input, STREAM_LENGTH_SIZE))
        return STREAM_WANTS_MORE;
    size_t length = load_be16(reader->head); /* it counts itself */
    if (length < STREAM_LENGTH_SIZE || length > STREAM_LENGTH_SIZE + STREAM_MESSAGE_MAX)
        return STREAM_BROKEN;
    return begin(reader, input, length - STREAM_LENGTH_SIZE, ret_message);
}

enum stream_content stream_content_of(struct bytes *message)
{
    if (message->size <= STREAM_MARKER_SIZE)
        return STREAM_NOTHING;
    if (load_be32(message->data) != 0)
        return STREAM_ESP;
    *message = bytes_of(message->data + STREAM_MARKER_SIZE, message->size - STREAM_MARKER_SIZE);
    return STREAM_IKE;
}

size_t stream_head_write(uint8_t out[static STREAM_HEAD_MAX], enum stream_content content, size_t size)
{
    size_t head = content == STREAM_IKE ? STREAM_HEAD_MAX : STREAM_LENGTH_SIZE;
    memset(out, 0, STREAM_HEAD_MAX);
    store_be16(out, (uint16_t)(head + size));
    return head;
}
