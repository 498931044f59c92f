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
#include "proposal/proposal_word.h"

#include <ctype.h>
#include <stdlib.h>
#include <strings.h>

enum { GROUP_LIMIT = 6, TYPE_BITS_HASH = 1 << TRANSFORM_PRF | 1 << TRANSFORM_INTEG };

struct group {
    size_t start; /* offsets in the text */
    size_t end;
    unsigned types; /* bit 1 << enum transform_type: what it can be */
    bool has_key;
    bool is_behind_semicolon; /* where the key exchange stands, by custom */
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
        if (!word_add_transforms(builder, draft, type, word))
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
            return word_fail(builder, word, "");
        group.end = word.end;
        here = skip_blanks(text, word.end);
        if (!is_separator(text[here]))
            return word_fail(builder, (struct word){here, end_of_name(text, here)},
                             "needs a separator before it");
        if (text[here] != '+') {
            *at = here;
            *ret_group = group;
            return true;
        }
        here = skip_blanks(text, here + 1);
    }
}

/* KEY=: the type it names. */
static bool find_key(const struct builder *builder, struct word word, unsigned *ret_types)
{
    enum { IKE = 1 << PROTOCOL_IKE, AH = 1 << PROTOCOL_AH, ESP = 1 << PROTOCOL_ESP };
    static const struct {
        const char *name;
        enum transform_type type;
        unsigned protocols;
    } keys[] = {
        {"encrypt", TRANSFORM_ENCR, IKE | ESP},
        {"encr", TRANSFORM_ENCR, IKE | ESP},
        {"prf", TRANSFORM_PRF, IKE},
        {"integ", TRANSFORM_INTEG, IKE | ESP | AH},
        {"ke", TRANSFORM_KE, IKE | ESP | AH},
        {"dh", TRANSFORM_KE, IKE | ESP | AH},
        {"sn", TRANSFORM_ESN, ESP | AH},
        {"esn", TRANSFORM_ESN, ESP | AH},
    };
    const char *name = builder->text + word.start;
    size_t length = word.end - word.start;
    if (length >= 5 && strncasecmp(name, "addke", 5) == 0)
        return word_fail(builder, word, "is an additional key exchange, which this build does not support");
    for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
        if (strlen(keys[i].name) != length || strncasecmp(name, keys[i].name, length) != 0)
            continue;
        bool is_ikev1_esn = keys[i].type == TRANSFORM_ESN && (builder->flags & PROPOSAL_IKEV1);
        *ret_types = 1u << keys[i].type;
        return (!is_ikev1_esn && (keys[i].protocols & 1u << builder->protocol)) ||
               word_fail(builder, word, "is not negotiated here");
    }
    return word_fail(builder, word, "is none of encrypt=, prf=, integ=, ke=, esn=");
}

/* All groups of one proposal. */
static bool scan_proposal(const struct builder *builder, size_t *at, struct group groups[static GROUP_LIMIT],
                          size_t *ret_count)
{
    const char *text = builder->text;
    size_t count = 0;
    for (;; (*at)++) {
        struct group group;
        bool is_behind_semicolon = count > 0 && text[*at - 1] == ';';
        if (!scan_group(builder, at, &group))
            return false;
        group.is_behind_semicolon = is_behind_semicolon;
        if (text[*at] == '=') {
            unsigned types = 0;
            if (!find_key(builder, (struct word){group.start, group.end}, &types))
                return false;
            (*at)++;
            if (!scan_group(builder, at, &group))
                return false;
            group.types = types;
            group.has_key = true;
        }
        if (count == GROUP_LIMIT)
            return word_fail_expected(builder, (struct word){group.start, end_of_name(text, group.start)}, 0);
        groups[count++] = group;
        if (text[*at] == '=')
            return word_fail(builder, (struct word){*at, *at + 1}, "is not expected here");
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
        types &= word_types(builder->text + ret_word->start, ret_word->end - ret_word->start);
    }
    return types;
}

/*
 * Two hash groups stand as INTEG-PRF, unless their words can only be PRF-INTEG; one alone is the PRF if it
 * can be. "none" is the integrity algorithm first, the key exchange after that and behind ";".
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
            return word_fail_expected(
                builder, (struct word){groups[i].start, end_of_name(builder->text, groups[i].start)}, 0);
        unsigned types = common_types(builder, &groups[i], allowed, &word, &before);
        if (types == 0)
            return word_fail_expected(builder, word, before);
        if (groups[i].is_behind_semicolon && (types & 1u << TRANSFORM_KE))
            types = 1u << TRANSFORM_KE;
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
            return word_fail(builder, (struct word){groups[i].start, groups[i].end},
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

static const struct transform *first_ke(const struct proposal_list *list)
{
    for (size_t i = 0; i < list->count; i++)
        for (size_t j = 0; j < list->proposals[i].transform_count; j++) {
            const struct transform *transform = &list->proposals[i].transforms[j];
            if (transform->type == TRANSFORM_KE && transform->id != KE_NONE)
                return transform;
        }
    return NULL;
}

const struct algorithm *proposals_ignored_ke(enum security_protocol protocol, unsigned flags,
                                             const char *text)
{
    bool counts = protocol == PROTOCOL_IKE || (flags & PROPOSAL_PFS);
    struct proposal_list *list = counts ? NULL : proposals_parse(protocol, flags | PROPOSAL_PFS, text, NULL);
    const struct transform *ke = list != NULL ? first_ke(list) : NULL;
    const struct algorithm *algorithm = ke != NULL ? algorithm_by_id(TRANSFORM_KE, ke->id) : NULL;
    proposals_free(list);
    return algorithm;
}
