/* IKEv1 SA payloads: what we offer, and how offers and choices are written. RFC 2408 3.4 to 3.6, 4.2. */
#include "proposal/ikev1_sa.h"

#include "proposal/ikev1_transform.h"

/* ---- our suites ---- */

static const struct algorithm *first_of(const struct proposal *proposal, enum transform_type type)
{
    for (size_t i = 0; i < proposal->transform_count; i++)
        if (proposal->transforms[i].type == type)
            return algorithm_by_id(type, proposal->transforms[i].id);
    return NULL;
}

static bool is_real(const struct algorithm *algorithm)
{
    return algorithm != NULL && algorithm->id != 0;
}

/* A proposal of IKEv1 names one algorithm of each kind, but perhaps two key lengths. */
static size_t expand_one(const struct ikev1_offer *offer, const struct proposal *proposal, struct suite *out,
                         size_t room)
{
    const struct algorithm *ke = first_of(proposal, TRANSFORM_KE);
    const struct algorithm *integ = first_of(proposal, TRANSFORM_INTEG);
    bool is_ike = offer->protocol == PROTOCOL_IKE;
    struct suite suite = {
        .protocol = (uint8_t)offer->protocol,
        .prf = is_ike ? first_of(proposal, TRANSFORM_PRF) : NULL,
        .integ = is_real(integ) ? integ : NULL,
        .ke = is_ike || offer->group == NULL ? (is_real(ke) ? ke : NULL) : offer->group,
    };
    size_t count = 0;
    if (offer->group != NULL && is_real(ke) && ke != offer->group)
        return 0;
    if (offer->protocol == PROTOCOL_AH && room > 0) {
        out[0] = suite;
        return 1;
    }
    for (size_t i = 0; i < proposal->transform_count && count < room; i++) {
        const struct transform *transform = &proposal->transforms[i];
        if (transform->type != TRANSFORM_ENCR)
            continue;
        suite.encr = algorithm_by_id(TRANSFORM_ENCR, transform->id);
        suite.encr_key_bits = transform->key_bits != 0 ? transform->key_bits : suite.encr->key_bits[0];
        out[count++] = suite;
    }
    return count;
}

size_t ikev1_expand(const struct ikev1_offer *offer, struct suite out[static IKEV1_SUITE_LIMIT])
{
    size_t count = 0;
    for (size_t i = 0; i < offer->list->count; i++)
        count += expand_one(offer, &offer->list->proposals[i], out + count, IKEV1_SUITE_LIMIT - count);
    return count;
}

size_t ikev1_expand_ah(const struct ikev1_offer *offer, struct suite out[static IKEV1_SUITE_LIMIT])
{
    struct ikev1_offer of_ah = *offer;
    if (offer->ah_list == NULL)
        return 0;
    of_ah.list = offer->ah_list;
    of_ah.protocol = PROTOCOL_AH;
    return ikev1_expand(&of_ah, out);
}

const struct algorithm *ikev1_first_group(const struct proposal_list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        const struct algorithm *ke = first_of(&list->proposals[i], TRANSFORM_KE);
        if (is_real(ke))
            return ke;
    }
    return NULL;
}

bool ikev1_offer_has(const struct ikev1_offer *offer, const struct suite *suite)
{
    struct suite suites[IKEV1_SUITE_LIMIT];
    size_t count = ikev1_expand(offer, suites);
    for (size_t i = 0; i < count; i++)
        if (suites[i].encr == suite->encr && suites[i].encr_key_bits == suite->encr_key_bits &&
            suites[i].prf == suite->prf && suites[i].integ == suite->integ && suites[i].ke == suite->ke)
            return true;
    return false;
}

/* ---- writing ---- */

enum { PROPOSAL_NEXT_AT = 0, PROPOSAL_LENGTH_AT = 2 };

/* The proposals of a payload, of which the last one says that it is. */
struct proposal_writer {
    struct writer *writer;
    size_t start; /* of the one that is being written */
    size_t last;  /* of the one before; 0: there was none */
};

static struct proposal_writer begin_body(struct writer *writer)
{
    writer_u32(writer, DOI_IPSEC);
    writer_u32(writer, SITUATION_IDENTITY_ONLY);
    return (struct proposal_writer){.writer = writer};
}

static void begin_proposal(struct proposal_writer *out, uint8_t number, uint8_t protocol, uint8_t spi_size,
                           uint32_t spi, size_t transform_count)
{
    struct writer *writer = out->writer;
    out->start = writer->size;
    writer_u32(writer, 0);
    writer_u8(writer, number);
    writer_u8(writer, protocol);
    writer_u8(writer, spi_size);
    writer_u8(writer, (uint8_t)transform_count);
    if (spi_size == 4)
        writer_u32(writer, spi);
    else if (spi_size == 2)
        writer_u16(writer, (uint16_t)spi);
}

static void finish_proposal(struct proposal_writer *out)
{
    struct writer *writer = out->writer;
    if (writer->overflowed)
        return;
    store_be16(writer->data + out->start + PROPOSAL_LENGTH_AT, (uint16_t)(writer->size - out->start));
    if (out->last != 0)
        writer->data[out->last + PROPOSAL_NEXT_AT] = ISAKMP_PROPOSAL;
    out->last = out->start;
}

static void write_suites(struct proposal_writer *out, const struct ikev1_offer *offer, uint8_t number,
                         uint8_t protocol, const struct suite *suites, size_t count)
{
    begin_proposal(out, number, protocol, protocol == PROTOCOL_IKE ? 0 : 4, offer->spi, count);
    for (size_t i = 0; i < count; i++)
        ikev1_transform_write(out->writer, offer, &suites[i], (uint8_t)(i + 1), i + 1 == count);
    finish_proposal(out);
}

static void write_bundle(struct proposal_writer *out, const struct ikev1_offer *offer, uint8_t number,
                         bool is_compressed)
{
    struct suite suites[IKEV1_SUITE_LIMIT];
    size_t count = ikev1_expand_ah(offer, suites);
    if (offer->ah_list != NULL)
        write_suites(out, offer, number, PROTOCOL_AH, suites, count);
    count = ikev1_expand(offer, suites);
    write_suites(out, offer, number, (uint8_t)offer->protocol, suites, count);
    if (!is_compressed || count == 0)
        return;
    begin_proposal(out, number, V1_PROTO_IPCOMP, 2, offer->cpi, 1);
    ikev1_transform_write_deflate(out->writer, offer, suites[0].ke);
    finish_proposal(out);
}

/* Of two proposals the first is preferred: compression is what the user wants, not what must be. */
void ikev1_offer_write(struct writer *writer, const struct ikev1_offer *offer)
{
    struct proposal_writer out = begin_body(writer);
    uint8_t number = offer->protocol == PROTOCOL_IKE ? 0 : 1;
    if (offer->cpi != 0)
        write_bundle(&out, offer, number++, true);
    write_bundle(&out, offer, number, false);
}

/* The one transform of each that was chosen. */
static void write_chosen(struct proposal_writer *out, struct bytes transform)
{
    uint8_t *room = writer_reserve(out->writer, transform.size);
    if (room != NULL) {
        memcpy(room, transform.data, transform.size);
        room[0] = ISAKMP_NONE;
    }
    finish_proposal(out);
}

void ikev1_choice_write(struct writer *writer, const struct ikev1_offer *offer,
                        const struct ikev1_choice *choice)
{
    struct proposal_writer out = begin_body(writer);
    uint8_t number = choice->suite.proposal_number;
    const struct bytes *transforms = choice->transforms;
    if (transforms[IKEV1_MEMBER_AH].size > 0) {
        begin_proposal(&out, number, PROTOCOL_AH, 4, offer->spi, 1);
        write_chosen(&out, transforms[IKEV1_MEMBER_AH]);
    }
    begin_proposal(&out, number, (uint8_t)offer->protocol, offer->protocol == PROTOCOL_IKE ? 0 : 4,
                   offer->spi, 1);
    write_chosen(&out, transforms[IKEV1_MEMBER_MAIN]);
    if (transforms[IKEV1_MEMBER_IPCOMP].size > 0) {
        begin_proposal(&out, number, V1_PROTO_IPCOMP, choice->cpi_size, offer->cpi, 1);
        write_chosen(&out, transforms[IKEV1_MEMBER_IPCOMP]);
    }
}
