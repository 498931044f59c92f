/* Proposals without what cannot be carried out. */
#include "proposal/proposal.h"

static unsigned types_of(const struct proposal *proposal)
{
    unsigned types = 0;
    for (size_t i = 0; i < proposal->transform_count; i++)
        types |= 1u << proposal->transforms[i].type;
    return types;
}

/* False: a type of transform has none left. */
static bool keep_transforms(struct proposal *proposal,
                            bool (*keeps)(const void *context, const struct transform *transform),
                            const void *context)
{
    unsigned types = types_of(proposal);
    uint16_t kept = 0;
    for (size_t i = 0; i < proposal->transform_count; i++)
        if (keeps(context, &proposal->transforms[i]))
            proposal->transforms[kept++] = proposal->transforms[i];
    proposal->transform_count = kept;
    return types_of(proposal) == types;
}

void proposals_keep(struct proposal_list *list,
                    bool (*keeps)(const void *context, const struct transform *transform),
                    const void *context)
{
    uint16_t kept = 0;
    for (size_t i = 0; i < list->count; i++) {
        struct proposal proposal = list->proposals[i];
        if (!keep_transforms(&proposal, keeps, context))
            continue;
        proposal.number = (uint8_t)(kept + 1);
        list->proposals[kept++] = proposal;
    }
    list->count = kept;
}

bool proposals_name(const struct proposal_list *list, const struct algorithm *algorithm)
{
    for (size_t i = 0; i < list->count; i++)
        for (size_t j = 0; j < list->proposals[i].transform_count; j++)
            if (list->proposals[i].transforms[j].type == algorithm->type &&
                list->proposals[i].transforms[j].id == algorithm->id)
                return true;
    return false;
}
