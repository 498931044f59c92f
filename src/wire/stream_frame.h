/*
 * IKE and ESP in a stream of bytes, such as TCP (RFC 9329 3, 4): the prefix, the length before each message,
 * the non-ESP marker before IKE.
 */
#ifndef STYX_WIRE_STREAM_FRAME_H
#define STYX_WIRE_STREAM_FRAME_H

#include "base/bytes.h"

enum {
    STREAM_PREFIX_SIZE = 6, /* "IKETCP": once, from the originator */
    STREAM_LENGTH_SIZE = 2,
    STREAM_MARKER_SIZE = 4,
    STREAM_HEAD_MAX = STREAM_LENGTH_SIZE + STREAM_MARKER_SIZE,
    STREAM_MESSAGE_MAX = 16384, /* without its length: whoever announces more is cut off */
};

extern const uint8_t stream_prefix[STREAM_PREFIX_SIZE];

/* The beginning of what is not whole yet. Zeroed it is the beginning of a stream without prefix. */
struct stream_reader {
    bool wants_prefix;
    uint8_t head[STREAM_PREFIX_SIZE]; /* of the prefix, or of a length */
    size_t head_size;
    uint8_t *message; /* that is being collected; NULL: none */
    size_t message_size, message_end;
};

enum stream_progress {
    STREAM_WANTS_MORE, /* all of the input is taken */
    STREAM_WHOLE,      /* a message; there may be more in the input */
    STREAM_BROKEN,     /* this is no such stream: close it */
};

struct stream_reader stream_reader_make(bool wants_prefix);
void stream_reader_free(struct stream_reader *reader);
/* How many bytes of the prefix are still to come; no byte behind it may be read by whoever gives the stream
 * to the kernel. */
size_t stream_reader_prefix_left(const struct stream_reader *reader);
/* Takes from the beginning of the input. The message is borrowed until the next call. */
enum stream_progress stream_reader_take(struct stream_reader *reader, struct bytes *input,
                                        struct bytes *ret_message);

enum stream_content {
    STREAM_NOTHING, /* a keepalive, or too short for anything: ignored */
    STREAM_IKE,
    STREAM_ESP,
};

/* What a message is; takes the marker away from IKE. */
enum stream_content stream_content_of(struct bytes *message);

/* What goes before a message on the stream; its size. At most STREAM_MESSAGE_MAX with the marker. */
size_t stream_head_write(uint8_t out[static STREAM_HEAD_MAX], enum stream_content content, size_t size);

#endif
