/* A connection of ipsec.conf(5): what its section says, then also=, then %default; whoever says it first
 * wins. */
#include "base/text.h"
#include "config/conf_detail.h"
#include "config/value.h"

#include <stdio.h>
#include <stdlib.h>

enum { ENDS = END_RIGHT + 1, ALIAS_SIZE = 256, SHOWN_MAX = 64, SPELLING_MAX = 64 };

/* One look-up: the option in force for each keyword and end. */
struct lookup {
    const struct conf *conf;
    struct conf_option *chosen; /* conn_keyword_count * ENDS; keyword NULL: not said */
    size_t depth;               /* of also= in also= */
    bool forgives;              /* goes on in spite of bad values */
};

size_t conf_conn_count(const struct conf *conf)
{
    return conf->conn_count;
}

const char *conf_conn_name(const struct conf *conf, size_t index)
{
    return conf->conns[index]->name;
}

struct conf_place conf_conn_place(const struct conf *conf, size_t index)
{
    return conf->conns[index]->place;
}

bool conf_conn_is_taken_over(const struct conf *conf, size_t index)
{
    return conf->conns[index]->is_taken_over;
}

bool conf_conn_find(const struct conf *conf, const char *name, size_t *ret_index)
{
    const struct conf_section *section = conf_section_find(conf, name);
    if (section == NULL)
        return false;
    *ret_index = section->index;
    return true;
}

/* ---- also= and %default ---- */

static bool add_section(struct lookup *lookup, struct conf_section *section, bool is_flipped,
                        const struct conf_option *because, struct error *error);

static enum keyword_end flipped(enum keyword_end end)
{
    return end == END_LEFT ? END_RIGHT : end == END_RIGHT ? END_LEFT : END_NONE;
}

/* connalias= counts wherever it is said. */
static bool join(struct lookup *lookup, struct conf_option *first, const char *more, struct error *error)
{
    size_t size = strlen(first->value) + strlen(more) + 2;
    char *value = size <= CONF_LINE_SIZE_MAX ? arena_take(lookup->conf->arena, size) : NULL;
    if (value == NULL)
        return error_set(error, 0, "%s:%u: %s= is too long with all that is added to it",
                         first->place.source->path, first->place.line, first->keyword->name);
    snprintf(value, size, "%s %s", first->value, more);
    first->value = value;
    return true;
}

static bool choose(struct lookup *lookup, const struct conf_option *option, bool is_flipped,
                   struct error *error)
{
    enum keyword_end end = is_flipped ? flipped(option->end) : option->end;
    struct conf_option *slot = &lookup->chosen[(size_t)(option->keyword - conn_keywords) * ENDS + end];
    if (slot->keyword != NULL)
        return !option->keyword->appends || join(lookup, slot, option->value, error);
    *slot = *option;
    slot->end = end;
    return true;
}

bool conf_option_is_also(const struct conf_option *option, bool *ret_flips)
{
    bool flips = strcmp(option->keyword->name, "alsoflip") == 0;
    if (ret_flips != NULL)
        *ret_flips = flips;
    return flips || strcmp(option->keyword->name, "also") == 0;
}

static bool follow_also(struct lookup *lookup, const struct conf_option *option, bool is_flipped,
                        struct error *error)
{
    char shown[SHOWN_MAX];
    struct conf_section *section = conf_section_find(lookup->conf, option->value);
    if (section != NULL)
        return add_section(lookup, section, is_flipped, option, error);
    struct text text = text_of(shown, sizeof(shown));
    text_add_escaped(&text, bytes_of_text(option->value));
    return conf_error(error, &option->place, "%s=: there is no conn \"%s\"", option->keyword->name, shown);
}

/* Once for each direction: what it says a second time, in a circle too, could not change anything. */
static bool add_section(struct lookup *lookup, struct conf_section *section, bool is_flipped,
                        const struct conf_option *because, struct error *error)
{
    if (section->visits[is_flipped] == *lookup->conf->visit)
        return true;
    if (lookup->depth == CONF_ALSO_DEPTH_MAX) {
        struct conf_place place = conf_option_place(because, 0);
        return conf_error(error, &place, "also= is nested more than %d deep", CONF_ALSO_DEPTH_MAX);
    }
    if (section->fault != NULL && !lookup->forgives)
        return error_set(error, CONF_BAD_VALUE, "%s", section->fault);
    section->visits[is_flipped] = *lookup->conf->visit;
    lookup->depth++;
    bool flips, ok = true;
    for (size_t i = 0; i < section->option_count && ok; i++)
        if (!conf_option_is_also(&section->options[i], &flips))
            ok = choose(lookup, &section->options[i], is_flipped, error);
    for (size_t i = 0; i < section->option_count && ok; i++)
        if (conf_option_is_also(&section->options[i], &flips))
            ok = follow_also(lookup, &section->options[i], is_flipped != flips, error);
    lookup->depth--;
    return ok;
}

static size_t pack(struct conf_option *options)
{
    size_t count = 0;
    for (size_t i = 0; i < conn_keyword_count * ENDS; i++)
        if (options[i].keyword != NULL)
            options[count++] = options[i];
    return count;
}

static struct conf_option *look_up(const struct conf *conf, size_t index, bool forgives, size_t *ret_count,
                                   struct error *error)
{
    struct lookup lookup = {.conf = conf, .forgives = forgives};
    lookup.chosen = calloc(conn_keyword_count * ENDS, sizeof(*lookup.chosen));
    if (lookup.chosen == NULL) {
        error_set(error, 0, "out of memory");
        return NULL;
    }
    (*conf->visit)++;
    struct conf_section *defaults = (struct conf_section *)&conf->defaults;
    if (!add_section(&lookup, conf->conns[index], false, NULL, error) ||
        !add_section(&lookup, defaults, false, NULL, error)) {
        free(lookup.chosen);
        return NULL;
    }
    *ret_count = pack(lookup.chosen);
    return lookup.chosen;
}

struct conf_option *conf_conn_options(const struct conf *conf, size_t index, size_t *ret_count,
                                      struct error *error)
{
    return look_up(conf, index, false, ret_count, error);
}

/* ---- what callers ask ---- */

/* NULL: not said, or also= is at fault. */
static const struct conf_option *find_option(const struct conf_option *options, size_t count,
                                             const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(options[i].keyword->name, name) == 0)
            return &options[i];
    return NULL;
}

static bool has_alias(const char *aliases, const char *alias)
{
    char word[ALIAS_SIZE];
    for (const char *cursor = aliases; value_next_word(&cursor, word, sizeof(word));)
        if (strcmp(word, alias) == 0)
            return true;
    return false;
}

bool conf_conn_find_alias(const struct conf *conf, const char *alias, size_t *index)
{
    for (; *index < conf->conn_count; (*index)++) {
        size_t count = 0;
        struct conf_option *options = conf_conn_options(conf, *index, &count, NULL);
        const struct conf_option *option = find_option(options, count, "connalias");
        bool is_found = option != NULL && has_alias(option->value, alias);
        free(options);
        if (is_found)
            return true;
    }
    return false;
}

enum connection_auto conf_conn_auto(const struct conf *conf, size_t index)
{
    size_t count = 0;
    uint64_t value = AUTO_IGNORE;
    struct conf_option *options = look_up(conf, index, true, &count, NULL);
    const struct conf_option *option = find_option(options, count, "auto");
    if (option != NULL)
        value_number(option->keyword, option->value, &value, NULL, NULL);
    free(options);
    return (enum connection_auto)value;
}

bool conf_conn_is_template(const struct conf *conf, size_t index)
{
    size_t count = 0, hosts = 0;
    struct conf_option *options = conf_conn_options(conf, index, &count, NULL);
    for (size_t i = 0; i < count; i++)
        hosts += options[i].keyword->name[0] == '\0';
    bool is_known = options != NULL;
    free(options);
    return is_known && hosts < 2 &&
           (conf->conns[index]->is_taken_over || conf_conn_auto(conf, index) == AUTO_IGNORE);
}

static bool build(const struct conf_option *options, size_t count, struct spec_builder *builder,
                  struct conf_placed_sink *placed, struct error *error)
{
    for (size_t i = 0; i < count; i++) {
        char spelling[SPELLING_MAX];
        struct error reason = {0};
        placed->option = &options[i];
        keyword_spelling(options[i].keyword, options[i].end, spelling, sizeof(spelling));
        if (spec_build_option(builder, spelling, options[i].value, &reason))
            continue;
        struct conf_place place = conf_option_place(&options[i], reason.code);
        return conf_error(error, &place, "%s", reason.text);
    }
    placed->option = NULL;
    return true;
}

struct connection_spec *conf_conn_build(const struct conf *conf, size_t index,
                                        const struct warning_sink *warnings, struct error *error)
{
    size_t count;
    struct conf_option *options = conf_conn_options(conf, index, &count, error);
    if (options == NULL)
        return NULL;
    struct conf_placed_sink placed = {.inner = warnings};
    struct warning_sink sink = {conf_warn_with_place, &placed};
    struct spec_builder *builder = spec_builder_new(conf->conns[index]->name, &sink);
    struct connection_spec *spec = NULL;
    struct error reason = {0};
    if (builder == NULL) {
        error_set(error, 0, "out of memory");
    } else if (!build(options, count, builder, &placed, error)) {
        spec_builder_free(builder);
    } else {
        spec = spec_build_finish(builder, &reason);
        if (spec == NULL)
            conf_error(error, reason.code >= 0 ? &options[reason.code].place : &conf->conns[index]->place,
                       "%s", reason.text);
        if (spec == NULL && reason.code < 0 && error != NULL)
            error->code = CONF_NOT_TOGETHER;
    }
    free(options);
    return spec;
}
