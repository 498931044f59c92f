/*
 * The engine's environment: everything it may ask of the world. The daemon, the simulator and the fuzzers
 * each provide one. Nothing here answers at once except now, wall_clock and random.
 */
#ifndef STYX_ENGINE_ENV_H
#define STYX_ENGINE_ENV_H

#include "engine/job.h"
#include "engine/kernel_request.h"
#include "engine/report.h"

/* Where a datagram came from or goes to, in terms of our interface address and port. */
struct path {
    struct ip_endpoint local;
    struct ip_endpoint remote;
};

/* A script to run: PLUTO_* variables as NAME=value texts, borrowed during the call. */
struct updown_request {
    uint64_t request_id; /* echoed in engine_updown_done */
    const char *script;  /* NULL: the default _updown */
    const char *const *environment;
    size_t environment_count;
    const char *connection;
    const char *verb;
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
    /* Answer by engine_resolved(query_id, ...). */
    void (*resolve)(void *world, uint64_t query_id, const char *name, enum ip_family family);
    void (*updown)(void *world, const struct updown_request *request);
    void (*report)(void *world, const struct report *report);
    /* Debug lines; called only for classes that are switched on. */
    void (*trace)(void *world, const char *line);
};

#endif
