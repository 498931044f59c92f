/* Keys seen in jobs, and what can be done with them: reading and forging protected messages (RFC 7296 3.14).
 */
#include "key_ring.h"

#include <stdlib.h>

#include "base/text.h"
#include "event_queue.h"
#include "wire/ikev2_build.h"

void key_ring_learn(struct key_ring *ring, const struct job *job)
{
    if (!job->ok || job->kind == JOB_KE_GENERATE || job->inputs.prf == NULL)
        return;
    struct ike_keys *keys = sim_alloc(sizeof(*keys));
    *keys = (struct ike_keys){.next = ring->newest,
                              .prf = job->inputs.prf,
                              .encr = job->inputs.encr,
                              .encr_key_bits = job->inputs.encr_key_bits,
                              .integ = job->inputs.integ,
                              .keys = job->keys};
    memcpy(keys->spi_i, job->inputs.spi_i, IKE_SPI_SIZE);
    memcpy(keys->spi_r, job->inputs.spi_r, IKE_SPI_SIZE);
    ring->newest = keys;
}

const struct ike_keys *key_ring_find(const struct key_ring *ring, const uint8_t spi_i[static IKE_SPI_SIZE],
                                     const uint8_t spi_r[static IKE_SPI_SIZE])
{
    for (const struct ike_keys *keys = ring->newest; keys != NULL; keys = keys->next)
        if (memcmp(keys->spi_i, spi_i, IKE_SPI_SIZE) == 0 && memcmp(keys->spi_r, spi_r, IKE_SPI_SIZE) == 0)
            return keys;
    return NULL;
}

bool ike_keys_equal(const struct ike_keys *a, const struct ike_keys *b)
{
    return a->prf == b->prf && a->encr == b->encr && a->encr_key_bits == b->encr_key_bits &&
           a->integ == b->integ && memcmp(&a->keys, &b->keys, sizeof(a->keys)) == 0;
}

void key_ring_free(struct key_ring *ring)
{
    while (ring->newest != NULL) {
        struct ike_keys *gone = ring->newest;
        ring->newest = gone->next;
        free(gone);
    }
}

enum { SK_BODY_AT = IKE_HEADER_SIZE + PAYLOAD_HEADER_SIZE };

/* Keyed for one direction; NULL without memory. */
static struct packet_cipher *cipher_for(const struct ike_keys *keys, bool from_initiator)
{
    struct packet_cipher *cipher = packet_cipher_new(keys->encr, keys->integ);
    size_t encr_size = packet_encr_key_size(keys->encr, keys->encr_key_bits);
    size_t integ_size = keys->integ ? packet_integ_key_size(keys->integ) : 0;
    const uint8_t *encr_key = from_initiator ? keys->keys.sk_ei : keys->keys.sk_er;
    const uint8_t *integ_key = from_initiator ? keys->keys.sk_ai : keys->keys.sk_ar;
    if (cipher != NULL &&
        !packet_cipher_set_keys(cipher, bytes_of(encr_key, encr_size), bytes_of(integ_key, integ_size))) {
        packet_cipher_free(cipher);
        return NULL;
    }
    return cipher;
}

static bool read_protected(const struct ike_keys *keys, struct bytes datagram, struct decoded *out)
{
    size_t iv_size = keys->encr->iv_size;
    size_t icv_size = packet_icv_size(keys->encr, keys->integ);
    if (datagram.size < SK_BODY_AT + iv_size + 1 + icv_size)
        return false;
    struct packet_parts parts = {
        .aad = bytes_of(out->plain, SK_BODY_AT),
        .iv = out->plain + SK_BODY_AT,
        .data = out->plain + SK_BODY_AT + iv_size,
        .data_size = datagram.size - SK_BODY_AT - iv_size - icv_size,
        .icv = out->plain + datagram.size - icv_size,
    };
    struct packet_cipher *cipher = cipher_for(keys, out->is_from_initiator);
    bool opened = cipher != NULL && packet_cipher_open(cipher, &parts);
    packet_cipher_free(cipher);
    size_t padding = opened ? parts.data[parts.data_size - 1] + 1u : 0;
    uint8_t critical;
    return opened && padding <= parts.data_size &&
           ikev2_message_read(out->plain[IKE_HEADER_SIZE], bytes_of(parts.data, parts.data_size - padding),
                              &out->arena, &out->message, &critical, NULL);
}

bool decode_message(const struct key_ring *ring, struct bytes datagram, struct decoded *out)
{
    *out = (struct decoded){.arena = arena_make(1 << 20)};
    if (!ikev2_header_read(datagram, &out->header))
        return false;
    out->is_response = (out->header.flags & IKEV2_FLAG_RESPONSE) != 0;
    out->is_from_initiator = (out->header.flags & IKEV2_FLAG_INITIATOR) != 0;
    out->plain = sim_alloc(datagram.size);
    memcpy(out->plain, datagram.data, datagram.size);
    uint8_t critical;
    if (out->header.next_payload == PAYLOAD_SK) {
        const struct ike_keys *keys = key_ring_find(ring, out->header.spi_i, out->header.spi_r);
        out->is_readable = keys != NULL && read_protected(keys, datagram, out);
    } else {
        out->is_readable = ikev2_message_read(
            out->header.next_payload, bytes_of(out->plain + IKE_HEADER_SIZE, datagram.size - IKE_HEADER_SIZE),
            &out->arena, &out->message, &critical, NULL);
    }
    return true;
}

void decoded_free(struct decoded *decoded)
{
    arena_release(&decoded->arena);
    free(decoded->plain);
}

void decoded_text(const struct decoded *decoded, char *out, size_t size)
{
    struct text text = text_of(out, size);
    text_add(&text, "%02x%02x/%02x%02x %s %s %u:", decoded->header.spi_i[0], decoded->header.spi_i[1],
             decoded->header.spi_r[0], decoded->header.spi_r[1],
             ikev2_exchange_name(decoded->header.exchange), decoded->is_response ? "response" : "request",
             decoded->header.message_id);
    if (!decoded->is_readable) {
        text_add(&text, " (not readable)");
        return;
    }
    const struct ikev2_message *message = &decoded->message;
    for (uint8_t type = PAYLOAD_SA; type <= PAYLOAD_EAP; type++)
        if (ikev2_has(message, type) && type != PAYLOAD_NOTIFY && type != PAYLOAD_DELETE)
            text_add(&text, " %s", ikev2_payload_name(type));
    for (size_t i = 0; i < message->notify_count; i++) {
        text_add(&text, " N(%s", ikev2_notify_name(message->notifies[i].type));
        if (message->notifies[i].spi.size > 0)
            text_add(&text, " ");
        text_add_hex(&text, message->notifies[i].spi);
        text_add(&text, ")");
    }
    for (size_t i = 0; i < message->delete_count; i++) {
        text_add(&text, " D(%u ", message->deletes[i].protocol);
        text_add_hex(&text, message->deletes[i].spis);
        text_add(&text, ")");
    }
}

size_t forge_protected(const struct ike_keys *keys, const struct ikev2_header *header, uint8_t first_payload,
                       struct bytes chain, uint8_t *out, size_t capacity)
{
    bool from_initiator = (header->flags & IKEV2_FLAG_INITIATOR) != 0;
    size_t iv_size = keys->encr->iv_size;
    size_t icv_size = packet_icv_size(keys->encr, keys->integ);
    struct message_builder builder = message_build_start(out, capacity, header);
    ikev2_build_sk_begin(&builder, iv_size);
    writer_bytes(&builder.writer, chain);
    struct ikev2_sealed sealed =
        ikev2_build_sk_end(&builder, iv_size, keys->encr->block_size ? keys->encr->block_size : 1, icv_size);
    struct bytes message;
    if (!message_build_finish(&builder, &message))
        return 0;
    out[IKE_HEADER_SIZE] = first_payload;
    memset(out + sealed.iv_at, 0x5a, iv_size);
    struct packet_parts parts = {.aad = bytes_of(out, SK_BODY_AT),
                                 .iv = out + sealed.iv_at,
                                 .data = out + sealed.data_at,
                                 .data_size = sealed.data_size,
                                 .icv = out + sealed.icv_at};
    struct packet_cipher *cipher = cipher_for(keys, from_initiator);
    bool sealed_well = cipher != NULL && packet_cipher_seal(cipher, &parts);
    packet_cipher_free(cipher);
    return sealed_well ? message.size : 0;
}
