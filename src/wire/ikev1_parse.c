/* Reading IKEv1 messages: RFC 2408 3, RFC 2407 4.6, RFC 3947 3.2, 5.2, draft-dukes-ike-mode-cfg 3.2. */
#include "wire/ikev1_parse.h"

static bool syntax(struct error *error, const char *what)
{
    return error_set(error, V1_PAYLOAD_MALFORMED, "%s", what);
}

static bool read_id(struct bytes body, struct ikev1_id *out, struct error *error)
{
    struct reader reader = reader_of(body);
    out->body = body;
    out->kind = reader_u8(&reader);
    out->protocol = reader_u8(&reader);
    out->port = reader_u16(&reader);
    out->data = reader_rest(&reader);
    return !reader.failed || syntax(error, "ID payload is too short");
}

static bool read_next_id(struct bytes body, struct ikev1_message *out, struct error *error)
{
    if (out->id_count == ARRAY_SIZE(out->ids))
        return syntax(error, "more than two ID payloads");
    return read_id(body, &out->ids[out->id_count++], error);
}

static bool read_nat_oa(struct bytes body, struct ikev1_message *out, struct error *error)
{
    if (out->nat_oa_count == ARRAY_SIZE(out->nat_oa))
        return syntax(error, "more than two NAT-OA payloads");
    return read_id(body, &out->nat_oa[out->nat_oa_count++], error);
}

static bool read_nonce(struct bytes body, struct ikev1_message *out, struct error *error)
{
    if (body.size < IKEV1_NONCE_MIN || body.size > IKEV1_NONCE_MAX)
        return syntax(error, "Nonce payload is not 8 to 256 bytes long");
    out->nonce = body;
    return true;
}

static bool read_some(struct bytes body, struct bytes *out, const char *name, struct error *error)
{
    if (body.size == 0)
        return error_set(error, V1_PAYLOAD_MALFORMED, "%s payload is empty", name);
    *out = body;
    return true;
}

static bool read_notify(struct bytes body, struct ikev1_message *out, struct error *error)
{
    struct reader reader = reader_of(body);
    struct ike_notify notify;
    reader_u32(&reader); /* the DOI: protocols tell enough */
    if (!message_read_notify(&reader, &notify))
        return syntax(error, "Notification payload is too short");
    if (out->notify_count == IKEV1_NOTIFY_LIMIT)
        return syntax(error, "too many Notification payloads");
    out->notifies[out->notify_count++] = notify;
    return true;
}

static bool read_delete(struct bytes body, struct ikev1_message *out, struct error *error)
{
    struct reader reader = reader_of(body);
    struct ike_delete delete;
    reader_u32(&reader); /* the DOI: protocols tell enough */
    if (!message_read_delete(&reader, &delete))
        return syntax(error, "Delete payload's count and size disagree");
    if (out->delete_count == IKEV1_DELETE_LIMIT)
        return syntax(error, "too many Delete payloads");
    out->deletes[out->delete_count++] = delete;
    return true;
}

/* More than we look at are left out: a peer may say what it likes about itself. */
static bool read_vendor_id(struct bytes body, struct ikev1_message *out)
{
    if (out->vendor_id_count < IKEV1_VENDOR_ID_LIMIT)
        out->vendor_ids[out->vendor_id_count++] = body;
    return true;
}

static bool read_nat_d(struct bytes body, struct ikev1_message *out, struct error *error)
{
    if (out->nat_d_count == IKEV1_NAT_D_LIMIT)
        return syntax(error, "too many NAT-D payloads");
    out->nat_d[out->nat_d_count++] = body;
    return true;
}

/* Libreswan pads messages in clear, and some of its payloads, to a multiple of four bytes (ikepad=). */
static bool is_padding(const struct reader *reader)
{
    for (size_t i = 0; i < reader->left; i++)
        if (reader->at[i] != 0)
            return false;
    return reader->left < 4;
}

/* Libreswan 4.x pads the payload itself to a multiple of four bytes. */
static struct bytes without_padding(struct bytes list)
{
    struct reader reader = reader_of(list);
    struct ikev1_attribute attribute;
    size_t whole = 0;
    while (ikev1_attribute_read(&reader, &attribute))
        whole = list.size - reader.left;
    struct reader rest = reader_of(bytes_of(list.data + whole, list.size - whole));
    return is_padding(&rest) ? bytes_of(list.data, whole) : list;
}

static bool check_list(struct bytes list, struct error *error)
{
    struct reader reader = reader_of(list);
    struct ikev1_attribute attribute;
    unsigned count = 0;
    while (ikev1_attribute_read(&reader, &attribute))
        if (++count > IKEV1_ATTRIBUTE_LIMIT)
            return syntax(error, "too many attributes");
    return !reader.failed || syntax(error, "attribute is longer than its payload");
}

/* draft-dukes-ike-mode-cfg 3.2 */
static bool read_attributes(struct bytes body, struct ikev1_attributes *out, struct error *error)
{
    struct reader reader = reader_of(body);
    out->type = reader_u8(&reader);
    reader_u8(&reader);
    out->identifier = reader_u16(&reader);
    out->list = reader_rest(&reader);
    if (reader.failed)
        return syntax(error, "Attribute payload is too short");
    if (out->type < ISAKMP_CFG_REQUEST || out->type > ISAKMP_CFG_ACK)
        return error_set(error, V1_PAYLOAD_MALFORMED, "Attribute payload of type %u", out->type);
    out->list = without_padding(out->list);
    return check_list(out->list, error);
}

static bool read_payload(uint8_t type, struct bytes body, struct ikev1_message *out, struct error *error)
{
    switch (type) {
    case ISAKMP_SA:
        return read_some(body, &out->sa, "SA", error);
    case ISAKMP_KE:
        return read_some(body, &out->ke, "KE", error);
    case ISAKMP_ID:
        return read_next_id(body, out, error);
    case ISAKMP_HASH:
        return read_some(body, &out->hash, "HASH", error);
    case ISAKMP_SIGNATURE:
        return read_some(body, &out->signature, "SIG", error);
    case ISAKMP_NONCE:
        return read_nonce(body, out, error);
    case ISAKMP_NOTIFY:
        return read_notify(body, out, error);
    case ISAKMP_DELETE:
        return read_delete(body, out, error);
    case ISAKMP_VENDOR_ID:
        return read_vendor_id(body, out);
    case ISAKMP_ATTRIBUTES:
        return read_attributes(body, &out->attributes, error);
    case ISAKMP_NAT_D:
    case ISAKMP_NAT_D_DRAFT:
        return read_nat_d(body, out, error);
    case ISAKMP_NAT_OA:
    case ISAKMP_NAT_OA_DRAFT:
        return read_nat_oa(body, out, error);
    default:
        return true;
    }
}

static bool is_known(uint8_t type)
{
    bool is_inner = type == ISAKMP_PROPOSAL || type == ISAKMP_TRANSFORM;
    return (type >= ISAKMP_SA && type <= ISAKMP_ATTRIBUTES && !is_inner) || type == ISAKMP_NAT_D ||
           type == ISAKMP_NAT_OA || type == ISAKMP_NAT_D_DRAFT || type == ISAKMP_NAT_OA_DRAFT;
}

/* The others occur once; those in the list bound themselves. */
static bool may_repeat(uint8_t type)
{
    static const uint32_t repeated = UINT32_C(1) << ISAKMP_ID | UINT32_C(1) << ISAKMP_CERT |
                                     UINT32_C(1) << ISAKMP_CERTREQ | UINT32_C(1) << ISAKMP_NOTIFY |
                                     UINT32_C(1) << ISAKMP_DELETE | UINT32_C(1) << ISAKMP_VENDOR_ID |
                                     UINT32_C(1) << ISAKMP_NAT_D | UINT32_C(1) << ISAKMP_NAT_OA;
    return (ikev1_payload_bit(type) & repeated) != 0;
}

static bool take_payload(uint8_t type, struct bytes body, struct ikev1_message *out, struct error *error)
{
    if (!is_known(type)) {
        out->has_unknown = true;
        return true;
    }
    if (ikev1_has(out, type) && !may_repeat(type))
        return error_set(error, V1_PAYLOAD_MALFORMED, "%s payload occurs twice", ikev1_payload_name(type));
    out->present |= ikev1_payload_bit(type);
    return read_payload(type, body, out, error);
}

bool ikev1_message_read(uint8_t first, struct bytes chain, bool was_encrypted, struct ikev1_message *out,
                        struct error *error)
{
    *out = (struct ikev1_message){0};
    struct reader reader = reader_of(chain);
    const uint8_t *after_hash = NULL;
    uint8_t type = first;
    for (unsigned seen = 0; type != ISAKMP_NONE; seen++) {
        if (seen == IKEV1_PAYLOAD_LIMIT)
            return syntax(error, "too many payloads");
        struct payload payload;
        const char *fault = message_read_payload(&reader, &payload);
        if (fault != NULL)
            return syntax(error, fault);
        if (!take_payload(type, payload.body, out, error))
            return false;
        if (seen == 0 && type == ISAKMP_HASH)
            after_hash = reader.at;
        type = payload.next;
    }
    if (after_hash != NULL)
        out->after_hash = bytes_of(after_hash, (size_t)(reader.at - after_hash));
    return was_encrypted || is_padding(&reader) || syntax(error, "bytes follow the last payload");
}

const struct ike_notify *ikev1_find_notify(const struct ikev1_message *message, uint16_t type)
{
    for (size_t i = 0; i < message->notify_count; i++)
        if (message->notifies[i].type == type)
            return &message->notifies[i];
    return NULL;
}

/* ---- attributes ---- */

static void value_as_number(struct ikev1_attribute *attribute)
{
    const struct bytes value = attribute->value;
    size_t start = 0;
    while (start < value.size && value.data[start] == 0)
        start++;
    attribute->fits_number = value.size - start <= 4;
    attribute->number = 0;
    for (size_t i = start; attribute->fits_number && i < value.size; i++)
        attribute->number = attribute->number << 8 | value.data[i];
}

bool ikev1_attribute_read(struct reader *reader, struct ikev1_attribute *out)
{
    if (reader->failed || reader->left == 0)
        return false;
    uint16_t type = reader_u16(reader);
    out->type = type & 0x7fff;
    if (type & 0x8000) {
        out->value = reader_bytes(reader, 2);
    } else {
        uint16_t length = reader_u16(reader);
        out->value = reader_bytes(reader, length);
    }
    value_as_number(out);
    return !reader->failed;
}

bool ikev1_attribute_find(struct bytes list, uint16_t type, struct ikev1_attribute *out)
{
    struct reader reader = reader_of(list);
    while (ikev1_attribute_read(&reader, out))
        if (out->type == type)
            return true;
    return false;
}
