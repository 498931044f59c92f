/* ipsec.secrets(5): records `INDEX ... : KIND ...` and `include FILE`. */
#include "config/secrets_file.h"

#include "base/secret.h"
#include "base/text.h"
#include "config/secrets_lexer.h"

#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

enum { INCLUDE_DEPTH_MAX = 10, FILES_MAX = 1 << 17, INDEXES_MAX = 256 };

struct loader {
    struct secrets *secrets;
    const struct file_reader *reader;
    const struct warning_sink *warnings;
    const char *stack[INCLUDE_DEPTH_MAX]; /* paths of the files being read */
    size_t depth;
    size_t file_count;
};

static bool is_word(const struct secrets_word *word, const char *text)
{
    return !word->is_quoted && word->text.size == strlen(text) &&
           strncasecmp((const char *)word->text.data, text, word->text.size) == 0;
}

static bool out_of_memory(struct error *error)
{
    return error_set(error, 0, "out of memory while reading secrets");
}

/* ---- a record ---- */

struct record {
    struct secret_entry entry;
    bool is_left_out; /* an index that cannot match anything yet */
};

static void record_clear(struct record *record)
{
    for (size_t i = 0; i < record->entry.id_count; i++)
        identity_free(&record->entry.ids[i]);
    free(record->entry.ids);
    free(record->entry.id_is_any);
    secret_free(record->entry.key, record->entry.key_size);
    free(record->entry.origin);
    *record = (struct record){0};
}

static bool is_any(const char *index)
{
    struct ip_address address;
    if (strcasecmp(index, "%any") == 0 || strcasecmp(index, "%any4") == 0 || strcasecmp(index, "%any6") == 0)
        return true;
    return address_parse(index, &address, NULL) && address_is_any(&address);
}

/* Names of certificates; nobody has such an identity in this version. */
static bool is_of_certificate(const char *index)
{
    return index[0] == '%' || strncmp(index, "@~", 2) == 0 || (index[0] != '@' && strchr(index, '=') != NULL);
}

static bool grow(struct secret_entry *entry)
{
    size_t count = entry->id_count;
    if (count != 0 && (count & (count - 1)) != 0)
        return true;
    size_t capacity = count == 0 ? 1 : count * 2;
    struct identity *ids = realloc(entry->ids, capacity * sizeof(*ids));
    if (ids != NULL)
        entry->ids = ids;
    bool *flags = ids != NULL ? realloc(entry->id_is_any, capacity * sizeof(*flags)) : NULL;
    if (flags != NULL)
        entry->id_is_any = flags;
    return flags != NULL;
}

static bool add_index(struct loader *loader, const struct secrets_lexer *lexer, struct record *record,
                      const struct secrets_word *word, struct error *error)
{
    char index[IDENTITY_SIZE_MAX + 1];
    struct secret_entry *entry = &record->entry;
    if (word->text.size > IDENTITY_SIZE_MAX || memchr(word->text.data, '\0', word->text.size) != NULL)
        return secrets_error(error, lexer, word,
                             "found an index that is too long; expected an identity or a colon");
    if (entry->id_count == INDEXES_MAX)
        return secrets_error(error, lexer, word, "found too many indexes; is the colon before PSK missing?");
    snprintf(index, sizeof(index), "%.*s", (int)word->text.size, (const char *)word->text.data);
    bool any = is_any(index);
    if (!any && is_of_certificate(index)) {
        warning_send(loader->warnings,
                     "%s:%u: the secret is left out: an index of this kind is not supported yet", lexer->path,
                     word->line);
        record->is_left_out = true;
        return true;
    }
    struct identity id = {0};
    if (!any && !identity_parse(index, &id, NULL))
        return secrets_error(
            error, lexer, word,
            "found something that is no index; expected an address, @name, user@name, @#hex, "
            "%any or a colon");
    if (!grow(entry)) {
        identity_free(&id);
        return out_of_memory(error);
    }
    entry->ids[entry->id_count] = id;
    entry->id_is_any[entry->id_count++] = any;
    return true;
}

static bool decode_key(const struct secrets_word *word, struct secret_entry *entry, const char **ret_reason)
{
    const char *text = (const char *)word->text.data;
    size_t size = word->text.size;
    char base = !word->is_quoted && size >= 2 && text[0] == '0' ? text[1] : '\0';
    if (!word->is_quoted && (base == '\0' || strchr("xXsStT", base) == NULL)) {
        *ret_reason =
            "found a secret without quotes; expected \"...\", '...', 0x and hexadecimal digits, 0s and "
            "base64, or 0t and text";
        return false;
    }
    size_t skipped = word->is_quoted ? 0 : 2;
    uint8_t *key = malloc(size + 1);
    long length = (long)(size - skipped);
    *ret_reason =
        key == NULL ? "out of memory" : "found an empty secret; expected one to go with the indexes";
    if (key != NULL && (base == 'x' || base == 'X')) {
        length = hex_decode(text + skipped, size - skipped, key, size);
        *ret_reason = "found a secret that is not an even number of hexadecimal digits behind 0x";
    } else if (key != NULL && (base == 's' || base == 'S')) {
        length = base64_decode(text + skipped, size - skipped, key, size);
        *ret_reason = "found a secret that is no base64 behind 0s";
    } else if (key != NULL) {
        memcpy(key, text + skipped, size - skipped);
    }
    if (key == NULL || length <= 0) {
        secret_free(key, key != NULL ? size : 0);
        return false;
    }
    entry->key = key;
    entry->key_size = (size_t)length;
    return true;
}

static bool read_key(struct secrets_lexer *lexer, struct secret_entry *entry, struct error *error)
{
    struct secrets_word word = {.line = lexer->line, .column = (uint32_t)(lexer->at - lexer->line_start) + 1};
    bool is_end;
    const char *reason;
    if (!secrets_lexer_next(lexer, &word, &is_end, error))
        return false;
    if (is_end)
        return secrets_error(error, lexer, &word, "found nothing behind PSK; expected the secret");
    if (!decode_key(&word, entry, &reason))
        return secrets_error(error, lexer, &word, reason);
    if (!secrets_lexer_next(lexer, &word, &is_end, error))
        return false;
    return is_end ||
           secrets_error(error, lexer, &word,
                         "found more text behind the secret; expected the next entry at the start of a "
                         "line");
}

/* Kinds that are known but not of use: left out with a warning. */
static const char *const other_kinds[] = {"RSA", "ECDSA", "PUBKEY", "XAUTH", "PPKS",
                                          "PPK", "PIN",   "NULL",   "EAP"};

static bool leave_out(struct loader *loader, struct secrets_lexer *lexer, const struct secrets_word *kind,
                      struct error *error)
{
    for (size_t i = 0; i < ARRAY_SIZE(other_kinds); i++) {
        if (!is_word(kind, other_kinds[i]))
            continue;
        warning_send(loader->warnings, "%s:%u: the secret of kind %s is left out: it is not supported yet",
                     lexer->path, kind->line, other_kinds[i]);
        secrets_lexer_skip_record(lexer);
        return true;
    }
    return secrets_error(error, lexer, kind,
                         "found an unknown kind of secret behind the colon; expected PSK");
}

static bool keep(struct loader *loader, const struct secrets_lexer *lexer, uint32_t line,
                 struct record *record, struct error *error)
{
    if (record->is_left_out)
        return true;
    if (asprintf(&record->entry.origin, "%s:%u", lexer->path, line) < 0) {
        record->entry.origin = NULL;
        return out_of_memory(error);
    }
    return secrets_add(loader->secrets, &record->entry) || out_of_memory(error);
}

static bool read_record(struct loader *loader, struct secrets_lexer *lexer, struct secrets_word *word,
                        struct record *record, struct error *error)
{
    uint32_t line = word->line;
    bool is_end = false;
    while (!is_end && !is_word(word, ":")) {
        if (!add_index(loader, lexer, record, word, error) ||
            !secrets_lexer_next(lexer, word, &is_end, error))
            return false;
    }
    if (is_end)
        return secrets_error(error, lexer, word,
                             "found an entry without a colon; expected INDEX ... : PSK \"...\"");
    if (!secrets_lexer_next(lexer, word, &is_end, error))
        return false;
    if (is_end)
        return secrets_error(error, lexer, word, "found nothing behind the colon; expected PSK \"...\"");
    if (!is_word(word, "PSK"))
        return leave_out(loader, lexer, word, error);
    return read_key(lexer, &record->entry, error) && keep(loader, lexer, line, record, error);
}

/* ---- files ---- */

static bool read_matching(struct loader *loader, const char *pattern, struct error *error);

static bool include(struct loader *loader, struct secrets_lexer *lexer, struct secrets_word *word,
                    struct error *error)
{
    struct secrets_word file = *word;
    bool is_end;
    if (!secrets_lexer_next(lexer, &file, &is_end, error))
        return false;
    if (is_end || file.text.size == 0)
        return secrets_error(error, lexer, word, "found include without a file; expected include FILE");
    if (loader->depth == INCLUDE_DEPTH_MAX)
        return secrets_error(error, lexer, word, "files include each other too deep");
    char *name = strndup((const char *)file.text.data, file.text.size);
    char *pattern = name != NULL ? file_reader_resolve(lexer->path, name) : NULL;
    bool ok = pattern != NULL ? read_matching(loader, pattern, error) : out_of_memory(error);
    free(name);
    free(pattern);
    struct secrets_word more = file;
    if (!ok || !secrets_lexer_next(lexer, &more, &is_end, error))
        return false;
    return is_end || secrets_error(error, lexer, &more, "found more text behind the file's name");
}

static bool read_records(struct loader *loader, struct secrets_lexer *lexer, struct error *error)
{
    while (secrets_lexer_begin_record(lexer)) {
        struct record record = {0};
        struct secrets_word word;
        bool is_end;
        bool ok = secrets_lexer_next(lexer, &word, &is_end, error);
        if (ok && is_word(&word, "include"))
            ok = include(loader, lexer, &word, error);
        else if (ok)
            ok = read_record(loader, lexer, &word, &record, error);
        record_clear(&record);
        if (!ok)
            return false;
    }
    return true;
}

static bool check_path(const struct loader *loader, const char *path, struct error *error)
{
    for (size_t i = 0; i < loader->depth; i++)
        if (strcmp(loader->stack[i], path) == 0)
            return error_set(error, 0, "%s: the file includes itself", path);
    return loader->file_count < FILES_MAX ||
           error_set(error, 0, "%s: more than %d files are included", path, FILES_MAX);
}

static bool read_file(struct loader *loader, const char *path, struct error *error)
{
    size_t size;
    if (!check_path(loader, path, error))
        return false;
    char *text = loader->reader->read(loader->reader->context, path, &size, error);
    if (text == NULL)
        return false;
    loader->stack[loader->depth++] = path;
    loader->file_count++;
    struct secrets_lexer lexer = secrets_lexer_of(path, text, size);
    bool ok = read_records(loader, &lexer, error);
    loader->depth--;
    secret_free(text, size);
    return ok;
}

static bool read_matching(struct loader *loader, const char *pattern, struct error *error)
{
    char **paths;
    size_t count;
    if (strpbrk(pattern, "*?[") == NULL)
        return read_file(loader, pattern, error);
    if (!loader->reader->glob(loader->reader->context, pattern, &paths, &count, error))
        return false;
    bool ok = true;
    for (size_t i = 0; i < count && ok; i++)
        ok = read_file(loader, paths[i], error);
    file_reader_free_paths(paths, count);
    return ok;
}

struct secrets *secrets_file_load(const struct file_reader *reader, const char *pattern,
                                  const struct warning_sink *warnings, struct error *error)
{
    struct loader loader = {.secrets = secrets_new(), .reader = reader, .warnings = warnings};
    if (loader.secrets == NULL) {
        out_of_memory(error);
        return NULL;
    }
    if (read_matching(&loader, pattern, error))
        return loader.secrets;
    secrets_free(loader.secrets);
    return NULL;
}
