/* Signatures: published ones verify and spoilt ones do not, ours verify, AlgorithmIdentifiers are read. */
#include "crypto/signature.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
/* clang-format off */
#include <cmocka.h>
/* clang-format on */
#include <openssl/evp.h>

#include "base/text.h"
#include "vectors.h"

/* ---- published ones ---- */

static const struct {
    const char *name;
    enum signature_form form;
    enum signature_hash hash;
} names[] = {
    {"FIXED_SHA2_256", SIGNATURE_ECDSA_FIXED, SIGNATURE_HASH_SHA2_256},
    {"FIXED_SHA2_384", SIGNATURE_ECDSA_FIXED, SIGNATURE_HASH_SHA2_384},
    {"FIXED_SHA2_512", SIGNATURE_ECDSA_FIXED, SIGNATURE_HASH_SHA2_512},
    {"PKCS1_SHA2_256", SIGNATURE_PKCS1, SIGNATURE_HASH_SHA2_256},
    {"PKCS1_SHA2_384", SIGNATURE_PKCS1, SIGNATURE_HASH_SHA2_384},
    {"PKCS1_SHA2_512", SIGNATURE_PKCS1, SIGNATURE_HASH_SHA2_512},
    {"PSS_SHA2_256", SIGNATURE_PSS, SIGNATURE_HASH_SHA2_256},
    {"ECDSA_SHA2_256", SIGNATURE_ECDSA, SIGNATURE_HASH_SHA2_256},
    {"ECDSA_SHA2_384", SIGNATURE_ECDSA, SIGNATURE_HASH_SHA2_384},
    {"ECDSA_SHA2_512", SIGNATURE_ECDSA, SIGNATURE_HASH_SHA2_512},
    {"EDDSA", SIGNATURE_EDDSA, SIGNATURE_HASH_IDENTITY},
};

static bool check_published(const struct vector *vector)
{
    struct error error = {0};
    struct public_key *key = public_key_of_spki(vector->field[1], &error);
    if (key == NULL)
        fail_msg("%s", error.text);
    const struct signature_algorithm *algorithm = NULL;
    for (size_t i = 0; i < ARRAY_SIZE(names); i++)
        if (strcmp(names[i].name, vector->name) == 0)
            algorithm = signature_algorithm_of(key->kind, names[i].form, names[i].hash, key->curve);
    assert_non_null(algorithm);
    bool is_good = signature_verify(algorithm, key, vector->field[2], vector->field[3], &error);
    public_key_free(key);
    return is_good == (vector->field[0].data[0] == 1);
}

static void published_signatures_are_judged_rightly(void **state)
{
    (void)state;
    vectors_check("signature.txt", 4, check_published);
}

/* ---- our own ---- */

static struct private_key *generate(const char *type, const char *curve, size_t bits)
{
    EVP_PKEY *handle = curve != NULL ? EVP_PKEY_Q_keygen(NULL, NULL, type, curve)
                       : bits > 0    ? EVP_PKEY_Q_keygen(NULL, NULL, type, bits)
                                     : EVP_PKEY_Q_keygen(NULL, NULL, type);
    struct private_key *key = private_key_of_handle(handle, NULL);
    assert_non_null(key);
    return key;
}

static void check_all_of(struct private_key *key)
{
    uint8_t made[SIGNATURE_SIZE_MAX], spoilt[32];
    memset(spoilt, 7, sizeof(spoilt));
    struct bytes message = bytes_of("0123456789abcdef0123456789abcdef", 32);
    size_t tried = 0;
    for (unsigned form = SIGNATURE_PKCS1_BARE; form <= SIGNATURE_EDDSA; form++) {
        for (unsigned hash = SIGNATURE_HASH_NONE; hash <= SIGNATURE_HASH_IDENTITY; hash++) {
            const struct signature_algorithm *algorithm =
                signature_algorithm_of(key->public_key->kind, (enum signature_form)form,
                                       (enum signature_hash)hash, key->public_key->curve);
            size_t size = 0;
            struct error error = {0};
            if (algorithm == NULL)
                continue;
            if (!signature_sign(algorithm, key, message, made, &size, &error))
                fail_msg("%s: %s", algorithm->name, error.text);
            if (!signature_verify(algorithm, key->public_key, message, bytes_of(made, size), &error))
                fail_msg("%s: %s", algorithm->name, error.text);
            assert_false(signature_verify(algorithm, key->public_key, bytes_of(spoilt, sizeof(spoilt)),
                                          bytes_of(made, size), &error));
            made[size / 2] ^= 1;
            assert_false(signature_verify(algorithm, key->public_key, message, bytes_of(made, size), &error));
            assert_false(signature_verify(algorithm, key->public_key, message, bytes_of(made, 0), &error));
            tried++;
        }
    }
    assert_true(tried > 0);
    private_key_free(key);
}

static void what_we_sign_is_what_we_verify(void **state)
{
    (void)state;
    check_all_of(generate("RSA", NULL, 2048));
    check_all_of(generate("EC", "P-256", 0));
    check_all_of(generate("EC", "P-384", 0));
    check_all_of(generate("EC", "P-521", 0));
    check_all_of(generate("ED25519", NULL, 0));
    check_all_of(generate("ED448", NULL, 0));
}

static void a_key_of_another_kind_or_too_short_is_refused_by_name(void **state)
{
    (void)state;
    struct private_key *small = generate("RSA", NULL, 1024), *point = generate("EC", "P-384", 0);
    const struct signature_algorithm *rsa =
        signature_algorithm_of(KEY_RSA, SIGNATURE_PKCS1, SIGNATURE_HASH_SHA1, CURVE_NONE);
    const struct signature_algorithm *fixed =
        signature_algorithm_of(KEY_ECDSA, SIGNATURE_ECDSA_FIXED, SIGNATURE_HASH_SHA2_256, CURVE_P256);
    uint8_t made[SIGNATURE_SIZE_MAX];
    size_t size;
    struct error error;
    assert_false(signature_sign(rsa, small, bytes_of("x", 1), made, &size, &error));
    assert_string_equal(error.text, "an RSA key of 1024 bits proves nothing; 2048 are the least");
    assert_false(signature_sign(rsa, point, bytes_of("x", 1), made, &size, &error));
    assert_string_equal(error.text, "RSA with SHA1 does not go with a P-384 ECDSA key");
    assert_false(signature_sign(fixed, point, bytes_of("x", 1), made, &size, &error));
    private_key_free(small);
    private_key_free(point);
}

/* RFC 2409 5.1: the hash stands in the padding without a DigestInfo. */
static void the_bare_signature_has_no_digest_info(void **state)
{
    (void)state;
    struct private_key *key = generate("RSA", NULL, 2048);
    const struct signature_algorithm *bare =
        signature_algorithm_of(KEY_RSA, SIGNATURE_PKCS1_BARE, SIGNATURE_HASH_NONE, CURVE_NONE);
    uint8_t made[SIGNATURE_SIZE_MAX], opened[256];
    size_t size, opened_size = sizeof(opened);
    assert_true(signature_sign(bare, key, bytes_of("the bare hash itself", 20), made, &size, NULL));
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new(key->handle, NULL);
    assert_int_equal(EVP_PKEY_verify_recover_init(context), 1);
    assert_int_equal(EVP_PKEY_verify_recover(context, opened, &opened_size, made, size), 1);
    EVP_PKEY_CTX_free(context);
    assert_true(bytes_equal(bytes_of(opened, opened_size), bytes_of("the bare hash itself", 20)));
    private_key_free(key);
}

/* ---- AlgorithmIdentifiers ---- */

static const struct signature_algorithm *parse_hex(const char *digits, struct error *error)
{
    uint8_t der[256];
    long size = hex_decode(digits, strlen(digits), der, sizeof(der));
    assert_true(size >= 0);
    return signature_algorithm_parse(bytes_of(der, (size_t)size), error);
}

static void our_own_identifiers_are_read_back(void **state)
{
    (void)state;
    for (unsigned kind = KEY_RSA; kind <= KEY_EDDSA; kind++)
        for (unsigned form = SIGNATURE_PKCS1; form <= SIGNATURE_EDDSA; form++)
            for (unsigned hash = 0; hash <= SIGNATURE_HASH_IDENTITY; hash++) {
                const struct signature_algorithm *algorithm = signature_algorithm_of(
                    (enum key_kind)kind, (enum signature_form)form, (enum signature_hash)hash, CURVE_ED25519);
                if (algorithm == NULL || algorithm->identifier.size == 0)
                    continue;
                assert_true(algorithm->identifier.size <= SIGNATURE_IDENTIFIER_MAX);
                assert_ptr_equal(signature_algorithm_parse(algorithm->identifier, NULL), algorithm);
            }
}

static void identifiers_of_others_are_understood(void **state)
{
    (void)state;
    /* RFC 7427 B.1, and the same without its NULL */
    assert_string_equal(parse_hex("300d06092a864886f70d0101050500", NULL)->name, "RSA with SHA1");
    assert_string_equal(parse_hex("300b06092a864886f70d01010b", NULL)->name, "RSA with SHA2_256");
    /* RSASSA-PSS whose hashes come without NULL */
    assert_string_equal(
        parse_hex("303d06092a864886f70d01010a3030a00d300b0609608648016503040201a11a301806092a864886f70d0101"
                  "08300b0609608648016503040201a203020120",
                  NULL)
            ->name,
        "RSASSA-PSS with SHA2_256");
}

static void identifiers_that_are_none_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *hex, *reason;
    } wrong[] = {
        {"", "malformed"},
        {"30", "malformed"},
        {"3000", "malformed"},
        {"300d06092a864886f70d01010b05", "malformed"},
        {"300d06092a864886f70d01010b0500ff", "malformed"},
        {"30810d06092a864886f70d01010b0500", "malformed"}, /* not the shortest length */
        {"300d06092a864886f70d01010b0501", "not known"},
        {"300d06092a864886f70d0101040500", "not known"},                  /* MD5 */
        {"300d06092a864886f70d01010a3000", "RSASSA-PSS with parameters"}, /* SHA-1 by default */
        /* SHA2_256 with the mask of SHA2_384, then with a salt of 20 */
        {"304106092a864886f70d01010a3034a00f300d06096086480165030402010500a11c301a06092a864886f70d010108300d0"
         "609"
         "6086480165030402020500a203020120",
         "RSASSA-PSS with parameters"},
        {"304106092a864886f70d01010a3034a00f300d06096086480165030402010500a11c301a06092a864886f70d010108300d0"
         "609"
         "6086480165030402010500a203020114",
         "RSASSA-PSS with parameters"},
        {"300c06082a8648ce3d0403020500", "not known"}, /* ECDSA has no parameters */
    };
    for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
        struct error error = {0};
        if (parse_hex(wrong[i].hex, &error) != NULL)
            fail_msg("taken: %s", wrong[i].hex);
        if (strstr(error.text, wrong[i].reason) == NULL)
            fail_msg("%s: %s", wrong[i].hex, error.text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(published_signatures_are_judged_rightly),
        cmocka_unit_test(what_we_sign_is_what_we_verify),
        cmocka_unit_test(a_key_of_another_kind_or_too_short_is_refused_by_name),
        cmocka_unit_test(the_bare_signature_has_no_digest_info),
        cmocka_unit_test(our_own_identifiers_are_read_back),
        cmocka_unit_test(identifiers_of_others_are_understood),
        cmocka_unit_test(identifiers_that_are_none_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
