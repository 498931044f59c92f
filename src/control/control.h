/*
 * The control protocol's server side (docs/control-protocol.md) without sockets: bytes of a client in, bytes
 * for it out. Requests become engine commands or listings; reports that a client waits for become its reply.
 */
#ifndef STYX_CONTROL_CONTROL_H
#define STYX_CONTROL_CONTROL_H

#include "engine/engine.h"

enum {
    CONTROL_REQUEST_SIZE_MAX = 1 << 20,
    CONTROL_OUTPUT_SIZE_MAX = 4 << 20, /* what is kept for a client that does not read; then it is dropped */
    CONTROL_CLIENTS_MAX = 4096,
};

/* --ike-socket-bufsize, --ike-socket-errqueue: of the sockets that are open and those to come. */
struct control_socket_change {
    bool changes_buffer, changes_error_queue, toggles_error_queue;
    uint32_t buffer_size; /* bytes; 0: the default */
    bool error_queue;
};

struct control;
struct control_session;

struct control_process {
    const char *name; /* borrowed until the next call */
    int pid;
};

/* A socket that IKE comes in by; the interface's name is "" where it is not known. */
typedef void control_socket_visitor(void *context, const char *interface, const char *protocol,
                                    const struct ip_endpoint *local);

/* What the daemon does for the control protocol. Each of the first six ends the reply with control_finish().
 */
struct control_host {
    void *context;
    void (*listen)(void *context, uint64_t client);
    void (*unlisten)(void *context, uint64_t client);
    void (*reread_secrets)(void *context, uint64_t client);
    void (*shutdown)(void *context, uint64_t client, bool leave_state);
    void (*test_sandbox)(void *context, uint64_t client);
    void (*change_sockets)(void *context, uint64_t client, const struct control_socket_change *change);
    /* The session has output to write, or is to be looked at again. */
    void (*session_ready)(void *context, struct control_session *session, void *user);
    /* Calls control_wake(client) after this long. */
    void (*wake_later)(void *context, uint64_t client, usec_t delay);
    const struct control_facts *(*facts)(void *context);
    /* The programs that the daemon runs, one by one; the name is NULL past the last. May be NULL: none. */
    struct control_process (*process_at)(void *context, size_t index);
    /* May be NULL: both UDP ports of each of the engine's interfaces. */
    void (*each_socket)(void *context, control_socket_visitor *visit, void *visitor);
};

/* What status shows of the daemon itself. Borrowed until the next call. */
struct control_facts {
    const char *kernel_interface, *config_file, *secrets_file, *ipsec_dir, *nss_dir, *dump_dir, *exec_dir,
        *sbin_dir, *listen;
    const char *setup_text;      /* lines KEYWORD=VALUE of `config setup` in config_file; NULL: not read */
    const char *virtual_private; /* NULL: none */
    const char *statsbin;        /* NULL: none */
    const char *seccomp;         /* enabled, tolerant; NULL: disabled */
    int nhelpers;
    int pid;
    uint32_t ike_socket_bufsize; /* 0: the kernel's */
    unsigned acquire_lifetime_seconds;
    unsigned nflog_all;
    bool log_append, audits, hides_addresses, ignores_errqueue;
};

struct control *control_new(struct engine *engine, const struct control_host *host);
void control_free(struct control *control);

/* A connected client; NULL when there are too many. `user` is the daemon's handle for it. */
struct control_session *control_session_new(struct control *control, void *user);
/* What such a one is told. */
struct bytes control_refusal(void);
/* The client is gone: what it started goes on. */
void control_session_free(struct control_session *session);

/* Bytes from the client. False: the stream is over (a protocol error was answered): write what is left, hang
 * up. */
bool control_session_input(struct control_session *session, struct bytes bytes);
/* The client sends nothing more, and may read on: what it has asked for is answered. */
void control_session_input_ends(struct control_session *session);
/* False: more than a request waits to be carried out; do not read from the client until that has changed. */
bool control_session_wants_input(const struct control_session *session);
/* What is to be written now; after writing, control_session_wrote(), which may make more. */
struct bytes control_session_output(const struct control_session *session);
void control_session_wrote(struct control_session *session, size_t size);
/* Whether to hang up: after a protocol error or the last answer once all is written, or at once when the
 * client does not read. */
bool control_session_is_over(const struct control_session *session);

/* A listing that waited (for counters of the data plane) goes on. */
void control_wake(struct control *control, uint64_t client);

/* The daemon ends: the last words for those who watch. From now on no request is carried out. */
void control_goodbye(struct control *control);

/* A line or the end for whoever waits as report->client; others are ignored. */
void control_report(struct control *control, const struct report *report);
void control_finish(struct control *control, uint64_t client, int code);
/* It changes many connections, one after the other. */
bool control_runs_batch(struct control *control, uint64_t client);
void control_line(struct control *control, uint64_t client, int code, const char *text);

#endif
