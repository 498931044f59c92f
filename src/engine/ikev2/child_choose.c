/* What a responder makes of a request for a Child SA: connection, selectors, mode and suite. RFC
 * 7296 2.9, 2.19, 2.23.1. */
#include "engine/configuration.h"
#include "engine/ikev2/child_parts.h"
#include "engine/ikev2/child_payloads.h"
#include "engine/ikev2/compression.h"
#include "engine/ikev2/traffic_selectors.h"
#include "engine/login.h"
#include "engine/per_cpu.h"
#include "engine/sa.h"
#include "engine/virtual_client.h"

struct choice {
    const struct connection *connection;
    struct selector local[SELECTORS_MAX], remote[SELECTORS_MAX];
    size_t local_count, remote_count;
    struct suite suite;
    uint32_t spi_out;
    enum sa_mode mode;
};

/* Our remote clients: those of the connection, or what the peer may name itself. A template's host is the
 * peer. */
static bool remote_clients(const struct engine *engine, const struct ike_sa *ike,
                           const struct connection *connection, const struct selector *theirs, size_t count,
                           struct selector *out, size_t *ret_count, struct error *error)
{
    const struct end_spec *end = connection->remote_end;
    *ret_count = 1;
    if (connection->assignment == NULL && end->pool_count > 0) {
        *ret_count = configuration_pool_selectors(connection, out);
        return true;
    }
    if (end->virtual_client.kind != VIRTUAL_NONE) {
        if (virtual_client_choose(engine, connection, ike, theirs, count, &out[0], error))
            return true;
        error->code = TS_UNACCEPTABLE;
        return false;
    }
    if (connection->is_template && end->client_count == 0) {
        struct ip_prefix host = prefix_of_address(&ike->path.remote.address);
        out[0] = selector_of_prefix(&host, end->protocol, end->port);
        return true;
    }
    *ret_count = connection_selectors(connection, false, out);
    return true;
}

/* Whether the peer's selectors fit the connection: with narrowing=no all of ours must be in them (2.9). */
static bool narrow(const struct engine *engine, const struct ike_sa *ike, const struct connection *connection,
                   const struct incoming *incoming, struct choice *choice, struct error *error)
{
    const struct ikev2_message *message = incoming->message;
    struct selector local[SELECTORS_MAX], remote[SELECTORS_MAX];
    struct selector ts_i[IKEV2_SELECTOR_LIMIT], ts_r[IKEV2_SELECTOR_LIMIT]; /* any of them may be ours */
    bool is_transport = connection->spec->type == TYPE_TRANSPORT;
    size_t remote_count, local_count = connection_selectors(connection, true, local);
    size_t i_count =
        child_substitute_nat_addresses(&ike->path.remote.address, is_transport && ike->remote_behind_nat,
                                       &message->ts_i, ts_i, ARRAY_SIZE(ts_i));
    size_t r_count =
        child_substitute_nat_addresses(&ike->path.local.address, is_transport && ike->local_behind_nat,
                                       &message->ts_r, ts_r, ARRAY_SIZE(ts_r));
    if (!remote_clients(engine, ike, connection, ts_i, i_count, remote, &remote_count, error))
        return false;
    choice->local_count = selectors_narrow(local, local_count, ts_r, r_count, choice->local, SELECTORS_MAX);
    choice->remote_count =
        selectors_narrow(remote, remote_count, ts_i, i_count, choice->remote, SELECTORS_MAX);
    bool fits = choice->local_count > 0 && choice->remote_count > 0;
    if (fits && !connection->spec->narrowing)
        fits = selectors_cover(choice->local, choice->local_count, local, local_count) &&
               selectors_cover(choice->remote, choice->remote_count, remote, remote_count);
    if (fits)
        return true;
    char theirs[256], ours[256];
    struct text their_text = text_of(theirs, sizeof(theirs)), our_text = text_of(ours, sizeof(ours));
    selectors_describe(&their_text, ts_i, i_count);
    text_add(&their_text, "->");
    selectors_describe(&their_text, ts_r, r_count);
    selectors_describe(&our_text, remote, remote_count);
    text_add(&our_text, "->");
    selectors_describe(&our_text, local, local_count);
    return error_set(error, TS_UNACCEPTABLE, "peer wants %.200s; \"%.60s\" has %.200s", theirs,
                     connection->spec->name, ours);
}

static bool choose_suite(const struct ike_sa *ike, const struct connection *connection,
                         const struct incoming *incoming, bool in_auth, struct choice *choice,
                         uint16_t *ret_group, struct error *error)
{
    const struct ikev2_message *message = incoming->message;
    const struct proposal *theirs;
    uint8_t spi[4];
    struct proposal_offer ours = child_offer(ike, NULL, connection, in_auth, spi);
    ours.may_omit_ke =
        !in_auth && child_may_omit_ke(connection->spec, ikev2_find_notify(message, REKEY_SA) != NULL);
    struct proposal_list *offered = proposals_read(message->sa, incoming->arena, error);
    if (offered == NULL) {
        error->code = INVALID_SYNTAX;
        return false;
    }
    if (!proposals_select(&ours, offered, message->ke_group, &choice->suite, &theirs, error)) {
        error->code = NO_PROPOSAL_CHOSEN;
        return false;
    }
    if (theirs->spi_size != 4 || load_be32(theirs->spi) == 0)
        return error_set(error, INVALID_SYNTAX, "the accepted proposal carries no usable SPI");
    choice->spi_out = load_be32(theirs->spi);
    if (!child_passes_nat(ike, &choice->suite, error))
        return false;
    const struct algorithm *ke = choice->suite.ke;
    if (ke != NULL && ke->id != KE_NONE && ke->id != message->ke_group) {
        *ret_group = ke->id;
        return error_set(error, INVALID_KE_PAYLOAD, "key exchange value is of group %u; %s is wanted",
                         message->ke_group, ke->name);
    }
    if (ke != NULL && ke->id != KE_NONE && message->ke_data.size != ke_public_size(ke))
        return error_set(error, INVALID_SYNTAX, "key exchange value of %zu bytes for %s",
                         message->ke_data.size, ke->name);
    return true;
}

static bool choose_mode(const struct connection *connection, const struct incoming *incoming,
                        struct choice *choice, struct error *error)
{
    bool wants_transport = ikev2_find_notify(incoming->message, USE_TRANSPORT_MODE) != NULL;
    bool is_transport = connection->spec->type == TYPE_TRANSPORT;
    choice->mode = is_transport && wants_transport ? MODE_TRANSPORT : MODE_TUNNEL;
    if (is_transport && !wants_transport)
        return error_set(error, NO_PROPOSAL_CHOSEN, "peer wants tunnel mode; \"%s\" has type=transport",
                         connection->spec->name);
    return true;
}

static bool asks_for_address(const struct incoming *incoming)
{
    const struct configuration *request = incoming->message->configuration;
    return request != NULL && request->kind == CFG_REQUEST;
}

static bool try_connection(const struct engine *engine, const struct ike_sa *ike,
                           const struct connection *connection, const struct incoming *incoming, bool in_auth,
                           struct choice *choice, uint16_t *ret_group, struct error *error)
{
    choice->connection = connection;
    if (connection->spec->ike_only)
        return error_set(error, TS_UNACCEPTABLE, "\"%s\" is for an IKE SA alone", connection->spec->name);
    if (in_auth && connection->remote_end->pool_count > 0 && !asks_for_address(incoming))
        return error_set(error, FAILED_CP_REQUIRED,
                         "the peer does not ask for an address; \"%.60s\" leases one",
                         connection->spec->name);
    return narrow(engine, ike, connection, incoming, choice, error) &&
           choose_mode(connection, incoming, choice, error) &&
           choose_suite(ike, connection, incoming, in_auth, choice, ret_group, error);
}

/* Whether the same two peers speak for the other connection, and the peer's proof would do for it, too;
 * shunts speak with nobody. */
static bool has_same_peers(const struct engine *engine, const struct ike_sa *ike,
                           const struct connection *other)
{
    const struct connection *first = connection_by_serial(engine, ike->connection_serial);
    if (other->spec->ike_version != first->spec->ike_version || other == first ||
        other->serial == first->template_serial || connection_spec_is_shunt(other->spec))
        return false;
    return identity_equal(&other->local_id, &first->local_id) &&
           identity_matches(&other->remote_id, &ike->remote_id) &&
           connection_allows_peer(other, ike->peer_auth) && login_is_authorized(first, other);
}

static bool try_other(const struct engine *engine, const struct ike_sa *ike, const struct connection *other,
                      const struct incoming *incoming, bool in_auth, struct choice *choice,
                      uint16_t *ret_group, struct error *error)
{
    struct error reason;
    if (!has_same_peers(engine, ike, other))
        return false;
    if (try_connection(engine, ike, other, incoming, in_auth, choice, ret_group, &reason))
        return true;
    if (reason.code != TS_UNACCEPTABLE)
        *error = reason;
    return false;
}

/* Peers that have many connections with us are found by what they ask for: the first selectors name the
 * packet that began it all, or the clients (2.9). */
static bool try_exact(const struct engine *engine, const struct ike_sa *ike, const struct ip_address *remote,
                      const struct incoming *incoming, bool in_auth, struct choice *choice,
                      uint16_t *ret_group, struct error *error)
{
    enum { TRIED_OF_A_SIDE = 2 };
    const struct ikev2_selectors *ts_i = &incoming->message->ts_i, *ts_r = &incoming->message->ts_r;
    const struct ip_address *local = &ike->path.local.address;
    for (size_t i = 0; i < ts_i->count && i < TRIED_OF_A_SIDE; i++) {
        for (size_t r = 0; r < ts_r->count && r < TRIED_OF_A_SIDE; r++) {
            const struct connection *other = NULL;
            for (unsigned tried = 0; tried < CONNECTION_CANDIDATES_LIMIT; tried++) {
                other =
                    connection_next_for_clients(engine, local, remote, &ts_r->list[r], &ts_i->list[i], other);
                if (other == NULL)
                    break;
                if (try_other(engine, ike, other, incoming, in_auth, choice, ret_group, error))
                    return true;
            }
        }
    }
    return false;
}

/* Another connection of the same two peers may be the one that is meant. */
static bool try_others(const struct engine *engine, const struct ike_sa *ike, const struct incoming *incoming,
                       bool in_auth, struct choice *choice, uint16_t *ret_group, struct error *error)
{
    static const struct ip_address any;
    const struct ip_address *local = &ike->path.local.address, *remote = &ike->path.remote.address;
    const struct connection *other = NULL;
    if (try_exact(engine, ike, remote, incoming, in_auth, choice, ret_group, error) ||
        try_exact(engine, ike, &any, incoming, in_auth, choice, ret_group, error))
        return true;
    for (unsigned tried = 0; tried < CONNECTION_CANDIDATES_LIMIT; tried++) {
        other = connection_next_for_hosts(engine, local, remote, other);
        if (other == NULL)
            return false;
        if (try_other(engine, ike, other, incoming, in_auth, choice, ret_group, error))
            return true;
    }
    return false;
}

/* Of a template the instance that this IKE SA uses already, or a new one. */
static struct connection *settle(struct engine *engine, const struct ike_sa *ike,
                                 const struct connection *chosen)
{
    if (!chosen->is_template)
        return connection_by_serial(engine, chosen->serial);
    for (const struct list_node *node = ike->children.next; node != &ike->children; node = node->next) {
        const struct child_sa *child = CONTAINER_OF(node, const struct child_sa, siblings);
        struct connection *used = connection_by_serial(engine, child->connection_serial);
        if (used != NULL && used->template_serial == chosen->serial)
            return used;
    }
    return connection_instantiate(engine, chosen, &ike->path.remote.address, &ike->remote_id);
}

/* A road warrior is leased its address, to which its side is narrowed (RFC 7296 2.19). */
static bool lease_address(struct engine *engine, const struct ike_sa *ike, struct connection *connection,
                          const struct incoming *incoming, struct choice *choice, struct error *error)
{
    struct selector leased[SELECTORS_MAX], wanted[SELECTORS_MAX];
    size_t wanted_count = choice->remote_count;
    const struct configuration *request =
        asks_for_address(incoming) ? incoming->message->configuration : NULL;
    if (connection->remote_end->pool_count == 0)
        return true;
    const struct lease_holder holder = {.id = &ike->remote_id, .user = login_user(ike)};
    if (!configuration_lease(engine, connection, &holder, request, error)) {
        error->code = INTERNAL_ADDRESS_FAILURE;
        return false;
    }
    size_t leased_count = connection_selectors(connection, false, leased);
    memcpy(wanted, choice->remote, wanted_count * sizeof(*wanted));
    choice->remote_count =
        selectors_narrow(leased, leased_count, wanted, wanted_count, choice->remote, SELECTORS_MAX);
    return choice->remote_count > 0 ||
           error_set(error, TS_UNACCEPTABLE,
                     "the peer's traffic selectors leave out the address that it is leased");
}

/* Whether the peer wants another of the same for one of its CPUs (RFC 9611 4); then there must be room. */
static bool choose_clone(const struct engine *engine, const struct ike_sa *ike,
                         const struct connection *connection, const struct incoming *incoming,
                         const struct choice *choice, bool *ret_is_clone, struct error *error)
{
    const struct child_sa *first = per_cpu_first(engine, connection);
    *ret_is_clone =
        ikev2_find_notify(incoming->message, SA_RESOURCE_INFO) != NULL &&
        ikev2_find_notify(incoming->message, REKEY_SA) == NULL && first != NULL &&
        first->ike_serial == ike->serial &&
        per_cpu_covers(first, choice->local, choice->local_count, choice->remote, choice->remote_count);
    unsigned limit = per_cpu_limit(engine, connection);
    return !*ret_is_clone || (first->allows_clones && per_cpu_count_established(connection) < limit) ||
           error_set(error, TS_MAX_QUEUE, "clones= allows %u Child SAs beside the first", limit);
}

struct child_sa *child_choose(struct engine *engine, struct ike_sa *ike, const struct incoming *incoming,
                              bool in_auth, const struct connection *connection, uint16_t *ret_group,
                              struct error *error)
{
    struct choice choice;
    const struct connection *first =
        connection ? connection : connection_by_serial(engine, ike->connection_serial);
    bool found =
        try_connection(engine, ike, first, incoming, in_auth, &choice, ret_group, error) ||
        (connection == NULL && (error->code == TS_UNACCEPTABLE || error->code == FAILED_CP_REQUIRED) &&
         try_others(engine, ike, incoming, in_auth, &choice, ret_group, error));
    if (!found)
        return NULL;
    struct connection *settled = settle(engine, ike, choice.connection);
    bool is_clone = false;
    bool is_possible = settled != NULL && lease_address(engine, ike, settled, incoming, &choice, error) &&
                       choose_clone(engine, ike, settled, incoming, &choice, &is_clone, error);
    uint32_t cpu = is_possible && is_clone ? per_cpu_choose(engine, settled) : 0;
    struct child_sa *child = is_possible ? child_new(engine, ike, settled) : NULL;
    if (child == NULL) {
        if (is_possible || settled == NULL)
            error_set(error, NO_ADDITIONAL_SAS, "no room for another Child SA");
        if (settled != NULL && settled->is_instance && settled->sa_count == 0)
            connection_destroy(engine, settled);
        return NULL;
    }
    if (settled->remote_end->virtual_client.kind != VIRTUAL_NONE) {
        settled->has_virtual_client = true;
        settled->virtual_client = choice.remote[0];
    }
    child->suite = choice.suite;
    child->mode = choice.mode;
    child->spi_out = choice.spi_out;
    child->udp_encapsulation = ike->uses_natt;
    child->tcp_encapsulation = ike->path.is_tcp;
    child->setup->ke = choice.suite.ke;
    child->has_cpu = is_clone;
    child->cpu = cpu;
    child->allows_clones = !is_clone && settled->spec->clones != 0 &&
                           ikev2_find_notify(incoming->message, SA_RESOURCE_INFO) != NULL;
    compression_choose(engine, settled, child, incoming->message);
    child_note_tfc_notify(child, incoming->message);
    child_set_selectors(engine, child, choice.local, choice.local_count, choice.remote, choice.remote_count);
    return child;
}
