/*
 * The choice of one suite (RFC 7296 2.7, 3.3.6): as responder among the peer's proposals, as initiator the
 * check of the peer's answer against what we offered. Nothing here allocates.
 */
#include "proposal/proposal_match.h"

static const struct algorithm *chosen_algorithm(const struct proposal *ours, const struct match *match,
                                                enum transform_type type)
{
    uint8_t index = match->chosen[type];
    return index == NO_TRANSFORM ? NULL : algorithm_by_id(type, ours->transforms[index].id);
}

static struct suite suite_of(const struct proposal *ours, const struct proposal *theirs,
                             const struct match *match)
{
    struct suite suite = {
        .protocol = ours->protocol,
        .proposal_number = theirs->number,
        .encr = chosen_algorithm(ours, match, TRANSFORM_ENCR),
        .prf = chosen_algorithm(ours, match, TRANSFORM_PRF),
        .integ = chosen_algorithm(ours, match, TRANSFORM_INTEG),
        .ke = match->ke,
    };
    if (suite.encr != NULL) {
        uint16_t key_bits = ours->transforms[match->chosen[TRANSFORM_ENCR]].key_bits;
        suite.encr_key_bits = key_bits != 0 ? key_bits : suite.encr->key_bits[0];
    }
    uint8_t esn = match->chosen[TRANSFORM_ESN];
    suite.esn = esn != NO_TRANSFORM && ours->transforms[esn].id == ESN_YES;
    return suite;
}

bool proposals_select(const struct proposal_offer *ours, const struct proposal_list *theirs,
                      uint16_t preferred_ke, struct suite *ret_suite, const struct proposal **ret_theirs,
                      struct error *error)
{
    struct offered offered[PROPOSAL_LIMIT];
    if (theirs->count == 0 || theirs->count > PROPOSAL_LIMIT || theirs->proposals[0].number != 1)
        return error_set(error, 0, "their first proposal is not numbered 1");
    for (size_t t = 0; t < theirs->count; t++)
        offered[t] = offered_of(&theirs->proposals[t]);
    for (size_t i = 0; i < ours->list->count; i++) {
        const struct proposal *mine = &ours->list->proposals[i];
        const struct proposal *best = NULL;
        struct match best_match = {0};
        for (size_t t = 0; t < theirs->count; t++) {
            struct match match;
            if (match_proposals(ours, mine, &theirs->proposals[t], &offered[t], preferred_ke, false,
                                &match) &&
                (best == NULL || match.rank < best_match.rank)) {
                best = &theirs->proposals[t];
                best_match = match;
            }
        }
        if (best != NULL) {
            *ret_suite = suite_of(mine, best, &best_match);
            *ret_theirs = best;
            return true;
        }
    }
    return explain_mismatch(ours, theirs, false, error);
}

bool proposals_accept_answer(const struct proposal_offer *offered, const struct proposal_list *answer,
                             struct suite *ret_suite, const struct proposal **ret_theirs, struct error *error)
{
    if (answer->count != 1)
        return error_set(error, 0, "their answer holds %u proposals instead of the one they chose",
                         answer->count);
    const struct proposal *theirs = &answer->proposals[0];
    if (theirs->number == 0 || theirs->number > offered->list->count)
        return error_set(error, 0, "their answer chooses proposal %u, but we offered 1 to %u", theirs->number,
                         offered->list->count);
    struct offered content = offered_of(theirs);
    if (content.repeats_a_type)
        return error_set(error, 0,
                         "their answer holds several transforms of one type instead of the one they chose");
    const struct proposal *ours = &offered->list->proposals[theirs->number - 1];
    struct match match;
    if (!match_proposals(offered, ours, theirs, &content, KE_NONE, true, &match)) {
        struct proposal_list offered_one = {.count = 1, .proposals = (struct proposal *)ours};
        struct proposal_offer one = *offered;
        one.list = &offered_one;
        return explain_mismatch(&one, answer, true, error);
    }
    *ret_suite = suite_of(ours, theirs, &match);
    *ret_theirs = theirs;
    return true;
}

/* The KE ids of one proposal as it goes out, in order; false past the end. */
static bool ke_at(const struct proposal_offer *offer, const struct proposal *proposal, size_t index,
                  uint16_t *ret_id)
{
    size_t count = 0;
    if (offer->omit_ke)
        return false;
    for (size_t i = 0; i < proposal->transform_count; i++)
        if (proposal->transforms[i].type == TRANSFORM_KE && count++ == index) {
            *ret_id = proposal->transforms[i].id;
            return true;
        }
    if (count > 0 || index > 0 || offer->add_ke == NULL)
        return false;
    *ret_id = offer->add_ke->id;
    return true;
}

const struct algorithm *proposals_first_ke(const struct proposal_offer *offer)
{
    uint16_t id = KE_NONE;
    for (size_t p = 0; p < offer->list->count; p++)
        for (size_t i = 0; ke_at(offer, &offer->list->proposals[p], i, &id); i++)
            if (id != KE_NONE)
                return algorithm_by_id(TRANSFORM_KE, id);
    return NULL;
}

bool proposals_offer_ke(const struct proposal_offer *offer, uint16_t ke_id)
{
    uint16_t id = KE_NONE;
    for (size_t p = 0; p < offer->list->count; p++)
        for (size_t i = 0; ke_at(offer, &offer->list->proposals[p], i, &id); i++)
            if (id == ke_id && id != KE_NONE)
                return true;
    return false;
}
