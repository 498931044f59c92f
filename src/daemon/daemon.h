/* pluto: one event loop around one engine. What the files of src/daemon share. */
#ifndef STYX_DAEMON_DAEMON_H
#define STYX_DAEMON_DAEMON_H

#include <event2/event.h>

#include "base/list.h"
#include "config/setup.h"
#include "control/control.h"
#include "daemon/held_datagrams.h"
#include "daemon/held_replies.h"
#include "kernel/backend.h"

enum { EXIT_SOCKET = 2, EXIT_KERNEL = 5, EXIT_SECCOMP = 8, EXIT_LOCKED = 10, EXIT_LEAVES_STATE = 12 };

/* Paths and switches from the command line and `config setup`. */
struct daemon_options {
    struct setup *setup;
    char *setup_text; /* `config setup` as it stood in config_file */
    char *config_file, *rundir, *control_socket, *pid_file;
    char *interfaces[16]; /* --interface: only these */
    size_t interface_count;
    char *protostack;
    uint16_t ike_port, natt_port;
    char *perpeerlogbase, *impairments;
    bool nofork, leak_detective, no_retransmits, force_keepalive, perpeerlog, selftest;
};

struct udp_socket;
struct streams;
struct address_watch;
struct control_listener;
struct workers;
struct logins;
struct updown_queue;
struct key_loader;
struct process_group;
struct stats_program;
struct peer_log;
struct audit_log;

struct daemon {
    struct daemon_options options;
    struct event_base *base;
    struct engine *engine;
    struct engine_env env;
    struct control *control;
    struct control_listener *control_listener;
    struct workers *workers;
    struct key_loader *key_loader;
    struct logins *logins;
    struct process_group *processes;
    struct stats_program *stats_program; /* NULL without statsbin= */
    struct peer_log *peer_log;           /* NULL without --perpeerlog */
    struct audit_log *audit_log;         /* NULL: audit-log=no, or it cannot be had */
    struct updown_queue *updown;
    const struct backend_functions *backend_functions;
    struct backend *backend;
    struct held_datagrams held_datagrams;
    struct held_replies held_replies;
    uint64_t told_number;      /* of the data plane's: a reply waits for it, and so does the next datagram */
    struct list_node wake_ups; /* of clients, to come */
    struct event *timer, *signals[4], *backend_event;
    struct udp_socket *sockets;
    bool lacks_sockets; /* there was a shortage when they were opened */
    struct streams *streams;
    struct address_watch *address_watch; /* NULL: the kernel does not tell */
    struct control_facts facts;
    struct event *watchdog; /* systemd's; NULL: nobody asks */
    struct event *shutdown_limit;
    uint64_t shutdown_client;
    bool is_leaving; /* the engine has said goodbye; the last scripts run, the last peers answer */
    bool has_waited_for_peers;
    bool is_shutting_down;
    bool leaves_state;
    int exit_status;
    uint64_t bytes_at_start;     /* of the engine */
    size_t descriptors_at_start; /* open files */
};

/* world.c: the engine's environment. */
void world_init(struct daemon *daemon);

/* assembly.c: all parts; false with the reason, and exit_status. Also what never was assembled is dismantled.
 */
bool daemon_assemble(struct daemon *daemon, struct error *error);
void daemon_dismantle(struct daemon *daemon);

/* loop.c */
bool loop_open(struct daemon *daemon, struct error *error);
void loop_watch_signals(struct daemon *daemon);
void loop_close(struct daemon *daemon);
/* After anything has entered the engine: when it wants to be woken next, and what it wants done. */
void daemon_rearm(struct daemon *daemon);

/* data_plane.c */
bool data_plane_open(struct daemon *daemon, struct error *error);
/* The datagrams that wait for it leave. */
void data_plane_release_all(struct daemon *daemon);
void data_plane_close(struct daemon *daemon);

/* sockets.c */
void udp_listen(struct daemon *daemon, uint64_t client);
/* An address that a socket is bound to is not in the list of those that the machine has. */
bool udp_has_lost_address(const struct daemon *daemon, const struct listen_address *list, size_t count);
/* Listens on these addresses instead; nothing but addresses is read anew. */
void udp_follow_addresses(struct daemon *daemon, const struct listen_address *list, size_t count);
void udp_close_all(struct daemon *daemon);
/* Applies what setup says of buffers and error queues to the sockets that are open. */
void udp_apply_setup(struct daemon *daemon);
void udp_each_socket(const struct daemon *daemon, control_socket_visitor *visit, void *context);
void udp_open_port(struct daemon *daemon, const struct ip_endpoint *local);
/* From now on the data plane reads this socket of port 500: ESP comes there too. */
void udp_share_with_plane(struct daemon *daemon, const struct ip_endpoint *local);
/* By UDP, or in the TCP stream that the path is. */
void ike_send(struct daemon *daemon, const struct path *path, struct bytes datagram);

/* default_route.c: whether an errno value says that descriptors or memory have run out, which may pass. */
bool is_shortage(int number);
/* Finds out which of the addresses the default routes leave from. False: it cannot now. */
bool default_route_mark(struct listen_address *list, size_t count, struct error *error);
/* interfaces.c: the addresses that we may listen on, a malloc'd list. False, with the reason: they cannot be
 * listed now, which says nothing of them. */
bool interfaces_list(const struct daemon_options *options, struct listen_address **ret_list,
                     size_t *ret_count, struct error *error);
/* What --interface and listen= name and the machine does not have. */
void interfaces_tell_missing(struct daemon *daemon, uint64_t client, const struct listen_address *list,
                             size_t count);

/* policy_groups.c */
void daemon_read_policy_groups(struct daemon *daemon, uint64_t client);

/* workers.c: jobs on so many threads (or as many as there can be); 0: in the loop, when it comes round. NULL
 * with the reason. */
struct workers *workers_new(struct daemon *daemon, unsigned count, struct error *error);
unsigned workers_count(const struct workers *workers);
void workers_free(struct workers *workers);
void workers_submit(struct workers *workers, struct job *job);
/* At the end of a turn of the loop: wakes the threads once for all that was submitted in it. */
void workers_hand_over(struct workers *workers);

/* logins.c: passwords of XAUTH users. */
struct logins *logins_new(struct daemon *daemon);
void logins_free(struct logins *logins);
void logins_check(struct logins *logins, const struct login_request *request);

/* updown.c */
struct updown_queue *updown_new(struct daemon *daemon);
void updown_free(struct updown_queue *queue);
void updown_submit(struct updown_queue *queue, const struct updown_request *request);
/* KERNEL_COUNTERS, for the scripts that wait for them. */
void updown_counters_came(struct updown_queue *queue, const struct kernel_event *event);
void updown_set_time_limit(struct updown_queue *queue, unsigned seconds);
bool updown_is_idle(const struct updown_queue *queue);
/* control_host.c: to the log, and to the client of a command. */
void daemon_tell(struct daemon *daemon, uint64_t client, int code, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
/* The loop has ended, no client is woken any more. */
void daemon_forget_wake_ups(struct daemon *daemon);
/* Ends the loop once daemon_shut_down() has nothing to wait for any more. */
void daemon_leave_when_done(struct daemon *daemon);

/* resolver.c: names on a thread of its own. After resolver_stop() no answer comes any more. */
void resolver_stop(void);
void resolver_ask(struct daemon *daemon, uint64_t query_id, const char *name, enum ip_family family);

/* control_socket.c: NULL with the reason. */
struct control_listener *control_listener_new(struct daemon *daemon, const char *path, struct error *error);
/* Takes the socket's name away while the run directory is still ours; clients get their last words yet. */
void control_listener_hide(struct control_listener *listener);
void control_listener_free(struct control_listener *listener);

/* log.c */
bool log_open(const struct setup *setup, struct error *error);
void log_line(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_text(const char *text);
/* What peers can cause: too much of it is dropped, and how much is told. */
void log_peer_text(const char *text);
/* From here on lines are written once a turn of the loop; and at once again. */
void log_gather(struct event_base *base);
void log_gather_no_more(void);
void log_close(void);

/* pid_file.c: 0, or the exit status of pluto after saying why. */
int pid_file_take(const char *path);
void pid_file_write(const char *path);
/* Somebody may have removed it: makes it anew. */
void pid_file_restore(const char *path);
/* With it, another pluto may start. */
void pid_file_remove(const char *path);

/* instance_lock.c: 0, or the process that already serves this pid file in this network namespace. */
pid_t instance_lock_take(const char *path);
void instance_lock_release(void);
/* Which process holds the lock is told to others from now on: after the last fork. */
void instance_lock_name_holder(void);

/* secrets.c: loads the secrets file and hands it to the engine. Lines go to `client` too, whose command goes
 * on. False: it could not be read. */
bool daemon_read_secrets(struct daemon *daemon, uint64_t client);

/* seed.c: seedbits=. False with the reason. */
bool seed_random_pools(const struct setup *setup, struct error *error);

/* selftest.c: says what it tests; the exit status. */
int selftest_run(void);

/* leaks.c: what is still owned. That of the engine is counted after its goodbye, the rest at the very end. */
struct leaks {
    uint64_t connections, ike_sas, child_sas, bytes, scripts, descriptors;
};
struct leaks leaks_of_engine(const struct daemon *daemon);
size_t leaks_count_descriptors(void);
void leaks_report(const struct leaks *leaks);

/* The folder of _updown and of the pluto binary. */
const char *daemon_exec_dir(void);

#endif
