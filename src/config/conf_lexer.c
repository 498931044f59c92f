/* The lines of ipsec.conf(5). */
#include "config/conf_lexer.h"

#include "base/text.h"
#include "config/conf_file.h"

#include <strings.h>

enum { WORD_SHOWN_MAX = 64 };

/* The line being read, without its end. */
struct line {
    const char *start, *at, *end;
    uint32_t number;
};

struct conf_lexer conf_lexer_of(const struct conf_source *source, struct arena *arena)
{
    bool has_mark = source->size >= 3 && memcmp(source->text, "\xef\xbb\xbf", 3) == 0;
    return (struct conf_lexer){source, source->text + (has_mark ? 3 : 0), 1, arena};
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static void skip_blanks(struct line *line)
{
    while (line->at < line->end && is_blank(*line->at))
        line->at++;
}

static struct conf_place place_at(const struct conf_lexer *lexer, const struct line *line, const char *at)
{
    return (struct conf_place){lexer->source, line->number, (uint16_t)(at - line->start + 1)};
}

static bool take_line(struct conf_lexer *lexer, struct line *line, struct error *error)
{
    const char *end_of_text = lexer->source->text + lexer->source->size;
    const char *newline = memchr(lexer->at, '\n', (size_t)(end_of_text - lexer->at));
    const char *end = newline != NULL ? newline : end_of_text;
    *line = (struct line){lexer->at, lexer->at, end, lexer->line};
    lexer->at = newline != NULL ? newline + 1 : end;
    lexer->line++;
    if (line->end > line->start && line->end[-1] == '\r')
        line->end--;
    if (end - line->start > CONF_LINE_SIZE_MAX) {
        struct conf_place place = {lexer->source, line->number, 1};
        return conf_error(error, &place, "found a line of more than %d bytes", CONF_LINE_SIZE_MAX);
    }
    for (const char *at = line->start; at < line->end; at++) {
        if ((unsigned char)*at < 0x20 && *at != '\t') {
            struct conf_place place = place_at(lexer, line, at);
            return conf_error(error, &place, "found byte \\%03o; expected text", (unsigned)*at);
        }
    }
    return true;
}

static const char *copy(struct conf_lexer *lexer, const char *start, const char *end, struct error *error)
{
    char *text = arena_take(lexer->arena, (size_t)(end - start) + 1);
    if (text != NULL)
        memcpy(text, start, (size_t)(end - start));
    else
        error_set(error, 0, "%s: out of memory", lexer->source->path);
    return text;
}

/* Behind a value there may be a comment, nothing else. */
static bool check_rest(struct conf_lexer *lexer, struct line *line, struct error *error)
{
    skip_blanks(line);
    if (line->at == line->end || *line->at == '#')
        return true;
    char shown[WORD_SHOWN_MAX];
    struct text out = text_of(shown, sizeof(shown));
    text_add_escaped(&out, bytes_of(line->at, (size_t)(line->end - line->at)));
    struct conf_place place = place_at(lexer, line, line->at);
    return conf_error(
        error, &place,
        "found \"%s\" behind the value; expected the end of the line, or quotes around a value with blanks",
        shown);
}

/* "...": only \" stands for something else than itself, since names of certificates have backslashes. */
static bool take_quoted(struct conf_lexer *lexer, struct line *line, struct conf_item *item,
                        struct error *error)
{
    struct conf_place opening = place_at(lexer, line, line->at);
    char *text = arena_take(lexer->arena, (size_t)(line->end - line->at) + 1);
    size_t size = 0;
    if (text == NULL)
        return error_set(error, 0, "%s: out of memory", lexer->source->path);
    for (line->at++; line->at < line->end && *line->at != '"'; line->at++) {
        if (*line->at == '\\' && line->at + 1 < line->end && line->at[1] == '"')
            line->at++;
        text[size++] = *line->at;
    }
    if (line->at == line->end)
        return conf_error(error, &opening, "found a quote that is not closed; expected \" in the same line");
    line->at++;
    item->value = text;
    item->value_place.column++;
    return check_rest(lexer, line, error);
}

/* {...}: a list, over several lines if wanted. */
static bool take_braced(struct conf_lexer *lexer, struct line *line, struct conf_item *item,
                        struct error *error)
{
    struct conf_place opening = place_at(lexer, line, line->at);
    const char *start = ++line->at, *end_of_text = lexer->source->text + lexer->source->size;
    const char *limit = end_of_text - start > CONF_LINE_SIZE_MAX ? start + CONF_LINE_SIZE_MAX : end_of_text;
    const char *closing = memchr(start, '}', (size_t)(limit - start));
    if (closing == NULL)
        return conf_error(error, &opening, "found a brace that is not closed; expected }");
    while (closing >= line->end && lexer->at < end_of_text)
        if (!take_line(lexer, line, error))
            return false;
    char *text = arena_take(lexer->arena, (size_t)(closing - start) + 1);
    if (text == NULL)
        return error_set(error, 0, "%s: out of memory", lexer->source->path);
    for (const char *at = start; at < closing; at++)
        text[at - start] = *at == '\n' || *at == '\r' ? ' ' : *at;
    line->at = closing + 1;
    item->value = text;
    item->value_place.column++;
    return check_rest(lexer, line, error);
}

/* To the end of the line or to a blank followed by #, without blanks at the end. */
static bool take_rest(struct conf_lexer *lexer, struct line *line, struct conf_item *item,
                      struct error *error)
{
    const char *start = line->at, *end = start;
    for (const char *at = start; at < line->end; at++) {
        if (*at == '#' && (at == start || is_blank(at[-1])))
            break;
        if (!is_blank(*at))
            end = at + 1;
    }
    item->value = copy(lexer, start, end, error);
    return item->value != NULL;
}

/* One word. */
static bool take_plain(struct conf_lexer *lexer, struct line *line, struct conf_item *item,
                       struct error *error)
{
    const char *start = line->at;
    while (line->at < line->end && !is_blank(*line->at) && (*line->at != '#' || line->at > start))
        line->at++;
    item->value = copy(lexer, start, line->at, error);
    return item->value != NULL && check_rest(lexer, line, error);
}

/* x-...: a comment, whatever it says. */
static bool take_comment(struct conf_lexer *lexer, struct line *line, struct conf_item *item,
                         struct error *error)
{
    item->value = copy(lexer, line->at, line->end, error);
    return item->value != NULL;
}

static bool take_value(struct conf_lexer *lexer, struct line *line, struct conf_item *item,
                       struct error *error)
{
    skip_blanks(line);
    item->value_place = place_at(lexer, line, line->at);
    if (item->kind == CONF_ITEM_OPTION && strncasecmp(item->word, "x-", 2) == 0)
        return take_comment(lexer, line, item, error);
    if (line->at < line->end && *line->at == '"')
        return take_quoted(lexer, line, item, error);
    if (line->at < line->end && *line->at == '{' && item->kind == CONF_ITEM_OPTION)
        return take_braced(lexer, line, item, error);
    if (item->kind == CONF_ITEM_DIRECTIVE)
        return take_rest(lexer, line, item, error);
    return take_plain(lexer, line, item, error);
}

static bool take_item(struct conf_lexer *lexer, struct line *line, struct conf_item *item,
                      struct error *error)
{
    const char *start = line->at;
    while (line->at < line->end && !is_blank(*line->at) && *line->at != '=')
        line->at++;
    const char *end = line->at;
    *item = (struct conf_item){.word_place = place_at(lexer, line, start),
                               .is_indented = start > line->start && is_blank(start[-1])};
    if (start == end)
        return conf_error(error, &item->word_place, "found \"=\"; expected a keyword before it");
    item->word = copy(lexer, start, end, error);
    if (item->word == NULL)
        return false;
    skip_blanks(line);
    bool is_option = line->at < line->end && *line->at == '=';
    item->kind = is_option ? CONF_ITEM_OPTION : CONF_ITEM_DIRECTIVE;
    line->at += is_option;
    return take_value(lexer, line, item, error);
}

bool conf_lexer_next(struct conf_lexer *lexer, struct conf_item *item, struct error *error)
{
    const char *end_of_text = lexer->source->text + lexer->source->size;
    while (lexer->at < end_of_text) {
        struct line line;
        if (!take_line(lexer, &line, error))
            return false;
        skip_blanks(&line);
        if (line.at < line.end && *line.at != '#')
            return take_item(lexer, &line, item, error);
    }
    *item = (struct conf_item){.kind = CONF_ITEM_END};
    return true;
}
