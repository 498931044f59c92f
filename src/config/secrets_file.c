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
    size_t left_out; /* entries */
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

static bool is_any(const char *index)
{
    struct ip_address address;
    if (strcasecmp(index, "%any") == 0 || strcasecmp(index, "%any4") == 0 || strcasecmp(index, "%any6") == 0)
        return true;
    return address_parse(index, &address, NULL) && address_is_any(&address);
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
    uint8_t *forms = ids != NULL ? realloc(entry->id_forms, capacity * sizeof(*forms)) : NULL;
    if (forms != NULL)
        entry->id_forms = forms;
    return forms != NULL;
}

static enum secret_id_form form_of(const char *index, const struct identity *id)
{
    if (is_any(index))
        return SECRET_ID_ANY;
    return id->kind == ID_FQDN && index[0] != '@' ? SECRET_ID_NAME : SECRET_ID_PLAIN;
}

static bool add_index(const struct secrets_lexer *lexer, struct secret_entry *entry,
                      const struct secrets_word *word, struct error *error)
{
    char index[IDENTITY_SIZE_MAX + 1];
    if (word->text.size > IDENTITY_SIZE_MAX || memchr(word->text.data, '\0', word->text.size) != NULL)
        return secrets_error(error, lexer, word,
                             "found an index that is too long; expected an identity or a colon");
    if (entry->id_count == INDEXES_MAX)
        return secrets_error(error, lexer, word, "found too many indexes; is the colon before PSK missing?");
    snprintf(index, sizeof(index), "%.*s", (int)word->text.size, (const char *)word->text.data);
    bool any = is_any(index);
    struct identity id = {0};
    /* Half of "@[my key]", which was not quoted. */
    bool is_half = strncmp(index, "@[", 2) == 0 && strchr(index, ']') == NULL;
    if (!any && (is_half || !identity_parse(index, &id, NULL) || id.kind == ID_NONE))
        return secrets_error(error, lexer, word,
                             "found an index of a kind that is not supported; expected an address, @name, "
                             "user@name, @#hex, %any or a colon");
    if (!grow(entry)) {
        identity_free(&id);
        return out_of_memory(error);
    }
    entry->ids[entry->id_count] = id;
    entry->id_forms[entry->id_count++] = (uint8_t)form_of(index, &id);
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

/* The next word, which may not be missing. */
static bool take(struct secrets_lexer *lexer, struct secrets_word *word, const char *missing,
                 struct error *error)
{
    bool is_end;
    *word =
        (struct secrets_word){.line = lexer->line, .column = (uint32_t)(lexer->at - lexer->line_start) + 1};
    if (!secrets_lexer_next(lexer, word, &is_end, error))
        return false;
    return !is_end || secrets_error(error, lexer, word, missing);
}

static bool expect_end(struct secrets_lexer *lexer, const char *surplus, struct error *error)
{
    struct secrets_word word;
    bool is_end;
    if (!secrets_lexer_next(lexer, &word, &is_end, error))
        return false;
    return is_end || secrets_error(error, lexer, &word, surplus);
}

static bool read_key(struct secrets_lexer *lexer, struct secret_entry *entry, struct error *error)
{
    struct secrets_word word;
    const char *reason;
    if (!take(lexer, &word, "found nothing behind the kind; expected the secret", error))
        return false;
    if (!decode_key(&word, entry, &reason))
        return secrets_error(error, lexer, &word, reason);
    return expect_end(
        lexer, "found more text behind the secret; expected the next entry at the start of a line", error);
}

/* PPKS "ID" KEY (RFC 8784): the peers agree on the key by its id. */
static bool read_ppk(struct secrets_lexer *lexer, struct secret_entry *entry, struct error *error)
{
    struct secrets_word word;
    if (!take(lexer, &word, "found nothing behind PPKS; expected the id of the key in quotes", error))
        return false;
    if (!word.is_quoted || word.text.size == 0)
        return secrets_error(error, lexer, &word, "found no id in quotes; expected PPKS \"ID\" KEY");
    entry->ppk_id = malloc(word.text.size);
    if (entry->ppk_id == NULL)
        return out_of_memory(error);
    memcpy(entry->ppk_id, word.text.data, word.text.size);
    entry->ppk_id_size = word.text.size;
    return read_key(lexer, entry, error);
}

/* NULL reads the entry; otherwise why it is left out. */
static const struct secret_kind_row {
    const char *word;
    enum secret_kind kind;
    bool (*read)(struct secrets_lexer *lexer, struct secret_entry *entry, struct error *error);
    const char *why_not;
} kinds[] = {
    {"PSK", SECRET_PSK, read_key, NULL},
    {"XAUTH", SECRET_XAUTH, read_key, NULL},
    {"PPKS", SECRET_PPK, read_ppk, NULL},
    {"RSA", SECRET_PSK, NULL,
     "RSA keys are not read from here any more: the NSS database has them (ipsec newhostkey makes one, ipsec "
     "import brings one in)"},
    {"ECDSA", SECRET_PSK, NULL,
     "ECDSA keys are not read from here: the NSS database has them (ipsec newhostkey makes one, ipsec import "
     "brings one in)"},
    {"P12", SECRET_PSK, NULL, "P12 files are not read from here: ipsec import brings them in"},
    {"PIN", SECRET_PSK, NULL, "PIN entries have no effect: leftcert= names a key on a token"},
    {"PUBKEY", SECRET_PSK, NULL,
     "PUBKEY entries have no effect: leftrsasigkey= and leftpubkey= name public keys"},
    {"EAP", SECRET_PSK, NULL, "EAP secrets are of another IKE daemon"},
    {"NTLM", SECRET_PSK, NULL, "NTLM secrets are of another IKE daemon"},
    {"NULL", SECRET_PSK, NULL, "NULL entries have no effect: authby=null needs none"},
};

static const struct secret_kind_row *find_kind(const struct secrets_word *word)
{
    for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
        if (is_word(word, kinds[i].word))
            return &kinds[i];
    return NULL;
}

static bool keep(struct loader *loader, const struct secrets_lexer *lexer, uint32_t line,
                 struct secret_entry *entry, struct error *error)
{
    if (asprintf(&entry->origin, "%s:%u", lexer->path, line) < 0) {
        entry->origin = NULL;
        return out_of_memory(error);
    }
    return secrets_add(loader->secrets, entry) || out_of_memory(error);
}

static bool read_indexes(struct secrets_lexer *lexer, struct secrets_word *word, struct secret_entry *entry,
                         struct error *error)
{
    while (!is_word(word, ":"))
        if (!add_index(lexer, entry, word, error) ||
            !take(lexer, word, "found an entry without a colon; expected INDEX ... : PSK \"...\"", error))
            return false;
    return true;
}

/* On failure, what is left of the record is still to be passed over; `has_braces`: to its closing brace. */
static bool read_record(struct loader *loader, struct secrets_lexer *lexer, struct secrets_word *word,
                        struct secret_entry *entry, bool *has_braces, struct error *error)
{
    uint32_t line = word->line;
    if (!read_indexes(lexer, word, entry, error) ||
        !take(lexer, word, "found nothing behind the colon; expected PSK \"...\"", error))
        return false;
    const struct secret_kind_row *row = find_kind(word);
    if (row == NULL)
        return secrets_error(error, lexer, word,
                             "found an unknown kind of secret behind the colon; expected PSK, XAUTH or PPKS");
    *has_braces = row->read == NULL;
    if (row->why_not != NULL)
        return secrets_error(error, lexer, word, row->why_not);
    entry->kind = row->kind;
    return row->read(lexer, entry, error) && keep(loader, lexer, line, entry, error);
}

/* ---- files ---- */

static bool read_matching(struct loader *loader, const char *pattern, struct error *error);

static bool is_being_read(const struct loader *loader, const char *path)
{
    for (size_t i = 0; i < loader->depth; i++)
        if (strcmp(loader->stack[i], path) == 0)
            return true;
    return false;
}

static bool include(struct loader *loader, struct secrets_lexer *lexer, struct error *error)
{
    struct secrets_word file;
    if (!take(lexer, &file, "found include without a file; expected include FILE", error))
        return false;
    if (file.text.size == 0)
        return secrets_error(error, lexer, &file, "found include without a file; expected include FILE");
    if (loader->depth == INCLUDE_DEPTH_MAX)
        return secrets_error(error, lexer, &file, "files include each other too deep; this one is not read");
    char *name = strndup((const char *)file.text.data, file.text.size);
    char *pattern = name != NULL ? file_reader_resolve(lexer->path, name) : NULL;
    struct error reason;
    bool ok = pattern != NULL ? read_matching(loader, pattern, &reason) : out_of_memory(&reason);
    free(name);
    free(pattern);
    if (!ok)
        return secrets_error(error, lexer, &file, reason.text);
    return expect_end(lexer, "found more text behind the file's name", error);
}

/* An entry with a fault is told of and passed over; the others stay. */
static void leave_out(struct loader *loader, struct secrets_lexer *lexer, bool has_braces,
                      const struct error *error)
{
    loader->left_out++;
    warning_send(loader->warnings, "%s", error->text);
    secrets_lexer_skip_record(lexer, has_braces);
}

static void read_records(struct loader *loader, struct secrets_lexer *lexer)
{
    while (secrets_lexer_begin_record(lexer)) {
        struct secret_entry entry = {0};
        struct secrets_word word;
        struct error error;
        bool is_end, has_braces = false;
        bool ok = secrets_lexer_next(lexer, &word, &is_end, &error);
        if (ok && is_word(&word, "include"))
            ok = include(loader, lexer, &error);
        else if (ok)
            ok = read_record(loader, lexer, &word, &entry, &has_braces, &error);
        secret_entry_clear(&entry);
        if (!ok)
            leave_out(loader, lexer, has_braces, &error);
    }
}

static bool read_file(struct loader *loader, const char *path, struct error *error)
{
    size_t size;
    if (is_being_read(loader, path))
        return error_set(error, 0, "%s: the file includes itself", path);
    if (loader->file_count == FILES_MAX)
        return error_set(error, 0, "%s: more than %d files are included", path, FILES_MAX);
    char *text = loader->reader->read(loader->reader->context, path, &size, error);
    if (text == NULL)
        return false;
    loader->stack[loader->depth++] = path;
    loader->file_count++;
    struct secrets_lexer lexer = secrets_lexer_of(path, text, size);
    read_records(loader, &lexer);
    loader->depth--;
    secret_free(text, size);
    return true;
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
                                  const struct warning_sink *warnings, size_t *ret_left_out,
                                  struct error *error)
{
    struct loader loader = {.secrets = secrets_new(), .reader = reader, .warnings = warnings};
    if (loader.secrets == NULL) {
        out_of_memory(error);
        return NULL;
    }
    if (!read_matching(&loader, pattern, error)) {
        secrets_free(loader.secrets);
        return NULL;
    }
    if (ret_left_out != NULL)
        *ret_left_out = loader.left_out;
    return loader.secrets;
}
