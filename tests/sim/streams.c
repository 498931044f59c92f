/* TCP connections of the virtual network: see streams.h. */
#include "streams.h"

#include <errno.h>
#include <stdlib.h>

enum { FIRST_PORT = 40000 };
#define TRAVEL_TIME (5 * USEC_PER_MSEC)
#define UNCLAIMED_LIFETIME (30 * USEC_PER_SEC)

struct stream_end {
    struct sim_host *host; /* NULL: nobody listens there */
    struct path path;
    uint64_t ike_serial; /* 0: none */
};

struct sim_stream {
    struct sim_stream *next;
    struct stream_end ends[2]; /* the originator's is the first */
};

static struct stream_end *find_end(const struct sim_host *host, const struct path *path,
                                   struct sim_stream **ret_stream)
{
    for (struct sim_stream *stream = host->sim->streams; stream != NULL; stream = stream->next)
        for (size_t i = 0; i < 2; i++) {
            struct stream_end *end = &stream->ends[i];
            if (end->host == host && endpoint_equal(&end->path.local, &path->local) &&
                endpoint_equal(&end->path.remote, &path->remote)) {
                *ret_stream = stream;
                return end;
            }
        }
    return NULL;
}

struct closing {
    struct path path;
    uint64_t ike_serial;
    int number;
};

static void tell_closed(struct sim_host *host, void *context)
{
    const struct closing *closing = context;
    world_trace(host->sim, host, "TCP connection by port %u has ended", closing->path.local.port);
    engine_stream_closed(host->engine, &closing->path, closing->ike_serial, closing->number);
    free(context);
}

static void close_end(const struct stream_end *end, int number)
{
    if (end->host == NULL || end->host->engine == NULL)
        return;
    struct closing *closing = sim_alloc(sizeof(*closing));
    *closing = (struct closing){end->path, end->ike_serial, number};
    host_later(end->host, 0, tell_closed, free, closing);
}

static void break_stream(struct sim *sim, struct sim_stream *stream, int number)
{
    struct sim_stream **link = &sim->streams;
    while (*link != stream)
        link = &(*link)->next;
    *link = stream->next;
    for (size_t i = 0; i < 2; i++)
        close_end(&stream->ends[i], number);
    free(stream);
}

void sim_break_streams(struct sim *sim)
{
    while (sim->streams != NULL)
        break_stream(sim, sim->streams, ECONNRESET);
}

size_t sim_stream_count(const struct sim *sim)
{
    size_t count = 0;
    for (const struct sim_stream *stream = sim->streams; stream != NULL; stream = stream->next)
        count++;
    return count;
}

void streams_reset_host(struct sim_host *host)
{
    struct sim_stream *next;
    for (struct sim_stream *stream = host->sim->streams; stream != NULL; stream = next) {
        next = stream->next;
        if (stream->ends[0].host == host || stream->ends[1].host == host)
            break_stream(host->sim, stream, ECONNRESET);
    }
}

void streams_free(struct sim *sim)
{
    while (sim->streams != NULL) {
        struct sim_stream *gone = sim->streams;
        sim->streams = gone->next;
        free(gone);
    }
}

/* ---- those that serve nobody ---- */

static void expire(struct sim_host *host, void *context)
{
    struct sim_stream *stream = NULL;
    const struct stream_end *end = find_end(host, context, &stream);
    if (end != NULL && end->ike_serial == 0)
        break_stream(host->sim, stream, 0);
    free(context);
}

static void watch_unclaimed(struct stream_end *end)
{
    struct path *path = sim_alloc(sizeof(*path));
    *path = end->path;
    end->ike_serial = 0;
    host_later(end->host, UNCLAIMED_LIFETIME, expire, free, path);
}

/* ---- what the engine asks for ---- */

bool streams_open(void *world, struct path *path, uint64_t ike_serial, struct error *error)
{
    struct sim_host *host = world;
    struct sim *sim = host->sim;
    struct sim_host *peer = world_host_of_address(sim, &path->remote.address);
    bool is_answered = peer != NULL && peer->engine != NULL && path->remote.port == peer->settings.natt_port;
    (void)error;
    path->local.port = (uint16_t)(FIRST_PORT + sim->stream_number++);
    struct sim_stream *stream = sim_alloc(sizeof(*stream));
    stream->next = sim->streams;
    sim->streams = stream;
    stream->ends[0] = (struct stream_end){host, *path, ike_serial};
    stream->ends[1].path = (struct path){path->remote, path->local, true};
    if (!is_answered) {
        break_stream(sim, stream, ECONNREFUSED);
        return true;
    }
    stream->ends[1].host = peer;
    watch_unclaimed(&stream->ends[1]);
    return true;
}

void streams_claim(void *world, const struct path *path, uint64_t ike_serial)
{
    struct sim_stream *stream;
    struct stream_end *end = find_end(world, path, &stream);
    if (end != NULL)
        end->ike_serial = ike_serial;
}

void streams_release(void *world, const struct path *path, uint64_t ike_serial)
{
    struct sim_stream *stream;
    struct stream_end *end = find_end(world, path, &stream);
    if (end != NULL && end->ike_serial == ike_serial)
        watch_unclaimed(end);
}

bool streams_has(const struct sim_host *host, const struct path *path, struct sim_host **ret_peer)
{
    struct sim_stream *stream;
    const struct stream_end *end = find_end(host, path, &stream);
    if (end != NULL && ret_peer != NULL)
        *ret_peer = stream->ends[end == &stream->ends[0]].host;
    return end != NULL;
}

/* ---- messages ---- */

struct message {
    struct path path; /* of the receiver */
    size_t size;
    uint8_t bytes[];
};

/* What was on its way when the connection broke is lost. */
static void arrive(struct sim_host *host, void *context)
{
    struct message *message = context;
    struct bytes bytes = bytes_of(message->bytes, message->size);
    if (streams_has(host, &message->path, NULL)) {
        windows_received(&host->windows, bytes);
        engine_receive(host->engine, &message->path, bytes);
    }
    free(message);
}

void streams_send(struct sim_host *from, const struct path *path, struct bytes message)
{
    struct sim *sim = from->sim;
    struct sim_host *to = NULL;
    if (!streams_has(from, path, &to) || to == NULL)
        return;
    struct datagram seen = {sim->now, from->node, to->node, path->local, path->remote, message};
    if (wire_watch(sim, &seen) == VERDICT_DROP)
        return;
    struct message *copy = sim_alloc(sizeof(*copy) + message.size);
    copy->path = (struct path){path->remote, path->local, true};
    copy->size = message.size;
    memcpy(copy->bytes, message.data, message.size);
    host_later(to, TRAVEL_TIME, arrive, free, copy);
}
