/* Cutting large messages into SKF payloads and putting them together: RFC 7383. */
#include "engine/ikev2/fragmentation.h"

#include <stdlib.h>

#include "engine/ikev2/protect.h"

/* What a peer can make us keep is bounded by these, on each IKE SA and for each direction. */
enum { FRAGMENTS_MAX = 64, FRAGMENTED_SIZE_MAX = 65000, FRAGMENT_BUFFER_SIZE = 65536 };

/* Sizes of IP packets that pass everywhere (2.5.1). */
enum { PACKET_SIZE = 1280, SMALL_PACKET_SIZE = 576 };

struct reassembly {
    uint32_t message_id;
    uint8_t first; /* type of the first payload of the whole */
    uint16_t total, count;
    size_t size;
    uint64_t first_hash;
    struct owned pieces[FRAGMENTS_MAX];
};

void fragmentation_build_offer(const struct engine *engine, const struct ike_sa *ike,
                               struct message_builder *builder)
{
    const struct connection *connection = connection_by_serial(engine, ike->connection_serial);
    if (connection->spec->fragmentation != FRAGMENTATION_NO && !ike->path.is_tcp) /* RFC 9329 7.5 */
        ikev2_build_notify(builder, PROTOCOL_NONE, bytes_of(NULL, 0), IKEV2_FRAGMENTATION_SUPPORTED,
                           bytes_of(NULL, 0));
}

void fragmentation_build_agreement(const struct ike_sa *ike, struct message_builder *builder)
{
    if (ike->sends_fragments)
        ikev2_build_notify(builder, PROTOCOL_NONE, bytes_of(NULL, 0), IKEV2_FRAGMENTATION_SUPPORTED,
                           bytes_of(NULL, 0));
}

void fragmentation_read(const struct engine *engine, struct ike_sa *ike, const struct ikev2_message *message)
{
    const struct connection *connection = connection_by_serial(engine, ike->connection_serial);
    ike->sends_fragments = connection->spec->fragmentation != FRAGMENTATION_NO && !ike->path.is_tcp &&
                           ikev2_find_notify(message, IKEV2_FRAGMENTATION_SUPPORTED) != NULL;
}

/* ---- out ---- */

/* Bytes of IKE that one datagram may hold. */
static size_t datagram_limit(const struct engine *engine, const struct ike_sa *ike)
{
    enum { IPV4_HEADER = 20, IPV6_HEADER = 40, UDP_HEADER = 8, NON_ESP_MARKER = 4 };
    const struct connection *connection = connection_by_serial(engine, ike->connection_serial);
    bool is_small = connection->spec->fragmentation == FRAGMENTATION_FORCE;
    bool is_v6 = ike->path.remote.address.family == IP_V6;
    return (size_t)(is_small ? SMALL_PACKET_SIZE : PACKET_SIZE) -
           (size_t)(is_v6 ? IPV6_HEADER : IPV4_HEADER) - UDP_HEADER - NON_ESP_MARKER;
}

/* The payloads of a message that is not sealed yet. */
static struct bytes payloads_of(const struct ike_sa *ike, const struct message_builder *builder)
{
    size_t at = IKE_HEADER_SIZE + PAYLOAD_HEADER_SIZE + ike->suite.encr->iv_size;
    return bytes_of(builder->writer.data + at, builder->writer.size - at);
}

bool fragmentation_is_due(const struct engine *engine, const struct ike_sa *ike,
                          const struct message_builder *builder)
{
    return ike->sends_fragments &&
           protect_sealed_size(ike, payloads_of(ike, builder).size) > datagram_limit(engine, ike);
}

/* Bytes of payloads that fit into one fragment. */
static size_t piece_limit(const struct engine *engine, const struct ike_sa *ike)
{
    size_t limit = datagram_limit(engine, ike) - FRAGMENT_FIELDS_SIZE;
    size_t size = limit;
    while (protect_sealed_size(ike, size) > limit)
        size--;
    return size;
}

static bool seal_piece(struct engine *engine, const struct ike_sa *ike, const struct ikev2_header *header,
                       struct bytes piece, uint16_t number, uint16_t total, size_t *used)
{
    struct message_builder builder =
        message_build_start(engine->fragment_buffer + *used, FRAGMENT_BUFFER_SIZE - *used, header);
    struct bytes datagram;
    ikev2_build_skf_begin(&builder, header->next_payload, number, total, ike->suite.encr->iv_size);
    writer_bytes(&builder.writer, piece);
    if (!protect_seal(engine, ike, &builder, number, &datagram))
        return false;
    *used += datagram.size;
    return true;
}

bool fragmentation_seal(struct engine *engine, const struct ike_sa *ike,
                        const struct message_builder *builder, struct bytes *ret_datagrams)
{
    struct bytes payloads = payloads_of(ike, builder);
    size_t limit = piece_limit(engine, ike), used = 0;
    size_t total = (payloads.size + limit - 1) / limit;
    struct ikev2_header header;
    (void)ikev2_header_read(writer_bytes_so_far(&builder->writer), &header); /* its length is not known yet */
    header.next_payload = builder->writer.data[IKE_HEADER_SIZE];             /* the first inside */
    if (engine->fragment_buffer == NULL)
        engine->fragment_buffer = malloc(FRAGMENT_BUFFER_SIZE);
    if (engine->fragment_buffer == NULL || total > FRAGMENTS_MAX)
        return false;
    for (size_t i = 0; i < total; i++) {
        size_t at = i * limit, left = payloads.size - at;
        struct bytes piece = bytes_of(payloads.data + at, left < limit ? left : limit);
        if (!seal_piece(engine, ike, &header, piece, (uint16_t)(i + 1), (uint16_t)total, &used))
            return false;
    }
    *ret_datagrams = bytes_of(engine->fragment_buffer, used);
    return true;
}

/* ---- in ---- */

static void forget(struct engine *engine, struct ike_sa *ike, unsigned slot)
{
    struct reassembly *reassembly = ike->reassembly[slot];
    if (reassembly == NULL)
        return;
    for (size_t i = 0; i < FRAGMENTS_MAX; i++)
        owned_clear(engine, &ike->memory_bytes, &reassembly->pieces[i]);
    engine_deallocate(engine, reassembly, sizeof(*reassembly), &ike->memory_bytes);
    ike->reassembly[slot] = NULL;
}

void fragmentation_forget(struct engine *engine, struct ike_sa *ike)
{
    forget(engine, ike, 0);
    forget(engine, ike, 1);
}

/* More fragments than before: the peer has cut the message again, smaller; fewer: an old one is late (2.6).
 */
static struct reassembly *reassembly_for(struct engine *engine, struct ike_sa *ike, unsigned slot,
                                         uint32_t message_id, uint16_t total)
{
    struct reassembly *reassembly = ike->reassembly[slot];
    bool is_same = reassembly != NULL && reassembly->message_id == message_id;
    if (is_same && reassembly->total == total)
        return reassembly;
    if (is_same && reassembly->total > total)
        return NULL;
    forget(engine, ike, slot);
    reassembly = engine_allocate(engine, sizeof(*reassembly), &ike->memory_bytes);
    if (reassembly == NULL)
        return NULL;
    reassembly->message_id = message_id;
    reassembly->total = total;
    ike->reassembly[slot] = reassembly;
    return reassembly;
}

static uint8_t *join(struct engine *engine, const struct reassembly *reassembly)
{
    uint8_t *whole = engine_allocate(engine, reassembly->size, NULL);
    size_t at = 0;
    for (unsigned i = 0; whole != NULL && i < reassembly->total; i++) {
        memcpy(whole + at, reassembly->pieces[i].data, reassembly->pieces[i].size);
        at += reassembly->pieces[i].size;
    }
    return whole;
}

bool fragmentation_take(struct engine *engine, struct ike_sa *ike, unsigned slot,
                        const struct ikev2_message *outer, uint64_t hash, struct incoming *incoming,
                        uint64_t *ret_hash)
{
    unsigned index = outer->fragment_number - 1u;
    struct reassembly *reassembly =
        outer->fragment_total <= FRAGMENTS_MAX
            ? reassembly_for(engine, ike, slot, incoming->message_id, outer->fragment_total)
            : NULL;
    if (reassembly == NULL || reassembly->pieces[index].size != 0 || incoming->chain.size == 0 ||
        reassembly->size + incoming->chain.size > FRAGMENTED_SIZE_MAX ||
        !owned_set(engine, &ike->memory_bytes, &reassembly->pieces[index], incoming->chain))
        return false;
    reassembly->size += incoming->chain.size;
    reassembly->count++;
    if (index == 0) {
        reassembly->first = outer->sk_first;
        reassembly->first_hash = hash;
    }
    if (reassembly->count < reassembly->total)
        return false;
    uint8_t *whole = join(engine, reassembly);
    incoming->chain = bytes_of(whole, reassembly->size);
    incoming->first = reassembly->first;
    *ret_hash = reassembly->first_hash;
    trace_ike(engine, ike, DEBUG_BASE, "#%llu: message %u put together from %u fragments",
              (unsigned long long)ike->serial, incoming->message_id, reassembly->total);
    forget(engine, ike, slot);
    return whole != NULL;
}
