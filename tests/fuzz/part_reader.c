#include "part_reader.h"

#include <stdlib.h>
#include <string.h>

enum { FILES = PART_FILES, READS_MAX = 64 };

static char *read_part(void *context, const char *path, size_t *ret_size, struct error *error)
{
    struct parts *parts = context;
    size_t index =
        path[0] >= '0' && path[0] < '0' + FILES && path[1] == '\0' ? (size_t)(path[0] - '0') : FILES;
    if (index == FILES || parts->read_count++ > READS_MAX) {
        error_set(error, 0, "no such file");
        return NULL;
    }
    struct bytes file = parts->files[index];
    char *copy = malloc(file.size + 1);
    if (copy == NULL)
        abort();
    if (file.size > 0)
        memcpy(copy, file.data, file.size);
    copy[file.size] = '\0';
    *ret_size = file.size;
    return copy;
}

/* A star matches all, anything else itself. */
static bool glob_parts(void *context, const char *pattern, char ***ret_paths, size_t *ret_count,
                       struct error *error)
{
    (void)context, (void)error;
    static const char *const names[FILES] = {"0", "1", "2", "3"};
    char **paths = calloc(FILES, sizeof(*paths));
    size_t count = 0;
    for (size_t i = 0; paths != NULL && i < FILES; i++)
        if (strcmp(pattern, "*") == 0 || strcmp(pattern, names[i]) == 0)
            paths[count++] = strdup(names[i]);
    *ret_paths = paths;
    *ret_count = count;
    return paths != NULL;
}

struct parts parts_of(struct bytes input)
{
    struct parts parts = {.read_count = 0};
    for (size_t i = 0; i < FILES; i++) {
        const uint8_t *zero = input.size > 0 ? memchr(input.data, '\0', input.size) : NULL;
        size_t size = zero != NULL && i < FILES - 1 ? (size_t)(zero - input.data) : input.size;
        parts.files[i] = bytes_of(input.data, size);
        size_t used = size < input.size ? size + 1 : size;
        input = bytes_of(input.data + used, input.size - used);
    }
    return parts;
}

struct file_reader part_reader(struct parts *parts)
{
    return (struct file_reader){parts, read_part, glob_parts};
}
