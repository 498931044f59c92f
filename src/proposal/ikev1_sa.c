/* IKEv1 SA payloads: what we offer, what we choose, what we accept. */
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

static size_t expand(const struct ikev1_offer *offer, struct suite out[static IKEV1_SUITE_LIMIT])
{
    size_t count = 0;
    for (size_t i = 0; i < offer->list->count; i++)
        count += expand_one(offer, &offer->list->proposals[i], out + count, IKEV1_SUITE_LIMIT - count);
    return count;
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
    size_t count = expand(offer, suites);
    for (size_t i = 0; i < count; i++)
        if (suites[i].encr == suite->encr && suites[i].encr_key_bits == suite->encr_key_bits &&
            suites[i].prf == suite->prf && suites[i].integ == suite->integ && suites[i].ke == suite->ke)
            return true;
    return false;
}

/* ---- writing ---- */

static size_t begin_proposal(struct writer *writer, const struct ikev1_offer *offer, uint8_t number,
                             uint8_t transform_count)
{
    uint8_t spi_size = offer->protocol == PROTOCOL_IKE ? 0 : 4;
    writer_u32(writer, DOI_IPSEC);
    writer_u32(writer, SITUATION_IDENTITY_ONLY);
    size_t start = writer->size;
    writer_u32(writer, 0);
    writer_u8(writer, number);
    writer_u8(writer, (uint8_t)offer->protocol);
    writer_u8(writer, spi_size);
    writer_u8(writer, transform_count);
    if (spi_size != 0)
        writer_u32(writer, offer->spi);
    return start;
}

static void finish_proposal(struct writer *writer, size_t start)
{
    if (!writer->overflowed)
        store_be16(writer->data + start + 2, (uint16_t)(writer->size - start));
}

void ikev1_offer_write(struct writer *writer, const struct ikev1_offer *offer)
{
    struct suite suites[IKEV1_SUITE_LIMIT];
    size_t count = expand(offer, suites);
    size_t start = begin_proposal(writer, offer, offer->protocol == PROTOCOL_IKE ? 0 : 1, (uint8_t)count);
    for (size_t i = 0; i < count; i++)
        ikev1_transform_write(writer, offer, &suites[i], (uint8_t)(i + 1), i + 1 == count);
    finish_proposal(writer, start);
}

void ikev1_choice_write(struct writer *writer, const struct ikev1_offer *offer,
                        const struct ikev1_choice *choice)
{
    size_t start = begin_proposal(writer, offer, choice->suite.proposal_number, 1);
    uint8_t *room = writer_reserve(writer, choice->transform.size);
    if (room != NULL) {
        memcpy(room, choice->transform.data, choice->transform.size);
        room[0] = 0; /* the last one */
    }
    finish_proposal(writer, start);
}

/* ---- reading ---- */

struct peer_proposal {
    uint8_t next, number, protocol, transform_count;
    struct bytes spi;
    struct bytes transforms;
};

static bool read_proposal(struct reader *reader, struct peer_proposal *out)
{
    out->next = reader_u8(reader);
    reader_u8(reader);
    uint16_t length = reader_u16(reader);
    struct reader body = reader_of(reader_bytes(reader, length >= 4 ? length - 4u : SIZE_MAX));
    if (reader->failed)
        return false;
    out->number = reader_u8(&body);
    out->protocol = reader_u8(&body);
    uint8_t spi_size = reader_u8(&body);
    out->transform_count = reader_u8(&body);
    out->spi = reader_bytes(&body, spi_size);
    out->transforms = reader_rest(&body);
    bool is_chained = out->next == ISAKMP_NONE || out->next == ISAKMP_PROPOSAL;
    return !body.failed && is_chained && (out->next == ISAKMP_NONE) == (reader->left == 0);
}

static bool read_header(struct reader *reader, struct error *error)
{
    uint32_t doi = reader_u32(reader), situation = reader_u32(reader);
    if (reader->failed)
        return error_set(error, V1_PAYLOAD_MALFORMED, "SA payload is too short");
    if (doi != DOI_IPSEC)
        return error_set(error, V1_DOI_NOT_SUPPORTED, "SA payload is of DOI %u; 1 (IPsec) is wanted", doi);
    if (situation != SITUATION_IDENTITY_ONLY)
        return error_set(error, V1_SITUATION_NOT_SUPPORTED,
                         "SA payload has situation %u; 1 (identity only) is wanted", situation);
    return true;
}

/* What a walk over the peer's transforms looks for. */
struct search {
    const struct ikev1_offer *ours;
    size_t suite_count;
    struct suite suites[IKEV1_SUITE_LIMIT];
    bool is_answer;
    unsigned proposals, transforms; /* seen */
    bool found;
    size_t best; /* index into suites */
    struct ikev1_choice choice;
    struct text theirs; /* what was offered, for people */
};

static bool spi_fits(const struct search *search, const struct peer_proposal *proposal)
{
    if (search->ours->protocol == PROTOCOL_IKE)
        return proposal->spi.size <= 16; /* RFC 2408 3.5: any, and ignored */
    return proposal->spi.size == 4 && load_be32(proposal->spi.data) != 0;
}

static void consider(struct search *search, const struct peer_proposal *proposal,
                     const struct ikev1_transform *transform)
{
    for (size_t i = 0; i < search->suite_count && !(search->found && i >= search->best); i++) {
        struct suite suite = search->suites[i];
        if (!ikev1_transform_fits(search->ours, &suite, transform, search->is_answer))
            continue;
        search->found = true;
        search->best = i;
        suite.proposal_number = proposal->number;
        search->choice = (struct ikev1_choice){
            .suite = suite,
            .transform = transform->whole,
            .spi = proposal->spi.size == 4 ? load_be32(proposal->spi.data) : 0,
            .lifetime_seconds = transform->lifetime_seconds,
            .lifetime_kilobytes = transform->lifetime_kilobytes,
        };
        return;
    }
}

static bool walk_transforms(struct search *search, const struct peer_proposal *proposal, bool is_bundle,
                            struct error *error)
{
    struct reader reader = reader_of(proposal->transforms);
    bool is_ours =
        proposal->protocol == (uint8_t)search->ours->protocol && !is_bundle && spi_fits(search, proposal);
    unsigned count = 0;
    while (reader.left > 0) {
        struct ikev1_transform transform;
        if (!ikev1_transform_read(&reader, search->ours->protocol, &transform))
            return error_set(error, V1_BAD_PROPOSAL_SYNTAX, "transform %u of proposal %u is malformed",
                             count + 1, proposal->number);
        count++;
        if (is_ours) {
            ikev1_transform_text(&search->theirs, &transform, search->transforms++);
            consider(search, proposal, &transform);
        }
    }
    return (count == proposal->transform_count && count > 0) ||
           error_set(error, V1_BAD_PROPOSAL_SYNTAX, "proposal %u announces %u transforms and holds %u",
                     proposal->number, proposal->transform_count, count);
}

/* Proposals of the same number belong together (RFC 2408 4.2); such bundles are passed over. */
static bool walk(struct search *search, struct bytes sa_body, struct error *error)
{
    struct reader reader = reader_of(sa_body);
    struct peer_proposal current, next;
    if (!read_header(&reader, error))
        return false;
    if (!read_proposal(&reader, &current))
        return error_set(error, V1_BAD_PROPOSAL_SYNTAX, "the first proposal is malformed");
    bool is_with_last = false;
    for (search->proposals = 1;; search->proposals++) {
        if (search->proposals > PROPOSAL_LIMIT)
            return error_set(error, V1_BAD_PROPOSAL_SYNTAX, "more than %d proposals", PROPOSAL_LIMIT);
        bool has_next = current.next != ISAKMP_NONE;
        if (has_next && !read_proposal(&reader, &next))
            return error_set(error, V1_BAD_PROPOSAL_SYNTAX, "proposal %u is malformed",
                             search->proposals + 1);
        bool is_with_next = has_next && next.number == current.number;
        if (!walk_transforms(search, &current, is_with_last || is_with_next, error))
            return false;
        if (!has_next)
            return true;
        is_with_last = is_with_next;
        current = next;
    }
}

static bool explain(const struct search *search, struct error *error)
{
    char accepted[256];
    struct text ours = text_of(accepted, sizeof(accepted));
    proposals_text(&ours, search->ours->list);
    if (search->is_answer)
        return error_set(error, V1_NO_PROPOSAL_CHOSEN,
                         "peer chose %s, which was not offered; we offered %.200s", search->theirs.at,
                         accepted);
    return error_set(error, V1_NO_PROPOSAL_CHOSEN, "peer offers %s; we accept %.200s",
                     search->transforms > 0 ? search->theirs.at : "nothing of this kind", accepted);
}

static bool search_for(const struct ikev1_offer *ours, struct bytes sa_body, bool is_answer,
                       struct ikev1_choice *ret_choice, struct error *error)
{
    char theirs[256];
    struct search search = {
        .ours = ours,
        .is_answer = is_answer,
        .theirs = text_of(theirs, sizeof(theirs)),
    };
    search.suite_count = expand(ours, search.suites);
    if (!walk(&search, sa_body, error))
        return false;
    if (is_answer && (search.proposals != 1 || search.transforms > 1))
        return error_set(error, V1_BAD_PROPOSAL_SYNTAX,
                         "peer's answer holds %u proposals and %u transforms instead of the one it chose",
                         search.proposals, search.transforms);
    if (!search.found)
        return explain(&search, error);
    *ret_choice = search.choice;
    return true;
}

bool ikev1_choose(const struct ikev1_offer *ours, struct bytes sa_body, struct ikev1_choice *ret_choice,
                  struct error *error)
{
    return search_for(ours, sa_body, false, ret_choice, error);
}

bool ikev1_accept_answer(const struct ikev1_offer *ours, struct bytes sa_body,
                         struct ikev1_choice *ret_choice, struct error *error)
{
    return search_for(ours, sa_body, true, ret_choice, error);
}
