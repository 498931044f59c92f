/* phase2=, esp=, ah= and phase2alg= -> the proposals of the IPsec SAs of a connection; the checks of all
 * proposals. */
#include "config/spec_detail.h"
#include "config/value.h"

#include <stdlib.h>
#include <strings.h>

enum { BIT_AH = 1 << PROTOCOL_AH, BIT_ESP = 1 << PROTOCOL_ESP };

/* ---- the keywords ---- */

/* Parsed here for the place of an error, and once more when keyexchange=, pfs= and esn= are known. What one
 * version of IKE takes, or a bundle, is fine here. */
bool spec_set_proposals(char **slot, enum security_protocol protocol, const char *value, struct error *error)
{
    const unsigned ikev1 = PROPOSAL_PFS | PROPOSAL_IKEV1;
    struct proposal_list *list = proposals_parse(protocol, PROPOSAL_PFS, value, error);
    if (list == NULL)
        list = proposals_parse(protocol, ikev1, value, NULL);
    if (list == NULL)
        list = proposals_parse(protocol, ikev1 | PROPOSAL_WITH_AH, value, NULL);
    if (list == NULL)
        return false;
    proposals_free(list);
    char *copy = strdup(value);
    if (copy == NULL)
        return error_set(error, -1, "out of memory");
    free(*slot);
    *slot = copy;
    return true;
}

bool spec_set_esp(struct spec_builder *builder, const char *value, struct error *error)
{
    return spec_set_proposals(&builder->esp_text, PROTOCOL_ESP, value, error);
}

bool spec_set_ah(struct spec_builder *builder, const char *value, struct error *error)
{
    return spec_set_proposals(&builder->ah_text, PROTOCOL_AH, value, error);
}

/* What it means depends on phase2=, which may come later. */
bool spec_set_phase2alg(struct spec_builder *builder, const char *value, struct error *error)
{
    return spec_set_proposals(&builder->phase2alg_text, PROTOCOL_AH, value, NULL) ||
           spec_set_proposals(&builder->phase2alg_text, PROTOCOL_ESP, value, error);
}

/* esp, ah, or both in any order with "+" or "," between them. */
bool spec_set_phase2(struct spec_builder *builder, const char *value, struct error *error)
{
    unsigned protocols = 0;
    for (const char *at = value;;) {
        size_t length = strcspn(at, "+,");
        if (length == 3 && strncasecmp(at, "esp", length) == 0)
            protocols |= BIT_ESP;
        else if (length == 2 && strncasecmp(at, "ah", length) == 0)
            protocols |= BIT_AH;
        else
            return error_set(error, (int)(at - value), "expected esp, ah or ah+esp");
        if (at[length] == '\0')
            break;
        at += length + 1;
    }
    builder->phase2 = protocols;
    return true;
}

/* ---- the whole ---- */

/* phase2alg= is what esp= or ah= is. */
static bool settle_phase2alg(struct spec_builder *builder, struct error *error)
{
    bool is_ah = builder->phase2 == BIT_AH;
    char **slot = is_ah ? &builder->ah_text : &builder->esp_text;
    if (builder->phase2alg_text == NULL)
        return true;
    if (*slot != NULL)
        return error_set(error, -1, "%s= and phase2alg= say the same; remove one of them",
                         is_ah ? "ah" : "esp");
    *slot = builder->phase2alg_text;
    builder->phase2alg_text = NULL;
    return true;
}

/* Without phase2= the algorithms tell. */
static bool settle_protocols(struct spec_builder *builder, struct error *error)
{
    if (builder->phase2 == 0) {
        if (builder->ah_text != NULL && (builder->esp_text != NULL || builder->phase2alg_text != NULL))
            return error_set(error, -1,
                             "esp= and ah= are both given: write phase2=esp, phase2=ah, or phase2=ah+esp "
                             "(IKEv1) for ESP with AH around it");
        builder->phase2 = builder->ah_text != NULL ? BIT_AH : BIT_ESP;
    }
    if (!settle_phase2alg(builder, error))
        return false;
    bool is_esp_idle = builder->esp_text != NULL && (builder->phase2 & BIT_ESP) == 0;
    bool is_ah_idle = builder->ah_text != NULL && (builder->phase2 & BIT_AH) == 0;
    return (!is_esp_idle && !is_ah_idle) ||
           error_set(error, -1, "%s= has no place beside phase2=%s; remove one of them",
                     is_esp_idle ? "esp" : "ah", is_esp_idle ? "ah" : "esp");
}

struct proposal_list *spec_make_proposals(enum security_protocol protocol, unsigned flags, const char *text,
                                          struct error *error)
{
    struct proposal_list *list =
        text != NULL ? proposals_parse(protocol, flags, text, error) : proposals_default(protocol, flags);
    if (list == NULL && text == NULL)
        error_set(error, -1, "out of memory");
    return list;
}

/* What is only for peers that know nothing better. */
void spec_warn_of_weak(const struct spec_builder *builder, const struct proposal_list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        const struct proposal *proposal = &list->proposals[i];
        for (size_t j = 0; j < proposal->transform_count; j++) {
            const struct transform *transform = &proposal->transforms[j];
            const struct algorithm *algorithm =
                algorithm_by_id((enum transform_type)transform->type, transform->id);
            if (algorithm != NULL && algorithm->is_weak)
                warning_send(builder->warnings,
                             "conn \"%s\": %s is weak and can be broken; use it only for a "
                             "peer that knows nothing better",
                             builder->spec->name, algorithm->name);
        }
    }
}

static void warn_of_ignored_ke(const struct spec_builder *builder, enum security_protocol protocol,
                               unsigned flags, const char *text)
{
    const struct algorithm *ke = text != NULL ? proposals_ignored_ke(protocol, flags, text) : NULL;
    if (ke != NULL)
        warning_send(builder->warnings, "\"%s\": ignoring %s DH algorithm %s as PFS policy is disabled",
                     builder->spec->name, protocol == PROTOCOL_AH ? "AH" : "ESP", ke->name);
}

static struct proposal_list *make_checked(const struct spec_builder *builder, enum security_protocol protocol,
                                          unsigned flags, struct error *error)
{
    const char *text = protocol == PROTOCOL_AH ? builder->ah_text : builder->esp_text;
    struct proposal_list *list = spec_make_proposals(protocol, flags, text, error);
    if (list == NULL)
        return NULL;
    warn_of_ignored_ke(builder, protocol, flags, text);
    spec_warn_of_weak(builder, list);
    return list;
}

bool spec_finish_phase2(struct spec_builder *builder, unsigned flags, struct error *error)
{
    struct connection_spec *spec = builder->spec;
    if (!settle_protocols(builder, error))
        return false;
    bool is_bundle = builder->phase2 == (BIT_AH | BIT_ESP);
    spec->protocol = builder->phase2 == BIT_AH ? PROTOCOL_AH : PROTOCOL_ESP;
    unsigned child_flags = is_bundle ? flags | PROPOSAL_WITH_AH : flags;
    spec->child_proposals = make_checked(builder, spec->protocol, child_flags, error);
    if (spec->child_proposals == NULL || !is_bundle)
        return spec->child_proposals != NULL;
    spec->ah_proposals = make_checked(builder, PROTOCOL_AH, flags, error);
    return spec->ah_proposals != NULL;
}
