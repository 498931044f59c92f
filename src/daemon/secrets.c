/* The secrets file: read at start, at --listen and at --rereadsecrets. A file with a fault changes nothing.
 */
#include <stdio.h>
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

void daemon_read_secrets(struct daemon *daemon, uint64_t client, bool is_whole_command)
{
    const char *path = daemon->options.setup->secretsfile;
    struct warning_sink sink = {warn, NULL};
    struct error error;
    char line[512];
    struct secrets *secrets = secrets_file_load(&file_reader_system, path, &sink, &error);
    if (secrets == NULL) {
        log_line("%s", error.text);
        control_line(daemon->control, client, RC_LOG_SERIOUS, error.text);
        if (is_whole_command)
            control_finish(daemon->control, client, RC_WHACK_PROBLEM);
        return;
    }
    check_permissions(path);
    snprintf(line, sizeof(line), "loading secrets from \"%s\"", path);
    log_line("%s: %zu pre-shared keys", line, secrets->count);
    control_line(daemon->control, client, RC_LOG, "forgetting secrets");
    control_line(daemon->control, client, RC_LOG, line);
    engine_command(daemon->engine, &(struct command){.kind = COMMAND_SECRETS,
                                                     .client = is_whole_command ? client : 0,
                                                     .secrets = secrets});
}
