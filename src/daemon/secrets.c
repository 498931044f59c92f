/* The secrets file: read at start, at --listen and at --rereadsecrets. An entry with a fault is left out; a
 * file that cannot be read changes nothing. */
#include <stdio.h>
#include <sys/stat.h>

#include "config/secrets_file.h"
#include "daemon/daemon.h"

/* Who hears of what is wrong, besides the log. */
struct audience {
    struct daemon *daemon;
    uint64_t client;
};

static void warn(void *context, const char *text)
{
    const struct audience *audience = context;
    log_line("%s", text);
    control_line(audience->daemon->control, audience->client, RC_LOG_SERIOUS, text);
}

static char *read_and_check(void *context, const char *path, size_t *ret_size, struct error *error)
{
    struct stat status;
    char line[512];
    if (stat(path, &status) == 0 && (status.st_mode & 077) != 0) {
        snprintf(line, sizeof(line),
                 "WARNING: secrets file \"%s\" can be read by others than its owner; chmod 600 it", path);
        warn(context, line);
    }
    return file_reader_system.read(file_reader_system.context, path, ret_size, error);
}

static size_t count_kind(const struct secrets *secrets, enum secret_kind kind)
{
    size_t count = 0;
    for (size_t i = 0; i < secrets->count; i++)
        count += secrets->entries[i].kind == kind;
    return count;
}

bool daemon_read_secrets(struct daemon *daemon, uint64_t client)
{
    const char *path = daemon->options.setup->secretsfile;
    struct audience audience = {daemon, client};
    struct warning_sink sink = {warn, &audience};
    struct file_reader reader = {&audience, read_and_check, file_reader_system.glob};
    struct error error;
    char line[512];
    size_t left_out;
    struct secrets *secrets = secrets_file_load(&reader, path, &sink, &left_out, &error);
    if (secrets == NULL) {
        warn(&audience, error.text);
        return false;
    }
    snprintf(line, sizeof(line), "loading secrets from \"%s\"", path);
    log_line("%s: %zu pre-shared keys, %zu XAUTH passwords, %zu PPKs; %zu entries left out", line,
             count_kind(secrets, SECRET_PSK), count_kind(secrets, SECRET_XAUTH),
             count_kind(secrets, SECRET_PPK), left_out);
    control_line(daemon->control, client, RC_LOG, "forgetting secrets");
    control_line(daemon->control, client, RC_LOG, line);
    engine_command(daemon->engine, &(struct command){.kind = COMMAND_SECRETS, .secrets = secrets});
    return true;
}
