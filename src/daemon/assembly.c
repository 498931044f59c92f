/* The parts of the daemon: putting them together, and taking them apart, also when it never got further than
 * some of them. */
#include <unistd.h>

#include "daemon/address_watch.h"
#include "daemon/audit_log.h"
#include "daemon/control_host.h"
#include "daemon/daemon.h"
#include "daemon/peer_log.h"
#include "daemon/private_keys.h"
#include "daemon/process.h"
#include "daemon/stats_program.h"
#include "daemon/streams.h"
#include "engine/impair.h"
#include "engine/view.h"

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

static struct engine_settings engine_settings_of(const struct daemon *daemon)
{
    struct engine_settings settings = setup_engine_settings(daemon->options.setup);
    const struct backend_functions *functions = daemon->backend_functions;
    settings.ike_port = daemon->options.ike_port;
    settings.natt_port = daemon->options.natt_port;
    settings.no_retransmits = daemon->options.no_retransmits;
    settings.force_keepalive = daemon->options.force_keepalive;
    settings.stack = functions->name;
    settings.plane_limits = functions->limits != NULL ? functions->limits(daemon->backend) : NULL;
    return settings;
}

/* What the engine asks of the world must be there before it is. */
static bool open_world(struct daemon *daemon, struct error *error)
{
    if (!loop_open(daemon, error))
        return false;
    world_init(daemon);
    daemon->streams = streams_new(daemon);
    if (daemon->streams == NULL)
        return error_set(error, 0, "out of memory");
    if (!data_plane_open(daemon, error))
        return false;
    daemon->workers = workers_new(daemon, helper_count(daemon), error);
    if (daemon->workers == NULL)
        return false;
    daemon->processes = process_group_new(daemon->base);
    daemon->logins = logins_new(daemon);
    daemon->updown = updown_new(daemon);
    return (daemon->processes != NULL && daemon->logins != NULL && daemon->updown != NULL) ||
           error_set(error, 0, "out of memory");
}

static bool open_engine(struct daemon *daemon, struct error *error)
{
    const struct engine_settings settings = engine_settings_of(daemon);
    const struct control_host host = control_host_of(daemon);
    daemon->engine = engine_new(&daemon->env, &settings);
    daemon->control = daemon->engine ? control_new(daemon->engine, &host) : NULL;
    if (daemon->control == NULL)
        return error_set(error, 0, "out of memory");
    daemon->exit_status = 1;
    if (daemon->options.impairments != NULL &&
        !impair_apply(daemon->engine, daemon->options.impairments, 0, error))
        return false;
    daemon->bytes_at_start = engine_view_totals(daemon->engine).bytes_owned;
    return true;
}

bool daemon_assemble(struct daemon *daemon, struct error *error)
{
    if (!open_world(daemon, error) || !open_engine(daemon, error))
        return false;
    daemon->key_loader = key_loader_new(daemon);
    daemon->address_watch = address_watch_new(daemon);
    if (daemon->key_loader == NULL || !open_observers(daemon))
        return error_set(error, 0, "out of memory");
    unsigned helpers = workers_count(daemon->workers);
    control_host_fill_facts(daemon, (int)helpers);
    log_line("started %u helper threads for cryptography", helpers);
    daemon->control_listener = control_listener_new(daemon, daemon->options.control_socket, error);
    if (daemon->control_listener == NULL) {
        daemon->exit_status = EXIT_SOCKET;
        return false;
    }
    loop_watch_signals(daemon);
    return true;
}

void daemon_dismantle(struct daemon *daemon)
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
    data_plane_release_all(daemon);
    udp_close_all(daemon);
    if (daemon->streams != NULL)
        streams_close_all(daemon->streams);
    data_plane_close(daemon);
    control_listener_hide(daemon->control_listener);
    pid_file_remove(daemon->options.pid_file);
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
    loop_close(daemon);
    size_t descriptors = leaks_count_descriptors();
    if (descriptors > daemon->descriptors_at_start)
        leaks.descriptors = descriptors - daemon->descriptors_at_start;
    if (daemon->options.leak_detective)
        leaks_report(&leaks);
}
