/* Impairments of messages on their way in and out: dropped, repeated, spoilt. See impair.h. */
#include "engine/impair.h"

#include <stdlib.h>

#include "engine/count.h"
#include "engine/sa.h"
#include "wire/ikev1_numbers.h"

enum {
    HEADER_NEXT_PAYLOAD = 16, /* offsets in the IKE header, RFC 7296 3.1 */
    HEADER_VERSION = 17,
    HEADER_EXCHANGE = 18,
    HEADER_FLAGS = 19,
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
    record->total++;
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

static void record_if_wanted(struct engine *engine, enum impairment which, struct message_record *record,
                             const struct path *path, struct bytes datagram)
{
    if (is_impaired(engine, which))
        record_message(record, path, datagram);
}

/* Counts down to the one that is dropped. */
static bool is_dropped(struct engine *engine, enum impairment block, enum impairment drop)
{
    uint64_t *countdown = &engine->impairments.values[drop];
    if (is_impaired(engine, block))
        return true;
    return *countdown > 0 && --*countdown == 0;
}

static bool is_exchange(struct bytes datagram, uint8_t version, uint8_t exchange)
{
    return datagram.size >= HEADER_SIZE && datagram.data[HEADER_VERSION] >> 4 == version &&
           datagram.data[HEADER_EXCHANGE] == exchange;
}

static bool is_auth_request(struct bytes datagram)
{
    return is_exchange(datagram, 2, IKE_AUTH) && (datagram.data[HEADER_FLAGS] & IKEV2_FLAG_RESPONSE) == 0;
}

static bool is_encrypted(struct bytes datagram)
{
    if (datagram.size < HEADER_SIZE)
        return false;
    uint8_t first = datagram.data[HEADER_NEXT_PAYLOAD], version = datagram.data[HEADER_VERSION] >> 4;
    return version == 1 ? (datagram.data[HEADER_FLAGS] & ISAKMP_ENCRYPTED) != 0
                        : first == PAYLOAD_SK || first == PAYLOAD_SKF;
}

/* IKE_AUTH, the KE of Main Mode, or the last of Aggressive Mode, of an IKE SA that the peer began. */
static bool is_second_of_initiator(const struct engine *engine, struct bytes datagram)
{
    if (is_exchange(datagram, 1, ISAKMP_MAIN) && datagram.data[HEADER_NEXT_PAYLOAD] == ISAKMP_KE) {
        const struct ike_sa *ike = ike_by_own_spi(engine, datagram.data + IKE_SPI_SIZE);
        return ike != NULL && !ike->is_initiator;
    }
    if (is_exchange(datagram, 1, ISAKMP_AGGRESSIVE))
        return datagram.data[HEADER_NEXT_PAYLOAD] != ISAKMP_SA;
    return is_auth_request(datagram);
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
    if (is_encrypted(datagram) && is_impaired(engine, IMPAIR_CORRUPT_ENCRYPTED))
        copy[datagram.size - 1] ^= 0xff;
    if (is_impaired(engine, IMPAIR_MAJOR_VERSION_BUMP))
        copy[HEADER_VERSION] = (uint8_t)(copy[HEADER_VERSION] + MAJOR_VERSION_ONE);
    send(engine, path, bytes_of(copy, datagram.size));
}

void impair_outbound(struct engine *engine, const struct path *path, struct bytes datagram,
                     take_function *send)
{
    record_if_wanted(engine, IMPAIR_RECORD_OUTBOUND, &engine->impairments.outbound, path, datagram);
    if (is_dropped(engine, IMPAIR_BLOCK_OUTBOUND, IMPAIR_DROP_OUTBOUND) ||
        (is_impaired(engine, IMPAIR_SEND_NO_AUTH) && is_auth_request(datagram)))
        return;
    bool is_doubled = is_impaired(engine, IMPAIR_DUPLICATE_OUTBOUND) ||
                      (is_impaired(engine, IMPAIR_REPLAY_ENCRYPTED) && is_encrypted(datagram));
    for (int i = is_doubled ? 0 : 1; i < 2; i++)
        send_spoilt(engine, path, datagram, send);
    if (is_impaired(engine, IMPAIR_REPLAY_OUTBOUND)) {
        replay(engine, &engine->impairments.outbound, false, send);
        if (!is_impaired(engine, IMPAIR_RECORD_OUTBOUND))
            record_message(&engine->impairments.outbound, path, datagram);
    }
}

void impair_inbound(struct engine *engine, const struct path *path, struct bytes datagram,
                    take_function *take)
{
    record_if_wanted(engine, IMPAIR_RECORD_INBOUND, &engine->impairments.inbound, path, datagram);
    if (is_dropped(engine, IMPAIR_BLOCK_INBOUND, IMPAIR_DROP_INBOUND) ||
        (is_impaired(engine, IMPAIR_DROP_I2) && is_second_of_initiator(engine, datagram)))
        return;
    for (int i = is_impaired(engine, IMPAIR_DUPLICATE_INBOUND) ? 0 : 1; i < 2; i++)
        take(engine, path, datagram);
    bool is_backward = is_impaired(engine, IMPAIR_REPLAY_BACKWARD);
    if (is_backward || is_impaired(engine, IMPAIR_REPLAY_INBOUND)) {
        replay(engine, &engine->impairments.inbound, is_backward, take);
        if (!is_impaired(engine, IMPAIR_RECORD_INBOUND))
            record_message(&engine->impairments.inbound, path, datagram);
    }
}

/* A copy, for what it sets off may be recorded in its place. */
static bool drip(struct engine *engine, const struct message_record *record, uint64_t number,
                 take_function *take)
{
    uint64_t back = record->total - number;
    if (number == 0 || number > record->total || back >= record->count)
        return false;
    const struct recorded_message *message =
        &record->messages[(record->next + IMPAIR_RECORD_SIZE - 1 - back) % IMPAIR_RECORD_SIZE];
    struct path path = message->path;
    size_t size = message->size;
    uint8_t *copy = malloc(size + 1);
    if (copy == NULL)
        return false;
    memcpy(copy, message->data, size);
    take(engine, &path, bytes_of(copy, size));
    free(copy);
    return true;
}

bool impair_drip_inbound(struct engine *engine, uint64_t number)
{
    return drip(engine, &engine->impairments.inbound, number, engine_take_datagram);
}

bool impair_drip_outbound(struct engine *engine, uint64_t number)
{
    return drip(engine, &engine->impairments.outbound, number, engine_send_now);
}
