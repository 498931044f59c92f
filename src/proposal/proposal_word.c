/* One word of an algorithm string: what it can mean, the transforms it stands for, and what is wrong with it.
 */
#include "proposal/proposal_word.h"

#include <ctype.h>
#include <stdlib.h>
#include <strings.h>

static int length_of(struct word word)
{
    size_t length = word.end - word.start;
    return length > 40 ? 40 : (int)length;
}

bool word_fail(const struct builder *builder, struct word word, const char *reason)
{
    if (word.start == word.end)
        return builder_fail(builder, word.start, "an algorithm is missing before \"%.10s\"",
                            builder->text[word.start] == '\0' ? "the end" : builder->text + word.start);
    return builder_fail(builder, word.start, "\"%.*s\" %s", length_of(word), builder->text + word.start,
                        reason);
}

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
unsigned word_types(const char *name, size_t length)
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
    char lowered[SUGGESTION_LIMIT][SUGGESTION_SIZE];
};

static void lower(char out[static SUGGESTION_SIZE], const char *name, size_t length)
{
    size_t i = 0;
    for (; i < length && i < SUGGESTION_SIZE - 1; i++)
        out[i] = (char)tolower((unsigned char)name[i]);
    out[i] = '\0';
}

static void suggest_name(struct suggestions *suggestions, const char *name)
{
    if (suggestions->count == SUGGESTION_LIMIT)
        return;
    char *room = suggestions->lowered[suggestions->count];
    lower(room, name, strlen(name));
    suggestions->names[suggestions->count++] = room;
}

/* The names that have, or have not, as many characters as the word. */
static void suggest_names_of(struct suggestions *suggestions, const struct algorithm *algorithm,
                             size_t length, bool same_length)
{
    for (size_t i = 0; i < ALGORITHM_ALIASES && algorithm->aliases[i] != NULL; i++)
        if ((strlen(algorithm->aliases[i]) == length) == same_length)
            suggest_name(suggestions, algorithm->aliases[i]);
    if ((strlen(algorithm->name) == length) == same_length)
        suggest_name(suggestions, algorithm->name);
}

/* The usable name that is nearest to the word, among equally near ones one of its length; NULL when none is
 * near. */
static const char *suggest(const struct builder *builder, struct word word, unsigned types,
                           struct suggestions *suggestions)
{
    const struct algorithm *algorithm;
    size_t length = word.end - word.start;
    const char *name = builder->text + word.start;
    if (types == 1u << TRANSFORM_ENCR)
        length = base_length(name, length) > 0 ? base_length(name, length) : length;
    if (length >= SUGGESTION_SIZE)
        return NULL;
    for (int pass = 0; pass < 2; pass++)
        for (size_t i = 0; (algorithm = algorithm_at(i)) != NULL; i++)
            if ((types & 1u << algorithm->type) &&
                algorithm_is_allowed(algorithm, builder->protocol, builder->flags))
                suggest_names_of(suggestions, algorithm, length, pass == 0);
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
bool word_fail_expected(const struct builder *builder, struct word word, unsigned expected)
{
    if (word.start == word.end)
        return word_fail(builder, word, "");
    char known[64], wanted[64];
    unsigned types = word_types(builder->text + word.start, word.end - word.start);
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
        text_add(&text, "%s%u", i > 0 ? " or " : "", encr->key_bits[i]);
    return builder_fail(builder, word.start, "\"%.*s\": %s takes %s %s bits", length_of(word),
                        builder->text + word.start, encr->name,
                        encr->has_key_length ? "a key length of" : "no key length, it always has", lengths);
}

static bool add_encr(const struct builder *builder, struct draft *draft, struct word word)
{
    const char *digits;
    const struct algorithm *encr = find_encr(builder->text + word.start, word.end - word.start, &digits);
    if (encr == NULL)
        return word_fail_expected(builder, word, 1u << TRANSFORM_ENCR);
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
           word_fail(builder, word, "is one transform too many");
}

bool word_add_transforms(const struct builder *builder, struct draft *draft, enum transform_type type,
                         struct word word)
{
    const char *name = builder->text + word.start;
    size_t length = word.end - word.start;
    struct transform transform = {.type = (uint8_t)type};
    if (length == 0)
        return word_fail(builder, word, "");
    if (type == TRANSFORM_ENCR)
        return add_encr(builder, draft, word);
    if (type == TRANSFORM_ESN) {
        if (!find_esn(name, length, &transform.id))
            return word_fail(builder, word, "is neither \"yes\" nor \"no\"");
    } else {
        const struct algorithm *algorithm = algorithm_by_name(type, name, length);
        if (algorithm == NULL)
            return word_fail_expected(builder, word, 1u << type);
        /* "none" is checked by what the proposal says as a whole. */
        if (algorithm->id != 0 && !check_allowed(builder, word, algorithm))
            return false;
        transform.id = algorithm->id;
    }
    return draft_add(draft, transform) || word_fail(builder, word, "is one transform too many");
}
