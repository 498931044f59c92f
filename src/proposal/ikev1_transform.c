/* One transform of an IKEv1 SA payload: RFC 2408 3.6, RFC 2409 Appendix A, RFC 2407 4.4, 4.5. */
#include "proposal/ikev1_transform.h"

#include "wire/ikev1_build.h"

enum { TRANSFORM_HEADER_SIZE = 8, TEXT_TRANSFORMS = 4 };

/* ---- writing ---- */

static void write_oakley(struct writer *writer, const struct ikev1_offer *offer, const struct suite *suite)
{
    ikev1_write_attribute(writer, OAKLEY_ENCRYPTION, suite->encr->ikev1_ike_id);
    if (suite->encr->has_key_length)
        ikev1_write_attribute(writer, OAKLEY_KEY_LENGTH, suite->encr_key_bits);
    ikev1_write_attribute(writer, OAKLEY_HASH, suite->prf->ikev1_ike_id);
    ikev1_write_attribute(writer, OAKLEY_AUTHENTICATION, offer->auth_method);
    ikev1_write_attribute(writer, OAKLEY_GROUP, suite->ke->ikev1_ike_id);
    ikev1_write_attribute(writer, OAKLEY_LIFE_TYPE, OAKLEY_LIFE_SECONDS);
    ikev1_write_attribute(writer, OAKLEY_LIFE_DURATION, (uint32_t)offer->lifetime_seconds);
}

/* What the transforms of all protocols of a bundle say. */
static void write_common(struct writer *writer, const struct ikev1_offer *offer,
                         const struct algorithm *group)
{
    if (group != NULL)
        ikev1_write_attribute(writer, IPSEC_GROUP, group->ikev1_esp_id);
    ikev1_write_attribute(writer, IPSEC_ENCAPSULATION_MODE, offer->encapsulation_mode);
    ikev1_write_attribute(writer, IPSEC_LIFE_TYPE, OAKLEY_LIFE_SECONDS);
    ikev1_write_attribute(writer, IPSEC_LIFE_DURATION, (uint32_t)offer->lifetime_seconds);
    if (offer->lifetime_kilobytes == 0)
        return;
    ikev1_write_attribute(writer, IPSEC_LIFE_TYPE, OAKLEY_LIFE_KILOBYTES);
    ikev1_write_attribute(writer, IPSEC_LIFE_DURATION, offer->lifetime_kilobytes);
}

static void write_ipsec(struct writer *writer, const struct ikev1_offer *offer, const struct suite *suite)
{
    write_common(writer, offer, suite->ke);
    if (suite->integ != NULL)
        ikev1_write_attribute(writer, IPSEC_AUTH_ALGORITHM, suite->integ->ikev1_esp_id);
    if (suite->encr != NULL && suite->encr->has_key_length)
        ikev1_write_attribute(writer, IPSEC_KEY_LENGTH, suite->encr_key_bits);
}

/* AH's transforms bear the numbers of the authentication attribute, but for the two oldest (RFC
 * 2407 4.4.3, 4.5). */
static uint8_t ah_transform_id(const struct algorithm *integ)
{
    return (uint8_t)(integ->ikev1_esp_id <= 2 ? integ->ikev1_esp_id + 1 : integ->ikev1_esp_id);
}

static uint8_t transform_id(const struct suite *suite)
{
    switch (suite->protocol) {
    case PROTOCOL_IKE:
        return KEY_IKE;
    case PROTOCOL_AH:
        return ah_transform_id(suite->integ);
    default:
        return (uint8_t)suite->encr->ikev1_esp_id;
    }
}

static size_t begin_transform(struct writer *writer, uint8_t number, uint8_t id, bool is_last)
{
    size_t start = writer->size;
    writer_u8(writer, is_last ? ISAKMP_NONE : ISAKMP_TRANSFORM);
    writer_u8(writer, 0);
    writer_u16(writer, 0);
    writer_u8(writer, number);
    writer_u8(writer, id);
    writer_u16(writer, 0);
    return start;
}

static void finish_transform(struct writer *writer, size_t start)
{
    if (!writer->overflowed)
        store_be16(writer->data + start + 2, (uint16_t)(writer->size - start));
}

void ikev1_transform_write(struct writer *writer, const struct ikev1_offer *offer, const struct suite *suite,
                           uint8_t number, bool is_last)
{
    size_t start = begin_transform(writer, number, transform_id(suite), is_last);
    if (suite->protocol == PROTOCOL_IKE)
        write_oakley(writer, offer, suite);
    else
        write_ipsec(writer, offer, suite);
    finish_transform(writer, start);
}

void ikev1_transform_write_deflate(struct writer *writer, const struct ikev1_offer *offer,
                                   const struct algorithm *group)
{
    size_t start = begin_transform(writer, 1, IPCOMP_DEFLATE, true);
    write_common(writer, offer, group);
    finish_transform(writer, start);
}

/* ---- reading ---- */

/* Lifetimes come as pairs: a type, then the duration that it is of. */
static bool take_lifetime(struct ikev1_transform *out, uint32_t life_type, uint32_t duration)
{
    uint32_t *slot = life_type == OAKLEY_LIFE_SECONDS     ? &out->lifetime_seconds
                     : life_type == OAKLEY_LIFE_KILOBYTES ? &out->lifetime_kilobytes
                                                          : NULL;
    if (slot == NULL || *slot != 0) /* some say 0 for what they do not limit */
        return false;
    *slot = duration;
    return true;
}

static bool take_once(uint16_t *slot, uint32_t value)
{
    if (*slot != 0 || value > UINT16_MAX)
        return false;
    *slot = (uint16_t)value;
    return true;
}

static bool take_oakley(struct ikev1_transform *out, uint16_t type, uint32_t value)
{
    switch (type) {
    case OAKLEY_ENCRYPTION:
        return take_once(&out->encryption, value);
    case OAKLEY_HASH:
        return take_once(&out->hash, value);
    case OAKLEY_AUTHENTICATION:
        return take_once(&out->auth_method, value);
    case OAKLEY_GROUP:
        return take_once(&out->group, value);
    case OAKLEY_KEY_LENGTH:
        return take_once(&out->key_bits, value);
    default:
        return false; /* also OAKLEY_PRF and the parameters of groups of the peer's own */
    }
}

static bool take_ipsec(struct ikev1_transform *out, uint16_t type, uint32_t value)
{
    switch (type) {
    case IPSEC_GROUP:
        return take_once(&out->group, value);
    case IPSEC_ENCAPSULATION_MODE:
        return take_once(&out->encapsulation_mode, value);
    case IPSEC_AUTH_ALGORITHM:
        return take_once(&out->hash, value);
    case IPSEC_KEY_LENGTH:
        return take_once(&out->key_bits, value);
    default:
        return false;
    }
}

/* RFC 2407 4.5: lifetimes longer than we can count are as long as we can count. */
static uint32_t duration_of(const struct ikev1_attribute *attribute)
{
    return attribute->fits_number ? attribute->number : UINT32_MAX;
}

static bool read_attributes(struct reader *reader, enum security_protocol protocol,
                            struct ikev1_transform *out)
{
    bool is_ike = protocol == PROTOCOL_IKE;
    uint16_t life_type_number = is_ike ? OAKLEY_LIFE_TYPE : IPSEC_LIFE_TYPE;
    uint16_t duration_number = is_ike ? OAKLEY_LIFE_DURATION : IPSEC_LIFE_DURATION;
    struct ikev1_attribute attribute;
    uint32_t life_type = 0;
    while (ikev1_attribute_read(reader, &attribute)) {
        bool is_fine = attribute.fits_number;
        if (attribute.type == life_type_number) {
            life_type = attribute.number;
        } else if (attribute.type == duration_number) {
            is_fine = take_lifetime(out, life_type, duration_of(&attribute));
            life_type = 0;
        } else if (is_fine) {
            is_fine = is_ike ? take_oakley(out, attribute.type, attribute.number)
                             : take_ipsec(out, attribute.type, attribute.number);
        }
        out->is_unusable = out->is_unusable || !is_fine;
    }
    return !reader->failed;
}

bool ikev1_transform_read(struct reader *reader, enum security_protocol protocol, struct ikev1_transform *out)
{
    *out = (struct ikev1_transform){0};
    const uint8_t *start = reader->at;
    uint8_t next = reader_u8(reader);
    reader_u8(reader);
    uint16_t length = reader_u16(reader);
    if (reader->failed || length < TRANSFORM_HEADER_SIZE)
        return false;
    struct reader body = reader_of(reader_bytes(reader, length - 4u));
    if (reader->failed || (next != ISAKMP_NONE && next != ISAKMP_TRANSFORM) ||
        (next == ISAKMP_NONE) != (reader->left == 0))
        return false;
    out->whole = bytes_of(start, length);
    out->number = reader_u8(&body);
    out->id = reader_u8(&body);
    reader_u16(&body);
    return !body.failed && read_attributes(&body, protocol, out);
}

/* ---- comparing ---- */

static bool key_bits_fit(const struct suite *suite, uint16_t key_bits)
{
    if (suite->encr == NULL)
        return key_bits == 0;
    if (key_bits == 0) /* some peers leave out the length of the shortest key */
        return suite->encr_key_bits == suite->encr->key_bits[0];
    return key_bits == suite->encr_key_bits;
}

static bool oakley_fits(const struct ikev1_offer *ours, const struct suite *suite,
                        const struct ikev1_transform *theirs)
{
    return theirs->id == KEY_IKE && theirs->encryption == suite->encr->ikev1_ike_id &&
           theirs->hash == suite->prf->ikev1_ike_id && theirs->auth_method == ours->auth_method &&
           theirs->group == suite->ke->ikev1_ike_id && key_bits_fit(suite, theirs->key_bits);
}

/* A weak group only if phase 1 had it, too. */
static const struct algorithm *group_of_number(uint16_t number, const struct algorithm *of_phase1)
{
    const struct algorithm *ke = algorithm_by_id(TRANSFORM_KE, number);
    return ke != NULL && (ke->uses & USE_IKEV1_IKE) && (!ke->is_weak || ke == of_phase1) ? ke : NULL;
}

static bool group_fits(const struct ikev1_offer *ours, struct suite *suite, uint16_t number)
{
    if (ours->takes_any_group && number != 0)
        suite->ke = group_of_number(number, ours->group);
    if (number == 0)
        return suite->ke == NULL;
    return suite->ke != NULL && suite->ke->ikev1_esp_id == number;
}

uint16_t ikev1_plain_mode(uint16_t mode)
{
    switch (mode) {
    case V1_MODE_UDP_TUNNEL_DRAFT:
        return V1_MODE_UDP_TUNNEL;
    case V1_MODE_UDP_TRANSPORT_DRAFT:
        return V1_MODE_UDP_TRANSPORT;
    default:
        return mode;
    }
}

static bool ipsec_fits(const struct ikev1_offer *ours, struct suite *suite,
                       const struct ikev1_transform *theirs)
{
    uint16_t integ = suite->integ != NULL ? suite->integ->ikev1_esp_id : 0;
    return theirs->id == transform_id(suite) && theirs->hash == integ &&
           key_bits_fit(suite, theirs->key_bits) &&
           ikev1_plain_mode(theirs->encapsulation_mode) == ikev1_plain_mode(ours->encapsulation_mode) &&
           group_fits(ours, suite, theirs->group);
}

/* What we offered may be shortened, not lengthened. */
static bool lifetimes_fit(const struct ikev1_offer *ours, const struct ikev1_transform *theirs)
{
    return theirs->lifetime_seconds <= ours->lifetime_seconds &&
           (ours->lifetime_kilobytes == 0 || theirs->lifetime_kilobytes <= ours->lifetime_kilobytes);
}

bool ikev1_transform_fits(const struct ikev1_offer *ours, struct suite *suite,
                          const struct ikev1_transform *theirs, bool is_answer)
{
    if (theirs->is_unusable || (is_answer && !lifetimes_fit(ours, theirs)))
        return false;
    return suite->protocol == PROTOCOL_IKE ? oakley_fits(ours, suite, theirs)
                                           : ipsec_fits(ours, suite, theirs);
}

/* All around the innermost may call themselves transport mode, for that is what they are. Without a mode it
 * is transport mode (RFC 3173 4.1). */
static bool mode_goes_with(const struct ikev1_offer *ours, uint16_t mode)
{
    return mode == 0 || ikev1_plain_mode(mode) == ikev1_plain_mode(ours->encapsulation_mode) ||
           mode == V1_MODE_TRANSPORT || ikev1_plain_mode(mode) == V1_MODE_UDP_TRANSPORT;
}

bool ikev1_transform_goes_with(const struct ikev1_offer *ours, const struct suite *chosen,
                               const struct algorithm *ah_integ, const struct ikev1_transform *theirs,
                               bool is_answer)
{
    uint16_t group = chosen->ke != NULL ? chosen->ke->ikev1_esp_id : 0;
    if (theirs->is_unusable || (is_answer && !lifetimes_fit(ours, theirs)) ||
        !mode_goes_with(ours, theirs->encapsulation_mode) || theirs->key_bits != 0)
        return false;
    if (ah_integ == NULL) /* some leave out the group that has no meaning here */
        return theirs->id == IPCOMP_DEFLATE && (theirs->group == 0 || theirs->group == group);
    return theirs->id == ah_transform_id(ah_integ) && theirs->hash == ah_integ->ikev1_esp_id &&
           theirs->group == group;
}

/* ---- for people ---- */

static void add_name(struct text *text, enum transform_type type, uint16_t number, bool is_ike)
{
    for (size_t i = 0; algorithm_at(i) != NULL; i++) {
        const struct algorithm *algorithm = algorithm_at(i);
        if (algorithm->type == type && number != 0 &&
            number == (is_ike ? algorithm->ikev1_ike_id : algorithm->ikev1_esp_id)) {
            text_add(text, "%s", algorithm->name);
            return;
        }
    }
    text_add(text, "%u", number);
}

void ikev1_transform_text(struct text *text, const struct ikev1_transform *transform, unsigned index)
{
    bool is_ike = transform->encryption != 0;
    if (index >= TEXT_TRANSFORMS) {
        if (index == TEXT_TRANSFORMS)
            text_add(text, ", ...");
        return;
    }
    text_add(text, "%s", index > 0 ? ", " : "");
    add_name(text, TRANSFORM_ENCR, is_ike ? transform->encryption : transform->id, is_ike);
    if (transform->key_bits != 0)
        text_add(text, "_%u", transform->key_bits);
    text_add(text, "-");
    add_name(text, is_ike ? TRANSFORM_PRF : TRANSFORM_INTEG, transform->hash, is_ike);
    if (transform->group != 0) {
        text_add(text, "-");
        add_name(text, TRANSFORM_KE, transform->group, true);
    }
    if (transform->auth_method > 1)
        text_add(text, " (authentication method %u)", transform->auth_method);
    if (transform->encapsulation_mode > 1)
        text_add(text, " (encapsulation mode %u)", transform->encapsulation_mode);
    if (transform->is_unusable)
        text_add(text, " (with attributes that are not understood)");
}
