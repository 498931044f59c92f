/* Reading ipsec.conf(5) and what it includes into sections. */
#include "config/conf_file.h"

#include "base/text.h"
#include "config/conf_detail.h"

#include <stdio.h>
#include <stdlib.h>

enum { FILES_MAX = 1 << 17, SHOWN_MAX = 64, ERRORS_MAX = 20 };

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

static bool check_name(const struct conf_item *item, struct error *error)
{
    char shown[SHOWN_MAX];
    const char *name = item->value;
    if (*name == '\0')
        return conf_error(error, &item->value_place, "found no name; expected conn NAME");
    if (strlen(name) > CONF_NAME_SIZE_MAX)
        return conf_error(error, &item->value_place, "found a name of more than %d bytes",
                          CONF_NAME_SIZE_MAX);
    if (!item->is_quoted && strpbrk(name, " \t") != NULL)
        return conf_error(error, &item->value_place, "found \"%s\"; expected one name, or quotes around it",
                          escaped(name, shown));
    return true;
}

static void begin_section(struct conf_loader *loader, struct conf_section *section, bool is_setup)
{
    loader->is_setup = is_setup;
    loader->section = section;
    loader->first_option = section->option_count;
}

static bool begin_conn(struct conf_loader *loader, const struct conf_item *item, struct error *error)
{
    struct conf *conf = loader->conf;
    bool is_default = strcmp(item->value, "%default") == 0;
    conf->unused.option_count = 0;
    begin_section(loader, is_default ? &conf->defaults : &conf->unused, false);
    if (is_default)
        return true;
    if (!check_name(item, error))
        return false;
    const struct conf_section *earlier = conf_section_find(conf, item->value);
    if (earlier != NULL) {
        warning_send(loader->warnings,
                     "%s:%u: conn \"%s\" is there already, at %s:%u: this one does not count",
                     item->value_place.source->path, item->value_place.line, item->value,
                     earlier->place.source->path, earlier->place.line);
        return true;
    }
    struct conf_section *section = conf_section_add(conf, item->value, &item->value_place);
    if (section == NULL)
        return out_of_memory(error);
    begin_section(loader, section, false);
    return true;
}

static bool begin_config(struct conf_loader *loader, const struct conf_item *item, struct error *error)
{
    char shown[SHOWN_MAX];
    begin_section(loader, &loader->conf->setup, true);
    return strcmp(item->value, "setup") == 0 ||
           conf_error(error, &item->value_place, "found \"%s\"; expected config setup",
                      escaped(item->value, shown));
}

/* Whatever version it claims to have: it is read as it is. */
static bool check_version(struct conf_loader *loader, const struct conf_item *item, struct error *error)
{
    char shown[SHOWN_MAX];
    if (loader->has_begun)
        return conf_error(error, &item->word_place, "found version; expected it in the first line only");
    if (*item->value == '\0' || strpbrk(item->value, " \t") != NULL)
        return conf_error(error, &item->value_place, "found version \"%s\"; expected version 2.0",
                          escaped(item->value, shown));
    if (strcmp(item->value, "2") != 0 && strcmp(item->value, "2.0") != 0)
        warning_send(loader->warnings, "%s:%u: version %s is read as version 2",
                     item->value_place.source->path, item->value_place.line, item->value);
    return true;
}

/* ---- files ---- */

static bool read_file(struct conf_loader *loader, const char *path, struct error *error);

static bool is_pattern(const char *path)
{
    return strpbrk(path, "*?[") != NULL;
}

static bool is_being_read(const struct conf_loader *loader, const char *path)
{
    for (size_t i = 0; i < loader->depth; i++)
        if (strcmp(loader->stack[i]->path, path) == 0)
            return true;
    return false;
}

static void warn_of_include(const struct conf_loader *loader, const struct conf_item *item, const char *path,
                            const char *why)
{
    warning_send(loader->warnings, "%s:%u: include: %s \"%s\"", item->value_place.source->path,
                 item->value_place.line, why, path);
}

static bool include_paths(struct conf_loader *loader, const char *pattern, const struct conf_item *item,
                          struct error *error)
{
    char **paths;
    size_t count;
    struct error reason;
    if (!loader->reader->glob(loader->reader->context, pattern, &paths, &count, &reason))
        return conf_error(error, &item->value_place, "%s", reason.text);
    if (count == 0 && !is_pattern(pattern))
        warn_of_include(loader, item, pattern, "no file");
    bool ok = true;
    for (size_t i = 0; i < count && ok; i++) {
        if (is_being_read(loader, paths[i]))
            warn_of_include(loader, item, paths[i], "not once more within itself:");
        else
            ok = read_file(loader, paths[i], error);
    }
    file_reader_free_paths(paths, count);
    return ok;
}

/* An included file may go on with the section that includes it; what it begins ends with it. */
static bool include(struct conf_loader *loader, const struct conf_item *item, struct error *error)
{
    if (*item->value == '\0')
        return conf_error(error, &item->value_place, "found nothing; expected include FILE");
    if (loader->depth == CONF_INCLUDE_DEPTH_MAX) {
        warn_of_include(loader, item, item->value, "too deep, not read:");
        return true;
    }
    char *pattern = file_reader_resolve(item->value_place.source->path, item->value);
    if (pattern == NULL)
        return out_of_memory(error);
    struct conf_section *section = loader->section;
    bool is_setup = loader->is_setup;
    size_t first_option = loader->first_option;
    bool ok = include_paths(loader, pattern, item, error);
    loader->section = section;
    loader->is_setup = is_setup;
    loader->first_option = first_option;
    free(pattern);
    return ok;
}

static const struct {
    const char *word;
    bool (*obey)(struct conf_loader *loader, const struct conf_item *item, struct error *error);
    bool may_be_indented;
} directives[] = {
    {"conn", begin_conn},
    {"config", begin_config},
    {"include", include, .may_be_indented = true},
    {"version", check_version},
};

static bool obey(struct conf_loader *loader, const struct conf_item *item, struct error *error)
{
    char shown[SHOWN_MAX];
    if (item->kind == CONF_ITEM_OPTION)
        return conf_add_option(loader, item, error);
    if (item->fault != NULL)
        return error_set(error, 0, "%s", item->fault);
    for (size_t i = 0; i < ARRAY_SIZE(directives); i++) {
        if (strcmp(directives[i].word, item->word) != 0)
            continue;
        if (item->is_indented && !directives[i].may_be_indented)
            return conf_error(error, &item->word_place,
                              "found \"%s\" behind blanks; expected it at the start of the line",
                              directives[i].word);
        return directives[i].obey(loader, item, error);
    }
    if (item->is_indented && conf_word_is_comment(item->word))
        return true;
    return conf_error(
        error, &item->word_place,
        "found \"%s\"; expected KEYWORD=VALUE, conn NAME, config setup, include FILE or version 2",
        escaped(item->word, shown));
}

static struct conf_source *add_source(struct conf_loader *loader, const char *path, struct error *error)
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

static void note_error(struct conf_loader *loader, const struct error *error)
{
    if (loader->error_count++ > 0)
        warning_send(loader->warnings, "%s", loader->pending.text);
    loader->pending = *error;
}

/* Goes on behind an error, so that all are told at once. */
static void read_lines(struct conf_loader *loader, struct conf_lexer *lexer)
{
    struct conf_item item;
    struct error error;
    while (loader->error_count < ERRORS_MAX) {
        if (!conf_lexer_next(lexer, &item, &error)) {
            note_error(loader, &error);
            continue;
        }
        if (item.kind == CONF_ITEM_END)
            return;
        if (!obey(loader, &item, &error))
            note_error(loader, &error);
        loader->has_begun = true;
    }
}

static bool read_file(struct conf_loader *loader, const char *path, struct error *error)
{
    struct conf_source *source = add_source(loader, path, error);
    if (source == NULL)
        return false;
    loader->stack[loader->depth++] = source;
    struct conf_lexer lexer = conf_lexer_of(source, loader->conf->arena);
    read_lines(loader, &lexer);
    loader->depth--;
    return true;
}

static void mark_taken_over(const struct conf *conf, const struct conf_section *section)
{
    for (size_t i = 0; i < section->option_count; i++) {
        const struct conf_option *option = &section->options[i];
        struct conf_section *other =
            conf_option_is_also(option, NULL) ? conf_section_find(conf, option->value) : NULL;
        if (other != NULL && other != section)
            other->is_taken_over = true;
    }
}

static void mark_templates(const struct conf *conf)
{
    mark_taken_over(conf, &conf->defaults);
    for (size_t i = 0; i < conf->conn_count; i++)
        mark_taken_over(conf, conf->conns[i]);
}

struct conf *conf_load(const struct file_reader *reader, const char *path,
                       const struct warning_sink *warnings, struct error *error)
{
    struct conf_loader loader = {.conf = conf_new(), .reader = reader, .warnings = warnings};
    if (loader.conf == NULL) {
        out_of_memory(error);
        return NULL;
    }
    bool is_read = read_file(&loader, path, error);
    if (is_read && loader.error_count == 0) {
        mark_templates(loader.conf);
        return loader.conf;
    }
    if (is_read && error != NULL)
        *error = loader.pending;
    conf_free(loader.conf);
    return NULL;
}
