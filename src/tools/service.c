/*
 * ipsec start: pluto with the configuration, then every connection that auto= asks for. ipsec stop: whack
 * --shutdown, and the end of the process. See service.h.
 */
#include "tools/service.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/bytes.h"
#include "tools/control_client.h"
#include "tools/paths.h"
#include "tools/tools.h"

enum {
    EXIT_RUNNING = 10,    /* pluto's own: another one has the lock */
    EXIT_NOT_RUNNING = 3, /* of status, as the Linux Standard Base has it */
    WAIT_STEP_USEC = 50000,
    STOP_WAIT_STEPS = 600, /* half a minute */
    START_TRIES = 50,
};

struct place {
    const char *config, *rundir;
    bool is_default;
};

static const char usage[] = "Usage: ipsec %s [--config FILE] [--rundir DIRECTORY]\n";

/* NAME, or NAME=VALUE. */
static bool is_option(const char *word, const char *name)
{
    size_t length = strlen(name);
    return strncmp(word, name, length) == 0 && (word[length] == '\0' || word[length] == '=');
}

/* `ipsec start NAME`: about a connection, not about the service. */
static bool names_connection(int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        bool has_value = strcmp(argv[i], "--config") == 0 || strcmp(argv[i], "--rundir") == 0 ||
                         strcmp(argv[i], "--ctlsocket") == 0;
        if (argv[i][0] != '-')
            return true;
        i += has_value;
    }
    return false;
}

static bool parse(int argc, char **argv, struct place *out)
{
    *out = (struct place){paths_config_file(), getenv("IPSEC_RUNDIR"), true};
    for (int i = 1; i < argc; i++) {
        const char *equals = strchr(argv[i], '=');
        const char **slot = is_option(argv[i], "--config")   ? &out->config
                            : is_option(argv[i], "--rundir") ? &out->rundir
                                                             : NULL;
        if (slot == NULL || (equals == NULL && i + 1 >= argc)) {
            bool is_help = strcmp(argv[i], "--help") == 0;
            if (!is_help)
                fprintf(stderr, "ipsec %s: \"%s\" %s\n", argv[0], argv[i],
                        slot != NULL ? "needs a value" : "is not expected here");
            fprintf(is_help ? stdout : stderr, usage, argv[0]);
            exit(is_help ? 0 : 1);
        }
        *slot = equals != NULL ? equals + 1 : argv[++i];
    }
    if (out->rundir != NULL && out->rundir[0] == '\0')
        out->rundir = NULL;
    out->is_default = out->rundir == NULL && strcmp(out->config, "/etc/ipsec.conf") == 0;
    return true;
}

static int run_program(const char *path, const char *const *words)
{
    pid_t pid = fork();
    int status;
    if (pid == 0) {
        execvp(path, (char *const *)(uintptr_t)words);
        fprintf(stderr, "ipsec: cannot run %s: %s\n", path, strerror(errno));
        _exit(127);
    }
    while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
        ;
    return pid > 0 && WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}

/* ---- systemd ---- */

/* Only what it would start in the same place. */
static bool is_systemds(const struct place *place)
{
    static const char *const units[] = {
        "/etc/systemd/system/ipsec.service", "/run/systemd/system/ipsec.service",
        "/usr/lib/systemd/system/ipsec.service", "/lib/systemd/system/ipsec.service"};
    bool has_unit = false;
    for (size_t i = 0; i < ARRAY_SIZE(units); i++)
        has_unit = has_unit || access(units[i], F_OK) == 0;
    return place->is_default && has_unit && access("/run/systemd/system", F_OK) == 0;
}

static int systemctl(const char *verb)
{
    const char *words[] = {"systemctl", verb, "ipsec.service", NULL};
    return run_program("systemctl", words);
}

/* ---- the process ---- */

/* Of the lock file; 0: there is none, or no such process. */
static pid_t running_pid(const struct place *place)
{
    char path[4200];
    long pid = 0;
    snprintf(path, sizeof(path), "%s/pluto.pid", place->rundir ? place->rundir : CONTROL_DEFAULT_RUNDIR);
    FILE *file = fopen(path, "re");
    if (file == NULL)
        return 0;
    /* It is locked as long as its owner lives; a number left behind may be another process's by now. */
    bool is_stale = flock(fileno(file), LOCK_SH | LOCK_NB) == 0;
    if (is_stale || fscanf(file, "%ld", &pid) != 1)
        pid = 0;
    fclose(file);
    return pid > 1 ? (pid_t)pid : 0;
}

static bool wait_for_end(pid_t pid)
{
    for (int step = 0; step < STOP_WAIT_STEPS; step++) {
        if (kill(pid, 0) != 0 && errno == ESRCH)
            return true;
        usleep(WAIT_STEP_USEC);
    }
    return false;
}

static bool answers(const struct place *place)
{
    struct error error;
    const struct control_location location = {.rundir = place->rundir};
    struct control_client *client = control_client_open(&location, &error);
    control_client_close(client);
    return client != NULL;
}

static int run_pluto(const struct place *place)
{
    const char *words[] = {"pluto",       "--config", place->config, place->rundir ? "--rundir" : NULL,
                           place->rundir, NULL};
    return run_program(paths_pluto(), words);
}

/* ---- the verbs ---- */

static int load_connections(const struct place *place)
{
    const char *words[] = {
        "addconn",     "--config", place->config, "--autoall", place->rundir ? "--rundir" : NULL,
        place->rundir, NULL};
    return addconn_main(place->rundir ? 6 : 4, (char **)(uintptr_t)words);
}

static int start(const struct place *place)
{
    if (is_systemds(place))
        return systemctl("start");
    if (answers(place)) {
        fprintf(stderr, "ipsec: pluto is already running\n");
        return EXIT_RUNNING;
    }
    for (int tries = 0; tries < START_TRIES && running_pid(place) != 0; tries++) /* one that is just going */
        usleep(WAIT_STEP_USEC);
    int status = run_pluto(place); /* returns when pluto answers, or has said why it does not */
    return status != 0 ? status : load_connections(place);
}

static int stop(const struct place *place)
{
    if (is_systemds(place))
        return systemctl("stop");
    pid_t pid = running_pid(place);
    const char *words[] = {"whack", "--shutdown", place->rundir ? "--rundir" : NULL, place->rundir, NULL};
    if (pid == 0 && !answers(place)) {
        printf("ipsec: pluto is not running\n");
        return 0;
    }
    if (whack_main(place->rundir ? 4 : 2, (char **)(uintptr_t)words) != 0 && pid != 0)
        kill(pid, SIGTERM);
    if (pid == 0 || wait_for_end(pid))
        return 0;
    fprintf(stderr, "ipsec: pluto (process %ld) does not end\n", (long)pid);
    return 1;
}

static int restart(const struct place *place)
{
    if (is_systemds(place))
        return systemctl("restart");
    int status = stop(place);
    return status != 0 ? status : start(place);
}

static int status(const struct place *place)
{
    pid_t pid = running_pid(place);
    if (answers(place)) {
        printf("IPsec is running: pluto, process %ld, answers\n", (long)pid);
        return 0;
    }
    if (pid != 0)
        printf("pluto, process %ld, runs but does not answer\n", (long)pid);
    else
        printf("IPsec is stopped\n");
    return EXIT_NOT_RUNNING;
}

int service_start(int argc, char **argv)
{
    struct place place;
    if (!names_connection(argc, argv))
        return parse(argc, argv, &place) ? start(&place) : 1;
    const char **words = calloc((size_t)argc + 2, sizeof(*words));
    if (words == NULL)
        return 1;
    words[0] = "auto";
    words[1] = "--start";
    memcpy(words + 2, argv + 1, (size_t)(argc - 1) * sizeof(*words));
    int code = auto_main(argc + 1, (char **)(uintptr_t)words);
    free(words);
    return code;
}

int service_stop(int argc, char **argv)
{
    struct place place;
    return parse(argc, argv, &place) ? stop(&place) : 1;
}

int service_restart(int argc, char **argv)
{
    struct place place;
    return parse(argc, argv, &place) ? restart(&place) : 1;
}

static int condrestart(const struct place *place)
{
    return answers(place) ? restart(place) : 0;
}

static int reload(const struct place *place)
{
    const char *words[] = {"reload",      "--config", place->config, place->rundir ? "--rundir" : NULL,
                           place->rundir, NULL};
    return reload_main(place->rundir ? 5 : 3, (char **)(uintptr_t)words);
}

int service_setup(int argc, char **argv)
{
    static const struct {
        const char *verb;
        int (*run)(const struct place *place);
    } verbs[] = {{"start", start},
                 {"stop", stop},
                 {"restart", restart},
                 {"status", status},
                 {"condrestart", condrestart},
                 {"reload", reload},
                 {"try-restart", condrestart}};
    struct place place;
    for (size_t i = 0; argc > 1 && i < ARRAY_SIZE(verbs); i++) {
        const char *bare = strncmp(argv[1], "--", 2) == 0 ? argv[1] + 2 : argv[1];
        if (strcmp(verbs[i].verb, bare) == 0)
            return parse(argc - 1, argv + 1, &place) ? verbs[i].run(&place) : 1;
    }
    bool is_help = argc > 1 && strcmp(argv[1], "--help") == 0;
    if (argc > 1 && !is_help)
        fprintf(stderr, "ipsec setup: \"%s\" is no action\n", argv[1]);
    fprintf(is_help ? stdout : stderr,
            "Usage: ipsec setup start|stop|restart|condrestart|reload|status [--config FILE] [--rundir "
            "DIRECTORY]\n");
    return is_help ? 0 : 1;
}
