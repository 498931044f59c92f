/* Private to src/proposal: one proposal of ours held against one of theirs. */
#ifndef STYX_PROPOSAL_PROPOSAL_MATCH_H
#define STYX_PROPOSAL_PROPOSAL_MATCH_H

#include "proposal/proposal.h"

/* A peer's proposal as sets of transform ids, so that a look-up costs the same however many transforms it
 * has. */
struct offered {
    uint64_t encr[4]; /* without a key length, 128, 192, 256 bits */
    uint64_t by_type[TRANSFORM_ESN + 1];
    unsigned types;       /* 1 << type of every transform, usable or not */
    uint8_t unknown_type; /* a transform type that we do not know; 0 none */
    bool repeats_a_type;
};

/* Indices into our proposal's transforms; NO_TRANSFORM where the type is not used. */
enum { NO_TRANSFORM = 0xff };

struct match {
    uint8_t chosen[TRANSFORM_ESN + 1];
    uint64_t rank;              /* smaller is nearer to our wishes */
    const struct algorithm *ke; /* NULL: none */
    uint8_t failed_type;        /* after a failure: enum transform_type; 0 for the proposal as a whole */
};

struct offered offered_of(const struct proposal *theirs);

/* is_answer: theirs is the answer to our offer, which holds nothing that we did not offer. */
bool match_proposals(const struct proposal_offer *offer, const struct proposal *ours,
                     const struct proposal *theirs, const struct offered *offered, uint16_t preferred_ke,
                     bool is_answer, struct match *match);

/* Always false: why nothing matched, what they offer and what we accept. */
bool explain_mismatch(const struct proposal_offer *ours, const struct proposal_list *theirs, bool is_answer,
                      struct error *error);

#endif
