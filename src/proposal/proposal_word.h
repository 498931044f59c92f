/* Private to src/proposal: one word of an algorithm string. */
#ifndef STYX_PROPOSAL_PROPOSAL_WORD_H
#define STYX_PROPOSAL_PROPOSAL_WORD_H

#include "proposal/proposal_build.h"

/* Offsets in the builder's text. */
struct word {
    size_t start;
    size_t end;
};

/* What this name is known as: a bit 1 << enum transform_type each; 0 when unknown. */
unsigned word_types(const char *name, size_t length);

/* Adds the transforms of this type that the word names. */
bool word_add_transforms(const struct builder *builder, struct draft *draft, enum transform_type type,
                         struct word word);

/* All false. "WORD" REASON; an empty word is one that is missing. */
bool word_fail(const struct builder *builder, struct word word, const char *reason);
/* The word is unknown, or known but not as one of `expected`; expected 0: nothing may stand here. */
bool word_fail_expected(const struct builder *builder, struct word word, unsigned expected);

#endif
