/* What commands want of pluto itself: listening, secrets, sockets, its end. */
#include "daemon/control_host.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/text.h"
#include "daemon/front_end.h"
#include "daemon/notify.h"
#include "daemon/private_keys.h"
#include "daemon/process.h"
#include "daemon/sandbox.h"
#include "daemon/streams.h"
#include "engine/view.h"

enum { SHUTDOWN_LIMIT_SECONDS = 30, GOODBYE_LIMIT_SECONDS = 1, LINE_SIZE = 512 };

void daemon_tell(struct daemon *daemon, uint64_t client, int code, const char *format, ...)
{
    char line[LINE_SIZE];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(line, sizeof(line), format, arguments);
    va_end(arguments);
    log_text(line);
    control_line(daemon->control, client, code, line);
}

void control_socket_session_ready(void *context, struct control_session *session, void *user);

static void host_listen(void *context, uint64_t client)
{
    struct daemon *daemon = context;
    udp_listen(daemon, client);
}

static void host_unlisten(void *context, uint64_t client)
{
    struct daemon *daemon = context;
    udp_close_all(daemon);
    streams_listen(daemon->streams, client, NULL, 0);
    daemon_tell(daemon, client, RC_LOG, "no longer listening for IKE messages");
    engine_command(daemon->engine, &(struct command){.kind = COMMAND_UNLISTEN, .client = client});
}

static void host_reread_secrets(void *context, uint64_t client)
{
    struct daemon *daemon = context;
    if (daemon_read_secrets(daemon, client)) {
        key_loader_read(daemon->key_loader, client);
        return;
    }
    control_finish(daemon->control, client, RC_WHACK_PROBLEM);
    key_loader_read(daemon->key_loader, 0);
}

static void leave_loop(struct daemon *daemon)
{
    daemon->is_shutting_down = true;
    event_base_loopexit(daemon->base, NULL);
}

void daemon_leave_when_done(struct daemon *daemon)
{
    bool have_peers_answered = daemon->has_waited_for_peers || engine_view_is_without_ike(daemon->engine);
    if (daemon->is_leaving && have_peers_answered && updown_is_idle(daemon->updown))
        leave_loop(daemon);
}

static void wait_for(struct daemon *daemon, int seconds)
{
    event_add(daemon->shutdown_limit, &(struct timeval){.tv_sec = seconds});
}

static void shutdown_takes_long(evutil_socket_t unused, short what, void *context)
{
    struct daemon *daemon = context;
    (void)unused;
    (void)what;
    if (!daemon->has_waited_for_peers) {
        daemon->has_waited_for_peers = true;
        wait_for(daemon, SHUTDOWN_LIMIT_SECONDS - GOODBYE_LIMIT_SECONDS);
        daemon_leave_when_done(daemon);
        return;
    }
    log_line("updown scripts did not end within %d seconds; shutting down without them",
             SHUTDOWN_LIMIT_SECONDS);
    leave_loop(daemon);
}

/* The engine says goodbye to the peers, which takes a moment where one has still to answer something else;
 * the scripts that take connections down are waited for. The client's reply ends when all is undone. */
void daemon_shut_down(struct daemon *daemon, uint64_t client, bool leave_state)
{
    if (daemon->is_leaving) {
        control_finish(daemon->control, client, 0);
        return;
    }
    log_line("Pluto is shutting down");
    notify_service_manager("STOPPING=1");
    daemon->shutdown_client = client;
    daemon->leaves_state = leave_state;
    engine_command(daemon->engine, &(struct command){.kind = COMMAND_SHUTDOWN, .leave_state = leave_state});
    daemon->is_leaving = true;
    daemon->shutdown_limit = event_new(daemon->base, -1, 0, shutdown_takes_long, daemon);
    wait_for(daemon, GOODBYE_LIMIT_SECONDS);
    daemon_leave_when_done(daemon);
}

static void host_shutdown(void *context, uint64_t client, bool leave_state)
{
    daemon_shut_down(context, client, leave_state);
}

struct wake_up {
    struct list_node node;
    struct daemon *daemon;
    uint64_t client;
};

static void wake_up(evutil_socket_t unused, short what, void *context)
{
    struct wake_up *wake = context;
    (void)unused;
    (void)what;
    control_wake(wake->daemon->control, wake->client);
    list_remove(&wake->node);
    free(wake);
}

void daemon_forget_wake_ups(struct daemon *daemon)
{
    LIST_EACH(&daemon->wake_ups, node)
    {
        struct wake_up *wake = CONTAINER_OF(node, struct wake_up, node);
        list_remove(&wake->node);
        free(wake);
    }
}

static void host_wake_later(void *context, uint64_t client, usec_t delay)
{
    struct daemon *daemon = context;
    struct wake_up *wake = calloc(1, sizeof(*wake));
    struct timeval when = {0, (suseconds_t)delay};
    if (wake == NULL)
        return;
    *wake = (struct wake_up){.daemon = daemon, .client = client};
    list_append(&daemon->wake_ups, &wake->node);
    event_base_once(daemon->base, -1, EV_TIMEOUT, wake_up, wake, &when);
}

static struct control_process host_process_at(void *context, size_t index)
{
    struct daemon *daemon = context;
    struct control_process process = {0};
    process.name = process_group_at(daemon->processes, index, &process.pid);
    return process;
}

static void host_each_socket(void *context, control_socket_visitor *visit, void *visitor)
{
    const struct daemon *daemon = context;
    udp_each_socket(daemon, visit, visitor);
    streams_each_listener(daemon->streams, visit, visitor);
}

static const struct control_facts *host_facts(void *context)
{
    struct daemon *daemon = context;
    daemon->facts.pid = getpid();
    return &daemon->facts;
}

static const char *listen_text(const struct setup *setup)
{
    static char list[512];
    struct text text = text_of(list, sizeof(list));
    char address[ADDRESS_TEXT_SIZE];
    for (size_t i = 0; i < setup->listen_count; i++)
        text_add(&text, "%s%s", i ? "," : "", address_text(&setup->listen[i], address));
    return setup->listen_count ? list : "<any>";
}

static const char *seccomp_name(const struct setup *setup)
{
    static const char *const names[] = {NULL, "enabled", "tolerant"}; /* in the order of enum seccomp_mode */
    return names[setup->seccomp];
}

/* --seccomp-crashtest */
static void host_test_sandbox(void *context, uint64_t client)
{
    struct daemon *daemon = context;
    log_line("seccomp crash test: making a system call that seccomp= takes away");
    control_line(daemon->control, client, RC_LOG,
                 sandbox_refuses_test()
                     ? "seccomp crash test: the system call was refused"
                     : "seccomp crash test: the system call was allowed: seccomp= is disabled");
    control_finish(daemon->control, client, 0);
}

/* --ike-socket-bufsize, --ike-socket-errqueue */
static void host_change_sockets(void *context, uint64_t client, const struct control_socket_change *change)
{
    struct daemon *daemon = context;
    struct setup *setup = daemon->options.setup;
    if (change->changes_buffer)
        setup->ike_socket_bufsize = change->buffer_size;
    if (change->changes_error_queue)
        setup->ike_socket_errqueue = change->error_queue;
    if (change->toggles_error_queue)
        setup->ike_socket_errqueue = !setup->ike_socket_errqueue;
    udp_apply_setup(daemon);
    daemon->facts.ike_socket_bufsize = setup->ike_socket_bufsize;
    daemon->facts.ignores_errqueue = !setup->ike_socket_errqueue;
    control_finish(daemon->control, client, 0);
}

void control_host_fill_facts(struct daemon *daemon, int nhelpers)
{
    const struct daemon_options *options = &daemon->options;
    daemon->facts = (struct control_facts){
        .kernel_interface = daemon->backend_functions->name,
        .config_file = options->config_file ? options->config_file : "unset",
        .setup_text = options->setup_text,
        .secrets_file = options->setup->secretsfile,
        .ipsec_dir = options->setup->ipsecdir,
        .nss_dir = options->setup->nssdir,
        .dump_dir = options->setup->dumpdir ? options->setup->dumpdir : options->rundir,
        .exec_dir = daemon_exec_dir(),
        .sbin_dir = *front_end_dir() != '\0' ? front_end_dir() : daemon_exec_dir(),
        .listen = listen_text(options->setup),
        .virtual_private = options->setup->virtual_private,
        .ike_socket_bufsize = options->setup->ike_socket_bufsize,
        .nflog_all = options->setup->nflog_all,
        .acquire_lifetime_seconds = (unsigned)(options->setup->expire_lifetime / USEC_PER_SEC),
        .statsbin = options->setup->statsbin,
        .seccomp = seccomp_name(options->setup),
        .audits = daemon->audit_log != NULL,
        .log_append = options->setup->logappend,
        .hides_addresses = !options->setup->logip,
        .ignores_errqueue = !options->setup->ike_socket_errqueue,
        .nhelpers = nhelpers,
    };
}

struct control_host control_host_of(struct daemon *daemon)
{
    return (struct control_host){
        .context = daemon,
        .listen = host_listen,
        .unlisten = host_unlisten,
        .reread_secrets = host_reread_secrets,
        .shutdown = host_shutdown,
        .change_sockets = host_change_sockets,
        .test_sandbox = host_test_sandbox,
        .session_ready = control_socket_session_ready,
        .wake_later = host_wake_later,
        .facts = host_facts,
        .process_at = host_process_at,
        .each_socket = host_each_socket,
    };
}
