/* src/engine/identity.c: identities as text and on the wire. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdio.h>

#include "engine/identity.h"

static void expect_identity(const char *text, uint8_t kind, const char *printed)
{
    struct identity identity;
    struct error error;
    char out[IDENTITY_TEXT_SIZE];
    assert_true(identity_parse(text, &identity, &error));
    assert_int_equal(identity.kind, kind);
    assert_string_equal(identity_text(&identity, out), printed);
    identity_free(&identity);
}

static void every_form_of_ipsec_conf_is_understood(void **state)
{
    (void)state;
    expect_identity("@east", ID_FQDN, "@east");
    expect_identity("east.example.com", ID_FQDN, "@east.example.com");
    expect_identity("user@example.com", ID_USER_FQDN, "user@example.com");
    expect_identity("@user@example.com", ID_FQDN, "@user@example.com");
    expect_identity("@@user", ID_FQDN, "@@user");
    expect_identity("192.0.2.1", ID_IPV4_ADDR, "192.0.2.1");
    expect_identity("2001:db8::1", ID_IPV6_ADDR, "2001:db8::1");
    expect_identity("@#0xdeadbeef", ID_KEY_ID, "@#0xdeadbeef");
    expect_identity("@#dead", ID_KEY_ID, "@#0xdead");
    expect_identity("@[key]", ID_KEY_ID, "@#0x6b6579");
    expect_identity("C=CA, O=Example, CN=east", ID_DER_ASN1_DN, "C=CA, O=Example, CN=east");
    expect_identity("@~300c310a300806035504030c0161", ID_DER_ASN1_DN, "CN=a");
    expect_identity("@~1234abcd", ID_DER_ASN1_DN, "@~1234abcd");
    expect_identity("@[key", ID_KEY_ID, "@#0x6b6579");
    expect_identity("%any", ID_NONE, "%any");
}

static void what_is_no_identity_is_refused_with_a_reason(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "", "@", "@#", "@#abc", "@#xyz", "@[", "@[]", "C=CA, XX=east", "C=CA,", "@~0", "%fromcert"};
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
        struct identity identity;
        struct error error = {0};
        assert_false(identity_parse(bad[i], &identity, &error));
        assert_true(error.text[0] != '\0');
    }
}

static void longer_identities_than_the_largest_are_refused(void **state)
{
    (void)state;
    static const char *const forms[] = {"@", "@[", "user@", "", "@#", "@~", "CN="};
    static const uint8_t key[16] = {1};
    for (size_t i = 0; i < ARRAY_SIZE(forms); i++) {
        for (size_t size = IDENTITY_SIZE_MAX - 20; size < 2 * IDENTITY_SIZE_MAX + 20; size++) {
            char text[4 * IDENTITY_SIZE_MAX];
            struct identity id;
            struct error error;
            snprintf(text, sizeof(text), "%s%0*d", forms[i], (int)size, 1);
            if (!identity_parse(text, &id, &error))
                continue;
            assert_true(id.size <= IDENTITY_SIZE_MAX);
            identity_hash(key, &id);
            identity_free(&id);
        }
    }
}

static void wire_identities_of_wrong_size_or_kind_are_refused(void **state)
{
    (void)state;
    static const uint8_t bytes[IDENTITY_SIZE_MAX + 1];
    struct identity identity;
    assert_false(identity_of_wire(ID_IPV4_ADDR, bytes_of(bytes, 3), &identity, NULL));
    assert_false(identity_of_wire(ID_IPV6_ADDR, bytes_of(bytes, 4), &identity, NULL));
    assert_false(identity_of_wire(ID_FQDN, bytes_of(bytes, 0), &identity, NULL));
    assert_false(identity_of_wire(ID_FQDN, bytes_of(bytes, sizeof(bytes)), &identity, NULL));
    assert_false(identity_of_wire(200, bytes_of(bytes, 4), &identity, NULL));
    assert_true(identity_of_wire(ID_FQDN, bytes_of(bytes, IDENTITY_SIZE_MAX), &identity, NULL));
    identity_free(&identity);
}

static void names_compare_without_case_and_key_ids_exactly(void **state)
{
    (void)state;
    struct identity lower, upper, key, other_key;
    assert_true(identity_parse("@east.example", &lower, NULL));
    assert_true(identity_parse("@EAST.example", &upper, NULL));
    assert_true(identity_parse("@[key]", &key, NULL));
    assert_true(identity_parse("@[KEY]", &other_key, NULL));
    assert_true(identity_equal(&lower, &upper));
    assert_false(identity_equal(&key, &other_key));
    assert_false(identity_equal(&lower, &key));
    identity_free(&lower);
    identity_free(&upper);
    identity_free(&key);
    identity_free(&other_key);
}

static const uint8_t key[16] = {1};

static void equal_identities_hash_equally(void **state)
{
    (void)state;
    static const char *const pairs[][2] = {
        {"@east.example", "@EAST.example"},
        {"user@example.com", "User@EXAMPLE.com"},
        {"C=CA, CN=east", "CN=EAST, C=ca"},
        {"@~300c310a300806035504030c0161",
         "@~300c310a30080603550403130161"}, /* UTF8String, PrintableString */
    };
    for (size_t i = 0; i < ARRAY_SIZE(pairs); i++) {
        struct identity a, b;
        uint8_t folded[2][IDENTITY_SIZE_MAX];
        assert_true(identity_parse(pairs[i][0], &a, NULL));
        assert_true(identity_parse(pairs[i][1], &b, NULL));
        assert_true(identity_equal(&a, &b));
        assert_int_equal(identity_hash(key, &a), identity_hash(key, &b));
        size_t size = identity_fold(key, &a, folded[0]);
        assert_int_equal(identity_fold(key, &b, folded[1]), size);
        assert_memory_equal(folded[0], folded[1], size);
        identity_free(&a);
        identity_free(&b);
    }
}

static void a_peer_cannot_put_control_bytes_into_a_log_line(void **state)
{
    (void)state;
    struct identity identity;
    char out[IDENTITY_TEXT_SIZE];
    assert_true(identity_of_wire(ID_FQDN, bytes_of_text("a\n'%n\033"), &identity, NULL));
    assert_string_equal(identity_text(&identity, out), "@a\\012\\047%n\\033");
    identity_free(&identity);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_form_of_ipsec_conf_is_understood),
        cmocka_unit_test(what_is_no_identity_is_refused_with_a_reason),
        cmocka_unit_test(longer_identities_than_the_largest_are_refused),
        cmocka_unit_test(wire_identities_of_wrong_size_or_kind_are_refused),
        cmocka_unit_test(names_compare_without_case_and_key_ids_exactly),
        cmocka_unit_test(equal_identities_hash_equally),
        cmocka_unit_test(a_peer_cannot_put_control_bytes_into_a_log_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
