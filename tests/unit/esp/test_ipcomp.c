/* IPComp (RFC 3173, 2394): what becomes smaller goes smaller, all else as it was, and bombs do not explode.
 */
#include "sa_for_tests.h"

#include <string.h>
#include <zlib.h>

#include "esp/ipcomp.h"

enum { CPI = 0x1234 };

struct bench {
    struct ipcomp *ipcomp;
    struct esp_sa *out, *in;
    uint8_t payload[70000];
    uint8_t room[IPCOMP_INFLATED_MAX];
    struct esp_received received;
};

static struct esp_sa *compressing_sa(bool is_outbound)
{
    const struct suite_under_test gcm = {ENCR_AES_GCM_16, 128, 0};
    struct esp_sa_spec spec = spec_for_suite(&gcm, is_outbound);
    spec.compression_cpi = CPI;
    struct esp_sa *sa = esp_sa_new(&spec, NULL);
    assert_non_null(sa);
    return sa;
}

static struct bench *set_up(void)
{
    struct bench *bench = calloc(1, sizeof(*bench));
    assert_non_null(bench);
    bench->ipcomp = ipcomp_new();
    bench->out = compressing_sa(true);
    bench->in = compressing_sa(false);
    return bench;
}

static void tear_down(struct bench *bench)
{
    ipcomp_free(bench->ipcomp);
    esp_sa_unref(bench->out);
    esp_sa_unref(bench->in);
    free(bench);
}

static size_t compress_payload(struct bench *bench, size_t size, uint8_t *next_header)
{
    *next_header = IPPROTO_NUMBER_TCP;
    return ipcomp_compress(bench->ipcomp, bench->out, bench->payload, size, next_header);
}

static bool decompress_payload(struct bench *bench, size_t size)
{
    bench->received = (struct esp_received){.verdict = ESP_ACCEPTED,
                                            .next_header = IPPROTO_NUMBER_IPCOMP,
                                            .payload = bench->payload,
                                            .payload_size = size};
    return ipcomp_decompress(bench->ipcomp, bench->in, &bench->received, bench->room);
}

static void fill_with_words(uint8_t *out, size_t size)
{
    static const char words[] = "the quick brown fox jumps over the lazy dog ";
    for (size_t i = 0; i < size; i++)
        out[i] = (uint8_t)words[i % (sizeof(words) - 1)];
}

static void fill_with_noise(uint8_t *out, size_t size)
{
    for (size_t i = 0; i < size; i++)
        out[i] = (uint8_t)rand();
}

static void test_every_size_comes_back_whole(void **state)
{
    (void)state;
    static uint8_t original[IPCOMP_INFLATED_MAX];
    struct bench *bench = set_up();
    fill_with_words(original, sizeof(original));
    for (size_t size = IPCOMP_THRESHOLD; size <= sizeof(original); size += size < 2000 ? 7 : 9973) {
        uint8_t next_header;
        memcpy(bench->payload, original, size);
        size_t compressed = compress_payload(bench, size, &next_header);
        assert_true(compressed < size);
        assert_int_equal(next_header, IPPROTO_NUMBER_IPCOMP);
        assert_int_equal(load_be32(bench->payload), (uint32_t)IPPROTO_NUMBER_TCP << 24 | CPI);
        assert_true(decompress_payload(bench, compressed));
        assert_int_equal(bench->received.next_header, IPPROTO_NUMBER_TCP);
        assert_int_equal(bench->received.payload_size, size);
        assert_memory_equal(bench->received.payload, original, size);
    }
    tear_down(bench);
}

static void test_small_payloads_are_left_alone(void **state)
{
    (void)state;
    struct bench *bench = set_up();
    for (size_t size = 0; size < IPCOMP_THRESHOLD; size++) {
        uint8_t next_header;
        assert_int_equal(compress_payload(bench, size, &next_header), size);
        assert_int_equal(next_header, IPPROTO_NUMBER_TCP);
    }
    tear_down(bench);
}

static void test_noise_is_left_alone(void **state)
{
    (void)state;
    struct bench *bench = set_up();
    uint8_t before[1400], next_header;
    fill_with_noise(before, sizeof(before));
    memcpy(bench->payload, before, sizeof(before));
    assert_int_equal(compress_payload(bench, sizeof(before), &next_header), sizeof(before));
    assert_int_equal(next_header, IPPROTO_NUMBER_TCP);
    assert_memory_equal(bench->payload, before, sizeof(before));
    tear_down(bench);
}

/* Noise teaches not to try; words, once tried again, teach the contrary. */
static void test_traffic_that_does_not_shrink_is_tried_ever_more_seldom(void **state)
{
    (void)state;
    struct bench *bench = set_up();
    uint8_t next_header;
    unsigned tries = 0;
    for (int i = 0; i < 10000; i++) {
        fill_with_noise(bench->payload, 200);
        bool is_tried = bench->out->compression_pause == 0;
        compress_payload(bench, 200, &next_header);
        tries += is_tried;
    }
    assert_true(tries < 30);
    bool was_compressed = false;
    for (int i = 0; i <= IPCOMP_PAUSE_LAST && !was_compressed; i++) {
        fill_with_words(bench->payload, 200);
        was_compressed = compress_payload(bench, 200, &next_header) < 200;
    }
    assert_true(was_compressed);
    fill_with_words(bench->payload, 200);
    assert_true(compress_payload(bench, 200, &next_header) < 200);
    tear_down(bench);
}

static size_t deflate_foreign(uint8_t *out, size_t room, const uint8_t *data, size_t size, int window_bits)
{
    z_stream stream = {.next_in = (uint8_t *)(uintptr_t)data,
                       .avail_in = (unsigned)size,
                       .next_out = out,
                       .avail_out = (unsigned)room};
    assert_int_equal(deflateInit2(&stream, 9, Z_DEFLATED, -window_bits, 9, Z_DEFAULT_STRATEGY), Z_OK);
    assert_int_equal(deflate(&stream, Z_FINISH), Z_STREAM_END);
    deflateEnd(&stream);
    return room - stream.avail_out;
}

/* A peer may refer back as far as the format allows. */
static void test_the_largest_window_of_a_peer_is_understood(void **state)
{
    (void)state;
    static uint8_t original[60000];
    struct bench *bench = set_up();
    fill_with_noise(original, 30000);
    memcpy(original + 30000, original, 30000);
    store_be32(bench->payload, (uint32_t)IPPROTO_NUMBER_UDP << 24 | CPI);
    size_t size =
        deflate_foreign(bench->payload + 4, sizeof(bench->payload) - 4, original, sizeof(original), 15);
    assert_true(size < 40000);
    assert_true(decompress_payload(bench, size + 4));
    assert_int_equal(bench->received.payload_size, sizeof(original));
    assert_memory_equal(bench->room, original, sizeof(original));
    tear_down(bench);
}

static void test_a_decompression_bomb_is_refused(void **state)
{
    (void)state;
    struct bench *bench = set_up();
    uint8_t *zeros = calloc(1, 1 << 20);
    store_be32(bench->payload, (uint32_t)IPPROTO_NUMBER_UDP << 24 | CPI);
    size_t size = deflate_foreign(bench->payload + 4, sizeof(bench->payload) - 4, zeros, 1 << 20, 15);
    assert_true(size < 2000);
    assert_false(decompress_payload(bench, size + 4));
    assert_int_equal(bench->in->counters.other_drops, 1);
    size = deflate_foreign(bench->payload + 4, sizeof(bench->payload) - 4, zeros, IPCOMP_INFLATED_MAX, 15);
    assert_true(decompress_payload(bench, size + 4));
    size =
        deflate_foreign(bench->payload + 4, sizeof(bench->payload) - 4, zeros, IPCOMP_INFLATED_MAX + 1, 15);
    assert_false(decompress_payload(bench, size + 4));
    free(zeros);
    tear_down(bench);
}

static void test_broken_and_foreign_payloads_are_refused(void **state)
{
    (void)state;
    struct bench *bench = set_up();
    uint8_t next_header, copy[300];
    fill_with_words(bench->payload, 300);
    size_t size = compress_payload(bench, 300, &next_header);
    memcpy(copy, bench->payload, size);
    for (size_t cut = 0; cut < size; cut++)
        assert_false(decompress_payload(bench, cut));
    assert_int_equal(bench->in->counters.other_drops, size);
    memcpy(bench->payload, copy, size);
    store_be16(bench->payload + 2, CPI + 1);
    assert_false(decompress_payload(bench, size));
    memcpy(bench->payload, copy, size);
    bench->in->compression_cpi = 0;
    assert_false(decompress_payload(bench, size));
    tear_down(bench);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_size_comes_back_whole),
        cmocka_unit_test(test_small_payloads_are_left_alone),
        cmocka_unit_test(test_noise_is_left_alone),
        cmocka_unit_test(test_traffic_that_does_not_shrink_is_tried_ever_more_seldom),
        cmocka_unit_test(test_the_largest_window_of_a_peer_is_understood),
        cmocka_unit_test(test_a_decompression_bomb_is_refused),
        cmocka_unit_test(test_broken_and_foreign_payloads_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
