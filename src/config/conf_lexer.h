/* ipsec.conf(5) as lines: `word = value` and `word argument`, comments and quotes taken off. */
#ifndef STYX_CONFIG_CONF_LEXER_H
#define STYX_CONFIG_CONF_LEXER_H

#include "base/arena.h"
#include "base/error.h"

/* A file that was read; lives as long as the configuration, for errors show its lines. */
struct conf_source {
    struct conf_source *next;
    const char *path;
    char *text;
    size_t size;
};

/* A place in it, line and column from 1. */
struct conf_place {
    const struct conf_source *source;
    uint32_t line;
    uint16_t column;
    const char *line_start; /* in the source's text */
};

enum conf_item_kind {
    CONF_ITEM_END,
    CONF_ITEM_OPTION,    /* word = value */
    CONF_ITEM_DIRECTIVE, /* word value: conn, config, include, version */
};

struct conf_item {
    enum conf_item_kind kind;
    bool is_indented; /* blanks before the word: it belongs to a section */
    bool is_quoted;   /* the value was in quotes */
    const char *word;
    const char *value;
    const char *fault; /* NULL, or what is wrong with the value, as conf_error() says it; then it is "" */
    struct conf_place word_place;
    struct conf_place value_place;
};

struct conf_lexer {
    const struct conf_source *source;
    const char *at; /* start of the next line */
    uint32_t line;  /* its number */
    struct arena *arena;
};

struct conf_lexer conf_lexer_of(const struct conf_source *source, struct arena *arena);
/* x-..., x_...: a comment in the shape of a keyword. */
bool conf_word_is_comment(const char *word);
/* The next line that is not empty, its texts in the arena. Errors have their place; the call
 * after one goes on with the line behind it. */
bool conf_lexer_next(struct conf_lexer *lexer, struct conf_item *item, struct error *error);

/*
 * FILE:LINE:COLUMN: `text`, then the line and a caret under the place. `text` must be short of
 * CONF_REASON_SIZE or is cut. Returns false.
 */
enum { CONF_REASON_SIZE = 300 };
bool conf_error(struct error *error, const struct conf_place *place, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
