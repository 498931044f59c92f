/*
 * Text of ike=, esp= and ah= -> proposals.
 *
 *   list     = proposal {"," proposal}
 *   proposal = group {("-" | ";") group}
 *   group    = word {"+" word} | KEY "=" word {"+" word}      KEY: encrypt, prf, integ, ke, esn
 *
 * Without a KEY the first group is the encryption (in ah= the integrity) algorithm; the groups behind it are
 * told apart by what their words can mean. A key length follows its algorithm with or without "-" or "_".
 */
#include "proposal/proposal_build.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

enum { GROUP_LIMIT = 6, TYPE_BITS_HASH = 1 << TRANSFORM_PRF | 1 << TRANSFORM_INTEG };

struct group {
    size_t start; /* offsets in the text */
    size_t end;
    unsigned types; /* bit 1 << enum transform_type: what it can be */
    bool has_key;
};

struct word {
    size_t start;
    size_t end;
};

static bool is_separator(char c)
{
    return c == '\0' || strchr("-;+,=", c) != NULL;
}

static size_t skip_blanks(const char *text, size_t at)
{
    while (isblank((unsigned char)text[at]))
        at++;
    return at;
}

static size_t end_of_word(const char *text, size_t at)
{
    while (!is_separator(text[at]) && !isblank((unsigned char)text[at]))
        at++;
    return at;
}

/* "-256" behind a word: its key length (or, in sha2-256, the rest of its name). */
static size_t end_of_name(const char *text, size_t at)
{
    size_t end = end_of_word(text, at);
    while (end > at && text[end] == '-' && isdigit((unsigned char)text[end + 1])) {
        size_t digits = end + 1 + strspn(text + end + 1, "0123456789");
        if (!is_separator(text[digits]) && !isblank((unsigned char)text[digits]))
            break;
        end = digits;
    }
    return end;
}

static int length_of(struct word word)
{
    size_t length = word.end - word.start;
    return length > 40 ? 40 : (int)length;
}

static bool fail_at(const struct builder *builder, struct word word, const char *reason)
{
    if (word.start == word.end)
        return builder_fail(builder, word.start, "an algorithm is missing before \"%.10s\"",
                            builder->text[word.start] == '\0' ? "the end" : builder->text + word.start);
    return builder_fail(builder, word.start, "\"%.*s\" %s", length_of(word), builder->text + word.start,
                        reason);
}

/* --- what a word means --- */

static const char *const type_names[TRANSFORM_TYPES] = {
    [TRANSFORM_ENCR] = "encryption", [TRANSFORM_PRF] = "PRF", [TRANSFORM_INTEG] = "integrity",
    [TRANSFORM_KE] = "key exchange", [TRANSFORM_ESN] = "ESN",
};

static const char *types_text(unsigned types, char *buffer, size_t size)
{
    struct text text = text_of(buffer, size);
    for (int type = TRANSFORM_ENCR; type < TRANSFORM_TYPES; type++)
        if (types & 1u << type)
            text_add(&text, "%s%s", text.size > 0 ? "/" : "", type_names[type]);
    return buffer;
}

/* Length of the name in front of a key length: "aes_gcm" of "aes_gcm_256". */
static size_t base_length(const char *name, size_t length)
{
    size_t base = length;
    while (base > 0 && isdigit((unsigned char)name[base - 1]))
        base--;
    if (base < length && base > 0 && (name[base - 1] == '_' || name[base - 1] == '-'))
        base--;
    return base;
}

/* The encryption algorithm and the digits behind its name, if the whole word is not its name. */
static const struct algorithm *find_encr(const char *name, size_t length, const char **ret_digits)
{
    const struct algorithm *encr = algorithm_by_name(TRANSFORM_ENCR, name, length);
    *ret_digits = NULL;
    if (encr != NULL)
        return encr;
    size_t base = base_length(name, length);
    if (base == 0 || base == length)
        return NULL;
    *ret_digits = name + base + (isdigit((unsigned char)name[base]) ? 0 : 1);
    return algorithm_by_name(TRANSFORM_ENCR, name, base);
}

static bool find_esn(const char *name, size_t length, uint16_t *ret_id)
{
    static const char *const names[] = {[ESN_NO] = "no", [ESN_YES] = "yes"};
    for (uint16_t id = 0; id < ARRAY_SIZE(names); id++)
        if (strlen(names[id]) == length && strncasecmp(names[id], name, length) == 0) {
            *ret_id = id;
            return true;
        }
    return false;
}

/* What this word is known as. */
static unsigned types_of_word(const char *name, size_t length)
{
    const char *digits;
    unsigned types = find_encr(name, length, &digits) != NULL ? 1u << TRANSFORM_ENCR : 0;
    for (int type = TRANSFORM_PRF; type <= TRANSFORM_KE; type++)
        if (algorithm_by_name((enum transform_type)type, name, length) != NULL)
            types |= 1u << type;
    return types;
}

/* --- errors about words --- */

enum { SUGGESTION_LIMIT = 256, SUGGESTION_SIZE = 32 };

struct suggestions {
    size_t count;
    const char *names[SUGGESTION_LIMIT];
    size_t lowered_count;
    char lowered[SUGGESTION_LIMIT / 2][SUGGESTION_SIZE];
};

static void lower(char out[static SUGGESTION_SIZE], const char *name, size_t length)
{
    size_t i = 0;
    for (; i < length && i < SUGGESTION_SIZE - 1; i++)
        out[i] = (char)tolower((unsigned char)name[i]);
    out[i] = '\0';
}

static void suggest_names_of(struct suggestions *suggestions, const struct algorithm *algorithm)
{
    for (size_t i = 0; i < ALGORITHM_ALIASES && algorithm->aliases[i] != NULL; i++)
        if (suggestions->count < SUGGESTION_LIMIT)
            suggestions->names[suggestions->count++] = algorithm->aliases[i];
    if (suggestions->count == SUGGESTION_LIMIT ||
        suggestions->lowered_count == ARRAY_SIZE(suggestions->lowered))
        return;
    char *room = suggestions->lowered[suggestions->lowered_count++];
    lower(room, algorithm->name, strlen(algorithm->name));
    suggestions->names[suggestions->count++] = room;
}

/* The usable name that is nearest to the word; NULL when none is near. */
static const char *suggest(const struct builder *builder, struct word word, unsigned types,
                           struct suggestions *suggestions)
{
    const struct algorithm *algorithm;
    for (size_t i = 0; (algorithm = algorithm_at(i)) != NULL; i++)
        if ((types & 1u << algorithm->type) &&
            algorithm_is_allowed(algorithm, builder->protocol, builder->flags))
            suggest_names_of(suggestions, algorithm);
    size_t length = word.end - word.start;
    const char *name = builder->text + word.start;
    if (types == 1u << TRANSFORM_ENCR)
        length = base_length(name, length) > 0 ? base_length(name, length) : length;
    if (length >= SUGGESTION_SIZE)
        return NULL;
    char lowered[SUGGESTION_SIZE];
    lower(lowered, name, length);
    return text_nearest(lowered, suggestions->names, suggestions->count);
}

static bool fail_unknown(const struct builder *builder, struct word word, unsigned types)
{
    char known[64];
    types_text(types, known, sizeof(known));
    struct suggestions suggestions = {0};
    const char *nearest = suggest(builder, word, types, &suggestions);
    const char *name = builder->text + word.start;
    if (nearest == NULL)
        return builder_fail(builder, word.start, "\"%.*s\" is not a known %s algorithm", length_of(word),
                            name, known);
    return builder_fail(builder, word.start, "\"%.*s\" is not a known %s algorithm; did you mean \"%s\"?",
                        length_of(word), name, known, nearest);
}

/* A word that is known, but as something that cannot stand here, or not known at all. */
static bool fail_word(const struct builder *builder, struct word word, unsigned expected)
{
    if (word.start == word.end)
        return fail_at(builder, word, "");
    char known[64], wanted[64];
    unsigned types = types_of_word(builder->text + word.start, word.end - word.start);
    if (types == 0 && expected != 0)
        return fail_unknown(builder, word, expected);
    types_text(types, known, sizeof(known));
    types_text(expected, wanted, sizeof(wanted));
    const char *name = builder->text + word.start;
    if (expected == 0)
        return builder_fail(builder, word.start, "\"%.*s\" stands behind the last algorithm of the proposal",
                            length_of(word), name);
    return builder_fail(builder, word.start,
                        "\"%.*s\" is a known %s algorithm, but here belongs the %s algorithm",
                        length_of(word), name, known, wanted);
}

static bool check_allowed(const struct builder *builder, struct word word, const struct algorithm *algorithm)
{
    if (algorithm_is_allowed(algorithm, builder->protocol, builder->flags))
        return true;
    if (algorithm->uses == 0)
        return builder_fail(builder, word.start, "%s is not supported by this build", algorithm->name);
    return builder_fail(builder, word.start, "%s cannot be used for %s with IKEv%d", algorithm->name,
                        builder->protocol == PROTOCOL_IKE  ? "IKE"
                        : builder->protocol == PROTOCOL_AH ? "AH"
                                                           : "ESP",
                        builder->flags & PROPOSAL_IKEV1 ? 1 : 2);
}

/* --- words -> transforms --- */

static bool fail_key_bits(const struct builder *builder, struct word word, const struct algorithm *encr)
{
    char lengths[48];
    struct text text = text_of(lengths, sizeof(lengths));
    for (size_t i = 0; i < ALGORITHM_KEY_LENGTHS && encr->key_bits[i] != 0; i++)
        text_add(&text, "%s%u", i > 0 ? ", " : "", encr->key_bits[i]);
    return builder_fail(builder, word.start, "\"%.*s\": %s takes %s %s", length_of(word),
                        builder->text + word.start, encr->name,
                        encr->has_key_length ? "a key length of" : "no key length; its key has", lengths);
}

static bool add_encr(const struct builder *builder, struct draft *draft, struct word word)
{
    const char *digits;
    const struct algorithm *encr = find_encr(builder->text + word.start, word.end - word.start, &digits);
    if (encr == NULL)
        return fail_word(builder, word, 1u << TRANSFORM_ENCR);
    if (!check_allowed(builder, word, encr))
        return false;
    unsigned long key_bits = 0;
    if (digits != NULL) {
        key_bits = strtoul(digits, NULL, 10);
        if (!encr->has_key_length || key_bits > UINT16_MAX ||
            !algorithm_takes_key_bits(encr, (uint16_t)key_bits))
            return fail_key_bits(builder, word, encr);
    }
    return draft_add_encr(draft, encr, (uint16_t)key_bits) ||
           fail_at(builder, word, "is one transform too many");
}

static bool add_word(const struct builder *builder, struct draft *draft, enum transform_type type,
                     struct word word)
{
    const char *name = builder->text + word.start;
    size_t length = word.end - word.start;
    struct transform transform = {.type = (uint8_t)type};
    if (length == 0)
        return fail_at(builder, word, "");
    if (type == TRANSFORM_ENCR)
        return add_encr(builder, draft, word);
    if (type == TRANSFORM_ESN) {
        if (!find_esn(name, length, &transform.id))
            return fail_at(builder, word, "is neither \"yes\" nor \"no\"");
    } else {
        const struct algorithm *algorithm = algorithm_by_name(type, name, length);
        if (algorithm == NULL)
            return fail_word(builder, word, 1u << type);
        /* "none" is checked by what the proposal says as a whole. */
        if (algorithm->id != 0 && !check_allowed(builder, word, algorithm))
            return false;
        transform.id = algorithm->id;
    }
    return draft_add(draft, transform) || fail_at(builder, word, "is one transform too many");
}

/* The next word of a group; false at its end. *at moves behind it and its "+". */
static bool next_word(const char *text, const struct group *group, size_t *at, struct word *ret_word)
{
    if (*at > group->end)
        return false;
    size_t start = skip_blanks(text, *at);
    if (start > group->end)
        start = group->end;
    *ret_word = (struct word){.start = start, .end = end_of_name(text, start)};
    *at = skip_blanks(text, ret_word->end) + 1;
    return true;
}

static bool add_group(const struct builder *builder, struct draft *draft, enum transform_type type,
                      const struct group *group)
{
    struct word word;
    draft->offset[type] = group->start;
    size_t count = 0;
    for (size_t at = group->start; next_word(builder->text, group, &at, &word); count++) {
        if (count > 0 && (builder->flags & PROPOSAL_IKEV1))
            return builder_fail(builder, word.start,
                                "IKEv1 takes one algorithm of each kind in a proposal; write alternatives as "
                                "proposals of their own, with \",\"");
        if (!add_word(builder, draft, type, word))
            return false;
    }
    return true;
}

/* --- groups: where they end, and what they are --- */

/* Reads words and "+" up to another separator. */
static bool scan_group(const struct builder *builder, size_t *at, struct group *ret_group)
{
    const char *text = builder->text;
    struct group group = {.start = skip_blanks(text, *at)};
    for (size_t here = group.start;;) {
        struct word word = {.start = here, .end = end_of_name(text, here)};
        if (word.start == word.end)
            return fail_at(builder, word, "");
        group.end = word.end;
        here = skip_blanks(text, word.end);
        if (!is_separator(text[here]))
            return fail_at(builder, (struct word){here, end_of_name(text, here)},
                           "needs a separator before it");
        if (text[here] != '+') {
            *at = here;
            *ret_group = group;
            return true;
        }
        here = skip_blanks(text, here + 1);
    }
}

static bool find_key(const struct builder *builder, const struct group *key, unsigned *ret_types)
{
    static const struct {
        const char *name;
        enum transform_type type;
    } keys[] = {
        {"encrypt", TRANSFORM_ENCR}, {"encr", TRANSFORM_ENCR}, {"prf", TRANSFORM_PRF},
        {"integ", TRANSFORM_INTEG},  {"ke", TRANSFORM_KE},     {"dh", TRANSFORM_KE},
        {"sn", TRANSFORM_ESN},       {"esn", TRANSFORM_ESN},
    };
    struct word word = {key->start, key->end};
    const char *name = builder->text + word.start;
    size_t length = word.end - word.start;
    if (length >= 5 && strncasecmp(name, "addke", 5) == 0)
        return fail_at(builder, word, "is an additional key exchange, which this build does not support");
    for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
        if (strlen(keys[i].name) == length && strncasecmp(name, keys[i].name, length) == 0) {
            bool is_child = builder->protocol != PROTOCOL_IKE;
            bool fits = keys[i].type == TRANSFORM_PRF    ? !is_child
                        : keys[i].type == TRANSFORM_ESN  ? is_child && !(builder->flags & PROPOSAL_IKEV1)
                        : keys[i].type == TRANSFORM_ENCR ? builder->protocol != PROTOCOL_AH
                                                         : true;
            *ret_types = 1u << keys[i].type;
            return fits || fail_at(builder, word, "= does not belong into this proposal");
        }
    return fail_at(builder, word, "= is none of encrypt=, prf=, integ=, ke=, esn=");
}

/* All groups of one proposal. */
static bool scan_proposal(const struct builder *builder, size_t *at, struct group groups[static GROUP_LIMIT],
                          size_t *ret_count)
{
    const char *text = builder->text;
    size_t count = 0;
    for (;; (*at)++) {
        struct group group;
        if (!scan_group(builder, at, &group))
            return false;
        if (text[*at] == '=') {
            unsigned types = 0;
            if (!find_key(builder, &group, &types))
                return false;
            (*at)++;
            if (!scan_group(builder, at, &group))
                return false;
            group.types = types;
            group.has_key = true;
        }
        if (count == GROUP_LIMIT)
            return fail_word(builder, (struct word){group.start, end_of_name(text, group.start)}, 0);
        groups[count++] = group;
        if (text[*at] == '=')
            return fail_at(builder, (struct word){*at, *at + 1}, "is not expected here");
        if (text[*at] == ',' || text[*at] == '\0') {
            *ret_count = count;
            return true;
        }
    }
}

/* What all words of the group can be, among `allowed`; 0 with the word that leaves nothing. */
static unsigned common_types(const struct builder *builder, const struct group *group, unsigned allowed,
                             struct word *ret_word, unsigned *ret_before)
{
    unsigned types = allowed;
    for (size_t at = group->start; types != 0 && next_word(builder->text, group, &at, ret_word);) {
        *ret_before = types;
        types &= types_of_word(builder->text + ret_word->start, ret_word->end - ret_word->start);
    }
    return types;
}

/*
 * Two hash groups stand as INTEG-PRF, unless their words can only be PRF-INTEG; one alone is the PRF if it
 * can be. "none" is the integrity algorithm first, the key exchange after that.
 */
static enum transform_type choose_type(unsigned types, unsigned next_types)
{
    if ((types & TYPE_BITS_HASH) == TYPE_BITS_HASH)
        return next_types & 1u << TRANSFORM_PRF ? TRANSFORM_INTEG : TRANSFORM_PRF;
    for (int type = TRANSFORM_PRF; type < TRANSFORM_KE; type++)
        if (types & 1u << type)
            return (enum transform_type)type;
    return TRANSFORM_KE;
}

/* The first group without a key; what may stand behind it is what did not stand before. */
static bool assign_types(const struct builder *builder, struct group *groups, size_t count)
{
    bool is_ah = builder->protocol == PROTOCOL_AH;
    unsigned possible = 1u << TRANSFORM_KE | 1u << TRANSFORM_INTEG;
    if (builder->protocol == PROTOCOL_IKE)
        possible |= 1u << TRANSFORM_PRF;
    unsigned seen = 0;
    struct word word = {0};
    unsigned before = 0;
    for (size_t i = 0; i < count; i++) {
        if (groups[i].has_key) {
            seen |= groups[i].types;
            continue;
        }
        unsigned allowed = seen & 1u << TRANSFORM_KE ? 0 : possible & ~seen;
        if (i == 0)
            allowed = 1u << (is_ah ? TRANSFORM_INTEG : TRANSFORM_ENCR);
        else if (allowed == 0)
            return fail_word(builder,
                             (struct word){groups[i].start, end_of_name(builder->text, groups[i].start)}, 0);
        unsigned types =
            i == 0 && !is_ah ? allowed : common_types(builder, &groups[i], allowed, &word, &before);
        if (types == 0)
            return fail_word(builder, word, before);
        bool has_next = i + 1 < count && !groups[i + 1].has_key;
        unsigned next_types = has_next ? common_types(builder, &groups[i + 1], possible, &word, &before) : 0;
        groups[i].types = i == 0 ? allowed : 1u << choose_type(types, next_types);
        seen |= groups[i].types;
    }
    return true;
}

static bool parse_proposal(struct builder *builder, size_t *at)
{
    struct group groups[GROUP_LIMIT];
    size_t count = 0;
    unsigned seen = 0;
    struct draft draft = {0};
    if (!scan_proposal(builder, at, groups, &count) || !assign_types(builder, groups, count))
        return false;
    for (size_t i = 0; i < count; i++) {
        if (seen & groups[i].types)
            return fail_at(builder, (struct word){groups[i].start, groups[i].end},
                           "names a kind of algorithm for the second time");
        seen |= groups[i].types;
        enum transform_type type = TRANSFORM_ENCR;
        while (!(groups[i].types & 1u << type))
            type++;
        if (!add_group(builder, &draft, type, &groups[i]))
            return false;
    }
    return builder_complete(builder, &draft);
}

static bool parse_list(struct builder *builder)
{
    for (size_t at = 0;; at++) {
        if (!parse_proposal(builder, &at))
            return false;
        if (builder->text[at] == '\0')
            return true;
    }
}

struct proposal_list *proposals_parse(enum security_protocol protocol, unsigned flags, const char *text,
                                      struct error *error)
{
    struct builder *builder = builder_make(protocol, flags, text, error);
    if (builder == NULL)
        return NULL;
    struct proposal_list *list = parse_list(builder) ? builder_finish(builder) : NULL;
    free(builder);
    return list;
}
