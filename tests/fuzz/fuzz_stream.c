/*
 * Fuzzing the reader of streams: the first byte says how large the pieces are in which the rest comes, and
 * whether a prefix is expected. Cut otherwise, the same messages must come out, and end at the same place.
 */
#include <stdlib.h>

#include "wire/stream_frame.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct outcome {
    size_t messages, bytes;
    unsigned sum; /* of all bytes, with their places */
    bool is_broken;
};

static void add(struct outcome *outcome, struct bytes message)
{
    struct bytes content = message;
    if (message.size > STREAM_MESSAGE_MAX)
        abort();
    outcome->messages++;
    for (size_t i = 0; i < message.size; i++)
        outcome->sum = outcome->sum * 31 + message.data[i];
    outcome->bytes += message.size;
    if (stream_content_of(&content) == STREAM_IKE && content.size + STREAM_MARKER_SIZE != message.size)
        abort();
}

static struct outcome read_all(bool wants_prefix, struct bytes stream, size_t piece)
{
    struct outcome outcome = {.messages = 0};
    struct stream_reader reader = stream_reader_make(wants_prefix);
    for (size_t at = 0; at < stream.size && !outcome.is_broken; at += piece) {
        size_t left = stream.size - at;
        struct bytes input = bytes_of(stream.data + at, left < piece ? left : piece), message;
        enum stream_progress progress;
        while ((progress = stream_reader_take(&reader, &input, &message)) == STREAM_WHOLE)
            add(&outcome, message);
        outcome.is_broken = progress == STREAM_BROKEN;
        if (!outcome.is_broken && input.size != 0)
            abort();
    }
    stream_reader_free(&reader);
    return outcome;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2)
        return 0;
    bool wants_prefix = (data[0] & 1) != 0;
    struct bytes stream = bytes_of(data + 1, size - 1);
    struct outcome whole = read_all(wants_prefix, stream, stream.size);
    struct outcome pieces = read_all(wants_prefix, stream, (size_t)(data[0] >> 1) + 1);
    if (whole.messages != pieces.messages || whole.bytes != pieces.bytes || whole.sum != pieces.sum ||
        whole.is_broken != pieces.is_broken)
        abort();
    return 0;
}
