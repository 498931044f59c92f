/* IKEv1 SA payloads: what we choose among the peer's proposals, and what we accept as an answer. RFC
 * 2408 4.2.
 */
#include "proposal/ikev1_sa.h"
#include "proposal/ikev1_transform.h"

/* Searches for what goes with a transform, in one bundle: more groups than this nobody offers. */
enum { COMPANION_TRIES = 32 };

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

/* All of one number: a member of each protocol, and which of them there are. */
struct bundle {
    uint8_t number;
    bool has[IKEV1_MEMBERS];
    bool is_alien; /* a protocol that we did not ask about, or one twice */
    struct peer_proposal members[IKEV1_MEMBERS];
};

/* What a walk over the peer's transforms looks for. */
struct search {
    const struct ikev1_offer *ours;
    size_t suite_count, ah_suite_count;
    struct suite suites[IKEV1_SUITE_LIMIT], ah_suites[IKEV1_SUITE_LIMIT];
    bool is_answer;
    unsigned bundles, transforms; /* seen; transforms: of the protocol that we want */
    unsigned most_transforms;     /* in one proposal of any protocol */
    unsigned protocols;           /* bits 1 << number of those that were seen */
    bool found;
    bool has_twin; /* an answer's second proposal is the first one without IPComp */
    size_t best;   /* the smaller, the nearer to our wishes */
    struct ikev1_choice choice;
    struct text theirs; /* what was offered, for people */
    struct ikev1_misfit misfit;
};

/* ---- bundles ---- */

static enum ikev1_member member_of(const struct ikev1_offer *ours, uint8_t protocol)
{
    if (protocol == (uint8_t)ours->protocol)
        return IKEV1_MEMBER_MAIN;
    if (ours->protocol == PROTOCOL_IKE)
        return IKEV1_MEMBERS;
    return protocol == V1_PROTO_AH       ? IKEV1_MEMBER_AH
           : protocol == V1_PROTO_IPCOMP ? IKEV1_MEMBER_IPCOMP
                                         : IKEV1_MEMBERS;
}

static void bundle_add(struct bundle *bundle, const struct ikev1_offer *ours,
                       const struct peer_proposal *proposal)
{
    enum ikev1_member member = member_of(ours, proposal->protocol);
    bundle->number = proposal->number;
    if (member == IKEV1_MEMBERS || bundle->has[member]) {
        bundle->is_alien = true;
        return;
    }
    bundle->has[member] = true;
    bundle->members[member] = *proposal;
}

/* RFC 3173 4.1: two bytes, or four of which only the last two count. */
static uint32_t cpi_of(const struct peer_proposal *proposal)
{
    return proposal->spi.size == 2   ? load_be16(proposal->spi.data)
           : proposal->spi.size == 4 ? load_be16(proposal->spi.data + 2)
                                     : 0;
}

static bool spi_fits(const struct search *search, const struct peer_proposal *proposal)
{
    if (search->ours->protocol == PROTOCOL_IKE)
        return proposal->spi.size <= 16; /* RFC 2408 3.5: any, and ignored */
    return proposal->spi.size == 4 && load_be32(proposal->spi.data) != 0;
}

/* Whether it joins the protocols that we want, no more and no less. */
static bool bundle_fits(const struct search *search, const struct bundle *bundle)
{
    const struct peer_proposal *members = bundle->members;
    if (bundle->is_alien || !bundle->has[IKEV1_MEMBER_MAIN] ||
        !spi_fits(search, &members[IKEV1_MEMBER_MAIN]) ||
        bundle->has[IKEV1_MEMBER_AH] != (search->ours->ah_list != NULL))
        return false;
    if (bundle->has[IKEV1_MEMBER_AH] && !spi_fits(search, &members[IKEV1_MEMBER_AH]))
        return false;
    return !bundle->has[IKEV1_MEMBER_IPCOMP] ||
           (search->ours->compresses && ipcomp_cpi_is_usable(cpi_of(&members[IKEV1_MEMBER_IPCOMP])));
}

/* ---- what goes with the main transform ---- */

static void note_lifetimes(struct ikev1_choice *choice, const struct ikev1_transform *transform)
{
    if (transform->lifetime_seconds != 0 &&
        (choice->lifetime_seconds == 0 || transform->lifetime_seconds < choice->lifetime_seconds))
        choice->lifetime_seconds = transform->lifetime_seconds;
    if (transform->lifetime_kilobytes != 0 &&
        (choice->lifetime_kilobytes == 0 || transform->lifetime_kilobytes < choice->lifetime_kilobytes))
        choice->lifetime_kilobytes = transform->lifetime_kilobytes;
}

/* The first of the member's transforms that stands for this algorithm; NULL: IPComp. */
static bool take_companion(const struct search *search, const struct bundle *bundle, enum ikev1_member member,
                           const struct algorithm *ah_integ, struct ikev1_choice *choice)
{
    struct reader reader = reader_of(bundle->members[member].transforms);
    struct ikev1_transform transform;
    while (reader.left > 0 && ikev1_transform_read(&reader, search->ours->protocol, &transform)) {
        if (!ikev1_transform_goes_with(search->ours, &choice->suite, ah_integ, &transform, search->is_answer))
            continue;
        choice->transforms[member] = transform.whole;
        note_lifetimes(choice, &transform);
        return true;
    }
    return false;
}

static bool take_ah(const struct search *search, const struct bundle *bundle, struct ikev1_choice *choice)
{
    for (size_t i = 0; i < search->ah_suite_count; i++) {
        const struct algorithm *integ = search->ah_suites[i].integ;
        if (!take_companion(search, bundle, IKEV1_MEMBER_AH, integ, choice))
            continue;
        choice->suite.ah_integ = integ;
        choice->ah_spi = load_be32(bundle->members[IKEV1_MEMBER_AH].spi.data);
        return true;
    }
    return false;
}

static bool take_companions(const struct search *search, const struct bundle *bundle,
                            struct ikev1_choice *choice)
{
    const struct peer_proposal *ipcomp = &bundle->members[IKEV1_MEMBER_IPCOMP];
    if (bundle->has[IKEV1_MEMBER_AH] && !take_ah(search, bundle, choice))
        return false;
    if (!bundle->has[IKEV1_MEMBER_IPCOMP])
        return true;
    choice->cpi = (uint16_t)cpi_of(ipcomp);
    choice->cpi_size = (uint8_t)ipcomp->spi.size;
    return take_companion(search, bundle, IKEV1_MEMBER_IPCOMP, NULL, choice);
}

/* ---- the choice ---- */

/* Compression first, then the order of our suites. */
static size_t rank_of(const struct bundle *bundle, size_t suite_index)
{
    return (bundle->has[IKEV1_MEMBER_IPCOMP] ? 0 : IKEV1_SUITE_LIMIT) + suite_index;
}

static void consider(struct search *search, const struct bundle *bundle,
                     const struct ikev1_transform *transform, unsigned *tries)
{
    const struct peer_proposal *main = &bundle->members[IKEV1_MEMBER_MAIN];
    for (size_t i = 0; i < search->suite_count; i++) {
        struct suite suite = search->suites[i];
        if (search->found && rank_of(bundle, i) >= search->best)
            return;
        if (!ikev1_transform_fits(search->ours, &suite, transform, search->is_answer))
            continue;
        suite.proposal_number = bundle->number;
        struct ikev1_choice choice = {
            .suite = suite,
            .spi = main->spi.size == 4 ? load_be32(main->spi.data) : 0,
            .lifetime_seconds = transform->lifetime_seconds,
            .lifetime_kilobytes = transform->lifetime_kilobytes,
        };
        choice.transforms[IKEV1_MEMBER_MAIN] = transform->whole;
        if (++*tries > COMPANION_TRIES || !take_companions(search, bundle, &choice))
            return; /* they are the same for every suite that this transform could be */
        search->found = true;
        search->best = rank_of(bundle, i);
        search->choice = choice;
        return;
    }
}

static void tell_companions(struct search *search, const struct bundle *bundle)
{
    if (bundle->has[IKEV1_MEMBER_AH])
        text_add(&search->theirs, " with AH");
    if (bundle->has[IKEV1_MEMBER_IPCOMP])
        text_add(&search->theirs, " with IPComp");
    if (bundle->is_alien)
        text_add(&search->theirs, " with a protocol that it cannot stand beside");
}

/* The first proposal's main SA again, alone. */
static bool is_twin(const struct search *search, const struct bundle *bundle)
{
    const struct bytes spi = bundle->members[IKEV1_MEMBER_MAIN].spi;
    return search->choice.cpi != 0 && !bundle->has[IKEV1_MEMBER_IPCOMP] && spi.size == 4 &&
           load_be32(spi.data) == search->choice.spi;
}

static void consider_bundle(struct search *search, const struct bundle *bundle)
{
    struct reader reader = reader_of(bundle->members[IKEV1_MEMBER_MAIN].transforms);
    bool fits = bundle_fits(search, bundle);
    unsigned tries = 0;
    search->bundles++;
    if (!bundle->has[IKEV1_MEMBER_MAIN])
        return;
    while (reader.left > 0) {
        struct ikev1_transform transform;
        if (!ikev1_transform_read(&reader, search->ours->protocol, &transform))
            return;
        ikev1_transform_text(&search->theirs, &transform, search->transforms++);
        ikev1_misfit_note(&search->misfit, search->ours, &transform);
        if (fits)
            consider(search, bundle, &transform, &tries);
    }
    tell_companions(search, bundle);
    if (search->found && search->bundles == 2)
        search->has_twin = is_twin(search, bundle);
}

/* ---- the walk ---- */

static bool check_transforms(struct search *search, const struct peer_proposal *proposal, struct error *error)
{
    struct reader reader = reader_of(proposal->transforms);
    unsigned count = 0;
    search->protocols |= proposal->protocol < 32 ? 1u << proposal->protocol : 0;
    while (reader.left > 0) {
        struct ikev1_transform transform;
        if (!ikev1_transform_read(&reader, search->ours->protocol, &transform))
            return error_set(error, V1_BAD_PROPOSAL_SYNTAX, "transform %u of proposal %u is malformed",
                             count + 1, proposal->number);
        count++;
    }
    if (count > search->most_transforms)
        search->most_transforms = count;
    return (count == proposal->transform_count && count > 0) ||
           error_set(error, V1_BAD_PROPOSAL_SYNTAX, "proposal %u announces %u transforms and holds %u",
                     proposal->number, proposal->transform_count, count);
}

/* Proposals of the same number belong together (RFC 2408 4.2). */
static bool walk(struct search *search, struct bytes sa_body, struct error *error)
{
    struct reader reader = reader_of(sa_body);
    struct bundle bundle = {0};
    if (!read_header(&reader, error))
        return false;
    for (unsigned count = 1;; count++) {
        struct peer_proposal proposal;
        if (count > PROPOSAL_LIMIT)
            return error_set(error, V1_BAD_PROPOSAL_SYNTAX, "more than %d proposals", PROPOSAL_LIMIT);
        if (!read_proposal(&reader, &proposal))
            return error_set(error, V1_BAD_PROPOSAL_SYNTAX, "proposal %u is malformed", count);
        if (!check_transforms(search, &proposal, error))
            return false;
        if (count > 1 && proposal.number != bundle.number) {
            consider_bundle(search, &bundle);
            bundle = (struct bundle){0};
        }
        bundle_add(&bundle, search->ours, &proposal);
        if (proposal.next == ISAKMP_NONE)
            break;
    }
    consider_bundle(search, &bundle);
    return true;
}

/* Nothing of the protocol that we want: which others there are. */
static void tell_protocols(struct search *search)
{
    static const char *const names[] = {
        [V1_PROTO_ISAKMP] = "ISAKMP",
        [V1_PROTO_AH] = "AH",
        [V1_PROTO_ESP] = "ESP",
        [V1_PROTO_IPCOMP] = "IPComp",
    };
    const char *separator = "";
    for (size_t i = 1; i < ARRAY_SIZE(names); i++) {
        if ((search->protocols & 1u << i) == 0)
            continue;
        text_add(&search->theirs, "%s%s", separator, names[i]);
        separator = ", ";
    }
    if (separator[0] == '\0')
        text_add(&search->theirs, "nothing of this kind");
}

static void tell_ours(struct text *text, const struct ikev1_offer *ours)
{
    if (ours->protocol == PROTOCOL_AH)
        text_add(text, "AH with ");
    proposals_text(text, ours->list);
    if (ours->ah_list != NULL) {
        text_add(text, " and AH with ");
        proposals_text(text, ours->ah_list);
    }
}

static bool explain(struct search *search, struct error *error)
{
    char accepted[256];
    struct text ours = text_of(accepted, sizeof(accepted));
    tell_ours(&ours, search->ours);
    if (search->transforms == 0)
        tell_protocols(search);
    if (search->is_answer)
        return error_set(error, V1_NO_PROPOSAL_CHOSEN,
                         "peer chose %s, which was not offered; we offered %.200s", search->theirs.at,
                         accepted);
    if (search->transforms > 0 && ikev1_misfit_tell(&search->misfit, search->ours, error))
        return false;
    return error_set(error, V1_NO_PROPOSAL_CHOSEN, "peer offers %s; we accept %.200s", search->theirs.at,
                     accepted);
}

/* strongSwan's answer to IPComp says behind it what it would have been without. */
static bool is_one_choice(const struct search *search)
{
    return search->most_transforms == 1 &&
           (search->bundles == 1 || (search->bundles == 2 && search->has_twin));
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
    search.suite_count = ikev1_expand(ours, search.suites);
    search.ah_suite_count = ikev1_expand_ah(ours, search.ah_suites);
    if (!walk(&search, sa_body, error))
        return false;
    if (is_answer && !is_one_choice(&search))
        return error_set(error, V1_BAD_PROPOSAL_SYNTAX,
                         "peer's answer holds %u proposals and %u transforms instead of the one it chose",
                         search.bundles, search.most_transforms);
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

struct bytes ikev1_first_spi(struct bytes sa_body)
{
    struct reader reader = reader_of(sa_body);
    struct peer_proposal proposal;
    struct error error;
    for (bool goes_on = read_header(&reader, &error); goes_on && read_proposal(&reader, &proposal);
         goes_on = proposal.next != ISAKMP_NONE)
        if (proposal.spi.size == 4)
            return proposal.spi;
    return bytes_of(NULL, 0);
}

bool ikev1_accept_answer(const struct ikev1_offer *ours, struct bytes sa_body,
                         struct ikev1_choice *ret_choice, struct error *error)
{
    return search_for(ours, sa_body, true, ret_choice, error);
}
