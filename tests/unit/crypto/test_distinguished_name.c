/* src/crypto/distinguished_name.c: names as people write them, as DER, and compared. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "crypto/distinguished_name.h"

enum { DER_MAX = 256 };

struct name {
    uint8_t der[DER_MAX];
    size_t size;
};

static struct bytes name_of(struct name *name, const char *text)
{
    struct error error = {0};
    bool ok = distinguished_name_parse(text, name->der, sizeof(name->der), &name->size, &error);
    if (!ok)
        fail_msg("%s: %s", text, error.text);
    return bytes_of(name->der, name->size);
}

static void expect_text(const char *text, const char *printed)
{
    struct name name, again;
    char line[1024];
    struct text out = text_of(line, sizeof(line));
    struct bytes der = name_of(&name, text);
    assert_true(distinguished_name_text(&out, der));
    assert_string_equal(line, printed);
    assert_true(distinguished_name_equal(der, name_of(&again, line)));
}

/* The DER as `openssl x509 -subject` of a certificate with /C=CA/CN=east has it. */
static void der_is_what_certificates_have(void **state)
{
    static const uint8_t expected[] = {0x30, 0x1c, 0x31, 0x0b, 0x30, 0x09, 0x06, 0x03, 0x55, 0x04,
                                       0x06, 0x13, 0x02, 'C',  'A',  0x31, 0x0d, 0x30, 0x0b, 0x06,
                                       0x03, 0x55, 0x04, 0x03, 0x13, 0x04, 'e',  'a',  's',  't'};
    struct name name;
    (void)state;
    struct bytes der = name_of(&name, "C=CA, CN=east");
    assert_int_equal(der.size, sizeof(expected));
    assert_memory_equal(der.data, expected, sizeof(expected));
}

static void every_spelling_is_understood(void **state)
{
    (void)state;
    expect_text("C=CA,O=Example,CN=east", "C=CA, O=Example, CN=east");
    expect_text("/C=CA/O=Example/CN=east", "C=CA, O=Example, CN=east");
    expect_text(" c = CA , cn = east ", "C=CA, CN=east");
    expect_text("CN=east, E=a@example.com", "CN=east, E=a@example.com");
    expect_text("CN=east, emailAddress=a@example.com", "CN=east, E=a@example.com");
    expect_text("O=Example,, Inc., CN=east", "O=Example\\, Inc., CN=east");
    expect_text("O=Example\\, Inc., CN=east", "O=Example\\, Inc., CN=east");
    expect_text("CN=K\\C3\\B6ln", "CN=K\\C3\\B6ln");
    expect_text("DC=example, DC=com, UID=7", "DC=example, DC=com, UID=7");
    expect_text("2.5.4.3=east", "CN=east");
}

static void what_is_no_name_is_refused(void **state)
{
    static const char *const bad[] = {
        "", "CN", "CN=", "=east", "CN=east,", "/", "NOSUCH=a", "CN=east, , O=a", "1.2.a=b"};
    struct name name;
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
        struct error error = {0};
        if (distinguished_name_parse(bad[i], name.der, sizeof(name.der), &name.size, &error))
            fail_msg("\"%s\" was taken", bad[i]);
    }
}

static void a_name_too_long_for_its_place_is_refused(void **state)
{
    struct name name;
    char text[600] = "CN=";
    struct error error = {0};
    (void)state;
    memset(text + 3, 'a', 250);
    assert_false(distinguished_name_parse(text, name.der, sizeof(name.der), &name.size, &error));
    memset(text + 3, 'a', 500);
    assert_false(distinguished_name_parse(text, name.der, sizeof(name.der), &name.size, &error));
}

static const uint8_t key[16] = {1};

static void expect_match(const char *pattern, const char *name, bool is_equal, bool is_match)
{
    struct name ours, theirs;
    struct bytes a = name_of(&ours, pattern), b = name_of(&theirs, name);
    assert_int_equal(distinguished_name_equal(a, b), is_equal);
    assert_int_equal(distinguished_name_matches(a, b), is_match);
    if (is_equal)
        assert_int_equal(distinguished_name_hash(key, a), distinguished_name_hash(key, b));
}

static void hashes_depend_on_the_key_and_on_which_part_has_which_value(void **state)
{
    (void)state;
    static const uint8_t other_key[16] = {2};
    struct name one, other;
    struct bytes a = name_of(&one, "O=a, CN=b"), b = name_of(&other, "O=b, CN=a");
    assert_int_not_equal(distinguished_name_hash(key, a), distinguished_name_hash(other_key, a));
    assert_int_not_equal(distinguished_name_hash(key, a), distinguished_name_hash(key, b));
}

static void names_compare_without_case_blanks_and_order(void **state)
{
    (void)state;
    expect_match("C=CA, CN=east", "CN=EAST, C=ca", true, true);
    expect_match("O=a  b, CN=east", "O=A B,CN=east", true, true);
    expect_match("C=CA, CN=east", "C=CA, CN=west", false, false);
    expect_match("C=CA, CN=east", "C=CA, CN=east, OU=x", false, false);
    expect_match("OU=a, OU=b", "OU=b, OU=b", false, false);
    expect_match("O=east", "CN=east", false, false);
}

static void a_star_stands_for_any_value_of_its_type(void **state)
{
    (void)state;
    expect_match("C=CA, CN=*", "C=CA, CN=west", false, true);
    expect_match("C=CA, CN=west", "C=CA, CN=*", false, false);
    expect_match("C=CA, CN=*", "C=CA, OU=west", false, false);
    expect_match("OU=*, OU=b", "OU=b, OU=a", false, true);
    expect_match("C=CA, CN=*", "CN=west", false, false);
}

static void bytes_that_are_no_name_match_nothing(void **state)
{
    static const uint8_t garbage[] = {0x30, 0x84, 0xff, 0xff, 0xff, 0xff, 0x31};
    struct name name;
    struct bytes good = name_of(&name, "CN=*"), bad = bytes_of(garbage, sizeof(garbage));
    char line[64];
    struct text out = text_of(line, sizeof(line));
    (void)state;
    assert_false(distinguished_name_matches(good, bad));
    assert_false(distinguished_name_equal(bad, bad));
    assert_false(distinguished_name_text(&out, bad));
    for (size_t size = 0; size < good.size; size++)
        assert_false(distinguished_name_matches(good, bytes_of(good.data, size)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(der_is_what_certificates_have),
        cmocka_unit_test(every_spelling_is_understood),
        cmocka_unit_test(what_is_no_name_is_refused),
        cmocka_unit_test(a_name_too_long_for_its_place_is_refused),
        cmocka_unit_test(hashes_depend_on_the_key_and_on_which_part_has_which_value),
        cmocka_unit_test(names_compare_without_case_blanks_and_order),
        cmocka_unit_test(a_star_stands_for_any_value_of_its_type),
        cmocka_unit_test(bytes_that_are_no_name_match_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
