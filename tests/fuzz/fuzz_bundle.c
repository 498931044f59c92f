/*
 * Fuzzing AH, IPComp and bundles with known keys. The first byte says what the others are: IP headers and
 * what stands behind them, as they came off the wire; the same, sealed first; a compressed payload; a payload
 * that takes the way through a whole bundle and back, and must come out as it went in.
 */
#include <stdio.h>
#include <stdlib.h>

#include "esp/ah.h"
#include "esp/bundle.h"
#include "esp/sad.h"
#include "esp/unwrap.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { KIND = 3, OPTION_TRANSPORT = 1 << 2, OPTION_V6 = 1 << 3, PAYLOAD_MAX = 60000, CPI = 0x4242 };

enum kind { KIND_AH_RAW, KIND_AH_SEALED, KIND_COMPRESSED, KIND_BUNDLE };

struct world {
    struct esp_crypto *crypto;
    struct ipcomp *ipcomp;
    struct esp_sa *ah_in, *ah_out;
    struct esp_sa *in[2], *out[2]; /* bundles in tunnel and transport mode */
};

static void no_random(uint8_t *out, size_t size)
{
    memset(out, 0x5a, size);
}

static struct esp_sa *make_sa(bool is_outbound, bool is_ah, bool is_transport)
{
    static const uint8_t key[INTEG_KEY_MAX] = {1, 2, 3};
    struct ip_prefix all4 = {.address.family = IP_V4}, all6 = {.address.family = IP_V6};
    struct selector selectors[2] = {selector_of_prefix(&all4, 0, 0), selector_of_prefix(&all6, 0, 0)};
    struct esp_sa_spec spec = {
        .child_serial = 1,
        .spi = 0x100,
        .is_ah = is_ah,
        .is_outbound = is_outbound,
        .is_transport = is_transport,
        .esn = true,
        .local = {address_of_v4(0x0a000001), 0},
        .remote = {address_of_v4(0x0a000002), 0},
        .encr = is_ah ? NULL : algorithm_by_id(TRANSFORM_ENCR, ENCR_AES_GCM_16),
        .integ = is_ah ? algorithm_by_id(TRANSFORM_INTEG, INTEG_HMAC_SHA2_256_128) : NULL,
        .encr_key_bits = is_ah ? 0 : 128,
        .encr_key = key,
        .integ_key = key,
        .compression_cpi = CPI,
        .outer_ah_spi = is_ah ? 0 : 0x200,
        .ah_integ = algorithm_by_id(TRANSFORM_INTEG, INTEG_HMAC_SHA1_96),
        .ah_integ_key = key,
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
    struct esp_sa *sa = esp_sa_new(&spec, NULL);
    if (sa == NULL)
        abort();
    return sa;
}

static struct world *make_world(void)
{
    static struct world world;
    if (world.crypto != NULL)
        return &world;
    world.crypto = esp_crypto_new(ESP_ALL_PROVIDERS, no_random);
    world.ipcomp = ipcomp_new();
    world.ah_in = make_sa(false, true, false);
    world.ah_out = make_sa(true, true, false);
    for (int i = 0; i < 2; i++) {
        world.in[i] = make_sa(false, false, i == 1);
        world.out[i] = make_sa(true, false, i == 1);
    }
    return &world;
}

/* In memory of its own, so that a sanitizer sees every step beyond it. */
static uint8_t *copy_of(const uint8_t *data, size_t size)
{
    uint8_t *copy = malloc(size + 1);
    if (size > 0)
        memcpy(copy, data, size);
    return copy;
}

static void unwrap(struct esp_sa *sa, struct esp_received *received)
{
    struct ip_packet ip;
    struct outer_packet outer = {.source = sa->remote.address, .destination = sa->local.address};
    uint8_t *room = malloc(esp_unwrap_room(sa, received) + 1);
    (void)esp_unwrap(sa, received, &outer, room, &ip);
    free(room);
}

/* Decompresses if need be, in exactly the room that a packet may take. */
static void finish(struct world *world, struct esp_sa *sa, struct esp_received *received)
{
    uint8_t *room = malloc(IPCOMP_INFLATED_MAX);
    if (received->next_header != IPPROTO_NUMBER_IPCOMP ||
        ipcomp_decompress(world->ipcomp, sa, received, room))
        unwrap(sa, received);
    free(room);
}

/* One byte says how many of the others are IP headers. Sealed: what we seal we must take. */
static void fuzz_ah(struct world *world, const uint8_t *data, size_t size, bool is_sealed)
{
    size_t network_size = data[0];
    if (network_size > size - 1)
        return;
    size_t rest = size - 1 - network_size, header_size = is_sealed ? AH_HEADER_MAX : 0;
    uint8_t *network = copy_of(data + 1, network_size), *frame = malloc(rest + header_size + 1);
    struct ah_packet packet = {.network = bytes_of(network, network_size), .ah = frame, .size = rest};
    struct esp_received received;
    bool is_made = true;
    if (is_sealed && network_size > 0) {
        header_size = ah_header_size(world->ah_out, network[0] >> 4 == 6 ? IP_V6 : IP_V4);
        packet.size += header_size;
        memcpy(frame + header_size, data + 1 + network_size, rest);
        is_made = ah_seal(world->ah_out, world->crypto, &packet, IPPROTO_NUMBER_IPCOMP);
    } else {
        memcpy(frame, data + 1 + network_size, rest);
        if (rest >= AH_FIXED_SIZE)
            store_be32(frame + 8, (uint32_t)world->ah_in->replay.highest + 1);
    }
    bool is_taken = ah_open(world->ah_in, world->crypto, &packet, &received);
    if (is_sealed && network_size > 0 && is_taken != is_made)
        abort();
    if (is_taken)
        finish(world, world->ah_in, &received);
    free(network);
    free(frame);
}

static void fuzz_compressed(struct world *world, struct esp_sa *sa, const uint8_t *data, size_t size)
{
    uint8_t *payload = copy_of(data, size);
    struct esp_received received = {
        .next_header = IPPROTO_NUMBER_IPCOMP, .payload = payload, .payload_size = size};
    if (size >= IPCOMP_HEADER_SIZE)
        store_be16(payload + 2, CPI);
    finish(world, sa, &received);
    free(payload);
}

static void open_bundle(struct world *world, struct esp_sa *sa, uint8_t *frame, size_t size,
                        struct esp_received *ret_received)
{
    size_t network = frame[0] >> 4 == 6 ? IPV6_HEADER_SIZE : IPV4_HEADER_SIZE;
    struct ah_packet packet = {
        .network = bytes_of(frame, network), .ah = frame + network, .size = size - network};
    struct esp_received outer;
    struct esp_job job;
    if (!ah_open(sa->outer_ah, world->crypto, &packet, &outer) ||
        !esp_open_begin(sa, outer.payload, outer.payload_size, &job, ret_received))
        abort();
    esp_cipher_open(world->crypto, &sa->cipher, &sa->keys, &job, 1);
    if (!esp_open_finish(sa, ret_received))
        abort();
}

static void fuzz_bundle(struct world *world, unsigned index, bool is_v6, const uint8_t *data, size_t size)
{
    struct esp_sa *in = world->in[index], *out = world->out[index];
    struct ip_address address6 = {.family = IP_V6};
    enum ip_family family = is_v6 ? IP_V6 : IP_V4;
    struct outer_header outer = {.source = is_v6 ? address6 : out->local.address,
                                 .destination = is_v6 ? address6 : out->remote.address,
                                 .identification = 1};
    uint8_t *frame = malloc(bundle_frame_size(out, family, size));
    struct esp_job job;
    struct esp_received received;
    if (size > 0)
        memcpy(frame + bundle_payload_offset(out, family), data, size);
    size_t framed =
        bundle_begin(out, world->crypto, world->ipcomp, &outer, frame, size, IPPROTO_NUMBER_TCP, &job);
    if (framed == 0 || framed > bundle_frame_size(out, family, size) ||
        !esp_cipher_seal(world->crypto, &out->cipher, &out->keys, &job, 1) ||
        !bundle_finish(out, world->crypto, frame, framed))
        abort();
    open_bundle(world, in, frame, framed, &received);
    uint8_t *room = malloc(IPCOMP_INFLATED_MAX);
    if (received.next_header == IPPROTO_NUMBER_IPCOMP &&
        !ipcomp_decompress(world->ipcomp, in, &received, room))
        abort();
    if (received.next_header != IPPROTO_NUMBER_TCP || received.payload_size != size ||
        memcmp(received.payload, data, size) != 0)
        abort();
    free(room);
    free(frame);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct world *world = make_world();
    if (size < 2 || size > PAYLOAD_MAX)
        return 0;
    unsigned mode = (data[0] & OPTION_TRANSPORT) != 0;
    switch ((enum kind)(data[0] & KIND)) {
    case KIND_AH_RAW:
        fuzz_ah(world, data + 1, size - 1, false);
        break;
    case KIND_AH_SEALED:
        fuzz_ah(world, data + 1, size - 1, true);
        break;
    case KIND_COMPRESSED:
        fuzz_compressed(world, world->in[mode], data + 1, size - 1);
        break;
    case KIND_BUNDLE:
        fuzz_bundle(world, mode, (data[0] & OPTION_V6) != 0, data + 1, size - 1);
        break;
    }
    return 0;
}
