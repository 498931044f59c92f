/* Key exchange: published values, both roles, and what a hostile peer may send. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/text.h"
#include "crypto/key_exchange.h"
#include "vectors.h"

static const struct algorithm *ke(uint16_t id)
{
    return algorithm_by_id(TRANSFORM_KE, id);
}

static const struct algorithm *next_runnable(size_t *index)
{
    const struct algorithm *algorithm;
    while ((algorithm = algorithm_at((*index)++)) != NULL)
        if (algorithm->type == TRANSFORM_KE && ke_public_size(algorithm) > 0)
            return algorithm;
    return NULL;
}

static bool is_ecx(const struct algorithm *group)
{
    return group->id == KE_X25519 || group->id == KE_X448;
}

/* A published private key: little-endian bytes for X25519 and X448, else a big-endian number. */
static struct ke_private private_of(const struct algorithm *group, struct bytes bytes)
{
    struct ke_private private = {0};
    memcpy(private.scalar + (is_ecx(group) ? 0 : KE_SEED_SIZE - bytes.size), bytes.data, bytes.size);
    return private;
}

static bool derives(const struct algorithm *group, struct bytes private, struct bytes peer,
                    struct bytes expected)
{
    struct ke_private own = private_of(group, private);
    uint8_t secret[KE_SECRET_MAX];
    return expected.size == ke_secret_size(group) && ke_derive(group, &own, peer, secret, NULL) &&
           bytes_equal(bytes_of(secret, expected.size), expected);
}

static bool check_shared_secret(const struct vector *vector)
{
    const struct algorithm *group = algorithm_named(TRANSFORM_KE, vector->name);
    return derives(group, vector->field[0], vector->field[3], vector->field[4]) &&
           derives(group, vector->field[1], vector->field[2], vector->field[4]);
}

static void shared_secrets_are_the_published_ones(void **state)
{
    (void)state;
    vectors_check("ke.txt", 5, check_shared_secret);
}

/* The seed that makes this private key: ECP groups compute 1 + seed mod (n - 1). */
static void seed_of(const struct algorithm *group, struct bytes private, uint8_t seed[static KE_SEED_SIZE])
{
    struct ke_private number = private_of(group, private);
    memcpy(seed, number.scalar, KE_SEED_SIZE);
    if (!is_ecx(group))
        for (size_t i = KE_SEED_SIZE; i-- > 0 && seed[i]-- == 0;)
            continue;
}

static bool check_public_value(const struct vector *vector)
{
    const struct algorithm *group = algorithm_named(TRANSFORM_KE, vector->name);
    uint8_t out[KE_PUBLIC_MAX];
    if (strncmp(group->name, "MODP", 4) == 0) {
        uint8_t generator[KE_PUBLIC_MAX] = {0};
        generator[ke_public_size(group) - 1] = 2;
        return derives(group, vector->field[0], bytes_of(generator, ke_public_size(group)), vector->field[2]);
    }
    struct ke_private private;
    uint8_t seed[KE_SEED_SIZE];
    seed_of(group, vector->field[0], seed);
    return ke_generate(group, seed, &private, out) &&
           bytes_equal(bytes_of(out, ke_public_size(group)), vector->field[2]);
}

static void public_values_are_the_published_ones(void **state)
{
    (void)state;
    vectors_check("ke.txt", 5, check_public_value);
}

static bool check_edge_case(const struct vector *vector)
{
    const struct algorithm *group = algorithm_named(TRANSFORM_KE, vector->name);
    if (vector->field[2].size > 0)
        return derives(group, vector->field[0], vector->field[1], vector->field[2]);
    struct ke_private own = private_of(group, vector->field[0]);
    uint8_t secret[KE_SECRET_MAX];
    uint8_t untouched[KE_SECRET_MAX];
    struct error error = {0};
    memset(secret, 0xee, sizeof secret);
    memset(untouched, 0xee, sizeof untouched);
    return !ke_derive(group, &own, vector->field[1], secret, &error) && error.text[0] != '\0' &&
           memcmp(secret, untouched, sizeof secret) == 0;
}

static void edge_cases_give_their_secret_or_are_refused(void **state)
{
    (void)state;
    vectors_check("ke_edge.txt", 3, check_edge_case);
}

static void fill(uint8_t *bytes, size_t size, uint32_t seed)
{
    for (size_t i = 0; i < size; i++) {
        seed = seed * 1664525 + 1013904223;
        bytes[i] = (uint8_t)(seed >> 24);
    }
}

/* RFC 7748 6: however it is computed, it is the scalar times the base point. */
static bool public_is_multiple_of_base(const struct algorithm *group, uint8_t base, const uint8_t *seed)
{
    uint8_t point[KE_PUBLIC_MAX] = {base};
    uint8_t public[KE_PUBLIC_MAX];
    uint8_t product[KE_SECRET_MAX];
    size_t size = ke_public_size(group);
    struct ke_private private;
    return ke_generate(group, seed, &private, public) &&
           ke_derive(group, &private, bytes_of(point, size), product, NULL) &&
           memcmp(public, product, size) == 0;
}

static void montgomery_public_values_are_multiples_of_the_base_point(void **state)
{
    (void)state;
    uint8_t seed[KE_SEED_SIZE];
    for (uint32_t i = 0; i < 300; i++) {
        fill(seed, sizeof seed, i);
        if (i < 2)
            memset(seed, i == 0 ? 0 : 0xff, sizeof seed);
        assert_true(public_is_multiple_of_base(ke(KE_X25519), 9, seed));
        assert_true(public_is_multiple_of_base(ke(KE_X448), 5, seed));
    }
}

static bool both_sides_agree(const struct algorithm *group, uint32_t number)
{
    size_t size = ke_public_size(group);
    uint8_t seed_i[KE_SEED_SIZE];
    uint8_t seed_r[KE_SEED_SIZE];
    uint8_t public_i[KE_PUBLIC_MAX];
    uint8_t public_r[KE_PUBLIC_MAX];
    uint8_t secret_i[KE_SECRET_MAX];
    uint8_t secret_r[KE_SECRET_MAX];
    struct ke_private private;
    fill(seed_i, sizeof seed_i, number);
    fill(seed_r, sizeof seed_r, ~number);
    return ke_generate(group, seed_i, &private, public_i) &&
           ke_respond(group, seed_r, bytes_of(public_i, size), public_r, secret_r, NULL) &&
           ke_derive(group, &private, bytes_of(public_r, size), secret_i, NULL) &&
           memcmp(secret_i, secret_r, ke_secret_size(group)) == 0;
}

static void initiator_and_responder_agree_in_every_group(void **state)
{
    (void)state;
    const struct algorithm *group;
    for (size_t i = 0; (group = next_runnable(&i)) != NULL;)
        assert_true(both_sides_agree(group, 7));
}

/* Responding is generating and deriving, from the same seed. */
static void answers_depend_on_the_seed_alone(void **state)
{
    (void)state;
    const struct algorithm *group;
    for (size_t i = 0; (group = next_runnable(&i)) != NULL;) {
        size_t size = ke_public_size(group);
        uint8_t seed[KE_SEED_SIZE];
        uint8_t peer[KE_PUBLIC_MAX];
        uint8_t public_value[2][KE_PUBLIC_MAX];
        uint8_t secret[2][KE_SECRET_MAX];
        struct ke_private private;
        fill(seed, sizeof seed, 99);
        assert_true(ke_generate(group, seed, &private, peer));
        fill(seed, sizeof seed, 100);
        assert_true(ke_generate(group, seed, &private, public_value[0]));
        assert_true(ke_derive(group, &private, bytes_of(peer, size), secret[0], NULL));
        assert_true(ke_respond(group, seed, bytes_of(peer, size), public_value[1], secret[1], NULL));
        assert_memory_equal(public_value[0], public_value[1], size);
        assert_memory_equal(secret[0], secret[1], ke_secret_size(group));
    }
}

/* Even a broken random generator gives a valid private key. */
static void extreme_seeds_still_give_a_key(void **state)
{
    (void)state;
    const struct algorithm *group;
    for (size_t i = 0; (group = next_runnable(&i)) != NULL;) {
        uint8_t seed[KE_SEED_SIZE];
        uint8_t out[KE_PUBLIC_MAX];
        struct ke_private private;
        memset(seed, 0, sizeof seed);
        assert_true(ke_generate(group, seed, &private, out));
        memset(seed, 0xff, sizeof seed);
        assert_true(ke_generate(group, seed, &private, out));
    }
}

/* n - 1 is where 1 + seed mod (n - 1) wraps around: the private key is then 1 and the public value G itself.
 */
static void a_seed_of_the_order_less_one_gives_the_base_point(void **state)
{
    (void)state;
    static const char order[] = "FFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551";
    static const char base_x[] = "6B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C296";
    uint8_t seed[KE_SEED_SIZE] = {0};
    uint8_t x[32];
    uint8_t out[64];
    struct ke_private private;
    hex_decode(order, sizeof order - 1, seed + KE_SEED_SIZE - 32, 32);
    hex_decode(base_x, sizeof base_x - 1, x, sizeof x);
    seed[KE_SEED_SIZE - 1]--;
    assert_true(ke_generate(ke(KE_ECP256), seed, &private, out));
    assert_memory_equal(out, x, sizeof x);
}

static void a_peer_value_of_another_size_is_refused(void **state)
{
    (void)state;
    const struct algorithm *group;
    const uint8_t seed[KE_SEED_SIZE] = {1};
    static uint8_t peer[KE_PUBLIC_MAX + 1];
    for (size_t i = 0; (group = next_runnable(&i)) != NULL;) {
        uint8_t public_value[KE_PUBLIC_MAX];
        uint8_t secret[KE_SECRET_MAX];
        struct error error = {0};
        const size_t wrong[] = {0, 1, ke_public_size(group) - 1, ke_public_size(group) + 1};
        fill(peer, sizeof peer, 5);
        for (size_t j = 0; j < ARRAY_SIZE(wrong); j++) {
            assert_false(ke_respond(group, seed, bytes_of(peer, wrong[j]), public_value, secret, &error));
            assert_non_null(strstr(error.text, group->name));
        }
    }
}

/* RFC 6989 2.1: 1 < y < p - 1. The groups' primes end in 64 one bits. */
static void modp_values_outside_the_range_are_refused(void **state)
{
    (void)state;
    static const uint8_t prime_start[] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
                                          0xff, 0xff, 0xc9, 0x0f, 0xda, 0xa2};
    const uint8_t seed[KE_SEED_SIZE] = {1};
    uint8_t peer[256] = {0};
    uint8_t out[256];
    uint8_t secret[256];
    assert_false(ke_respond(ke(KE_MODP2048), seed, bytes_of(peer, 256), out, secret, NULL));
    peer[255] = 1;
    assert_false(ke_respond(ke(KE_MODP2048), seed, bytes_of(peer, 256), out, secret, NULL));
    peer[255] = 2;
    assert_true(ke_respond(ke(KE_MODP2048), seed, bytes_of(peer, 256), out, secret, NULL));
    memset(peer, 0xff, sizeof peer);
    assert_false(ke_respond(ke(KE_MODP2048), seed, bytes_of(peer, 256), out, secret, NULL));
    memcpy(peer, prime_start, sizeof prime_start);
    assert_false(ke_respond(ke(KE_MODP2048), seed, bytes_of(peer, 256), out, secret, NULL));
}

static void modp_refuses_one_less_than_the_prime(void **state)
{
    (void)state;
    /* p of MODP2048 (RFC 3526 3). */
    static const char prime[] =
        "FFFFFFFFFFFFFFFFC90FDAA22168C234C4C6628B80DC1CD129024E088A67CC74020BBEA63B139B22514A08798E3404DD"
        "EF9519B3CD3A431B302B0A6DF25F14374FE1356D6D51C245E485B576625E7EC6F44C42E9A637ED6B0BFF5CB6F406B7ED"
        "EE386BFB5A899FA5AE9F24117C4B1FE649286651ECE45B3DC2007CB8A163BF0598DA48361C55D39A69163FA8FD24CF5F"
        "83655D23DCA3AD961C62F356208552BB9ED529077096966D670C354E4ABC9804F1746C08CA18217C32905E462E36CE3B"
        "E39E772C180E86039B2783A2EC07A28FB5C55DF06F4C52C9DE2BCBF6955817183995497CEA956AE515D2261898FA0510"
        "15728E5A8AACAA68FFFFFFFFFFFFFFFF";
    const uint8_t seed[KE_SEED_SIZE] = {1};
    uint8_t peer[256];
    uint8_t out[256];
    uint8_t secret[256];
    assert_int_equal(hex_decode(prime, sizeof prime - 1, peer, sizeof peer), 256);
    assert_false(ke_respond(ke(KE_MODP2048), seed, bytes_of(peer, 256), out, secret, NULL));
    peer[255] = 0xfe; /* p - 1 */
    assert_false(ke_respond(ke(KE_MODP2048), seed, bytes_of(peer, 256), out, secret, NULL));
    peer[255] = 0xfd; /* p - 2 */
    assert_true(ke_respond(ke(KE_MODP2048), seed, bytes_of(peer, 256), out, secret, NULL));
}

static void points_off_the_curve_are_refused(void **state)
{
    (void)state;
    static const uint16_t ids[] = {KE_ECP256, 20, 21};
    for (size_t i = 0; i < ARRAY_SIZE(ids); i++) {
        const struct algorithm *group = ke(ids[i]);
        size_t size = ke_public_size(group);
        uint8_t seed[KE_SEED_SIZE];
        uint8_t peer[KE_PUBLIC_MAX];
        uint8_t out[KE_PUBLIC_MAX];
        uint8_t secret[KE_SECRET_MAX];
        struct ke_private private;
        fill(seed, sizeof seed, 3);
        assert_true(ke_generate(group, seed, &private, peer));
        for (size_t at = 0; at < size; at += 7) {
            peer[at] ^= 0x10;
            assert_false(ke_respond(group, seed, bytes_of(peer, size), out, secret, NULL));
            peer[at] ^= 0x10;
        }
        memset(peer, 0, size);
        assert_false(ke_respond(group, seed, bytes_of(peer, size), out, secret, NULL));
        memset(peer, 0xff, size);
        assert_false(ke_respond(group, seed, bytes_of(peer, size), out, secret, NULL));
    }
}

static void a_group_that_cannot_be_run_is_refused_by_name(void **state)
{
    (void)state;
    const uint8_t seed[KE_SEED_SIZE] = {1};
    uint8_t out[1];
    struct error error = {0};
    assert_int_equal(ke_public_size(ke(22)), 0);
    assert_false(ke_respond(ke(22), seed, bytes_of(NULL, 0), out, out, &error));
    assert_non_null(strstr(error.text, "DH22"));
}

enum { THREADS = 4 };

static void *agree_in_a_thread(void *data)
{
    static const uint16_t ids[] = {KE_X25519, KE_ECP256, KE_MODP2048, KE_X448};
    bool *ok = data;
    *ok = true;
    for (uint32_t i = 0; i < 8; i++)
        *ok = *ok && both_sides_agree(ke(ids[i % ARRAY_SIZE(ids)]), i);
    return NULL;
}

static void key_exchange_may_run_in_many_threads(void **state)
{
    (void)state;
    pthread_t threads[THREADS];
    bool ok[THREADS];
    for (size_t i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, agree_in_a_thread, &ok[i]), 0);
    for (size_t i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
        assert_true(ok[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(key_exchange_may_run_in_many_threads),
        cmocka_unit_test(shared_secrets_are_the_published_ones),
        cmocka_unit_test(public_values_are_the_published_ones),
        cmocka_unit_test(montgomery_public_values_are_multiples_of_the_base_point),
        cmocka_unit_test(edge_cases_give_their_secret_or_are_refused),
        cmocka_unit_test(initiator_and_responder_agree_in_every_group),
        cmocka_unit_test(answers_depend_on_the_seed_alone),
        cmocka_unit_test(extreme_seeds_still_give_a_key),
        cmocka_unit_test(a_seed_of_the_order_less_one_gives_the_base_point),
        cmocka_unit_test(a_peer_value_of_another_size_is_refused),
        cmocka_unit_test(modp_values_outside_the_range_are_refused),
        cmocka_unit_test(modp_refuses_one_less_than_the_prime),
        cmocka_unit_test(points_off_the_curve_are_refused),
        cmocka_unit_test(a_group_that_cannot_be_run_is_refused_by_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
