/*
 * What a rekeyed IKE SA is protected by: what the old one was, where the connection still has it. Left to two
 * orders of preference the suite would change with whoever rekeys; and where the PRF changes, peers in the
 * field (strongSwan 5.9) go on with the old one for prf+, against RFC 7296 2.18, and nothing more is
 * understood.
 */
#include "engine/ikev2/rekey_ike.h"

bool rekey_ike_keeps_suite(const struct engine *engine, const struct ike_sa *old, const struct algorithm *ke,
                           struct suite_list *out)
{
    const struct connection *connection = connection_by_serial(engine, old->connection_serial);
    struct proposal_offer allowed = {.list = connection->spec->ike_proposals};
    const struct proposal *chosen;
    struct suite suite = old->suite, found;
    struct error error;
    suite.ke = ke;
    suite_list_make(&suite, out);
    return ke != NULL && proposals_select(&allowed, &out->list, ke->id, &found, &chosen, &error);
}

struct proposal_offer rekey_ike_offer(const struct engine *engine, const struct ike_sa *old,
                                      const struct ike_sa *new, struct suite_list *room)
{
    struct proposal_offer offer = {
        .list = connection_by_serial(engine, old->connection_serial)->spec->ike_proposals,
        .spi = bytes_of(new->spi_i, IKE_SPI_SIZE),
    };
    if (!new->setup->offers_all && rekey_ike_keeps_suite(engine, old, old->suite.ke, room))
        offer.list = &room->list;
    return offer;
}
