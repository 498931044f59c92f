/* Finding a keyword by any of its spellings, and the nearest one to a misspelt word. */
#include "config/keyword.h"

#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

enum { SPELLING_SIZE_MAX = 64 };

static int compare_name(const void *name, const void *row)
{
    return strcasecmp(name, ((const struct keyword *)row)->name);
}

static const struct keyword *find_row(enum keyword_section section, const char *name)
{
    const struct keyword *table = section == SECTION_SETUP ? setup_keywords : conn_keywords;
    size_t count = section == SECTION_SETUP ? setup_keyword_count : conn_keyword_count;
    return bsearch(name, table, count, sizeof(*table), compare_name);
}

static const struct keyword *find_canonical(enum keyword_section section, const char *name)
{
    const struct keyword *row = find_row(section, name);
    return row != NULL && row->alias_of != NULL ? find_row(section, row->alias_of) : row;
}

/* "left-id" -> END_LEFT, "id". */
static enum keyword_end split_end(const char *name, const char **ret_stem)
{
    enum keyword_end end = END_NONE;
    if (strncasecmp(name, "left", 4) == 0)
        end = END_LEFT;
    else if (strncasecmp(name, "right", 5) == 0)
        end = END_RIGHT;
    *ret_stem = name + (end == END_LEFT ? 4 : end == END_RIGHT ? 5 : 0);
    if (end != END_NONE && (*ret_stem)[0] == '-' && (*ret_stem)[1] != '\0')
        (*ret_stem)++;
    return end;
}

const struct keyword *keyword_find(enum keyword_section section, const char *name, enum keyword_end *ret_end)
{
    enum keyword_end end = END_NONE;
    const char *stem = name;
    if (section == SECTION_CONN && (strncasecmp(name, "x-", 2) == 0 || strncasecmp(name, "x_", 2) == 0))
        stem = "x-comment";
    else if (section == SECTION_CONN)
        end = split_end(name, &stem);
    const struct keyword *keyword = find_canonical(section, stem);
    if (keyword == NULL || keyword->is_per_end != (end != END_NONE))
        return NULL;
    if (ret_end != NULL)
        *ret_end = end;
    return keyword;
}

const char *keyword_spelling(const struct keyword *keyword, enum keyword_end end, char *out, size_t size)
{
    snprintf(out, size, "%s%s", end == END_LEFT ? "left" : end == END_RIGHT ? "right" : "", keyword->name);
    return out;
}

bool keyword_suggest(enum keyword_section section, const char *name, char *out, size_t size)
{
    const struct keyword *table = section == SECTION_SETUP ? setup_keywords : conn_keywords;
    size_t count = section == SECTION_SETUP ? setup_keyword_count : conn_keyword_count;
    char(*spellings)[SPELLING_SIZE_MAX] = calloc(2 * count, sizeof(*spellings));
    const char **candidates = calloc(2 * count, sizeof(*candidates));
    const char *nearest = NULL;
    if (spellings != NULL && candidates != NULL) {
        size_t used = 0;
        for (size_t i = 0; i < count; i++) {
            enum keyword_end first = table[i].is_per_end ? END_LEFT : END_NONE;
            for (enum keyword_end end = first; end <= (first == END_NONE ? END_NONE : END_RIGHT); end++) {
                candidates[used] = keyword_spelling(&table[i], end, spellings[used], SPELLING_SIZE_MAX);
                used++;
            }
        }
        nearest = text_nearest(name, candidates, used);
    }
    if (nearest != NULL)
        snprintf(out, size, "%s", nearest);
    free(spellings);
    free(candidates);
    return nearest != NULL;
}

bool keyword_refuse_not_yet(const struct keyword *keyword, const char *spelling, struct error *error)
{
    return error_set(error, -1, "keyword \"%s\" is not supported yet%s%s", spelling,
                     keyword->reason != NULL ? ": " : "", keyword->reason != NULL ? keyword->reason : "");
}
