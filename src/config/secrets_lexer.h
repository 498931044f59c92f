/* ipsec.secrets(5) as records of words: a record goes on over the indented lines that follow. */
#ifndef STYX_CONFIG_SECRETS_LEXER_H
#define STYX_CONFIG_SECRETS_LEXER_H

#include "base/bytes.h"
#include "base/error.h"

struct secrets_lexer {
    const char *path;
    const char *at, *end, *line_start;
    uint32_t line;
};

struct secrets_word {
    struct bytes text; /* borrowed, without quotes */
    bool is_quoted;
    uint32_t line;
    uint32_t column;
};

struct secrets_lexer secrets_lexer_of(const char *path, const char *text, size_t size);
/* Goes to the next record; false at the end of the file. */
bool secrets_lexer_begin_record(struct secrets_lexer *lexer);
/* The next word of the record. *ret_is_end: there is none. A colon behind an index is a word of its own. */
bool secrets_lexer_next(struct secrets_lexer *lexer, struct secrets_word *word, bool *ret_is_end,
                        struct error *error);
/* Passes over the rest of the record; when it `has_braces`, what is between them whatever its indentation. */
void secrets_lexer_skip_record(struct secrets_lexer *lexer, bool has_braces);

/* FILE:LINE:COLUMN: the reason; never the text itself, which may be a secret. Returns false. */
bool secrets_error(struct error *error, const struct secrets_lexer *lexer, const struct secrets_word *word,
                   const char *reason);

#endif
