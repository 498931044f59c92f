/*
 * Fuzzing the control protocol: two clients of a gateway that has a peer. The input is lines. Of one that
 * begins with a letter of `actions` something happens, of any other the bytes are sent as a frame; after the
 * first NUL the rest goes in as it is, in pieces, headers and all. What comes back must be whole frames.
 */
#include <stdlib.h>
#include <string.h>

#include "../unit/control/two_gateways.h"
#include "base/bytes.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { FRAME_HEADER = 4, CLIENTS = 2, LINES_MAX = 400, PIECE = 37, FRAME_IS_RAW_BIT = 31 };

struct clients {
    struct two_gateways *world;
    struct control_session *all[CLIENTS];
    size_t current;
};

/* As the daemon does with what waits for a client; false: it hangs up. */
static bool take_output(struct control_session *session)
{
    for (;;) {
        struct bytes output = control_session_output(session);
        if (control_session_is_over(session))
            return false;
        if (output.size == 0)
            return true;
        if (output.size < FRAME_HEADER)
            abort();
        size_t size = FRAME_HEADER + (load_be32(output.data) & ~(1u << FRAME_IS_RAW_BIT));
        if (size > output.size)
            abort();
        control_session_wrote(session, size);
    }
}

static void come_anew(struct clients *clients)
{
    control_session_free(clients->all[clients->current]);
    clients->all[clients->current] = control_session_new(clients->world->near.control, NULL);
}

static void send(struct clients *clients, struct bytes bytes)
{
    struct control_session *session = clients->all[clients->current];
    if (control_session_wants_input(session))
        control_session_input(session, bytes);
}

static void send_framed(struct clients *clients, struct bytes text)
{
    uint8_t header[FRAME_HEADER];
    store_be32(header, (uint32_t)text.size);
    send(clients, bytes_of(header, sizeof(header)));
    send(clients, text);
}

static void act(struct clients *clients, struct bytes line)
{
    switch (line.size > 0 ? line.data[0] : 'r') {
    case 'r': /* it reads */
        if (!take_output(clients->all[clients->current]))
            come_anew(clients);
        break;
    case 'g': /* it goes away, another comes */
        come_anew(clients);
        break;
    case 'o': /* the other one's turn */
        clients->current = 1 - clients->current;
        break;
    case 's': /* the world goes on */
        two_gateways_settle();
        break;
    case 'w':
        two_gateways_wait(20 * USEC_PER_SEC);
        break;
    case 'c': /* the wire is cut, or mended */
        clients->world->near.is_cut_off = !clients->world->near.is_cut_off;
        break;
    default:
        send_framed(clients, line);
        break;
    }
}

static struct bytes next_line(struct bytes *rest)
{
    const uint8_t *end = rest->size > 0 ? memchr(rest->data, '\n', rest->size) : NULL;
    size_t size = end != NULL ? (size_t)(end - rest->data) : rest->size;
    struct bytes line = bytes_of(rest->data, size);
    size_t used = end != NULL ? size + 1 : size;
    *rest = bytes_of(rest->data + used, rest->size - used);
    return line;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const uint8_t *raw = size > 0 ? memchr(data, 0, size) : NULL;
    struct bytes lines = bytes_of(data, raw != NULL ? (size_t)(raw - data) : size);
    struct clients clients = {.world = two_gateways_new()};
    for (size_t i = 0; i < CLIENTS; i++)
        clients.all[i] = control_session_new(clients.world->near.control, NULL);
    gateway_add(&clients.world->near, "tunnel",
                "{\"left\":\"192.0.2.1\",\"right\":\"192.0.2.2\",\"authby\":\"secret\"}");
    for (unsigned i = 0; i < LINES_MAX && lines.size > 0; i++)
        act(&clients, next_line(&lines));
    for (size_t at = raw != NULL ? (size_t)(raw - data) + 1 : size; at < size; at += PIECE)
        send(&clients, bytes_of(data + at, size - at < PIECE ? size - at : PIECE));
    for (size_t i = 0; i < CLIENTS; i++) {
        take_output(clients.all[i]);
        control_session_free(clients.all[i]);
    }
    two_gateways_free(clients.world);
    return 0;
}
