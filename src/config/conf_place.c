/* Errors of ipsec.conf(5) with their place: the file, the line, and a caret under what is wrong. */
#include "config/conf_lexer.h"

#include "base/text.h"

#include <stdarg.h>
#include <stdio.h>

enum { LINE_SHOWN_MAX = 70, PATH_SHOWN_MAX = 100 };

static struct bytes line_of(const struct conf_place *place)
{
    const char *end = place->source->text + place->source->size;
    const char *newline = memchr(place->line_start, '\n', (size_t)(end - place->line_start));
    return bytes_of(place->line_start, (size_t)((newline != NULL ? newline : end) - place->line_start));
}

/* One byte, one column: what has no width or no fixed one is shown as a blank or a question mark. */
static char shown_byte(uint8_t byte)
{
    if (byte == '\t' || byte == '\r')
        return ' ';
    return byte >= 0x20 && byte < 0x7f ? (char)byte : '?';
}

static void add_line_and_caret(struct text *text, const struct conf_place *place)
{
    struct bytes line = line_of(place);
    size_t column = place->column > 0 ? place->column - 1u : 0;
    size_t start = column > LINE_SHOWN_MAX / 2 ? column - LINE_SHOWN_MAX / 2 : 0;
    char shown[LINE_SHOWN_MAX + 1];
    size_t size = 0;
    for (size_t i = start; i < line.size && size < LINE_SHOWN_MAX; i++)
        shown[size++] = shown_byte(line.data[i]);
    shown[size] = '\0';
    text_add(text, "\n    %s\n    %*s^", shown, (int)(column - start), "");
}

bool conf_error(struct error *error, const struct conf_place *place, const char *format, ...)
{
    if (error == NULL)
        return false;
    char reason[CONF_REASON_SIZE];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(reason, sizeof(reason), format, arguments);
    va_end(arguments);
    error->code = 0;
    struct text text = text_of(error->text, sizeof(error->text));
    text_add(&text, "%.*s:%u:%u: %s", PATH_SHOWN_MAX, place->source->path, place->line, place->column,
             reason);
    add_line_and_caret(&text, place);
    return false;
}
