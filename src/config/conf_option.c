/* KEYWORD = VALUE of ipsec.conf(5) into its section: what is known, what counts when it is said twice, what
 * spoils the section and what the file. */
#include <stdio.h>

#include "base/text.h"
#include "config/conf_detail.h"
#include "config/spec_build.h"
#include "config/value.h"

enum { SECTION_OPTIONS_MAX = 1024, SHOWN_MAX = 64, SPELLING_MAX = 64 };

static bool out_of_memory(struct error *error)
{
    return error_set(error, 0, "out of memory while reading the configuration");
}

static const char *escaped(const char *value, char out[static SHOWN_MAX])
{
    struct text text = text_of(out, SHOWN_MAX);
    text_add_escaped(&text, bytes_of_text(value));
    return out;
}

static bool unknown_keyword(const struct conf_loader *loader, const struct conf_item *item,
                            struct error *error)
{
    char nearest[SPELLING_MAX], shown[SHOWN_MAX];
    enum keyword_section section = loader->is_setup ? SECTION_SETUP : SECTION_CONN;
    const char *expected = loader->is_setup ? "a keyword of config setup" : "a keyword of conn";
    escaped(item->word, shown);
    if (loader->is_setup && keyword_find(SECTION_CONN, item->word, NULL) != NULL)
        return conf_error(error, &item->word_place, "found \"%s\", which belongs in conn; expected %s", shown,
                          expected);
    if (keyword_suggest(section, item->word, nearest, sizeof(nearest)))
        return conf_error(error, &item->word_place, "found \"%s\"; expected %s; did you mean \"%s\"?", shown,
                          expected, nearest);
    return conf_error(error, &item->word_place, "found \"%s\"; expected %s", shown, expected);
}

/* In a conn the first one counts, in config setup the last one; what is said again in another %default or
 * config setup replaces what was said before. False: the option is to be forgotten. */
static bool replaces_or_adds(const struct conf_loader *loader, const struct conf_option *option,
                             struct conf_option **ret_earlier)
{
    struct conf_section *section = loader->section;
    char spelling[SPELLING_MAX];
    *ret_earlier = NULL;
    if (option->keyword->appends || strcmp(option->keyword->name, "x-comment") == 0)
        return true;
    struct conf_option *earlier = conf_section_option(section, option);
    if (earlier == NULL)
        return true;
    bool is_of_section = earlier >= section->options + loader->first_option;
    bool is_forgotten = is_of_section && !loader->is_setup;
    keyword_spelling(option->keyword, option->end, spelling, sizeof(spelling));
    if (is_forgotten)
        warning_send(loader->warnings, "%s:%u: %s= is there already, in line %u: this one does not count",
                     option->place.source->path, option->place.line, spelling, earlier->place.line);
    else if (is_of_section)
        warning_send(loader->warnings, "%s:%u: %s= replaces that of line %u", option->place.source->path,
                     option->place.line, spelling, earlier->place.line);
    *ret_earlier = earlier;
    return !is_forgotten;
}

static bool check_value(const struct conf_option *option, struct error *error)
{
    struct error reason;
    bool is_right = option->keyword->is_checked_when_read
                        ? spec_check_value(option->keyword, option->end, option->value, &reason)
                        : value_check(option->keyword, option->value, &reason);
    if (is_right)
        return true;
    struct conf_place place = option->place;
    place.column = (uint16_t)(place.column + (reason.code > 0 ? reason.code : 0));
    return conf_error(error, &place, "%s", reason.text);
}

/* What wants a number or a word and has nothing keeps its default. */
static bool is_left_empty(const struct conf_loader *loader, const struct conf_option *option)
{
    enum keyword_type type = option->keyword->type;
    if (*option->value != '\0' || type == KEYWORD_STRING ||
        (type == KEYWORD_SPECIAL && !option->keyword->empty_is_unset))
        return false;
    char spelling[SPELLING_MAX];
    if (*option->keyword->default_text != '\0')
        warning_send(loader->warnings, "%s:%u: %s= has no value and does not count",
                     option->place.source->path, option->place.line,
                     keyword_spelling(option->keyword, option->end, spelling, sizeof(spelling)));
    return true;
}

static bool keep(struct conf_loader *loader, const struct conf_option *option, struct error *error)
{
    struct conf_option *earlier;
    if (!replaces_or_adds(loader, option, &earlier))
        return true;
    if (earlier != NULL) {
        *earlier = *option;
        return true;
    }
    if (loader->section->option_count == SECTION_OPTIONS_MAX)
        return conf_error(error, &option->place, "found more than %d keywords in one section",
                          SECTION_OPTIONS_MAX);
    return conf_section_append(loader->section, option) || out_of_memory(error);
}

/* A fault of a conn is its own affair. */
static bool fault_of_value(struct conf_loader *loader, const char *text, struct error *error)
{
    if (loader->is_setup)
        return error_set(error, 0, "%s", text);
    return conf_section_fault(loader->conf, loader->section, text) || out_of_memory(error);
}

static bool add_value(struct conf_loader *loader, const struct conf_item *item,
                      const struct conf_option *option, struct error *error)
{
    struct error reason;
    if (option->keyword->status == KEYWORD_COMMAND_LINE)
        return conf_error(error, &item->word_place, "keyword \"%s\" is for pluto's command line only",
                          option->keyword->name);
    if (item->fault != NULL)
        return fault_of_value(loader, item->fault, error);
    if (is_left_empty(loader, option))
        return true;
    if (!check_value(option, &reason))
        return fault_of_value(loader, reason.text, error);
    return keep(loader, option, error);
}

/* The value of a comment in the shape of a keyword is all of it: which keyword that is matters to people. */
static bool take_comment(const struct conf_loader *loader, const struct conf_item *item,
                         struct conf_option *option, struct error *error)
{
    size_t size = strlen(item->word) + strlen(item->value) + 2;
    char *text = arena_take(loader->conf->arena, size);
    if (text == NULL)
        return out_of_memory(error);
    snprintf(text, size, "%s=%s", item->word, item->value);
    option->value = text;
    return true;
}

/* It spoils nothing there: pluto takes it from config setup, or its default. */
static bool is_misplaced_in_conn(const struct conf_loader *loader, const struct conf_item *item)
{
    if (loader->is_setup || keyword_find(SECTION_SETUP, item->word, NULL) == NULL)
        return false;
    warning_send(loader->warnings, "%s:%u: %s= belongs in config setup; it does not count in a conn",
                 item->word_place.source->path, item->word_place.line, item->word);
    return true;
}

bool conf_add_option(struct conf_loader *loader, const struct conf_item *item, struct error *error)
{
    char shown[SHOWN_MAX];
    if (!item->is_indented)
        return conf_error(error, &item->word_place,
                          "found \"%s\" at the start of the line; expected blanks before a keyword",
                          escaped(item->word, shown));
    if (loader->section == NULL)
        return conf_error(error, &item->word_place,
                          "found a keyword outside a section; expected config setup or "
                          "conn NAME before it");
    if (loader->is_setup && conf_word_is_comment(item->word))
        return true;
    struct conf_option option = {.value = item->value, .place = item->value_place};
    enum keyword_section section = loader->is_setup ? SECTION_SETUP : SECTION_CONN;
    option.keyword = keyword_find(section, item->word, &option.end);
    if (!loader->is_setup && conf_word_is_comment(item->word) && !take_comment(loader, item, &option, error))
        return false;
    if (option.keyword != NULL)
        return add_value(loader, item, &option, error);
    return is_misplaced_in_conn(loader, item) || unknown_keyword(loader, item, error);
}
