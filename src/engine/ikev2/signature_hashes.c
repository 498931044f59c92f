/* SIGNATURE_HASH_ALGORITHMS: RFC 7427 4. */
#include "engine/ikev2/signature_hashes.h"

static void build(unsigned hashes, struct message_builder *builder)
{
    uint8_t data[2 * SIGNATURE_HASH_IDENTITY];
    struct writer writer = writer_of(data, sizeof(data));
    for (unsigned hash = SIGNATURE_HASH_SHA1; hash <= SIGNATURE_HASH_IDENTITY; hash++)
        if ((hashes & 1u << hash) != 0)
            writer_u16(&writer, (uint16_t)hash);
    if (writer.size > 0)
        ikev2_build_notify(builder, PROTOCOL_NONE, bytes_of(NULL, 0), SIGNATURE_HASH_ALGORITHMS,
                           writer_bytes_so_far(&writer));
}

void signature_hashes_offer(const struct connection *connection, struct message_builder *builder)
{
    build(connection->spec->signature_hashes, builder);
}

void signature_hashes_answer(const struct connection *connection, struct message_builder *builder)
{
    unsigned hashes = connection->spec->signature_hashes;
    build(hashes != 0 ? hashes : HASHES_SHA2, builder);
}

unsigned signature_hashes_read(const struct ikev2_message *message)
{
    const struct ike_notify *notify = ikev2_find_notify(message, SIGNATURE_HASH_ALGORITHMS);
    unsigned hashes = 0;
    if (notify == NULL || notify->data.size % 2 != 0)
        return 0;
    struct reader reader = reader_of(notify->data);
    while (reader.left > 0) {
        uint16_t hash = reader_u16(&reader);
        if (hash >= SIGNATURE_HASH_SHA1 && hash <= SIGNATURE_HASH_IDENTITY)
            hashes |= 1u << hash;
    }
    return hashes;
}
