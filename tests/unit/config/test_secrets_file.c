/* src/config/secrets_*.c: ipsec.secrets, and that no secret is ever shown. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "config/secrets_file.h"
#include "memory_reader.h"

static struct secrets *load_files(const struct memory_file *rows, const char *pattern,
                                  struct kept_warnings *kept, struct error *error)
{
    struct memory_files files = {rows};
    struct file_reader reader = memory_reader(&files);
    struct warning_sink sink = keep_warnings(kept);
    return secrets_file_load(&reader, pattern, &sink, NULL, error);
}

static struct secrets *load(const char *text, struct kept_warnings *kept, struct error *error)
{
    const struct memory_file rows[] = {{"/etc/ipsec.secrets", text, 0}, {0}};
    return load_files(rows, "/etc/ipsec.secrets", kept, error);
}

static struct secrets *loaded(const char *text)
{
    struct kept_warnings kept;
    struct error error = {0};
    struct secrets *secrets = load(text, &kept, &error);
    if (secrets == NULL)
        fail_msg("%s: %s", text, error.text);
    return secrets;
}

static void expect_key(const struct secret_entry *entry, const char *key)
{
    assert_int_equal(entry->key_size, strlen(key));
    assert_memory_equal(entry->key, key, strlen(key));
}

static void keys_have_all_their_forms(void **state)
{
    (void)state;
    static const char *const rows[][2] = {
        {": PSK \"a b#c\"", "a b#c"},
        {": PSK 'it is \"quoted\"'", "it is \"quoted\""},
        {": psk \"x\"\n", "x"},
        {":PSK \"x\"", "x"},
        {": PSK \"x\" # comment", "x"},
        {": PSK 0x61_6263", "abc"},
        {": PSK 0X6162", "ab"},
        {": PSK 0sYWJj", "abc"},
        {": PSK 0tplain", "plain"},
        {": PSK \"0x6162\"", "0x6162"},
        {":\n  PSK\n\t\"later\"\n", "later"},
        {"# first\n\n:\r\n # between\r\n\r\n PSK \"crlf\"\r\n", "crlf"},
        {"\xef\xbb\xbf: PSK \"mark\"", "mark"},
        {": PSK \"caf\xc3\xa9\"", "caf\xc3\xa9"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct secrets *secrets = loaded(rows[i][0]);
        assert_int_equal(secrets->count, 1);
        assert_int_equal(secrets->entries[0].id_count, 0);
        expect_key(&secrets->entries[0], rows[i][1]);
        secrets_free(secrets);
    }
}

static void indexes_have_all_their_forms(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        size_t count;
        unsigned any; /* a bit for each */
        int kinds[3];
    } rows[] = {
        {"192.0.2.1 192.0.2.2 : PSK \"x\"", 2, 0, {ID_IPV4_ADDR, ID_IPV4_ADDR}},
        {"192.0.2.1 192.0.2.2: PSK \"x\"", 2, 0, {ID_IPV4_ADDR, ID_IPV4_ADDR}},
        {"@west @east : PSK \"x\"", 2, 0, {ID_FQDN, ID_FQDN}},
        {"@west\n  @east\n  : PSK \"x\"", 2, 0, {ID_FQDN, ID_FQDN}},
        {"%any @east : PSK \"x\"", 2, 1, {ID_NONE, ID_FQDN}},
        {"0.0.0.0 192.0.2.1 : PSK \"x\"", 2, 1, {ID_NONE, ID_IPV4_ADDR}},
        {":: ::1 : PSK \"x\"", 2, 1, {ID_NONE, ID_IPV6_ADDR}},
        {"%any6 2001:db8::1: PSK \"x\"", 2, 1, {ID_NONE, ID_IPV6_ADDR}},
        {"user@example.com @#6162 @[my key] : PSK \"x\"", 0, 0, {0}},
        {"user@example.com @#6162 : PSK \"x\"", 2, 0, {ID_USER_FQDN, ID_KEY_ID}},
        {"a.example @a @b : PSK \"x\"", 3, 0, {ID_FQDN, ID_FQDN, ID_FQDN}},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct kept_warnings kept;
        struct error error = {0};
        struct secrets *secrets = load(rows[i].text, &kept, &error);
        if (secrets == NULL || secrets->count != (rows[i].count > 0))
            fail_msg("%s: %s %s", rows[i].text, error.text, kept.text);
        if (rows[i].count == 0) {
            secrets_free(secrets);
            continue;
        }
        const struct secret_entry *entry = &secrets->entries[0];
        assert_int_equal(entry->id_count, rows[i].count);
        for (size_t j = 0; j < rows[i].count; j++) {
            assert_int_equal(entry->id_forms[j] == SECRET_ID_ANY, rows[i].any >> j & 1);
            assert_int_equal(entry->ids[j].kind, rows[i].kinds[j]);
        }
        secrets_free(secrets);
    }
}

static void several_entries_keep_order_and_origin(void **state)
{
    (void)state;
    struct secrets *secrets = loaded("# c\n@a @b : PSK \"1\"\n\n@c\n @d : PSK \"2\"\n: PSK \"3\"\n");
    assert_int_equal(secrets->count, 3);
    expect_key(&secrets->entries[0], "1");
    expect_key(&secrets->entries[2], "3");
    assert_string_equal(secrets->entries[0].origin, "/etc/ipsec.secrets:2");
    assert_string_equal(secrets->entries[1].origin, "/etc/ipsec.secrets:4");
    secrets_free(secrets);
}

static void other_kinds_are_left_out_with_a_warning(void **state)
{
    (void)state;
    static const char *const rows[][2] = {
        {": RSA {\n\t# RSA 2192 bits\n\tModulus: 0xhidden\n\t#pubkey=hidden\n\t}\n: PSK \"x\"\n",
         ":1:3: RSA keys are not read from here any more"},
        {": RSA {\n\tModulus: 0xhidden\n}\n: PSK \"x\"\n", ":1:3: RSA"},
        {": RSA {\nModulus: 0xhidden\n}\n: PSK \"x\"\n", ":1:3: RSA"},
        {"@a : rsa east.key \"hidden\"\n: PSK \"x\"\n", ":1:6: RSA"},
        {": ECDSA key hidden\n: PSK \"x\"\n", ":1:3: ECDSA"},
        {": P12 file.p12 \"hidden\"\n: PSK \"x\"\n", ":1:3: P12"},
        {": PIN %smartcard \"hidden\"\n: PSK \"x\"\n", ":1:3: PIN"},
        {": PUBKEY hidden\n: PSK \"x\"\n", ":1:3: PUBKEY"},
        {"user : EAP \"hidden\"\n: PSK \"x\"\n", ":1:8: EAP"},
        {"user : NTLM \"hidden\"\n: PSK \"x\"\n", ":1:8: NTLM"},
        {"@a : NULL\n: PSK \"x\"\n", ":1:6: NULL"},
        {"%fromcert : PSK \"hidden\"\n: PSK \"x\"\n", ":1:1: found an index of a kind"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct kept_warnings kept;
        struct error error = {0};
        struct secrets *secrets = load(rows[i][0], &kept, &error);
        if (secrets == NULL)
            fail_msg("%s: %s", rows[i][0], error.text);
        assert_int_equal(secrets->count, 1);
        expect_key(&secrets->entries[0], "x");
        assert_int_equal(kept.count, 1);
        if (strstr(kept.text, rows[i][1]) == NULL || strstr(kept.text, "hidden") != NULL)
            fail_msg("%s: %s", rows[i][0], kept.text);
        secrets_free(secrets);
    }
}

static void passwords_and_ppks_are_kept_with_their_kind(void **state)
{
    (void)state;
    struct secrets *secrets = loaded("@user : XAUTH \"pass word\"\n@a @b : PPKS \"id 1\" 0x616263\n"
                                     "@a @b : ppks 'id 2'\n  \"text\"\n: xauth 0tany\n");
    assert_int_equal(secrets->count, 4);
    assert_int_equal(secrets->entries[0].kind, SECRET_XAUTH);
    expect_key(&secrets->entries[0], "pass word");
    assert_int_equal(secrets->entries[1].kind, SECRET_PPK);
    assert_int_equal(secrets->entries[1].ppk_id_size, 4);
    assert_memory_equal(secrets->entries[1].ppk_id, "id 1", 4);
    assert_int_equal(secrets->entries[1].id_count, 2);
    expect_key(&secrets->entries[1], "abc");
    expect_key(&secrets->entries[2], "text");
    assert_int_equal(secrets->entries[3].id_count, 0);
    secrets_free(secrets);
}

static void an_entry_with_a_fault_is_left_out_alone_and_shows_no_secret(void **state)
{
    (void)state;
    static const char *const rows[][2] = {
        {"@a @b : PSK hidden\n", ":2:13: found a secret without quotes"},
        {"@a @b : PSK \"hidden\n", ":2:13: found a quote that is not closed"},
        {"@a : PSK 'hidden\"\n", ":2:10: found a quote that is not closed"},
        {"@a @b : PSK 0xhidden\n", ":2:13: found a secret that is not an even number of hexadecimal digits"},
        {"@a @b : PSK 0x123\n", "hexadecimal"},
        {"@a @b : PSK 0shidden!\n", ":2:13: found a secret that is no base64"},
        {"@a @b : PSK \"\"\n", "found an empty secret"},
        {"@a @b : PSK 0t\n", "found an empty secret"},
        {"@a @b : PSK 0x\n", "hexadecimal"},
        {"@a @b : PSK\n", ":2:12: found nothing behind the kind"},
        {"@a @b :\n", ":2:8: found nothing behind the colon"},
        {"@a @b : \"hidden\"\n", ":2:9: found an unknown kind of secret"},
        {"@a @b : hidden\n", ":2:9: found an unknown kind of secret"},
        {"@a @b : hidden {\n", ":2:9: found an unknown kind of secret"},
        {"@a @b PSK \"hidden\"\n", ":2:19: found an entry without a colon"},
        {"@a @b\n", ":2:6: found an entry without a colon"},
        {"@a : PSK \"hidden\" \"hidden2\"\n", ":2:19: found more text behind the secret"},
        {"@b : PSK \"hidden\" : PSK \"x\"\n", ":2:19: found more text"},
        {"@b : PSK \"hidden\"\n  @c : PSK \"x\"\n", ":3:3: found more text"},
        {"@#hidden : PSK \"x\"\n", ":2:1: found an index of a kind"},
        {"@[open : PSK \"x\"\n", ":2:1: found an index of a kind"},
        {"@a : PPKS hidden hidden\n", ":2:11: found no id in quotes"},
        {"@a : PPKS \"hidden\"\n", ":2:19: found nothing behind the kind"},
        {"@a : PPKS\n", ":2:10: found nothing behind PPKS"},
        {"@a : XAUTH\n", ":2:11: found nothing behind the kind"},
        {"include\n", ":2:8: found include without a file"},
        {"include none\n", ":2:9: /etc/none: No such file"},
        {"include ipsec.secrets\n", ":2:9: /etc/ipsec.secrets: the file includes itself"},
        {"include good b\n", ":2:14: found more text behind the file's name"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct kept_warnings kept;
        struct error error = {0};
        char text[256];
        snprintf(text, sizeof(text), "@first : PSK \"1\"\n%s@last : PSK \"2\"\n", rows[i][0]);
        const struct memory_file files[] = {{"/etc/ipsec.secrets", text, 0}, {"/etc/good", "", 0}, {0}};
        struct secrets *secrets = load_files(files, "/etc/ipsec.secrets", &kept, &error);
        if (secrets == NULL)
            fail_msg("%s: %s", rows[i][0], error.text);
        if (secrets->count != 2 || kept.count != 1)
            fail_msg("%s: %zu secrets, %u warnings: %s", rows[i][0], secrets->count, kept.count, kept.text);
        expect_key(&secrets->entries[0], "1");
        expect_key(&secrets->entries[1], "2");
        if (strstr(kept.text, rows[i][1]) == NULL || strstr(kept.text, "hidden") != NULL)
            fail_msg("%s: %s", rows[i][0], kept.text);
        secrets_free(secrets);
    }
}

static void includes_are_followed(void **state)
{
    (void)state;
    struct kept_warnings kept;
    struct error error = {0};
    const struct memory_file rows[] = {
        {"/etc/ipsec.secrets",
         ": PSK \"1\"\ninclude /etc/ipsec.d/*.secrets # all\n: PSK \"4\"\ninclude none/*.secrets\n", 0},
        {"/etc/ipsec.d/a.secrets", ": PSK \"2\"\ninclude more\n", 0},
        {"/etc/ipsec.d/more", ": PSK \"3\"", 0},
        {0}};
    struct secrets *secrets = load_files(rows, "/etc/ipsec.secrets", &kept, &error);
    if (secrets == NULL)
        fail_msg("%s", error.text);
    assert_int_equal(secrets->count, 4);
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(secrets->entries[i].key[0], '1' + i);
    secrets_free(secrets);
}

static void a_pattern_may_match_nothing_a_path_may_not(void **state)
{
    (void)state;
    struct kept_warnings kept;
    struct error error = {0};
    const struct memory_file none[] = {{0}};
    struct secrets *secrets = load_files(none, "/etc/*.secrets", &kept, &error);
    assert_non_null(secrets);
    assert_int_equal(secrets->count, 0);
    secrets_free(secrets);
    assert_null(load_files(none, "/etc/ipsec.secrets", &kept, &error));
    assert_non_null(strstr(error.text, "/etc/ipsec.secrets: No such file"));
}

static void includes_go_ten_deep(void **state)
{
    (void)state;
    struct kept_warnings kept;
    struct memory_file rows[14] = {{0}};
    char names[13][32], texts[13][64];
    for (int i = 0; i < 13; i++) {
        snprintf(names[i], sizeof(names[i]), "/etc/s%d", i);
        snprintf(texts[i], sizeof(texts[i]), "@s%d : PSK \"x\"\ninclude s%d\n", i, i + 1);
        rows[i] = (struct memory_file){names[i], texts[i], 0};
    }
    struct secrets *secrets = load_files(rows, "/etc/s0", &kept, NULL);
    assert_non_null(secrets);
    assert_int_equal(secrets->count, 10);
    assert_non_null(strstr(kept.text, "/etc/s9:2:9: files include each other too deep"));
    secrets_free(secrets);
}

static void a_byte_zero_does_not_end_a_file_or_an_index(void **state)
{
    (void)state;
    struct kept_warnings kept;
    struct error error = {0};
    static const char text[] = "@a\0b : PSK \"x\"\n";
    const struct memory_file rows[] = {{"/etc/ipsec.secrets", text, sizeof(text) - 1}, {0}};
    struct secrets *cut = load_files(rows, "/etc/ipsec.secrets", &kept, &error);
    assert_non_null(cut);
    assert_int_equal(cut->count, 0);
    secrets_free(cut);
    static const char key[] = ": PSK \"a\0b\"\n";
    const struct memory_file good[] = {{"/etc/ipsec.secrets", key, sizeof(key) - 1}, {0}};
    struct secrets *secrets = load_files(good, "/etc/ipsec.secrets", &kept, &error);
    assert_non_null(secrets);
    assert_int_equal(secrets->entries[0].key_size, 3);
    secrets_free(secrets);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys_have_all_their_forms),
        cmocka_unit_test(indexes_have_all_their_forms),
        cmocka_unit_test(several_entries_keep_order_and_origin),
        cmocka_unit_test(other_kinds_are_left_out_with_a_warning),
        cmocka_unit_test(passwords_and_ppks_are_kept_with_their_kind),
        cmocka_unit_test(an_entry_with_a_fault_is_left_out_alone_and_shows_no_secret),
        cmocka_unit_test(includes_are_followed),
        cmocka_unit_test(a_pattern_may_match_nothing_a_path_may_not),
        cmocka_unit_test(includes_go_ten_deep),
        cmocka_unit_test(a_byte_zero_does_not_end_a_file_or_an_index),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
