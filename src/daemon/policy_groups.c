/* Policy groups are read at --listen, as the secrets are. */
#include <stdio.h>

#include "config/policy_group_file.h"
#include "daemon/daemon.h"

enum { PATH_SIZE = 4096 };

struct audience {
    struct daemon *daemon;
    uint64_t client;
};

static void warn(void *context, const char *text)
{
    const struct audience *audience = context;
    log_line("%s", text);
    control_line(audience->daemon->control, audience->client, RC_LOG, text);
}

void daemon_read_policy_groups(struct daemon *daemon, uint64_t client)
{
    char directory[PATH_SIZE];
    struct audience audience = {daemon, client};
    struct warning_sink sink = {warn, &audience};
    const char *ipsec_dir = daemon->options.setup->ipsecdir;
    snprintf(directory, sizeof(directory), "%s/policies", ipsec_dir ? ipsec_dir : "/etc/ipsec.d");
    struct policy_groups *groups = policy_groups_read(&file_reader_system, directory, &sink);
    if (groups != NULL)
        engine_command(daemon->engine, &(struct command){.kind = COMMAND_GROUPS, .groups = groups});
}
