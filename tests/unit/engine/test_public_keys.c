/* RSA public keys as whack gives them: RFC 3110 read strictly, sizes checked. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* clang-format off */
#include <cmocka.h>
/* clang-format on */
#include <stdio.h>
#include <string.h>

#include "engine/public_keys.h"

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
    if (public_key_parse_rsa(text, &error) != NULL)
        fail_msg("accepted: %.40s", text);
    if (strstr(error.text, reason) == NULL)
        fail_msg("%.40s: expected \"%s\", got \"%s\"", text, reason, error.text);
}

static void a_key_is_split_into_exponent_and_modulus(void **state)
{
    struct error error;
    struct public_key *key = public_key_parse_rsa(key_text("03010001", 256, "c1"), &error);
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
    struct public_key *key = public_key_parse_rsa(key_text("000003010001", 128, "c1"), &error);
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
    struct public_key *a = public_key_parse_rsa(base64, &error);
    struct public_key *b = public_key_parse_rsa(key_text("0103", 128, "c1"), &error);
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_key_is_split_into_exponent_and_modulus),
        cmocka_unit_test(the_long_form_of_the_exponent_is_understood),
        cmocka_unit_test(base64_and_hexadecimal_are_the_same_key),
        cmocka_unit_test(what_is_no_key_is_refused),
        cmocka_unit_test(only_sizes_that_make_sense_are_taken),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
