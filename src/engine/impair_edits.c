/* What each impairment does to a message that is about to be sealed: one row each in `edits`. */
#include "engine/impair_message.h"
#include "wire/ikev1_numbers.h"

enum {
    HEADER_VERSION = 17,
    HEADER_EXCHANGE = 18,
    HEADER_FLAGS = 19,
    RESERVED_HEADER_FLAG = 0x40,
    RESERVED_PAYLOAD_FLAG = 0x01,
    CRITICAL = 0x80,
    UNKNOWN_PAYLOAD = 240,     /* private use, RFC 7296 3.2 */
    NOTIFY_TYPE_AT = 2,        /* in the body of an IKEv2 Notify payload */
    KE_VALUE_AT = 4,           /* in that of an IKEv2 KE payload */
    V1_DELETE_PROTOCOL_AT = 4, /* behind the DOI */
    V1_PRIVATE_NOTIFICATION = 40960,
    BUST_SIZE = 8000,
    BOGUS_COOKIE_SIZE = 16,
};

typedef void edit_function(struct edited_message *message, uint64_t value);

/* ---- IKEv2: payloads and notifications ---- */

static bool is_notification(const struct edited_payload *payload, uint16_t type)
{
    return payload->type == PAYLOAD_NOTIFY && load_be16(payload->body + NOTIFY_TYPE_AT) == type;
}

static void remove_notifications(struct edited_message *message, uint64_t type)
{
    for (size_t i = message->count; i-- > 0;)
        if (is_notification(&message->payloads[i], (uint16_t)type))
            edit_remove(message, i);
}

static void hide_childless(struct edited_message *message, uint64_t value)
{
    (void)value;
    remove_notifications(message, CHILDLESS_IKEV2_SUPPORTED);
}

static void add_notification(struct edited_message *message, uint64_t type)
{
    uint8_t *body = edit_add(message, PAYLOAD_NOTIFY, 0, NOTIFY_TYPE_AT + 2);
    if (body != NULL)
        store_be16(body + NOTIFY_TYPE_AT, (uint16_t)type);
}

static void add_unknown(struct edited_message *message)
{
    bool is_critical = is_impaired(message->engine, IMPAIR_UNKNOWN_PAYLOAD_CRITICAL);
    edit_add(message, UNKNOWN_PAYLOAD, is_critical ? CRITICAL : 0, 8);
}

static void add_unknown_in_clear(struct edited_message *message, uint64_t value)
{
    (void)value;
    if (!message->is_protected)
        add_unknown(message);
}

static void add_unknown_protected(struct edited_message *message, uint64_t exchange)
{
    if (message->exchange == exchange && message->is_protected)
        add_unknown(message);
}

static void pad_with_unknown(struct edited_message *message, uint64_t count)
{
    for (uint64_t i = 0; i < count && i < EDITED_PAYLOADS_MAX; i++)
        add_unknown(message);
}

static void each_of_type(struct edited_message *message, uint8_t type, size_t at, uint8_t value)
{
    for (size_t i = 0; i < message->count; i++)
        if (message->payloads[i].type == type)
            message->payloads[i].body[at] = value;
}

static void set_delete_protocol(struct edited_message *message, uint64_t value)
{
    each_of_type(message, PAYLOAD_DELETE, 0, (uint8_t)(value - 1));
}

static void set_auth_method(struct edited_message *message, uint64_t value)
{
    each_of_type(message, PAYLOAD_AUTH, 0, (uint8_t)(value - 1));
}

static void set_tsi_count(struct edited_message *message, uint64_t value)
{
    each_of_type(message, PAYLOAD_TSI, 0, (uint8_t)(value - 1));
}

static void set_tsr_count(struct edited_message *message, uint64_t value)
{
    each_of_type(message, PAYLOAD_TSR, 0, (uint8_t)(value - 1));
}

static void set_rekey_protocol(struct edited_message *message, uint64_t value)
{
    for (size_t i = 0; i < message->count; i++)
        if (is_notification(&message->payloads[i], REKEY_SA))
            message->payloads[i].body[0] = (uint8_t)(value - 1);
}

static void remove_type(struct edited_message *message, uint8_t type)
{
    for (size_t i = message->count; i-- > 0;)
        if (message->payloads[i].type == type)
            edit_remove(message, i);
}

static void omit_idr(struct edited_message *message, uint64_t value)
{
    (void)value;
    if (message->exchange == IKE_AUTH && !message->is_response)
        remove_type(message, PAYLOAD_IDR);
}

/* Ours; what AUTH proves has them, too: impaired_id(). */
static void fill_reserved_id(struct edited_message *message, uint64_t value)
{
    (void)value;
    for (size_t i = 0; i < message->count && message->exchange == IKE_AUTH; i++)
        if (message->payloads[i].type == (message->is_response ? PAYLOAD_IDR : PAYLOAD_IDI))
            impaired_id(message->engine, message->payloads[i].body + 1);
}

static void omit_child(struct edited_message *message, uint64_t value)
{
    (void)value;
    if (message->exchange != IKE_AUTH)
        return;
    remove_type(message, PAYLOAD_SA);
    remove_type(message, PAYLOAD_TSI);
    remove_type(message, PAYLOAD_TSR);
}

/* Only an initiator shows cookies, first in the message (RFC 7296 2.6). */
static void change_cookie(struct edited_message *message, uint64_t value)
{
    if (message->exchange != IKE_SA_INIT || message->is_response)
        return;
    bool has_one = message->count > 0 && is_notification(&message->payloads[0], COOKIE);
    if (value == IMPAIR_COOKIE_MANGLE && has_one) {
        message->payloads[0].body[message->payloads[0].size - 1] ^= 0xff;
    } else if (value == IMPAIR_COOKIE_ADD && !has_one) {
        uint8_t *body = edit_add(message, PAYLOAD_NOTIFY, 0, NOTIFY_TYPE_AT + 2 + BOGUS_COOKIE_SIZE);
        if (body == NULL)
            return;
        store_be16(body + NOTIFY_TYPE_AT, COOKIE);
        struct edited_payload cookie = message->payloads[message->count - 1];
        memmove(message->payloads + 1, message->payloads, (message->count - 1) * sizeof(cookie));
        message->payloads[0] = cookie;
    }
}

/* ---- IKEv2: selectors of a rekey ---- */

/* RFC 7296 3.13.1: type, protocol, length, ports, first and last address. */
static void change_selector(uint8_t *selector, bool is_super)
{
    size_t address_size = selector[0] == TS_IPV4_ADDR_RANGE ? 4 : 16;
    uint8_t *first = selector + 8, *last = first + address_size;
    if (is_super) {
        memset(first, 0, address_size);
        memset(last, 0xff, address_size);
    } else {
        memcpy(last, first, address_size);
    }
}

static void change_selectors(struct edited_message *message, bool is_super)
{
    for (size_t i = 0; i < message->count; i++) {
        const struct edited_payload *payload = &message->payloads[i];
        if (payload->type != PAYLOAD_TSI && payload->type != PAYLOAD_TSR)
            continue;
        for (size_t at = 4; at + 8 <= payload->size; at += load_be16(payload->body + at + 2))
            change_selector(payload->body + at, is_super);
    }
}

static bool is_rekey_request(const struct edited_message *message)
{
    bool has_notification = false;
    for (size_t i = 0; i < message->count; i++)
        has_notification = has_notification || is_notification(&message->payloads[i], REKEY_SA);
    return message->exchange == CREATE_CHILD_SA && !message->is_response && has_notification;
}

static void initiate_subnet(struct edited_message *message, uint64_t value)
{
    (void)value;
    if (is_rekey_request(message))
        change_selectors(message, false);
}

static void initiate_supernet(struct edited_message *message, uint64_t value)
{
    (void)value;
    if (is_rekey_request(message))
        change_selectors(message, true);
}

static void respond_subnet(struct edited_message *message, uint64_t value)
{
    (void)value;
    if (message->exchange == CREATE_CHILD_SA && message->is_response)
        change_selectors(message, false);
}

static void respond_supernet(struct edited_message *message, uint64_t value)
{
    (void)value;
    if (message->exchange == CREATE_CHILD_SA && message->is_response)
        change_selectors(message, true);
}

/* ---- IKEv1 ---- */

static bool is_main_mode_2(const struct edited_message *message)
{
    bool has_ke = false;
    for (size_t i = 0; i < message->count; i++)
        has_ke = has_ke || message->payloads[i].type == ISAKMP_KE;
    return message->exchange == ISAKMP_MAIN && has_ke;
}

static void bust_initiator(struct edited_message *message, uint64_t value)
{
    (void)value;
    if (is_main_mode_2(message) && message->ike->is_initiator)
        edit_add(message, ISAKMP_VENDOR_ID, 0, BUST_SIZE);
}

static void bust_responder(struct edited_message *message, uint64_t value)
{
    (void)value;
    if (is_main_mode_2(message) && !message->ike->is_initiator)
        edit_add(message, ISAKMP_VENDOR_ID, 0, BUST_SIZE);
}

static void change_deletes(struct edited_message *message, bool of_isakmp, uint64_t content)
{
    for (size_t i = message->count; i-- > 0;) {
        const struct edited_payload *payload = &message->payloads[i];
        if (payload->type == ISAKMP_DELETE &&
            (payload->body[V1_DELETE_PROTOCOL_AT] == V1_PROTO_ISAKMP) == of_isakmp)
            edit_content(message, i, 0, content);
    }
}

static void change_isakmp_deletes(struct edited_message *message, uint64_t content)
{
    change_deletes(message, true, content);
}

static void change_ipsec_deletes(struct edited_message *message, uint64_t content)
{
    change_deletes(message, false, content);
}

static void add_v1_notification(struct edited_message *message, uint64_t value)
{
    (void)value;
    for (size_t i = 0; i < message->count; i++) {
        if (message->payloads[i].type != ISAKMP_DELETE)
            continue;
        uint8_t *body = edit_add(message, ISAKMP_NOTIFY, 0, 8);
        if (body == NULL)
            return;
        store_be32(body, DOI_IPSEC);
        body[4] = V1_PROTO_ISAKMP;
        store_be16(body + 6, V1_PRIVATE_NOTIFICATION);
        return;
    }
}

static size_t quick_ids(const struct edited_message *message, size_t indexes[static EDITED_PAYLOADS_MAX])
{
    size_t count = 0;
    for (size_t i = 0; i < message->count && message->exchange == ISAKMP_QUICK; i++)
        if (message->payloads[i].type == ISAKMP_ID)
            indexes[count++] = i;
    return count;
}

static void set_quick_id_count(struct edited_message *message, uint64_t value)
{
    size_t indexes[EDITED_PAYLOADS_MAX], count = quick_ids(message, indexes);
    uint64_t wanted = value - 1;
    if (count == 0)
        return;
    struct edited_payload last = message->payloads[indexes[count - 1]];
    for (; count > wanted; count--)
        edit_remove(message, indexes[count - 1]);
    for (; count < wanted && message->count < EDITED_PAYLOADS_MAX; count++)
        message->payloads[message->count++] = last;
}

static void set_quick_id_type(struct edited_message *message, uint64_t value)
{
    size_t indexes[EDITED_PAYLOADS_MAX];
    if (quick_ids(message, indexes) >= 2)
        message->payloads[indexes[1]].body[0] = (uint8_t)(value - 1);
}

/* ---- both ---- */

static void change_ke(struct edited_message *message, uint64_t content)
{
    uint8_t type = message->is_v1 ? ISAKMP_KE : PAYLOAD_KE;
    for (size_t i = message->count; i-- > 0;)
        if (message->payloads[i].type == type)
            edit_content(message, i, message->is_v1 ? 0 : KE_VALUE_AT, content);
}

static void change_proposals(struct edited_message *message, uint64_t value)
{
    uint8_t type = message->is_v1 ? ISAKMP_SA : PAYLOAD_SA;
    (void)value;
    for (size_t i = 0; i < message->count && !message->has_changed_proposals; i++)
        if (message->payloads[i].type == type)
            edit_proposals(message, &message->payloads[i]);
    message->has_changed_proposals = true;
}

static void fill_reserved(struct edited_message *message, uint64_t value)
{
    change_proposals(message, value);
    for (size_t i = 0; i < message->count && !message->is_v1; i++) {
        const struct edited_payload *payload = &message->payloads[i];
        if (payload->type == PAYLOAD_KE)
            memset(payload->body + 2, 0xff, 2);
        if (payload->type == PAYLOAD_AUTH || payload->type == PAYLOAD_TSI || payload->type == PAYLOAD_TSR)
            memset(payload->body + 1, 0xff, 3);
    }
}

static void set_payload_flags(struct edited_message *message, uint64_t value)
{
    (void)value;
    for (size_t i = 0; i < message->count; i++)
        message->payloads[i].flags |= RESERVED_PAYLOAD_FLAG;
}

static void set_header_flag(struct edited_message *message, uint64_t value)
{
    (void)value;
    message->header[HEADER_FLAGS] |= RESERVED_HEADER_FLAG;
}

static void bump_minor_version(struct edited_message *message, uint64_t value)
{
    (void)value;
    message->header[HEADER_VERSION]++;
}

static void change_exchange(struct edited_message *message, uint64_t value)
{
    (void)value;
    if (message->exchange == IKE_AUTH)
        message->header[HEADER_EXCHANGE] = INFORMATIONAL;
}

/* ---- the table ---- */

enum edit_version { OF_V1 = 1, OF_V2 = 2, OF_BOTH = 3 };

static const struct edit {
    enum impairment which;
    unsigned versions;
    edit_function *edit;
} edits[] = {
    {IMPAIR_IKE_KEY_LENGTH, OF_BOTH, change_proposals},
    {IMPAIR_CHILD_KEY_LENGTH, OF_BOTH, change_proposals},
    {IMPAIR_ADD_IKE_TRANSFORM, OF_V2, change_proposals},
    {IMPAIR_ADD_CHILD_TRANSFORM, OF_V2, change_proposals},
    {IMPAIR_PROPOSAL_INTEG, OF_V2, change_proposals},
    {IMPAIR_PROPOSAL_DH, OF_V2, change_proposals},
    {IMPAIR_PROPOSAL_PROTOCOL, OF_V2, change_proposals},
    {IMPAIR_NONZERO_RESERVED, OF_BOTH, fill_reserved},
    {IMPAIR_NONZERO_RESERVED_ID, OF_V2, fill_reserved_id},
    {IMPAIR_KE_PAYLOAD, OF_BOTH, change_ke},
    {IMPAIR_OMIT_NOTIFICATION, OF_V2, remove_notifications},
    {IMPAIR_CHILDLESS, OF_V2, hide_childless},
    {IMPAIR_DELETE_PROTOCOL, OF_V2, set_delete_protocol},
    {IMPAIR_REKEY_PROTOCOL, OF_V2, set_rekey_protocol},
    {IMPAIR_AUTH_METHOD, OF_V2, set_auth_method},
    {IMPAIR_NO_IDR, OF_V2, omit_idr},
    {IMPAIR_OMIT_AUTH_CHILD, OF_V2, omit_child},
    {IMPAIR_TSI_COUNT, OF_V2, set_tsi_count},
    {IMPAIR_TSR_COUNT, OF_V2, set_tsr_count},
    {IMPAIR_REKEY_INITIATE_SUBNET, OF_V2, initiate_subnet},
    {IMPAIR_REKEY_INITIATE_SUPERNET, OF_V2, initiate_supernet},
    {IMPAIR_REKEY_RESPOND_SUBNET, OF_V2, respond_subnet},
    {IMPAIR_REKEY_RESPOND_SUPERNET, OF_V2, respond_supernet},
    {IMPAIR_COOKIE, OF_V2, change_cookie},
    {IMPAIR_ADD_NOTIFICATION, OF_V2, add_notification},
    {IMPAIR_UNKNOWN_PAYLOAD, OF_V2, add_unknown_in_clear},
    {IMPAIR_UNKNOWN_PAYLOAD_SK, OF_V2, add_unknown_protected},
    {IMPAIR_PAD_UNKNOWN, OF_V2, pad_with_unknown},
    {IMPAIR_BUST_MI2, OF_V1, bust_initiator},
    {IMPAIR_BUST_MR2, OF_V1, bust_responder},
    {IMPAIR_V1_ISAKMP_DELETE, OF_V1, change_isakmp_deletes},
    {IMPAIR_V1_IPSEC_DELETE, OF_V1, change_ipsec_deletes},
    {IMPAIR_V1_DELETE_WITH_NOTIFY, OF_V1, add_v1_notification},
    {IMPAIR_V1_EMIT_QUICK_ID, OF_V1, set_quick_id_count},
    {IMPAIR_V1_REMOTE_QUICK_ID, OF_V1, set_quick_id_type},
    {IMPAIR_BOGUS_PAYLOAD_FLAG, OF_BOTH, set_payload_flags},
    {IMPAIR_BOGUS_HEADER_FLAG, OF_BOTH, set_header_flag},
    {IMPAIR_MINOR_VERSION_BUMP, OF_BOTH, bump_minor_version},
    {IMPAIR_BAD_AUTH_EXCHANGE, OF_V2, change_exchange},
};

void edit_message(struct edited_message *message)
{
    unsigned version = message->is_v1 ? OF_V1 : OF_V2;
    for (size_t i = 0; i < ARRAY_SIZE(edits); i++)
        if ((edits[i].versions & version) != 0 && is_impaired(message->engine, edits[i].which))
            edits[i].edit(message, impaired_value(message->engine, edits[i].which));
}
