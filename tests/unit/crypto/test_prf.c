/* PRFs, prf+ and hashes against published vectors. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "crypto/prf.h"
#include "vectors.h"

static bool check_prf(const struct vector *vector)
{
    const struct algorithm *prf = algorithm_named(TRANSFORM_PRF, vector->name);
    const struct bytes data = vector->field[1];
    uint8_t out[PRF_OUTPUT_MAX];
    if (vector->field[2].size != prf->output_size)
        return false;
    /* However the data is cut into parts. */
    for (size_t cut = 0; cut <= data.size; cut += 1 + data.size / 7) {
        const struct bytes parts[] = {bytes_of(data.data, cut), bytes_of(NULL, 0),
                                      bytes_of(data.data + cut, data.size - cut)};
        if (!prf_compute(prf, vector->field[0], parts, ARRAY_SIZE(parts), out) ||
            !bytes_equal(bytes_of(out, prf->output_size), vector->field[2]))
            return false;
    }
    return true;
}

static void prf_gives_the_published_values(void **state)
{
    (void)state;
    vectors_check("prf.txt", 3, check_prf);
}

static bool check_prf_plus(const struct vector *vector)
{
    uint8_t out[512];
    const struct algorithm *prf = algorithm_named(TRANSFORM_PRF, vector->name);
    return prf_plus(prf, vector->field[0], &vector->field[1], 1, out, vector->field[2].size) &&
           bytes_equal(bytes_of(out, vector->field[2].size), vector->field[2]);
}

static void prf_plus_gives_the_published_values(void **state)
{
    (void)state;
    vectors_check("prf_plus.txt", 3, check_prf_plus);
}

static void prf_plus_stops_at_255_rounds(void **state)
{
    (void)state;
    const struct algorithm *prf = algorithm_by_id(TRANSFORM_PRF, PRF_AES128_XCBC);
    const struct bytes seed = bytes_of_text("seed");
    static uint8_t out[256 * 16];
    assert_true(prf_plus(prf, bytes_of_text("key"), &seed, 1, out, 255 * 16));
    assert_false(prf_plus(prf, bytes_of_text("key"), &seed, 1, out, 255 * 16 + 1));
}

static void prf_plus_writes_no_more_than_asked(void **state)
{
    (void)state;
    const struct algorithm *prf = algorithm_by_id(TRANSFORM_PRF, PRF_HMAC_SHA2_256);
    const struct bytes seed = bytes_of_text("seed");
    uint8_t longer[64];
    uint8_t shorter[64];
    memset(shorter, 0xee, sizeof shorter);
    assert_true(prf_plus(prf, bytes_of_text("key"), &seed, 1, longer, 64));
    assert_true(prf_plus(prf, bytes_of_text("key"), &seed, 1, shorter, 33));
    assert_memory_equal(longer, shorter, 33);
    for (size_t i = 33; i < sizeof shorter; i++)
        assert_int_equal(shorter[i], 0xee);
}

/* FIPS 180-4 examples: "abc". */
static void hashes_give_the_published_values(void **state)
{
    (void)state;
    static const struct {
        enum hash_kind kind;
        size_t size;
        uint8_t start[4];
    } expected[] = {
        {HASH_SHA1, 20, {0xa9, 0x99, 0x3e, 0x36}},
        {HASH_SHA2_256, 32, {0xba, 0x78, 0x16, 0xbf}},
        {HASH_SHA2_384, 48, {0xcb, 0x00, 0x75, 0x3f}},
        {HASH_SHA2_512, 64, {0xdd, 0xaf, 0x35, 0xa1}},
    };
    const struct bytes parts[] = {bytes_of_text("a"), bytes_of(NULL, 0), bytes_of_text("bc")};
    for (size_t i = 0; i < ARRAY_SIZE(expected); i++) {
        uint8_t out[65];
        memset(out, 0xee, sizeof out);
        assert_true(hash_compute(expected[i].kind, parts, ARRAY_SIZE(parts), out));
        assert_memory_equal(out, expected[i].start, 4);
        assert_int_equal(out[expected[i].size], 0xee);
    }
}

enum { THREADS = 4, THREAD_ROUNDS = 500 };

static void *compute_in_a_thread(void *data)
{
    bool *ok = data;
    const struct bytes message = bytes_of_text("what do ya want for nothing?");
    const uint8_t expected[] = {0x5b, 0xdc, 0xc1, 0x46, 0xbf, 0x60, 0x75, 0x4e};
    *ok = true;
    for (int i = 0; i < THREAD_ROUNDS; i++) {
        uint8_t out[PRF_OUTPUT_MAX];
        *ok = *ok &&
              prf_compute(algorithm_by_id(TRANSFORM_PRF, PRF_HMAC_SHA2_256), bytes_of_text("Jefe"), &message,
                          1, out) &&
              memcmp(out, expected, sizeof expected) == 0;
    }
    return NULL;
}

static void prf_may_run_in_many_threads(void **state)
{
    (void)state;
    pthread_t threads[THREADS];
    bool ok[THREADS];
    for (size_t i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, compute_in_a_thread, &ok[i]), 0);
    for (size_t i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
        assert_true(ok[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(prf_gives_the_published_values),
        cmocka_unit_test(prf_plus_gives_the_published_values),
        cmocka_unit_test(prf_plus_stops_at_255_rounds),
        cmocka_unit_test(prf_plus_writes_no_more_than_asked),
        cmocka_unit_test(hashes_give_the_published_values),
        cmocka_unit_test(prf_may_run_in_many_threads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
