/*
 * Lines of text in which the facts of one thing stand by name. In a line
 *     {name}           is the fact's value; {object.name} that of a member of an object
 *     {name?text}      is `text`, which may have such places itself, if the fact is there and not false
 *     {!name?text}     the same if it is not there or false
 * A line that comes out empty is not shown.
 */
#ifndef STYX_CONTROL_TEXT_FORM_H
#define STYX_CONTROL_TEXT_FORM_H

#include "control/buffer.h"

struct text_form {
    int code; /* whack's message number of these lines */
    size_t line_count;
    const char *const *lines;
};

#define TEXT_FORM(number, array)                                                                             \
    {                                                                                                        \
        .code = (number), .line_count = ARRAY_SIZE(array), .lines = (array)                                  \
    }

enum fact_kind { FACT_ABSENT, FACT_BOOL, FACT_NUMBER, FACT_TEXT };

/* One fact of the thing that is being told. */
struct fact {
    const char *object, *name; /* object: NULL, or the object that it is a member of */
    enum fact_kind kind;
    bool is_true;    /* there and not false */
    uint64_t number; /* FACT_NUMBER */
    size_t at, size; /* else: its text, in a buffer of its own */
};

struct compiled_form;

/* NULL: out of memory. Asserts that every name in the lines is that of a fact: forms are our own. */
struct compiled_form *text_form_compile(const struct text_form *form, const struct fact *facts, size_t count);
void text_form_free(struct compiled_form *compiled);
const struct text_form *text_form_of(const struct compiled_form *compiled);

/* Appends line `index` to `out`. The facts are those of the compilation, in the same order, with other
 * values. */
void text_form_render(const struct compiled_form *compiled, size_t index, const struct fact *facts,
                      const uint8_t *texts, struct buffer *out);

#endif
