/* What an initiator makes of the answer about a Child SA: it must lie within what was offered. RFC
 * 7296 2.7, 2.9, 2.23.1. */
#include "engine/configuration.h"
#include "engine/ikev2/child_parts.h"
#include "engine/ikev2/child_payloads.h"
#include "engine/ikev2/compression.h"
#include "engine/ikev2/traffic_selectors.h"
#include "engine/sa.h"

static bool narrowed(struct error *error, const struct selector *ts_i, size_t i_count,
                     const struct selector *ts_r, size_t r_count)
{
    char theirs[ERROR_TEXT_SIZE / 2];
    struct text text = text_of(theirs, sizeof(theirs));
    selectors_describe(&text, ts_i, i_count);
    text_add(&text, " === ");
    selectors_describe(&text, ts_r, r_count);
    return error_set(error, TS_UNACCEPTABLE,
                     "peer narrowed the traffic selectors to %s; narrowing=yes would accept that", theirs);
}

static bool accept_selectors(struct engine *engine, struct ike_sa *ike, struct child_sa *child,
                             const struct connection *connection, const struct ikev2_message *message,
                             struct error *error)
{
    struct selector local[SELECTORS_MAX], remote[SELECTORS_MAX], ts_i[SELECTORS_MAX], ts_r[SELECTORS_MAX];
    size_t local_count = connection_selectors(connection, true, local);
    size_t remote_count = connection_selectors(connection, false, remote);
    bool is_transport = child->mode == MODE_TRANSPORT;
    size_t i_count =
        child_substitute_nat_addresses(&ike->path.local.address, is_transport && ike->local_behind_nat,
                                       &message->ts_i, ts_i, ARRAY_SIZE(ts_i));
    size_t r_count =
        child_substitute_nat_addresses(&ike->path.remote.address, is_transport && ike->remote_behind_nat,
                                       &message->ts_r, ts_r, ARRAY_SIZE(ts_r));
    bool is_client =
        configuration_is_client(connection); /* the local ones are the address that it was leased */
    if (is_client)
        i_count = selectors_narrow(local, local_count, message->ts_i.list, message->ts_i.count, ts_i,
                                   SELECTORS_MAX);
    bool is_subset = i_count > 0 && r_count > 0 && selectors_cover(local, local_count, ts_i, i_count) &&
                     selectors_cover(remote, remote_count, ts_r, r_count);
    bool is_whole = is_subset && (is_client || selectors_cover(ts_i, i_count, local, local_count)) &&
                    selectors_cover(ts_r, r_count, remote, remote_count);
    if (!is_subset)
        return error_set(error, TS_UNACCEPTABLE,
                         "peer answered with traffic selectors that were not offered");
    if (!is_whole && !connection->spec->narrowing)
        return narrowed(error, ts_i, i_count, ts_r, r_count);
    child_set_selectors(engine, child, ts_i, i_count, ts_r, r_count);
    return true;
}

bool child_accept(struct engine *engine, struct ike_sa *ike, struct child_sa *child,
                  const struct incoming *incoming, bool in_auth, struct error *error)
{
    const struct ikev2_message *message = incoming->message;
    const struct connection *connection = connection_by_serial(engine, child->connection_serial);
    const struct proposal *theirs;
    uint8_t spi[4];
    struct proposal_offer offer = child_offer(ike, child, connection, in_auth, spi);
    if (!ikev2_has(message, PAYLOAD_SA) || !ikev2_has(message, PAYLOAD_TSI) ||
        !ikev2_has(message, PAYLOAD_TSR))
        return error_set(error, INVALID_SYNTAX, "peer's answer lacks SA, TSi or TSr");
    struct proposal_list *answer = proposals_read(message->sa, incoming->arena, error);
    if (answer == NULL || !proposals_accept_answer(&offer, answer, &child->suite, &theirs, error))
        return false;
    if (theirs->spi_size != 4 || load_be32(theirs->spi) == 0)
        return error_set(error, INVALID_SYNTAX, "peer's answer carries no usable SPI");
    child->spi_out = load_be32(theirs->spi);
    if (!child_passes_nat(ike, &child->suite, error) || !compression_accept(engine, child, message, error))
        return false;
    bool is_transport = ikev2_find_notify(message, USE_TRANSPORT_MODE) != NULL;
    bool wants_transport = connection->spec->type == TYPE_TRANSPORT;
    child->mode = is_transport ? MODE_TRANSPORT : MODE_TUNNEL;
    child->udp_encapsulation = ike->uses_natt;
    child->tcp_encapsulation = ike->path.is_tcp;
    child_note_tfc_notify(child, message);
    bool speaks_of_resources = ikev2_find_notify(message, SA_RESOURCE_INFO) != NULL;
    if (child->replaces_serial == 0 && !child->has_cpu)
        child->allows_clones = connection->spec->clones != 0 && speaks_of_resources;
    if (is_transport != wants_transport)
        return error_set(error, NO_PROPOSAL_CHOSEN, "peer chose %s mode; type=%s is configured",
                         is_transport ? "transport" : "tunnel", wants_transport ? "transport" : "tunnel");
    return accept_selectors(engine, ike, child, connection, message, error);
}
