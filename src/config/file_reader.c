/* Files and patterns of the real file system, and names relative to the file that includes them. */
#include "config/file_reader.h"

#include "base/secret.h"

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { FIRST_CAPACITY = 16384 };

/* Not realloc(): the file may hold secrets, and what is left behind must be wiped. */
static char *grow(char *data, size_t size, size_t *capacity)
{
    size_t grown = *capacity == 0 ? FIRST_CAPACITY : *capacity * 2;
    char *copy = malloc(grown + 1);
    if (copy != NULL && size > 0)
        memcpy(copy, data, size);
    secret_free(data, size);
    *capacity = grown;
    return copy;
}

static char *read_all(int fd, const char *path, size_t *ret_size, struct error *error)
{
    char *data = NULL;
    size_t size = 0, capacity = 0;
    for (;;) {
        if (size == capacity && (data = grow(data, size, &capacity)) == NULL) {
            error_set(error, ENOMEM, "%s: out of memory", path);
            return NULL;
        }
        ssize_t got = read(fd, data + size, capacity - size);
        if (got < 0 && errno == EINTR)
            continue;
        if (got == 0)
            break;
        size += got > 0 ? (size_t)got : 0;
        if (got < 0 || size > FILE_SIZE_MAX) {
            int reason = got < 0 ? errno : EFBIG;
            secret_free(data, size);
            error_set(error, reason, "%s: %s", path, strerror(reason));
            return NULL;
        }
    }
    data[size] = '\0';
    *ret_size = size;
    return data;
}

static char *system_read(void *context, const char *path, size_t *ret_size, struct error *error)
{
    (void)context;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        error_set(error, errno, "%s: %s", path, strerror(errno));
        return NULL;
    }
    char *data = read_all(fd, path, ret_size, error);
    close(fd);
    return data;
}

static bool copy_paths(const glob_t *found, char ***ret_paths, size_t *ret_count)
{
    char **paths = calloc(found->gl_pathc + 1, sizeof(*paths));
    if (paths == NULL)
        return false;
    for (size_t i = 0; i < found->gl_pathc; i++) {
        paths[i] = strdup(found->gl_pathv[i]);
        if (paths[i] == NULL) {
            file_reader_free_paths(paths, i);
            return false;
        }
    }
    *ret_paths = paths;
    *ret_count = found->gl_pathc;
    return true;
}

static bool system_glob(void *context, const char *pattern, char ***ret_paths, size_t *ret_count,
                        struct error *error)
{
    (void)context;
    glob_t found = {0};
    int result = glob(pattern, 0, NULL, &found);
    bool ok = (result == 0 || result == GLOB_NOMATCH) && copy_paths(&found, ret_paths, ret_count);
    globfree(&found);
    return ok || error_set(error, 0, "%s: cannot look for files", pattern);
}

const struct file_reader file_reader_system = {NULL, system_read, system_glob};

void file_reader_free_paths(char **paths, size_t count)
{
    for (size_t i = 0; i < count; i++)
        free(paths[i]);
    free(paths);
}

char *file_reader_resolve(const char *includer, const char *path)
{
    const char *slash = includer != NULL ? strrchr(includer, '/') : NULL;
    if (path[0] == '/' || slash == NULL)
        return strdup(path);
    int folder_length = (int)(slash - includer) + 1;
    char *resolved;
    return asprintf(&resolved, "%.*s%s", folder_length, includer, path) >= 0 ? resolved : NULL;
}
