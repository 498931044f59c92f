/* Keyword = value pairs of one `conn` -> struct connection_spec. The table says what acts; what has a form of
 * its own has a handler here or in spec_end.c. */
#include "config/spec_build.h"

#include "base/text.h"
#include "config/setup.h"
#include "config/spec_detail.h"
#include "config/value.h"

#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

enum { SHOWN_MAX = 80, SPELLING_MAX = 64, ALIASES_MAX = 64, ALIAS_SIZE = 256 };

struct spec_builder *spec_builder_new(const char *name, const struct warning_sink *warnings)
{
    struct spec_builder *builder = calloc(1, sizeof(*builder));
    if (builder == NULL)
        return NULL;
    builder->warnings = warnings;
    builder->faulty_pair = -1;
    builder->spec = connection_spec_new(name);
    if (builder->spec == NULL) {
        free(builder);
        return NULL;
    }
    return builder;
}

void spec_builder_free(struct spec_builder *builder)
{
    if (builder == NULL)
        return;
    connection_spec_free(builder->spec);
    free(builder->ike_text);
    free(builder->esp_text);
    free(builder->ah_text);
    free(builder->phase2alg_text);
    free(builder->client_has_protoport[0]);
    free(builder->client_has_protoport[1]);
    client_list_clear(&builder->subnets[0]);
    client_list_clear(&builder->subnets[1]);
    free(builder);
}

static bool replace_text(char **slot, const char *value, struct error *error)
{
    char *copy = strdup(value);
    if (copy == NULL)
        return error_set(error, -1, "out of memory");
    free(*slot);
    *slot = copy;
    return true;
}

/* ---- keywords of the whole connection that have a form of their own ---- */

static void free_aliases(char **aliases, size_t count)
{
    for (size_t i = 0; i < count; i++)
        free(aliases[i]);
    free(aliases);
}

static bool set_connalias(struct spec_builder *builder, const char *value, struct error *error)
{
    char word[ALIAS_SIZE];
    size_t count = 0;
    char **aliases = calloc(ALIASES_MAX, sizeof(*aliases));
    for (const char *cursor = value; aliases != NULL && value_next_word(&cursor, word, sizeof(word));
         count++) {
        aliases[count] = count < ALIASES_MAX - 1 ? strdup(word) : NULL;
        if (aliases[count] == NULL) {
            free_aliases(aliases, count);
            return error_set(error, -1, "found more than %d aliases", ALIASES_MAX - 1);
        }
    }
    free_aliases(builder->spec->aliases, builder->spec->alias_count);
    builder->spec->aliases = aliases;
    builder->spec->alias_count = count;
    return aliases != NULL || error_set(error, -1, "out of memory");
}

static bool set_debug(struct spec_builder *builder, const char *value, struct error *error)
{
    uint64_t set, clear;
    if (!debug_classes_parse(value, &set, &clear, error))
        return false;
    builder->spec->debug = set;
    return true;
}

static bool set_esn(struct spec_builder *builder, const char *value, struct error *error)
{
    uint64_t flags;
    if (!value_number(keyword_find(SECTION_CONN, "esn", NULL), value, &flags, NULL, error))
        return false;
    builder->esn_flags = (unsigned)flags;
    return true;
}

static bool set_fragmentation(struct spec_builder *builder, const char *value, struct error *error)
{
    uint64_t kind;
    if (!value_number(keyword_find(SECTION_CONN, "fragmentation", NULL), value, &kind, NULL, error))
        return false;
    builder->spec->fragmentation = (enum fragmentation)kind;
    return true;
}

static bool set_ike(struct spec_builder *builder, const char *value, struct error *error)
{
    return spec_set_proposals(&builder->ike_text, PROTOCOL_IKE, value, error);
}

static bool set_version(struct spec_builder *builder, const char *keyword, const char *value,
                        struct error *error)
{
    uint64_t version;
    if (!value_number(keyword_find(SECTION_CONN, keyword, NULL), value, &version, NULL, error))
        return false;
    builder->spec->ike_version = (uint8_t)version;
    return true;
}

static bool set_keyexchange(struct spec_builder *builder, const char *value, struct error *error)
{
    return set_version(builder, "keyexchange", value, error);
}

static bool set_ikev2(struct spec_builder *builder, const char *value, struct error *error)
{
    if (!set_version(builder, "ikev2", value, error))
        return false;
    bool is_v1 = builder->spec->ike_version == 1;
    warning_send(builder->warnings, "\"%s\": ikev2=%s has been replaced by keyexchange=%s",
                 builder->spec->name, is_v1 ? "no" : "yes", is_v1 ? "ikev1" : "ikev2");
    return true;
}

/* Those beyond what is left to people are not worth refusing a connection. */
static bool set_reqid(struct spec_builder *builder, const char *value, struct error *error)
{
    enum { MANUAL_REQID_MAX = 16383 };
    uint64_t number;
    const struct keyword any = {
        .type = KEYWORD_UINT, .values = "a number from 1 to 16383", .maximum = UINT64_MAX};
    if (!value_number(&any, value, &number, NULL, error))
        return false;
    if (number == 0 || number > MANUAL_REQID_MAX)
        warning_send(builder->warnings, "\"%s\": ignoring reqid value - range must be 1-%d",
                     builder->spec->name, MANUAL_REQID_MAX);
    else
        builder->spec->reqid = (uint32_t)number;
    return true;
}

/* Words of which those that are supported all mean the same. */
static bool set_nothing(struct spec_builder *builder, const char *value, struct error *error)
{
    (void)builder, (void)value, (void)error;
    return true;
}

static bool refuse_outside_file(struct spec_builder *builder, const char *value, struct error *error)
{
    (void)builder, (void)value;
    return error_set(error, -1, "takes over a section of ipsec.conf(5) and has no meaning outside it");
}

static const struct {
    const char *keyword;
    spec_setter *set;
} handlers[] = {
    {"ah", spec_set_ah},
    {"also", refuse_outside_file},
    {"alsoflip", refuse_outside_file},
    {"authby", spec_set_authby},
    {"connalias", set_connalias},
    {"debug", set_debug},
    {"esn", set_esn},
    {"esp", spec_set_esp},
    {"fragmentation", set_fragmentation},
    {"ike", set_ike},
    {"ikev2", set_ikev2},
    {"ipsec-interface", spec_set_ipsec_interface},
    {"keyexchange", set_keyexchange},
    {"mark", spec_set_mark},
    {"mark-in", spec_set_mark_in},
    {"mark-out", spec_set_mark_out},
    {"modecfgbanner", spec_set_modecfgbanner},
    {"modecfgdns", spec_set_modecfgdns},
    {"modecfgdomains", spec_set_modecfgdomains},
    {"phase2", spec_set_phase2},
    {"phase2alg", spec_set_phase2alg},
    {"reqid", set_reqid},
    {"vti-interface", spec_set_vti_interface},
    {"x-comment", set_nothing},
};

static const struct {
    const char *keyword;
    spec_end_setter *set;
} end_handlers[] = {
    {"", spec_end_set_host},
    {"addresspool", spec_end_set_addresspool},
    {"auth", spec_end_set_auth},
    {"ckaid", spec_end_set_ckaid},
    {"ecdsakey", spec_end_set_ecdsakey},
    {"eddsakey", spec_end_set_eddsakey},
    {"id", spec_end_set_id},
    {"interface-ip", spec_end_set_interface_ip},
    {"nexthop", spec_end_set_nexthop},
    {"protoport", spec_end_set_protoport},
    {"pubkey", spec_end_set_pubkey},
    {"rsasigkey", spec_end_set_rsasigkey},
    {"sourceip", spec_end_set_sourceip},
    {"subnet", spec_end_set_subnet},
    {"subnets", spec_end_set_subnets},
    {"vti", spec_end_set_interface_ip},
};

static bool set_by_hand(struct spec_builder *builder, const struct keyword *keyword, struct end_spec *end,
                        const char *value, struct error *error)
{
    for (size_t i = 0; end != NULL && i < ARRAY_SIZE(end_handlers); i++)
        if (strcmp(end_handlers[i].keyword, keyword->name) == 0)
            return end_handlers[i].set(builder, end, value, error);
    for (size_t i = 0; end == NULL && i < ARRAY_SIZE(handlers); i++)
        if (strcmp(handlers[i].keyword, keyword->name) == 0)
            return handlers[i].set(builder, value, error);
    return error_set(error, -1, "keyword \"%s\" is not supported yet", keyword->name);
}

/* ---- keywords that are a field ---- */

/* The default says nothing; where there is one, as of updown=, "" and %disabled say none. */
static bool set_text(char **slot, const char *value, const char *default_text, struct error *error)
{
    if (strcmp(value, default_text) == 0) {
        free(*slot);
        *slot = NULL;
        return true;
    }
    bool is_none = *default_text != '\0' && strcasecmp(value, "%disabled") == 0;
    return replace_text(slot, is_none ? "" : value, error);
}

static bool set_field(struct spec_builder *builder, const struct keyword *keyword, void *owner,
                      const char *value, struct error *error)
{
    char *field = (char *)owner + keyword->offset;
    if (keyword->type == KEYWORD_STRING)
        return set_text((char **)(void *)field, value, keyword->default_text, error);
    uint64_t number;
    bool is_capped = false;
    if (!value_number(keyword, value, &number, &is_capped, error))
        return false;
    if (is_capped)
        warning_send(builder->warnings, "conn \"%s\": %s=%s is too large, the maximum is taken",
                     builder->spec->name, keyword->name, value);
    value_store(field, keyword->width, number);
    return true;
}

static bool set_acting(struct spec_builder *builder, const struct keyword *keyword, enum keyword_end end,
                       const char *value, struct error *error)
{
    struct end_spec *end_spec = end == END_LEFT    ? &builder->spec->left
                                : end == END_RIGHT ? &builder->spec->right
                                                   : NULL;
    if (!value_check(keyword, value, error))
        return false;
    if (keyword->offset == SIZE_MAX)
        return set_by_hand(builder, keyword, end_spec, value, error);
    void *owner = end_spec != NULL ? (void *)end_spec : (void *)builder->spec;
    return set_field(builder, keyword, owner, value, error);
}

/* ---- one keyword ---- */

static bool refuse_unknown(const struct spec_builder *builder, const char *name, struct error *error)
{
    char nearest[SPELLING_MAX], shown[SHOWN_MAX];
    struct text out = text_of(shown, sizeof(shown));
    text_add_escaped(&out, bytes_of_text(name));
    bool is_near = keyword_suggest(SECTION_CONN, name, nearest, sizeof(nearest));
    return error_set(error, -1, "conn \"%.100s\": unknown keyword \"%s\"%s%s%s", builder->spec->name, shown,
                     is_near ? "; did you mean \"" : "", is_near ? nearest : "", is_near ? "\"?" : "");
}

static bool refuse_not_yet(const struct spec_builder *builder, const char *spelling, struct error *error)
{
    return error_set(error, -1, "conn \"%.100s\": keyword \"%s\" is not supported yet", builder->spec->name,
                     spelling);
}

/* Refused at once when it matters to every connection, else when the whole is known. */
static bool set_aside(struct spec_builder *builder, const struct keyword *keyword, enum keyword_end end,
                      const char *spelling, struct error *error)
{
    if (keyword->concern == CONCERNS_ALL || builder->set_aside_count == SET_ASIDE_MAX)
        return refuse_not_yet(builder, spelling, error);
    builder->set_aside[builder->set_aside_count++] =
        (struct set_aside){keyword, end, builder->pair_count - 1};
    return true;
}

static bool refuse_value(const struct spec_builder *builder, const char *spelling, const char *value,
                         const struct error *reason, struct error *error)
{
    char shown[SHOWN_MAX];
    struct text out = text_of(shown, sizeof(shown));
    text_add_escaped(&out, bytes_of_text(value));
    return error_set(error, reason->code, "conn \"%.100s\": %s=%s: %.280s", builder->spec->name, spelling,
                     shown, reason->text);
}

bool spec_build_option(struct spec_builder *builder, const char *name, const char *value, struct error *error)
{
    enum keyword_end end;
    const struct keyword *keyword = keyword_find(SECTION_CONN, name, &end);
    builder->pair_count++;
    if (keyword == NULL)
        return refuse_unknown(builder, name, error);
    char spelling[SPELLING_MAX];
    keyword_spelling(keyword, end, spelling, sizeof(spelling));
    struct error reason = {.code = -1};
    switch (keyword->status) {
    case KEYWORD_NOT_YET:
        if (value_is_default(keyword, value))
            return true;
        if (!value_check(keyword, value, &reason))
            break;
        return set_aside(builder, keyword, end, spelling, error);
    case KEYWORD_OBSOLETE:
        warning_send(builder->warnings, "conn \"%s\": keyword \"%s\" is obsolete and has no effect",
                     builder->spec->name, spelling);
        return true;
    case KEYWORD_IKEV1_ONLY:
        if (!set_acting(builder, keyword, end, value, &reason))
            break;
        if (keyword->type != KEYWORD_BOOL || !value_is_default(keyword, value))
            snprintf(builder->ikev1_only, sizeof(builder->ikev1_only), "%s", spelling);
        return true;
    case KEYWORD_COMMAND_LINE:
        return refuse_not_yet(builder, spelling, error);
    case KEYWORD_ACTS:
        if (set_acting(builder, keyword, end, value, &reason))
            return true;
        break;
    }
    return refuse_value(builder, spelling, value, &reason, error);
}

/* ---- the whole ---- */

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

/* As ipsec.conf(5) has it: a source address without a subnet is the subnet. %opportunistic is for everybody.
 */
static bool default_client(struct spec_builder *builder, struct end_spec *end, unsigned which)
{
    const char *name = which == 0 ? "left" : "right";
    bool is_everybody = end->is_opportunistic && end->host_kind == HOST_ANY;
    bool is_said = end->client_count > 0 || builder->subnets[which].count > 0;
    if ((!address_is_set(&end->sourceip) && !is_everybody) || is_said)
        return true;
    end->clients = calloc(1, sizeof(*end->clients));
    if (end->clients == NULL)
        return false;
    bool is_v6 = builder->spec->host_family == IP_V6;
    struct ip_prefix prefix = prefix_of_address(&end->sourceip);
    if (is_everybody)
        prefix = (struct ip_prefix){.address = {.family = is_v6 ? IP_V6 : IP_V4}};
    end->clients[0] = selector_of_prefix(&prefix, end->protocol, end->port);
    end->client_count = 1;
    char text[ADDRESS_TEXT_SIZE];
    if (!is_everybody)
        warning_send(builder->warnings, "conn \"%s\": %ssourceip= without %ssubnet=: %ssubnet=%s is taken",
                     builder->spec->name, name, name, name, address_text(&end->sourceip, text));
    return true;
}

static bool finish_proposals(struct spec_builder *builder, struct error *error)
{
    struct connection_spec *spec = builder->spec;
    unsigned esn = builder->esn_flags != 0 ? builder->esn_flags : PROPOSAL_ESN_NO | PROPOSAL_ESN_YES;
    /* Extended sequence numbers stand on the replay window (RFC 4303 2.2.1). */
    if (spec->replay_window == 0 && esn == PROPOSAL_ESN_YES)
        return error_set(error, -1, "esn=yes needs a replay window; remove replay-window=0 or write esn=no");
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
    if (aside->keyword->concern == CONCERNS_IKEV1 && spec->ike_version != 1)
        warning_send(builder->warnings, "conn \"%s\": keyword \"%s\" concerns IKEv1 only and has no effect",
                     spec->name, spelling);
    else if (aside->keyword->concern == CONCERNS_PUBLIC_KEYS &&
             ((spec->left.auth | spec->right.auth) & AUTH_SIGNATURES) == 0)
        warning_send(builder->warnings,
                     "conn \"%s\": keyword \"%s\" concerns public keys and has no effect with authby=secret",
                     spec->name, spelling);
    else {
        builder->faulty_pair = aside->pair;
        return error_set(error, -1, "keyword \"%s\" is not supported yet", spelling);
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

/* A Quick Mode neither narrows nor has extended sequence numbers here. */
static void warn_of_ikev2_only(struct spec_builder *builder)
{
    struct connection_spec *spec = builder->spec;
    const char *keywords[] = {spec->narrowing ? "narrowing" : NULL,
                              builder->esn_flags == PROPOSAL_ESN_YES ? "esn" : NULL,
                              spec->mobike ? "mobike" : NULL};
    for (size_t i = 0; i < ARRAY_SIZE(keywords); i++)
        if (spec->ike_version == 1 && keywords[i] != NULL)
            warning_send(builder->warnings,
                         "conn \"%s\": keyword \"%s\" concerns IKEv2 only and has no effect", spec->name,
                         keywords[i]);
    if (spec->ike_version == 1)
        spec->narrowing = false;
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
    if (!spec_finish_auth(builder, error) || !check_client_lists(builder, error))
        return false;
    finish_end(builder, &spec->left, 0);
    finish_end(builder, &spec->right, 1);
    spec_finish_modecfg(builder);
    if (!default_client(builder, &spec->left, 0) || !default_client(builder, &spec->right, 1))
        return error_set(error, -1, "out of memory");
    if (!settle_all(builder, error) || !finish_proposals(builder, error))
        return false;
    if (spec->ike_version != 1 && builder->ikev1_only[0] != '\0') {
        warning_send(builder->warnings, "conn \"%s\": keyword \"%s\" concerns IKEv1 only and has no effect",
                     spec->name, builder->ikev1_only);
        spec->aggressive = false;
    }
    warn_of_ikev2_only(builder);
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
    char name[SHOWN_MAX * 2];
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
