/* Proposals and suites -> text, in the spelling of Libreswan's "IKE algorithms:" and "algorithm newest:"
 * lines. */
#include "proposal/proposal_build.h"

void transform_text(struct text *text, const struct transform *transform)
{
    const struct algorithm *algorithm = NULL;
    if (transform->type >= TRANSFORM_ENCR && transform->type <= TRANSFORM_KE)
        algorithm = algorithm_by_id((enum transform_type)transform->type, transform->id);
    if (transform->type == TRANSFORM_ESN && transform->id <= ESN_YES)
        text_add(text, "ESN_%s", transform->id == ESN_YES ? "YES" : "NO");
    else if (algorithm != NULL)
        text_add(text, "%s", algorithm->name);
    else
        text_add(text, "[%u]", transform->id);
    if (transform->key_bits != 0 && !transform->is_any_length)
        text_add(text, "_%u", transform->key_bits);
    if (transform->is_unusable)
        text_add(text, "(bad attribute)");
}

void transforms_text(struct text *text, const struct proposal *proposal, enum transform_type type)
{
    const struct transform *last = NULL;
    for (size_t i = 0; i < proposal->transform_count; i++) {
        const struct transform *transform = &proposal->transforms[i];
        if (transform->type != type)
            continue;
        bool is_second_length =
            last != NULL && last->is_any_length && transform->is_any_length && last->id == transform->id;
        if (!is_second_length) {
            text_add(text, "%s", last != NULL ? "+" : "");
            transform_text(text, transform);
        }
        last = transform;
    }
}

static size_t count_of_type(const struct proposal *proposal, enum transform_type type)
{
    size_t count = 0;
    for (size_t i = 0; i < proposal->transform_count; i++)
        count += proposal->transforms[i].type == type;
    return count;
}

static uint64_t id_bit(uint16_t id)
{
    return id < 64 ? UINT64_C(1) << id : 0;
}

/* Whether integrity says no more than the PRF does: the same hashes. It is not printed then. */
static bool integ_follows_prf(const struct proposal *proposal)
{
    uint64_t expected = 0, found = 0;
    for (size_t i = 0; i < proposal->transform_count; i++) {
        const struct transform *transform = &proposal->transforms[i];
        const struct algorithm *integ = NULL;
        if (transform->type == TRANSFORM_INTEG) {
            found |= id_bit(transform->id);
        } else if (transform->type == TRANSFORM_PRF) {
            const struct algorithm *prf = algorithm_by_id(TRANSFORM_PRF, transform->id);
            integ = prf == NULL ? NULL : algorithm_integ_of_prf(prf);
            if (integ == NULL)
                return false;
            expected |= id_bit(integ->id);
        }
    }
    return expected == found;
}

static void add_part(struct text *text, size_t start, const struct proposal *proposal,
                     enum transform_type type)
{
    if (count_of_type(proposal, type) == 0)
        return;
    text_add(text, "%s", text->size > start ? "-" : "");
    transforms_text(text, proposal, type);
}

void proposal_text(struct text *text, const struct proposal *proposal)
{
    size_t start = text->size;
    add_part(text, start, proposal, TRANSFORM_ENCR);
    add_part(text, start, proposal, TRANSFORM_PRF);
    if (proposal->protocol != PROTOCOL_IKE && count_of_type(proposal, TRANSFORM_INTEG) == 0)
        text_add(text, "-NONE");
    else if (count_of_type(proposal, TRANSFORM_PRF) == 0 ||
             (count_of_type(proposal, TRANSFORM_INTEG) > 0 && !integ_follows_prf(proposal)))
        add_part(text, start, proposal, TRANSFORM_INTEG);
    add_part(text, start, proposal, TRANSFORM_KE);
}

void proposals_text(struct text *text, const struct proposal_list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        text_add(text, "%s", i > 0 ? ", " : "");
        proposal_text(text, &list->proposals[i]);
    }
}

void suite_text(struct text *text, const struct suite *suite)
{
    const char *dash = "";
    if (suite->encr != NULL) {
        text_add(text, "%s", suite->encr->name);
        if (suite->encr->has_key_length)
            text_add(text, "_%u", suite->encr_key_bits);
        dash = "-";
    }
    if (suite->prf != NULL)
        text_add(text, "%s%s", dash, suite->prf->name);
    if (suite->integ != NULL && (suite->prf == NULL || algorithm_integ_of_prf(suite->prf) != suite->integ))
        text_add(text, "%s%s", dash, suite->integ->name);
    else if (suite->protocol == PROTOCOL_ESP)
        text_add(text, "-NONE");
    if (suite->ke != NULL)
        text_add(text, "-%s", suite->ke->name);
}
