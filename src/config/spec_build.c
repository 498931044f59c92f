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

enum { SHOWN_MAX = 80, ALIASES_MAX = 64, ALIAS_SIZE = 256 };

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
    {"clones", spec_set_clones},
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
    {"vti", spec_end_set_vti_ip},
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
    return keyword_refuse_not_yet(keyword, keyword->name, error);
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

/* What is not supported yet has a meaning all the same. */
static bool is_meaningful(const struct error *reason)
{
    return strstr(reason->text, "not supported yet") != NULL;
}

bool spec_check_value(const struct keyword *keyword, enum keyword_end end, const char *value,
                      struct error *error)
{
    struct spec_builder *builder = spec_builder_new("", NULL);
    struct error reason = {0};
    bool ok = builder == NULL || set_acting(builder, keyword, end, value, &reason);
    spec_builder_free(builder);
    return ok || is_meaningful(&reason) || error_set(error, reason.code, "%s", reason.text);
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

static bool refuse_not_yet(const struct spec_builder *builder, const struct keyword *keyword,
                           const char *spelling, struct error *error)
{
    struct error reason;
    keyword_refuse_not_yet(keyword, spelling, &reason);
    return error_set(error, -1, "conn \"%.100s\": %.300s", builder->spec->name, reason.text);
}

/* Refused at once when it matters to every connection, else when the whole is known. */
static bool set_aside(struct spec_builder *builder, const struct keyword *keyword, enum keyword_end end,
                      const char *spelling, struct error *error)
{
    if (keyword->concern == CONCERNS_ALL || builder->set_aside_count == SET_ASIDE_MAX)
        return refuse_not_yet(builder, keyword, spelling, error);
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

static void note_ikev1_only(struct spec_builder *builder, const char *spelling)
{
    char *list = builder->ikev1_only, word[SPELLING_MAX];
    for (const char *cursor = list; value_next_word(&cursor, word, sizeof(word));)
        if (strcmp(word, spelling) == 0)
            return;
    size_t used = strlen(list);
    snprintf(list + used, sizeof(builder->ikev1_only) - used, "%s ", spelling);
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
            note_ikev1_only(builder, spelling);
        return true;
    case KEYWORD_OBSOLETE_IN_IKEV2:
        if (!set_acting(builder, keyword, end, value, &reason))
            break;
        snprintf(builder->obsolete_in_ikev2, sizeof(builder->obsolete_in_ikev2), "%s", spelling);
        return true;
    case KEYWORD_COMMAND_LINE:
        return refuse_not_yet(builder, keyword, spelling, error);
    case KEYWORD_ACTS:
        if (set_acting(builder, keyword, end, value, &reason))
            return true;
        break;
    }
    return refuse_value(builder, spelling, value, &reason, error);
}
