/* IKEv2 key derivation against published values and against the formulas of RFC 7296. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "crypto/ikev2_keys.h"
#include "vectors.h"

enum { NI, NR, GIR, GIR_NEW, SPI_I, SPI_R, SKEYSEED, DKM, DKM_CHILD, DKM_CHILD_DH, SKEYSEED_REKEYED, FIELDS };

static const struct algorithm *encr(uint16_t id)
{
    return algorithm_by_id(TRANSFORM_ENCR, id);
}

static const struct algorithm *prf(uint16_t id)
{
    return algorithm_by_id(TRANSFORM_PRF, id);
}

/* The vector's 132 bytes are just what HMAC_SHA1, HMAC_SHA1_96 and a 128-bit cipher take. */
static struct ikev2_key_inputs inputs_of(const struct vector *vector)
{
    struct ikev2_key_inputs inputs = {
        .prf = algorithm_named(TRANSFORM_PRF, vector->name),
        .encr = encr(ENCR_AES_CBC),
        .encr_key_bits = 128,
        .integ = algorithm_by_id(TRANSFORM_INTEG, INTEG_HMAC_SHA1_96),
        .shared_secret = vector->field[GIR],
        .nonce_i = vector->field[NI],
        .nonce_r = vector->field[NR],
    };
    memcpy(inputs.spi_i, vector->field[SPI_I].data, 8);
    memcpy(inputs.spi_r, vector->field[SPI_R].data, 8);
    return inputs;
}

static bool follow(const uint8_t **at, const uint8_t *key, size_t size)
{
    bool same = memcmp(*at, key, size) == 0;
    *at += size;
    return same;
}

static bool keys_are(const struct ikev2_keys *keys, const uint8_t *keymat)
{
    return follow(&keymat, keys->sk_d, 20) && follow(&keymat, keys->sk_ai, 20) &&
           follow(&keymat, keys->sk_ar, 20) && follow(&keymat, keys->sk_ei, 16) &&
           follow(&keymat, keys->sk_er, 16) && follow(&keymat, keys->sk_pi, 20) &&
           follow(&keymat, keys->sk_pr, 20);
}

static bool check_first_sa(const struct vector *vector)
{
    struct ikev2_key_inputs inputs = inputs_of(vector);
    struct ikev2_keys keys;
    return ikev2_derive_keys(&inputs, &keys) && keys_are(&keys, vector->field[DKM].data);
}

static void keys_of_an_ike_sa_are_the_published_ones(void **state)
{
    (void)state;
    vectors_check("ikev2.txt", FIELDS, check_first_sa);
}

static bool check_child(const struct vector *vector)
{
    const struct algorithm *hmac = algorithm_named(TRANSFORM_PRF, vector->name);
    struct bytes sk_d = bytes_of(vector->field[DKM].data, hmac->output_size);
    uint8_t out[256];
    return ikev2_derive_child_keymat(hmac, sk_d, bytes_of(NULL, 0), vector->field[NI], vector->field[NR], out,
                                     vector->field[DKM_CHILD].size) &&
           bytes_equal(bytes_of(out, vector->field[DKM_CHILD].size), vector->field[DKM_CHILD]) &&
           ikev2_derive_child_keymat(hmac, sk_d, vector->field[GIR_NEW], vector->field[NI], vector->field[NR],
                                     out, vector->field[DKM_CHILD_DH].size) &&
           bytes_equal(bytes_of(out, vector->field[DKM_CHILD_DH].size), vector->field[DKM_CHILD_DH]);
}

static void keymat_of_a_child_sa_is_the_published_one(void **state)
{
    (void)state;
    vectors_check("ikev2.txt", FIELDS, check_child);
}

/* The published value is SKEYSEED; the keys are prf+ of it. */
static bool check_rekeyed(const struct vector *vector)
{
    struct ikev2_key_inputs inputs = inputs_of(vector);
    const struct bytes parts[] = {inputs.nonce_i, inputs.nonce_r, vector->field[SPI_I], vector->field[SPI_R]};
    struct ikev2_keys keys;
    uint8_t keymat[132];
    inputs.old_prf = inputs.prf;
    inputs.old_sk_d = bytes_of(vector->field[DKM].data, inputs.prf->output_size);
    inputs.shared_secret = vector->field[GIR_NEW];
    return ikev2_derive_keys(&inputs, &keys) &&
           prf_plus(inputs.prf, vector->field[SKEYSEED_REKEYED], parts, ARRAY_SIZE(parts), keymat,
                    sizeof keymat) &&
           keys_are(&keys, keymat);
}

static void keys_of_a_rekeyed_ike_sa_come_from_the_published_skeyseed(void **state)
{
    (void)state;
    vectors_check("ikev2.txt", FIELDS, check_rekeyed);
}

static const uint8_t nonce_i[32] = {1, 2, 3, 4, 5, 6, 7, 8, 9};
static const uint8_t nonce_r[32] = {11, 12, 13, 14, 15, 16, 17, 18, 19};
static const uint8_t secret[32] = {21, 22, 23};

/* Rekeying into another PRF: the old one makes SKEYSEED, the new one the keys (RFC 7296 2.18). */
static void a_rekeyed_sa_may_change_its_prf(void **state)
{
    (void)state;
    const uint8_t old_sk_d[64] = {31};
    struct ikev2_key_inputs inputs = {
        .prf = prf(PRF_HMAC_SHA2_256),
        .encr = encr(ENCR_AES_GCM_16),
        .encr_key_bits = 256,
        .shared_secret = bytes_of(secret, sizeof secret),
        .nonce_i = bytes_of(nonce_i, sizeof nonce_i),
        .nonce_r = bytes_of(nonce_r, sizeof nonce_r),
        .spi_i = {1},
        .spi_r = {2},
        .old_prf = prf(PRF_HMAC_SHA2_512),
        .old_sk_d = bytes_of(old_sk_d, sizeof old_sk_d),
    };
    const struct bytes seed_parts[] = {inputs.shared_secret, inputs.nonce_i, inputs.nonce_r};
    const struct bytes parts[] = {inputs.nonce_i, inputs.nonce_r, bytes_of(inputs.spi_i, 8),
                                  bytes_of(inputs.spi_r, 8)};
    uint8_t skeyseed[64];
    uint8_t keymat[3 * 32 + 2 * 36];
    struct ikev2_keys keys;
    assert_true(prf_compute(inputs.old_prf, inputs.old_sk_d, seed_parts, 3, skeyseed));
    assert_true(prf_plus(inputs.prf, bytes_of(skeyseed, 64), parts, 4, keymat, sizeof keymat));
    assert_true(ikev2_derive_keys(&inputs, &keys));
    assert_memory_equal(keys.sk_d, keymat, 32);
    assert_memory_equal(keys.sk_ei, keymat + 32, 36);
    assert_memory_equal(keys.sk_er, keymat + 68, 36);
    assert_memory_equal(keys.sk_pi, keymat + 104, 32);
    assert_memory_equal(keys.sk_pr, keymat + 136, 32);
}

/* RFC 7296 2.14: 64 bits of each nonce make the key of a PRF whose key has a fixed size. */
static void fixed_key_prfs_take_half_their_key_from_each_nonce(void **state)
{
    (void)state;
    static const uint16_t ids[] = {PRF_AES128_XCBC, PRF_AES128_CMAC};
    for (size_t i = 0; i < ARRAY_SIZE(ids); i++) {
        struct ikev2_key_inputs inputs = {
            .prf = prf(ids[i]),
            .encr = encr(ENCR_AES_GCM_16),
            .encr_key_bits = 128,
            .shared_secret = bytes_of(secret, sizeof secret),
            .nonce_i = bytes_of(nonce_i, sizeof nonce_i),
            .nonce_r = bytes_of(nonce_r, sizeof nonce_r),
        };
        const struct bytes parts[] = {inputs.nonce_i, inputs.nonce_r, bytes_of(inputs.spi_i, 8),
                                      bytes_of(inputs.spi_r, 8)};
        uint8_t key[16];
        uint8_t skeyseed[16];
        uint8_t sk_d[16];
        struct ikev2_keys keys;
        memcpy(key, nonce_i, 8);
        memcpy(key + 8, nonce_r, 8);
        assert_true(prf_compute(inputs.prf, bytes_of(key, 16), &inputs.shared_secret, 1, skeyseed));
        assert_true(prf_plus(inputs.prf, bytes_of(skeyseed, 16), parts, 4, sk_d, sizeof sk_d));
        assert_true(ikev2_derive_keys(&inputs, &keys));
        assert_memory_equal(keys.sk_d, sk_d, sizeof sk_d);
    }
}

static void nonces_longer_than_the_protocol_allows_are_refused(void **state)
{
    (void)state;
    static const uint8_t nonce[257];
    struct ikev2_keys keys;
    struct ikev2_key_inputs inputs = {
        .prf = prf(PRF_HMAC_SHA2_256),
        .encr = encr(ENCR_AES_GCM_16),
        .encr_key_bits = 128,
        .shared_secret = bytes_of(secret, sizeof secret),
        .nonce_i = bytes_of(nonce, 256),
        .nonce_r = bytes_of(nonce, 256),
    };
    assert_true(ikev2_derive_keys(&inputs, &keys));
    inputs.nonce_r = bytes_of(nonce, 257);
    assert_false(ikev2_derive_keys(&inputs, &keys));
}

/* prf(prf("secret", "Key Pad for IKEv2"), "message" | "nonce" | prf(SK_p, "identity")), computed elsewhere.
 */
static void auth_of_a_shared_key_is_the_formula_of_rfc_7296(void **state)
{
    (void)state;
    static const uint8_t expected[32] = {0xb3, 0x8e, 0x6b, 0x70, 0xbe, 0xbe, 0x26, 0x68, 0x84, 0xd4, 0x4f,
                                         0xc1, 0xf5, 0xdc, 0xb2, 0x0e, 0xf0, 0x33, 0x97, 0x4a, 0xef, 0x2b,
                                         0x7a, 0x4f, 0x9b, 0xb9, 0x24, 0xde, 0x97, 0x94, 0x0d, 0x5a};
    uint8_t sk_p[32];
    uint8_t out[PRF_OUTPUT_MAX];
    memset(sk_p, 0x42, sizeof sk_p);
    assert_true(ikev2_psk_auth(prf(PRF_HMAC_SHA2_256), bytes_of_text("secret"), bytes_of_text("message"),
                               bytes_of_text("nonce"), bytes_of(sk_p, sizeof sk_p), bytes_of_text("identity"),
                               out));
    assert_memory_equal(out, expected, sizeof expected);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys_of_an_ike_sa_are_the_published_ones),
        cmocka_unit_test(keymat_of_a_child_sa_is_the_published_one),
        cmocka_unit_test(keys_of_a_rekeyed_ike_sa_come_from_the_published_skeyseed),
        cmocka_unit_test(a_rekeyed_sa_may_change_its_prf),
        cmocka_unit_test(fixed_key_prfs_take_half_their_key_from_each_nonce),
        cmocka_unit_test(nonces_longer_than_the_protocol_allows_are_refused),
        cmocka_unit_test(auth_of_a_shared_key_is_the_formula_of_rfc_7296),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
