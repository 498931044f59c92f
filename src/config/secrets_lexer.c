/* The records of ipsec.secrets(5). */
#include "config/secrets_lexer.h"

struct secrets_lexer secrets_lexer_of(const char *path, const char *text, size_t size)
{
    size_t mark = size >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
    return (struct secrets_lexer){path, text + mark, text + size, text + mark, 1};
}

bool secrets_error(struct error *error, const struct secrets_lexer *lexer, const struct secrets_word *word,
                   const char *reason)
{
    return error_set(error, 0, "%.200s:%u:%u: %s", lexer->path, word->line, word->column, reason);
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\f' || c == '\v';
}

static void skip_to_line_end(struct secrets_lexer *lexer)
{
    const char *newline = memchr(lexer->at, '\n', (size_t)(lexer->end - lexer->at));
    lexer->at = newline != NULL ? newline : lexer->end;
}

static void next_line(struct secrets_lexer *lexer)
{
    lexer->line_start = ++lexer->at;
    lexer->line++;
}

/* To the next text in the file; true when it begins at the start of a line, hence a record. */
static bool skip_blanks(struct secrets_lexer *lexer)
{
    while (lexer->at < lexer->end) {
        if (*lexer->at == '\n')
            next_line(lexer);
        else if (is_blank(*lexer->at))
            lexer->at++;
        else if (*lexer->at == '#')
            skip_to_line_end(lexer);
        else
            break;
    }
    return lexer->at == lexer->line_start;
}

bool secrets_lexer_begin_record(struct secrets_lexer *lexer)
{
    skip_blanks(lexer);
    return lexer->at < lexer->end;
}

static bool take_quoted(struct secrets_lexer *lexer, struct secrets_word *word, struct error *error)
{
    char quote = *lexer->at++;
    const char *start = lexer->at;
    while (lexer->at < lexer->end && *lexer->at != quote && *lexer->at != '\n')
        lexer->at++;
    if (lexer->at == lexer->end || *lexer->at == '\n')
        return secrets_error(error, lexer, word,
                             "found a quote that is not closed; expected it in the same line");
    word->text = bytes_of(start, (size_t)(lexer->at - start));
    word->is_quoted = true;
    lexer->at++;
    return true;
}

/* "10.0.0.1:" is an index and its colon, ":PSK" a colon and its kind, while "::1" and "fe80::" are addresses.
 */
static void take_plain(struct secrets_lexer *lexer, struct secrets_word *word)
{
    const char *start = lexer->at, *at = start;
    while (at < lexer->end && *at != '\n' && !is_blank(*at))
        at++;
    size_t size = (size_t)(at - start);
    if (size > 1 && start[0] == ':' && start[1] != ':')
        size = 1;
    else if (size > 1 && start[size - 1] == ':' && start[size - 2] != ':')
        size--;
    lexer->at = start + size;
    word->text = bytes_of(start, size);
}

bool secrets_lexer_next(struct secrets_lexer *lexer, struct secrets_word *word, bool *ret_is_end,
                        struct error *error)
{
    const char *before = lexer->at, *line_before = lexer->line_start;
    bool begins_line = skip_blanks(lexer);
    bool is_same_line = lexer->line_start == line_before;
    *ret_is_end = lexer->at == lexer->end || (begins_line && !(is_same_line && lexer->at == before));
    if (*ret_is_end)
        return true;
    *word =
        (struct secrets_word){.line = lexer->line, .column = (uint32_t)(lexer->at - lexer->line_start) + 1};
    if (*lexer->at == '"' || *lexer->at == '\'')
        return take_quoted(lexer, word, error);
    take_plain(lexer, word);
    return true;
}

void secrets_lexer_skip_record(struct secrets_lexer *lexer, bool has_braces)
{
    long depth = 0;
    while (lexer->at < lexer->end) {
        if ((skip_blanks(lexer) && depth <= 0) || lexer->at == lexer->end)
            return;
        depth += !has_braces ? 0 : *lexer->at == '{' ? 1 : *lexer->at == '}' ? -1 : 0;
        lexer->at++;
    }
}
