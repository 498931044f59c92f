/* Numbers, times, sizes, percentages, booleans and words of ipsec.conf(5). */
#include "config/value.h"

#include "base/text.h"

#include <ctype.h>
#include <stdlib.h>
#include <strings.h>

enum { VALUE_SHOWN_MAX = 80, WORDS_MAX = 24 };

static const struct keyword_word bool_words[] = {{"yes", 1}, {"no", 0},  {"true", 1}, {"false", 0},
                                                 {"on", 1},  {"off", 0}, {"y", 1},    {"n", 0},
                                                 {"1", 1},   {"0", 0},   {NULL}};

static const struct {
    const char *suffix;
    usec_t unit;
} time_units[] = {
    {"ms", USEC_PER_MSEC},      {"s", USEC_PER_SEC},         {"m", 60 * USEC_PER_SEC},
    {"h", 3600 * USEC_PER_SEC}, {"d", 86400 * USEC_PER_SEC}, {"w", 7 * 86400 * USEC_PER_SEC},
};

static const struct {
    const char *suffix;
    unsigned shift;
} size_units[] = {{"Ki", 10}, {"Mi", 20}, {"Gi", 30}, {"Ti", 40}, {"Pi", 50}, {"Ei", 60}};

static bool found_instead(struct error *error, const char *text, size_t at, const char *expected)
{
    char shown[VALUE_SHOWN_MAX];
    struct text out = text_of(shown, sizeof(shown));
    text_add_escaped(&out, bytes_of_text(text));
    return error_set(error, (int)at, "found \"%s\"; expected %s", shown, expected);
}

static bool list_words(const struct keyword_word *words, char *out, size_t size)
{
    struct text text = text_of(out, size);
    for (const struct keyword_word *word = words; word->word != NULL; word++)
        text_add(&text, "%s%s", word == words ? "" : word[1].word == NULL ? " or " : ", ", word->word);
    return true;
}

static bool refuse_word(const struct keyword_word *words, const char *text, const char *shown_words,
                        struct error *error)
{
    const char *candidates[WORDS_MAX];
    size_t count = 0;
    for (const struct keyword_word *word = words; word->word != NULL && count < WORDS_MAX; word++)
        candidates[count++] = word->word;
    const char *nearest = strlen(text) < VALUE_SHOWN_MAX ? text_nearest(text, candidates, count) : NULL;
    char expected[320];
    struct text out = text_of(expected, sizeof(expected));
    text_add(&out, "%s", shown_words);
    if (nearest != NULL)
        text_add(&out, "; did you mean \"%s\"?", nearest);
    return found_instead(error, text, 0, expected);
}

static bool word_value(const struct keyword_word *words, const char *text, const char *shown_words,
                       uint64_t *out, struct error *error)
{
    for (const struct keyword_word *word = words; word->word != NULL; word++) {
        if (strcasecmp(word->word, text) == 0) {
            *out = (uint64_t)(int64_t)word->value;
            return true;
        }
    }
    return refuse_word(words, text, shown_words, error);
}

/* Decimal digits; false on none or on overflow, with where. */
static bool take_digits(const char **cursor, uint64_t *out)
{
    const char *at = *cursor;
    uint64_t number = 0;
    if (!isdigit((unsigned char)*at))
        return false;
    for (; isdigit((unsigned char)*at); at++) {
        uint64_t digit = (uint64_t)(*at - '0');
        if (number > (UINT64_MAX - digit) / 10)
            return false;
        number = number * 10 + digit;
    }
    *cursor = at;
    *out = number;
    return true;
}

static bool multiply(uint64_t a, uint64_t b, uint64_t *out)
{
    return !__builtin_mul_overflow(a, b, out);
}

/* The digits behind a decimal point, as a part of unit. */
static uint64_t take_fraction(const char **cursor, usec_t unit)
{
    uint64_t part = 0, scale = 1;
    for (; isdigit((unsigned char)**cursor); (*cursor)++) {
        if (scale > 100000)
            continue;
        scale *= 10;
        part = part * 10 + (uint64_t)(**cursor - '0');
    }
    return part * unit / scale;
}

static bool time_unit(const char *suffix, usec_t unit_when_absent, usec_t *out)
{
    if (*suffix == '\0') {
        *out = unit_when_absent;
        return true;
    }
    for (size_t i = 0; i < ARRAY_SIZE(time_units); i++) {
        if (strcasecmp(suffix, time_units[i].suffix) == 0) {
            *out = time_units[i].unit;
            return true;
        }
    }
    return false;
}

static bool parse_time(const struct keyword *keyword, const char *text, uint64_t *out, struct error *error)
{
    const char *at = text;
    uint64_t number;
    if (!take_digits(&at, &number))
        return found_instead(error, text, 0, keyword->values);
    const char *fraction = *at == '.' && isdigit((unsigned char)at[1]) ? at + 1 : NULL;
    if (fraction != NULL)
        at = fraction + strspn(fraction, "0123456789");
    usec_t unit;
    if (!time_unit(at, keyword->unit, &unit))
        return found_instead(error, text, (size_t)(at - text), keyword->values);
    uint64_t value, part = fraction != NULL ? take_fraction(&fraction, unit) : 0;
    if (!multiply(number, unit, &value) || __builtin_add_overflow(value, part, &value))
        return found_instead(error, text, 0, "a shorter time");
    *out = value;
    return true;
}

/* "Ki" and "KiB", "" and "B" are the same. */
static bool size_unit(const char *suffix, unsigned *out)
{
    *out = 0;
    if (*suffix == '\0' || strcasecmp(suffix, "B") == 0)
        return true;
    for (size_t i = 0; i < ARRAY_SIZE(size_units); i++) {
        if (strncasecmp(suffix, size_units[i].suffix, 2) != 0)
            continue;
        *out = size_units[i].shift;
        return suffix[2] == '\0' || strcasecmp(suffix + 2, "B") == 0;
    }
    return false;
}

static bool parse_size(const struct keyword *keyword, const char *text, uint64_t *out, struct error *error)
{
    const char *at = text;
    uint64_t number;
    unsigned shift;
    if (!take_digits(&at, &number) || !size_unit(at, &shift))
        return found_instead(error, text, (size_t)(at - text), keyword->values);
    if (!multiply(number, (uint64_t)1 << shift, out))
        return found_instead(error, text, 0, "a smaller number");
    return true;
}

static bool parse_percent(const struct keyword *keyword, const char *text, uint64_t *out, struct error *error)
{
    const char *at = text;
    uint64_t number;
    if (!take_digits(&at, &number) || (strcmp(at, "%") != 0 && *at != '\0'))
        return found_instead(error, text, (size_t)(at - text), keyword->values);
    *out = number;
    return true;
}

static bool parse_integer(const struct keyword *keyword, const char *text, uint64_t *out, struct error *error)
{
    const char *at = text;
    uint64_t number;
    if (keyword->type == KEYWORD_INT && strcmp(text, "-1") == 0) {
        *out = UINT64_MAX;
        return true;
    }
    if (!take_digits(&at, &number) || *at != '\0')
        return found_instead(error, text, (size_t)(at - text), keyword->values);
    *out = number;
    return true;
}

static bool parse_by_type(const struct keyword *keyword, const char *text, uint64_t *out, struct error *error)
{
    char expected[256];
    switch (keyword->type) {
    case KEYWORD_BOOL:
        return word_value(bool_words, text, "yes or no", out, error);
    case KEYWORD_ENUM:
        list_words(keyword->words, expected, sizeof(expected));
        return word_value(keyword->words, text, expected, out, error);
    case KEYWORD_TIME:
        return parse_time(keyword, text, out, error);
    case KEYWORD_SIZE:
        return parse_size(keyword, text, out, error);
    case KEYWORD_PERCENT:
        return parse_percent(keyword, text, out, error);
    case KEYWORD_UINT:
    case KEYWORD_INT:
        return parse_integer(keyword, text, out, error);
    case KEYWORD_STRING:
    case KEYWORD_SPECIAL:
        break;
    }
    return error_set(error, 0, "\"%s\" is not a number", keyword->name);
}

static bool is_range_checked(enum keyword_type type)
{
    return type != KEYWORD_BOOL && type != KEYWORD_ENUM;
}

static bool refuse_range(const struct keyword *keyword, const char *text, bool is_small, struct error *error)
{
    if (keyword->type == KEYWORD_TIME)
        return found_instead(error, text, 0, is_small ? "a longer time" : "a shorter time");
    return error_set(error, 0, "found \"%s\"; expected %llu to %llu", text,
                     (unsigned long long)keyword->minimum, (unsigned long long)keyword->maximum);
}

bool value_number(const struct keyword *keyword, const char *text, uint64_t *out, bool *ret_is_capped,
                  struct error *error)
{
    uint64_t number;
    if (!parse_by_type(keyword, text, &number, error))
        return false;
    bool is_capped = false;
    if (is_range_checked(keyword->type) && !(keyword->type == KEYWORD_INT && number == UINT64_MAX)) {
        is_capped = keyword->is_capped && number > keyword->maximum;
        if (is_capped)
            number = keyword->maximum;
        bool is_unset = number == 0 && keyword->zero_is_unset;
        if (!is_unset && (number < keyword->minimum || number > keyword->maximum))
            return refuse_range(keyword, text, number < keyword->minimum, error);
    }
    if (ret_is_capped != NULL)
        *ret_is_capped = is_capped;
    *out = number;
    return true;
}

bool value_check(const struct keyword *keyword, const char *text, struct error *error)
{
    uint64_t number;
    if (keyword->type == KEYWORD_STRING || keyword->type == KEYWORD_SPECIAL ||
        keyword->status == KEYWORD_OBSOLETE)
        return true;
    return value_number(keyword, text, &number, NULL, error);
}

static bool means_the_same(const struct keyword *keyword, const char *a, const char *b)
{
    uint64_t x, y;
    if (strcasecmp(a, b) == 0)
        return true;
    if (keyword->type == KEYWORD_STRING || keyword->type == KEYWORD_SPECIAL)
        return false;
    return value_number(keyword, a, &x, NULL, NULL) && value_number(keyword, b, &y, NULL, NULL) && x == y;
}

bool value_is_default(const struct keyword *keyword, const char *text)
{
    return means_the_same(keyword, text, keyword->default_text) ||
           (keyword->inert != NULL && means_the_same(keyword, text, keyword->inert));
}

void value_store(void *field, uint8_t width, uint64_t number)
{
    uint8_t one = (uint8_t)number;
    uint16_t two = (uint16_t)number;
    uint32_t four = (uint32_t)number;
    memcpy(field,
           width == 1   ? (void *)&one
           : width == 2 ? (void *)&two
           : width == 4 ? (void *)&four
                        : &number,
           width);
}

bool value_next_word(const char **cursor, char *out, size_t size)
{
    const char *start = *cursor + strspn(*cursor, ", \t");
    size_t length = strcspn(start, ", \t");
    *cursor = start + length;
    if (length == 0)
        return false;
    if (length >= size)
        length = size - 1;
    memcpy(out, start, length);
    out[length] = '\0';
    return true;
}
