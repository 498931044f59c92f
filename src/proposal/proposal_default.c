/*
 * What a user need not write: the default proposals, and the completion of a proposal that names only some of
 * its transforms. AEADs take no integrity algorithm (RFC 5282 8); a PRF and an integrity algorithm of the
 * same hash go together.
 */
#include "proposal/proposal_build.h"

#include <stdlib.h>
#include <string.h>

/* key_bits 0 of an algorithm that needs a length: its longest and its default one. id 0 ends a list. */
struct choice {
    uint16_t id;
    uint16_t key_bits;
};

enum {
    KE_MODP1536 = 5,
    KE_MODP3072 = 15,
    KE_MODP4096 = 16,
    KE_MODP8192 = 18,
    KE_ECP384 = 20,
    KE_ECP521 = 21
};

static const struct choice ikev2_encr[] = {
    {ENCR_AES_GCM_16, 256}, {ENCR_AES_GCM_16, 128}, {ENCR_CHACHA20_POLY1305, 0},
    {ENCR_AES_CBC, 256},    {ENCR_AES_CBC, 128},    {0, 0},
};
static const struct choice ikev2_prf[] = {{PRF_HMAC_SHA2_512, 0}, {PRF_HMAC_SHA2_256, 0}, {0, 0}};
static const struct choice ikev2_integ[] = {
    {INTEG_HMAC_SHA2_512_256, 0}, {INTEG_HMAC_SHA2_256_128, 0}, {0, 0}};
static const struct choice ikev2_ke[] = {
    {KE_ECP256, 0},   {KE_ECP384, 0},   {KE_ECP521, 0},   {KE_X25519, 0}, {KE_MODP4096, 0},
    {KE_MODP3072, 0}, {KE_MODP2048, 0}, {KE_MODP8192, 0}, {0, 0},
};
static const struct choice ikev1_ike_encr[] = {{ENCR_AES_CBC, 0}, {ENCR_3DES, 0}, {0, 0}};
static const struct choice ikev1_prf[] = {
    {PRF_HMAC_SHA2_256, 0}, {PRF_HMAC_SHA2_512, 0}, {PRF_HMAC_SHA1, 0}, {0, 0}};
static const struct choice ikev1_ke[] = {
    {KE_MODP2048, 0}, {KE_MODP1536, 0}, {KE_ECP256, 0}, {KE_X25519, 0}, {0, 0}};
static const struct choice ikev1_esp_encr[] = {
    {ENCR_AES_CBC, 0}, {ENCR_AES_GCM_16, 128}, {ENCR_AES_GCM_16, 256}, {ENCR_3DES, 0}, {0, 0},
};
static const struct choice ikev1_integ[] = {
    {INTEG_HMAC_SHA1_96, 0},
    {INTEG_HMAC_SHA2_512_256, 0},
    {INTEG_HMAC_SHA2_256_128, 0},
    {0, 0},
};

/* The default choices of a type; NULL when the protocol does not need the type. */
static const struct choice *default_choices(const struct builder *builder, enum transform_type type)
{
    bool is_ikev1 = builder->flags & PROPOSAL_IKEV1;
    bool is_ike = builder->protocol == PROTOCOL_IKE;
    switch (type) {
    case TRANSFORM_ENCR:
        if (builder->protocol == PROTOCOL_AH)
            return NULL;
        return !is_ikev1 ? ikev2_encr : is_ike ? ikev1_ike_encr : ikev1_esp_encr;
    case TRANSFORM_PRF:
        return !is_ike ? NULL : is_ikev1 ? ikev1_prf : ikev2_prf;
    case TRANSFORM_INTEG:
        return is_ikev1 ? ikev1_integ : ikev2_integ;
    case TRANSFORM_KE:
        return !is_ike ? NULL : is_ikev1 ? ikev1_ke : ikev2_ke;
    case TRANSFORM_ESN:
        break;
    }
    return NULL;
}

static bool too_many_transforms(const struct builder *builder)
{
    return builder_fail(builder, 0, "a proposal has more than %d transforms", PROPOSAL_TRANSFORM_LIMIT);
}

/* Adds the algorithm if this build runs it; otherwise the default goes without it. */
static bool add_choice(const struct builder *builder, struct draft *draft, enum transform_type type,
                       const struct choice *choice, bool *ret_added)
{
    const struct algorithm *algorithm = algorithm_by_id(type, choice->id);
    *ret_added = algorithm != NULL && algorithm_is_allowed(algorithm, builder->protocol, builder->flags);
    if (!*ret_added)
        return true;
    bool fits = type == TRANSFORM_ENCR
                    ? draft_add_encr(draft, algorithm, choice->key_bits)
                    : draft_add(draft, (struct transform){.type = (uint8_t)type, .id = choice->id});
    return fits || too_many_transforms(builder);
}

static bool add_all_choices(const struct builder *builder, struct draft *draft, enum transform_type type)
{
    const struct choice *choices = default_choices(builder, type);
    bool added = false;
    for (; choices != NULL && choices->id != 0; choices++)
        if (!add_choice(builder, draft, type, choices, &added))
            return false;
    return true;
}

static void sort_by_type(struct draft *draft)
{
    struct transform sorted[PROPOSAL_TRANSFORM_LIMIT];
    size_t count = 0;
    for (uint8_t type = TRANSFORM_ENCR; type <= TRANSFORM_ESN; type++)
        for (size_t i = 0; i < draft->count; i++)
            if (draft->transforms[i].type == type)
                sorted[count++] = draft->transforms[i];
    memcpy(draft->transforms, sorted, count * sizeof(*sorted));
}

static bool has_same_transforms(const struct draft *draft, const struct transform *others)
{
    for (size_t i = 0; i < draft->count; i++) {
        const struct transform *one = &draft->transforms[i], *other = &others[i];
        if (one->type != other->type || one->id != other->id || one->key_bits != other->key_bits ||
            one->is_any_length != other->is_any_length)
            return false;
    }
    return true;
}

static bool is_repeated(const struct builder *builder, const struct draft *draft)
{
    const struct transform *transforms = builder->transforms;
    for (size_t i = 0; i < builder->proposal_count; i++) {
        uint16_t count = builder->proposals[i].transform_count;
        if (count == draft->count && has_same_transforms(draft, transforms))
            return true;
        transforms += count;
    }
    return false;
}

/* Appends the finished proposal, its transforms in the order of their types; one that is there already, not
 * again. */
static bool builder_append(struct builder *builder, struct draft *draft)
{
    sort_by_type(draft);
    if (is_repeated(builder, draft))
        return true;
    if (builder->proposal_count == PROPOSAL_LIMIT)
        return builder_fail(builder, 0, "more than %d proposals", PROPOSAL_LIMIT);
    struct proposal *proposal = &builder->proposals[builder->proposal_count++];
    *proposal = (struct proposal){
        .number = (uint8_t)builder->proposal_count,
        .protocol = (uint8_t)builder->protocol,
        .transform_count = draft->count,
    };
    memcpy(&builder->transforms[builder->transform_count], draft->transforms,
           draft->count * sizeof(*draft->transforms));
    builder->transform_count += draft->count;
    return true;
}

static void draft_remove(struct draft *draft, enum transform_type type)
{
    uint16_t kept = 0;
    for (size_t i = 0; i < draft->count; i++)
        if (draft->transforms[i].type != type)
            draft->transforms[kept++] = draft->transforms[i];
    draft->count = kept;
}

static const char *transform_name(const struct transform *transform)
{
    const struct algorithm *algorithm = algorithm_by_id((enum transform_type)transform->type, transform->id);
    return algorithm == NULL ? "?" : algorithm->name;
}

static bool draft_names_none(const struct draft *draft, enum transform_type type)
{
    for (size_t i = 0; i < draft->count; i++)
        if (draft->transforms[i].type == type && draft->transforms[i].id == 0)
            return true;
    return false;
}

/* AEADs and other ciphers need different integrity algorithms, so a proposal has only the one kind. */
static bool check_encr(const struct builder *builder, const struct draft *draft, bool *ret_is_aead)
{
    const struct transform *aead = NULL, *other = NULL;
    for (size_t i = 0; i < draft->count; i++) {
        const struct transform *transform = &draft->transforms[i];
        if (transform->type != TRANSFORM_ENCR)
            continue;
        if (algorithm_by_id(TRANSFORM_ENCR, transform->id)->is_aead)
            aead = transform;
        else
            other = transform;
    }
    if (aead != NULL && other != NULL)
        return builder_fail(
            builder, draft->offset[TRANSFORM_ENCR],
            "%s, an AEAD, and %s need different integrity algorithms; write two proposals with \",\"",
            transform_name(aead), transform_name(other));
    *ret_is_aead = aead != NULL;
    return true;
}

static bool complete_aead_integ(const struct builder *builder, struct draft *draft)
{
    for (size_t i = 0; i < draft->count; i++)
        if (draft->transforms[i].type == TRANSFORM_INTEG && draft->transforms[i].id != INTEG_NONE)
            return builder_fail(builder, draft->offset[TRANSFORM_INTEG],
                                "%s is an AEAD and takes no integrity algorithm, but %s is named",
                                transform_name(draft_first(draft, TRANSFORM_ENCR)),
                                transform_name(&draft->transforms[i]));
    draft_remove(draft, TRANSFORM_INTEG);
    return true;
}

/* Adds the algorithm of the same hash for every transform of the other type. */
static bool derive_hash(const struct builder *builder, struct draft *draft, enum transform_type from,
                        enum transform_type to)
{
    uint16_t count = draft->count;
    for (size_t i = 0; i < count; i++) {
        const struct transform *transform = &draft->transforms[i];
        if (transform->type != from)
            continue;
        const struct algorithm *algorithm = algorithm_by_id(from, transform->id);
        const struct algorithm *derived =
            from == TRANSFORM_PRF ? algorithm_integ_of_prf(algorithm) : algorithm_prf_of_integ(algorithm);
        if (derived == NULL || !algorithm_is_allowed(derived, builder->protocol, builder->flags))
            return builder_fail(builder, draft->offset[from], "%s needs %s named with it", algorithm->name,
                                to == TRANSFORM_INTEG ? "an integrity algorithm" : "a PRF");
        if (!draft_add(draft, (struct transform){.type = (uint8_t)to, .id = derived->id}))
            return too_many_transforms(builder);
    }
    return true;
}

static bool complete_integ(const struct builder *builder, struct draft *draft, bool is_aead)
{
    if (is_aead)
        return complete_aead_integ(builder, draft);
    bool may_lack = (builder->flags & PROPOSAL_WITH_AH) && builder->protocol == PROTOCOL_ESP;
    if (may_lack && draft_names_none(draft, TRANSFORM_INTEG))
        return true;
    if (draft_names_none(draft, TRANSFORM_INTEG)) {
        const struct transform *encr = draft_first(draft, TRANSFORM_ENCR);
        return builder_fail(builder, draft->offset[TRANSFORM_INTEG],
                            "%s cannot go without an integrity algorithm",
                            encr == NULL ? "AH" : transform_name(encr));
    }
    if (draft_first(draft, TRANSFORM_INTEG) != NULL)
        return true;
    if (draft_first(draft, TRANSFORM_PRF) != NULL)
        return derive_hash(builder, draft, TRANSFORM_PRF, TRANSFORM_INTEG);
    return add_all_choices(builder, draft, TRANSFORM_INTEG);
}

static bool complete_prf(const struct builder *builder, struct draft *draft)
{
    if (builder->protocol != PROTOCOL_IKE || draft_first(draft, TRANSFORM_PRF) != NULL)
        return true;
    const struct transform *integ = draft_first(draft, TRANSFORM_INTEG);
    if (integ != NULL && integ->id != INTEG_NONE)
        return derive_hash(builder, draft, TRANSFORM_INTEG, TRANSFORM_PRF);
    return add_all_choices(builder, draft, TRANSFORM_PRF);
}

static bool complete_ke(const struct builder *builder, struct draft *draft)
{
    const struct transform *ke = draft_first(draft, TRANSFORM_KE);
    if (builder->protocol == PROTOCOL_IKE) {
        if (draft_names_none(draft, TRANSFORM_KE))
            return builder_fail(builder, draft->offset[TRANSFORM_KE], "an IKE SA needs a key exchange");
        return ke != NULL || add_all_choices(builder, draft, TRANSFORM_KE);
    }
    if (ke != NULL && !(builder->flags & PROPOSAL_PFS))
        draft_remove(draft, TRANSFORM_KE); /* proposals_ignored_ke() tells of it */
    return true;
}

/* Extended sequence numbers are preferred where both are allowed (RFC 4303 2.2.1). IKEv1 does not negotiate
 * them. */
static bool complete_esn(const struct builder *builder, struct draft *draft)
{
    unsigned either = PROPOSAL_ESN_NO | PROPOSAL_ESN_YES;
    unsigned allowed = builder->flags & either ? builder->flags & either : either;
    if (builder->protocol == PROTOCOL_IKE || (builder->flags & PROPOSAL_IKEV1) ||
        draft_first(draft, TRANSFORM_ESN) != NULL)
        return true;
    bool fits = true;
    if (allowed & PROPOSAL_ESN_YES)
        fits = draft_add(draft, (struct transform){.type = TRANSFORM_ESN, .id = ESN_YES});
    if (allowed & PROPOSAL_ESN_NO)
        fits = fits && draft_add(draft, (struct transform){.type = TRANSFORM_ESN, .id = ESN_NO});
    return fits || too_many_transforms(builder);
}

static bool complete_and_append(struct builder *builder, const struct draft *given)
{
    struct draft draft = *given;
    bool is_aead = false;
    return check_encr(builder, &draft, &is_aead) && complete_prf(builder, &draft) &&
           complete_integ(builder, &draft, is_aead) && complete_ke(builder, &draft) &&
           complete_esn(builder, &draft) && builder_append(builder, &draft);
}

/* IKEv1's defaults for ESP's integrity are not for the AEADs among its encryption algorithms. */
static bool is_needed(const struct draft *draft, enum transform_type type)
{
    if (draft_first(draft, type) != NULL)
        return false;
    if (type != TRANSFORM_INTEG)
        return true;
    const struct transform *encr = draft_first(draft, TRANSFORM_ENCR);
    return draft_first(draft, TRANSFORM_PRF) == NULL &&
           (encr == NULL || !algorithm_by_id(TRANSFORM_ENCR, encr->id)->is_aead);
}

/* One proposal for each default of the listed types that the draft does not name; the first type varies
 * slowest. */
static bool multiply(struct builder *builder, const struct draft *draft, const enum transform_type *types)
{
    if (*types == 0)
        return complete_and_append(builder, draft);
    const struct choice *choice = default_choices(builder, *types);
    if (choice == NULL || !is_needed(draft, *types))
        return multiply(builder, draft, types + 1);
    for (; choice->id != 0; choice++) {
        struct draft copy = *draft;
        bool added = false;
        if (!add_choice(builder, &copy, *types, choice, &added) ||
            (added && !multiply(builder, &copy, types + 1)))
            return false;
    }
    return true;
}

bool builder_complete(struct builder *builder, const struct draft *draft)
{
    static const enum transform_type none = (enum transform_type)0;
    static const enum transform_type ikev2[] = {TRANSFORM_ENCR, none};
    static const enum transform_type ikev1_ike[] = {TRANSFORM_KE, TRANSFORM_PRF, TRANSFORM_ENCR, none};
    static const enum transform_type ikev1_child[] = {TRANSFORM_ENCR, TRANSFORM_INTEG, none};
    bool is_ikev1 = builder->flags & PROPOSAL_IKEV1;
    if (!multiply(builder, draft,
                  !is_ikev1                           ? ikev2
                  : builder->protocol == PROTOCOL_IKE ? ikev1_ike
                                                      : ikev1_child))
        return false;
    return builder->proposal_count > 0 ||
           builder_fail(builder, 0, "this build can run none of the default algorithms that it leaves open");
}

struct proposal_list *proposals_default(enum security_protocol protocol, unsigned flags)
{
    struct builder *builder = builder_make(protocol, flags, NULL, NULL);
    if (builder == NULL)
        return NULL;
    static const struct draft empty;
    struct proposal_list *list = builder_complete(builder, &empty) ? builder_finish(builder) : NULL;
    free(builder);
    return list;
}
