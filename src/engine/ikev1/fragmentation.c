/* ISAKMP fragments of Cisco and Microsoft. */
#include "engine/ikev1/fragmentation.h"

#include "base/reader.h"
#include "engine/count.h"

enum {
    FRAGMENTS_MAX = 64,          /* pieces of one message */
    FRAGMENTED_SIZE_MAX = 65000, /* bytes of one message */
    FRAGMENT_HEADER_SIZE = 8,    /* generic header, id, number, flags */
    FRAGMENT_LAST = 1,
    SEND_ABOVE = 1280 - 28, /* messages longer than this are cut */
    SMALL_SIZE = 576 - 32,  /* IP of 576 bytes holds it, behind UDP and the non-ESP marker */
    SEND_ABOVE_BY_FORCE = SMALL_SIZE,
    PIECE_SIZE = SMALL_SIZE - 28 - FRAGMENT_HEADER_SIZE, /* data of one piece */
};

struct ikev1_fragments {
    uint16_t id;
    uint8_t last; /* number of the last one; 0: it has not come */
    uint8_t count;
    size_t size;
    struct ip_endpoint sender; /* whose pieces these are: a stranger's must not spoil them */
    struct owned pieces[FRAGMENTS_MAX];
    struct owned whole;
};

static void send_piece(struct engine *engine, const struct ike_sa *ike, struct bytes message,
                       struct bytes piece, uint8_t number, bool is_last)
{
    uint8_t buffer[IKE_HEADER_SIZE + FRAGMENT_HEADER_SIZE + PIECE_SIZE];
    struct ikev2_header header;
    struct bytes datagram;
    ikev2_header_read(message, &header);
    header.flags = 0;
    struct message_builder builder = ikev1_build_start(buffer, sizeof(buffer), &header);
    message_build_begin(&builder, ISAKMP_FRAGMENT);
    writer_u16(&builder.writer, 1);
    writer_u8(&builder.writer, number);
    writer_u8(&builder.writer, is_last ? FRAGMENT_LAST : 0);
    writer_bytes(&builder.writer, piece);
    message_build_end(&builder);
    if (ikev1_build_finish(&builder, 0, &datagram))
        engine_send(engine, &ike->path, datagram);
}

void ikev1_transmit(struct engine *engine, const struct ike_sa *ike, struct bytes message)
{
    const struct connection *connection = connection_by_serial(engine, ike->connection_serial);
    bool may_cut = (ike->v1->peer_features & PEER_FRAGMENTATION) != 0 && connection != NULL &&
                   connection->spec->fragmentation;
    bool is_small = may_cut && connection->spec->fragmentation == FRAGMENTATION_FORCE;
    if (!may_cut || message.size <= (is_small ? SEND_ABOVE_BY_FORCE : SEND_ABOVE)) {
        engine_send(engine, &ike->path, message);
        return;
    }
    uint8_t number = 1;
    for (size_t at = 0; at < message.size; at += PIECE_SIZE, number++) {
        size_t left = message.size - at;
        bool is_last = left <= PIECE_SIZE;
        send_piece(engine, ike, message, bytes_of(message.data + at, is_last ? left : PIECE_SIZE), number,
                   is_last);
    }
}

/* ---- receiving ---- */

struct fragment {
    uint16_t id;
    uint8_t number, flags;
    struct bytes data;
};

static bool read_fragment(struct bytes datagram, struct fragment *out)
{
    struct reader reader =
        reader_of(bytes_of(datagram.data + IKE_HEADER_SIZE, datagram.size - IKE_HEADER_SIZE));
    uint8_t next = reader_u8(&reader);
    reader_u8(&reader);
    uint16_t length = reader_u16(&reader);
    out->id = reader_u16(&reader);
    out->number = reader_u8(&reader);
    out->flags = reader_u8(&reader);
    out->data = reader_rest(&reader);
    return !reader.failed && next == ISAKMP_NONE && out->data.size > 0 &&
           length == FRAGMENT_HEADER_SIZE + out->data.size && out->number >= 1 &&
           out->number <= FRAGMENTS_MAX;
}

void fragments_drop(struct engine *engine, struct ike_sa *ike)
{
    struct ikev1_fragments *fragments = ike->v1->fragments;
    if (fragments == NULL)
        return;
    for (size_t i = 0; i < FRAGMENTS_MAX; i++)
        owned_clear(engine, &ike->memory_bytes, &fragments->pieces[i]);
    owned_clear(engine, &ike->memory_bytes, &fragments->whole);
    engine_deallocate(engine, fragments, sizeof(*fragments), &ike->memory_bytes);
    ike->v1->fragments = NULL;
}

/* Fragments prove nothing, so they count only from where the peer is; it may have moved if it is behind a NAT
 * and authentic messages can show that, but a collection from where it was is not given up for that. */
static bool is_from_peer(struct engine *engine, struct ike_sa *ike, const struct ip_endpoint *sender)
{
    bool is_known = address_equal(&sender->address, &ike->path.remote.address);
    bool may_move = ike->remote_behind_nat && ike->setup == NULL;
    const struct ikev1_fragments *fragments = ike->v1->fragments;
    if (fragments == NULL || endpoint_equal(&fragments->sender, sender))
        return is_known || may_move;
    if (is_known)
        fragments_drop(engine, ike);
    return is_known;
}

/* A piece of another message begins a new collection. */
static struct ikev1_fragments *collection(struct engine *engine, struct ike_sa *ike,
                                          const struct ip_endpoint *sender, uint16_t id)
{
    if (ike->v1->fragments != NULL && ike->v1->fragments->id != id)
        fragments_drop(engine, ike);
    if (ike->v1->fragments == NULL) {
        ike->v1->fragments = engine_allocate(engine, sizeof(*ike->v1->fragments), &ike->memory_bytes);
        if (ike->v1->fragments == NULL)
            return NULL;
        ike->v1->fragments->id = id;
        ike->v1->fragments->sender = *sender;
    }
    return ike->v1->fragments;
}

static bool join(struct engine *engine, struct ike_sa *ike, struct ikev1_fragments *fragments)
{
    uint8_t buffer[FRAGMENTED_SIZE_MAX];
    struct writer writer = writer_of(buffer, sizeof(buffer));
    for (size_t i = 0; i < fragments->last; i++)
        writer_bytes(&writer, owned_bytes(&fragments->pieces[i]));
    return !writer.overflowed &&
           owned_set(engine, &ike->memory_bytes, &fragments->whole, writer_bytes_so_far(&writer));
}

bool fragments_take(struct engine *engine, struct ike_sa *ike, const struct ip_endpoint *sender,
                    struct bytes datagram, struct bytes *ret_message)
{
    struct fragment fragment;
    if (!read_fragment(datagram, &fragment) || !is_from_peer(engine, ike, sender))
        return false;
    struct ikev1_fragments *fragments = collection(engine, ike, sender, fragment.id);
    if (fragments == NULL)
        return false;
    bool is_last = (fragment.flags & FRAGMENT_LAST) != 0;
    bool contradicts = (is_last && fragments->last != 0 && fragments->last != fragment.number) ||
                       (fragments->last != 0 && fragment.number > fragments->last) ||
                       fragments->size + fragment.data.size > FRAGMENTED_SIZE_MAX;
    struct owned *piece = &fragments->pieces[fragment.number - 1];
    if (contradicts) {
        fragments_drop(engine, ike);
        return false;
    }
    if (is_last)
        fragments->last = fragment.number;
    if (piece->size == 0 && owned_set(engine, &ike->memory_bytes, piece, fragment.data)) {
        fragments->count++;
        fragments->size += fragment.data.size;
    }
    if (fragments->last == 0 || fragments->count < fragments->last)
        return false;
    if (fragments->count > fragments->last || !join(engine, ike, fragments)) {
        fragments_drop(engine, ike);
        return false;
    }
    *ret_message = owned_bytes(&fragments->whole);
    return true;
}
