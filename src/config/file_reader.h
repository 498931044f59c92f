/* The only way of src/config to the file system, so that tests and fuzzers need no files. */
#ifndef STYX_CONFIG_FILE_READER_H
#define STYX_CONFIG_FILE_READER_H

#include "base/error.h"

#include <stddef.h>

enum { FILE_SIZE_MAX = 64 * 1024 * 1024 };

struct file_reader {
    void *context;
    /* The whole file, malloc'd and NUL-terminated, with its size; NULL with the reason. At most
     * FILE_SIZE_MAX. */
    char *(*read)(void *context, const char *path, size_t *ret_size, struct error *error);
    /* Paths that match, sorted: a malloc'd array of malloc'd strings. No match: *ret_count 0. */
    bool (*glob)(void *context, const char *pattern, char ***ret_paths, size_t *ret_count,
                 struct error *error);
};

/* The real file system. */
extern const struct file_reader file_reader_system;

void file_reader_free_paths(char **paths, size_t count);

/* `path` as named in `includer`: relative to its folder unless absolute. malloc'd. */
char *file_reader_resolve(const char *includer, const char *path);

#endif
