/* --optionsfrom FILE: see argument_file.h. */
#include "config/argument_file.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool append(struct argument_list *list, char *word, struct error *error)
{
    if (word == NULL)
        return error_set(error, ENOMEM, "out of memory");
    if (list->count == ARGUMENT_COUNT_MAX) {
        free(word);
        return error_set(error, 0, "more than %d arguments", ARGUMENT_COUNT_MAX);
    }
    char **grown = realloc(list->words, (list->count + 2) * sizeof(*grown));
    if (grown == NULL) {
        free(word);
        return error_set(error, ENOMEM, "out of memory");
    }
    list->words = grown;
    grown[list->count++] = word;
    grown[list->count] = NULL;
    return true;
}

/* The words of one line, quotes honoured, into list. */
static bool append_line(struct argument_list *list, const char *line, const char *path, unsigned line_number,
                        struct error *error)
{
    const char *at = line + strspn(line, " \t\r\n");
    if (*at == '#')
        return true;
    while (*at != '\0') {
        char quote = *at == '"' || *at == '\'' ? *at++ : '\0';
        size_t length = quote != '\0' ? strcspn(at, (char[]){quote, '\0'}) : strcspn(at, " \t\r\n");
        if (quote != '\0' && at[length] == '\0')
            return error_set(error, 0, "%s:%u: the quote %c is not closed", path, line_number, quote);
        if (!append(list, strndup(at, length), error))
            return false;
        at += length + (quote != '\0');
        at += strspn(at, " \t\r\n");
    }
    return true;
}

static bool read_words(struct argument_list *list, const char *path, struct error *error)
{
    FILE *file = fopen(path, "re");
    if (file == NULL)
        return error_set(error, errno, "cannot read arguments from \"%s\": %s", path, strerror(errno));
    char *line = NULL;
    size_t capacity = 0;
    bool ok = true;
    for (unsigned number = 1; ok && getline(&line, &capacity, file) >= 0; number++)
        ok = append_line(list, line, path, number, error);
    if (ok && ferror(file))
        ok = error_set(error, errno, "cannot read arguments from \"%s\": %s", path, strerror(errno));
    free(line);
    fclose(file);
    return ok;
}

static bool expand(struct argument_list *out, char **words, size_t count, unsigned depth, struct error *error)
{
    static const char option[] = "--optionsfrom";
    for (size_t i = 0; i < count; i++) {
        const char *path = NULL;
        if (strcmp(words[i], option) == 0) {
            if (i + 1 == count)
                return error_set(error, 0, "%s needs the name of a file", option);
            path = words[++i];
        } else if (strncmp(words[i], option, sizeof(option) - 1) == 0 &&
                   words[i][sizeof(option) - 1] == '=') {
            path = words[i] + sizeof(option);
        }
        if (path == NULL) {
            if (!append(out, strdup(words[i]), error))
                return false;
            continue;
        }
        if (depth == ARGUMENT_FILE_DEPTH_MAX)
            return error_set(error, 0, "%s \"%s\": files name each other more than %d deep", option, path,
                             ARGUMENT_FILE_DEPTH_MAX);
        struct argument_list inner = {0};
        bool ok = read_words(&inner, path, error) && expand(out, inner.words, inner.count, depth + 1, error);
        argument_list_free(&inner);
        if (!ok)
            return false;
    }
    return true;
}

bool argument_list_expand(struct argument_list *list, int argc, char **argv, struct error *error)
{
    *list = (struct argument_list){0};
    if (expand(list, argv, (size_t)argc, 0, error))
        return true;
    argument_list_free(list);
    return false;
}

void argument_list_free(struct argument_list *list)
{
    for (size_t i = 0; i < list->count; i++)
        free(list->words[i]);
    free(list->words);
    *list = (struct argument_list){0};
}
