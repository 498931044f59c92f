/* Reading IKEv2 messages: RFC 7296 3.1 to 3.14. */
#include "wire/ikev2_parse.h"

bool ikev2_header_read(struct bytes datagram, struct ikev2_header *out)
{
    struct reader reader = reader_of(datagram);
    if (datagram.size < IKE_HEADER_SIZE)
        return false;
    memcpy(out->spi_i, reader_bytes(&reader, IKE_SPI_SIZE).data, IKE_SPI_SIZE);
    memcpy(out->spi_r, reader_bytes(&reader, IKE_SPI_SIZE).data, IKE_SPI_SIZE);
    out->next_payload = reader_u8(&reader);
    out->version = reader_u8(&reader);
    out->exchange = reader_u8(&reader);
    out->flags = reader_u8(&reader);
    out->message_id = reader_u32(&reader);
    out->length = reader_u32(&reader);
    return out->length == datagram.size;
}

static bool syntax(struct error *error, const char *what)
{
    return error_set(error, INVALID_SYNTAX, "%s", what);
}

static bool read_ke(struct bytes body, struct ikev2_message *out, struct error *error)
{
    struct reader reader = reader_of(body);
    out->ke_group = reader_u16(&reader);
    reader_u16(&reader);
    out->ke_data = reader_rest(&reader);
    return (!reader.failed && out->ke_data.size > 0) || syntax(error, "KE payload is too short");
}

static bool read_id(struct bytes body, struct ikev2_id *out, struct error *error)
{
    struct reader reader = reader_of(body);
    out->body = body;
    out->kind = reader_u8(&reader);
    reader_bytes(&reader, 3);
    out->data = reader_rest(&reader);
    return !reader.failed || syntax(error, "ID payload is too short");
}

static bool read_auth(struct bytes body, struct ikev2_message *out, struct error *error)
{
    struct reader reader = reader_of(body);
    out->auth_method = reader_u8(&reader);
    reader_bytes(&reader, 3);
    out->auth_data = reader_rest(&reader);
    return (!reader.failed && out->auth_data.size > 0) || syntax(error, "AUTH payload is too short");
}

static bool read_nonce(struct bytes body, struct ikev2_message *out, struct error *error)
{
    if (body.size < IKEV2_NONCE_MIN || body.size > IKEV2_NONCE_MAX)
        return syntax(error, "Nonce payload is not 16 to 256 bytes long");
    out->nonce = body;
    return true;
}

static bool read_notify(struct bytes body, struct ikev2_message *out, struct error *error)
{
    struct reader reader = reader_of(body);
    struct ike_notify notify;
    if (!message_read_notify(&reader, &notify))
        return syntax(error, "Notify payload is too short");
    if (out->notify_count == IKEV2_NOTIFY_LIMIT)
        return syntax(error, "too many Notify payloads");
    out->notifies[out->notify_count++] = notify;
    return true;
}

static bool read_delete(struct bytes body, struct ikev2_message *out, struct error *error)
{
    struct reader reader = reader_of(body);
    struct ike_delete delete;
    if (!message_read_delete(&reader, &delete))
        return syntax(error, "Delete payload's count and size disagree");
    if (out->delete_count == IKEV2_DELETE_LIMIT)
        return syntax(error, "too many Delete payloads");
    out->deletes[out->delete_count++] = delete;
    return true;
}

/* One traffic selector; *ret_known is false for a type that we do not know. */
static bool read_selector(struct reader *reader, struct selector *out, bool *ret_known)
{
    uint8_t type = reader_u8(reader);
    uint8_t protocol = reader_u8(reader);
    uint16_t length = reader_u16(reader);
    if (reader->failed || length < 4)
        return false;
    struct reader body = reader_of(reader_bytes(reader, length - 4u));
    enum ip_family family = type == TS_IPV4_ADDR_RANGE ? IP_V4 : IP_V6;
    *ret_known = type == TS_IPV4_ADDR_RANGE || type == TS_IPV6_ADDR_RANGE;
    if (reader->failed || !*ret_known)
        return !reader->failed;
    size_t address_bytes = family == IP_V4 ? 4 : 16;
    if (body.left != 4 + 2 * address_bytes)
        return false;
    *out = (struct selector){.protocol = protocol};
    out->port_start = reader_u16(&body);
    out->port_end = reader_u16(&body);
    out->range.start = address_of_bytes(family, reader_bytes(&body, address_bytes).data);
    out->range.end = address_of_bytes(family, reader_bytes(&body, address_bytes).data);
    bool is_opaque = out->port_start == UINT16_MAX && out->port_end == 0;
    return address_compare(&out->range.start, &out->range.end) <= 0 &&
           (out->port_start <= out->port_end || is_opaque);
}

static bool read_selectors(struct bytes body, struct arena *arena, struct ikev2_selectors *out,
                           struct error *error)
{
    struct reader reader = reader_of(body);
    uint8_t count = reader_u8(&reader);
    reader_bytes(&reader, 3);
    if (reader.failed || count == 0)
        return syntax(error, "Traffic Selector payload is too short");
    out->list = arena_take(arena, count * sizeof(struct selector));
    if (out->list == NULL)
        return syntax(error, "message asks for too much memory");
    for (uint8_t i = 0; i < count; i++) {
        struct selector selector;
        bool known;
        if (!read_selector(&reader, &selector, &known))
            return syntax(error, "Traffic Selector payload is malformed");
        if (known)
            out->list[out->count++] = selector;
    }
    return reader.left == 0 || syntax(error, "Traffic Selector payload has bytes left over");
}

/* RFC 7383 2.5: Fragment Number, Total Fragments, then as in an SK payload. */
static bool read_fragment(struct bytes body, uint8_t first, struct ikev2_message *out, struct error *error)
{
    struct reader reader = reader_of(body);
    out->fragment_number = reader_u16(&reader);
    out->fragment_total = reader_u16(&reader);
    out->sk_body = reader_bytes(&reader, reader.left);
    out->sk_first = first;
    bool is_sound =
        !reader.failed && out->fragment_number != 0 && out->fragment_number <= out->fragment_total;
    return is_sound || syntax(error, "SKF payload has a fragment number beyond its total");
}

static bool read_configuration(struct bytes body, struct arena *arena, struct ikev2_message *out,
                               struct error *error)
{
    struct configuration *configuration = arena_take(arena, sizeof(*configuration));
    if (configuration == NULL)
        return syntax(error, "message asks for too much memory");
    out->configuration = configuration;
    return configuration_read_ikev2(body, configuration, error);
}

static bool read_payload(uint8_t type, struct bytes body, struct arena *arena, struct ikev2_message *out,
                         struct error *error)
{
    switch (type) {
    case PAYLOAD_SA:
        out->sa = body;
        return true;
    case PAYLOAD_KE:
        return read_ke(body, out, error);
    case PAYLOAD_IDI:
        return read_id(body, &out->id_i, error);
    case PAYLOAD_IDR:
        return read_id(body, &out->id_r, error);
    case PAYLOAD_AUTH:
        return read_auth(body, out, error);
    case PAYLOAD_NONCE:
        return read_nonce(body, out, error);
    case PAYLOAD_NOTIFY:
        return read_notify(body, out, error);
    case PAYLOAD_DELETE:
        return read_delete(body, out, error);
    case PAYLOAD_TSI:
        return read_selectors(body, arena, &out->ts_i, error);
    case PAYLOAD_TSR:
        return read_selectors(body, arena, &out->ts_r, error);
    case PAYLOAD_CP:
        return read_configuration(body, arena, out, error);
    case PAYLOAD_VENDOR_ID:
        if (out->vendor_id_count < IKEV2_VENDOR_ID_LIMIT)
            out->vendor_ids[out->vendor_id_count++] = body;
        return true;
    default:
        return true;
    }
}

/* Payload types that RFC 7296 defines: never subject to the critical bit (2.5), whether or not we act on
 * them. */
static bool is_known(uint8_t type)
{
    return (type >= PAYLOAD_SA && type <= PAYLOAD_EAP) || type == PAYLOAD_SKF;
}

static bool may_repeat(uint8_t type)
{
    return type == PAYLOAD_NOTIFY || type == PAYLOAD_DELETE || type == PAYLOAD_VENDOR_ID ||
           type == PAYLOAD_CERT || type == PAYLOAD_CERTREQ || !is_known(type);
}

bool ikev2_message_read(uint8_t first, struct bytes chain, struct arena *arena, struct ikev2_message *out,
                        uint8_t *ret_critical, struct error *error)
{
    *out = (struct ikev2_message){0};
    *ret_critical = 0;
    struct reader reader = reader_of(chain);
    uint8_t type = first;
    for (unsigned seen = 0; type != PAYLOAD_NONE; seen++) {
        if (seen == IKEV2_PAYLOAD_LIMIT)
            return syntax(error, "too many payloads");
        struct payload payload;
        const char *fault = message_read_payload(&reader, &payload);
        if (fault != NULL)
            return syntax(error, fault);
        if (!is_known(type) && (payload.flags & 0x80) != 0) {
            *ret_critical = type;
            return error_set(error, UNSUPPORTED_CRITICAL_PAYLOAD, "unknown critical payload of type %u",
                             type);
        }
        if (ikev2_has(out, type) && !may_repeat(type))
            return error_set(error, INVALID_SYNTAX, "%s payload occurs twice", ikev2_payload_name(type));
        out->present |= is_known(type) ? ikev2_payload_bit(type) : 0;
        if (type == PAYLOAD_SK) {
            out->sk_body = payload.body;
            out->sk_first = payload.next;
            return reader.left == 0 || syntax(error, "payloads follow the SK payload");
        }
        if (type == PAYLOAD_SKF)
            return (reader.left == 0 || syntax(error, "payloads follow the SKF payload")) &&
                   read_fragment(payload.body, payload.next, out, error);
        if (!read_payload(type, payload.body, arena, out, error))
            return false;
        type = payload.next;
    }
    return reader.left == 0 || syntax(error, "bytes follow the last payload");
}

const struct ike_notify *ikev2_find_notify(const struct ikev2_message *message, uint16_t type)
{
    for (size_t i = 0; i < message->notify_count; i++)
        if (message->notifies[i].type == type)
            return &message->notifies[i];
    return NULL;
}

const struct ike_notify *ikev2_find_error(const struct ikev2_message *message)
{
    for (size_t i = 0; i < message->notify_count; i++)
        if (message->notifies[i].type < NOTIFY_FIRST_STATUS)
            return &message->notifies[i];
    return NULL;
}
