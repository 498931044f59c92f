/* The SK payload: RFC 7296 3.14, RFC 5282. */
#include "engine/ikev2/protect.h"

#include <stdlib.h>

#include "engine/count.h"
#include "engine/ike_trace.h"
#include "engine/ikev2/fragmentation.h"
#include "engine/impair_message.h"

enum { CACHED_PAIRS = 16 };

struct cached_cipher {
    const struct algorithm *encr, *integ;
    struct packet_cipher *cipher;
};

struct cipher_cache {
    struct cached_cipher pairs[CACHED_PAIRS];
    size_t count, next_victim;
};

struct cipher_cache *cipher_cache_new(void)
{
    return calloc(1, sizeof(struct cipher_cache));
}

void cipher_cache_free(struct cipher_cache *cache)
{
    for (size_t i = 0; cache != NULL && i < cache->count; i++)
        packet_cipher_free(cache->pairs[i].cipher);
    free(cache);
}

static struct packet_cipher *cipher_for(struct cipher_cache *cache, const struct suite *suite)
{
    for (size_t i = 0; i < cache->count; i++)
        if (cache->pairs[i].encr == suite->encr && cache->pairs[i].integ == suite->integ)
            return cache->pairs[i].cipher;
    struct packet_cipher *cipher = packet_cipher_new(suite->encr, suite->integ);
    if (cipher == NULL)
        return NULL;
    size_t slot = cache->count < CACHED_PAIRS ? cache->count++ : cache->next_victim++ % CACHED_PAIRS;
    packet_cipher_free(cache->pairs[slot].cipher);
    cache->pairs[slot] = (struct cached_cipher){suite->encr, suite->integ, cipher};
    return cipher;
}

static struct packet_cipher *keyed_cipher(struct engine *engine, const struct ike_sa *ike,
                                          bool from_initiator)
{
    const struct suite *suite = &ike->suite;
    struct packet_cipher *cipher = cipher_for(engine->cipher_cache, suite);
    const uint8_t *encr_key = from_initiator ? ike->keys.sk_ei : ike->keys.sk_er;
    const uint8_t *integ_key = from_initiator ? ike->keys.sk_ai : ike->keys.sk_ar;
    size_t integ_size = suite->integ ? packet_integ_key_size(suite->integ) : 0;
    if (cipher == NULL ||
        !packet_cipher_set_keys(cipher,
                                bytes_of(encr_key, packet_encr_key_size(suite->encr, suite->encr_key_bits)),
                                bytes_of(integ_key, integ_size)))
        return NULL;
    return cipher;
}

struct message_builder protect_start(const struct ike_sa *ike, uint8_t *buffer, size_t capacity,
                                     uint8_t exchange, bool is_response, uint32_t message_id)
{
    struct ikev2_header header = {
        .version = IKEV2_VERSION,
        .exchange = exchange,
        .flags = (uint8_t)((ike->is_initiator ? IKEV2_FLAG_INITIATOR : 0) |
                           (is_response ? IKEV2_FLAG_RESPONSE : 0)),
        .message_id = message_id,
    };
    memcpy(header.spi_i, ike->spi_i, IKE_SPI_SIZE);
    memcpy(header.spi_r, ike->spi_r, IKE_SPI_SIZE);
    struct message_builder builder = message_build_start(buffer, capacity, &header);
    ikev2_build_sk_begin(&builder, ike->suite.encr->iv_size);
    return builder;
}

/* With CBC the whole plaintext is a multiple of the block; the others need no padding, 1 says so. */
static size_t padding_block(const struct algorithm *encr)
{
    return encr->block_size > 0 ? encr->block_size : 1;
}

size_t protect_sealed_size(const struct ike_sa *ike, size_t payload_size)
{
    const struct algorithm *encr = ike->suite.encr;
    size_t block = padding_block(encr);
    return IKE_HEADER_SIZE + PAYLOAD_HEADER_SIZE + encr->iv_size + (payload_size + block) / block * block +
           packet_icv_size(encr, ike->suite.integ);
}

/* Counter modes need an IV that never repeats under a key. Each direction has its own key, and in one
 * direction a response flag, message id and fragment number occur once (RFC 7296 2.2, RFC 7383 2.5). CBC
 * needs an unpredictable one. */
static void make_iv(struct engine *engine, const struct algorithm *encr, uint8_t *data, size_t iv_at,
                    uint16_t fragment)
{
    if (!encr->is_aead && encr->block_size > 1) {
        engine_random(engine, data + iv_at, encr->iv_size);
        return;
    }
    memset(data + iv_at, 0, encr->iv_size);
    store_be32(data + iv_at + encr->iv_size - 4, load_be32(data + 20));
    store_be16(data + iv_at + encr->iv_size - 6, fragment);
    data[iv_at] = data[19] & IKEV2_FLAG_RESPONSE;
}

bool protect_seal(struct engine *engine, const struct ike_sa *ike, struct message_builder *builder,
                  uint16_t fragment, struct bytes *ret_message)
{
    const struct algorithm *encr = ike->suite.encr;
    struct ikev2_sealed at = ikev2_build_sk_end(builder, encr->iv_size, padding_block(encr),
                                                packet_icv_size(encr, ike->suite.integ));
    struct bytes message;
    if (!message_build_finish(builder, &message))
        return false;
    uint8_t *data = builder->writer.data;
    make_iv(engine, encr, data, at.iv_at, fragment);
    struct packet_parts parts = {
        .aad = bytes_of(data, at.iv_at),
        .iv = data + at.iv_at,
        .data = data + at.data_at,
        .data_size = at.data_size,
        .icv = data + at.icv_at,
    };
    struct packet_cipher *cipher = keyed_cipher(engine, ike, ike->is_initiator);
    *ret_message = message;
    return cipher != NULL && packet_cipher_seal(cipher, &parts);
}

bool protect_finish(struct engine *engine, const struct ike_sa *ike, struct message_builder *builder,
                    struct bytes *ret_message)
{
    size_t payloads_at = IKE_HEADER_SIZE + PAYLOAD_HEADER_SIZE + ike->suite.encr->iv_size;
    if (builder->writer.overflowed)
        return false;
    if (engine->impairments.has_any)
        impair_message(engine, ike, &builder->writer, IKE_HEADER_SIZE, payloads_at);
    count_sent(engine, builder);
    const uint8_t *data = builder->writer.data;
    trace_payloads(engine, ike, true, ikev2_exchange_name(data[HEADER_EXCHANGE_AT]), load_be32(data + HEADER_MESSAGE_ID_AT),
                   bytes_of(data + payloads_at, builder->writer.size - payloads_at));
    if (fragmentation_is_due(engine, ike, builder))
        return fragmentation_seal(engine, ike, builder, ret_message);
    return protect_seal(engine, ike, builder, 0, ret_message);
}

bool protect_open(struct engine *engine, const struct ike_sa *ike, uint8_t *datagram, size_t size,
                  struct bytes sk_body, struct bytes *ret_chain)
{
    const struct algorithm *encr = ike->suite.encr;
    size_t icv_size = packet_icv_size(encr, ike->suite.integ);
    if (sk_body.size < encr->iv_size + icv_size + 1u)
        return false;
    size_t iv_at = (size_t)(sk_body.data - datagram);
    size_t data_size = sk_body.size - encr->iv_size - icv_size;
    if (data_size % padding_block(encr) != 0 || iv_at + sk_body.size != size)
        return false;
    struct packet_parts parts = {
        .aad = bytes_of(datagram, iv_at),
        .iv = datagram + iv_at,
        .data = datagram + iv_at + encr->iv_size,
        .data_size = data_size,
        .icv = datagram + size - icv_size,
    };
    struct packet_cipher *cipher = keyed_cipher(engine, ike, !ike->is_initiator);
    if (cipher == NULL || !packet_cipher_open(cipher, &parts))
        return false;
    size_t padding = parts.data[data_size - 1];
    if (padding + 1 > data_size)
        return false;
    *ret_chain = bytes_of(parts.data, data_size - padding - 1);
    return true;
}
