/* Deletes, sent and obeyed: RFC 2408 3.15, RFC 2409 5.7. They are said once; nobody confirms them. */
#include <stdio.h>

#include "engine/child_install.h"
#include "engine/failure.h"
#include "engine/ikev1/informational.h"
#include "engine/ikev1/lifetimes.h"
#include "engine/login.h"

enum { DELETE_MESSAGE_MAX = 2048, SPIS_IN_ONE_DELETE = 256 };
#define DISTRUST_LIMIT (10 * USEC_PER_SEC)

/* ---- ours ---- */

static void send_delete(struct engine *engine, struct ike_sa *ike, uint8_t protocol, uint8_t spi_size,
                        uint16_t count, struct bytes spis)
{
    uint8_t buffer[DELETE_MESSAGE_MAX];
    struct ikev1_exchange exchange = {0};
    if (is_impaired(engine, IMPAIR_SEND_NO_DELETE))
        return;
    ikev1_exchange_begin(ike, &exchange, ikev1_new_message_id(engine, ike));
    struct message_builder builder =
        ikev1_start(ike, buffer, sizeof(buffer), ISAKMP_INFORMATIONAL, exchange.message_id);
    ikev1_build_hash(ike, &builder);
    ikev1_build_delete(&builder, protocol, spi_size, count, spis);
    ikev1_send_hashed(engine, ike, &exchange, &builder, bytes_of(NULL, 0), &ike->memory_bytes);
    owned_clear(engine, &ike->memory_bytes, &exchange.last_sent);
}

static void say_deleting(struct engine *engine, const struct ike_sa *ike, const struct child_sa *child,
                         uint64_t client, bool is_told)
{
    usec_t age = engine_now(engine) - (child != NULL ? child->created_at : ike->created_at);
    const char *state = child != NULL ? ikev1_child_state_name(child) : ikev1_ike_state_name(ike);
    char text[160];
    struct text line = text_of(text, sizeof(text));
    text_add(&line, "deleting state (%s) aged %llu.%06llus and %ssending notification", state,
             (unsigned long long)(age / USEC_PER_SEC), (unsigned long long)(age % USEC_PER_SEC),
             is_told ? "" : "NOT ");
    if (child != NULL)
        say_child(engine, RC_LOG, child, client, "%s", text);
    else
        say_ike(engine, RC_LOG, ike, client, "%s", text);
}

/* The SAs of a bundle go together; IPComp's needs no word (RFC 3173 has none). */
void ikev1_disown_child(struct engine *engine, struct ike_sa *ike, const struct child_sa *child)
{
    uint8_t spi[4];
    store_be32(spi, child->spi_in);
    if (child->suite.ah_integ != NULL)
        send_delete(engine, ike, PROTOCOL_AH, sizeof(spi), 1, bytes_of(spi, sizeof(spi)));
    send_delete(engine, ike, child->suite.protocol, sizeof(spi), 1, bytes_of(spi, sizeof(spi)));
}

static void delete_said(struct engine *engine, struct ike_sa *ike, struct child_sa *child)
{
    ikev1_disown_child(engine, ike, child);
    child_destroy(engine, child);
}

void ikev1_delete_child(struct engine *engine, struct child_sa *child, uint64_t client)
{
    struct ike_sa *ike = ike_by_serial(engine, child->ike_serial);
    bool is_told = ikev1_is_past_phase1(ike) && child->state != CHILD_STATE_LARVAL;
    say_deleting(engine, ike, child, client, is_told);
    if (is_told)
        delete_said(engine, ike, child);
    else
        child_destroy(engine, child);
}

/* All that belong to it, in as few messages as may be. */
static void delete_children(struct engine *engine, struct ike_sa *ike, uint64_t client)
{
    uint8_t spis[4 * SPIS_IN_ONE_DELETE];
    uint16_t count = 0;
    LIST_EACH(&ike->children, node)
    {
        struct child_sa *child = CONTAINER_OF(node, struct child_sa, siblings);
        bool is_told = ikev1_is_past_phase1(ike) && child->state != CHILD_STATE_LARVAL;
        say_deleting(engine, ike, child, client, is_told);
        bool is_esp_alone = child->suite.protocol == PROTOCOL_ESP && child->suite.ah_integ == NULL;
        if (is_told && is_esp_alone)
            store_be32(spis + 4 * count++, child->spi_in);
        else if (is_told) {
            delete_said(engine, ike, child);
            continue;
        }
        child_destroy(engine, child);
        if (count == SPIS_IN_ONE_DELETE) {
            send_delete(engine, ike, PROTOCOL_ESP, 4, count, bytes_of(spis, 4u * count));
            count = 0;
        }
    }
    if (count > 0)
        send_delete(engine, ike, PROTOCOL_ESP, 4, count, bytes_of(spis, 4u * count));
}

static void send_ike_delete(struct engine *engine, struct ike_sa *ike)
{
    uint8_t cookies[2 * IKE_SPI_SIZE];
    memcpy(cookies, ike->spi_i, IKE_SPI_SIZE);
    memcpy(cookies + IKE_SPI_SIZE, ike->spi_r, IKE_SPI_SIZE);
    send_delete(engine, ike, V1_PROTO_ISAKMP, sizeof(cookies), 1, bytes_of(cookies, sizeof(cookies)));
}

void ikev1_send_distrust(struct engine *engine, struct ike_sa *ike)
{
    memcpy(ike->v1->last_block, ike->v1->phase1.iv, sizeof(ike->v1->last_block));
    send_ike_delete(engine, ike);
}

static void say_and_send(struct engine *engine, struct ike_sa *ike, uint64_t client)
{
    bool is_told = ikev1_is_past_phase1(ike);
    say_deleting(engine, ike, NULL, client, is_told);
    if (is_told)
        send_ike_delete(engine, ike);
}

void ikev1_send_ike_delete(struct engine *engine, struct ike_sa *ike)
{
    say_and_send(engine, ike, 0);
}

static void end_ike(struct engine *engine, struct ike_sa *ike, uint64_t client)
{
    delete_children(engine, ike, client);
    say_and_send(engine, ike, client);
    ike_destroy(engine, ike);
}

void ikev1_delete_ike(struct engine *engine, struct ike_sa *ike, uint64_t client)
{
    end_ike(engine, ike, client);
}

void ikev1_say_goodbye(struct engine *engine, struct ike_sa *ike)
{
    if (ikev1_is_past_phase1(ike))
        end_ike(engine, ike, engine->watcher);
    else
        ike_destroy(engine, ike);
}

/* ---- theirs ---- */

/* IPsec SAs outlive the ISAKMP SA that made them: any of the same peer's may be meant, once it has logged in.
 */
static struct child_sa *find_child(const struct engine *engine, const struct ike_sa *ike, uint8_t protocol,
                                   uint32_t spi_out)
{
    const struct connection *connection = connection_by_serial(engine, ike->connection_serial);
    struct child_sa *child = child_of_ike_by_peer_spi(engine, ike, protocol, spi_out);
    const struct ike_sa *other = NULL;
    while (child == NULL && ike->state != IKE_STATE_PHASE1_DONE &&
           (other = ike_next_with_peers(engine, &ike->path.local.address, &ike->path.remote.address,
                                        &connection->local_id, &ike->remote_id, other)) != NULL)
        if (other != ike && login_users_are_equal(other, ike))
            child = child_of_ike_by_peer_spi(engine, other, protocol, spi_out);
    return child;
}

static void obey_child_delete(struct engine *engine, struct ike_sa *ike, uint8_t protocol, uint32_t spi)
{
    struct child_sa *child = find_child(engine, ike, protocol, spi);
    if (child == NULL) /* gone already: each SA of a bundle has a Delete of its own */
        return;
    say_child(engine, RC_LOG, child, 0, "received Delete SA payload: deleting IPsec SA");
    child_destroy(engine, child);
}

static bool names_this(const struct ike_sa *ike, const struct ike_delete *delete)
{
    for (unsigned i = 0; i < delete->count; i++) {
        const uint8_t *cookies = delete->spis.data + 16u * i;
        if (memcmp(cookies, ike->spi_i, IKE_SPI_SIZE) == 0 &&
            memcmp(cookies + IKE_SPI_SIZE, ike->spi_r, IKE_SPI_SIZE) == 0)
            return true;
    }
    return false;
}

/* The initiator's last word on an identity of ours that it does not take; one that only renews the ISAKMP SA
 * of a Child SA keeps it longer. */
static void note_distrust(struct engine *engine, const struct ike_sa *ike)
{
    const struct connection *connection = connection_by_serial(engine, ike->connection_serial);
    char text[FAILURE_TEXT_SIZE], ours[IDENTITY_TEXT_SIZE];
    if (ike->is_initiator || ike->state != IKE_STATE_ESTABLISHED || ike->v1->has_seen_quick_mode ||
        connection->spec->ike_only || connection->newest_child_serial != 0 ||
        engine_now(engine) - ike->established_at > DISTRUST_LIMIT)
        return;
    snprintf(
        text, sizeof(text),
        "the peer ended the ISAKMP SA without asking for an IPsec SA; its log may tell why: does it expect "
        "another identity than '%.200s'?",
        identity_text(&connection->local_id, ours));
    say_ike(engine, RC_LOG_SERIOUS, ike, 0, "%s", text);
    failure_keep(engine, connection, ike, false, FAILURE_OTHER, 0, text);
}

bool delete_obeyed(struct engine *engine, struct ike_sa *ike, const struct ikev1_message *message)
{
    bool ends = false;
    for (size_t i = 0; i < message->delete_count; i++) {
        const struct ike_delete *delete = &message->deletes[i];
        if (delete->protocol == V1_PROTO_ISAKMP && delete->spi_size == 16)
            ends = ends || names_this(ike, delete);
        bool is_ipsec = delete->protocol == V1_PROTO_ESP || delete->protocol == V1_PROTO_AH;
        for (unsigned j = 0; is_ipsec && delete->spi_size == 4 && j < delete->count; j++)
            obey_child_delete(engine, ike, delete->protocol, load_be32(delete->spis.data + 4u * j));
    }
    if (!ends)
        return true;
    say_ike(engine, RC_LOG, ike, 0, "received Delete SA payload: self-deleting ISAKMP State #%llu",
            (unsigned long long)ike->serial);
    note_distrust(engine, ike);
    if (ike->state == IKE_STATE_PHASE1_DONE)
        ike_fail(engine, ike, RC_FATAL, "the peer ended the ISAKMP SA before it was of use");
    else if (!lifetimes_bequeath(engine, ike))
        ike_destroy(engine, ike);
    return false;
}
