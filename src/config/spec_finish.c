/* A connection when all its keywords are known: what follows from one another, what fits together, what the
 * user should know. */
#include <stdio.h>
#include <stdlib.h>

#include "config/spec_detail.h"
#include "config/value.h"

enum { NAME_SHOWN_MAX = 160 };

/* Those without a protocol of their own have protoport=. */
static void apply_protoport(const struct end_spec *end, struct selector *clients, size_t count,
                            const bool *has_protoport)
{
    for (size_t i = 0; i < count; i++) {
        struct ip_prefix prefix;
        if (!has_protoport[i] && range_is_prefix(&clients[i].range, &prefix))
            clients[i] = selector_of_prefix(&prefix, end->protocol, end->port);
    }
}

static void finish_end(struct spec_builder *builder, struct end_spec *end, unsigned which)
{
    const struct client_list *subnets = &builder->subnets[which];
    apply_protoport(end, end->clients, end->client_count, builder->client_has_protoport[which]);
    apply_protoport(end, subnets->clients, subnets->count, subnets->has_protoport);
}

/* A source address without a subnet is the subnet, as ipsec.conf(5) has it; one of each family, both. */
static bool take_sourceip(struct spec_builder *builder, struct end_spec *end, const char *name)
{
    char text[ADDRESS_TEXT_SIZE];
    end->clients = calloc(CONFIGURATION_FAMILIES, sizeof(*end->clients));
    for (size_t i = 0; end->clients != NULL && i < CONFIGURATION_FAMILIES; i++) {
        if (!address_is_set(&end->sourceip[i]))
            continue;
        struct ip_prefix prefix = prefix_of_address(&end->sourceip[i]);
        end->clients[end->client_count++] = selector_of_prefix(&prefix, end->protocol, end->port);
        warning_send(builder->warnings, "conn \"%s\": %ssourceip= without %ssubnet=: %ssubnet=%s is taken",
                     builder->spec->name, name, name, name, address_text(&prefix.address, text));
    }
    return end->clients != NULL;
}

/* %opportunistic is for everybody. */
static bool default_client(struct spec_builder *builder, struct end_spec *end, unsigned which)
{
    const char *name = which == 0 ? "left" : "right";
    bool is_everybody = end->is_opportunistic && end->host_kind == HOST_ANY;
    bool is_said = end->client_count > 0 || builder->subnets[which].count > 0;
    bool has_source = address_is_set(&end->sourceip[0]) || address_is_set(&end->sourceip[1]);
    if (is_said || (!has_source && !is_everybody))
        return true;
    if (!is_everybody)
        return take_sourceip(builder, end, name);
    end->clients = calloc(1, sizeof(*end->clients));
    if (end->clients == NULL)
        return false;
    bool is_v6 = builder->spec->host_family == IP_V6;
    struct ip_prefix prefix = {.address = {.family = is_v6 ? IP_V6 : IP_V4}};
    end->clients[0] = selector_of_prefix(&prefix, end->protocol, end->port);
    end->client_count = 1;
    return true;
}

static bool finish_proposals(struct spec_builder *builder, struct error *error)
{
    struct connection_spec *spec = builder->spec;
    if (spec->ms_dh_downgrade && spec->pfs_rekey_workaround)
        return error_set(error, -1, "cannot specify both ms-dh-downgrade=yes and pfs-rekey-workaround=yes");
    unsigned esn = builder->esn_flags != 0 ? builder->esn_flags : PROPOSAL_ESN_NO | PROPOSAL_ESN_YES;
    /* Extended sequence numbers stand on the replay window (RFC 4303 2.2.1). */
    if (spec->replay_window == 0 && esn == PROPOSAL_ESN_YES)
        warning_send(builder->warnings, "conn \"%s\": esn=yes has no effect with replay-window=0",
                     spec->name);
    if (spec->replay_window == 0)
        esn = PROPOSAL_ESN_NO;
    spec->esn = (uint8_t)esn;
    unsigned version = spec->ike_version == 1 ? PROPOSAL_IKEV1 : 0;
    if (spec->ike_proposals == NULL)
        spec->ike_proposals = spec_make_proposals(PROTOCOL_IKE, version, builder->ike_text, error);
    if (spec->ike_proposals == NULL ||
        !spec_finish_phase2(builder, (spec->pfs ? PROPOSAL_PFS : 0) | esn | version, error))
        return false;
    spec_warn_of_weak(builder, spec->ike_proposals);
    return true;
}

static bool settle(struct spec_builder *builder, const struct set_aside *aside, struct error *error)
{
    const struct connection_spec *spec = builder->spec;
    char spelling[SPELLING_MAX];
    keyword_spelling(aside->keyword, aside->end, spelling, sizeof(spelling));
    if (aside->keyword->concern == CONCERNS_PUBLIC_KEYS &&
        ((spec->left.auth | spec->right.auth) & AUTH_SIGNATURES) == 0)
        warning_send(builder->warnings,
                     "conn \"%s\": keyword \"%s\" concerns public keys and has no effect with authby=secret",
                     spec->name, spelling);
    else {
        builder->faulty_pair = aside->pair;
        return keyword_refuse_not_yet(aside->keyword, spelling, error);
    }
    return true;
}

static bool settle_all(struct spec_builder *builder, struct error *error)
{
    for (size_t i = 0; i < builder->set_aside_count; i++)
        if (!settle(builder, &builder->set_aside[i], error))
            return false;
    return true;
}

static void set_ikev1_only_aside(struct spec_builder *builder)
{
    struct connection_spec *spec = builder->spec;
    char word[SPELLING_MAX];
    for (const char *cursor = builder->ikev1_only; value_next_word(&cursor, word, sizeof(word));)
        warning_send(builder->warnings, "conn \"%s\": keyword \"%s\" concerns IKEv1 only and has no effect",
                     spec->name, word);
    spec->aggressive = false;
    if (builder->obsolete_in_ikev2[0] == '\0')
        return;
    warning_send(builder->warnings, "conn \"%s\": keyword \"%s\" is obsolete and has no effect", spec->name,
                 builder->obsolete_in_ikev2);
    spec->dpd_action = DPD_ACTION_AUTO;
}

/* A Quick Mode has no extended sequence numbers here. */
static void warn_of_ikev2_only(struct spec_builder *builder)
{
    struct connection_spec *spec = builder->spec;
    const char *keywords[] = {builder->esn_flags == PROPOSAL_ESN_YES ? "esn" : NULL,
                              spec->ms_dh_downgrade ? "ms-dh-downgrade" : NULL,
                              spec->pfs_rekey_workaround ? "pfs-rekey-workaround" : NULL,
                              spec->pam_authorize ? "pam-authorize" : NULL};
    for (size_t i = 0; i < ARRAY_SIZE(keywords); i++)
        if (spec->ike_version == 1 && keywords[i] != NULL)
            warning_send(builder->warnings,
                         "conn \"%s\": keyword \"%s\" concerns IKEv2 only and has no effect", spec->name,
                         keywords[i]);
}

/* See lifecycle_rekey_delay(). */
static void warn_of_margin(const struct spec_builder *builder)
{
    const struct connection_spec *spec = builder->spec;
    const struct {
        const char *keyword;
        usec_t lifetime;
    } lives[] = {{"ikelifetime", spec->ike_lifetime}, {"ipsec-lifetime", spec->ipsec_lifetime}};
    for (size_t i = 0; i < ARRAY_SIZE(lives) && spec->rekey && !connection_spec_is_shunt(spec); i++)
        if (spec->rekey_margin >= lives[i].lifetime)
            warning_send(
                builder->warnings,
                "conn \"%s\": rekeymargin=%llus is not less than %s=%llus: rekeying begins at half of "
                "that",
                spec->name, (unsigned long long)(spec->rekey_margin / USEC_PER_SEC), lives[i].keyword,
                (unsigned long long)(lives[i].lifetime / USEC_PER_SEC));
}

/* Several networks are told to the peer in one SA; of subnets= each pair has its own. */
static bool check_client_lists(const struct spec_builder *builder, struct error *error)
{
    const struct end_spec *ends[] = {&builder->spec->left, &builder->spec->right};
    bool has_subnets = builder->subnets[0].count > 0 || builder->subnets[1].count > 0;
    for (size_t i = 0; i < ARRAY_SIZE(ends); i++) {
        const char *name = i == 0 ? "left" : "right";
        bool has_protoport = ends[i]->protocol != 0 || ends[i]->port != 0;
        if (ends[i]->client_count > 1 && has_subnets)
            return error_set(error, -1,
                             "%ssubnet= has several networks, which cannot be combined with leftsubnets= or "
                             "rightsubnets=",
                             name);
        if (ends[i]->client_count > 1 && has_protoport)
            return error_set(
                error, -1,
                "%sprotoport= wants a single network in %ssubnet=; write ADDRESS/LENGTH/PROTOCOL/PORT "
                "for each",
                name, name);
    }
    return true;
}

static bool finish(struct spec_builder *builder, struct error *error)
{
    struct connection_spec *spec = builder->spec;
    if (spec->host_family == IP_NONE)
        spec->host_family = builder->implied_family;
    if (!spec_check_combinations(builder, error) || !spec_finish_auth(builder, error) ||
        !check_client_lists(builder, error))
        return false;
    finish_end(builder, &spec->left, 0);
    finish_end(builder, &spec->right, 1);
    spec_set_inert_aside(builder);
    spec_finish_modecfg(builder);
    if (!default_client(builder, &spec->left, 0) || !default_client(builder, &spec->right, 1))
        return error_set(error, -1, "out of memory");
    if (!settle_all(builder, error) || !finish_proposals(builder, error))
        return false;
    if (spec->ike_version != 1)
        set_ikev1_only_aside(builder);
    warn_of_ikev2_only(builder);
    spec_warn_of_no_interface(builder);
    warn_of_margin(builder);
    if (builder->subnets[0].count > 0 || builder->subnets[1].count > 0)
        builder->spec = spec_expand_subnets(builder, error);
    else if (!connection_spec_check(spec, error))
        return false;
    return builder->spec != NULL;
}

struct connection_spec *spec_build_finish(struct spec_builder *builder, struct error *error)
{
    struct error reason = {0};
    struct connection_spec *spec = NULL;
    char name[NAME_SHOWN_MAX];
    snprintf(name, sizeof(name), "%s", builder->spec->name);
    if (finish(builder, &reason)) {
        spec = builder->spec;
        builder->spec = NULL;
    } else {
        error_set(error, builder->faulty_pair, "conn \"%.100s\": %.380s", name, reason.text);
    }
    spec_builder_free(builder);
    return spec;
}
