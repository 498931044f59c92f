/* IKEv1 exchanges: RFC 2408 5.1, RFC 2409 5.5, 5.7, Appendix B. */
#include "engine/ikev1/exchange.h"

#include "engine/ike_trace.h"

#include "base/secret.h"
#include "engine/ikev1/fragmentation.h"
#include "engine/impair_message.h"

struct bytes ikev1_cipher_key(const struct ike_sa *ike)
{
    return bytes_of(ike->v1->keys.encr_key, packet_encr_key_size(ike->suite.encr, ike->suite.encr_key_bits));
}

void ikev1_exchange_begin(const struct ike_sa *ike, struct ikev1_exchange *exchange, uint32_t message_id)
{
    exchange->message_id = message_id;
    ikev1_exchange_iv(ike->suite.prf, ike->suite.encr, ike->v1->last_block, message_id, exchange->iv);
}

static bool is_used(const struct ike_sa *ike, uint32_t message_id)
{
    for (unsigned i = 0; i < ike->v1->used_message_id_count; i++)
        if (ike->v1->used_message_ids[i] == message_id)
            return true;
    return false;
}

static bool make_room_for_id(struct engine *engine, struct ike_sa *ike)
{
    struct ikev1_sa *v1 = ike->v1;
    unsigned room = v1->used_message_id_room == 0 ? USED_MESSAGE_IDS_FIRST : 2 * v1->used_message_id_room;
    if (v1->used_message_id_count < v1->used_message_id_room)
        return true;
    if (room > USED_MESSAGE_IDS_MAX)
        return false;
    uint32_t *ids = engine_allocate(engine, room * sizeof(*ids), &ike->memory_bytes);
    if (ids == NULL)
        return false;
    if (v1->used_message_id_count > 0)
        memcpy(ids, v1->used_message_ids, v1->used_message_id_count * sizeof(*ids));
    ikev1_forget_message_ids(engine, ike);
    v1->used_message_ids = ids;
    v1->used_message_id_room = room;
    return true;
}

void ikev1_forget_message_ids(struct engine *engine, struct ike_sa *ike)
{
    struct ikev1_sa *v1 = ike->v1;
    if (v1->used_message_ids != NULL)
        engine_deallocate(engine, v1->used_message_ids,
                          v1->used_message_id_room * sizeof(*v1->used_message_ids), &ike->memory_bytes);
    v1->used_message_ids = NULL;
}

bool ikev1_use_message_id(struct engine *engine, struct ike_sa *ike, uint32_t message_id)
{
    if (message_id == 0 || is_used(ike, message_id) || !make_room_for_id(engine, ike))
        return false;
    ike->v1->used_message_ids[ike->v1->used_message_id_count++] = message_id;
    bool may_rekey = ike->rekey_at != USEC_NEVER; /* established, and not rekey=no */
    if (may_rekey && ike->v1->used_message_id_count == USED_MESSAGE_IDS_MAX * 3 / 4)
        engine_timer_arm(engine, &ike->life_timer, engine_now(engine)); /* a new one in its place */
    if (ike->v1->used_message_id_count == USED_MESSAGE_IDS_MAX) {
        ike->expire_at = engine_now(engine);
        engine_timer_arm(engine, &ike->life_timer, ike->expire_at);
    }
    return true;
}

uint32_t ikev1_new_message_id(struct engine *engine, struct ike_sa *ike)
{
    uint32_t id;
    do
        engine_random(engine, &id, sizeof(id));
    while (id == 0 || is_used(ike, id) || quick_by_message_id(ike, id) != NULL);
    (void)ikev1_use_message_id(engine, ike, id); /* nor is it the peer's, should it come back to us */
    return id;
}

void ikev1_trace_payloads(struct engine *engine, const struct ike_sa *ike, bool is_sent, uint8_t exchange,
                          uint32_t message_id, struct bytes payloads)
{
    const char *name = ikev1_exchange_name(exchange);
    if (exchange != ISAKMP_TRANSACTION) {
        trace_payloads(engine, ike, is_sent, name, message_id, payloads);
        return;
    }
    trace_message(engine, ike, is_sent, name, message_id, payloads.size);
    trace_ike(engine, ike, DEBUG_CRYPT, "  its plaintext is not shown, for there may be a password in it");
}

/* ---- building ---- */

struct message_builder ikev1_start(const struct ike_sa *ike, uint8_t *buffer, size_t capacity,
                                   uint8_t exchange_type, uint32_t message_id)
{
    struct ikev2_header header = {.exchange = exchange_type, .message_id = message_id};
    memcpy(header.spi_i, ike->spi_i, IKE_SPI_SIZE);
    memcpy(header.spi_r, ike->spi_r, IKE_SPI_SIZE);
    return ikev1_build_start(buffer, capacity, &header);
}

void ikev1_build_hash(const struct ike_sa *ike, struct message_builder *builder)
{
    static const uint8_t zeros[PRF_OUTPUT_MAX];
    message_build_body(builder, ISAKMP_HASH, bytes_of(zeros, ike->suite.prf->output_size));
}

static bool phase2_hash(const struct ike_sa *ike, uint32_t message_id, struct bytes nonce, struct bytes rest,
                        uint8_t *out)
{
    uint8_t id[4];
    store_be32(id, message_id);
    const struct bytes parts[] = {bytes_of(id, sizeof(id)), nonce, rest};
    return prf_compute(ike->suite.prf, bytes_of(ike->v1->keys.skeyid_a, ike->suite.prf->output_size), parts,
                       ARRAY_SIZE(parts), out);
}

bool ikev1_hash3(const struct ike_sa *ike, uint32_t message_id, struct bytes nonce_i, struct bytes nonce_r,
                 uint8_t *out)
{
    uint8_t start[5] = {0};
    store_be32(start + 1, message_id);
    const struct bytes parts[] = {bytes_of(start, sizeof(start)), nonce_i, nonce_r};
    return prf_compute(ike->suite.prf, bytes_of(ike->v1->keys.skeyid_a, ike->suite.prf->output_size), parts,
                       ARRAY_SIZE(parts), out);
}

bool ikev1_hash_is_right(const struct engine *engine, const struct ike_sa *ike,
                         const struct ikev1_incoming *incoming, struct bytes nonce)
{
    const struct ikev1_message *message = incoming->message;
    size_t size = ike->suite.prf->output_size;
    uint8_t expected[PRF_OUTPUT_MAX];
    if (is_impaired(engine, IMPAIR_V1_HASH_CHECK))
        return true;
    return message->hash.size == size && message->after_hash.data != NULL &&
           phase2_hash(ike, incoming->header->message_id, nonce, message->after_hash, expected) &&
           secret_equal(message->hash.data, expected, size);
}

/* ---- sending ---- */

static bool send_and_keep(struct engine *engine, struct ike_sa *ike, struct ikev1_exchange *exchange,
                          struct bytes message, size_t *owner_bytes)
{
    if (!owned_set(engine, owner_bytes, &exchange->last_sent, message))
        return false;
    ikev1_transmit(engine, ike, message);
    return true;
}

static void impair(struct engine *engine, const struct ike_sa *ike, struct message_builder *builder)
{
    if (engine->impairments.has_any)
        impair_message(engine, ike, &builder->writer, HEADER_NEXT_PAYLOAD_AT, IKE_HEADER_SIZE);
}

bool ikev1_send_plain(struct engine *engine, struct ike_sa *ike, struct ikev1_exchange *exchange,
                      struct message_builder *builder, size_t *owner_bytes)
{
    enum { PADDED_TO = 4 };
    const struct connection *connection = connection_by_serial(engine, ike->connection_serial);
    size_t unit = connection != NULL && connection->spec->ikepad != IKEPAD_NO ? PADDED_TO : 0;
    struct bytes message;
    impair(engine, ike, builder);
    return ikev1_build_finish(builder, unit, &message) &&
           send_and_keep(engine, ike, exchange, message, owner_bytes);
}

static bool encrypt_and_send(struct engine *engine, struct ike_sa *ike, struct ikev1_exchange *exchange,
                             struct message_builder *builder, size_t *owner_bytes)
{
    const struct algorithm *encr = ike->suite.encr;
    struct bytes message;
    if (!ikev1_build_finish(builder, encr->block_size, &message))
        return false;
    uint8_t *data = builder->writer.data;
    ikev1_trace_payloads(engine, ike, true, data[HEADER_EXCHANGE_AT], exchange->message_id,
                         bytes_of(data + IKE_HEADER_SIZE, message.size - IKE_HEADER_SIZE));
    data[HEADER_FLAGS_AT] |= ISAKMP_ENCRYPTED;
    return ikev1_encrypt(encr, ikev1_cipher_key(ike), exchange->iv, data + IKE_HEADER_SIZE,
                         message.size - IKE_HEADER_SIZE) &&
           send_and_keep(engine, ike, exchange, message, owner_bytes);
}

bool ikev1_send_encrypted(struct engine *engine, struct ike_sa *ike, struct ikev1_exchange *exchange,
                          struct message_builder *builder, size_t *owner_bytes)
{
    impair(engine, ike, builder);
    return encrypt_and_send(engine, ike, exchange, builder, owner_bytes);
}

bool ikev1_send_hashed(struct engine *engine, struct ike_sa *ike, struct ikev1_exchange *exchange,
                       struct message_builder *builder, struct bytes nonce, size_t *owner_bytes)
{
    enum { HASH_AT = IKE_HEADER_SIZE + PAYLOAD_HEADER_SIZE };
    size_t rest_at = HASH_AT + ike->suite.prf->output_size;
    const struct writer *writer = &builder->writer;
    impair(engine, ike, builder);
    if (writer->overflowed)
        return false;
    struct bytes rest = bytes_of(writer->data + rest_at, writer->size - rest_at);
    if (!phase2_hash(ike, exchange->message_id, nonce, rest, writer->data + HASH_AT))
        return false;
    if (engine->impairments.has_any)
        impair_hash(engine, ike, &builder->writer);
    return encrypt_and_send(engine, ike, exchange, builder, owner_bytes);
}

/* ---- once more ---- */

void ikev1_send_again(struct engine *engine, const struct ike_sa *ike, const struct ikev1_exchange *exchange)
{
    if (exchange->last_sent.size != 0)
        ikev1_transmit(engine, ike, owned_bytes(&exchange->last_sent));
}

void ikev1_arm_retransmit(struct engine *engine, const struct ike_sa *ike, struct ikev1_exchange *exchange,
                          struct engine_timer *timer)
{
    const struct connection *connection = connection_by_serial(engine, ike->connection_serial);
    exchange->first_sent = engine_now(engine);
    exchange->retransmit_interval = connection->spec->retransmit_interval;
    exchange->retransmits = 0;
    usec_t timeout = connection->spec->retransmit_timeout;
    engine_timer_arm(engine, timer,
                     exchange->first_sent +
                         (exchange->retransmit_interval < timeout ? exchange->retransmit_interval : timeout));
}

enum ikev1_retransmit_result ikev1_retransmit(struct engine *engine, const struct ike_sa *ike,
                                              struct ikev1_exchange *exchange, struct engine_timer *timer,
                                              unsigned *ret_waited_seconds)
{
    const struct connection_spec *spec = connection_by_serial(engine, ike->connection_serial)->spec;
    usec_t now = engine_now(engine), waited = now - exchange->first_sent;
    *ret_waited_seconds = (unsigned)(waited / USEC_PER_SEC);
    if (waited >= spec->retransmit_timeout || engine->settings.no_retransmits ||
        is_impaired(engine, IMPAIR_TIMEOUT_ON_RETRANSMIT))
        return RETRANSMIT_GIVE_UP;
    if (is_impaired(engine, IMPAIR_SUPPRESS_RETRANSMITS)) {
        engine_timer_arm(engine, timer, exchange->first_sent + spec->retransmit_timeout);
        return RETRANSMIT_SUPPRESSED;
    }
    exchange->retransmits++;
    if (ike->v1->is_unconfirmed &&
        exchange != &ike->v1->phase1) /* perhaps the peer still waits for the end of phase 1 */
        ikev1_send_again(engine, ike, &ike->v1->phase1);
    ikev1_send_again(engine, ike, exchange);
    usec_t next = now + exchange->retransmit_interval;
    usec_t last = exchange->first_sent + spec->retransmit_timeout;
    exchange->retransmit_interval *= 2;
    engine_timer_arm(engine, timer, next < last ? next : last);
    return RETRANSMITTED;
}
