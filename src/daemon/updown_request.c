/* A request kept until its turn: see updown_request.h. */
#include "daemon/updown_request.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "daemon/daemon.h"

enum { REQUEST_BYTES_MAX = 1 << 20 };

static const char default_path[] = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

static char *keep(struct kept_request *kept, const char *text)
{
    return arena_copy(&kept->arena, text, strlen(text) + 1);
}

/* A copy of a list of texts, with room for `extra` more before it. */
static const char **keep_list(struct kept_request *kept, const char *const *list, size_t count, size_t extra)
{
    const char **copy = arena_take(&kept->arena, (count + extra) * sizeof(*copy));
    for (size_t i = 0; copy != NULL && i < count; i++)
        if ((copy[extra + i] = keep(kept, list[i])) == NULL)
            return NULL;
    return copy;
}

static char *command_of(struct kept_request *kept, const char *script)
{
    char command[4096];
    if (script != NULL)
        return keep(kept, script);
    snprintf(command, sizeof(command), "\"%s/_updown\"", daemon_exec_dir());
    return keep(kept, command);
}

enum { OWN_VARIABLES = 3 };

/* What the daemon itself adds: where programs are, and where scripts may keep notes and for which pluto. */
static bool add_own_variables(struct kept_request *kept, const char *rundir,
                              const char *out[static OWN_VARIABLES])
{
    const char *path = getenv("PATH");
    char text[4096];
    snprintf(text, sizeof(text), "PATH=%s", path && path[0] ? path : default_path);
    out[0] = keep(kept, text);
    snprintf(text, sizeof(text), "PLUTO_RUNDIR=%s", rundir);
    out[1] = keep(kept, text);
    snprintf(text, sizeof(text), "PLUTO_PID=%d", (int)getpid());
    out[2] = keep(kept, text);
    return out[0] != NULL && out[1] != NULL && out[2] != NULL;
}

static bool keep_steps(struct kept_request *kept, const struct updown_request *request)
{
    struct updown_step *steps = arena_take(&kept->arena, request->step_count * sizeof(*steps));
    for (size_t i = 0; steps != NULL && i < request->step_count; i++) {
        const struct updown_step *from = &request->steps[i];
        steps[i] = (struct updown_step){
            .verb = keep(kept, from->verb),
            .environment = keep_list(kept, from->environment, from->environment_count, 0),
            .environment_count = from->environment_count,
        };
        if (steps[i].verb == NULL || steps[i].environment == NULL)
            return false;
    }
    kept->request.steps = steps;
    return steps != NULL;
}

bool kept_request_init(struct kept_request *kept, const struct updown_request *request, const char *rundir)
{
    kept->arena = arena_make(REQUEST_BYTES_MAX);
    kept->request = *request;
    const char **environment =
        keep_list(kept, request->environment, request->environment_count, OWN_VARIABLES);
    if (environment == NULL || !add_own_variables(kept, rundir, environment))
        return false;
    kept->request.environment = environment;
    kept->request.environment_count += OWN_VARIABLES;
    kept->request.prefix = keep(kept, request->prefix);
    kept->command = command_of(kept, request->script);
    return kept->request.prefix != NULL && kept->command != NULL && keep_steps(kept, request);
}

void kept_request_set_number(struct kept_request *kept, const char *name, uint64_t value)
{
    const char **list = (const char **)(uintptr_t)kept->request.environment;
    char text[64];
    int size = snprintf(text, sizeof(text), "%s=%llu", name, (unsigned long long)value);
    char *copy = arena_copy(&kept->arena, text, (size_t)size + 1);
    for (size_t i = 0; copy != NULL && i < kept->request.environment_count; i++)
        if (strncmp(list[i], name, strlen(name)) == 0 && list[i][strlen(name)] == '=')
            list[i] = copy;
}

void kept_request_release(struct kept_request *kept)
{
    arena_release(&kept->arena);
}
