/* The daemon as the engine's environment: clock, randomness, and the way to sockets, workers, data plane and
 * people. */
#include <stdlib.h>
#include <sys/random.h>
#include <time.h>

#include "base/secret.h"
#include "daemon/audit_log.h"
#include "daemon/daemon.h"
#include "daemon/peer_log.h"
#include "daemon/stats_program.h"
#include "daemon/streams.h"
#include "engine/view.h"

enum { RANDOM_POOL = 4096 };

static usec_t now(void *world)
{
    struct timespec time;
    (void)world;
    clock_gettime(CLOCK_BOOTTIME, &time); /* lifetimes go on while the machine sleeps */
    return (usec_t)time.tv_sec * USEC_PER_SEC + (usec_t)time.tv_nsec / 1000;
}

static int64_t wall_clock(void *world)
{
    (void)world;
    return time(NULL);
}

/* The kernel's generator, asked for a page at a time; what has been given out is wiped. */
static void random_bytes(void *world, uint8_t *out, size_t size)
{
    static uint8_t pool[RANDOM_POOL];
    static size_t left;
    (void)world;
    while (size > 0) {
        if (left == 0) {
            for (size_t filled = 0; filled < RANDOM_POOL;) {
                ssize_t got = getrandom(pool + filled, RANDOM_POOL - filled, 0);
                filled += got > 0 ? (size_t)got : 0;
            }
            left = RANDOM_POOL;
        }
        size_t take = size < left ? size : left;
        uint8_t *from = pool + RANDOM_POOL - left;
        memcpy(out, from, take);
        secret_wipe(from, take);
        left -= take;
        out += take;
        size -= take;
    }
}

/* What the data plane has been asked for reaches it now. 0, or the number by which it will be there. */
static uint64_t flush_data_plane(struct daemon *daemon)
{
    const struct backend_functions *plane = daemon->backend_functions;
    uint64_t number = plane->flush != NULL ? plane->flush(daemon->backend) : 0;
    held_replies_expect(&daemon->held_replies, number);
    return number;
}

static uint64_t settled(const struct daemon *daemon)
{
    const struct backend_functions *plane = daemon->backend_functions;
    return plane->settled != NULL ? plane->settled(daemon->backend) : UINT64_MAX;
}

/* The peer may answer with protected packets at once: what they need must be there before. */
static void send_datagram(void *world, const struct path *path, struct bytes datagram)
{
    struct daemon *daemon = world;
    uint64_t number = flush_data_plane(daemon), told = daemon->told_number;
    if (number < told && told > settled(daemon))
        number = told;
    daemon->told_number = 0;
    if (number != 0 && held_datagrams_add(&daemon->held_datagrams, number, path, datagram))
        return;
    ike_send(daemon, path, datagram);
}

static void submit_job(void *world, struct job *job)
{
    struct daemon *daemon = world;
    workers_submit(daemon->workers, job);
}

/* With --leave-state the data plane keeps what it has. */
static void kernel_request(void *world, const struct kernel_request *request)
{
    struct daemon *daemon = world;
    if (daemon->leaves_state)
        return;
    if (request->operation == KERNEL_SA_ADD && request->sa->has_non_ike_marker)
        udp_share_with_plane(daemon, &request->sa->local);
    daemon->backend_functions->request(daemon->backend, request);
}

static void resolve(void *world, uint64_t query_id, const char *name, enum ip_family family)
{
    resolver_ask(world, query_id, name, family);
}

static void open_port(void *world, const struct ip_endpoint *local)
{
    udp_open_port(world, local);
}

static bool open_stream(void *world, struct path *path, uint64_t ike_serial, struct error *error)
{
    const struct daemon *daemon = world;
    return streams_open(daemon->streams, path, ike_serial, error);
}

static void claim_stream(void *world, const struct path *path, uint64_t ike_serial)
{
    const struct daemon *daemon = world;
    streams_claim(daemon->streams, path, ike_serial);
}

static void release_stream(void *world, const struct path *path, uint64_t ike_serial)
{
    const struct daemon *daemon = world;
    streams_release(daemon->streams, path, ike_serial);
}

static void check_login(void *world, const struct login_request *request)
{
    struct daemon *daemon = world;
    logins_check(daemon->logins, request);
}

static void updown(void *world, const struct updown_request *request)
{
    struct daemon *daemon = world;
    if (!daemon->is_shutting_down && !daemon->leaves_state)
        updown_submit(daemon->updown, request);
}

static void tell_stats_program(struct daemon *daemon, const struct report *report)
{
    struct connection_view connection;
    bool is_wanted = daemon->stats_program != NULL && report->connection != NULL;
    if (is_wanted && engine_view_connection_named(daemon->engine, report->connection, &connection))
        stats_program_tell(daemon->stats_program, report, connection.interface);
    else if (is_wanted)
        stats_program_tell(daemon->stats_program, report, "");
}

static void log_for_peer(struct daemon *daemon, const struct report *report)
{
    if (daemon->peer_log == NULL || report->text[0] == '\0')
        return;
    struct ip_address peer = peer_log_owner(daemon->engine, report);
    peer_log_write(daemon->peer_log, &peer, report->text);
}

static void log_report(struct daemon *daemon, const struct report *report)
{
    log_for_peer(daemon, report);
    if (report->text[0] != '\0' && report->client != 0)
        log_text(report->text);
    else if (report->text[0] != '\0')
        log_peer_text(report->text);
}

/* Whoever waits for a tunnel may send into it as soon as he is told. Those that change many connections wait
 * for none of them. */
static bool must_wait(struct daemon *daemon, const struct report *report)
{
    bool is_end = report->is_final && report->code == 0 && report->client != 0;
    if (!is_end || daemon->is_shutting_down || control_runs_batch(daemon->control, report->client))
        return false;
    uint64_t number = flush_data_plane(daemon);
    if (number > daemon->told_number)
        daemon->told_number = number;
    return held_replies_add(&daemon->held_replies, settled(daemon), report->client, report->code);
}

static void tell_client(struct daemon *daemon, const struct report *report)
{
    struct report told = *report;
    if (daemon->control == NULL)
        return;
    told.is_final = told.is_final && !must_wait(daemon, report);
    control_report(daemon->control, &told);
}

static void report(void *world, const struct report *report)
{
    struct daemon *daemon = world;
    if (report->event != EVENT_NONE) {
        tell_stats_program(daemon, report);
        audit_log_tell(daemon->audit_log, daemon->engine, report);
        if (daemon->control != NULL)
            control_report(daemon->control, report);
        return;
    }
    if (!report->is_repeated)
        log_report(daemon, report);
    tell_client(daemon, report);
}

static void trace_line(void *world, const char *line)
{
    (void)world;
    log_line("| %s", line);
}

void world_init(struct daemon *daemon)
{
    daemon->env = (struct engine_env){
        .world = daemon,
        .now = now,
        .wall_clock = wall_clock,
        .random = random_bytes,
        .send = send_datagram,
        .submit_job = submit_job,
        .kernel_request = kernel_request,
        .resolve = resolve,
        .open_port = open_port,
        .open_stream = open_stream,
        .claim_stream = claim_stream,
        .release_stream = release_stream,
        .check_login = check_login,
        .updown = updown,
        .report = report,
        .trace = trace_line,
    };
}
