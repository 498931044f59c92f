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
    return (struct conf_place){lexer->source, line->number, (uint16_t)(at - line->start + 1), line->start};
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
        struct conf_place place = place_at(lexer, line, line->start);
        return conf_error(error, &place, "found a line of more than %d bytes", CONF_LINE_SIZE_MAX);
    }
    return true;
}

/* Comments may hold anything. */
static bool check_bytes(const struct conf_lexer *lexer, const struct line *line, struct error *error)
{
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

/* What is wrong with this value alone: the section suffers, not the file. */
static bool set_fault(struct conf_lexer *lexer, struct conf_item *item, const struct conf_place *place,
                      const char *reason, struct error *error)
{
    struct error fault;
    conf_error(&fault, place, "%s", reason);
    item->fault = arena_copy(lexer->arena, fault.text, strlen(fault.text) + 1);
    item->value = "";
    return item->fault != NULL || error_set(error, 0, "%s: out of memory", lexer->source->path);
}

/* Right behind the closing quote or brace, `line->at` being there. */
static bool end_enclosed(struct conf_lexer *lexer, struct line *line, struct conf_item *item,
                         struct error *error)
{
    item->value_place.column++;
    if (line->at == line->end || is_blank(*line->at) || *line->at == '#')
        return check_rest(lexer, line, error);
    struct conf_place place = place_at(lexer, line, line->at);
    return set_fault(lexer, item, &place,
                     "found more text right behind the closing quote or brace; expected a blank or the end "
                     "of the line",
                     error);
}

/* "...": only \" stands for something else than itself, since names of certificates have backslashes. */
static bool take_quoted(struct conf_lexer *lexer, struct line *line, struct conf_item *item,
                        struct error *error)
{
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
        return set_fault(lexer, item, &item->value_place,
                         "found a quote that is not closed; expected \" in the same line", error);
    line->at++;
    item->value = text;
    item->is_quoted = true;
    return end_enclosed(lexer, line, item, error);
}

/* {...}: a list. */
static bool take_braced(struct conf_lexer *lexer, struct line *line, struct conf_item *item,
                        struct error *error)
{
    const char *start = ++line->at;
    const char *closing = memchr(start, '}', (size_t)(line->end - start));
    if (closing == NULL)
        return set_fault(lexer, item, &item->value_place,
                         "found a brace that is not closed; expected } in the same line", error);
    item->value = copy(lexer, start, closing, error);
    line->at = closing + 1;
    return item->value != NULL && end_enclosed(lexer, line, item, error);
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

bool conf_word_is_comment(const char *word)
{
    return strncasecmp(word, "x-", 2) == 0 || strncasecmp(word, "x_", 2) == 0;
}

static bool take_value(struct conf_lexer *lexer, struct line *line, struct conf_item *item,
                       struct error *error)
{
    skip_blanks(line);
    item->value_place = place_at(lexer, line, line->at);
    if (conf_word_is_comment(item->word))
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
    if (!check_bytes(lexer, line, error))
        return false;
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
    /* A connection may be called "=x". */
    bool is_conn = line->at > end && strcmp(item->word, "conn") == 0;
    bool is_option = !is_conn && line->at < line->end && *line->at == '=';
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
