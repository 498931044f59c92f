/* Lines of text in which facts stand by name: compiled once, then rendered for every thing. */
#include "control/text_form.h"

#include <assert.h>
#include <stdlib.h>

#include "control/facts.h"

enum step_kind { STEP_LITERAL, STEP_VALUE, STEP_IF, STEP_IF_NOT };

/* STEP_IF and STEP_IF_NOT skip the steps up to `end` when their condition does not hold. */
struct step {
    enum step_kind kind;
    uint16_t fact, end;
    uint16_t size;
    const char *text;
};

struct compiled_form {
    const struct text_form *form;
    size_t step_count, step_capacity;
    struct step *steps;
    uint16_t line_starts[]; /* line_count + 1 */
};

struct compiler {
    struct compiled_form *compiled;
    const struct fact *facts;
    size_t fact_count;
    bool is_out_of_memory;
};

static size_t add_step(struct compiler *compiler, struct step step)
{
    struct compiled_form *compiled = compiler->compiled;
    if (compiled->step_count == compiled->step_capacity) {
        size_t capacity = compiled->step_capacity ? 2 * compiled->step_capacity : 64;
        struct step *grown = realloc(compiled->steps, capacity * sizeof(*grown));
        if (grown == NULL) {
            compiler->is_out_of_memory = true;
            return 0;
        }
        compiled->steps = grown;
        compiled->step_capacity = capacity;
    }
    compiled->steps[compiled->step_count] = step;
    return compiled->step_count++;
}

static bool is_named(const struct fact *fact, const char *name, size_t size)
{
    size_t object_size = fact->object ? strlen(fact->object) + 1 : 0;
    if (size != object_size + strlen(fact->name))
        return false;
    if (fact->object != NULL &&
        (strncmp(name, fact->object, object_size - 1) != 0 || name[object_size - 1] != '.'))
        return false;
    return strncmp(name + object_size, fact->name, size - object_size) == 0;
}

static uint16_t find_fact(const struct compiler *compiler, const char *name, size_t size)
{
    size_t i = 0;
    while (i < compiler->fact_count && !is_named(&compiler->facts[i], name, size))
        i++;
    assert(i < compiler->fact_count && "a form names a fact that is not told");
    return (uint16_t)i;
}

static const char *compile_place(struct compiler *compiler, const char *at);

/* Up to the end of the text, or to the } that ends it. */
static const char *compile_text(struct compiler *compiler, const char *at)
{
    while (*at != '\0' && *at != '}') {
        size_t size = strcspn(at, "{}");
        if (size > 0)
            add_step(compiler, (struct step){.kind = STEP_LITERAL, .text = at, .size = (uint16_t)size});
        at += size;
        if (*at == '{')
            at = compile_place(compiler, at + 1);
    }
    return at;
}

static const char *compile_place(struct compiler *compiler, const char *at)
{
    bool is_negated = *at == '!';
    at += is_negated;
    size_t size = strcspn(at, "?}");
    uint16_t fact = find_fact(compiler, at, size);
    at += size;
    if (*at == '}') {
        add_step(compiler, (struct step){.kind = STEP_VALUE, .fact = fact});
        return at + 1;
    }
    size_t condition =
        add_step(compiler, (struct step){.kind = is_negated ? STEP_IF_NOT : STEP_IF, .fact = fact});
    at = compile_text(compiler, at + 1);
    assert(*at == '}');
    if (!compiler->is_out_of_memory)
        compiler->compiled->steps[condition].end = (uint16_t)compiler->compiled->step_count;
    return at + 1;
}

struct compiled_form *text_form_compile(const struct text_form *form, const struct fact *facts, size_t count)
{
    struct compiled_form *compiled =
        calloc(1, sizeof(*compiled) + (form->line_count + 1) * sizeof(compiled->line_starts[0]));
    struct compiler compiler = {.compiled = compiled, .facts = facts, .fact_count = count};
    if (compiled == NULL)
        return NULL;
    compiled->form = form;
    for (size_t i = 0; i < form->line_count; i++) {
        const char *end = compile_text(&compiler, form->lines[i]);
        assert(*end == '\0');
        compiled->line_starts[i + 1] = (uint16_t)compiled->step_count;
    }
    if (!compiler.is_out_of_memory)
        return compiled;
    text_form_free(compiled);
    return NULL;
}

void text_form_free(struct compiled_form *compiled)
{
    if (compiled == NULL)
        return;
    free(compiled->steps);
    free(compiled);
}

const struct text_form *text_form_of(const struct compiled_form *compiled)
{
    return compiled->form;
}

static void put_value(const struct fact *fact, const uint8_t *texts, struct buffer *out)
{
    if (fact->kind == FACT_NUMBER)
        buffer_add_number(out, fact->number);
    else if (fact->kind == FACT_BOOL)
        buffer_add_text(out, fact->is_true ? "yes" : "no");
    else
        buffer_add(out, texts + fact->at, fact->size);
}

void text_form_render(const struct compiled_form *compiled, size_t index, const struct fact *facts,
                      const uint8_t *texts, struct buffer *out)
{
    size_t end = compiled->line_starts[index + 1];
    for (size_t i = compiled->line_starts[index]; i < end; i++) {
        const struct step *step = &compiled->steps[i];
        const struct fact *fact = &facts[step->fact];
        if (step->kind == STEP_LITERAL)
            buffer_add(out, step->text, step->size);
        else if (step->kind == STEP_VALUE)
            put_value(fact, texts, out);
        else if (fact->is_true != (step->kind == STEP_IF))
            i = step->end - 1u;
    }
}
