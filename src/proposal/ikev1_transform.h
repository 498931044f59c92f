/* Private to src/proposal: one transform of an IKEv1 SA payload and its attributes. */
#ifndef STYX_PROPOSAL_IKEV1_TRANSFORM_H
#define STYX_PROPOSAL_IKEV1_TRANSFORM_H

#include "proposal/ikev1_sa.h"
#include "wire/ikev1_parse.h"

struct ikev1_transform {
    struct bytes whole;
    uint8_t number, id;
    uint16_t key_bits, auth_method, group, encapsulation_mode;
    uint16_t encryption; /* phase 1 */
    uint16_t hash;       /* phase 1: hash; phase 2: authentication algorithm */
    uint32_t lifetime_seconds, lifetime_kilobytes;
    bool is_unusable; /* an attribute that we do not know, or one that makes no sense */
};

/* The suites that the lists of an offer stand for: those of its protocol, and of the AH around it. */
size_t ikev1_expand(const struct ikev1_offer *offer, struct suite out[static IKEV1_SUITE_LIMIT]);
size_t ikev1_expand_ah(const struct ikev1_offer *offer, struct suite out[static IKEV1_SUITE_LIMIT]);

void ikev1_transform_write(struct writer *writer, const struct ikev1_offer *offer, const struct suite *suite,
                           uint8_t number, bool is_last);
/* IPComp's only one: deflate (RFC 2407 4.4.5, RFC 3173 4.1). */
void ikev1_transform_write_deflate(struct writer *writer, const struct ikev1_offer *offer,
                                   const struct algorithm *group);
/* False when it is malformed. */
bool ikev1_transform_read(struct reader *reader, enum security_protocol protocol,
                          struct ikev1_transform *out);
/* The drafts' numbers and the RFC's mean the same. */
uint16_t ikev1_plain_mode(uint16_t mode);
/* Whether theirs is this suite of ours; suite->ke becomes theirs where ours may be any. */
bool ikev1_transform_fits(const struct ikev1_offer *ours, struct suite *suite,
                          const struct ikev1_transform *theirs, bool is_answer);
/* Whether theirs can stand beside the chosen one: of AH with this algorithm, or (NULL) IPComp with deflate.
 */
bool ikev1_transform_goes_with(const struct ikev1_offer *ours, const struct suite *chosen,
                               const struct algorithm *ah_integ, const struct ikev1_transform *theirs,
                               bool is_answer);
/* What, beside the algorithms, is not as we want it in any of the peer's transforms. */
struct ikev1_misfit {
    bool some_fit;
    uint16_t theirs; /* of the last one: authentication method, or encapsulation mode */
};
void ikev1_misfit_note(struct ikev1_misfit *misfit, const struct ikev1_offer *ours,
                       const struct ikev1_transform *theirs);
/* False: it is the algorithms. */
bool ikev1_misfit_tell(const struct ikev1_misfit *misfit, const struct ikev1_offer *ours,
                       struct error *error);
/* AES_CBC_128-HMAC_SHA1-MODP2048; index: how many stand before it. */
void ikev1_transform_text(struct text *text, const struct ikev1_transform *transform, unsigned index);

#endif
