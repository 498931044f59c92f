/*
 * Fuzzing the way of a packet from the wire to the host: an SA database with known keys. The input: one byte
 * of options, one of the outer traffic class, then bytes that are taken as they came off the wire or, to
 * reach what lies behind the cipher, as next header and payload that are sealed first.
 */
#include <stdio.h>
#include <stdlib.h>

#include "esp/gro.h"
#include "esp/icmp_too_big.h"
#include "esp/sad.h"
#include "esp/unwrap.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum {
    OPTION_SA = 3, /* which one */
    OPTION_SEALED = 1 << 2,
    OPTION_PATCH_HEADER = 1 << 3, /* raw: a known SPI, a fresh sequence number */
    OPTION_PACKETS = 3 << 4,      /* sealed: the bytes in so many packets of one batch, for the joining */
    PACKET_MAX = 65535,
    BATCH = 4,
};

struct world {
    struct sad sad;
    struct esp_crypto *crypto;
    struct esp_sa *in[4], *out[4];
};

static void no_random(uint8_t *out, size_t size)
{
    memset(out, 0x5a, size);
}

static struct selector any_selector(enum ip_family family)
{
    struct ip_prefix all = {.address.family = (uint8_t)family};
    return selector_of_prefix(&all, 0, 0);
}

static struct esp_sa *make_sa(unsigned index, bool is_outbound)
{
    static const uint8_t key[INTEG_KEY_MAX] = {1, 2, 3};
    static const struct {
        uint16_t encr, bits, integ;
        bool esn, transport, udp;
    } kinds[4] = {
        {ENCR_AES_GCM_16, 128, 0, true, false, false},
        {ENCR_AES_CBC, 128, INTEG_HMAC_SHA1_96, false, false, true},
        {ENCR_NULL, 0, INTEG_HMAC_SHA2_256_128, true, true, true},
        {ENCR_CHACHA20_POLY1305, 256, 0, false, true, false},
    };
    struct selector selectors[2] = {any_selector(IP_V4), any_selector(IP_V6)};
    uint16_t integ = kinds[index].integ;
    struct esp_sa_spec spec = {
        .child_serial = index + 1,
        .spi = 0x100 + index,
        .is_outbound = is_outbound,
        .is_transport = kinds[index].transport,
        .udp_encapsulation = kinds[index].udp,
        .esn = kinds[index].esn,
        .decap_dscp = index == 1,
        .local = {address_of_v4(0x0a000001), 4500},
        .remote = {address_of_v4(0x0a000002), 4500},
        .encr = algorithm_by_id(TRANSFORM_ENCR, kinds[index].encr),
        .integ = integ != 0 ? algorithm_by_id(TRANSFORM_INTEG, integ) : NULL,
        .encr_key_bits = kinds[index].bits,
        .encr_key = key,
        .integ_key = key,
        .replay_window = 128,
        .local_selectors = selectors,
        .local_count = 2,
        .remote_selectors = selectors,
        .remote_count = 2,
        .soft_bytes = UINT64_MAX,
        .hard_bytes = UINT64_MAX,
        .soft_packets = UINT64_MAX,
        .hard_packets = UINT64_MAX,
    };
    return esp_sa_new(&spec, NULL);
}

static struct world *make_world(void)
{
    static struct world world;
    if (world.crypto != NULL)
        return &world;
    if (!sad_init(&world.sad))
        abort();
    world.crypto = esp_crypto_new(ESP_ALL_PROVIDERS, no_random);
    for (unsigned i = 0; i < 4; i++) {
        world.in[i] = make_sa(i, false);
        world.out[i] = make_sa(i, true);
        if (world.in[i] == NULL || world.out[i] == NULL || !sad_add(&world.sad, world.in[i]))
            abort();
    }
    return &world;
}

/* What would go to the host: it must be a packet, and a super-packet must come apart again. */
static void check_emitted(void *context, struct iovec *pieces, int count, const struct offload *offload,
                          size_t header_size)
{
    (void)context, (void)header_size;
    static uint8_t packet[2 * PACKET_MAX], segment[2 * PACKET_MAX];
    size_t size = 0;
    for (int i = 1; i < count; i++) {
        memcpy(packet + size, pieces[i].iov_base, pieces[i].iov_len);
        size += pieces[i].iov_len;
    }
    struct ip_packet ip;
    struct gso gso;
    if (!ip_packet_parse(bytes_of(packet, size), &ip) || ip.total_size != size)
        abort();
    if (!gso_init(&gso, bytes_of(packet, size), offload))
        abort();
    for (size_t i = 0; i < gso.count; i++)
        gso_write_segment(&gso, i, segment);
    uint8_t answer[ICMP_TOO_BIG_MAX];
    (void)icmp_too_big_write(answer, bytes_of(packet, size), 1280);
}

/* One frame in memory of its own, so that a sanitizer sees every step beyond it. */
struct frame {
    uint8_t *data;
    size_t size;
    uint8_t *room;
};

static void open_frames(struct world *world, struct frame *frames, size_t count, uint8_t traffic_class)
{
    static struct gro gro;
    gro_init(&gro, true, check_emitted, NULL);
    for (size_t i = 0; i < count; i++) {
        uint32_t spi;
        struct esp_job job;
        struct esp_received received;
        struct ip_packet ip;
        struct esp_sa *sa = esp_frame_spi(bytes_of(frames[i].data, frames[i].size), &spi)
                                ? sad_find_inbound(&world->sad, false, spi)
                                : NULL;
        if (sa == NULL || !esp_open_begin(sa, frames[i].data, frames[i].size, &job, &received))
            continue;
        esp_cipher_open(world->crypto, &sa->cipher, &sa->keys, &job, 1);
        if (!esp_open_finish(sa, &received))
            continue;
        struct outer_packet outer = {.source = sa->remote.address,
                                     .destination = sa->local.address,
                                     .traffic_class = traffic_class,
                                     .was_udp_encapsulated = sa->udp_encapsulation};
        frames[i].room = malloc(esp_unwrap_room(sa, &received) + 1);
        uint8_t *packet = esp_unwrap(sa, &received, &outer, frames[i].room, &ip);
        if (packet != NULL)
            gro_add(&gro, packet, &ip);
    }
    gro_flush(&gro);
}

static struct frame seal_frame(struct world *world, struct esp_sa *sa, uint8_t next_header,
                               struct bytes payload)
{
    struct esp_job job;
    struct frame frame = {.size = esp_sealed_size(sa, payload.size)};
    frame.data = malloc(frame.size);
    if (payload.size > 0)
        memcpy(frame.data + esp_payload_offset(sa), payload.data, payload.size);
    if (!esp_frame_payload(sa, world->crypto, frame.data, payload.size, next_header, &job) ||
        !esp_cipher_seal(world->crypto, &sa->cipher, &sa->keys, &job, 1))
        abort();
    return frame;
}

static size_t seal_input(struct world *world, uint8_t options, struct bytes input, struct frame *frames)
{
    struct esp_sa *sa = world->out[options & OPTION_SA];
    uint8_t next_header = input.data[0];
    size_t count = (size_t)(options & OPTION_PACKETS) / 16 + 1;
    size_t share = (input.size - 1) / count;
    if (share > PACKET_MAX)
        return 0;
    for (size_t i = 0; i < count; i++)
        frames[i] = seal_frame(world, sa, next_header, bytes_of(input.data + 1 + i * share, share));
    return count;
}

static size_t copy_input(struct world *world, uint8_t options, struct bytes input, struct frame *frames)
{
    frames[0] = (struct frame){.data = malloc(input.size), .size = input.size};
    memcpy(frames[0].data, input.data, input.size);
    if ((options & OPTION_PATCH_HEADER) != 0 && input.size >= ESP_HEADER_SIZE) {
        const struct esp_sa *sa = world->in[options & OPTION_SA];
        store_be32(frames[0].data, sa->spi);
        store_be32(frames[0].data + 4, (uint32_t)sa->replay.highest + 1);
    }
    return 1;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct world *world = make_world();
    if (size < 3)
        return 0;
    struct frame frames[BATCH] = {0};
    struct bytes input = bytes_of(data + 2, size - 2);
    size_t count = (data[0] & OPTION_SEALED) != 0 ? seal_input(world, data[0], input, frames)
                                                  : copy_input(world, data[0], input, frames);
    open_frames(world, frames, count, data[1]);
    for (size_t i = 0; i < BATCH; i++) {
        free(frames[i].data);
        free(frames[i].room);
    }
    return 0;
}
