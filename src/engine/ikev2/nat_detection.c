/* NAT detection: RFC 7296 2.23. */
#include "engine/ikev2/nat_detection.h"

#include "crypto/prf.h"
#include "engine/connection.h"
#include "engine/ikev2/mobike.h"

enum { SHA1_SIZE = 20 };

static void endpoint_hash(const uint8_t *spi_i, const uint8_t *spi_r, const struct ip_endpoint *endpoint,
                          uint8_t out[static SHA1_SIZE])
{
    uint8_t port[2];
    store_be16(port, endpoint->port);
    const struct bytes parts[] = {
        bytes_of(spi_i, IKE_SPI_SIZE),
        bytes_of(spi_r, IKE_SPI_SIZE),
        bytes_of(endpoint->address.bytes, address_size(&endpoint->address)),
        bytes_of(port, sizeof(port)),
    };
    hash_compute(HASH_SHA1, parts, ARRAY_SIZE(parts), out);
}

static enum encapsulation wanted(const struct engine *engine, const struct ike_sa *ike)
{
    const struct connection *connection = connection_by_serial(engine, ike->connection_serial);
    return connection ? connection->spec->encapsulation : ENCAPSULATION_AUTO;
}

void nat_detection_build(const struct engine *engine, const struct ike_sa *ike, const struct path *path,
                         const uint8_t *spi_r, struct message_builder *builder)
{
    uint8_t source[SHA1_SIZE], destination[SHA1_SIZE];
    if (wanted(engine, ike) == ENCAPSULATION_NO)
        return;
    endpoint_hash(ike->spi_i, spi_r, &path->local, source);
    endpoint_hash(ike->spi_i, spi_r, &path->remote, destination);
    if (wanted(engine, ike) == ENCAPSULATION_YES)
        source[0] ^= 0xff; /* the peer shall find a NAT before us */
    ikev2_build_notify(builder, PROTOCOL_NONE, bytes_of(NULL, 0), NAT_DETECTION_SOURCE_IP,
                       bytes_of(source, sizeof(source)));
    ikev2_build_notify(builder, PROTOCOL_NONE, bytes_of(NULL, 0), NAT_DETECTION_DESTINATION_IP,
                       bytes_of(destination, sizeof(destination)));
}

void nat_detection_read(const struct engine *engine, struct ike_sa *ike, const struct path *path,
                        const uint8_t *spi_r, const struct ikev2_message *message)
{
    uint8_t theirs[SHA1_SIZE], ours[SHA1_SIZE];
    bool has_source = false, source_matches = false, has_destination = false, destination_matches = false;
    if (wanted(engine, ike) == ENCAPSULATION_NO)
        return;
    endpoint_hash(ike->spi_i, spi_r, &path->remote, theirs);
    endpoint_hash(ike->spi_i, spi_r, &path->local, ours);
    for (size_t i = 0; i < message->notify_count; i++) {
        const struct ike_notify *notify = &message->notifies[i];
        if (notify->type == NAT_DETECTION_SOURCE_IP) { /* a multi-homed peer sends several */
            has_source = true;
            source_matches |= bytes_equal(notify->data, bytes_of(theirs, sizeof(theirs)));
        } else if (notify->type == NAT_DETECTION_DESTINATION_IP) {
            has_destination = true;
            destination_matches |= bytes_equal(notify->data, bytes_of(ours, sizeof(ours)));
        }
    }
    ike->remote_behind_nat = has_source && !source_matches;
    ike->local_behind_nat = has_destination && !destination_matches;
    ike->peer_knows_natt = has_source && has_destination;
    bool is_forced = has_source && has_destination && wanted(engine, ike) == ENCAPSULATION_YES;
    /* TCP passes NATs by itself (RFC 9329 6.5). */
    ike->uses_natt = !path->is_tcp && (ike->remote_behind_nat || ike->local_behind_nat || is_forced);
}

void nat_detection_float(const struct engine *engine, struct ike_sa *ike)
{
    /* MOBIKE wants it in any case, before it is known whether the peer has it (RFC 4555 3.3). */
    bool is_for_mobike =
        ike->peer_knows_natt && mobike_is_wanted(connection_by_serial(engine, ike->connection_serial));
    if (ike->path.is_tcp || (!ike->uses_natt && !is_for_mobike) ||
        ike->path.local.port != engine->settings.ike_port) /* of another port it has the framing */
        return;
    ike->path.local.port = engine->settings.natt_port;
    if (ike->path.remote.port == 500)
        ike->path.remote.port = 4500;
}

void nat_detection_follow_float(const struct engine *engine, struct ike_sa *ike)
{
    /* ESP in UDP goes between the ports of the framing alone (RFC 3948 2.1). Whoever was told of a NAT, or of
     * the one that encapsulation=yes feigns, and stays where only IKE is spoken, wants ESP as it is. */
    if (ike->path.local.port == engine->settings.ike_port)
        ike->uses_natt = false;
}
