/* Impairments of messages on their way in and out: dropped, repeated, spoilt. See impair.h. */
#include "engine/impair.h"

#include <stdlib.h>

#include "engine/state.h"

enum {
    HEADER_NEXT_PAYLOAD = 16, /* offsets in the IKE header, RFC 7296 3.1 */
    HEADER_VERSION = 17,
    HEADER_SIZE = 28,
    MAJOR_VERSION_ONE = 0x10,
};

typedef void take_function(struct engine *engine, const struct path *path, struct bytes datagram);

static void record_message(struct message_record *record, const struct path *path, struct bytes datagram)
{
    uint8_t *copy = malloc(datagram.size + 1);
    if (copy == NULL)
        return;
    memcpy(copy, datagram.data, datagram.size);
    free(record->messages[record->next].data);
    record->messages[record->next] = (struct recorded_message){*path, copy, datagram.size};
    record->next = (record->next + 1) % IMPAIR_RECORD_SIZE;
    if (record->count < IMPAIR_RECORD_SIZE)
        record->count++;
}

/* What was recorded, oldest or newest first. */
static void replay(struct engine *engine, const struct message_record *record, bool is_backward,
                   take_function *take)
{
    size_t oldest = record->count < IMPAIR_RECORD_SIZE ? 0 : record->next;
    for (size_t i = 0; i < record->count; i++) {
        size_t at = (oldest + (is_backward ? record->count - 1 - i : i)) % IMPAIR_RECORD_SIZE;
        const struct recorded_message *message = &record->messages[at];
        take(engine, &message->path, bytes_of(message->data, message->size));
    }
}

/* Counts down to the one that is dropped. */
static bool is_dropped(struct engine *engine, enum impairment block, enum impairment drop)
{
    uint64_t *countdown = &engine->impairments.values[drop];
    if (is_impaired(engine, block))
        return true;
    return *countdown > 0 && --*countdown == 0;
}

static void send_spoilt(struct engine *engine, const struct path *path, struct bytes datagram,
                        take_function *send)
{
    uint8_t copy[IKE_MESSAGE_MAX];
    if (datagram.size < HEADER_SIZE || datagram.size > sizeof(copy)) {
        send(engine, path, datagram);
        return;
    }
    memcpy(copy, datagram.data, datagram.size);
    bool is_encrypted = copy[HEADER_NEXT_PAYLOAD] == PAYLOAD_SK || copy[HEADER_NEXT_PAYLOAD] == PAYLOAD_SKF;
    if (is_encrypted && is_impaired(engine, IMPAIR_CORRUPT_ENCRYPTED))
        copy[datagram.size - 1] ^= 0xff;
    if (is_impaired(engine, IMPAIR_MAJOR_VERSION_BUMP))
        copy[HEADER_VERSION] = (uint8_t)(copy[HEADER_VERSION] + MAJOR_VERSION_ONE);
    send(engine, path, bytes_of(copy, datagram.size));
}

void impair_outbound(struct engine *engine, const struct path *path, struct bytes datagram,
                     take_function *send)
{
    if (is_dropped(engine, IMPAIR_BLOCK_OUTBOUND, IMPAIR_DROP_OUTBOUND))
        return;
    for (int i = is_impaired(engine, IMPAIR_DUPLICATE_OUTBOUND) ? 0 : 1; i < 2; i++)
        send_spoilt(engine, path, datagram, send);
    if (is_impaired(engine, IMPAIR_REPLAY_OUTBOUND)) {
        replay(engine, &engine->impairments.outbound, false, send);
        record_message(&engine->impairments.outbound, path, datagram);
    }
}

void impair_inbound(struct engine *engine, const struct path *path, struct bytes datagram,
                    take_function *take)
{
    if (is_dropped(engine, IMPAIR_BLOCK_INBOUND, IMPAIR_DROP_INBOUND))
        return;
    for (int i = is_impaired(engine, IMPAIR_DUPLICATE_INBOUND) ? 0 : 1; i < 2; i++)
        take(engine, path, datagram);
    bool is_backward = is_impaired(engine, IMPAIR_REPLAY_BACKWARD);
    if (is_backward || is_impaired(engine, IMPAIR_REPLAY_INBOUND)) {
        replay(engine, &engine->impairments.inbound, is_backward, take);
        record_message(&engine->impairments.inbound, path, datagram);
    }
}
