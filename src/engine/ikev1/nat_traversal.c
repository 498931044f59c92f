/* NAT traversal of IKEv1: RFC 3947 3.2 (detection), 4 (port floating), 5.1, 5.2;
 * draft-ietf-ipsec-nat-t-ike-00 3 and 4, which has all but the floating. */
#include "engine/ikev1/nat_traversal.h"

#include "engine/connection.h"

static bool is_draft(const struct ike_sa *ike)
{
    return ike->v1->natt != PEER_NATT_RFC;
}

bool nat_traversal_stays_on_port(const struct engine *engine, const struct ike_sa *ike)
{
    return ike->uses_natt && ike->v1->natt == PEER_NATT_OLD_DRAFT &&
           ike->path.local.port == engine->settings.ike_port;
}

static bool endpoint_hash(const struct ike_sa *ike, const struct ip_endpoint *endpoint, uint8_t *out)
{
    uint8_t port[2];
    store_be16(port, endpoint->port);
    const struct bytes parts[] = {
        bytes_of(ike->spi_i, IKE_SPI_SIZE),
        bytes_of(ike->spi_r, IKE_SPI_SIZE),
        bytes_of(endpoint->address.bytes, address_size(&endpoint->address)),
        bytes_of(port, sizeof(port)),
    };
    return hash_of_prf(ike->suite.prf, parts, ARRAY_SIZE(parts), out);
}

void nat_traversal_build(const struct engine *engine, const struct ike_sa *ike,
                         struct message_builder *builder)
{
    const struct connection *connection = connection_by_serial(engine, ike->connection_serial);
    uint8_t theirs[PRF_OUTPUT_MAX], ours[PRF_OUTPUT_MAX];
    size_t size = ike->suite.prf->output_size;
    uint8_t payload = is_draft(ike) ? ISAKMP_NAT_D_DRAFT : ISAKMP_NAT_D;
    if (connection == NULL || ike->v1->natt == 0 || !endpoint_hash(ike, &ike->path.remote, theirs) ||
        !endpoint_hash(ike, &ike->path.local, ours))
        return;
    if (connection->spec->encapsulation == ENCAPSULATION_YES)
        ours[0] ^= 0xff; /* the peer shall find a NAT before us */
    message_build_body(builder, payload, bytes_of(theirs, size));
    message_build_body(builder, payload, bytes_of(ours, size));
}

static const char *form_name(enum ikev1_peer_feature natt)
{
    return natt == PEER_NATT_RFC     ? "RFC 3947"
           : natt == PEER_NATT_DRAFT ? "draft-ietf-ipsec-nat-t-ike-02/03"
                                     : "draft-ietf-ipsec-nat-t-ike-00/01, on port 500";
}

void nat_traversal_read(struct engine *engine, struct ike_sa *ike, const struct path *path,
                        const struct ikev1_message *message)
{
    const struct connection *connection = connection_by_serial(engine, ike->connection_serial);
    uint8_t theirs[PRF_OUTPUT_MAX], ours[PRF_OUTPUT_MAX];
    size_t size = ike->suite.prf->output_size;
    if (connection == NULL || ike->v1->natt == 0 || message->nat_d_count < 2 ||
        !endpoint_hash(ike, &path->local, ours) || !endpoint_hash(ike, &path->remote, theirs))
        return;
    bool source_matches = false;
    for (unsigned i = 1; i < message->nat_d_count; i++) /* a multi-homed peer sends several */
        source_matches |= bytes_equal(message->nat_d[i], bytes_of(theirs, size));
    ike->local_behind_nat = !bytes_equal(message->nat_d[0], bytes_of(ours, size));
    ike->remote_behind_nat = !source_matches;
    bool is_forced = connection->spec->encapsulation == ENCAPSULATION_YES;
    ike->uses_natt = ike->local_behind_nat || ike->remote_behind_nat || is_forced;
    if (ike->uses_natt)
        say_ike(engine, RC_LOG, ike, 0, "NAT-Traversal: %s behind NAT (%s)",
                ike->local_behind_nat && ike->remote_behind_nat ? "both ends are"
                : ike->local_behind_nat                         ? "we are"
                : ike->remote_behind_nat                        ? "the peer is"
                                                                : "encapsulation=yes, nobody",
                form_name(ike->v1->natt));
}

void nat_traversal_float(const struct engine *engine, struct ike_sa *ike)
{
    /* Another port than IKE's own, of leftikeport=, has the framing of port 4500 already. */
    if (!ike->uses_natt || nat_traversal_stays_on_port(engine, ike) ||
        ike->path.local.port != engine->settings.ike_port)
        return;
    ike->path.local.port = engine->settings.natt_port;
    if (ike->path.remote.port == 500)
        ike->path.remote.port = 4500;
}

uint16_t nat_traversal_mode(const struct ike_sa *ike, const struct connection *connection)
{
    bool is_tunnel = connection->spec->type == TYPE_TUNNEL;
    if (!ike->uses_natt)
        return is_tunnel ? V1_MODE_TUNNEL : V1_MODE_TRANSPORT;
    if (is_draft(ike))
        return is_tunnel ? V1_MODE_UDP_TUNNEL_DRAFT : V1_MODE_UDP_TRANSPORT_DRAFT;
    return is_tunnel ? V1_MODE_UDP_TUNNEL : V1_MODE_UDP_TRANSPORT;
}

static void build_original(const struct ip_address *address, uint8_t payload, struct message_builder *builder)
{
    message_build_begin(builder, payload);
    writer_u8(&builder->writer, address->family == IP_V4 ? V1_ID_IPV4_ADDR : V1_ID_IPV6_ADDR);
    writer_u8(&builder->writer, 0);
    writer_u16(&builder->writer, 0);
    writer_bytes(&builder->writer, bytes_of(address->bytes, address_size(address)));
    message_build_end(builder);
}

void nat_traversal_build_original(const struct ike_sa *ike, uint16_t mode, bool we_initiated,
                                  struct message_builder *builder)
{
    uint8_t payload = is_draft(ike) ? ISAKMP_NAT_OA_DRAFT : ISAKMP_NAT_OA;
    const struct ip_address *local = &ike->path.local.address, *remote = &ike->path.remote.address;
    if (mode != V1_MODE_UDP_TRANSPORT && mode != V1_MODE_UDP_TRANSPORT_DRAFT)
        return;
    build_original(we_initiated ? local : remote, payload, builder);
    build_original(we_initiated ? remote : local, payload, builder);
}
