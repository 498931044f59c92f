/*
 * The way of an IKEv1 datagram (RFC 2408 4, 5). What is not expected (transitions.h) is dropped. Nothing
 * changes before a message is found to be whole, expected and, from phase 2 on, authentic.
 */
#include "engine/ikev1/receive.h"

#include "engine/ikev1/exchange.h"
#include "engine/ikev1/fragmentation.h"
#include "engine/ikev1/informational.h"
#include "engine/ikev1/phase1_proof.h"
#include "engine/ikev1/quick_mode.h"
#include "engine/ikev1/refusals.h"
#include "engine/ikev1/transaction.h"
#include "engine/ikev1/transitions.h"
#include "engine/peer_path.h"

enum { DATAGRAM_MAX = 65536 };

/* ---- opening ---- */

/* What a message is made of, once it is in the clear. */
struct opened {
    struct ikev1_message message;
    struct ikev1_incoming incoming;
    uint8_t *copy;
};

static bool open_message(struct engine *engine, const struct ike_sa *ike, const uint8_t *iv,
                         const struct transition *row, struct opened *out, struct error *error)
{
    struct ikev1_incoming *incoming = &out->incoming;
    size_t size = incoming->datagram.size - IKE_HEADER_SIZE;
    incoming->was_encrypted = (incoming->header->flags & ISAKMP_ENCRYPTED) != 0;
    memcpy(out->copy, incoming->datagram.data + IKE_HEADER_SIZE, size);
    if (incoming->was_encrypted) {
        memcpy(incoming->last_block, iv, sizeof(incoming->last_block));
        if (!ikev1_decrypt(ike->suite.encr, ikev1_cipher_key(ike), incoming->last_block, out->copy, size))
            return error_set(error, V1_PAYLOAD_MALFORMED,
                             "encrypted message of %zu bytes is not whole blocks", size);
    }
    incoming->message = &out->message;
    if (ike != NULL)
        ikev1_trace_payloads(engine, ike, false, incoming->header->exchange, incoming->header->message_id,
                             bytes_of(out->copy, size));
    return ikev1_message_read(incoming->header->next_payload, bytes_of(out->copy, size),
                              incoming->was_encrypted, &out->message, error) &&
           transition_fits(ike, row, &out->message, error);
}

/* ---- phase 1 ---- */

static void say_unreadable(struct engine *engine, struct ike_sa *ike, const struct ikev1_incoming *incoming,
                           const struct error *error)
{
    bool is_key_wrong = incoming->was_encrypted && ike->setup != NULL;
    const struct connection *connection = connection_by_serial(engine, ike->connection_serial);
    if (is_key_wrong && connection->newest_ike_serial == 0)
        failure_keep(engine, connection, ike, ike->is_initiator, FAILURE_PEER_PROOF, 0,
                     "the peer's first encrypted message makes no sense: the pre-shared keys differ");
    say_ike(engine, RC_LOG_SERIOUS, ike, ike->setup ? ike->setup->client : 0, "%s%s: %s",
            is_key_wrong ? "probable authentication failure (mismatch of preshared secrets?): " : "",
            is_key_wrong ? "malformed payload in packet" : "dropping unacceptable message", error->text);
}

static void phase1_message(struct engine *engine, struct ike_sa *ike, struct opened *opened)
{
    struct ikev1_incoming *incoming = &opened->incoming;
    struct ikev1_exchange *exchange = &ike->v1->phase1;
    uint64_t hash = engine_hash(engine, &incoming->datagram, 1), serial = ike->serial;
    bool is_encrypted = (incoming->header->flags & ISAKMP_ENCRYPTED) != 0;
    struct error error;
    if (incoming->header->message_id != 0 ||
        !address_equal(&incoming->path->remote.address, &ike->path.remote.address))
        return;
    if (hash == exchange->last_received_hash && (ike->setup == NULL || ike->setup->job_id == 0)) {
        ikev1_send_again(engine, ike, exchange); /* the answer was lost */
        return;
    }
    const struct transition *row = transition_find(ike->v1->state, incoming->header->exchange, is_encrypted);
    if (row == NULL || row->phase1 == NULL || ike->setup == NULL || ike->setup->job_id != 0)
        return;
    if (!open_message(engine, ike, exchange->iv, row, opened, &error)) {
        say_unreadable(engine, ike, incoming, &error);
        if (!ike->is_initiator)
            notify_stranger(engine, incoming, V1_PAYLOAD_MALFORMED);
        return;
    }
    uint64_t last_hash = exchange->last_received_hash;
    uint8_t old_iv[CIPHER_IV_MAX];
    memcpy(old_iv, exchange->iv, sizeof(old_iv));
    if (is_encrypted)
        memcpy(exchange->iv, incoming->last_block, sizeof(exchange->iv));
    exchange->last_received_hash = hash;
    bool is_taken = row->phase1(engine, ike, incoming);
    if (is_taken || (ike = ike_by_serial(engine, serial)) == NULL)
        return;
    memcpy(ike->v1->phase1.iv, old_iv, sizeof(old_iv));
    ike->v1->phase1.last_received_hash = last_hash;
}

static void first_message(struct engine *engine, struct opened *opened)
{
    struct ikev1_incoming *incoming = &opened->incoming;
    uint8_t exchange = incoming->header->exchange;
    bool is_aggressive = exchange == ISAKMP_AGGRESSIVE;
    const struct transition *row =
        transition_find(is_aggressive ? STATE_AGGR_R0 : STATE_MAIN_R0, exchange, false);
    struct ike_sa *known = ike_by_initiator(engine, incoming->header->spi_i, incoming->path);
    struct error error;
    if (row == NULL || (incoming->header->flags & ISAKMP_ENCRYPTED) != 0 || incoming->header->message_id != 0)
        return;
    if (known != NULL) {
        if (known->v1 != NULL &&
            known->v1->phase1.last_received_hash == engine_hash(engine, &incoming->datagram, 1))
            ikev1_send_again(engine, known, &known->v1->phase1);
        return;
    }
    if (!open_message(engine, NULL, NULL, row, opened, &error)) {
        char remote[ENDPOINT_TEXT_SIZE];
        say_plain(engine, RC_LOG, "malformed %s message from %s: %s", ikev1_exchange_name(exchange),
                  endpoint_text(&incoming->path->remote, remote), error.text);
        notify_stranger(engine, incoming, (uint16_t)error.code);
        return;
    }
    if (is_aggressive)
        aggressive_mode_request(engine, incoming);
    else
        main_mode_request_1(engine, incoming);
}

/* ---- phase 2 ---- */

/* The message was authentic: the peer is there, where it came from. */
static void note_peer(struct engine *engine, struct ike_sa *ike, const struct path *path)
{
    ike->last_received_at = engine_now(engine);
    ike->v1->is_unconfirmed = false;
    if (path->local.port == ike->path.local.port)
        peer_path_moved(engine, ike, &path->remote);
}

/* What awaits XAUTH or Mode Config is no ground for Quick Mode yet. */
static bool may_come(const struct ike_sa *ike, uint8_t exchange)
{
    return ikev1_is_past_phase1(ike) && (exchange != ISAKMP_QUICK || ike->state != IKE_STATE_PHASE1_DONE);
}

static void handle_phase2(struct engine *engine, struct ike_sa *ike, struct quick_mode *quick,
                          const struct transition *row, struct opened *opened, uint64_t hash)
{
    uint64_t serial = ike->serial, child_serial = quick != NULL ? quick->child->serial : 0;
    struct ikev1_incoming *incoming = &opened->incoming;
    struct path path = *incoming->path;
    uint8_t old_iv[CIPHER_IV_MAX] = {0};
    uint64_t last_hash = 0;
    if (quick != NULL) {
        memcpy(old_iv, quick->exchange.iv, sizeof(old_iv));
        last_hash = quick->exchange.last_received_hash;
        memcpy(quick->exchange.iv, incoming->last_block, sizeof(old_iv));
        quick->exchange.last_received_hash = hash;
    }
    bool is_authentic =
        row->quick != NULL ? row->quick(engine, ike, quick, incoming) : row->phase1(engine, ike, incoming);
    ike = ike_by_serial(engine, serial);
    struct child_sa *child = child_by_serial(engine, child_serial);
    if (is_authentic && ike != NULL)
        note_peer(engine, ike, &path);
    if (is_authentic || child == NULL || child->quick == NULL)
        return;
    memcpy(child->quick->exchange.iv, old_iv, sizeof(old_iv));
    child->quick->exchange.last_received_hash = last_hash;
}

static void phase2_message(struct engine *engine, struct ike_sa *ike, struct opened *opened)
{
    struct ikev1_incoming *incoming = &opened->incoming;
    const struct ikev2_header *header = incoming->header;
    uint64_t hash = engine_hash(engine, &incoming->datagram, 1);
    struct error error;
    bool is_quick = header->exchange == ISAKMP_QUICK;
    if (!may_come(ike, header->exchange) || header->message_id == 0)
        return;
    struct quick_mode *quick = is_quick ? quick_by_message_id(ike, header->message_id) : NULL;
    if (quick != NULL && quick->job_id != 0)
        return;
    if (quick != NULL && hash == quick->exchange.last_received_hash) {
        ikev1_send_again(engine, ike, &quick->exchange);
        return;
    }
    if (quick == NULL && is_quick && refusal_repeat(engine, ike, hash))
        return;
    enum ikev1_state state = !is_quick ? STATE_INFO_PROTECTED : quick != NULL ? quick->state : STATE_QUICK_R0;
    const struct transition *row =
        transition_find(state, header->exchange, (header->flags & ISAKMP_ENCRYPTED) != 0);
    struct ikev1_exchange fresh = {0};
    if (row == NULL)
        return;
    if (quick == NULL)
        ikev1_exchange_begin(ike, &fresh, header->message_id);
    if (open_message(engine, ike, quick != NULL ? quick->exchange.iv : fresh.iv, row, opened, &error))
        handle_phase2(engine, ike, quick, row, opened, hash);
    else
        trace_ike(engine, ike, DEBUG_BASE, "#%llu: dropped a %s message: %s", (unsigned long long)ike->serial,
                  ikev1_exchange_name(header->exchange), error.text);
}

/* One message id may carry several, one after the other: the chain of IVs goes on. */
static void transaction_message(struct engine *engine, struct ike_sa *ike, struct opened *opened)
{
    struct ikev1_incoming *incoming = &opened->incoming;
    const struct ikev2_header *header = incoming->header;
    const struct transition *row =
        transition_find(STATE_MODE_CFG_R0, header->exchange, (header->flags & ISAKMP_ENCRYPTED) != 0);
    uint64_t hash = engine_hash(engine, &incoming->datagram, 1);
    struct ikev1_exchange fresh = {0};
    struct error error;
    if (row == NULL || !may_come(ike, header->exchange) || header->message_id == 0)
        return;
    struct transaction *known = transaction_by_message_id(ike, header->message_id);
    if (known != NULL && hash == known->exchange.last_received_hash) {
        ikev1_send_again(engine, ike, &known->exchange);
        return;
    }
    if (known == NULL)
        ikev1_exchange_begin(ike, &fresh, header->message_id);
    bool is_read =
        open_message(engine, ike, known != NULL ? known->exchange.iv : fresh.iv, row, opened, &error);
    if (!is_read)
        trace_ike(engine, ike, DEBUG_BASE, "#%llu: dropped a %s message: %s", (unsigned long long)ike->serial,
                  ikev1_exchange_name(header->exchange), error.text);
    if (!is_read || !ikev1_hash_is_right(engine, ike, incoming, bytes_of(NULL, 0)))
        return;
    struct transaction *transaction = transaction_take(engine, ike, incoming, hash);
    if (transaction == NULL)
        return;
    note_peer(engine, ike, incoming->path);
    transaction_received(engine, ike, transaction, incoming);
}

/* ---- whose it is ---- */

static bool is_zero(const uint8_t *cookie)
{
    static const uint8_t zero[IKE_SPI_SIZE];
    return memcmp(cookie, zero, IKE_SPI_SIZE) == 0;
}

/* Both cookies must be right; before MR1 the initiator does not know the responder's. */
static struct ike_sa *find_ike(const struct engine *engine, const struct ikev2_header *header)
{
    struct ike_sa *ike = ike_by_own_spi(engine, header->spi_r);
    if (ike != NULL && !ike->is_initiator && ike->v1 != NULL &&
        memcmp(ike->spi_i, header->spi_i, IKE_SPI_SIZE) == 0)
        return ike;
    ike = ike_by_own_spi(engine, header->spi_i);
    if (ike == NULL || !ike->is_initiator || ike->v1 == NULL)
        return NULL;
    bool is_known = memcmp(ike->spi_r, header->spi_r, IKE_SPI_SIZE) == 0;
    return is_known || is_zero(ike->spi_r) ? ike : NULL;
}

static void plain_informational(struct engine *engine, struct ike_sa *ike, struct opened *opened)
{
    static const struct transition row = {STATE_INFO, ISAKMP_INFORMATIONAL, CLEAR, 0, ~UINT32_C(0), NULL,
                                          NULL};
    struct error error;
    if (ike->setup != NULL && open_message(engine, ike, NULL, &row, opened, &error))
        informational_plain(engine, ike, &opened->incoming);
}

static void dispatch(struct engine *engine, struct ike_sa *ike, struct opened *opened)
{
    const struct ikev2_header *header = opened->incoming.header;
    if ((header->flags & ISAKMP_COMMIT) != 0)
        say_ike(engine, RC_LOG, ike, 0,
                "IKE message has the Commit Flag set but Styx doesn't implement this "
                "feature due to security concerns; ignoring flag");
    switch (header->exchange) {
    case ISAKMP_MAIN:
    case ISAKMP_AGGRESSIVE:
        phase1_message(engine, ike, opened);
        break;
    case ISAKMP_QUICK:
        phase2_message(engine, ike, opened);
        break;
    case ISAKMP_TRANSACTION:
        transaction_message(engine, ike, opened);
        break;
    case ISAKMP_INFORMATIONAL:
        if ((header->flags & ISAKMP_ENCRYPTED) != 0)
            phase2_message(engine, ike, opened);
        else
            plain_informational(engine, ike, opened);
        break;
    default:
        break;
    }
}

static void receive(struct engine *engine, const struct path *path, const struct ikev2_header *header,
                    struct bytes datagram)
{
    uint8_t copy[DATAGRAM_MAX];
    struct opened opened = {.incoming = {.path = path, .header = header, .datagram = datagram}, .copy = copy};
    if (datagram.size > sizeof(copy) || is_zero(header->spi_i))
        return;
    bool may_be_first = header->exchange == ISAKMP_MAIN || header->exchange == ISAKMP_AGGRESSIVE;
    if (is_zero(header->spi_r) && may_be_first) {
        first_message(engine, &opened);
        return;
    }
    struct ike_sa *ike = find_ike(engine, header);
    if (ike != NULL)
        dispatch(engine, ike, &opened);
}

/* What an IKEv1 datagram meets first: ikev1-policy=. */
static bool is_admitted(struct engine *engine, const struct path *path, const struct ikev2_header *header,
                        struct bytes datagram)
{
    struct ikev1_incoming incoming = {.path = path, .header = header, .datagram = datagram};
    if (engine->settings.ikev1_policy == IKEV1_ACCEPT)
        return true;
    if (engine->settings.ikev1_policy == IKEV1_REJECT && header->exchange != ISAKMP_INFORMATIONAL)
        notify_stranger(engine, &incoming, V1_INVALID_MAJOR_VERSION);
    return false;
}

void ikev1_receive(struct engine *engine, const struct path *path, const struct ikev2_header *header,
                   struct bytes datagram)
{
    struct ikev2_header whole_header;
    struct bytes whole;
    if (!is_admitted(engine, path, header, datagram))
        return;
    if (header->next_payload != ISAKMP_FRAGMENT) {
        receive(engine, path, header, datagram);
        return;
    }
    struct ike_sa *ike = find_ike(engine, header);
    uint64_t serial = ike != NULL ? ike->serial : 0;
    if (ike == NULL || !fragments_take(engine, ike, &path->remote, datagram, &whole))
        return;
    uint8_t copy[DATAGRAM_MAX];
    if (whole.size <= sizeof(copy)) {
        memcpy(copy, whole.data, whole.size);
        if (ikev2_header_read(bytes_of(copy, whole.size), &whole_header) &&
            whole_header.next_payload != ISAKMP_FRAGMENT)
            receive(engine, path, &whole_header, bytes_of(copy, whole.size));
    }
    if ((ike = ike_by_serial(engine, serial)) != NULL && ike->v1 != NULL)
        fragments_drop(engine, ike);
}
