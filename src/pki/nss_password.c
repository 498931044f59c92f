#include "pki/nss_password.h"

#include "base/secret.h"
#include "config/file_reader.h"

/* The rest of the line, in the file's text. */
static struct bytes password_on_line(const char *line, size_t size, struct bytes token)
{
    if (size > 0 && line[size - 1] == '\r')
        size--;
    if (size <= token.size || line[token.size] != ':' || memcmp(line, token.data, token.size) != 0)
        return bytes_of(NULL, 0);
    return bytes_of(line + token.size + 1, size - token.size - 1);
}

static struct bytes find(const char *text, struct bytes token)
{
    while (*text != '\0') {
        size_t size = strcspn(text, "\n");
        struct bytes password = password_on_line(text, size, token);
        if (password.data != NULL)
            return password;
        text += size + (text[size] == '\n');
    }
    return bytes_of(NULL, 0);
}

bool nss_password_find(const char *file, struct bytes token, char out[static NSS_PASSWORD_SIZE],
                       struct error *error)
{
    size_t size;
    struct error reason;
    char *text = file_reader_system.read(file_reader_system.context, file, &size, &reason);
    if (text == NULL)
        return error_set(error, 0, "the NSS database has a password, and its file cannot be read: %s",
                         reason.text);
    struct bytes password = find(text, token);
    bool fits = password.data != NULL && password.size < NSS_PASSWORD_SIZE;
    if (fits) {
        memcpy(out, password.data, password.size);
        out[password.size] = '\0';
    }
    bool is_found = password.data != NULL;
    secret_free(text, size);
    if (!is_found)
        return error_set(error, 0, "%s: no line \"%.*s:PASSWORD\"", file, (int)token.size,
                         (const char *)token.data);
    return fits || error_set(error, 0, "%s: the password of \"%.*s\" is too long", file, (int)token.size,
                             (const char *)token.data);
}
