/* Bytes in and out of one TCP stream: see streams.h. */
#include <errno.h>
#include <event2/buffer.h>
#include <sys/socket.h>

#include "daemon/streams.h"

enum { READ_SIZE = 65536 };

/* ---- in ---- */

static void deliver(struct daemon *daemon, const struct stream *stream, struct bytes message)
{
    const struct backend_functions *functions = daemon->backend_functions;
    switch (stream_content_of(&message)) {
    case STREAM_IKE:
        engine_receive(daemon->engine, &stream->path, message);
        break;
    case STREAM_ESP:
        if (functions->receive_esp != NULL)
            functions->receive_esp(daemon->backend, &stream->path.local, &stream->path.remote, message);
        break;
    case STREAM_NOTHING:
        break;
    }
}

/* The prefix is whole: from here on the kernel reads, if it can. */
static void give_to_kernel(struct daemon *daemon, struct stream *stream)
{
    const struct backend_functions *functions = daemon->backend_functions;
    stream->is_given =
        functions->give_stream != NULL && functions->give_stream(daemon->backend, stream->descriptor);
}

static void take(struct daemon *daemon, struct stream *stream, struct bytes input)
{
    struct bytes message;
    enum stream_progress progress = STREAM_WANTS_MORE;
    bool had_prefix = stream_reader_prefix_left(&stream->reader) == 0;
    while (!stream->is_broken &&
           (progress = stream_reader_take(&stream->reader, &input, &message)) == STREAM_WHOLE)
        deliver(daemon, stream, message);
    if (progress == STREAM_BROKEN)
        stream_break(stream, EPROTO);
    else if (!had_prefix && stream_reader_prefix_left(&stream->reader) == 0)
        give_to_kernel(daemon, stream);
}

/* Once whenever the loop comes round, so that no stream keeps it from the others. */
void stream_read(struct daemon *daemon, struct stream *stream)
{
    static uint8_t buffer[READ_SIZE];
    size_t prefix_left = stream_reader_prefix_left(&stream->reader);
    ssize_t got =
        recv(stream->descriptor, buffer, prefix_left > 0 ? prefix_left : sizeof(buffer), MSG_DONTWAIT);
    if (got < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (got <= 0)
        stream_break(stream, got < 0 ? errno : 0);
    else if (stream->is_given)
        deliver(daemon, stream, bytes_of(buffer, (size_t)got));
    else
        take(daemon, stream, bytes_of(buffer, (size_t)got));
}

/* ---- out ---- */

void stream_queue(struct stream *stream, enum stream_content content, struct bytes message)
{
    uint8_t head[STREAM_HEAD_MAX];
    size_t waiting = evbuffer_get_length(stream->queue);
    if (content == STREAM_ESP && (waiting > STREAM_QUEUE_ESP_MAX || !stream->is_connected))
        return;
    if (waiting > (stream->ike_serial != 0 ? STREAM_QUEUE_MAX : STREAM_QUEUE_UNCLAIMED_MAX)) {
        stream_break(stream, ENOBUFS);
        return;
    }
    if (message.size + STREAM_MARKER_SIZE > STREAM_MESSAGE_MAX)
        return;
    size_t head_size = stream_head_write(head, content, message.size);
    if (evbuffer_expand(stream->queue, head_size + message.size) != 0)
        return;
    evbuffer_add(stream->queue, head, head_size);
    evbuffer_add(stream->queue, message.data, message.size);
}

/* To a socket that the kernel frames: a message a call, without its length. */
static ssize_t write_message(struct stream *stream)
{
    uint8_t head[STREAM_LENGTH_SIZE];
    evbuffer_copyout(stream->queue, head, sizeof(head));
    size_t size = load_be16(head);
    const uint8_t *frame = evbuffer_pullup(stream->queue, (ev_ssize_t)size);
    if (frame == NULL) {
        errno = ENOMEM;
        return -1;
    }
    ssize_t sent =
        send(stream->descriptor, frame + STREAM_LENGTH_SIZE, size - STREAM_LENGTH_SIZE, MSG_DONTWAIT);
    if (sent >= 0)
        evbuffer_drain(stream->queue, size);
    return sent;
}

void stream_flush(struct stream *stream)
{
    if (!stream->is_connected || stream->is_broken)
        return;
    while (evbuffer_get_length(stream->queue) > 0) {
        ssize_t sent =
            stream->is_given ? write_message(stream) : evbuffer_write(stream->queue, stream->descriptor);
        if (sent > 0)
            continue;
        if (sent < 0 && errno != EAGAIN && errno != EINTR && errno != ENOBUFS)
            stream_break(stream, errno);
        else
            event_add(stream->writable, NULL);
        return;
    }
}
