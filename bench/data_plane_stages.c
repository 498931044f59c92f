/*
 * What each stage of the userspace data plane costs for a segment of a TCP super-packet, without the kernel:
 * the CPU time of one thread, the median of many passes, so that it can be measured on a busy machine too.
 * AES-GCM-128, tunnel mode. One line of JSON, in nanoseconds. usage: data_plane_stages
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "esp/checksum.h"
#include "esp/esp_seal.h"
#include "esp/gro.h"
#include "esp/unwrap.h"

enum {
    PAYLOAD = 1348,
    HEADERS = 52,
    SEGMENT = HEADERS + PAYLOAD,
    SEGMENTS = 44,
    FRAME = 1536,
    BATCH = 16,
    PASSES = 5000
};

struct bench {
    struct esp_crypto *crypto;
    struct esp_sa *out, *in;
    struct gso gso;
    struct gro gro;
    struct esp_job jobs[SEGMENTS];
    struct esp_received received[SEGMENTS];
    uint8_t super[HEADERS + SEGMENTS * PAYLOAD + 16];
    uint8_t headers[HEADERS];
    uint8_t segments[SEGMENTS][FRAME];
    uint8_t frames[SEGMENTS][FRAME];
    unsigned checked; /* keeps the compiler from leaving work out */
};

static void fail(const char *what)
{
    fprintf(stderr, "data_plane_stages: %s\n", what);
    exit(1);
}

static double cpu_nanoseconds(void)
{
    struct timespec time;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return (double)time.tv_sec * 1e9 + (double)time.tv_nsec;
}

static void fill_any(uint8_t *out, size_t size)
{
    for (size_t i = 0; i < size; i++)
        out[i] = (uint8_t)i;
}

static struct esp_sa *make_sa(bool is_outbound)
{
    static const uint8_t keys[20] = {1, 2, 3};
    static struct selector near, far;
    struct ip_prefix prefix;
    prefix_parse("10.1.0.0/16", &prefix, NULL);
    near = selector_of_prefix(&prefix, 0, 0);
    prefix_parse("10.2.0.0/16", &prefix, NULL);
    far = selector_of_prefix(&prefix, 0, 0);
    struct esp_sa_spec spec = {
        .spi = 0x1000,
        .is_outbound = is_outbound,
        .encr = algorithm_by_id(TRANSFORM_ENCR, ENCR_AES_GCM_16),
        .encr_key_bits = 128,
        .encr_key = keys,
        .replay_window = 128,
        .local = {address_of_v4(0xc0000201), 4500},
        .remote = {address_of_v4(0xc0000202), 4500},
        .local_selectors = is_outbound ? &near : &far,
        .local_count = 1,
        .remote_selectors = is_outbound ? &far : &near,
        .remote_count = 1,
        .soft_bytes = UINT64_MAX,
        .hard_bytes = UINT64_MAX,
        .soft_packets = UINT64_MAX,
        .hard_packets = UINT64_MAX,
    };
    struct error error;
    struct esp_sa *sa = esp_sa_new(&spec, &error);
    if (sa == NULL)
        fail(error.text);
    return sa;
}

static void ignore(void *context, struct iovec *pieces, int count, const struct offload *offload,
                   size_t header_size)
{
    (void)context, (void)pieces, (void)count, (void)offload, (void)header_size;
}

static void make_super_packet(struct bench *bench)
{
    uint8_t *packet = bench->super, *tcp = packet + IPV4_HEADER_SIZE;
    size_t size = HEADERS + SEGMENTS * PAYLOAD;
    fill_any(packet + HEADERS, size - HEADERS);
    packet[0] = 0x45;
    store_be16(packet + 2, (uint16_t)size);
    packet[6] = 0x40;
    packet[8] = 64;
    packet[9] = IPPROTO_NUMBER_TCP;
    store_be32(packet + 12, 0x0a010001);
    store_be32(packet + 16, 0x0a020001);
    store_be16(tcp, 1000);
    store_be16(tcp + 2, 2000);
    tcp[12] = 0x80;
    tcp[13] = 0x10;
    memcpy(bench->headers, packet, HEADERS);
    struct offload offload = {.kind = OFFLOAD_TCP4, .needs_checksum = true, .segment_size = PAYLOAD};
    if (!gso_init(&bench->gso, bytes_of(packet, size), &offload) || bench->gso.count != SEGMENTS)
        fail("the super-packet is none");
}

/* Anew for each pass: joining changes the first one's headers. */
static void make_segments(struct bench *bench)
{
    for (size_t i = 0; i < SEGMENTS; i++)
        gso_write_segment(&bench->gso, i, bench->segments[i]);
}

/* ---- the stages ---- */

static void sum(struct bench *bench)
{
    for (size_t i = 0; i < SEGMENTS; i++)
        bench->checked +=
            checksum_fold(checksum_add(0, bench->segments[i] + IPV4_HEADER_SIZE, SEGMENT - IPV4_HEADER_SIZE));
}

static void cut(struct bench *bench)
{
    for (size_t i = 0; i < SEGMENTS; i++)
        gso_write_segment(&bench->gso, i, bench->frames[i]);
}

static void join(struct bench *bench)
{
    for (size_t i = 0; i < SEGMENTS; i++) {
        struct ip_packet ip;
        if (ip_packet_parse(bytes_of(bench->segments[i], SEGMENT), &ip))
            gro_add(&bench->gro, bench->segments[i], &ip);
    }
    gro_flush(&bench->gro);
}

/* As the outbound thread does with super-packets. */
static void seal(struct bench *bench)
{
    for (size_t i = 0; i < SEGMENTS; i++) {
        uint8_t *packet = gso_shape_segment(&bench->gso, i, bench->headers), next[8];
        memcpy(next, packet + SEGMENT, sizeof(next));
        if (!esp_frame_payload_at(bench->out, bench->crypto, bench->frames[i], packet, SEGMENT,
                                  IPPROTO_NUMBER_IPV4, bench->jobs) ||
            !esp_cipher_seal(bench->crypto, &bench->out->cipher, &bench->out->keys, bench->jobs, 1))
            fail("sealing failed");
        memcpy(packet + SEGMENT, next, sizeof(next));
        esp_sa_count(bench->out, SEGMENT, 0);
    }
}

static void deliver(struct bench *bench, struct esp_received *received)
{
    struct outer_packet outer = {0};
    struct ip_packet ip;
    uint8_t *packet =
        esp_open_finish(bench->in, received) ? esp_unwrap(bench->in, received, &outer, NULL, &ip) : NULL;
    if (packet == NULL)
        fail("opening failed");
    esp_sa_count(bench->in, ip.total_size, 0);
    gro_add(&bench->gro, packet, &ip);
}

/* As the inbound thread does; what is opened must have been sealed just before. */
static void open_all(struct bench *bench)
{
    size_t size = esp_sealed_size(bench->in, SEGMENT);
    for (size_t from = 0; from < SEGMENTS; from += BATCH) {
        size_t to = from + BATCH < SEGMENTS ? from + BATCH : SEGMENTS;
        for (size_t i = from; i < to; i++)
            (void)esp_open_begin(bench->in, bench->frames[i], size, &bench->jobs[i], &bench->received[i]);
        esp_cipher_open(bench->crypto, &bench->in->cipher, &bench->in->keys, bench->jobs + from, to - from);
        for (size_t i = from; i < to; i++)
            deliver(bench, &bench->received[i]);
    }
    gro_flush(&bench->gro);
}

static int compare(const void *a, const void *b)
{
    double left = *(const double *)a, right = *(const double *)b;
    return left < right ? -1 : left > right;
}

static double median_of(struct bench *bench, void (*before)(struct bench *bench),
                        void (*stage)(struct bench *bench))
{
    double took[PASSES];
    for (size_t i = 0; i < PASSES; i++) {
        memcpy(bench->super, bench->headers, HEADERS);
        if (before != NULL)
            before(bench);
        double started = cpu_nanoseconds();
        stage(bench);
        took[i] = cpu_nanoseconds() - started;
    }
    qsort(took, PASSES, sizeof(took[0]), compare);
    return took[PASSES / 2] / SEGMENTS;
}

int main(void)
{
    struct bench *bench = calloc(1, sizeof(*bench));
    if (bench == NULL)
        fail("out of memory");
    bench->crypto = esp_crypto_new(ESP_ALL_PROVIDERS, fill_any);
    bench->out = make_sa(true);
    bench->in = make_sa(false);
    gro_init(&bench->gro, true, ignore, NULL);
    make_super_packet(bench);
    const struct {
        const char *name;
        void (*before)(struct bench *bench);
        void (*stage)(struct bench *bench);
    } stages[] = {{"checksum", make_segments, sum},
                  {"cut", NULL, cut},
                  {"join", make_segments, join},
                  {"seal", NULL, seal},
                  {"open", seal, open_all}};
    for (size_t i = 0; i < ARRAY_SIZE(stages); i++)
        printf("%s\"%s\": %.0f", i == 0 ? "{" : ", ", stages[i].name,
               median_of(bench, stages[i].before, stages[i].stage));
    printf("}\n");
    esp_sa_unref(bench->out);
    esp_sa_unref(bench->in);
    esp_crypto_free(bench->crypto);
    free(bench);
    return 0;
}
