/* Messages taken apart and put together again: see impair_message.h. The generic payload header of both
 * versions of IKE is the same (RFC 7296 3.2, RFC 2408 3.2). */
#include "engine/impair_message.h"

#include <stdlib.h>

#include "base/secret.h"
#include "wire/ikev1_numbers.h"

enum { HEADER_VERSION = 17, HEADER_EXCHANGE = 18, HEADER_FLAGS = 19 };

/* ---- for the edits ---- */

uint8_t *edit_add(struct edited_message *message, uint8_t type, uint8_t flags, size_t size)
{
    uint8_t *body = message->count < EDITED_PAYLOADS_MAX ? writer_reserve(&message->room, size) : NULL;
    if (body == NULL)
        return NULL;
    memset(body, 0, size);
    message->payloads[message->count++] = (struct edited_payload){type, flags, body, size};
    return body;
}

void edit_remove(struct edited_message *message, size_t index)
{
    struct edited_payload *at = message->payloads + index;
    message->count--;
    memmove(at, at + 1, (message->count - index) * sizeof(*at));
}

void edit_content(struct edited_message *message, size_t index, size_t offset, uint64_t content)
{
    struct edited_payload *payload = &message->payloads[index];
    if (content == IMPAIR_OMIT) {
        edit_remove(message, index);
    } else if (content == IMPAIR_DUPLICATE && message->count < EDITED_PAYLOADS_MAX) {
        memmove(payload + 1, payload, (message->count - index) * sizeof(*payload));
        message->count++;
    } else if (content == IMPAIR_EMPTY && payload->size > offset) {
        payload->size = offset;
    } else if (content >= IMPAIR_CONTENT_FILL && payload->size > offset) {
        memset(payload->body + offset, (int)(content - IMPAIR_CONTENT_FILL) & 0xff, payload->size - offset);
    }
}

/* ---- apart, and together ---- */

/* What this side has just written: well formed. */
static void take_apart(struct edited_message *message, uint8_t first, struct bytes chain)
{
    uint8_t type = first;
    uint8_t *at = writer_reserve(&message->room, chain.size);
    size_t left = chain.size;
    memcpy(at, chain.data, chain.size);
    while (type != PAYLOAD_NONE && left >= PAYLOAD_HEADER_SIZE && message->count < EDITED_PAYLOADS_MAX) {
        size_t size = load_be16(at + 2);
        if (size < PAYLOAD_HEADER_SIZE || size > left)
            return;
        message->payloads[message->count++] =
            (struct edited_payload){type, at[1], at + PAYLOAD_HEADER_SIZE, size - PAYLOAD_HEADER_SIZE};
        type = at[0];
        at += size;
        left -= size;
    }
}

static void put_together(const struct edited_message *message, struct writer *writer, size_t first_at)
{
    size_t names_next = first_at;
    for (size_t i = 0; i < message->count && !writer->overflowed; i++) {
        const struct edited_payload *payload = &message->payloads[i];
        writer->data[names_next] = payload->type;
        names_next = writer->size;
        writer_u8(writer, PAYLOAD_NONE);
        writer_u8(writer, payload->flags);
        writer_u16(writer, (uint16_t)(PAYLOAD_HEADER_SIZE + payload->size));
        writer_bytes(writer, bytes_of(payload->body, payload->size));
    }
    if (message->count == 0)
        writer->data[first_at] = PAYLOAD_NONE;
}

/* The room holds the payloads as they are edited and, behind it, the message as it was. */
enum { EDIT_MEMORY_SIZE = sizeof(struct edited_message) + EDIT_ROOM_SIZE + IKE_MESSAGE_MAX };

static void rebuild(struct edited_message *message, struct writer *writer, size_t first_at, size_t chain_at,
                    void (*edit)(struct edited_message *message))
{
    uint8_t *original = (uint8_t *)(message + 1) + EDIT_ROOM_SIZE;
    size_t size = writer->size;
    memcpy(original, writer->data, size);
    take_apart(message, writer->data[first_at], bytes_of(writer->data + chain_at, size - chain_at));
    edit(message);
    writer->size = chain_at;
    put_together(message, writer, first_at);
    if (!writer->overflowed)
        return;
    writer->overflowed = false;
    writer->size = size;
    memcpy(writer->data, original, size);
    trace_ike(message->engine, message->ike, DEBUG_BASE,
              "#%llu: what impairments make of a message does not fit into %zu bytes; it stays as it was",
              (unsigned long long)message->ike->serial, writer->capacity);
}

static void change(struct engine *engine, const struct ike_sa *ike, struct writer *writer, size_t first_at,
                   size_t chain_at, void (*edit)(struct edited_message *message))
{
    struct edited_message *message;
    if (writer->overflowed || writer->size > IKE_MESSAGE_MAX ||
        (message = calloc(1, EDIT_MEMORY_SIZE)) == NULL)
        return;
    message->engine = engine;
    message->ike = ike;
    message->header = writer->data;
    message->is_v1 = writer->data[HEADER_VERSION] >> 4 == 1;
    message->exchange = writer->data[HEADER_EXCHANGE];
    message->is_response = (writer->data[HEADER_FLAGS] & IKEV2_FLAG_RESPONSE) != 0 && !message->is_v1;
    message->is_protected = chain_at != IKE_HEADER_SIZE;
    message->room = writer_of((uint8_t *)(message + 1), EDIT_ROOM_SIZE);
    rebuild(message, writer, first_at, chain_at, edit);
    secret_free(message, EDIT_MEMORY_SIZE);
}

void impair_message(struct engine *engine, const struct ike_sa *ike, struct writer *writer, size_t first_at,
                    size_t chain_at)
{
    change(engine, ike, writer, first_at, chain_at, edit_message);
}

/* ---- the HASH payload of IKEv1 ---- */

static bool is_hash_meant(const struct engine *engine, const uint8_t *data, size_t size)
{
    uint8_t exchange = data[HEADER_EXCHANGE];
    size_t hash_size = load_be16(data + IKE_HEADER_SIZE + 2);
    bool has_delete = IKE_HEADER_SIZE + hash_size < size && data[IKE_HEADER_SIZE] == ISAKMP_DELETE;
    switch (impaired_value(engine, IMPAIR_V1_HASH_EXCHANGE)) {
    case IMPAIR_HASH_QUICK:
        return exchange == ISAKMP_QUICK;
    case IMPAIR_HASH_XAUTH:
        return exchange == ISAKMP_TRANSACTION;
    case IMPAIR_HASH_NOTIFICATION:
        return exchange == ISAKMP_INFORMATIONAL && !has_delete;
    case IMPAIR_HASH_DELETE:
        return exchange == ISAKMP_INFORMATIONAL && has_delete;
    default:
        return true;
    }
}

static void edit_hash(struct edited_message *message)
{
    if (message->count > 0)
        edit_content(message, 0, 0, impaired_value(message->engine, IMPAIR_V1_HASH_PAYLOAD));
}

void impair_hash(struct engine *engine, const struct ike_sa *ike, struct writer *writer)
{
    if (is_impaired(engine, IMPAIR_V1_HASH_PAYLOAD) && is_hash_meant(engine, writer->data, writer->size))
        change(engine, ike, writer, HEADER_NEXT_PAYLOAD_AT, IKE_HEADER_SIZE, edit_hash);
}

/* ---- inbound ---- */

void impair_received(const struct engine *engine, struct ikev2_message *message)
{
    uint64_t ignored = impaired_value(engine, IMPAIR_IGNORE_NOTIFICATION);
    size_t kept = 0;
    for (size_t i = 0; i < message->notify_count; i++) {
        uint16_t type = message->notifies[i].type;
        bool is_childless = type == CHILDLESS_IKEV2_SUPPORTED && is_impaired(engine, IMPAIR_CHILDLESS);
        if (type != ignored && !is_childless)
            message->notifies[kept++] = message->notifies[i];
    }
    message->notify_count = kept;
}
