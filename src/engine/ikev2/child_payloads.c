/* The payloads of Child SAs in IKE_AUTH and CREATE_CHILD_SA, and their keys: RFC 7296 1.2, 1.3.1, 2.9, 2.17.
 * What a responder makes of them: child_choose.c; an initiator: child_accept.c. */
#include "engine/ikev2/child_payloads.h"

#include "base/secret.h"
#include "engine/child_install.h"
#include "engine/child_text.h"
#include "engine/configuration.h"
#include "engine/ikev2/child_parts.h"
#include "engine/ikev2/compression.h"
#include "engine/ikev2/traffic_selectors.h"
#include "engine/sa.h"

/* Peers that want no key exchange with a further Child SA although the first had that of its IKE SA. */
bool child_may_omit_ke(const struct connection_spec *spec, bool is_rekey)
{
    return spec->pfs && (spec->ms_dh_downgrade || (spec->pfs_rekey_workaround && is_rekey));
}

struct proposal_offer child_offer(const struct ike_sa *ike, const struct child_sa *child,
                                  const struct connection *connection, bool in_auth, uint8_t spi[static 4])
{
    store_be32(spi, child ? child->spi_in : 0);
    return (struct proposal_offer){
        .list = connection->spec->child_proposals,
        .spi = bytes_of(spi, 4),
        .omit_ke = in_auth,
        .add_ke = !in_auth && connection->spec->pfs ? ike->suite.ke : NULL,
        .may_omit_ke =
            !in_auth && child_may_omit_ke(connection->spec, child != NULL && child->replaces_serial != 0),
    };
}

static void build_body(const struct child_sa *child, bool in_auth, uint16_t group, struct bytes own_public,
                       struct message_builder *builder)
{
    if (in_auth)
        return;
    message_build_body(builder, PAYLOAD_NONCE, bytes_of(child->setup->nonce, NONCE_SIZE));
    if (own_public.size != 0)
        ikev2_build_ke(builder, group, own_public);
}

/* send-esp-tfc-padding-not-supported=: the peer is not to pad (RFC 7296 1.3.1). */
static void build_tfc_notify(const struct connection *connection, struct message_builder *builder)
{
    if (connection->spec->send_no_esp_tfc)
        ikev2_build_notify(builder, PROTOCOL_NONE, bytes_of(NULL, 0), ESP_TFC_PADDING_NOT_SUPPORTED,
                           bytes_of(NULL, 0));
}

static void build_resource_notify(bool is_wanted, struct message_builder *builder)
{
    if (is_wanted)
        ikev2_build_notify(builder, PROTOCOL_NONE, bytes_of(NULL, 0), SA_RESOURCE_INFO, bytes_of(NULL, 0));
}

void child_note_tfc_notify(struct child_sa *child, const struct ikev2_message *message)
{
    child->peer_refuses_tfc = ikev2_find_notify(message, ESP_TFC_PADDING_NOT_SUPPORTED) != NULL;
}

/* The packet that began it goes first, so that a peer that narrows knows what must be in (2.9). */
static size_t add_packet(const struct selector *packet, struct selector *list, size_t count)
{
    if (packet == NULL || count >= SELECTORS_MAX || !selectors_cover(list, count, packet, 1))
        return count;
    memmove(list + 1, list, count * sizeof(*list));
    list[0] = *packet;
    return count + 1;
}

void child_build_request(struct engine *engine, const struct ike_sa *ike, struct child_sa *child,
                         bool in_auth, struct bytes own_public, struct message_builder *builder)
{
    const struct connection *connection = connection_by_serial(engine, child->connection_serial);
    uint8_t spi[4];
    struct selector local[SELECTORS_MAX], remote[SELECTORS_MAX];
    struct proposal_offer offer = child_offer(ike, child, connection, in_auth, spi);
    size_t local_count = in_auth ? configuration_wish_selectors(connection, local) : 0;
    if (local_count == 0)
        local_count = connection_selectors(connection, true, local);
    size_t remote_count = connection_selectors(connection, false, remote);
    const struct selector *packet = connection->route.packet;
    if (!configuration_is_client(connection)) /* whose packets have no address yet that counts */
        local_count = add_packet(packet, local, local_count);
    remote_count = add_packet(packet ? packet + 1 : NULL, remote, remote_count);
    compression_build_offer(engine, connection, child, builder);
    build_tfc_notify(connection, builder);
    build_resource_notify(child->has_cpu || connection->spec->clones != 0, builder);
    if (connection->spec->type == TYPE_TRANSPORT)
        ikev2_build_notify(builder, PROTOCOL_NONE, bytes_of(NULL, 0), USE_TRANSPORT_MODE, bytes_of(NULL, 0));
    message_build_begin(builder, PAYLOAD_SA);
    proposals_write(&builder->writer, &offer);
    message_build_end(builder);
    build_body(child, in_auth, child->setup->ke ? child->setup->ke->id : 0, own_public, builder);
    ikev2_build_selectors(builder, PAYLOAD_TSI, local, local_count);
    ikev2_build_selectors(builder, PAYLOAD_TSR, remote, remote_count);
}

void child_build_answer(struct engine *engine, const struct child_sa *child, bool in_auth,
                        struct bytes own_public, struct message_builder *builder)
{
    uint8_t spi[4];
    store_be32(spi, child->spi_in);
    compression_build_answer(child, builder);
    build_tfc_notify(connection_by_serial(engine, child->connection_serial), builder);
    build_resource_notify(child->has_cpu || child->allows_clones, builder);
    if (child->mode == MODE_TRANSPORT)
        ikev2_build_notify(builder, PROTOCOL_NONE, bytes_of(NULL, 0), USE_TRANSPORT_MODE, bytes_of(NULL, 0));
    message_build_begin(builder, PAYLOAD_SA);
    suite_write(&builder->writer, &child->suite, bytes_of(spi, sizeof(spi)));
    message_build_end(builder);
    build_body(child, in_auth, child->suite.ke ? child->suite.ke->id : 0, own_public, builder);
    ikev2_build_selectors(builder, PAYLOAD_TSI, child_remote_selectors(child), child->remote_count);
    ikev2_build_selectors(builder, PAYLOAD_TSR, child->selectors, child->local_count);
}

/* ---- what a NAT changes ---- */

/* A transport-mode peer behind a NAT names its address as it sees it; what we see is what counts (2.23.1). */
size_t child_substitute_nat_addresses(const struct ip_address *seen, bool is_behind_nat,
                                      const struct ikev2_selectors *from, struct selector *out, size_t max)
{
    size_t count = from->count < max ? from->count : max;
    for (size_t i = 0; i < count; i++) {
        out[i] = from->list[i];
        bool is_one_host = address_equal(&out[i].range.start, &out[i].range.end);
        if (is_behind_nat && is_one_host)
            out[i].range = (struct ip_range){*seen, *seen};
    }
    return count;
}

/* AH's check covers the addresses that the NAT changes (RFC 3715 2.1). */
bool child_passes_nat(const struct ike_sa *ike, const struct suite *suite, struct error *error)
{
    if (ike->path.is_tcp && suite->protocol == PROTOCOL_AH)
        return error_set(error, NO_PROPOSAL_CHOSEN, "AH does not go in TCP (RFC 9329 3); ESP does");
    bool has_nat = ike->uses_natt || ike->local_behind_nat || ike->remote_behind_nat;
    return !has_nat || suite->protocol != PROTOCOL_AH ||
           error_set(error, NO_PROPOSAL_CHOSEN, "AH does not go through the NAT between the peers; ESP does");
}

/* ---- keys ---- */

bool child_make_keys_and_install(struct engine *engine, const struct ike_sa *ike, struct child_sa *child,
                                 struct bytes shared_secret, struct bytes nonce_i, struct bytes nonce_r,
                                 bool we_initiated)
{
    uint8_t keymat[CHILD_KEYMAT_MAX];
    struct bytes sk_d = bytes_of(ike->keys.sk_d, ike->suite.prf->output_size);
    bool ok = child->selectors != NULL &&
              ikev2_derive_child_keymat(ike->suite.prf, sk_d, shared_secret, nonce_i, nonce_r, keymat,
                                        child_keymat_size(&child->suite));
    if (ok)
        child_install(engine, child, keymat, we_initiated);
    secret_wipe(keymat, sizeof(keymat));
    return ok;
}

void child_announce(struct engine *engine, const struct child_sa *child, uint64_t client, const char *what)
{
    const struct connection *connection = connection_by_serial(engine, child->connection_serial);
    char line[1024];
    struct text text = text_of(line, sizeof(line));
    text_add(&text, "%s using #%llu; IPsec %s ", what, (unsigned long long)child->ike_serial,
             child->mode == MODE_TUNNEL ? "tunnel" : "transport");
    selectors_describe(&text, child->selectors, child->local_count);
    text_add(&text, " -> ");
    selectors_describe(&text, child_remote_selectors(child), child->remote_count);
    text_add(&text, " {");
    child_describe_protocols(&text, child, true);
    text_add(&text, " DPD=%s}", connection->spec->dpd_delay ? "active" : "passive");
    say_child(engine, RC_SUCCESS, child, client, "%s", line);
}
