/* The secrets file: read at start, at --listen and at --rereadsecrets. A file with a fault changes nothing.
 */
#include <sys/stat.h>

#include "config/secrets_file.h"
#include "daemon/daemon.h"

static void warn(void *context, const char *text)
{
    (void)context;
    log_line("%s", text);
}

static void check_permissions(const char *path)
{
    struct stat status;
    if (stat(path, &status) == 0 && (status.st_mode & 077) != 0)
        log_line("WARNING: secrets file \"%s\" can be read by others than its owner; chmod 600 it", path);
}

void daemon_read_secrets(struct daemon *daemon, uint64_t client)
{
    const char *path = daemon->options.setup->secretsfile;
    struct warning_sink sink = {warn, NULL};
    struct error error;
    struct secrets *secrets = secrets_file_load(&file_reader_system, path, &sink, &error);
    if (secrets == NULL) {
        log_line("%s", error.text);
        control_line(daemon->control, client, RC_LOG_SERIOUS, error.text);
        control_finish(daemon->control, client, RC_WHACK_PROBLEM);
        return;
    }
    check_permissions(path);
    log_line("loading secrets from \"%s\": %zu pre-shared keys", path, secrets->count);
    engine_command(daemon->engine,
                   &(struct command){.kind = COMMAND_SECRETS, .client = client, .secrets = secrets});
}
