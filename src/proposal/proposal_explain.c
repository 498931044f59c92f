/* Why no proposal of theirs is acceptable: the first thing that did not match in the pair that came nearest.
 */
#include "proposal/proposal_build.h"
#include "proposal/proposal_match.h"

struct nearest {
    const struct proposal *ours;
    const struct proposal *theirs;
    struct offered offered;
    uint8_t failed_type;
};

static struct nearest find_nearest(const struct proposal_offer *ours, const struct proposal_list *theirs,
                                   bool is_answer)
{
    struct nearest nearest = {.ours = &ours->list->proposals[0], .theirs = &theirs->proposals[0]};
    nearest.offered = offered_of(nearest.theirs);
    for (size_t t = 0; t < theirs->count; t++) {
        struct offered offered = offered_of(&theirs->proposals[t]);
        for (size_t i = 0; i < ours->list->count; i++) {
            struct match match;
            match_proposals(ours, &ours->list->proposals[i], &theirs->proposals[t], &offered, KE_NONE,
                            is_answer, &match);
            if (match.failed_type > nearest.failed_type)
                nearest = (struct nearest){&ours->list->proposals[i], &theirs->proposals[t], offered,
                                           match.failed_type};
        }
    }
    return nearest;
}

static void our_transforms_text(struct text *text, const struct proposal_offer *offer,
                                const struct proposal *ours, enum transform_type type)
{
    size_t start = text->size;
    if (type != TRANSFORM_KE || !offer->omit_ke)
        transforms_text(text, ours, type);
    if (text->size == start && type == TRANSFORM_KE && !offer->omit_ke && offer->add_ke != NULL)
        text_add(text, "%s", offer->add_ke->name);
    if (text->size == start)
        text_add(text, "none");
}

/* What all proposals of ours accept that fail at the same type as the nearest; equal texts once. */
static void accepted_text(struct text *text, const struct proposal_offer *offer,
                          const struct nearest *nearest, bool is_answer)
{
    enum transform_type type = (enum transform_type)nearest->failed_type;
    char last[128] = "";
    for (size_t i = 0; i < offer->list->count; i++) {
        const struct proposal *ours = &offer->list->proposals[i];
        struct match match;
        char buffer[128];
        struct text part = text_of(buffer, sizeof(buffer));
        match_proposals(offer, ours, nearest->theirs, &nearest->offered, KE_NONE, is_answer, &match);
        if (match.failed_type != type)
            continue;
        our_transforms_text(&part, offer, ours, type);
        if (strcmp(last, buffer) == 0)
            continue;
        text_add(text, "%s%s", last[0] != '\0' ? " or " : "", buffer);
        memcpy(last, buffer, sizeof(last));
    }
}

static const char *protocol_name(uint8_t protocol)
{
    static const char *const names[] = {"no protocol", "IKE", "AH", "ESP"};
    return protocol < ARRAY_SIZE(names) ? names[protocol] : "an unknown protocol";
}

static void whole_proposal_text(struct text *text, const struct proposal_offer *offer,
                                const struct nearest *nearest)
{
    if (nearest->theirs->protocol != nearest->ours->protocol)
        text_add(text, "they offer %s; we accept %s", protocol_name(nearest->theirs->protocol),
                 protocol_name(nearest->ours->protocol));
    else if (nearest->theirs->spi_size != offer->spi.size)
        text_add(text, "they offer an SPI of %u bytes; we accept %zu", nearest->theirs->spi_size,
                 offer->spi.size);
    else
        text_add(text, "they require transform type %u, which is unknown here",
                 nearest->offered.unknown_type);
}

static void reason_text(struct text *text, const struct proposal_offer *offer, const struct nearest *nearest,
                        bool is_answer)
{
    static const char *const names[] = {"", "encryption", "PRF", "integrity", "DH", "sequence numbers"};
    if (nearest->failed_type == 0) {
        whole_proposal_text(text, offer, nearest);
        return;
    }
    char theirs[160], accepted[160];
    struct text their_text = text_of(theirs, sizeof(theirs));
    struct text our_text = text_of(accepted, sizeof(accepted));
    transforms_text(&their_text, nearest->theirs, (enum transform_type)nearest->failed_type);
    accepted_text(&our_text, offer, nearest, is_answer);
    text_add(text, "they offer %s %s; we accept %s", names[nearest->failed_type],
             theirs[0] == '\0' ? "none" : theirs, accepted);
}

bool explain_mismatch(const struct proposal_offer *ours, const struct proposal_list *theirs, bool is_answer,
                      struct error *error)
{
    if (error == NULL)
        return false;
    char buffer[ERROR_TEXT_SIZE];
    struct text text = text_of(buffer, sizeof(buffer));
    if (ours->list->count == 0)
        return error_set(error, 0, "we have no proposal");
    struct nearest nearest = find_nearest(ours, theirs, is_answer);
    reason_text(&text, ours, &nearest, is_answer);
    text_add(&text, " (theirs:");
    for (size_t i = 0; i < theirs->count && text.size + 1 < text.capacity; i++) {
        text_add(&text, "%s %u:", i > 0 ? "," : "", theirs->proposals[i].number);
        proposal_text(&text, &theirs->proposals[i]);
    }
    text_add(&text, "; ours: ");
    proposals_text(&text, ours->list);
    text_add(&text, ")");
    return error_set(error, 0, "%s", buffer);
}
