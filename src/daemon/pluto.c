/* pluto: from the command line to the loop, and its exit status. ipsec_pluto(8). */
#include "daemon/pluto.h"

#include <errno.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <event2/thread.h>

#include "daemon/background.h"
#include "daemon/daemon.h"
#include "daemon/notify.h"
#include "daemon/options.h"
#include "daemon/private_keys.h"
#include "daemon/sandbox.h"

enum { DESCRIPTORS_WANTED = 65536 };

const char *daemon_exec_dir(void)
{
    static char path[4096];
    ssize_t size = path[0] ? -1 : readlink("/proc/self/exe", path, sizeof(path) - 1);
    if (size > 0) {
        path[size] = '\0';
        char *slash = strrchr(path, '/');
        if (slash != NULL)
            *slash = '\0';
    }
    return path;
}

/* What comes before the first secret is read. */
static bool harden(struct daemon *daemon, struct error *error)
{
    const struct setup *setup = daemon->options.setup;
    daemon->exit_status = 1;
    if (!seed_random_pools(setup, error))
        return false;
    daemon->exit_status = EXIT_SECCOMP;
    if (!sandbox_enter((enum seccomp_mode)setup->seccomp, error))
        return false;
    if (setup->seccomp != SECCOMP_DISABLED)
        log_line("seccomp security is %s",
                 setup->seccomp == SECCOMP_ENABLED ? "enabled" : "enabled in tolerant mode");
    daemon->exit_status = EXIT_KERNEL;
    return true;
}

static int run(struct daemon *daemon, int ready)
{
    struct error error;
    log_line("Starting Pluto (Styx Version %s) pid:%d", STYX_VERSION, (int)getpid());
    daemon->descriptors_at_start = leaks_count_descriptors();
    list_init(&daemon->wake_ups);
    held_replies_init(&daemon->held_replies);
    held_datagrams_init(&daemon->held_datagrams); /* also what never was assembled is dismantled */
    if (!harden(daemon, &error) || !daemon_assemble(daemon, &error)) {
        log_line("FATAL ERROR: %s", error.text);
        if (!daemon->options.setup->logstderr)
            fprintf(stderr, "pluto: %s\n", error.text);
        background_tell_parent(ready, daemon->exit_status);
        daemon_dismantle(daemon);
        return daemon->exit_status;
    }
    pid_file_write(daemon->options.pid_file);
    daemon_read_secrets(daemon, 0);
    key_loader_read_now(daemon->key_loader);
    if (daemon->options.nofork) {
        printf("Pluto initialized\n");
        fflush(stdout);
    } else {
        background_leave_terminal(daemon->options.setup->logstderr);
    }
    background_tell_parent(ready, 0);
    notify_service_manager("READY=1");
    daemon->watchdog = notify_watchdog_start(daemon->base);
    log_gather(daemon->base);
    event_base_dispatch(daemon->base);
    log_gather_no_more();
    daemon_dismantle(daemon);
    log_line("Pluto is shut down");
    return daemon->leaves_state ? EXIT_LEAVES_STATE : 0;
}

/* Each client of the control socket, script and interface address takes one. */
static void raise_descriptor_limit(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return;
    rlim_t wanted = limit.rlim_max < DESCRIPTORS_WANTED ? limit.rlim_max : DESCRIPTORS_WANTED;
    if (limit.rlim_cur < wanted) {
        limit.rlim_cur = wanted;
        setrlimit(RLIMIT_NOFILE, &limit);
    }
}

/* A core file, if there must be one, is written into the working directory. */
static void prepare_core_dumps(const char *folder)
{
    struct rlimit limit;
    if (folder == NULL)
        return;
    if (chdir(folder) != 0) {
        log_line("cannot change to dumpdir \"%s\": %s", folder, strerror(errno));
        return;
    }
    if (getrlimit(RLIMIT_CORE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max;
        setrlimit(RLIMIT_CORE, &limit);
    }
    log_line("core dump dir: %s", folder);
}

int pluto_main(int argc, char **argv)
{
    static struct daemon daemon;
    struct error error;
    int ready = -1;
    int status = options_read(argc, argv, &daemon.options);
    if (status >= 0)
        return status;
    if (daemon.options.selftest) {
        options_free(&daemon.options);
        return selftest_run();
    }
    if (mkdir(daemon.options.rundir, 0755) != 0 && errno != EEXIST)
        fprintf(stderr, "pluto: cannot make run directory \"%s\": %s\n", daemon.options.rundir,
                strerror(errno));
    status = pid_file_take(daemon.options.pid_file);
    if (status != 0)
        return status;
    if (!log_open(daemon.options.setup, &error)) {
        fprintf(stderr, "pluto: %s\n", error.text);
        return 1;
    }
    if (!daemon.options.nofork && (status = background_detach(&ready)) >= 0)
        return status;
    evthread_use_pthreads();
    raise_descriptor_limit();
    prepare_core_dumps(daemon.options.setup->dumpdir);
    status = run(&daemon, ready);
    log_close();
    options_free(&daemon.options);
    return status;
}
