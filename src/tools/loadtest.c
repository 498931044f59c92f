/*
 * ipsec loadtest: one process plays thousands of initiators against one responder, over real UDP, with the
 * engine itself as each of them; it reports set-ups per second and, given the responder's pid, its CPU time
 * and memory for each.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/sockaddr.h"
#include "engine/engine.h"
#include "engine/view.h"
#include "tools/loadtest_options.h"
#include "tools/tools.h"

enum { DATAGRAM_SIZE = 65536, RECEIVE_BATCH = 64, RANDOM_POOL = 65536 };

struct load {
    struct loadtest_options options;
    struct engine *engine;
    struct engine_env env;
    int socket;
    struct job *jobs, **jobs_end;
    unsigned started, done, failed;
    uint8_t pool[RANDOM_POOL];
    size_t pool_left;
    bool is_quiet; /* at the end: nothing is reported any more */
};

/* ---- the engine's world ---- */

static usec_t monotonic_usec(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (usec_t)time.tv_sec * USEC_PER_SEC + (usec_t)time.tv_nsec / 1000;
}

static usec_t world_now(void *world)
{
    (void)world;
    return monotonic_usec();
}

static int64_t world_wall_clock(void *world)
{
    (void)world;
    return time(NULL);
}

static void world_random(void *world, uint8_t *out, size_t size)
{
    struct load *load = world;
    while (size > 0) {
        if (load->pool_left == 0) {
            for (size_t filled = 0; filled < RANDOM_POOL;) {
                ssize_t got = getrandom(load->pool + filled, RANDOM_POOL - filled, 0);
                filled += got > 0 ? (size_t)got : 0;
            }
            load->pool_left = RANDOM_POOL;
        }
        size_t take = size < load->pool_left ? size : load->pool_left;
        memcpy(out, load->pool + RANDOM_POOL - load->pool_left, take);
        load->pool_left -= take;
        out += take;
        size -= take;
    }
}

static void world_send(void *world, const struct path *path, struct bytes datagram)
{
    struct load *load = world;
    struct sockaddr_storage to;
    socklen_t size = endpoint_to_sockaddr(&path->remote, &to);
    /* What the network or a full socket swallows, retransmission brings again. */
    if (sendto(load->socket, datagram.data, datagram.size, 0, (struct sockaddr *)&to, size) < 0 &&
        errno != EAGAIN && errno != ENOBUFS && errno != ECONNREFUSED)
        fprintf(stderr, "ipsec loadtest: send: %s\n", strerror(errno));
}

static void world_submit_job(void *world, struct job *job)
{
    struct load *load = world;
    job->next = NULL;
    *load->jobs_end = job;
    load->jobs_end = &job->next;
}

static void world_kernel_request(void *world, const struct kernel_request *request)
{
    (void)world;
    (void)request; /* the load is on the responder: no data plane here */
}

static void world_resolve(void *world, uint64_t query_id, const char *name, enum ip_family family)
{
    (void)world;
    (void)query_id;
    (void)name;
    (void)family; /* every connection has literal addresses */
}

static void world_updown(void *world, const struct updown_request *request)
{
    (void)world;
    (void)request; /* no connection names a script */
}

static void world_report(void *world, const struct report *report)
{
    struct load *load = world;
    if (load->is_quiet || report->client == 0)
        return;
    if (!report->is_final) {
        if (report->code == RC_FATAL || report->code == RC_NORETRANSMISSION)
            fprintf(stderr, "ipsec loadtest: %s\n", report->text);
        return;
    }
    if (report->code == 0)
        load->done++;
    else
        load->failed++;
}

static void world_trace(void *world, const char *line)
{
    (void)world;
    (void)line; /* no debug class is on */
}

/* ---- connections ---- */

static char *client_id(const struct loadtest_options *options, unsigned number, char out[static 64])
{
    snprintf(out, 64, "@%s%u", options->id_prefix, number);
    return out;
}

/* Client number n protects 10.x.y.z/32 of its own, or the address that it is leased, against the responder's
 * 192.168.0.0/16. */
static struct connection_spec *client_spec(const struct loadtest_options *options, unsigned number,
                                           struct error *error)
{
    char name[64], id[64];
    snprintf(name, sizeof(name), "load-%u", number);
    struct connection_spec *spec = connection_spec_new(name);
    spec->left.host_kind = spec->right.host_kind = HOST_ADDRESS;
    spec->left.host = options->local;
    spec->right.host = options->remote;
    spec->left.auth = spec->right.auth = AUTH_PSK;
    spec->ike_proposals = proposals_parse(PROTOCOL_IKE, 0, options->ike, error);
    spec->child_proposals = proposals_parse(PROTOCOL_ESP, PROPOSAL_PFS, options->esp, error);
    struct ip_address client = address_of_v4((10u << 24) + number);
    struct ip_prefix left = prefix_of_address(&client), right;
    spec->left.modecfg_client = options->leases;
    bool ok = spec->ike_proposals != NULL && spec->child_proposals != NULL &&
              identity_parse(client_id(options, number, id), &spec->left.id, error) &&
              identity_parse(options->remote_id, &spec->right.id, error) &&
              prefix_parse("192.168.0.0/16", &right, error);
    if (!ok) {
        connection_spec_free(spec);
        return NULL;
    }
    spec->right.clients = calloc(1, sizeof(struct selector));
    spec->right.clients[0] = selector_of_prefix(&right, 0, 0);
    spec->right.client_count = 1;
    if (options->leases)
        return spec;
    spec->left.clients = calloc(1, sizeof(struct selector));
    spec->left.clients[0] = selector_of_prefix(&left, 0, 0);
    spec->left.client_count = 1;
    return spec;
}

static bool start_one(struct load *load, struct error *error)
{
    unsigned number = load->options.first + load->started;
    char name[64];
    struct connection_spec *spec = client_spec(&load->options, number, error);
    if (spec == NULL)
        return false;
    snprintf(name, sizeof(name), "%s", spec->name);
    engine_command(load->engine, &(struct command){.kind = COMMAND_ADD, .spec = spec});
    load->started++;
    engine_command(load->engine,
                   &(struct command){.kind = COMMAND_INITIATE, .client = load->started, .name = name});
    return true;
}

static void set_up_engine(struct load *load)
{
    struct secrets *secrets = secrets_new();
    struct secret_entry secret = {
        .key = (uint8_t *)strdup(load->options.psk),
        .key_size = strlen(load->options.psk),
    };
    secrets_add(secrets, &secret);
    struct listen_address here = {.address = load->options.local, .interface = "load"};
    engine_command(load->engine, &(struct command){.kind = COMMAND_SECRETS, .secrets = secrets});
    engine_command(load->engine,
                   &(struct command){.kind = COMMAND_LISTEN, .interfaces = &here, .interface_count = 1});
}

/* ---- the loop ---- */

static void receive_all(struct load *load)
{
    static uint8_t buffer[DATAGRAM_SIZE];
    for (int i = 0; i < RECEIVE_BATCH; i++) {
        struct sockaddr_storage from;
        socklen_t from_size = sizeof(from);
        ssize_t size = recvfrom(load->socket, buffer, sizeof(buffer), MSG_DONTWAIT, (struct sockaddr *)&from,
                                &from_size);
        if (size < 0)
            return;
        struct path path = {
            .local = {.address = load->options.local, .port = 500},
            .remote = {.address = load->options.remote, .port = 500},
        };
        engine_receive(load->engine, &path, bytes_of(buffer, (size_t)size));
    }
}

static void run_jobs(struct load *load)
{
    while (load->jobs != NULL) {
        struct job *job = load->jobs;
        load->jobs = job->next;
        if (load->jobs == NULL)
            load->jobs_end = &load->jobs;
        job_run(job);
        engine_job_done(load->engine, job);
    }
}

static void wait_for_something(struct load *load)
{
    usec_t now = monotonic_usec(), next = engine_next_deadline(load->engine);
    usec_t wait = next > now ? next - now : 0;
    struct pollfd descriptor = {.fd = load->socket, .events = POLLIN};
    poll(&descriptor, 1, wait > 100 * USEC_PER_MSEC ? 100 : (int)(wait / USEC_PER_MSEC) + 1);
}

static bool run(struct load *load, struct error *error)
{
    const struct loadtest_options *options = &load->options;
    usec_t give_up = monotonic_usec() + options->timeout_seconds * USEC_PER_SEC;
    while (load->done + load->failed < options->count && monotonic_usec() < give_up) {
        while (load->started < options->count &&
               load->started - load->done - load->failed < options->concurrency)
            if (!start_one(load, error))
                return false;
        run_jobs(load);
        receive_all(load);
        run_jobs(load);
        engine_advance(load->engine);
        if (load->started - load->done - load->failed >= options->concurrency ||
            load->started == options->count)
            wait_for_something(load);
    }
    return true;
}

/* ---- what it cost the responder ---- */

struct cost {
    double cpu_seconds;
    uint64_t rss_bytes;
};

static struct cost cost_of(unsigned pid)
{
    struct cost cost = {0};
    char path[64], line[1024];
    unsigned long user = 0, system = 0, pages = 0;
    snprintf(path, sizeof(path), "/proc/%u/stat", pid);
    FILE *file = pid ? fopen(path, "r") : NULL;
    if (file != NULL && fgets(line, sizeof(line), file) != NULL && strrchr(line, ')') != NULL)
        sscanf(strrchr(line, ')') + 2, "%*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user, &system);
    if (file != NULL)
        fclose(file);
    snprintf(path, sizeof(path), "/proc/%u/statm", pid);
    file = pid ? fopen(path, "r") : NULL;
    if (file != NULL && fscanf(file, "%*u %lu", &pages) != 1)
        pages = 0;
    if (file != NULL)
        fclose(file);
    cost.cpu_seconds = (double)(user + system) / (double)sysconf(_SC_CLK_TCK);
    cost.rss_bytes = pages * (uint64_t)sysconf(_SC_PAGESIZE);
    return cost;
}

static void print_result(const struct load *load, double seconds, const struct cost *before,
                         const struct cost *after)
{
    double done = load->done ? load->done : 1;
    double cpu = (after->cpu_seconds - before->cpu_seconds) * 1e6 / done;
    double rss = ((double)after->rss_bytes - (double)before->rss_bytes) / done;
    if (load->options.json) {
        printf("{\"setups\": %u, \"failed\": %u, \"seconds\": %.3f, \"setups_per_s\": %.1f", load->done,
               load->failed, seconds, load->done / seconds);
        if (load->options.responder_pid)
            printf(", \"responder_cpu_us\": %.1f, \"responder_rss_bytes\": %.0f", cpu, rss);
        printf("}\n");
        return;
    }
    printf("%u set-ups in %.2f s: %.0f a second; %u failed\n", load->done, seconds, load->done / seconds,
           load->failed);
    if (load->options.responder_pid)
        printf("responder: %.1f us of CPU and %.0f bytes of memory for each\n", cpu, rss);
}

static int open_socket(const struct ip_address *local, struct error *error)
{
    struct sockaddr_storage here;
    struct ip_endpoint endpoint = {.address = *local, .port = 500};
    socklen_t size = endpoint_to_sockaddr(&endpoint, &here);
    int buffer = 8 << 20;
    int descriptor = socket(here.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (descriptor < 0 || bind(descriptor, (struct sockaddr *)&here, size) != 0) {
        char text[ENDPOINT_TEXT_SIZE];
        error_set(error, 0, "cannot bind %s: %s", endpoint_text(&endpoint, text), strerror(errno));
        if (descriptor >= 0)
            close(descriptor);
        return -1;
    }
    setsockopt(descriptor, SOL_SOCKET, SO_RCVBUFFORCE, &buffer, sizeof(buffer));
    return descriptor;
}

static bool measure(struct load *load, struct error *error)
{
    struct cost before = cost_of(load->options.responder_pid);
    usec_t start = monotonic_usec();
    if (!run(load, error))
        return false;
    double seconds = (double)(monotonic_usec() - start) / (double)USEC_PER_SEC;
    struct cost after = cost_of(load->options.responder_pid);
    load->is_quiet = true;
    print_result(load, seconds, &before, &after);
    sleep(load->options.hold_seconds);
    return true;
}

int loadtest_main(int argc, char **argv)
{
    static struct load load;
    struct error error;
    bool wants_help;
    if (!loadtest_options_read(argc, argv, &load.options, &wants_help, &error)) {
        fprintf(stderr, "ipsec loadtest: %s\n", error.text);
        return 1;
    }
    if (wants_help) {
        loadtest_options_print_help();
        return 0;
    }
    load.socket = open_socket(&load.options.local, &error);
    struct engine_settings settings = engine_settings_default();
    load.jobs_end = &load.jobs;
    load.env = (struct engine_env){
        .world = &load,
        .now = world_now,
        .wall_clock = world_wall_clock,
        .random = world_random,
        .send = world_send,
        .submit_job = world_submit_job,
        .kernel_request = world_kernel_request,
        .resolve = world_resolve,
        .updown = world_updown,
        .report = world_report,
        .trace = world_trace,
    };
    load.engine = load.socket >= 0 ? engine_new(&load.env, &settings) : NULL;
    bool ok = load.engine != NULL;
    if (ok) {
        set_up_engine(&load);
        ok = measure(&load, &error);
    }
    if (!ok)
        fprintf(stderr, "ipsec loadtest: %s\n", error.text);
    engine_free(load.engine);
    if (load.socket >= 0)
        close(load.socket);
    return ok && load.failed == 0 && load.done == load.options.count ? 0 : 1;
}
