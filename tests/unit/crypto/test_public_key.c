/* Public keys in all their forms: read strictly, sizes checked; CKAIDs as NSS makes them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* clang-format off */
#include <cmocka.h>
/* clang-format on */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "crypto/public_key_text.h"

enum { TEXT_SIZE = 8192 };

/* "0x" and a key: length of the exponent, exponent, then a modulus of `size` bytes c1...c1. */
static const char *key_text(const char *length_and_exponent, size_t size, const char *last)
{
    static char text[TEXT_SIZE];
    size_t used = (size_t)snprintf(text, sizeof(text), "0x%s", length_and_exponent);
    for (size_t i = 0; i + 1 < size; i++)
        used += (size_t)snprintf(text + used, sizeof(text) - used, "c1");
    snprintf(text + used, sizeof(text) - used, "%s", last);
    return text;
}

static void refuse(const char *text, const char *reason)
{
    struct error error = {0};
    if (public_key_parse(text, PUBLIC_KEY_RSA, &error) != NULL)
        fail_msg("accepted: %.40s", text);
    if (strstr(error.text, reason) == NULL)
        fail_msg("%.40s: expected \"%s\", got \"%s\"", text, reason, error.text);
}

static void a_key_is_split_into_exponent_and_modulus(void **state)
{
    struct error error;
    struct public_key *key = public_key_parse(key_text("03010001", 256, "c1"), PUBLIC_KEY_RSA, &error);
    (void)state;
    assert_non_null(key);
    assert_int_equal(key->bits, 2048);
    assert_true(bytes_equal(public_key_exponent(key), bytes_of("\x01\x00\x01", 3)));
    assert_int_equal(public_key_modulus(key).size, 256);
    assert_string_equal(key->key_id, "AwEAAcHBw");
    public_key_free(key);
}

static void the_long_form_of_the_exponent_is_understood(void **state)
{
    struct error error;
    struct public_key *key = public_key_parse(key_text("000003010001", 128, "c1"), PUBLIC_KEY_RSA, &error);
    (void)state;
    assert_non_null(key);
    assert_int_equal(key->bits, 1024);
    public_key_free(key);
}

static void base64_and_hexadecimal_are_the_same_key(void **state)
{
    struct error error;
    char base64[TEXT_SIZE] = "0sAQPB";
    (void)state;
    for (int i = 0; i < 42; i++)
        strcat(base64, "wcHB");
    strcat(base64, "wQ==");
    struct public_key *a = public_key_parse(base64, PUBLIC_KEY_RSA, &error);
    struct public_key *b = public_key_parse(key_text("0103", 128, "c1"), PUBLIC_KEY_RSA, &error);
    assert_non_null(a);
    assert_non_null(b);
    assert_true(bytes_equal(public_key_modulus(a), public_key_modulus(b)));
    assert_string_equal(a->key_id, "AQPBwcHBw");
    public_key_free(a);
    public_key_free(b);
}

static void what_is_no_key_is_refused(void **state)
{
    (void)state;
    refuse("AQPB", "0s... (base64) or 0x...");
    refuse("0s", "not base64");
    refuse("0sA*", "not base64");
    refuse("0x0", "not hexadecimal");
    refuse("0x03010001", "cut short");
    refuse("0x0000", "cut short");
    refuse("0xff0100", "cut short");
    refuse(key_text("09010000000000000001", 256, "c1"), "more than 64 bits");
    refuse(key_text("0101", 256, "c1"), "impossible");
    refuse(key_text("0104", 256, "c1"), "impossible");
    refuse(key_text("0103", 256, "c0"), "impossible");
    refuse(key_text("020003", 256, "c1"), "leading zeroes");
    refuse(key_text("010300", 256, "c1"), "leading zeroes");
}

static void only_sizes_that_make_sense_are_taken(void **state)
{
    (void)state;
    refuse(key_text("0103", 64, "c1"), "512 bits; 1024 to 8192");
    refuse(key_text("0103", 1025, "c1"), "8200 bits");
    refuse(key_text("0103", 2100, "c1"), "more than 8192 bits");
}

/* ---- SubjectPublicKeyInfo, points, octets ---- */

static const char spki_p256[] =
    "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEaxfR8uEsQkf4vOblY6RA8ncDfYEt6zOg9KE5RdiYwpZP40Li/hp/m47n"
    "60p8D54WK84zV2sxXs7LtkBoN79R9Q==";
static const char spki_ed25519[] = "MCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=";

static void a_subject_public_key_info_is_read_and_written_back(void **state)
{
    const char *const texts[] = {spki_p256, spki_ed25519};
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
        uint8_t der[PUBLIC_KEY_DER_MAX], written[PUBLIC_KEY_DER_MAX];
        struct error error;
        long size = base64_decode(texts[i], strlen(texts[i]), der, sizeof(der));
        struct public_key *key = public_key_parse(texts[i], PUBLIC_KEY_ANY, &error);
        assert_non_null(key);
        assert_int_equal(public_key_write_spki(key, written), size);
        assert_memory_equal(written, der, (size_t)size);
        public_key_free(key);
    }
}

static void a_point_and_its_spki_are_the_same_key(void **state)
{
    struct error error;
    char point[400] = "0x04", words[32];
    (void)state;
    /* the base point of P-256 */
    strcat(point, "6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296"
                  "4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5");
    struct public_key *a = public_key_parse(point, PUBLIC_KEY_ECDSA, &error);
    struct public_key *b = public_key_parse(spki_p256, PUBLIC_KEY_ANY, &error);
    memmove(point + 2, point + 4, strlen(point + 4) + 1); /* x and y alone (RFC 6605) */
    struct public_key *c = public_key_parse(point, PUBLIC_KEY_ECDSA, &error);
    assert_true(a != NULL && b != NULL && c != NULL);
    assert_true(public_key_equal(a, b) && public_key_equal(a, c));
    assert_memory_equal(a->ckaid, b->ckaid, CKAID_SIZE);
    assert_string_equal(public_key_describe(a, words), "P-256 ECDSA");
    assert_int_equal(a->key_id[0], 'B');
    public_key_free(a);
    public_key_free(b);
    public_key_free(c);
}

static void the_kind_that_an_option_promises_is_asked_for(void **state)
{
    struct error error;
    char text[300];
    (void)state;
    snprintf(text, sizeof(text), "0s%s", spki_p256);
    assert_null(public_key_parse(text, PUBLIC_KEY_RSA, &error));
    assert_string_equal(error.text, "RSA public key: this is an ECDSA key");
    struct public_key *key = public_key_parse(text, PUBLIC_KEY_ECDSA, &error);
    assert_non_null(key);
    public_key_free(key);
}

static void points_off_the_curve_are_refused(void **state)
{
    struct error error;
    char text[200] = "0x04";
    (void)state;
    for (int i = 0; i < 64; i++)
        strcat(text, "11");
    assert_null(public_key_parse(text, PUBLIC_KEY_ECDSA, &error));
    assert_string_equal(error.text, "ECDSA public key: no point of P-256");
    assert_null(public_key_parse("0x0401", PUBLIC_KEY_ECDSA, &error));
    assert_null(public_key_parse("0x01", PUBLIC_KEY_EDDSA, &error));
}

static void every_cut_of_an_spki_is_refused(void **state)
{
    uint8_t der[256];
    (void)state;
    long size = base64_decode(spki_p256, strlen(spki_p256), der, sizeof(der));
    for (long i = 0; i < size; i++)
        assert_null(public_key_of_spki(bytes_of(der, (size_t)i), NULL));
}

static void a_ckaid_is_forty_digits(void **state)
{
    uint8_t ckaid[CKAID_SIZE];
    char text[CKAID_HEX_SIZE];
    struct error error;
    (void)state;
    assert_true(ckaid_parse("3A:29:38 0102030405060708090a0b0c0d0e0f1011", ckaid, &error));
    assert_string_equal(ckaid_text(ckaid, text), "3a29380102030405060708090a0b0c0d0e0f1011");
    assert_false(ckaid_parse("3a2938", ckaid, &error));
    assert_false(ckaid_parse("3a29380102030405060708090a0b0c0d0e0f10zz", ckaid, &error));
    assert_false(ckaid_parse("3a29380102030405060708090a0b0c0d0e0f101112", ckaid, &error));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_subject_public_key_info_is_read_and_written_back),
        cmocka_unit_test(a_point_and_its_spki_are_the_same_key),
        cmocka_unit_test(the_kind_that_an_option_promises_is_asked_for),
        cmocka_unit_test(points_off_the_curve_are_refused),
        cmocka_unit_test(every_cut_of_an_spki_is_refused),
        cmocka_unit_test(a_ckaid_is_forty_digits),
        cmocka_unit_test(a_key_is_split_into_exponent_and_modulus),
        cmocka_unit_test(the_long_form_of_the_exponent_is_understood),
        cmocka_unit_test(base64_and_hexadecimal_are_the_same_key),
        cmocka_unit_test(what_is_no_key_is_refused),
        cmocka_unit_test(only_sizes_that_make_sense_are_taken),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
