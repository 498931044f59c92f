/* Informational exchanges: RFC 2408 4.8, RFC 2409 5.7. */
#include "engine/ikev1/informational.h"

#include "engine/count.h"
#include "engine/ikev1/dpd.h"
#include "engine/ikev1/hearing.h"
#include "engine/ikev1/initial_contact.h"
#include "engine/ikev1/quick_mode.h"

enum { NOTIFICATION_MAX = 512 };

static void count_notify(struct engine *engine, enum counter_family_id family, uint16_t type)
{
    if (type < V1_CONNECTED) /* errors; the rest is status */
        count_one(engine, family, type);
}

/* ---- ours ---- */

void notify_stranger(struct engine *engine, const struct ikev1_incoming *incoming, uint16_t type)
{
    uint8_t buffer[NOTIFICATION_MAX];
    struct bytes message;
    struct ikev2_header header = {.exchange = ISAKMP_INFORMATIONAL};
    memcpy(header.spi_i, incoming->header->spi_i, IKE_SPI_SIZE);
    memcpy(header.spi_r, incoming->header->spi_r, IKE_SPI_SIZE);
    engine_random(engine, &header.message_id, sizeof(header.message_id));
    struct message_builder builder = ikev1_build_start(buffer, sizeof(buffer), &header);
    ikev1_build_notify(&builder, V1_PROTO_ISAKMP, bytes_of(NULL, 0), type, bytes_of(NULL, 0));
    if (!ikev1_build_finish(&builder, 0, &message) || message.size > incoming->datagram.size)
        return;
    count_notify(engine, COUNT_IKEV1_SENT_ERRORS, type);
    engine_send(engine, incoming->path, message);
}

static struct owned notify_in(struct engine *engine, struct ike_sa *ike, uint32_t message_id,
                              uint8_t protocol, struct bytes spi, uint16_t type, struct bytes data)
{
    uint8_t buffer[NOTIFICATION_MAX];
    struct ikev1_exchange exchange = {0};
    ikev1_exchange_begin(ike, &exchange, message_id);
    struct message_builder builder =
        ikev1_start(ike, buffer, sizeof(buffer), ISAKMP_INFORMATIONAL, exchange.message_id);
    ikev1_build_hash(ike, &builder);
    ikev1_build_notify(&builder, protocol, spi, type, data);
    count_notify(engine, COUNT_IKEV1_SENT_ERRORS, type);
    ikev1_send_hashed(engine, ike, &exchange, &builder, bytes_of(NULL, 0), &ike->memory_bytes);
    return exchange.last_sent;
}

struct owned notify_protected(struct engine *engine, struct ike_sa *ike, uint8_t protocol, struct bytes spi,
                              uint16_t type, struct bytes data)
{
    return notify_in(engine, ike, ikev1_new_message_id(engine, ike), protocol, spi, type, data);
}

/* Of what DPD says there is too much to remember its message ids: that of a notification of ours follows from
 * what it says, by our secret, so that we know it again. */
static uint32_t own_dpd_message_id(const struct engine *engine, const struct ike_sa *ike, uint16_t type,
                                   struct bytes data)
{
    uint8_t type_bytes[2];
    store_be16(type_bytes, type);
    const struct bytes parts[] = {
        bytes_of(ike->spi_i, IKE_SPI_SIZE),
        bytes_of(ike->spi_r, IKE_SPI_SIZE),
        bytes_of(type_bytes, sizeof(type_bytes)),
        data,
    };
    uint32_t id = (uint32_t)engine_hash(engine, parts, ARRAY_SIZE(parts));
    return id != 0 ? id : 1;
}

void notify_about_ike(struct engine *engine, struct ike_sa *ike, uint16_t type, struct bytes data)
{
    uint8_t cookies[2 * IKE_SPI_SIZE];
    memcpy(cookies, ike->spi_i, IKE_SPI_SIZE);
    memcpy(cookies + IKE_SPI_SIZE, ike->spi_r, IKE_SPI_SIZE);
    struct owned said = notify_in(engine, ike, own_dpd_message_id(engine, ike, type, data), V1_PROTO_ISAKMP,
                                  bytes_of(cookies, sizeof(cookies)), type, data);
    owned_clear(engine, &ike->memory_bytes, &said);
}

/* ---- theirs ---- */

/* What tells by a number of its own that it is no replay (RFC 3706 7); there are too many of them to
 * remember. */
static bool is_dpd_alone(const struct ikev1_message *message)
{
    uint16_t type = message->notify_count == 1 ? message->notifies[0].type : 0;
    return message->delete_count == 0 && (type == V1_R_U_THERE || type == V1_R_U_THERE_ACK);
}

/* Somebody reflects what we said: it does not show that the peer lives. */
static bool is_own_dpd(const struct engine *engine, const struct ike_sa *ike,
                       const struct ikev1_incoming *incoming)
{
    const struct ike_notify *notify = &incoming->message->notifies[0];
    return notify->data.size == 4 &&
           incoming->header->message_id == own_dpd_message_id(engine, ike, notify->type, notify->data);
}

/* False: the SA is gone. */
static bool obey_notify(struct engine *engine, struct ike_sa *ike, const struct ike_notify *notify)
{
    uint64_t serial = ike->serial;
    count_notify(engine, COUNT_IKEV1_RECEIVED_ERRORS, notify->type);
    switch (notify->type) {
    case V1_R_U_THERE:
    case V1_R_U_THERE_ACK:
        (void)dpd_received(engine, ike, notify);
        break;
    case V1_INITIAL_CONTACT:
        initial_contact_said(engine, ike, notify);
        break;
    case V1_NO_PROPOSAL_CHOSEN:
    case V1_INVALID_ID_INFORMATION:
    case V1_INVALID_KEY_INFORMATION:
    case V1_BAD_PROPOSAL_SYNTAX:
        say_ike(engine, RC_LOG, ike, 0, "peer notifies %s", ikev1_notify_name(notify->type));
        quick_mode_refused(engine, ike, notify);
        break;
    case V1_PAYLOAD_MALFORMED:
        say_ike(engine, RC_LOG, ike, 0, "peer notifies %s", ikev1_notify_name(notify->type));
        hearing_answer_was_not_read(engine, ike);
        break;
    default:
        say_ike(engine, RC_LOG, ike, 0, "received and ignored notification payload: %s",
                ikev1_notify_name(notify->type));
        break;
    }
    return ike_by_serial(engine, serial) != NULL;
}

bool informational_protected(struct engine *engine, struct ike_sa *ike, const struct ikev1_incoming *incoming)
{
    const struct ikev1_message *message = incoming->message;
    if (!ikev1_hash_is_right(engine, ike, incoming, bytes_of(NULL, 0)))
        return false;
    if (is_dpd_alone(message))
        return !is_own_dpd(engine, ike, incoming) && dpd_received(engine, ike, &message->notifies[0]);
    if (!ikev1_use_message_id(engine, ike, incoming->header->message_id))
        return false;
    for (size_t i = 0; i < message->notify_count; i++)
        if (!obey_notify(engine, ike, &message->notifies[i]))
            return true;
    delete_obeyed(engine, ike, message);
    return true;
}

void informational_plain(struct engine *engine, struct ike_sa *ike, const struct ikev1_incoming *incoming)
{
    const struct ikev1_message *message = incoming->message;
    uint64_t client = ike->setup != NULL ? ike->setup->client : 0;
    for (size_t i = 0; i < message->notify_count; i++) {
        ike->unproven_notify = message->notifies[i].type;
        say_ike(engine, RC_LOG, ike, client, "ignoring unauthenticated notification %s of the peer's address",
                ikev1_notify_name(message->notifies[i].type));
    }
    if (message->delete_count > 0)
        say_ike(engine, RC_LOG, ike, client, "ignoring unauthenticated Delete of the peer's address");
}
