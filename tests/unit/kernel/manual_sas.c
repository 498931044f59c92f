/*
 * A host with one hand-made pair of SAs on a data plane (backend=NAME), for tests and benchmarks of the data
 * plane without IKE. Arguments are NAME=VALUE words; commands come on standard input (query, install,
 * receive, rekey, move PORT, movehost ADDRESS, delete, quit), events and answers go to standard output, one
 * line each.
 */
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "kernel/backend.h"

enum { REQID = 16389 };

struct options {
    const char *backend, *local, *remote, *local_selector, *remote_selector, *encr, *integ, *sourceip, *ah;
    unsigned key_bits, spi_in, spi_out, local_port, remote_port, replay_window;
    uint64_t soft_packets, hard_packets;
    bool udp, marker, transport, esn, trap, nopmtudisc, compress;
};

struct host {
    struct options options;
    const struct backend_functions *functions;
    struct backend *backend;
    uint64_t child_serial;
    int natt_fd;
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
    printf("log %s\n", line);
}

static void print_counters(const char *name, const struct sa_counters *counters)
{
    printf(" %s: packets=%lu bytes=%lu replays=%lu bad_icv=%lu violations=%lu drops=%lu used=%d", name,
           counters->packets, counters->bytes, counters->replays, counters->bad_icv,
           counters->policy_violations, counters->other_drops, counters->last_use != 0);
}

static void on_event(void *context, const struct kernel_event *event)
{
    (void)context;
    char text[ENDPOINT_TEXT_SIZE], local[SELECTOR_TEXT_SIZE], remote[SELECTOR_TEXT_SIZE];
    switch (event->kind) {
    case KERNEL_DONE:
        printf("done %lu %s\n", event->request_id, event->ok ? "ok" : event->text);
        break;
    case KERNEL_EXPIRE:
        printf("expire %lu %s\n", event->child_serial, event->is_hard ? "hard" : "soft");
        break;
    case KERNEL_LOST:
        printf("lost %lu\n", event->child_serial);
        break;
    case KERNEL_COUNTERS:
        printf("counters %lu", event->child_serial);
        print_counters("in", &event->in);
        print_counters("out", &event->out);
        printf("\n");
        break;
    case KERNEL_ACQUIRE:
        printf("acquire %lu %s %s\n", event->policy_id, selector_text(&event->packet_local, local),
               selector_text(&event->packet_remote, remote));
        break;
    case KERNEL_POLICY_LACKS:
        printf("lacks %lu %s\n", event->policy_id, event->text);
        break;
    case KERNEL_MAPPING:
        printf("mapping %lu %s\n", event->child_serial, endpoint_text(&event->remote, text));
        break;
    }
}

static void on_ike(void *context, const struct ip_endpoint *local, const struct ip_endpoint *remote,
                   struct bytes datagram)
{
    (void)context;
    char from[ENDPOINT_TEXT_SIZE], to[ENDPOINT_TEXT_SIZE];
    printf("ike %s %s %.*s\n", endpoint_text(local, to), endpoint_text(remote, from), (int)datagram.size,
           (const char *)datagram.data);
}

static void fail(const char *what)
{
    printf("failed: %s\n", what);
    exit(1);
}

static struct ip_address parse_address(const char *text)
{
    struct ip_address address = {0};
    struct error error;
    if (text != NULL && !address_parse(text, &address, &error))
        fail(error.text);
    return address;
}

static struct selector parse_selector(const char *text)
{
    struct ip_prefix prefix;
    struct error error;
    if (!prefix_parse(text, &prefix, &error))
        fail(error.text);
    return selector_of_prefix(&prefix, 0, 0);
}

static void parse_option(struct options *options, char *word)
{
    char *value = strchr(word, '=');
    if (value == NULL)
        fail(word);
    *value++ = '\0';
    const struct {
        const char *name;
        const char **text;
        unsigned *number;
        bool *flag;
        uint64_t *large;
    } table[] = {
        {"backend", &options->backend, 0, 0, 0},
        {"local", &options->local, 0, 0, 0},
        {"remote", &options->remote, 0, 0, 0},
        {"localselector", &options->local_selector, 0, 0, 0},
        {"remoteselector", &options->remote_selector, 0, 0, 0},
        {"encr", &options->encr, 0, 0, 0},
        {"integ", &options->integ, 0, 0, 0},
        {"ah", &options->ah, 0, 0, 0}, /* around ESP; with encr=none alone */
        {"sourceip", &options->sourceip, 0, 0, 0},
        {"keybits", 0, &options->key_bits, 0, 0},
        {"spiin", 0, &options->spi_in, 0, 0},
        {"spiout", 0, &options->spi_out, 0, 0},
        {"localport", 0, &options->local_port, 0, 0},
        {"remoteport", 0, &options->remote_port, 0, 0},
        {"replay", 0, &options->replay_window, 0, 0},
        {"udp", 0, 0, &options->udp, 0},
        {"marker", 0, 0, &options->marker, 0}, /* on the port of IKE */
        {"transport", 0, 0, &options->transport, 0},
        {"esn", 0, 0, &options->esn, 0},
        {"compress", 0, 0, &options->compress, 0},
        {"trap", 0, 0, &options->trap, 0},
        {"nopmtudisc", 0, 0, &options->nopmtudisc, 0},
        {"softpackets", 0, 0, 0, &options->soft_packets},
        {"hardpackets", 0, 0, 0, &options->hard_packets},
    };
    for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
        if (strcmp(table[i].name, word) != 0)
            continue;
        if (table[i].text != NULL)
            *table[i].text = value;
        else if (table[i].number != NULL)
            *table[i].number = (unsigned)strtoul(value, NULL, 0);
        else if (table[i].flag != NULL)
            *table[i].flag = *value == '1';
        else
            *table[i].large = strtoull(value, NULL, 0);
        return;
    }
    fail(word);
}

static const struct algorithm *find_algorithm(enum transform_type type, const char *name)
{
    const struct algorithm *found = algorithm_by_name(type, name, strlen(name));
    if (found == NULL)
        fail(name);
    return found;
}

static bool is_ah_alone(const struct options *options)
{
    return strcmp(options->encr, "none") == 0;
}

/* Both ends derive the same CPI and SPI of AH from the SPI too. */
static void add_bundle(const struct options *options, struct kernel_sa *sa)
{
    if (options->compress)
        sa->compression_cpi = (uint16_t)(0x4000 + (sa->spi >> 16 << 8) + (sa->spi & 0xff));
    if (options->ah == NULL)
        return;
    const struct algorithm *ah = find_algorithm(TRANSFORM_INTEG, options->ah);
    if (is_ah_alone(options)) {
        sa->protocol = PROTOCOL_AH;
        sa->integ = ah;
        sa->encr_key_bits = 0;
        return;
    }
    sa->outer_ah_spi = sa->spi | 0x40000000;
    sa->ah_integ = ah;
    memset(sa->ah_integ_key, (int)(sa->spi & 0xff) + 2, sizeof(sa->ah_integ_key));
}

/* Both ends derive the same keys from the SPI: this is a test, not a tunnel to trust. */
static struct kernel_sa make_sa(const struct host *host, enum sa_direction direction, uint32_t spi,
                                const struct selector *local, const struct selector *remote)
{
    const struct options *options = &host->options;
    struct kernel_sa sa = {
        .child_serial = host->child_serial,
        .direction = direction,
        .protocol = PROTOCOL_ESP,
        .mode = options->transport ? MODE_TRANSPORT : MODE_TUNNEL,
        .spi = spi,
        .local = {parse_address(options->local), (uint16_t)options->local_port},
        .remote = {parse_address(options->remote), (uint16_t)options->remote_port},
        .udp_encapsulation = options->udp,
        .has_non_ike_marker = options->marker,
        .esn = options->esn,
        .nopmtudisc = options->nopmtudisc,
        .encr = is_ah_alone(options) ? NULL : find_algorithm(TRANSFORM_ENCR, options->encr),
        .encr_key_bits = (uint16_t)options->key_bits,
        .integ = options->integ != NULL ? find_algorithm(TRANSFORM_INTEG, options->integ) : NULL,
        .replay_window = options->replay_window,
        .reqid = REQID,
        .encap_dscp = true,
        .local_selectors = local,
        .local_count = 1,
        .remote_selectors = remote,
        .remote_count = 1,
        .soft_bytes = UINT64_MAX,
        .hard_bytes = UINT64_MAX,
        .soft_packets = options->soft_packets,
        .hard_packets = options->hard_packets,
    };
    memset(sa.encr_key, (int)(spi & 0xff), sizeof(sa.encr_key));
    memset(sa.integ_key, (int)(spi & 0xff) + 1, sizeof(sa.integ_key));
    add_bundle(options, &sa);
    return sa;
}

static void request_sa(struct host *host, enum kernel_operation operation, enum sa_direction direction,
                       uint32_t spi)
{
    struct selector local = parse_selector(host->options.local_selector);
    struct selector remote = parse_selector(host->options.remote_selector);
    struct kernel_sa sa = make_sa(host, direction, spi, &local, &remote);
    struct kernel_request request = {.request_id = 1, .operation = operation, .sa = &sa};
    host->functions->request(host->backend, &request);
}

static void set_policy(struct host *host, enum policy_action action)
{
    struct selector local = parse_selector(host->options.local_selector);
    struct selector remote = parse_selector(host->options.remote_selector);
    struct kernel_policy policy = {
        .policy_id = 7,
        .action = action,
        .child_serial = host->child_serial,
        .protocol = is_ah_alone(&host->options) ? PROTOCOL_AH : PROTOCOL_ESP,
        .mode = host->options.transport ? MODE_TRANSPORT : MODE_TUNNEL,
        .reqid = REQID,
        .local_host = parse_address(host->options.local),
        .remote_host = parse_address(host->options.remote),
        .sourceip = {parse_address(host->options.sourceip)},
        .wants_route = true,
        .local_selectors = &local,
        .local_count = 1,
        .remote_selectors = &remote,
        .remote_count = 1,
    };
    struct kernel_request request = {.request_id = 2, .operation = KERNEL_POLICY_SET, .policy = &policy};
    host->functions->request(host->backend, &request);
}

static void install_pair(struct host *host)
{
    uint32_t shift = (uint32_t)(host->child_serial - 1) * 0x10000;
    request_sa(host, KERNEL_SA_ADD, SA_INBOUND, host->options.spi_in + shift);
    request_sa(host, KERNEL_SA_ADD, SA_OUTBOUND, host->options.spi_out + shift);
    set_policy(host, POLICY_PROTECT);
}

static void attach_natt(struct host *host)
{
    struct ip_endpoint local = {parse_address(host->options.local), (uint16_t)host->options.local_port};
    bool is_v6 = local.address.family == IP_V6;
    host->natt_fd = socket(is_v6 ? AF_INET6 : AF_INET, SOCK_DGRAM, 0);
    struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = htons(local.port)};
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_port = htons(local.port)};
    memcpy(&v4.sin_addr, local.address.bytes, 4);
    memcpy(&v6.sin6_addr, local.address.bytes, 16);
    const struct sockaddr *address = is_v6 ? (struct sockaddr *)&v6 : (struct sockaddr *)&v4;
    if (bind(host->natt_fd, address, is_v6 ? sizeof(v6) : sizeof(v4)) < 0)
        fail("cannot bind the NAT-T socket");
    if (host->functions->prepare_socket != NULL)
        host->functions->prepare_socket(host->backend, host->natt_fd, local.address.family, true);
    if (host->functions->attach_natt_socket != NULL &&
        !host->functions->attach_natt_socket(host->backend, host->natt_fd, &local, !host->options.marker,
                                             on_ike, host))
        fail("cannot attach the NAT-T socket");
}

/* False: quit. */
static bool obey(struct host *host, const char *line)
{
    struct kernel_request query = {
        .request_id = 3, .operation = KERNEL_SA_QUERY, .child_serial = host->child_serial};
    if (strcmp(line, "query\n") == 0) {
        host->functions->request(host->backend, &query);
    } else if (strcmp(line, "install\n") == 0) {
        install_pair(host);
    } else if (strcmp(line, "receive\n") == 0) { /* a rekey's first half: the new inbound SA */
        host->child_serial++;
        uint32_t shift = (uint32_t)(host->child_serial - 1) * 0x10000;
        request_sa(host, KERNEL_SA_ADD, SA_INBOUND, host->options.spi_in + shift);
    } else if (strncmp(line, "movehost ", 9) == 0) {
        static char address[64];
        snprintf(address, sizeof(address), "%.*s", (int)strcspn(line + 9, "\n"), line + 9);
        host->options.remote = address;
        request_sa(host, KERNEL_SA_MOVE, SA_INBOUND, host->options.spi_in);
        request_sa(host, KERNEL_SA_MOVE, SA_OUTBOUND, host->options.spi_out);
    } else if (strncmp(line, "move ", 5) == 0) {
        host->options.remote_port = (unsigned)strtoul(line + 5, NULL, 10);
        request_sa(host, KERNEL_SA_MOVE, SA_INBOUND, host->options.spi_in);
        request_sa(host, KERNEL_SA_MOVE, SA_OUTBOUND, host->options.spi_out);
    } else if (strcmp(line, "rekey\n") == 0) {
        install_pair(host);
    } else if (strcmp(line, "delete\n") == 0) {
        struct kernel_request request = {.request_id = 4, .operation = KERNEL_POLICY_DELETE, .policy_id = 7};
        request_sa(host, KERNEL_SA_DELETE, SA_INBOUND, host->options.spi_in);
        request_sa(host, KERNEL_SA_DELETE, SA_OUTBOUND, host->options.spi_out);
        host->functions->request(host->backend, &request);
    } else {
        return false;
    }
    return true;
}

static void run(struct host *host)
{
    struct pollfd wanted[2] = {{.fd = host->functions->event_fd(host->backend), .events = POLLIN},
                               {.fd = STDIN_FILENO, .events = POLLIN}};
    char line[64];
    while (poll(wanted, 2, -1) >= 0) {
        if (wanted[0].revents != 0)
            host->functions->dispatch(host->backend);
        if (wanted[1].revents != 0 && (fgets(line, sizeof(line), stdin) == NULL || !obey(host, line)))
            return;
    }
}

int main(int argc, char **argv)
{
    struct host host = {.child_serial = 1, .natt_fd = -1};
    host.options = (struct options){
        .backend = "userspace",
        .encr = "aes_gcm_16",
        .key_bits = 128,
        .local_port = 4500,
        .remote_port = 4500,
        .replay_window = 128,
        .soft_packets = UINT64_MAX,
        .hard_packets = UINT64_MAX,
    };
    setvbuf(stdout, NULL, _IOLBF, 0);
    setvbuf(stdin, NULL, _IONBF, 0);
    for (int i = 1; i < argc; i++)
        parse_option(&host.options, argv[i]);
    struct error error = {0};
    host.functions = backend_by_name(host.options.backend);
    if (host.functions == NULL)
        fail("no such back end");
    struct backend_settings settings = {.on_event = on_event, .context = &host, .log = log_line, .now = now};
    host.backend = host.functions->open(&settings, &error);
    if (host.backend == NULL)
        fail(error.text);
    if (host.options.udp)
        attach_natt(&host);
    if (host.options.trap)
        set_policy(&host, POLICY_TRAP);
    else
        install_pair(&host);
    run(&host);
    if (host.natt_fd >= 0 && host.functions->detach_natt_socket != NULL)
        host.functions->detach_natt_socket(host.backend, host.natt_fd);
    if (host.natt_fd >= 0)
        close(host.natt_fd);
    host.functions->close(host.backend, false);
    return 0;
}
