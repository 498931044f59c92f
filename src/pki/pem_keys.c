#include "pki/pem_keys.h"

#include <string.h>
#include <sys/stat.h>

#include "base/secret.h"

static bool is_private(const char *path, struct error *error)
{
    struct stat status;
    if (stat(path, &status) != 0 || !S_ISREG(status.st_mode))
        return error_set(error, 0, "%s: not a file", path);
    return (status.st_mode & 077) == 0 ||
           error_set(error, 0, "%s: others than its owner may read it; chmod 600 it", path);
}

static struct private_key *read_key(const char *path, struct error *error)
{
    struct error reason;
    size_t size;
    if (!is_private(path, error))
        return NULL;
    char *text = file_reader_system.read(file_reader_system.context, path, &size, error);
    if (text == NULL)
        return NULL;
    struct private_key *key = private_key_of_pem(bytes_of(text, size), &reason);
    secret_free(text, size);
    if (key == NULL)
        error_set(error, 0, "%s: %s", path, reason.text);
    return key;
}

void pem_keys_read(const char *pattern, pem_key_taker *take, void *context,
                   const struct warning_sink *warnings)
{
    char **paths = NULL;
    size_t count = 0;
    struct error error;
    if (!file_reader_system.glob(file_reader_system.context, pattern, &paths, &count, &error)) {
        warning_send(warnings, "private keys: %s", error.text);
        return;
    }
    for (size_t i = 0; i < count; i++) {
        struct private_key *key = read_key(paths[i], &error);
        if (key != NULL)
            take(context, key, paths[i]);
        else
            warning_send(warnings, "private key is left out: %s", error.text);
    }
    file_reader_free_paths(paths, count);
}
