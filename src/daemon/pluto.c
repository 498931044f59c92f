/* pluto: putting the daemon together, running it, and taking it down. ipsec_pluto(8). */
#include "daemon/pluto.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <event2/thread.h>

#include "base/text.h"
#include "daemon/address_watch.h"
#include "daemon/audit_log.h"
#include "daemon/control_host.h"
#include "daemon/daemon.h"
#include "daemon/notify.h"
#include "daemon/options.h"
#include "daemon/peer_log.h"
#include "daemon/private_keys.h"
#include "daemon/process.h"
#include "daemon/sandbox.h"
#include "daemon/stats_program.h"
#include "daemon/streams.h"
#include "engine/impair.h"
#include "engine/view.h"

enum { DESCRIPTORS_WANTED = 65536, CALLBACKS_A_TURN = 64 };

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

/* ---- time ---- */

static void timer_fired(evutil_socket_t unused, short what, void *context)
{
    struct daemon *daemon = context;
    (void)unused;
    (void)what;
    engine_advance(daemon->engine);
    daemon_rearm(daemon);
}

void daemon_rearm(struct daemon *daemon)
{
    if (daemon->engine == NULL || daemon->is_shutting_down)
        return;
    workers_hand_over(daemon->workers);
    usec_t deadline = engine_next_deadline(daemon->engine), now = daemon->env.now(daemon);
    if (deadline == USEC_NEVER) {
        event_del(daemon->timer);
        return;
    }
    usec_t wait = deadline > now ? deadline - now : 0;
    struct timeval when = {(time_t)(wait / USEC_PER_SEC), (suseconds_t)(wait % USEC_PER_SEC)};
    event_add(daemon->timer, &when);
}

/* ---- the data plane ---- */

static void kernel_event(void *context, const struct kernel_event *event)
{
    struct daemon *daemon = context;
    if (daemon->is_shutting_down)
        return;
    engine_kernel_event(daemon->engine, event);
    if (event->kind == KERNEL_COUNTERS)
        updown_counters_came(daemon->updown, event);
}

static void send_now(void *context, const struct path *path, struct bytes datagram)
{
    ike_send(context, path, datagram);
}

static void release_datagrams(struct daemon *daemon, uint64_t settled)
{
    held_datagrams_release(&daemon->held_datagrams, settled, send_now, daemon);
}

static void backend_readable(evutil_socket_t unused, short what, void *context)
{
    struct daemon *daemon = context;
    (void)unused;
    (void)what;
    daemon->backend_functions->dispatch(daemon->backend);
    if (daemon->backend_functions->settled != NULL)
        release_datagrams(daemon, daemon->backend_functions->settled(daemon->backend));
    daemon_rearm(daemon);
}

static void backend_log(void *context, const char *line)
{
    (void)context;
    log_text(line);
}

static usec_t backend_now(void *context)
{
    const struct daemon *daemon = context;
    return daemon->env.now(context);
}

/* ESP that the data plane has sealed for a TCP stream. */
static void send_esp(void *context, const struct ip_endpoint *local, const struct ip_endpoint *remote,
                     struct bytes packet)
{
    const struct daemon *daemon = context;
    const struct path path = {*local, *remote, true};
    streams_send(daemon->streams, &path, STREAM_ESP, packet);
}

static bool open_backend(struct daemon *daemon, struct error *error)
{
    struct backend_settings settings = {
        .on_event = kernel_event,
        .context = daemon,
        .log = backend_log,
        .now = backend_now,
        .send_esp = send_esp,
        .natt_port = daemon->options.natt_port,
        .acquire_lifetime_seconds = (unsigned)(daemon->options.setup->expire_lifetime / USEC_PER_SEC),
        .nflog_all = daemon->options.setup->nflog_all,
        .uses_interfaces_as_they_are = !daemon->options.setup->ipsec_interface_managed,
    };
    daemon->backend_functions = backend_choose(daemon->options.protostack, &settings, error);
    if (daemon->backend_functions == NULL)
        return false;
    daemon->backend = daemon->backend_functions->open(&settings, error);
    if (daemon->backend == NULL)
        return false;
    int descriptor = daemon->backend_functions->event_fd(daemon->backend);
    if (descriptor >= 0) {
        daemon->backend_event =
            event_new(daemon->base, descriptor, EV_READ | EV_PERSIST, backend_readable, daemon);
        event_add(daemon->backend_event, NULL);
    }
    return true;
}

/* ---- signals ---- */

static void terminated(evutil_socket_t signal_number, short what, void *context)
{
    (void)what;
    (void)signal_number;
    daemon_shut_down(context, 0, false);
}

static void hung_up(evutil_socket_t signal_number, short what, void *context)
{
    (void)signal_number;
    (void)what;
    (void)context;
    log_line("Pluto ignores SIGHUP -- perhaps you want \"whack --listen\"");
}

static void child_ended(evutil_socket_t signal_number, short what, void *context)
{
    struct daemon *daemon = context;
    (void)signal_number;
    (void)what;
    process_group_reap(daemon->processes);
    daemon_rearm(daemon);
}

static void watch_signals(struct daemon *daemon)
{
    daemon->signals[0] = evsignal_new(daemon->base, SIGTERM, terminated, daemon);
    daemon->signals[1] = evsignal_new(daemon->base, SIGHUP, hung_up, daemon);
    daemon->signals[2] = evsignal_new(daemon->base, SIGCHLD, child_ended, daemon);
    daemon->signals[3] = evsignal_new(daemon->base, SIGINT, terminated, daemon);
    for (size_t i = 0; i < ARRAY_SIZE(daemon->signals); i++)
        event_add(daemon->signals[i], NULL);
    signal(SIGPIPE, SIG_IGN);
}

/* ---- life ---- */

static unsigned helper_count(const struct daemon *daemon)
{
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    int64_t wanted = daemon->options.setup->nhelpers;
    if (wanted >= 0)
        return (unsigned)wanted;
    return processors > 1 ? (unsigned)processors - 1 : 1;
}

/* Those who are told of SAs and peers beside the log: statsbin=, --perpeerlog, audit-log=. */
static bool open_observers(struct daemon *daemon)
{
    const struct daemon_options *options = &daemon->options;
    if (options->setup->statsbin != NULL)
        daemon->stats_program = stats_program_new(daemon->base, daemon->processes, options->setup->statsbin);
    if (options->perpeerlog)
        daemon->peer_log = peer_log_new(options->perpeerlogbase);
    if (options->setup->audit_log)
        daemon->audit_log = audit_log_open();
    return (options->setup->statsbin == NULL || daemon->stats_program != NULL) &&
           (!options->perpeerlog || daemon->peer_log != NULL);
}

static void libevent_log(int severity, const char *text)
{
    if (severity >= EVENT_LOG_WARN)
        log_line("%sevent loop: %s", severity >= EVENT_LOG_ERR ? "FATAL ERROR: " : "", text);
}

/* Whatever becomes active while others are served waits until the kernel was asked for news. */
static struct event_base *make_base(void)
{
    event_set_log_callback(libevent_log);
    struct event_config *config = event_config_new();
    struct event_base *base = NULL;
    if (config != NULL && event_config_set_max_dispatch_interval(config, NULL, CALLBACKS_A_TURN, 0) == 0)
        base = event_base_new_with_config(config);
    if (config != NULL)
        event_config_free(config);
    return base;
}

static bool assemble(struct daemon *daemon, struct error *error)
{
    struct engine_settings settings = setup_engine_settings(daemon->options.setup);
    const struct control_host host = control_host_of(daemon);
    unsigned helpers = helper_count(daemon);
    settings.ike_port = daemon->options.ike_port;
    settings.natt_port = daemon->options.natt_port;
    settings.no_retransmits = daemon->options.no_retransmits;
    settings.force_keepalive = daemon->options.force_keepalive;
    daemon->base = make_base();
    if (daemon->base == NULL)
        return error_set(error, 0, "cannot make the event loop: %s", strerror(errno));
    daemon->timer = event_new(daemon->base, -1, 0, timer_fired, daemon);
    world_init(daemon);
    daemon->streams = streams_new(daemon);
    if (daemon->streams == NULL)
        return error_set(error, 0, "out of memory");
    if (!open_backend(daemon, error))
        return false;
    settings.stack = daemon->backend_functions->name;
    settings.plane_limits =
        daemon->backend_functions->limits != NULL ? daemon->backend_functions->limits(daemon->backend) : NULL;
    daemon->workers = workers_new(daemon, helpers, error);
    if (daemon->workers == NULL)
        return false;
    helpers = workers_count(daemon->workers);
    daemon->processes = process_group_new(daemon->base);
    daemon->logins = logins_new(daemon);
    daemon->updown = updown_new(daemon);
    daemon->engine = engine_new(&daemon->env, &settings);
    daemon->control = daemon->engine ? control_new(daemon->engine, &host) : NULL;
    if (daemon->processes == NULL || daemon->logins == NULL || daemon->updown == NULL ||
        daemon->control == NULL)
        return error_set(error, 0, "out of memory");
    daemon->exit_status = 1;
    if (daemon->options.impairments != NULL &&
        !impair_apply(daemon->engine, daemon->options.impairments, 0, error))
        return false;
    daemon->bytes_at_start = engine_view_totals(daemon->engine).bytes_owned;
    daemon->key_loader = key_loader_new(daemon);
    daemon->address_watch = address_watch_new(daemon);
    if (daemon->key_loader == NULL || !open_observers(daemon))
        return error_set(error, 0, "out of memory");
    control_host_fill_facts(daemon, (int)helpers);
    log_line("started %u helper threads for cryptography", helpers);
    daemon->control_listener = control_listener_new(daemon, daemon->options.control_socket, error);
    if (daemon->control_listener == NULL) {
        daemon->exit_status = EXIT_SOCKET;
        return false;
    }
    watch_signals(daemon);
    return true;
}

static void dismantle(struct daemon *daemon)
{
    daemon->is_shutting_down = true;
    resolver_stop();
    key_loader_free(daemon->key_loader);
    address_watch_free(daemon->address_watch);
    workers_free(daemon->workers);
    logins_free(daemon->logins);
    struct leaks leaks = leaks_of_engine(daemon);
    if (daemon->updown != NULL && !updown_is_idle(daemon->updown))
        leaks.scripts++;
    release_datagrams(daemon, UINT64_MAX);
    udp_close_all(daemon);
    if (daemon->streams != NULL)
        streams_close_all(daemon->streams);
    if (daemon->backend_event != NULL)
        event_free(daemon->backend_event);
    if (daemon->backend != NULL)
        daemon->backend_functions->close(daemon->backend, daemon->leaves_state);
    unlink(daemon->options.pid_file);
    if (daemon->control != NULL) {
        control_goodbye(daemon->control);
        control_finish(daemon->control, daemon->shutdown_client, 0);
    }
    control_listener_free(daemon->control_listener);
    control_free(daemon->control);
    daemon_forget_wake_ups(daemon); /* also those that last words asked for */
    engine_free(daemon->engine);
    streams_free(daemon->streams);
    stats_program_free(daemon->stats_program);
    peer_log_free(daemon->peer_log);
    audit_log_close(daemon->audit_log);
    process_group_free(daemon->processes);
    updown_free(daemon->updown);
    if (daemon->shutdown_limit != NULL)
        event_free(daemon->shutdown_limit);
    if (daemon->watchdog != NULL)
        event_free(daemon->watchdog);
    for (size_t i = 0; i < ARRAY_SIZE(daemon->signals); i++)
        if (daemon->signals[i] != NULL)
            event_free(daemon->signals[i]);
    if (daemon->timer != NULL)
        event_free(daemon->timer);
    if (daemon->base != NULL)
        event_base_free(daemon->base);
    size_t descriptors = leaks_count_descriptors();
    if (descriptors > daemon->descriptors_at_start)
        leaks.descriptors = descriptors - daemon->descriptors_at_start;
    if (daemon->options.leak_detective)
        leaks_report(&leaks);
}

/* The parent waits until the child is ready or has failed: its exit status is then known (ipsec_pluto(8)). */
static int detach(int *ret_ready)
{
    int ends[2];
    uint8_t status;
    if (pipe2(ends, O_CLOEXEC) != 0)
        return 1;
    pid_t pid = fork();
    if (pid == 0) {
        setsid();
        close(ends[0]);
        *ret_ready = ends[1];
        return -1;
    }
    close(ends[1]);
    if (pid < 0 || read(ends[0], &status, 1) != 1)
        return pid < 0 ? 3 : 1;
    return status;
}

static void tell_parent(int ready, int status)
{
    uint8_t byte = (uint8_t)status;
    if (ready < 0)
        return;
    (void)!write(ready, &byte, 1);
    close(ready);
}

static void leave_terminal(const struct daemon *daemon)
{
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    dup2(null, STDIN_FILENO);
    dup2(null, STDOUT_FILENO);
    if (!daemon->options.setup->logstderr)
        dup2(null, STDERR_FILENO);
    close(null);
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
    held_datagrams_init(&daemon->held_datagrams); /* also what never was assembled is dismantled */
    if (!harden(daemon, &error) || !assemble(daemon, &error)) {
        log_line("FATAL ERROR: %s", error.text);
        if (!daemon->options.setup->logstderr)
            fprintf(stderr, "pluto: %s\n", error.text);
        tell_parent(ready, daemon->exit_status);
        dismantle(daemon);
        return daemon->exit_status;
    }
    pid_file_write(daemon->options.pid_file);
    daemon_read_secrets(daemon, 0);
    key_loader_read_now(daemon->key_loader);
    if (daemon->options.nofork) {
        printf("Pluto initialized\n");
        fflush(stdout);
    } else {
        leave_terminal(daemon);
    }
    tell_parent(ready, 0);
    notify_service_manager("READY=1");
    daemon->watchdog = notify_watchdog_start(daemon->base);
    log_gather(daemon->base);
    event_base_dispatch(daemon->base);
    log_gather_no_more();
    dismantle(daemon);
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
    if (!daemon.options.nofork && (status = detach(&ready)) >= 0)
        return status;
    evthread_use_pthreads();
    raise_descriptor_limit();
    prepare_core_dumps(daemon.options.setup->dumpdir);
    status = run(&daemon, ready);
    log_close();
    options_free(&daemon.options);
    return status;
}
