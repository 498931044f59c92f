/* Reading ipsec.conf(5) and what it includes into sections. */
#include "config/conf_file.h"

#include "base/text.h"
#include "config/conf_detail.h"
#include "config/value.h"

#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

enum { FILES_MAX = 1 << 17, SECTION_OPTIONS_MAX = 1024, SHOWN_MAX = 64, SPELLING_MAX = 64 };

static const uint8_t name_hash_key[16]; /* names come from the administrator */

struct loader {
    struct conf *conf;
    const struct file_reader *reader;
    const struct warning_sink *warnings;
    struct conf_section *section; /* where options go now; NULL: nowhere yet */
    bool is_setup;
    const struct conf_source *stack[CONF_INCLUDE_DEPTH_MAX];
    size_t depth;
};

static struct conf *conf_new(void)
{
    struct conf *conf = calloc(1, sizeof(*conf));
    if (conf == NULL)
        return NULL;
    conf->arena = malloc(sizeof(*conf->arena));
    conf->visit = calloc(1, sizeof(*conf->visit));
    if (conf->arena != NULL)
        *conf->arena = arena_make(SIZE_MAX);
    if (conf->arena == NULL || conf->visit == NULL || !hash_table_init(&conf->conns_by_name)) {
        free(conf->arena);
        free(conf->visit);
        free(conf);
        return NULL;
    }
    return conf;
}

void conf_free(struct conf *conf)
{
    if (conf == NULL)
        return;
    for (struct conf_source *source = conf->sources; source != NULL; source = source->next)
        free(source->text);
    for (size_t i = 0; i < conf->conn_count; i++)
        free(conf->conns[i]->options);
    free(conf->setup.options);
    free(conf->defaults.options);
    free(conf->conns);
    hash_table_free(&conf->conns_by_name);
    arena_release(conf->arena);
    free(conf->arena);
    free(conf->visit);
    free(conf);
}

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

/* ---- sections ---- */

static uint64_t hash_name(const char *name)
{
    return hash_bytes(name_hash_key, bytes_of_text(name));
}

struct conf_section *conf_section_find(const struct conf *conf, const char *name)
{
    struct hash_node *node = hash_table_find(&conf->conns_by_name, hash_name(name));
    for (; node != NULL; node = hash_node_next(node)) {
        struct conf_section *section = CONTAINER_OF(node, struct conf_section, by_name);
        if (strcmp(section->name, name) == 0)
            return section;
    }
    return NULL;
}

static struct conf_section *add_section(struct conf *conf, const struct conf_item *item)
{
    if (conf->conn_count == conf->conn_capacity) {
        size_t capacity = conf->conn_capacity ? conf->conn_capacity * 2 : 16;
        struct conf_section **grown = realloc(conf->conns, capacity * sizeof(struct conf_section *));
        if (grown == NULL)
            return NULL;
        conf->conns = grown;
        conf->conn_capacity = capacity;
    }
    struct conf_section *section = arena_take(conf->arena, sizeof(*section));
    if (section == NULL)
        return NULL;
    section->name = item->value;
    section->place = item->value_place;
    if (!hash_table_insert(&conf->conns_by_name, &section->by_name, hash_name(section->name)))
        return NULL;
    section->index = conf->conn_count;
    conf->conns[conf->conn_count++] = section;
    return section;
}

static bool check_name(const struct conf_item *item, struct error *error)
{
    char shown[SHOWN_MAX];
    const char *name = item->value;
    if (*name == '\0')
        return conf_error(error, &item->value_place, "found no name; expected conn NAME");
    if (strlen(name) > CONF_NAME_SIZE_MAX)
        return conf_error(error, &item->value_place, "found a name of more than %d bytes",
                          CONF_NAME_SIZE_MAX);
    if (*name == '%')
        return conf_error(error, &item->value_place, "found \"%s\"; expected a name without %% or %%default",
                          escaped(name, shown));
    if (strpbrk(name, " \t=\"") != NULL)
        return conf_error(error, &item->value_place, "found \"%s\"; expected one name without blanks",
                          escaped(name, shown));
    return true;
}

static bool begin_conn(struct loader *loader, const struct conf_item *item, struct error *error)
{
    loader->is_setup = false;
    loader->section = &loader->conf->defaults;
    if (strcmp(item->value, "%default") == 0)
        return true;
    if (!check_name(item, error))
        return false;
    const struct conf_section *earlier = conf_section_find(loader->conf, item->value);
    if (earlier != NULL)
        return conf_error(error, &item->value_place, "conn \"%.64s\" is there already, at %.100s:%u",
                          item->value, earlier->place.source->path, earlier->place.line);
    loader->section = add_section(loader->conf, item);
    return loader->section != NULL || out_of_memory(error);
}

static bool begin_config(struct loader *loader, const struct conf_item *item, struct error *error)
{
    char shown[SHOWN_MAX];
    if (strcasecmp(item->value, "setup") != 0)
        return conf_error(error, &item->value_place, "found \"%s\"; expected config setup",
                          escaped(item->value, shown));
    loader->is_setup = true;
    loader->section = &loader->conf->setup;
    return true;
}

static bool check_version(struct loader *loader, const struct conf_item *item, struct error *error)
{
    char shown[SHOWN_MAX];
    (void)loader;
    if (strcmp(item->value, "2") == 0 || strcmp(item->value, "2.0") == 0)
        return true;
    return conf_error(error, &item->value_place, "found version \"%s\"; expected version 2",
                      escaped(item->value, shown));
}

/* ---- options ---- */

static bool unknown_keyword(const struct loader *loader, const struct conf_item *item, struct error *error)
{
    char nearest[SPELLING_MAX], shown[SHOWN_MAX];
    enum keyword_section section = loader->is_setup ? SECTION_SETUP : SECTION_CONN;
    const char *expected = loader->is_setup ? "a keyword of config setup" : "a keyword of conn";
    escaped(item->word, shown);
    if (keyword_suggest(section, item->word, nearest, sizeof(nearest)))
        return conf_error(error, &item->word_place, "found \"%s\"; expected %s; did you mean \"%s\"?", shown,
                          expected, nearest);
    return conf_error(error, &item->word_place, "found \"%s\"; expected %s", shown, expected);
}

/* An earlier one of the same keyword gives way, unless both count. */
static struct conf_option *slot_for(const struct loader *loader, const struct conf_option *option)
{
    struct conf_section *section = loader->section;
    for (size_t i = 0; i < section->option_count && !option->keyword->appends; i++) {
        struct conf_option *earlier = &section->options[i];
        if (earlier->keyword != option->keyword || earlier->end != option->end ||
            strcmp(option->keyword->name, "x-comment") == 0)
            continue;
        char spelling[SPELLING_MAX];
        warning_send(loader->warnings, "%s:%u: %s= replaces that of line %u", option->file, option->line,
                     keyword_spelling(option->keyword, option->end, spelling, sizeof(spelling)),
                     earlier->line);
        return earlier;
    }
    if (section->option_count == section->option_capacity) {
        size_t capacity = section->option_capacity ? section->option_capacity * 2 : 8;
        struct conf_option *grown = realloc(section->options, capacity * sizeof(*grown));
        if (grown == NULL)
            return NULL;
        section->options = grown;
        section->option_capacity = capacity;
    }
    return &section->options[section->option_count++];
}

static bool check_value(const struct conf_item *item, const struct conf_option *option, struct error *error)
{
    struct error reason;
    if (option->keyword->status == KEYWORD_COMMAND_LINE)
        return conf_error(error, &item->word_place, "keyword \"%s\" is for pluto's command line only",
                          option->keyword->name);
    /* The empty default of a number stands for itself. */
    if (*item->value == '\0' && *option->keyword->default_text == '\0')
        return true;
    if (value_check(option->keyword, item->value, &reason))
        return true;
    struct conf_place place = item->value_place;
    place.column = (uint16_t)(place.column + (reason.code > 0 ? reason.code : 0));
    return conf_error(error, &place, "%s", reason.text);
}

static bool add_option(struct loader *loader, const struct conf_item *item, struct error *error)
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
    struct conf_option option = {.value = item->value,
                                 .file = item->value_place.source->path,
                                 .line = item->value_place.line,
                                 .column = item->value_place.column};
    enum keyword_section section = loader->is_setup ? SECTION_SETUP : SECTION_CONN;
    option.keyword = keyword_find(section, item->word, &option.end);
    if (option.keyword == NULL)
        return unknown_keyword(loader, item, error);
    if (!check_value(item, &option, error))
        return false;
    if (loader->section->option_count == SECTION_OPTIONS_MAX)
        return conf_error(error, &item->word_place, "found more than %d keywords in one section",
                          SECTION_OPTIONS_MAX);
    struct conf_option *slot = slot_for(loader, &option);
    if (slot == NULL)
        return out_of_memory(error);
    *slot = option;
    return true;
}

/* ---- files ---- */

static bool read_file(struct loader *loader, const char *path, struct error *error);

static bool is_pattern(const char *path)
{
    return strpbrk(path, "*?[") != NULL;
}

static bool include_paths(struct loader *loader, const char *pattern, const struct conf_item *item,
                          struct error *error)
{
    char **paths;
    size_t count;
    struct error reason;
    if (!loader->reader->glob(loader->reader->context, pattern, &paths, &count, &reason))
        return conf_error(error, &item->value_place, "%s", reason.text);
    if (count == 0 && !is_pattern(pattern))
        warning_send(loader->warnings, "%s:%u: include: no file \"%s\"", item->value_place.source->path,
                     item->value_place.line, pattern);
    bool ok = true;
    for (size_t i = 0; i < count && ok; i++)
        ok = read_file(loader, paths[i], error);
    file_reader_free_paths(paths, count);
    return ok;
}

/* An included file may go on with the section that includes it; what it begins ends with it. */
static bool include(struct loader *loader, const struct conf_item *item, struct error *error)
{
    if (*item->value == '\0')
        return conf_error(error, &item->value_place, "found nothing; expected include FILE");
    if (loader->depth == CONF_INCLUDE_DEPTH_MAX)
        return conf_error(error, &item->value_place, "files include each other more than %d deep",
                          CONF_INCLUDE_DEPTH_MAX);
    char *pattern = file_reader_resolve(item->value_place.source->path, item->value);
    if (pattern == NULL)
        return out_of_memory(error);
    struct conf_section *section = loader->section;
    bool is_setup = loader->is_setup;
    bool ok = include_paths(loader, pattern, item, error);
    loader->section = section;
    loader->is_setup = is_setup;
    free(pattern);
    return ok;
}

static const struct {
    const char *word;
    bool (*obey)(struct loader *loader, const struct conf_item *item, struct error *error);
    bool may_be_indented;
} directives[] = {
    {"conn", begin_conn},
    {"config", begin_config},
    {"include", include, .may_be_indented = true},
    {"version", check_version},
};

static bool obey(struct loader *loader, const struct conf_item *item, struct error *error)
{
    char shown[SHOWN_MAX];
    if (item->kind == CONF_ITEM_OPTION)
        return add_option(loader, item, error);
    for (size_t i = 0; i < ARRAY_SIZE(directives); i++) {
        if (strcasecmp(directives[i].word, item->word) != 0)
            continue;
        if (item->is_indented && !directives[i].may_be_indented)
            return conf_error(error, &item->word_place,
                              "found \"%s\" behind blanks; expected it at the start of the line",
                              directives[i].word);
        return directives[i].obey(loader, item, error);
    }
    return conf_error(
        error, &item->word_place,
        "found \"%s\"; expected KEYWORD=VALUE, conn NAME, config setup, include FILE or version 2",
        escaped(item->word, shown));
}

static struct conf_source *add_source(struct loader *loader, const char *path, struct error *error)
{
    struct conf *conf = loader->conf;
    struct conf_source *source = arena_take(conf->arena, sizeof(*source));
    char *name = arena_copy(conf->arena, path, strlen(path) + 1);
    if (source == NULL || name == NULL) {
        out_of_memory(error);
        return NULL;
    }
    if (conf->source_count == FILES_MAX) {
        error_set(error, 0, "%s: more than %d files are included", path, FILES_MAX);
        return NULL;
    }
    source->path = name;
    source->text = loader->reader->read(loader->reader->context, path, &source->size, error);
    if (source->text == NULL)
        return NULL;
    source->next = conf->sources;
    conf->sources = source;
    conf->source_count++;
    return source;
}

static bool is_being_read(const struct loader *loader, const char *path)
{
    for (size_t i = 0; i < loader->depth; i++)
        if (strcmp(loader->stack[i]->path, path) == 0)
            return true;
    return false;
}

static bool read_file(struct loader *loader, const char *path, struct error *error)
{
    if (is_being_read(loader, path))
        return error_set(error, 0, "%s: the file includes itself", path);
    struct conf_source *source = add_source(loader, path, error);
    if (source == NULL)
        return false;
    loader->stack[loader->depth++] = source;
    struct conf_lexer lexer = conf_lexer_of(source, loader->conf->arena);
    struct conf_item item;
    bool ok;
    while ((ok = conf_lexer_next(&lexer, &item, error)) && item.kind != CONF_ITEM_END)
        if (!obey(loader, &item, error)) {
            ok = false;
            break;
        }
    loader->depth--;
    return ok;
}

struct conf *conf_load(const struct file_reader *reader, const char *path,
                       const struct warning_sink *warnings, struct error *error)
{
    struct loader loader = {.conf = conf_new(), .reader = reader, .warnings = warnings};
    if (loader.conf == NULL) {
        out_of_memory(error);
        return NULL;
    }
    loader.conf->setup.name = "setup";
    loader.conf->defaults.name = "%default";
    if (read_file(&loader, path, error))
        return loader.conf;
    conf_free(loader.conf);
    return NULL;
}

/* ---- config setup ---- */

struct conf_place conf_option_place(const struct conf *conf, const struct conf_option *option, int byte)
{
    const struct conf_source *source = conf->sources;
    while (source != NULL && source->path != option->file)
        source = source->next;
    return (struct conf_place){source, option->line, (uint16_t)(option->column + (byte > 0 ? byte : 0))};
}

const struct conf_option *conf_setup_options(const struct conf *conf, size_t *ret_count)
{
    *ret_count = conf->setup.option_count;
    return conf->setup.options;
}

bool conf_apply_setup(const struct conf *conf, struct setup *setup, const struct warning_sink *warnings,
                      struct error *error)
{
    for (size_t i = 0; i < conf->setup.option_count; i++) {
        const struct conf_option *option = &conf->setup.options[i];
        struct error reason = {0};
        if (setup_option(setup, option->keyword->name, option->value, true, warnings, &reason))
            continue;
        struct conf_place place = conf_option_place(conf, option, reason.code);
        return conf_error(error, &place, "%s", reason.text);
    }
    return true;
}
