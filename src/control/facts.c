/* What is to be told of one thing, as JSON or as text. */
#include "control/facts.h"

#include <assert.h>
#include <stdlib.h>

void facts_to_json(struct facts *facts, struct buffer *to)
{
    facts->is_json = true;
    facts->json.to = to;
}

void facts_to_text(struct facts *facts, facts_line *on_line, void *context)
{
    facts->is_json = false;
    facts->on_line = on_line;
    facts->context = context;
}

void facts_free(struct facts *facts)
{
    for (size_t i = 0; i < facts->compiled_count; i++)
        text_form_free(facts->compiled[i]);
    buffer_free(&facts->texts);
    buffer_free(&facts->line);
    *facts = (struct facts){0};
}

/* ---- one thing ---- */

void facts_begin(struct facts *facts, const char *name, const struct text_form *form)
{
    facts->form = form;
    facts->object = NULL;
    facts->count = 0;
    buffer_clear(&facts->texts);
    if (facts->is_json)
        json_out_open(&facts->json, name, '{');
}

static struct compiled_form *compiled_form(struct facts *facts)
{
    for (size_t i = 0; i < facts->compiled_count; i++)
        if (text_form_of(facts->compiled[i]) == facts->form)
            return facts->compiled[i];
    assert(facts->compiled_count < FORMS_MAX);
    struct compiled_form *compiled = text_form_compile(facts->form, facts->list, facts->count);
    if (compiled != NULL)
        facts->compiled[facts->compiled_count++] = compiled;
    return compiled;
}

static void render(struct facts *facts)
{
    const struct compiled_form *compiled = compiled_form(facts);
    for (size_t i = 0; compiled != NULL && i < facts->form->line_count; i++) {
        buffer_clear(&facts->line);
        text_form_render(compiled, i, facts->list, facts->texts.data, &facts->line);
        if (facts->line.size > 0)
            facts->on_line(facts->context, facts->form->code, (const char *)facts->line.data,
                           facts->line.size);
    }
}

void facts_end(struct facts *facts)
{
    facts_object(facts, NULL);
    if (facts->is_json)
        json_out_close(&facts->json, '}');
    else
        render(facts);
}

void facts_object(struct facts *facts, const char *name)
{
    if (facts->is_json && facts->object != NULL)
        json_out_close(&facts->json, '}');
    if (facts->is_json && name != NULL)
        json_out_open(&facts->json, name, '{');
    facts->object = name;
}

/* ---- its facts ---- */

static struct fact *add(struct facts *facts, const char *name, enum fact_kind kind)
{
    assert(facts->count < FACTS_MAX);
    struct fact *fact = &facts->list[facts->count++];
    *fact = (struct fact){.object = facts->object, .name = name, .kind = kind, .at = facts->texts.size};
    return fact;
}

/* No line breaks and the like: nothing that stands in a name can pretend to be another line. */
static void add_to_text(struct facts *facts, struct fact *fact, const char *value)
{
    for (const char *at = value; *at != '\0';) {
        size_t plain = 0;
        while ((uint8_t)at[plain] >= 0x20 && at[plain] != 0x7f)
            plain++;
        buffer_add(&facts->texts, at, plain);
        at += plain;
        if (*at == '\0')
            break;
        uint8_t byte = (uint8_t)*at++;
        buffer_add(&facts->texts,
                   (const char[]){'\\', (char)('0' + (byte >> 6)), (char)('0' + (byte >> 3 & 7)),
                                  (char)('0' + (byte & 7))},
                   4);
    }
    fact->size = facts->texts.size - fact->at;
}

void facts_number(struct facts *facts, const char *name, uint64_t value)
{
    if (facts->is_json) {
        json_out_number(&facts->json, name, value);
        return;
    }
    struct fact *fact = add(facts, name, FACT_NUMBER);
    fact->number = value;
    fact->is_true = true;
}

void facts_limit(struct facts *facts, const char *name, uint64_t value, const char *absent)
{
    if (value == UINT64_MAX)
        facts_absent(facts, name, absent);
    else
        facts_number(facts, name, value);
}

void facts_bool(struct facts *facts, const char *name, bool value)
{
    if (facts->is_json)
        json_out_boolean(&facts->json, name, value);
    else
        add(facts, name, FACT_BOOL)->is_true = value;
}

void facts_absent(struct facts *facts, const char *name, const char *shown)
{
    if (facts->is_json)
        json_out_null(&facts->json, name);
    else
        add_to_text(facts, add(facts, name, FACT_ABSENT), shown);
}

void facts_shown(struct facts *facts, const char *name, const char *value)
{
    if (facts->is_json)
        return;
    struct fact *fact = add(facts, name, FACT_TEXT);
    fact->is_true = value[0] != '\0';
    add_to_text(facts, fact, value);
}

void facts_text_or(struct facts *facts, const char *name, const char *value, const char *absent)
{
    if (value == NULL) {
        facts_absent(facts, name, absent);
    } else if (facts->is_json) {
        json_out_text(&facts->json, name, value, strlen(value));
    } else {
        struct fact *fact = add(facts, name, FACT_TEXT);
        fact->is_true = true;
        add_to_text(facts, fact, value);
    }
}

void facts_text(struct facts *facts, const char *name, const char *value)
{
    facts_text_or(facts, name, value, "");
}

void facts_list_begin(struct facts *facts, const char *name, char separator)
{
    facts->separator = separator;
    if (facts->is_json)
        json_out_open(&facts->json, name, '[');
    else
        add(facts, name, FACT_TEXT);
}

void facts_list_add(struct facts *facts, const char *value)
{
    if (facts->is_json) {
        json_out_text(&facts->json, NULL, value, strlen(value));
        return;
    }
    struct fact *fact = &facts->list[facts->count - 1];
    if (fact->is_true)
        buffer_add(&facts->texts, &facts->separator, 1);
    fact->is_true = true;
    add_to_text(facts, fact, value);
}

void facts_list_end(struct facts *facts)
{
    if (facts->is_json)
        json_out_close(&facts->json, ']');
}
