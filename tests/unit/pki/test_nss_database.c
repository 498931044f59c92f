/* NSS databases: made, keys generated and read back, names as NSS's certutil has them, passwords. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>
#include <openssl/evp.h>

#include "base/text.h"
#include "pki/nss_database.h"
#include "pki/nss_password.h"
#include "pki/nss_pkcs8.h"

static char folder[64];
static const struct nss_password none;

static int make_folder(void **state)
{
    (void)state;
    snprintf(folder, sizeof(folder), "/tmp/styx-test-nss-XXXXXX");
    return mkdtemp(folder) == NULL;
}

static int remove_folder(void **state)
{
    static const char *const names[] = {"cert9.db", "key4.db", "pkcs11.txt", "nsspassword", "key3.db"};
    char path[128];
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
        snprintf(path, sizeof(path), "%s/%s", folder, names[i]);
        unlink(path);
    }
    return rmdir(folder);
}

static void write_file(const char *name, const char *text)
{
    char path[128];
    snprintf(path, sizeof(path), "%s/%s", folder, name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

static struct nss_database *open_database(enum nss_access access_wanted, const struct nss_password *password)
{
    struct error error = {0};
    struct nss_database *database = nss_database_open(folder, access_wanted, password, &error);
    assert_string_equal(error.text, "");
    assert_non_null(database);
    return database;
}

static struct private_key *generate(struct nss_key_wanted wanted)
{
    struct error error = {0};
    struct nss_database *database = open_database(NSS_WRITE, &none);
    struct private_key *key = nss_database_generate(database, &wanted, &error);
    if (key == NULL)
        fail_msg("%s", error.text);
    nss_database_close(database);
    return key;
}

static struct host_keys read_keys(const struct nss_password *password)
{
    struct host_keys keys = {0};
    struct error error = {0};
    struct nss_database *database = open_database(NSS_READ, password);
    if (!nss_database_keys(database, &keys, NULL, &error))
        fail_msg("%s", error.text);
    nss_database_close(database);
    return keys;
}

static void create(const char *password)
{
    struct error error = {0};
    if (!nss_database_create(folder, password, &error))
        fail_msg("%s", error.text);
}

/* ---- keys ---- */

static void check_round_trip(struct nss_key_wanted wanted)
{
    create("");
    struct private_key *made = generate(wanted);
    struct host_keys keys = read_keys(&none);
    assert_int_equal(keys.count, 1);
    assert_int_equal(keys.list[0]->public_key->kind, wanted.kind);
    assert_true(public_key_equal(keys.list[0]->public_key, made->public_key));
    assert_int_equal(EVP_PKEY_eq(keys.list[0]->handle, made->handle), 1);
    private_key_free(made);
    host_keys_free(&keys);
}

static void rsa_key_comes_back(void **state)
{
    (void)state;
    check_round_trip((struct nss_key_wanted){.kind = KEY_RSA, .bits = 2048});
}

static void ecdsa_key_comes_back(void **state)
{
    (void)state;
    check_round_trip((struct nss_key_wanted){.kind = KEY_ECDSA, .curve = "secp256r1"});
}

static void key_of_the_longest_curve_comes_back(void **state)
{
    (void)state;
    check_round_trip((struct nss_key_wanted){.kind = KEY_ECDSA, .curve = "secp521r1"});
}

static bool sign_and_verify(EVP_PKEY *key)
{
    uint8_t signature[1024];
    size_t size = sizeof(signature);
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    bool is_good = EVP_DigestSignInit(context, NULL, EVP_sha256(), NULL, key) &&
                   EVP_DigestSign(context, signature, &size, (const uint8_t *)"styx", 4);
    EVP_MD_CTX_reset(context);
    is_good = is_good && EVP_DigestVerifyInit(context, NULL, EVP_sha256(), NULL, key) &&
              EVP_DigestVerify(context, signature, size, (const uint8_t *)"styx", 4) == 1;
    EVP_MD_CTX_free(context);
    return is_good;
}

static void keys_that_come_back_sign(void **state)
{
    struct private_key *made;
    (void)state;
    create("");
    made = generate((struct nss_key_wanted){.kind = KEY_RSA, .bits = 2048});
    private_key_free(made);
    made = generate((struct nss_key_wanted){.kind = KEY_ECDSA, .curve = "secp384r1"});
    private_key_free(made);
    struct host_keys keys = read_keys(&none);
    assert_int_equal(keys.count, 2);
    assert_true(sign_and_verify(keys.list[0]->handle));
    assert_true(sign_and_verify(keys.list[1]->handle));
    host_keys_free(&keys);
}

/* What NSS's own program prints of the key, without being asked for a password. */
static void certutil_has_the_same_ckaid(void **state)
{
    struct private_key *made;
    char command[128], ckaid[CKAID_HEX_SIZE], output[4096];
    (void)state;
    create("");
    made = generate((struct nss_key_wanted){.kind = KEY_ECDSA, .curve = "secp256r1"});
    snprintf(command, sizeof(command), "certutil -K -d sql:%s </dev/null 2>&1", folder);
    FILE *program = popen(command, "r");
    output[fread(output, 1, sizeof(output) - 1, program)] = '\0';
    int status = pclose(program);
    if (WEXITSTATUS(status) == 127)
        skip();
    assert_int_equal(status, 0);
    assert_non_null(strstr(output, ckaid_text(made->public_key->ckaid, ckaid)));
    private_key_free(made);
}

/* ---- forms ---- */

/* RFC 3110 2: one octet of size, 65537, the modulus. */
static void raw_rsa_key_begins_with_its_exponent(void **state)
{
    struct private_key *made;
    uint8_t raw[PUBLIC_KEY_DER_MAX];
    char id[KEY_ID_SIZE];
    (void)state;
    create("");
    made = generate((struct nss_key_wanted){.kind = KEY_RSA, .bits = 2048});
    assert_int_equal(host_key_raw(made->public_key, raw), 1 + 3 + 256);
    assert_memory_equal(raw, "\x03\x01\x00\x01", 4);
    assert_memory_equal(host_key_id(made->public_key, id), "AwEAA", 5);
    assert_int_equal(strlen(id), 9);
    private_key_free(made);
}

static void raw_ecdsa_key_is_two_coordinates(void **state)
{
    struct private_key *made;
    uint8_t raw[PUBLIC_KEY_DER_MAX], spki[PUBLIC_KEY_DER_MAX];
    (void)state;
    create("");
    made = generate((struct nss_key_wanted){.kind = KEY_ECDSA, .curve = "secp256r1"});
    assert_int_equal(host_key_raw(made->public_key, raw), 64);
    size_t size = public_key_write_spki(made->public_key, spki);
    assert_true(size > 64);
    assert_memory_equal(spki + size - 64, raw, 64);
    private_key_free(made);
}

/* As NSS 3.110 wraps one. */
static const uint8_t ed25519_of_nss[] = {
    0x30, 0x61, 0x02, 0x01, 0x00, 0x30, 0x0e, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06,
    0x03, 0x2b, 0x65, 0x70, 0x04, 0x4c, 0x30, 0x4a, 0x02, 0x01, 0x01, 0x04, 0x20, 0x31, 0x16, 0xff, 0xe2,
    0x10, 0xfc, 0x3c, 0xc8, 0x18, 0xf9, 0x57, 0x8a, 0xc4, 0x15, 0x45, 0xad, 0xf0, 0xba, 0x08, 0x10, 0x8a,
    0xa6, 0xe8, 0xd3, 0xce, 0x93, 0xa4, 0x77, 0x90, 0x7e, 0x77, 0x74, 0xa1, 0x23, 0x03, 0x21, 0x00, 0x26,
    0x9d, 0xd7, 0xf7, 0x66, 0xe4, 0x20, 0x75, 0xa8, 0x3d, 0x42, 0xac, 0xd7, 0x13, 0xf2, 0x2c, 0x6f, 0x86,
    0x66, 0x2c, 0x05, 0x30, 0x1a, 0x2e, 0x5b, 0xf9, 0x53, 0x23, 0x1c, 0x7e, 0xc7, 0x68};

static void ed25519_key_of_nss_is_read(void **state)
{
    (void)state;
    struct private_key *key = nss_private_key(bytes_of(ed25519_of_nss, sizeof(ed25519_of_nss)), NULL);
    assert_non_null(key);
    assert_int_equal(key->public_key->kind, KEY_EDDSA);
    assert_int_equal(key->public_key->size, 32);
    assert_memory_equal(key->public_key->data, ed25519_of_nss + sizeof(ed25519_of_nss) - 32, 32);
    private_key_free(key);
}

static void a_cut_key_is_refused(void **state)
{
    uint8_t *copy;
    struct error error;
    (void)state;
    for (size_t size = 0; size < sizeof(ed25519_of_nss); size++) {
        copy = malloc(size + 1);
        memcpy(copy, ed25519_of_nss, size);
        assert_null(nss_private_key(bytes_of(copy, size), &error));
        free(copy);
    }
}

/* ---- databases ---- */

static void database_is_the_owners_only(void **state)
{
    struct stat status;
    char path[128];
    (void)state;
    create("");
    snprintf(path, sizeof(path), "%s/key4.db", folder);
    assert_int_equal(stat(path, &status), 0);
    assert_int_equal(status.st_mode & 077, 0);
}

static void second_database_is_not_made(void **state)
{
    struct error error;
    (void)state;
    create("");
    assert_false(nss_database_create(folder, "", &error));
    assert_non_null(strstr(error.text, "there is an NSS database"));
}

static void missing_database_says_how_to_make_one(void **state)
{
    struct error error;
    (void)state;
    assert_null(nss_database_open(folder, NSS_READ, &none, &error));
    assert_non_null(strstr(error.text, "ipsec initnss"));
}

static void database_of_the_old_form_is_named(void **state)
{
    struct error error;
    (void)state;
    write_file("key3.db", "");
    assert_null(nss_database_open(folder, NSS_READ, &none, &error));
    assert_non_null(strstr(error.text, "old form"));
}

static void spoilt_database_is_an_error(void **state)
{
    struct error error;
    (void)state;
    write_file("cert9.db", "this is no database at all, however long one looks at it");
    write_file("key4.db", "this is no database at all, however long one looks at it");
    assert_null(nss_database_open(folder, NSS_READ, &none, &error));
    assert_non_null(strstr(error.text, "NSS database"));
}

static void keys_of_a_database_with_password_need_it(void **state)
{
    struct error error;
    struct nss_password right = {.text = "Secret.123"}, wrong = {.text = "Secret.124"};
    (void)state;
    create("Secret.123");
    assert_null(nss_database_open(folder, NSS_READ, &none, &error));
    assert_null(nss_database_open(folder, NSS_READ, &wrong, &error));
    assert_non_null(strstr(error.text, "wrong password"));
    struct host_keys keys = read_keys(&right);
    assert_int_equal(keys.count, 0);
    host_keys_free(&keys);
}

static void password_is_found_in_its_file(void **state)
{
    char file[128];
    struct nss_password password = {.file = file};
    (void)state;
    snprintf(file, sizeof(file), "%s/nsspassword", folder);
    create("Secret.123");
    write_file("nsspassword", "Other Token:Wrong.1\nNSS Certificate DB:Secret.123\n");
    struct host_keys keys = read_keys(&password);
    host_keys_free(&keys);
}

static void password_file_without_the_token_is_named(void **state)
{
    char file[128], out[NSS_PASSWORD_SIZE];
    struct error error;
    (void)state;
    snprintf(file, sizeof(file), "%s/nsspassword", folder);
    write_file("nsspassword", "NSS Certificate:x\nNSS Certificate DBs:y");
    assert_false(nss_password_find(file, bytes_of_text("NSS Certificate DB"), out, &error));
    assert_non_null(strstr(error.text, "no line \"NSS Certificate DB:PASSWORD\""));
}

static void last_line_of_the_password_file_needs_no_newline(void **state)
{
    char file[128], out[NSS_PASSWORD_SIZE];
    struct error error;
    (void)state;
    snprintf(file, sizeof(file), "%s/nsspassword", folder);
    write_file("nsspassword", "a:b\r\nTOKEN:c:d");
    assert_true(nss_password_find(file, bytes_of_text("TOKEN"), out, &error));
    assert_string_equal(out, "c:d");
    assert_true(nss_password_find(file, bytes_of_text("a"), out, &error));
    assert_string_equal(out, "b");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_folder, remove_folder)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(rsa_key_comes_back),
        TEST(ecdsa_key_comes_back),
        TEST(key_of_the_longest_curve_comes_back),
        TEST(keys_that_come_back_sign),
        TEST(certutil_has_the_same_ckaid),
        TEST(raw_rsa_key_begins_with_its_exponent),
        TEST(raw_ecdsa_key_is_two_coordinates),
        cmocka_unit_test(ed25519_key_of_nss_is_read),
        cmocka_unit_test(a_cut_key_is_refused),
        TEST(database_is_the_owners_only),
        TEST(second_database_is_not_made),
        TEST(missing_database_says_how_to_make_one),
        TEST(database_of_the_old_form_is_named),
        TEST(spoilt_database_is_an_error),
        TEST(keys_of_a_database_with_password_need_it),
        TEST(password_is_found_in_its_file),
        TEST(password_file_without_the_token_is_named),
        TEST(last_line_of_the_password_file_needs_no_newline),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
