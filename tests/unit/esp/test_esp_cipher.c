/* ESP cryptography: published packets, both providers alike on random ones, nothing altered ever opened. */
#include "sa_for_tests.h"

#include "base/text.h"

enum { LIBCRYPTO_ONLY = 1 << PROVIDER_LIBCRYPTO, IPSEC_MB_ONLY = 1 << PROVIDER_IPSEC_MB, FRAME_MAX = 2048 };

static struct esp_crypto *crypto_with(unsigned providers)
{
    struct esp_crypto *crypto = esp_crypto_new(providers, predictable_random);
    assert_non_null(crypto);
    return crypto;
}

static size_t from_hex(const char *hex, uint8_t *out, size_t capacity)
{
    long size = hex_decode(hex, strlen(hex), out, capacity);
    assert_true(size >= 0);
    return (size_t)size;
}

struct gcm_case {
    const char *key;
    uint16_t key_bits;
    uint32_t spi;
    uint64_t sequence;
    const char *iv, *plain, *sealed;
};

static const struct gcm_case gcm_cases[] = {
#include "gcm_esp_vectors.inc"
};

static struct esp_sa *sa_for_gcm_case(const struct gcm_case *gcm, bool is_outbound)
{
    uint8_t key[CIPHER_KEY_MAX];
    struct suite_under_test suite = {ENCR_AES_GCM_16, gcm->key_bits, 0};
    struct esp_sa_spec spec = spec_for_suite(&suite, is_outbound);
    from_hex(gcm->key, key, sizeof(key));
    spec.encr_key = key;
    spec.spi = gcm->spi;
    spec.esn = true;
    struct esp_sa *sa = esp_sa_new(&spec, NULL);
    assert_non_null(sa);
    sa->replay.highest = sa->sequence = gcm->sequence - 1;
    return sa;
}

static void open_gcm_case(const struct gcm_case *gcm, unsigned providers)
{
    uint8_t frame[512], plain[512];
    struct esp_sa *sa = sa_for_gcm_case(gcm, false);
    struct esp_crypto *crypto = crypto_with(providers);
    store_be32(frame, gcm->spi);
    store_be32(frame + 4, (uint32_t)gcm->sequence);
    size_t size = 8 + from_hex(gcm->iv, frame + 8, 8);
    size += from_hex(gcm->sealed, frame + size, sizeof(frame) - size);
    struct esp_job job;
    struct esp_received received;
    assert_true(esp_open_begin(sa, frame, size, &job, &received));
    assert_int_equal(received.sequence, gcm->sequence);
    esp_cipher_open(crypto, &sa->cipher, &sa->keys, &job, 1);
    assert_true(job.is_authentic);
    assert_int_equal(from_hex(gcm->plain, plain, sizeof(plain)), job.parts.data_size);
    assert_memory_equal(job.parts.data, plain, job.parts.data_size);
    esp_crypto_free(crypto);
    esp_sa_unref(sa);
}

static void test_gcm_esp_packets_with_esn_open_as_published(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(gcm_cases); i++) {
        open_gcm_case(&gcm_cases[i], LIBCRYPTO_ONLY);
        if (esp_provider(PROVIDER_IPSEC_MB) != NULL)
            open_gcm_case(&gcm_cases[i], IPSEC_MB_ONLY);
    }
}

/* RFC 7634 appendix A. */
static const char *const rfc7634_plain = "45000054a6f200004001e778c6336405c000020508005b7a3a080000553bec10"
                                         "0007362708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f20212223"
                                         "2425262728292a2b2c2d2e2f3031323334353637";
static const char *const rfc7634_sealed = "01020304000000051011121314151617"
                                          "24039428b97f417e3c13753a4f05087b67c352e6a7fab1b982d466ef407ae5c6"
                                          "14ee8099d52844eb61aa95dfab4c02f72aa71e7c4c4f64c9befe2facc638e8f3"
                                          "cbec163fac469b502773f6fb94e664da9165b82829f641e0"
                                          "76aaa8266b7fb0f7b11b369907e1ad43";

static void seal_rfc7634(unsigned providers)
{
    uint8_t key[CIPHER_KEY_MAX], frame[256], expected[256];
    for (size_t i = 0; i < sizeof(key); i++)
        key[i] = (uint8_t)(0x80 + i);
    struct suite_under_test suite = {ENCR_CHACHA20_POLY1305, 256, 0};
    struct esp_sa_spec spec = spec_for_suite(&suite, true);
    spec.encr_key = key;
    spec.spi = 0x01020304;
    struct esp_sa *sa = esp_sa_new(&spec, NULL);
    struct esp_crypto *crypto = crypto_with(providers);
    sa->sequence = 4;
    struct esp_job job;
    size_t size = from_hex(rfc7634_plain, frame + esp_payload_offset(sa), sizeof(frame) - 16);
    assert_true(esp_frame_payload(sa, crypto, frame, size, IPPROTO_NUMBER_IPV4, &job));
    for (size_t i = 0; i < 8; i++)
        job.parts.iv[i] = (uint8_t)(0x10 + i);
    assert_true(esp_cipher_seal(crypto, &sa->cipher, &sa->keys, &job, 1));
    assert_int_equal(from_hex(rfc7634_sealed, expected, sizeof(expected)), esp_sealed_size(sa, size));
    assert_memory_equal(frame, expected, esp_sealed_size(sa, size));
    esp_crypto_free(crypto);
    esp_sa_unref(sa);
}

static void test_chacha20_poly1305_packet_of_rfc7634_is_built(void **state)
{
    (void)state;
    seal_rfc7634(LIBCRYPTO_ONLY);
    if (esp_provider(PROVIDER_IPSEC_MB) != NULL)
        seal_rfc7634(IPSEC_MB_ONLY);
}

/* A batch of random payloads in frames of one SA. */
struct batch {
    uint8_t frames[ESP_BATCH_MAX][FRAME_MAX];
    size_t sizes[ESP_BATCH_MAX];
    struct esp_job jobs[ESP_BATCH_MAX];
    size_t count;
};

static void fill_batch(struct batch *batch, struct esp_sa *sa, struct esp_crypto *crypto, size_t count)
{
    batch->count = count;
    for (size_t i = 0; i < count; i++) {
        size_t payload = (size_t)rand() % 1500;
        predictable_random(batch->frames[i] + esp_payload_offset(sa), payload);
        assert_true(
            esp_frame_payload(sa, crypto, batch->frames[i], payload, IPPROTO_NUMBER_IPV4, &batch->jobs[i]));
        batch->sizes[i] = esp_sealed_size(sa, payload);
    }
    assert_true(esp_cipher_seal(crypto, &sa->cipher, &sa->keys, batch->jobs, count));
}

static size_t open_batch(struct batch *batch, struct esp_sa *sa, struct esp_crypto *crypto)
{
    static struct esp_received received[ESP_BATCH_MAX];
    size_t accepted = 0;
    for (size_t i = 0; i < batch->count; i++)
        assert_true(esp_open_begin(sa, batch->frames[i], batch->sizes[i], &batch->jobs[i], &received[i]));
    esp_cipher_open(crypto, &sa->cipher, &sa->keys, batch->jobs, batch->count);
    for (size_t i = 0; i < batch->count; i++)
        accepted += esp_open_finish(sa, &received[i]);
    return accepted;
}

/* The frame of a payload that stands in it, and of one that stands elsewhere. */
static void seal_from_both_places(const struct suite_under_test *suite, unsigned providers,
                                  size_t payload_size)
{
    uint8_t here[FRAME_MAX], there[FRAME_MAX], payload[FRAME_MAX];
    struct esp_crypto *crypto = crypto_with(providers);
    struct esp_sa *sa = sa_for_suite(suite, true, false), *other = sa_for_suite(suite, true, false);
    struct esp_job job;
    predictable_random(payload, sizeof(payload));
    memcpy(here + esp_payload_offset(sa), payload, payload_size);
    assert_true(esp_frame_payload(sa, crypto, here, payload_size, IPPROTO_NUMBER_IPV4, &job));
    assert_true(esp_cipher_seal(crypto, &sa->cipher, &sa->keys, &job, 1));
    size_t end = payload_size + esp_trailing_size(sa, payload_size);
    uint8_t behind = payload[end];
    assert_true(esp_frame_payload_at(other, crypto, there, payload, payload_size, IPPROTO_NUMBER_IPV4, &job));
    assert_true(esp_cipher_seal(crypto, &other->cipher, &other->keys, &job, 1));
    assert_memory_equal(here, there, esp_sealed_size(sa, payload_size));
    assert_int_equal(payload[end], behind);
    esp_sa_unref(sa);
    esp_sa_unref(other);
    esp_crypto_free(crypto);
}

static void test_a_payload_that_stands_elsewhere_gives_the_same_frame(void **state)
{
    (void)state;
    for (size_t i = 0; i < all_suites_count; i++) {
        if (all_suites[i].encr == ENCR_AES_CBC || all_suites[i].encr == ENCR_3DES ||
            all_suites[i].encr == ENCR_DES)
            continue; /* their IVs are random */
        for (size_t payload_size = 0; payload_size < 1400; payload_size += 173) {
            seal_from_both_places(&all_suites[i], LIBCRYPTO_ONLY, payload_size);
            if (esp_provider(PROVIDER_IPSEC_MB) != NULL)
                seal_from_both_places(&all_suites[i], IPSEC_MB_ONLY, payload_size);
        }
    }
}

static void compare_providers(const struct suite_under_test *suite, bool esn, size_t count)
{
    static struct batch one, other;
    struct esp_crypto *portable = crypto_with(LIBCRYPTO_ONLY), *bulk = crypto_with(IPSEC_MB_ONLY);
    struct esp_sa *out_one = sa_for_suite(suite, true, esn), *out_other = sa_for_suite(suite, true, esn);
    struct esp_sa *in = sa_for_suite(suite, false, esn);
    out_one->sequence = out_other->sequence = in->replay.highest = esn ? 0xffffffff0 : 0;
    unsigned seed = (unsigned)(suite->encr * 1000 + suite->integ);
    srand(seed);
    fill_batch(&one, out_one, portable, count);
    srand(seed);
    fill_batch(&other, out_other, bulk, count);
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(one.sizes[i], other.sizes[i]);
        /* CBC draws its IV from each pool in another order. */
        if (suite->encr != ENCR_AES_CBC)
            assert_memory_equal(one.frames[i], other.frames[i], one.sizes[i]);
    }
    assert_int_equal(open_batch(&one, in, bulk), count);
    struct esp_sa *in_again = sa_for_suite(suite, false, esn);
    in_again->replay.highest = esn ? 0xffffffff0 : 0;
    assert_int_equal(open_batch(&other, in_again, portable), count);
    esp_sa_unref(out_one);
    esp_sa_unref(out_other);
    esp_sa_unref(in);
    esp_sa_unref(in_again);
    esp_crypto_free(portable);
    esp_crypto_free(bulk);
}

static bool is_for_libcrypto_alone(const struct suite_under_test *suite)
{
    return suite->encr == ENCR_3DES || suite->encr == ENCR_DES;
}

static void test_both_providers_agree_on_every_suite(void **state)
{
    (void)state;
    if (esp_provider(PROVIDER_IPSEC_MB) == NULL)
        skip();
    const size_t counts[] = {1, 3, 4, 17, 64};
    for (size_t i = 0; i < all_suites_count; i++) {
        if (is_for_libcrypto_alone(&all_suites[i]))
            continue;
        for (size_t j = 0; j < ARRAY_SIZE(counts); j++) {
            compare_providers(&all_suites[i], false, counts[j]);
            compare_providers(&all_suites[i], true, counts[j]);
        }
    }
}

static void check_altered(const struct suite_under_test *suite, unsigned providers, bool esn)
{
    static struct batch batch;
    struct esp_crypto *crypto = crypto_with(providers);
    struct esp_sa *out = sa_for_suite(suite, true, esn), *in = sa_for_suite(suite, false, esn);
    fill_batch(&batch, out, crypto, 32);
    for (size_t i = 0; i < batch.count; i += 2) { /* every other one gets a flipped bit, not in the SPI */
        size_t at = 4 + (size_t)rand() % (batch.sizes[i] - 4);
        if (at < 8)
            at = 8; /* an altered sequence number may be refused before the cipher */
        batch.frames[i][at] ^= (uint8_t)(1u << rand() % 8);
    }
    assert_int_equal(open_batch(&batch, in, crypto), batch.count / 2);
    assert_int_equal(in->counters.bad_icv, batch.count / 2);
    esp_sa_unref(out);
    esp_sa_unref(in);
    esp_crypto_free(crypto);
}

static void test_nothing_altered_is_opened(void **state)
{
    (void)state;
    for (size_t i = 0; i < all_suites_count; i++) {
        check_altered(&all_suites[i], LIBCRYPTO_ONLY, false);
        check_altered(&all_suites[i], LIBCRYPTO_ONLY, true);
        if (esp_provider(PROVIDER_IPSEC_MB) != NULL && !is_for_libcrypto_alone(&all_suites[i]))
            check_altered(&all_suites[i], IPSEC_MB_ONLY, true);
    }
}

static void test_the_wrong_high_half_of_an_esn_is_not_authentic(void **state)
{
    (void)state;
    static struct batch batch;
    struct esp_crypto *crypto = crypto_with(ESP_ALL_PROVIDERS);
    for (size_t i = 0; i < all_suites_count; i++) {
        struct esp_sa *out = sa_for_suite(&all_suites[i], true, true);
        struct esp_sa *in = sa_for_suite(&all_suites[i], false, true);
        out->sequence = 0x300000100;
        in->replay.highest = 0x200000100;
        fill_batch(&batch, out, crypto, 4);
        assert_int_equal(open_batch(&batch, in, crypto), 0);
        assert_int_equal(in->counters.bad_icv, 4);
        esp_sa_unref(out);
        esp_sa_unref(in);
    }
    esp_crypto_free(crypto);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_gcm_esp_packets_with_esn_open_as_published),
        cmocka_unit_test(test_chacha20_poly1305_packet_of_rfc7634_is_built),
        cmocka_unit_test(test_a_payload_that_stands_elsewhere_gives_the_same_frame),
        cmocka_unit_test(test_both_providers_agree_on_every_suite),
        cmocka_unit_test(test_nothing_altered_is_opened),
        cmocka_unit_test(test_the_wrong_high_half_of_an_esn_is_not_authentic),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
