/* Private to src/proposal: proposals on their way from text or from the defaults into an immutable list. */
#ifndef STYX_PROPOSAL_PROPOSAL_BUILD_H
#define STYX_PROPOSAL_PROPOSAL_BUILD_H

#include "proposal/proposal.h"

enum { TRANSFORM_TYPES = TRANSFORM_ESN + 1 };

/* One proposal as the user wrote it, before what is missing is filled in. */
struct draft {
    size_t offset[TRANSFORM_TYPES]; /* where in the text the transforms of a type stand, for errors */
    uint16_t count;
    struct transform transforms[PROPOSAL_TRANSFORM_LIMIT];
};

/* All of a list while it grows; thrown away when the list is made. */
struct builder {
    enum security_protocol protocol;
    unsigned flags;   /* enum proposal_flags */
    const char *text; /* what errors quote; NULL for defaults */
    struct error *error;
    uint16_t proposal_count;
    size_t transform_count;
    struct proposal proposals[PROPOSAL_LIMIT];
    struct transform transforms[PROPOSAL_LIMIT * PROPOSAL_TRANSFORM_LIMIT];
};

/* NULL when out of memory; released with free(). */
struct builder *builder_make(enum security_protocol protocol, unsigned flags, const char *text,
                             struct error *error);
/* The list in one heap block; NULL when out of memory. */
struct proposal_list *builder_finish(const struct builder *builder);
/* Fills the error: keyword and text quoted, `offset` as its code. Returns false. */
bool builder_fail(const struct builder *builder, size_t offset, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Repeated transforms are dropped. False when there are too many. */
bool draft_add(struct draft *draft, struct transform transform);
/* An encryption algorithm; key_bits 0 for one that needs a length adds its longest and its default length. */
bool draft_add_encr(struct draft *draft, const struct algorithm *encr, uint16_t key_bits);
/* The first transform of this type; NULL when there is none. */
const struct transform *draft_first(const struct draft *draft, enum transform_type type);

/* Whether this build runs the algorithm in this protocol and IKE version. */
bool algorithm_is_allowed(const struct algorithm *algorithm, enum security_protocol protocol, unsigned flags);

/* Checks the draft, fills in what it does not name from the defaults and adds the result, one proposal or
 * more. */
bool builder_complete(struct builder *builder, const struct draft *draft);

/* ike, esp, ah */
const char *protocol_keyword(enum security_protocol protocol);

/* Names of a list's transforms of one type, joined by '+'; nothing when there are none. */
void transforms_text(struct text *text, const struct proposal *proposal, enum transform_type type);
void transform_text(struct text *text, const struct transform *transform);
void proposal_text(struct text *text, const struct proposal *proposal);

#endif
