/* One proposal of ours held against one of theirs (RFC 7296 2.7, 3.3.3, 3.3.6). */
#include "proposal/proposal_match.h"

enum { SET_BITS = 64 };

/* Which of the four sets; -1 for a length that no cipher of ours has. */
static int key_length_index(uint16_t key_bits)
{
    switch (key_bits) {
    case 0:
        return 0;
    case 128:
        return 1;
    case 192:
        return 2;
    case 256:
        return 3;
    default:
        return -1;
    }
}

struct offered offered_of(const struct proposal *theirs)
{
    struct offered offered = {0};
    for (size_t i = 0; i < theirs->transform_count; i++) {
        const struct transform *transform = &theirs->transforms[i];
        if (transform->type < TRANSFORM_ENCR || transform->type > TRANSFORM_ESN) {
            offered.unknown_type = transform->type == 0 ? UINT8_MAX : transform->type;
            continue;
        }
        offered.repeats_a_type = offered.repeats_a_type || (offered.types & 1u << transform->type);
        offered.types |= 1u << transform->type;
        int index = key_length_index(transform->key_bits);
        if (transform->is_unusable || transform->id >= SET_BITS || index < 0)
            continue;
        if (transform->type == TRANSFORM_ENCR)
            offered.encr[index] |= UINT64_C(1) << transform->id;
        else
            offered.by_type[transform->type] |= UINT64_C(1) << transform->id;
    }
    return offered;
}

static bool is_offered(const struct offered *offered, const struct transform *ours)
{
    if (ours->id >= SET_BITS)
        return false;
    uint64_t bit = UINT64_C(1) << ours->id;
    if (ours->type != TRANSFORM_ENCR)
        return offered->by_type[ours->type] & bit;
    int index = key_length_index(ours->key_bits);
    return index >= 0 && (offered->encr[index] & bit);
}

/* A type that may be left out is left out: absent, or NONE among its transforms. */
static bool may_omit(const struct offered *offered, enum transform_type type)
{
    bool none_exists = type == TRANSFORM_INTEG || type == TRANSFORM_KE;
    return !(offered->types & 1u << type) || (none_exists && (offered->by_type[type] & 1));
}

/* The first of ours, in our order, that they offer. */
static bool match_type(const struct proposal *ours, const struct offered *offered, enum transform_type type,
                       struct match *match)
{
    bool is_needed = false;
    match->chosen[type] = NO_TRANSFORM;
    for (size_t i = 0; i < ours->transform_count; i++) {
        if (ours->transforms[i].type != type)
            continue;
        is_needed = true;
        if (is_offered(offered, &ours->transforms[i])) {
            match->chosen[type] = (uint8_t)i;
            return true;
        }
    }
    return !is_needed && may_omit(offered, type);
}

static bool ke_fits(const struct offered *offered, uint16_t id)
{
    if (id == KE_NONE)
        return may_omit(offered, TRANSFORM_KE);
    return id < SET_BITS && (offered->by_type[TRANSFORM_KE] & UINT64_C(1) << id);
}

/* Takes preferred_ke if both sides have it, otherwise the first of ours that they have. */
static bool match_ke(const struct proposal_offer *offer, const struct proposal *ours,
                     const struct offered *offered, uint16_t preferred_ke, struct match *match)
{
    uint8_t *chosen = &match->chosen[TRANSFORM_KE];
    bool is_named = false, found = false;
    *chosen = NO_TRANSFORM;
    for (size_t i = 0; i < ours->transform_count; i++) {
        const struct transform *transform = &ours->transforms[i];
        if (transform->type != TRANSFORM_KE)
            continue;
        is_named = true;
        bool is_preferred = preferred_ke != KE_NONE && transform->id == preferred_ke;
        if ((found && !is_preferred) || !ke_fits(offered, transform->id))
            continue;
        found = true;
        *chosen = (uint8_t)i;
        match->ke = transform->id == KE_NONE ? NULL : algorithm_by_id(TRANSFORM_KE, transform->id);
        if (is_preferred)
            break;
    }
    if (!is_named && offer->add_ke != NULL && ke_fits(offered, offer->add_ke->id)) {
        match->ke = offer->add_ke;
        found = true;
    }
    bool may_be_without = offer->may_omit_ke || (!is_named && offer->add_ke == NULL);
    return found || (may_be_without && may_omit(offered, TRANSFORM_KE));
}

/*
 * The first Child SA has no key exchange of its own (1.2). As responder we pass over methods that the peer
 * named all the same: it cannot send a KE payload there.
 */
static bool match_ke_rules(const struct proposal_offer *offer, const struct proposal *ours,
                           const struct offered *offered, uint16_t preferred_ke, bool is_answer,
                           struct match *match)
{
    match->ke = NULL;
    if (!offer->omit_ke)
        return match_ke(offer, ours, offered, preferred_ke, match);
    match->chosen[TRANSFORM_KE] = NO_TRANSFORM;
    return !is_answer || may_omit(offered, TRANSFORM_KE);
}

static uint64_t rank_of(const struct match *match, uint16_t preferred_ke)
{
    bool misses_preferred = preferred_ke != KE_NONE && (match->ke == NULL || match->ke->id != preferred_ke);
    uint64_t rank = match->chosen[TRANSFORM_ENCR];
    rank = rank << 8 | match->chosen[TRANSFORM_PRF];
    rank = rank << 8 | match->chosen[TRANSFORM_INTEG];
    rank = rank << 8 | misses_preferred;
    rank = rank << 8 | match->chosen[TRANSFORM_KE];
    return rank << 8 | match->chosen[TRANSFORM_ESN];
}

bool match_proposals(const struct proposal_offer *offer, const struct proposal *ours,
                     const struct proposal *theirs, const struct offered *offered, uint16_t preferred_ke,
                     bool is_answer, struct match *match)
{
    match->failed_type = 0;
    if (theirs->protocol != ours->protocol || theirs->spi_size != offer->spi.size ||
        offered->unknown_type != 0)
        return false;
    for (uint8_t type = TRANSFORM_ENCR; type <= TRANSFORM_ESN; type++) {
        bool fits = type == TRANSFORM_KE
                        ? match_ke_rules(offer, ours, offered, preferred_ke, is_answer, match)
                        : match_type(ours, offered, (enum transform_type)type, match);
        if (!fits) {
            match->failed_type = type;
            return false;
        }
    }
    match->rank = rank_of(match, preferred_ke);
    return true;
}
