/* Text built into a caller's fixed buffer: always terminated, truncated when it does not fit, never failing.
 */
#ifndef STYX_BASE_TEXT_H
#define STYX_BASE_TEXT_H

#include "base/bytes.h"

struct text {
    char *at;
    size_t size; /* characters written, without the terminator */
    size_t capacity;
};

static inline struct text text_of(char *buffer, size_t capacity)
{
    buffer[0] = '\0';
    return (struct text){.at = buffer, .capacity = capacity};
}

void text_add(struct text *text, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Bytes from a peer or a file: printable ASCII as it is; quotes, backslash and all else as \ooo octal. */
void text_add_escaped(struct text *text, struct bytes bytes);

/* Nothing in it begins a line of its own or moves a terminal's cursor: control characters become '?'. */
void text_keep_to_one_line(char *line);
bool text_is_one_line(const char *text);

/* Lower-case hexadecimal. */
void text_add_hex(struct text *text, struct bytes bytes);

/* A number of bytes for people, as Libreswan has it: 84B, 13KB, 7MB. */
void text_add_bytes(struct text *text, uint64_t bytes);

/* Decodes hexadecimal digits ('_' and blanks between digits are skipped, as in 0x keys of ipsec.secrets).
 * Returns the number of bytes written, or -1 if a character is no digit, a digit is alone, or it does not
 * fit. */
long hex_decode(const char *digits, size_t length, uint8_t *out, size_t capacity);

/* Decodes RFC 4648 base64 (padding optional). Returns the number of bytes, or -1. */
long base64_decode(const char *text, size_t length, uint8_t *out, size_t capacity);

/* Of `count` candidates, the one nearest to `word` by edit distance, or NULL if none is near. */
const char *text_nearest(const char *word, const char *const *candidates, size_t count);

#endif
