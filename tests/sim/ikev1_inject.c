/* IKEv1 messages of the scenario's own making. */
#include "ikev1_inject.h"

#include "engine/ikev1/transaction.h"
#include "wire/ikev2_numbers.h"
#include "world.h"

static struct ike_sa *newest_isakmp(const struct engine *engine)
{
    for (struct list_node *node = engine->ikes.prev; node != &engine->ikes; node = node->prev) {
        struct ike_sa *ike = CONTAINER_OF(node, struct ike_sa, all);
        if (ike->v1 != NULL)
            return ike;
    }
    return NULL;
}

static struct quick_mode *newest_quick(const struct engine *engine)
{
    struct ike_sa *ike = engine != NULL ? newest_isakmp(engine) : NULL;
    if (ike == NULL || list_is_empty(&ike->v1->quicks))
        return NULL;
    return CONTAINER_OF(ike->v1->quicks.prev, struct quick_mode, node);
}

uint32_t sim_ikev1_quick_message_id(const struct sim *sim, const char *host)
{
    const struct quick_mode *quick = newest_quick(world_host(sim, host)->engine);
    return quick != NULL ? quick->exchange.message_id : 0;
}

uint32_t sim_ikev1_request_message_id(const struct sim *sim, const char *host)
{
    const struct engine *engine = world_host(sim, host)->engine;
    const struct ike_sa *ike = engine != NULL ? newest_isakmp(engine) : NULL;
    return ike != NULL ? ike->v1->request_message_id : 0;
}

static struct bytes nonce_of_victim(const struct sim *sim, const char *host)
{
    const struct quick_mode *quick = newest_quick(world_host(sim, host)->engine);
    if (quick == NULL || quick->child->setup == NULL)
        return bytes_of(NULL, 0);
    return bytes_of(quick->child->setup->nonce, NONCE_SIZE);
}

static void fill_hash(const struct sim *sim, const char *to, const struct ike_sa *ike,
                      const struct ikev1_injection *injection, struct writer *writer)
{
    enum { HASH_AT = IKE_HEADER_SIZE + PAYLOAD_HEADER_SIZE };
    uint8_t id[4];
    size_t size = ike->suite.prf->output_size;
    store_be32(id, injection->message_id);
    const struct bytes parts[] = {
        bytes_of(id, sizeof(id)),
        injection->hash == IKEV1_HASH_2 ? nonce_of_victim(sim, to) : bytes_of(NULL, 0),
        bytes_of(writer->data + HASH_AT + size, writer->size - HASH_AT - size),
    };
    if (injection->hash != IKEV1_WRONG_HASH)
        prf_compute(ike->suite.prf, bytes_of(ike->v1->keys.skeyid_a, size), parts, ARRAY_SIZE(parts),
                    writer->data + HASH_AT);
}

static bool encrypt(const struct ike_sa *ike, const struct ike_sa *theirs,
                    const struct ikev1_injection *injection, uint8_t *data, size_t size)
{
    struct ikev1_exchange exchange = {0};
    const struct ike_setup *setup = ike->setup;
    const struct transaction *known = injection->goes_on && theirs != NULL
                                          ? transaction_by_message_id(theirs, injection->message_id)
                                          : NULL;
    if (known != NULL) {
        memcpy(exchange.iv, known->exchange.iv, sizeof(exchange.iv));
    } else if (!injection->is_phase1) {
        ikev1_exchange_begin(ike, &exchange, injection->message_id);
    } else if (setup != NULL) {
        struct bytes own = bytes_of(setup->own_public.data, setup->own_public.size);
        struct bytes peer = bytes_of(setup->peer_public.data, setup->peer_public.size);
        ikev1_first_iv(ike->suite.prf, ike->suite.encr, ike->is_initiator ? own : peer,
                       ike->is_initiator ? peer : own, exchange.iv);
    }
    data[HEADER_FLAGS_AT] |= ISAKMP_ENCRYPTED;
    return ikev1_encrypt(ike->suite.encr, ikev1_cipher_key(ike), exchange.iv, data + IKE_HEADER_SIZE,
                         size - IKE_HEADER_SIZE);
}

static void inject_pieces(struct sim *sim, const char *from, const char *to, uint16_t port,
                          struct bytes message, size_t piece_size)
{
    size_t count = (message.size + piece_size - 1) / piece_size;
    for (size_t number = count; number > 0; number--) {
        uint8_t buffer[2048];
        size_t at = (number - 1) * piece_size, left = message.size - at;
        struct ikev2_header header;
        struct bytes datagram;
        ikev2_header_read(message, &header);
        struct message_builder builder = ikev1_build_start(buffer, sizeof(buffer), &header);
        message_build_begin(&builder, ISAKMP_FRAGMENT);
        writer_u16(&builder.writer, 9);
        writer_u8(&builder.writer, (uint8_t)number);
        writer_u8(&builder.writer, number == count);
        writer_bytes(&builder.writer, bytes_of(message.data + at, left < piece_size ? left : piece_size));
        message_build_end(&builder);
        if (ikev1_build_finish(&builder, 0, &datagram))
            sim_inject(sim, from, to, port, datagram);
    }
}

bool sim_inject_ikev1(struct sim *sim, const char *from, const char *to, const struct ikev1_injection *wanted)
{
    enum { MESSAGE_MAX = 65000 };
    static uint8_t buffer[MESSAGE_MAX];
    struct sim_host *host = world_host(sim, from);
    const struct ike_sa *ike = host->engine != NULL ? newest_isakmp(host->engine) : NULL;
    const struct sim_host *victim = world_host(sim, to);
    const struct ike_sa *theirs = victim->engine != NULL ? newest_isakmp(victim->engine) : NULL;
    struct ikev1_injection injection = *wanted;
    struct bytes message;
    if (ike == NULL || (injection.is_encrypted && ike->suite.encr == NULL))
        return false;
    struct message_builder builder =
        ikev1_start(ike, buffer, sizeof(buffer), injection.exchange, injection.message_id);
    if (injection.hash != IKEV1_NO_HASH)
        ikev1_build_hash(ike, &builder);
    buffer[builder.next_payload_at] = injection.first;
    writer_bytes(&builder.writer, injection.chain);
    if (injection.hash != IKEV1_NO_HASH && !builder.writer.overflowed)
        fill_hash(sim, to, ike, &injection, &builder.writer);
    if (!ikev1_build_finish(&builder, injection.is_encrypted ? ike->suite.encr->block_size : 0, &message) ||
        message.size == IKE_HEADER_SIZE ||
        (injection.is_encrypted && !encrypt(ike, theirs, &injection, buffer, message.size)))
        return false;
    if (injection.is_first)
        memset(buffer + IKE_SPI_SIZE, 0, IKE_SPI_SIZE);
    if (injection.piece_size != 0)
        inject_pieces(sim, from, to, ike->path.local.port, message, injection.piece_size);
    else
        sim_inject(sim, from, to, ike->path.local.port, message);
    return true;
}
