/*
 * How many tunnels a second a data plane takes in and lets go: for each two SAs, a policy of its own and
 * (where the back end routes) a route. One line of JSON. usage: data_plane_installs BACKEND COUNT
 */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "kernel/backend.h"

enum { IN_FLIGHT_MAX = 256 };

struct bench {
    const struct backend_functions *functions;
    struct backend *backend;
    const struct algorithm *encr, *integ;
    unsigned long asked, answered, refused;
};

static usec_t now(void *context)
{
    (void)context;
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (usec_t)time.tv_sec * USEC_PER_SEC + (usec_t)time.tv_nsec / 1000;
}

static void log_line(void *context, const char *line)
{
    (void)context;
    fprintf(stderr, "%s\n", line);
}

static void on_event(void *context, const struct kernel_event *event)
{
    struct bench *bench = context;
    bench->answered += event->kind == KERNEL_DONE;
    bench->refused += event->kind == KERNEL_DONE && !event->ok;
}

static void wait_for_answers(struct bench *bench, unsigned long in_flight)
{
    struct pollfd ready = {.fd = bench->functions->event_fd(bench->backend), .events = POLLIN};
    while (bench->asked - bench->answered > in_flight && poll(&ready, 1, 5000) > 0)
        bench->functions->dispatch(bench->backend);
}

static void ask(struct bench *bench, const struct kernel_request *request)
{
    bench->asked++;
    bench->functions->request(bench->backend, request);
    wait_for_answers(bench, IN_FLIGHT_MAX);
}

static struct selector subnet(uint32_t address)
{
    struct ip_prefix prefix = {.address = address_of_v4(address), .length = 28};
    return selector_of_prefix(&prefix, 0, 0);
}

static void ask_for_sa(struct bench *bench, enum kernel_operation operation, unsigned number,
                       enum sa_direction direction, const struct selector *remote)
{
    struct selector local = subnet(0xc0a80000);
    struct kernel_sa sa = {
        .child_serial = number,
        .direction = direction,
        .protocol = PROTOCOL_ESP,
        .mode = MODE_TUNNEL,
        .spi = 0x10000 + number,
        .local = {address_of_v4(0x7f000001), 4500},
        .remote = {address_of_v4(0x7f000002), 4500},
        .encap_dscp = true,
        .encr = bench->encr,
        .integ = bench->integ,
        .encr_key_bits = 128,
        .replay_window = 128,
        .reqid = 16384 + number * 4,
        .local_selectors = &local,
        .local_count = 1,
        .remote_selectors = remote,
        .remote_count = 1,
        .soft_bytes = UINT64_MAX,
        .hard_bytes = UINT64_MAX,
        .soft_packets = UINT64_MAX,
        .hard_packets = UINT64_MAX,
    };
    ask(bench, &(struct kernel_request){.request_id = number, .operation = operation, .sa = &sa});
}

static void install(struct bench *bench, unsigned number)
{
    struct selector local = subnet(0xc0a80000), remote = subnet(0x0a000000 + number * 16);
    struct kernel_policy policy = {
        .policy_id = number,
        .action = POLICY_PROTECT,
        .child_serial = number,
        .local_host = address_of_v4(0x7f000001),
        .remote_host = address_of_v4(0x7f000002),
        .wants_route = true,
        .local_selectors = &local,
        .local_count = 1,
        .remote_selectors = &remote,
        .remote_count = 1,
    };
    ask_for_sa(bench, KERNEL_SA_ADD, number, SA_INBOUND, &remote);
    ask_for_sa(bench, KERNEL_SA_ADD, number, SA_OUTBOUND, &remote);
    ask(bench,
        &(struct kernel_request){.request_id = number, .operation = KERNEL_POLICY_SET, .policy = &policy});
}

static void remove_again(struct bench *bench, unsigned number)
{
    struct selector remote = subnet(0x0a000000 + number * 16);
    ask(bench, &(struct kernel_request){
                   .request_id = number, .operation = KERNEL_POLICY_DELETE, .policy_id = number});
    ask_for_sa(bench, KERNEL_SA_DELETE, number, SA_INBOUND, &remote);
    ask_for_sa(bench, KERNEL_SA_DELETE, number, SA_OUTBOUND, &remote);
}

static double per_second(struct bench *bench, void (*work)(struct bench *bench, unsigned number),
                         unsigned count)
{
    usec_t start = now(NULL);
    for (unsigned number = 1; number <= count; number++)
        work(bench, number);
    wait_for_answers(bench, 0);
    return (double)count * USEC_PER_SEC / (double)(now(NULL) - start);
}

/* AES-GCM, or what a data plane without AEADs has. */
static void choose_suite(struct bench *bench)
{
    const struct plane_limits *limits =
        bench->functions->limits != NULL ? bench->functions->limits(bench->backend) : NULL;
    bench->encr = algorithm_by_id(TRANSFORM_ENCR, ENCR_AES_GCM_16);
    if (limits == NULL || limits->has_algorithm == NULL ||
        limits->has_algorithm(limits->context, bench->encr, PROTOCOL_ESP))
        return;
    bench->encr = algorithm_by_id(TRANSFORM_ENCR, ENCR_AES_CBC);
    bench->integ = algorithm_by_id(TRANSFORM_INTEG, INTEG_HMAC_SHA1_96);
}

int main(int argc, char **argv)
{
    struct bench bench = {.functions = argc == 3 ? backend_by_name(argv[1]) : NULL};
    struct backend_settings settings = {.on_event = on_event, .context = &bench, .log = log_line, .now = now};
    struct error error = {0};
    if (bench.functions == NULL) {
        fprintf(stderr, "usage: data_plane_installs BACKEND COUNT\n");
        return 2;
    }
    bench.backend = bench.functions->open(&settings, &error);
    if (bench.backend == NULL) {
        fprintf(stderr, "%s\n", error.text);
        return 1;
    }
    choose_suite(&bench);
    unsigned count = (unsigned)strtoul(argv[2], NULL, 10);
    double installs = per_second(&bench, install, count);
    double removals = per_second(&bench, remove_again, count);
    printf("{\"backend\": \"%s\", \"tunnels\": %u, \"installs_per_s\": %.0f, \"removals_per_s\": %.0f, "
           "\"refused\": %lu, \"unanswered\": %lu}\n",
           argv[1], count, installs, removals, bench.refused, bench.asked - bench.answered);
    bench.functions->close(bench.backend, false);
    return bench.refused != 0 || bench.asked != bench.answered;
}
