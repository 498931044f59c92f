#include "memory_reader.h"

#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char *read_memory(void *context, const char *path, size_t *ret_size, struct error *error)
{
    const struct memory_files *files = context;
    for (const struct memory_file *file = files->files; file->path != NULL; file++) {
        if (strcmp(file->path, path) != 0)
            continue;
        size_t size = file->size != 0 ? file->size : strlen(file->text);
        char *copy = malloc(size + 1);
        memcpy(copy, file->text, size);
        copy[size] = '\0';
        *ret_size = size;
        return copy;
    }
    error_set(error, 0, "%s: No such file or directory", path);
    return NULL;
}

static bool glob_memory(void *context, const char *pattern, char ***ret_paths, size_t *ret_count,
                        struct error *error)
{
    const struct memory_files *files = context;
    (void)error;
    *ret_paths = calloc(64, sizeof(**ret_paths));
    *ret_count = 0;
    for (const struct memory_file *file = files->files; file->path != NULL && *ret_count < 64; file++)
        if (fnmatch(pattern, file->path, FNM_PATHNAME) == 0)
            (*ret_paths)[(*ret_count)++] = strdup(file->path);
    return true;
}

struct file_reader memory_reader(struct memory_files *files)
{
    return (struct file_reader){files, read_memory, glob_memory};
}

static void keep(void *context, const char *text)
{
    struct kept_warnings *kept = context;
    size_t used = strlen(kept->text);
    snprintf(kept->text + used, sizeof(kept->text) - used, "%s\n", text);
    kept->count++;
}

struct warning_sink keep_warnings(struct kept_warnings *kept)
{
    *kept = (struct kept_warnings){0};
    return (struct warning_sink){keep, kept};
}
