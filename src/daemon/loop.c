/* The event loop: its timer, which is the engine's, and the signals. */
#include <errno.h>
#include <signal.h>

#include "daemon/control_host.h"
#include "daemon/daemon.h"
#include "daemon/process.h"

enum { CALLBACKS_A_TURN = 64 };

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
    daemon_leave_when_done(daemon);
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

void loop_watch_signals(struct daemon *daemon)
{
    daemon->signals[0] = evsignal_new(daemon->base, SIGTERM, terminated, daemon);
    daemon->signals[1] = evsignal_new(daemon->base, SIGHUP, hung_up, daemon);
    daemon->signals[2] = evsignal_new(daemon->base, SIGCHLD, child_ended, daemon);
    daemon->signals[3] = evsignal_new(daemon->base, SIGINT, terminated, daemon);
    for (size_t i = 0; i < ARRAY_SIZE(daemon->signals); i++)
        event_add(daemon->signals[i], NULL);
    signal(SIGPIPE, SIG_IGN);
}

bool loop_open(struct daemon *daemon, struct error *error)
{
    daemon->base = make_base();
    if (daemon->base == NULL)
        return error_set(error, 0, "cannot make the event loop: %s", strerror(errno));
    daemon->timer = event_new(daemon->base, -1, 0, timer_fired, daemon);
    return true;
}

void loop_close(struct daemon *daemon)
{
    struct event *const events[] = {daemon->shutdown_limit, daemon->watchdog, daemon->timer};
    for (size_t i = 0; i < ARRAY_SIZE(events); i++)
        if (events[i] != NULL)
            event_free(events[i]);
    for (size_t i = 0; i < ARRAY_SIZE(daemon->signals); i++)
        if (daemon->signals[i] != NULL)
            event_free(daemon->signals[i]);
    if (daemon->base != NULL)
        event_base_free(daemon->base);
}
