/* The algorithm table and its look-ups. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "crypto/key_exchange.h"
#include "crypto/packet_cipher.h"
#include "crypto/prf.h"
#include "vectors.h"

static void no_id_stands_twice_in_a_type(void **state)
{
    (void)state;
    const struct algorithm *algorithm;
    for (size_t i = 0; (algorithm = algorithm_at(i)) != NULL; i++)
        assert_ptr_equal(algorithm_by_id(algorithm->type, algorithm->id), algorithm);
}

static void every_name_and_alias_finds_its_own_entry(void **state)
{
    (void)state;
    const struct algorithm *algorithm;
    for (size_t i = 0; (algorithm = algorithm_at(i)) != NULL; i++) {
        assert_ptr_equal(algorithm_named(algorithm->type, algorithm->name), algorithm);
        for (size_t j = 0; j < ALGORITHM_ALIASES && algorithm->aliases[j] != NULL; j++)
            assert_ptr_equal(algorithm_named(algorithm->type, algorithm->aliases[j]), algorithm);
    }
}

static void names_are_found_in_any_case_and_with_dash_or_underscore(void **state)
{
    (void)state;
    assert_int_equal(algorithm_named(TRANSFORM_ENCR, "aes_gcm_16")->id, ENCR_AES_GCM_16);
    assert_int_equal(algorithm_named(TRANSFORM_ENCR, "AES-GCM-16")->id, ENCR_AES_GCM_16);
    assert_int_equal(algorithm_named(TRANSFORM_INTEG, "Sha2-512-256")->id, INTEG_HMAC_SHA2_512_256);
    assert_int_equal(algorithm_named(TRANSFORM_KE, "X25519")->id, KE_X25519);
}

static void a_name_is_matched_whole(void **state)
{
    (void)state;
    assert_null(algorithm_by_name(TRANSFORM_ENCR, "aes_gcm_1", 9));
    assert_null(algorithm_by_name(TRANSFORM_ENCR, "aes_gcm_166", 11));
    assert_null(algorithm_by_name(TRANSFORM_ENCR, "", 0));
    assert_int_equal(algorithm_by_name(TRANSFORM_ENCR, "aes128", 3)->id, ENCR_AES_CBC);
}

static void a_name_belongs_to_its_transform_type(void **state)
{
    (void)state;
    assert_null(algorithm_by_name(TRANSFORM_PRF, "aes_gcm", 7));
    assert_int_equal(algorithm_named(TRANSFORM_PRF, "sha2")->id, PRF_HMAC_SHA2_256);
    assert_int_equal(algorithm_named(TRANSFORM_INTEG, "sha2")->id, INTEG_HMAC_SHA2_256_128);
}

static void weak_algorithms_are_known_but_ikev2_has_no_use_for_them(void **state)
{
    (void)state;
    const unsigned ikev2 = USE_IKEV2_IKE | USE_IKEV2_ESP | USE_IKEV2_AH;
    const struct algorithm *weak[] = {algorithm_named(TRANSFORM_KE, "modp1024"),
                                      algorithm_named(TRANSFORM_KE, "modp768"),
                                      algorithm_named(TRANSFORM_ENCR, "des")};
    for (size_t i = 0; i < ARRAY_SIZE(weak); i++) {
        assert_true(weak[i]->is_weak);
        assert_int_equal(weak[i]->uses & ikev2, 0);
    }
    assert_int_equal(algorithm_named(TRANSFORM_KE, "dh22")->uses, 0);
}

static void md5_is_weak_but_has_its_uses_in_both_versions(void **state)
{
    (void)state;
    const struct algorithm *prf = algorithm_named(TRANSFORM_PRF, "md5");
    const struct algorithm *integ = algorithm_named(TRANSFORM_INTEG, "md5");
    assert_true(prf->is_weak && integ->is_weak);
    assert_int_equal(prf->uses, USE_IKEV2_IKE | USE_IKEV1_IKE);
    assert_true((integ->uses & USE_IKEV2_IKE) && (integ->uses & USE_IKEV1_IKE));
    assert_ptr_equal(algorithm_integ_of_prf(prf), integ);
}

static void prf_and_integrity_of_one_hash_find_each_other(void **state)
{
    (void)state;
    const struct algorithm *prf = algorithm_by_id(TRANSFORM_PRF, PRF_HMAC_SHA2_256);
    const struct algorithm *integ = algorithm_by_id(TRANSFORM_INTEG, INTEG_HMAC_SHA2_256_128);
    assert_ptr_equal(algorithm_integ_of_prf(prf), integ);
    assert_ptr_equal(algorithm_prf_of_integ(integ), prf);
    assert_int_equal(algorithm_integ_of_prf(algorithm_by_id(TRANSFORM_PRF, PRF_AES128_XCBC))->id,
                     INTEG_AES_XCBC_96);
    assert_null(algorithm_prf_of_integ(algorithm_by_id(TRANSFORM_INTEG, INTEG_NONE)));
}

static void key_lengths_are_those_of_the_cipher(void **state)
{
    (void)state;
    const struct algorithm *aes = algorithm_by_id(TRANSFORM_ENCR, ENCR_AES_CBC);
    assert_int_equal(aes->key_bits[0], 128);
    assert_true(algorithm_takes_key_bits(aes, 192));
    assert_true(algorithm_takes_key_bits(aes, 256));
    assert_false(algorithm_takes_key_bits(aes, 512));
    assert_false(algorithm_takes_key_bits(aes, 0));
    assert_false(algorithm_by_id(TRANSFORM_ENCR, ENCR_CHACHA20_POLY1305)->has_key_length);
    assert_false(algorithm_by_id(TRANSFORM_ENCR, ENCR_3DES)->has_key_length);
}

/* What the sizes promise is what callers' buffers are made for. */
static void sizes_fit_the_fixed_buffers(void **state)
{
    (void)state;
    const struct algorithm *algorithm;
    for (size_t i = 0; (algorithm = algorithm_at(i)) != NULL; i++) {
        assert_true(algorithm->output_size <= PRF_OUTPUT_MAX);
        assert_true(algorithm->iv_size <= CIPHER_IV_MAX);
        assert_true(algorithm->icv_size <= CIPHER_ICV_MAX);
        assert_true(algorithm->type != TRANSFORM_INTEG || algorithm->key_size <= INTEG_KEY_MAX);
        assert_true(algorithm->type != TRANSFORM_ENCR || algorithm->block_size > 0);
        for (size_t j = 0; j < ALGORITHM_KEY_LENGTHS; j++)
            assert_true(packet_encr_key_size(algorithm, algorithm->key_bits[j]) <= CIPHER_KEY_MAX);
        if (algorithm->type == TRANSFORM_KE) {
            assert_true(ke_public_size(algorithm) <= KE_PUBLIC_MAX);
            assert_true(ke_secret_size(algorithm) <= KE_SECRET_MAX);
            assert_true((algorithm->uses != 0 && algorithm->id != KE_NONE) ==
                        (ke_public_size(algorithm) > 0));
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_id_stands_twice_in_a_type),
        cmocka_unit_test(every_name_and_alias_finds_its_own_entry),
        cmocka_unit_test(names_are_found_in_any_case_and_with_dash_or_underscore),
        cmocka_unit_test(a_name_is_matched_whole),
        cmocka_unit_test(a_name_belongs_to_its_transform_type),
        cmocka_unit_test(weak_algorithms_are_known_but_ikev2_has_no_use_for_them),
        cmocka_unit_test(md5_is_weak_but_has_its_uses_in_both_versions),
        cmocka_unit_test(prf_and_integrity_of_one_hash_find_each_other),
        cmocka_unit_test(key_lengths_are_those_of_the_cipher),
        cmocka_unit_test(sizes_fit_the_fixed_buffers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
