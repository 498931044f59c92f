/*
 * The engine's environment: everything it may ask of the world. The daemon, the simulator and the fuzzers
 * each provide one. Nothing here answers at once except now, wall_clock and random.
 */
#ifndef STYX_ENGINE_ENV_H
#define STYX_ENGINE_ENV_H

#include "engine/connection_spec.h"
#include "engine/job.h"
#include "engine/kernel_request.h"
#include "engine/report.h"

/* Where a datagram came from or goes to, in terms of our interface address and port. */
struct path {
    struct ip_endpoint local;
    struct ip_endpoint remote;
    bool is_tcp; /* in the TCP connection between these two (RFC 9329), else in UDP */
};

/* One call of an updown script: its verb (up-client), and the variables that the calls of a sequence differ
 * in. */
struct updown_step {
    const char *verb;
    const char *const *environment;
    size_t environment_count;
};

/* Calls of an updown script, one after the other: PLUTO_* variables as NAME=value texts. Borrowed during the
 * call. */
struct updown_request {
    uint64_t request_id, connection_serial; /* echoed in engine_updown_done */
    uint64_t child_serial;
    uint64_t lane;      /* requests of one lane are carried out in their order */
    const char *script; /* a command with arguments; NULL: the default _updown */
    const char *prefix; /* "name"[2] 192.0.2.7 #3: begins every line about it */
    const char *const *environment;
    size_t environment_count;
    const struct updown_step *steps;
    size_t step_count;
    bool ends_at_failure; /* a call that fails is the last */
    /* Not before KERNEL_COUNTERS of child_serial, which are PLUTO_INBYTES and PLUTO_OUTBYTES. */
    bool wants_counters;
};

struct updown_result {
    uint64_t request_id, connection_serial;
    const char *verb; /* the call that failed; NULL: none */
    int exit_status;  /* of the first call that failed, 128 + signal, 127 when it could not be run */
};

/* What ended the call by such a status; 0: it has ended by itself, as by `exit -1`, which is 255. */
static inline int updown_signal(int exit_status)
{
    enum { SIGNAL_MAX = 64 };
    return exit_status > 128 && exit_status <= 128 + SIGNAL_MAX ? exit_status - 128 : 0;
}

/* A user who wants to log in: where the passwords are kept, by is XAUTHBY_FILE or XAUTHBY_PAM. Borrowed
 * during the call. Always answered by engine_login_checked(), unless the engine has ended. */
struct login_request {
    uint64_t request_id, ike_serial; /* echoed */
    enum xauth_by by;
    const char *connection;
    const char *user, *password;
    struct ip_address peer;
};

struct login_result {
    uint64_t request_id, ike_serial;
    enum xauth_by by; /* as it was asked */
    bool is_right;
    bool is_for_one;           /* the password opens this connection and no other */
    struct ip_address address; /* that this user is to have in the tunnel; unset: any */
    char reason[160];          /* why not, for our log */
};

struct engine_env {
    void *world;
    /* Microseconds, never going back. */
    usec_t (*now)(void *world);
    /* Seconds since the epoch, for people; may jump. */
    int64_t (*wall_clock)(void *world);
    void (*random)(void *world, uint8_t *out, size_t size);
    /* The datagram as IKE sees it: the environment adds the non-ESP marker on the NAT-T port (RFC 3948 2.2).
     */
    void (*send)(void *world, const struct path *path, struct bytes datagram);
    /* Ownership goes to the world; it runs job_run() anywhere and hands it back by engine_job_done(). */
    void (*submit_job)(void *world, struct job *job);
    void (*kernel_request)(void *world, const struct kernel_request *request);
    /* Answered, always, by engine_resolved(query_id, ...) or engine_resolve_failed(). */
    void (*resolve)(void *world, uint64_t query_id, const char *name, enum ip_family family);
    /* NULL where no connection demands XAUTH. */
    void (*check_login)(void *world, const struct login_request *request);
    void (*updown)(void *world, const struct updown_request *request);
    void (*report)(void *world, const struct report *report);
    /* Debug lines; called only for classes that are switched on. */
    void (*trace)(void *world, const char *line);
    /* A port of leftikeport= at this address of ours, with the framing of the NAT-T port, is used from now
     * on; asked for again when the connection is oriented again. NULL: there is none but the two of the
     * settings. */
    void (*open_port)(void *world, const struct ip_endpoint *local);
    /* A TCP connection to path->remote: takes a port at path->local.address at once, which it fills in, and
     * begins to connect; what is sent meanwhile waits. It serves this IKE SA until it is released. Its end is
     * told by engine_stream_closed(). False with the reason. NULL: this world has no TCP. */
    bool (*open_stream)(void *world, struct path *path, uint64_t ike_serial, struct error *error);
    /* From now on it serves this IKE SA, and ends only by the network or when that releases it. */
    void (*claim_stream)(void *world, const struct path *path, uint64_t ike_serial);
    /* Unless another IKE SA has claimed it meanwhile, it is closed after a while. */
    void (*release_stream)(void *world, const struct path *path, uint64_t ike_serial);
};

#endif
