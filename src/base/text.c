#include "base/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <strings.h>

static void add_string(struct text *text, const char *string)
{
    size_t room = text->capacity - text->size - 1;
    size_t size = strnlen(string, room);
    memcpy(text->at + text->size, string, size);
    text->size += size;
    text->at[text->size] = '\0';
}

/* Long listings are made of plain strings for the most part, for which printf's machinery is far slower. */
void text_add(struct text *text, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    if (strcmp(format, "%s") == 0) {
        add_string(text, va_arg(arguments, const char *));
    } else {
        size_t room = text->capacity - text->size;
        int wanted = vsnprintf(text->at + text->size, room, format, arguments);
        if (wanted > 0)
            text->size += (size_t)wanted < room ? (size_t)wanted : room - 1;
    }
    va_end(arguments);
}

void text_add_escaped(struct text *text, struct bytes bytes)
{
    for (size_t i = 0; i < bytes.size; i++) {
        uint8_t c = bytes.data[i];
        if (c >= 0x20 && c < 0x7f && c != '\\' && c != '"' && c != '\'' && c != '`')
            text_add(text, "%c", c);
        else
            text_add(text, "\\%03o", c);
    }
}

static bool is_control(char c)
{
    return ((unsigned char)c < 0x20 && c != '\t') || c == 0x7f;
}

void text_keep_to_one_line(char *line)
{
    for (; *line != '\0'; line++)
        if (is_control(*line))
            *line = '?';
}

bool text_is_one_line(const char *text)
{
    while (*text != '\0' && !is_control(*text))
        text++;
    return *text == '\0';
}

void text_add_hex(struct text *text, struct bytes bytes)
{
    for (size_t i = 0; i < bytes.size; i++)
        text_add(text, "%02x", bytes.data[i]);
}

void text_add_bytes(struct text *text, uint64_t bytes)
{
    enum { KILO = 1024 };
    if (bytes < KILO)
        text_add(text, "%lluB", (unsigned long long)bytes);
    else if (bytes / KILO < KILO)
        text_add(text, "%lluKB", (unsigned long long)(bytes / KILO));
    else
        text_add(text, "%lluMB", (unsigned long long)(bytes / KILO / KILO));
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

long hex_decode(const char *digits, size_t length, uint8_t *out, size_t capacity)
{
    size_t written = 0;
    int high = -1;
    for (size_t i = 0; i < length; i++) {
        if (digits[i] == '_' || digits[i] == ' ')
            continue;
        int digit = hex_digit(digits[i]);
        if (digit < 0)
            return -1;
        if (high < 0) {
            high = digit;
            continue;
        }
        if (written == capacity)
            return -1;
        out[written++] = (uint8_t)(high << 4 | digit);
        high = -1;
    }
    return high < 0 ? (long)written : -1;
}

static int base64_digit(char c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    return c == '+' ? 62 : c == '/' ? 63 : -1;
}

long base64_decode(const char *text, size_t length, uint8_t *out, size_t capacity)
{
    while (length > 0 && text[length - 1] == '=')
        length--;
    if (length % 4 == 1)
        return -1;
    size_t written = 0;
    uint32_t bits = 0;
    unsigned held = 0;
    for (size_t i = 0; i < length; i++) {
        int digit = base64_digit(text[i]);
        if (digit < 0)
            return -1;
        bits = bits << 6 | (uint32_t)digit;
        held += 6;
        if (held < 8)
            continue;
        held -= 8;
        if (written == capacity)
            return -1;
        out[written++] = (uint8_t)(bits >> held);
    }
    return (long)written;
}

/* Levenshtein distance over one row; words longer than the row count as far away. */
static size_t edit_distance(const char *a, const char *b)
{
    enum { LONGEST = 63 };
    size_t row[LONGEST + 1];
    size_t a_length = strlen(a);
    size_t b_length = strlen(b);
    if (a_length > LONGEST || b_length > LONGEST)
        return LONGEST;
    for (size_t j = 0; j <= b_length; j++)
        row[j] = j;
    for (size_t i = 1; i <= a_length; i++) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= b_length; j++) {
            size_t change = diagonal + (strncasecmp(a + i - 1, b + j - 1, 1) != 0);
            size_t best = row[j] + 1 < row[j - 1] + 1 ? row[j] + 1 : row[j - 1] + 1;
            diagonal = row[j];
            row[j] = change < best ? change : best;
        }
    }
    return row[b_length];
}

const char *text_nearest(const char *word, const char *const *candidates, size_t count)
{
    const char *nearest = NULL;
    size_t best = strlen(word) / 3 + 2;
    for (size_t i = 0; i < count; i++) {
        size_t distance = edit_distance(word, candidates[i]);
        if (distance < best) {
            best = distance;
            nearest = candidates[i];
        }
    }
    return nearest;
}
