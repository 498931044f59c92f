/* ipsec start: pluto with the configuration, then every connection that auto= asks for. ipsec stop: whack
 * --shutdown. */
#include "tools/service.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tools/paths.h"
#include "tools/tools.h"

enum { EXIT_RUNNING = 10 };

struct place {
    const char *config, *rundir;
};

static bool parse(int argc, char **argv, struct place *out)
{
    *out = (struct place){paths_config_file(), NULL};
    for (int i = 1; i < argc; i++) {
        const char **slot = strcmp(argv[i], "--config") == 0   ? &out->config
                            : strcmp(argv[i], "--rundir") == 0 ? &out->rundir
                                                               : NULL;
        if (slot == NULL || i + 1 >= argc) {
            fprintf(stderr, "Usage: ipsec %s [--config FILE] [--rundir DIR]\n", argv[0]);
            return false;
        }
        *slot = argv[++i];
    }
    return true;
}

static int run_pluto(const struct place *place)
{
    const char *words[] = {"pluto",       "--config", place->config, place->rundir ? "--rundir" : NULL,
                           place->rundir, NULL};
    pid_t pid = fork();
    int status;
    if (pid == 0) {
        execv(paths_pluto(), (char **)(uintptr_t)words);
        fprintf(stderr, "ipsec: cannot run %s\n", paths_pluto());
        _exit(127);
    }
    if (pid < 0 || waitpid(pid, &status, 0) != pid)
        return 1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}

/* A connection that cannot be loaded is told of and does not make the start a failure. */
int service_start(int argc, char **argv)
{
    struct place place;
    if (!parse(argc, argv, &place))
        return 1;
    int status = run_pluto(&place); /* returns when pluto answers, or has said why it does not */
    if (status != 0)
        return status;
    const char *words[] = {
        "addconn",    "--config", place.config, "--autoall", place.rundir ? "--rundir" : NULL,
        place.rundir, NULL};
    addconn_main(place.rundir ? 6 : 4, (char **)(uintptr_t)words);
    return 0;
}

int service_stop(int argc, char **argv)
{
    struct place place;
    if (!parse(argc, argv, &place))
        return 1;
    const char *words[] = {"whack", "--shutdown", place.rundir ? "--rundir" : NULL, place.rundir, NULL};
    return whack_main(place.rundir ? 4 : 2, (char **)(uintptr_t)words);
}

int service_restart(int argc, char **argv)
{
    int status = service_stop(argc, argv);
    if (status != 0)
        fprintf(stderr, "ipsec: pluto was not running\n");
    /* The lock goes with the old process: a moment after its last word. */
    for (int tries = 0; tries < 50; tries++) {
        status = service_start(argc, argv);
        if (status != EXIT_RUNNING)
            break;
        usleep(100000);
    }
    return status;
}
