/* Impairments of SA payloads: proposals and transforms are copied, changed on the way. Their headers have the
 * same shape in both versions of IKE: RFC 7296 3.3, RFC 2408 3.5 and 3.6. */
#include "engine/impair_message.h"
#include "proposal/proposal.h"

enum {
    SUB_HEADER_SIZE = 8,
    V1_DOI_AND_SITUATION_SIZE = 8,
    MORE_TRANSFORMS = 3,
    ATTRIBUTE_BASIC = 0x8000,
    ATTRIBUTE_KEY_LENGTH = 14,         /* of IKEv2, and of IKEv1's phase 1 */
    V1_IPSEC_ATTRIBUTE_KEY_LENGTH = 6, /* RFC 2407 4.5 */
};

/* One proposal on its way. */
struct proposal_copy {
    const struct edited_message *message;
    struct writer *out;
    bool is_ike, is_first;
    uint16_t key_length_attribute;
    size_t last_transform; /* where its header is; 0: none yet */
    unsigned transform_count;
    bool has_type[8]; /* of IKEv2's transform types */
};

static uint64_t value_of(const struct proposal_copy *copy, enum impairment which)
{
    return impaired_value(copy->message->engine, which);
}

static void write_key_length(const struct proposal_copy *copy, const uint8_t *attribute)
{
    uint64_t content = value_of(copy, copy->is_ike ? IMPAIR_IKE_KEY_LENGTH : IMPAIR_CHILD_KEY_LENGTH);
    if (content == IMPAIR_EMPTY) {
        writer_u16(copy->out, copy->key_length_attribute);
        writer_u16(copy->out, 0);
    } else if (content >= IMPAIR_CONTENT_FILL) {
        writer_u16(copy->out, ATTRIBUTE_BASIC | copy->key_length_attribute);
        writer_u16(copy->out, (uint16_t)(content - IMPAIR_CONTENT_FILL));
    } else if (content != IMPAIR_OMIT) {
        writer_bytes(copy->out, bytes_of(attribute, 4));
        if (content == IMPAIR_DUPLICATE)
            writer_bytes(copy->out, bytes_of(attribute, 4));
    }
}

static void copy_attributes(const struct proposal_copy *copy, const uint8_t *data, size_t size)
{
    for (size_t at = 0; at + 4 <= size;) {
        uint16_t type = load_be16(data + at);
        size_t length = 4 + ((type & ATTRIBUTE_BASIC) != 0 ? 0u : load_be16(data + at + 2));
        if (length > size - at)
            return;
        if (type == (ATTRIBUTE_BASIC | copy->key_length_attribute))
            write_key_length(copy, data + at);
        else
            writer_bytes(copy->out, bytes_of(data + at, length));
        at += length;
    }
}

/* header: the transform's own one, but for the fields that are known only here. */
static void copy_transform(struct proposal_copy *copy, const uint8_t *header, const uint8_t *attributes,
                           size_t attributes_size)
{
    size_t start = copy->out->size;
    uint8_t *room = writer_reserve(copy->out, SUB_HEADER_SIZE);
    if (room == NULL)
        return;
    memcpy(room, header, SUB_HEADER_SIZE);
    room[0] = MORE_TRANSFORMS;
    if (is_impaired(copy->message->engine, IMPAIR_NONZERO_RESERVED))
        room[1] = 0xff;
    copy_attributes(copy, attributes, attributes_size);
    store_be16(copy->out->data + start + 2, (uint16_t)(copy->out->size - start));
    copy->last_transform = start;
    copy->transform_count++;
}

static void add_transform(struct proposal_copy *copy, uint8_t type, uint16_t id)
{
    uint8_t header[SUB_HEADER_SIZE] = {[4] = type};
    store_be16(header + 6, id);
    copy_transform(copy, header, NULL, 0);
}

static uint64_t rule_for(const struct proposal_copy *copy, uint8_t type)
{
    return type == TRANSFORM_INTEG ? value_of(copy, IMPAIR_PROPOSAL_INTEG)
           : type == TRANSFORM_KE  ? value_of(copy, IMPAIR_PROPOSAL_DH)
                                   : 0;
}

static bool is_left_out(const struct proposal_copy *copy, const uint8_t *header)
{
    uint64_t rule = rule_for(copy, header[4]);
    return rule == IMPAIR_OMIT_TRANSFORM || (rule == IMPAIR_DROP_NONE && load_be16(header + 6) == 0);
}

static void add_wanted_transforms(struct proposal_copy *copy)
{
    static const uint8_t types[] = {TRANSFORM_INTEG, TRANSFORM_KE};
    uint64_t added = value_of(copy, copy->is_ike ? IMPAIR_ADD_IKE_TRANSFORM : IMPAIR_ADD_CHILD_TRANSFORM);
    for (size_t i = 0; i < ARRAY_SIZE(types); i++)
        if (rule_for(copy, types[i]) == IMPAIR_ALLOW_NONE && !copy->has_type[types[i]])
            add_transform(copy, types[i], 0);
    if (added != 0 && copy->is_first)
        add_transform(copy, (uint8_t)(added >> 16), (uint16_t)added);
}

/* in: a whole proposal, as this side wrote it. */
static void copy_proposal(struct proposal_copy *copy, const uint8_t *in, size_t size)
{
    bool is_v1 = copy->message->is_v1;
    size_t start = copy->out->size, at = SUB_HEADER_SIZE + in[6];
    writer_bytes(copy->out, bytes_of(in, at));
    while (at + SUB_HEADER_SIZE <= size) {
        const uint8_t *transform = in + at;
        size_t length = load_be16(transform + 2);
        if (length < SUB_HEADER_SIZE || length > size - at)
            break;
        if (is_v1 || !is_left_out(copy, transform))
            copy_transform(copy, transform, transform + SUB_HEADER_SIZE, length - SUB_HEADER_SIZE);
        if (transform[4] < ARRAY_SIZE(copy->has_type))
            copy->has_type[transform[4]] = true;
        at += length;
    }
    if (!is_v1)
        add_wanted_transforms(copy);
    if (copy->out->overflowed)
        return;
    uint8_t *header = copy->out->data + start;
    store_be16(header + 2, (uint16_t)(copy->out->size - start));
    header[7] = (uint8_t)copy->transform_count;
    if (is_impaired(copy->message->engine, IMPAIR_NONZERO_RESERVED))
        header[1] = 0xff;
    if (!is_v1 && value_of(copy, IMPAIR_PROPOSAL_PROTOCOL) != 0)
        header[5] = (uint8_t)(value_of(copy, IMPAIR_PROPOSAL_PROTOCOL) - 1);
    if (copy->last_transform != 0)
        copy->out->data[copy->last_transform] = 0;
}

void edit_proposals(struct edited_message *message, struct edited_payload *sa)
{
    uint8_t data[IKE_MESSAGE_MAX];
    struct writer out = writer_of(data, sizeof(data));
    size_t at = message->is_v1 ? V1_DOI_AND_SITUATION_SIZE : 0;
    writer_bytes(&out, bytes_of(sa->body, at));
    for (bool is_first = true; at + SUB_HEADER_SIZE <= sa->size; is_first = false) {
        size_t length = load_be16(sa->body + at + 2);
        bool is_ike = sa->body[at + 5] == PROTOCOL_IKE;
        struct proposal_copy copy = {
            .message = message,
            .out = &out,
            .is_ike = is_ike,
            .is_first = is_first,
            .key_length_attribute =
                message->is_v1 && !is_ike ? V1_IPSEC_ATTRIBUTE_KEY_LENGTH : ATTRIBUTE_KEY_LENGTH,
        };
        if (length < (size_t)SUB_HEADER_SIZE + sa->body[at + 6] || length > sa->size - at)
            return;
        copy_proposal(&copy, sa->body + at, length);
        at += length;
    }
    uint8_t *room = out.overflowed ? NULL : writer_reserve(&message->room, out.size);
    if (room == NULL)
        return;
    memcpy(room, out.data, out.size);
    sa->body = room;
    sa->size = out.size;
}
