/* Packet protection: published values, and that nothing altered is ever opened. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "crypto/packet_cipher.h"
#include "vectors.h"

static const struct algorithm *encr(uint16_t id)
{
    return algorithm_by_id(TRANSFORM_ENCR, id);
}

static const struct algorithm *integ(uint16_t id)
{
    return algorithm_by_id(TRANSFORM_INTEG, id);
}

static const struct bytes nothing;
static uint8_t some_key[INTEG_KEY_MAX] = {1, 2, 3, 4, 5, 6, 7};

static struct bytes integ_key_of(const struct algorithm *algorithm)
{
    return bytes_of(some_key, packet_integ_key_size(algorithm));
}

/* Seals `plain`, compares, opens again, compares. */
static bool seals_and_opens(struct packet_cipher *cipher, const struct packet_parts *parts,
                            struct bytes plain, struct bytes sealed, struct bytes icv)
{
    if (plain.size > 0)
        memcpy(parts->data, plain.data, plain.size);
    return packet_cipher_seal(cipher, parts) &&
           bytes_equal(bytes_of(parts->data, parts->data_size), sealed) &&
           bytes_equal(bytes_of(parts->icv, icv.size), icv) && packet_cipher_open(cipher, parts) &&
           bytes_equal(bytes_of(parts->data, parts->data_size), plain);
}

static bool check_aead(const struct vector *vector)
{
    const struct algorithm *algorithm = algorithm_named(TRANSFORM_ENCR, vector->name);
    struct packet_cipher *cipher = packet_cipher_new(algorithm, NULL);
    uint8_t data[2048];
    uint8_t iv[CIPHER_IV_MAX];
    uint8_t icv[CIPHER_ICV_MAX];
    struct packet_parts parts = {
        .aad = vector->field[2], .iv = iv, .data = data, .data_size = vector->field[3].size, .icv = icv};
    memcpy(iv, vector->field[1].data, vector->field[1].size);
    bool ok = vector->field[1].size == algorithm->iv_size && vector->field[5].size == algorithm->icv_size &&
              packet_cipher_set_keys(cipher, vector->field[0], nothing) &&
              seals_and_opens(cipher, &parts, vector->field[3], vector->field[4], vector->field[5]);
    packet_cipher_free(cipher);
    return ok;
}

static void aeads_give_the_published_values(void **state)
{
    (void)state;
    vectors_check("aead.txt", 6, check_aead);
}

static bool check_cipher(const struct vector *vector)
{
    const struct algorithm *mac = integ(INTEG_HMAC_SHA1_96);
    struct packet_cipher *cipher = packet_cipher_new(algorithm_named(TRANSFORM_ENCR, vector->name), mac);
    uint8_t data[2048];
    uint8_t iv[CIPHER_IV_MAX];
    uint8_t icv[CIPHER_ICV_MAX];
    struct packet_parts parts = {.iv = iv, .data = data, .data_size = vector->field[2].size, .icv = icv};
    memcpy(iv, vector->field[1].data, vector->field[1].size);
    bool ok = packet_cipher_set_keys(cipher, vector->field[0], integ_key_of(mac)) &&
              seals_and_opens(cipher, &parts, vector->field[2], vector->field[3], nothing);
    packet_cipher_free(cipher);
    return ok;
}

static void ciphers_give_the_published_values(void **state)
{
    (void)state;
    vectors_check("cipher.txt", 4, check_cipher);
}

/* With the NULL cipher the parts are just what the MAC covers, wherever they are cut. */
static bool check_integ(const struct vector *vector)
{
    const struct bytes covered = vector->field[1];
    const struct algorithm *mac = algorithm_named(TRANSFORM_INTEG, vector->name);
    struct packet_cipher *cipher = packet_cipher_new(encr(ENCR_NULL), mac);
    bool ok = vector->field[2].size == packet_icv_size(encr(ENCR_NULL), mac) &&
              packet_cipher_set_keys(cipher, nothing, vector->field[0]);
    for (size_t cut = 0; ok && cut <= covered.size; cut += 1 + covered.size / 5) {
        uint8_t data[1024];
        uint8_t icv[CIPHER_ICV_MAX];
        size_t size = (covered.size - cut) / 2;
        struct packet_parts parts = {
            .aad = bytes_of(covered.data, cut),
            .data = data,
            .data_size = size,
            .icv = icv,
            .trailer = bytes_of(covered.data + cut + size, covered.size - cut - size),
        };
        struct bytes middle = bytes_of(covered.data + cut, size);
        ok = seals_and_opens(cipher, &parts, middle, middle, vector->field[2]);
    }
    packet_cipher_free(cipher);
    return ok;
}

static void integrity_algorithms_give_the_published_values(void **state)
{
    (void)state;
    vectors_check("integ.txt", 3, check_integ);
}

/* One sealed packet that tests alter. Everything lies in one buffer: aad, iv, data, icv, trailer. */
enum { AAD_SIZE = 12, DATA_SIZE = 48, TRAILER_SIZE = 4 };

struct packet {
    uint8_t bytes[AAD_SIZE + CIPHER_IV_MAX + DATA_SIZE + CIPHER_ICV_MAX + TRAILER_SIZE];
    size_t size;
};

static struct packet_parts parts_of(struct packet *packet, const struct algorithm *algorithm,
                                    const struct algorithm *mac)
{
    uint8_t *iv = packet->bytes + AAD_SIZE;
    uint8_t *data = iv + algorithm->iv_size;
    uint8_t *icv = data + DATA_SIZE;
    uint8_t *trailer = icv + packet_icv_size(algorithm, mac);
    size_t trailer_size = mac == NULL ? 0 : TRAILER_SIZE;
    packet->size = (size_t)(trailer + trailer_size - packet->bytes);
    return (struct packet_parts){bytes_of(packet->bytes, AAD_SIZE), iv, data, DATA_SIZE, icv,
                                 bytes_of(trailer, trailer_size)};
}

static struct packet_cipher *keyed_cipher(const struct algorithm *algorithm, const struct algorithm *mac,
                                          uint16_t key_bits)
{
    struct packet_cipher *cipher = packet_cipher_new(algorithm, mac);
    uint8_t key[CIPHER_KEY_MAX];
    for (size_t i = 0; i < sizeof key; i++)
        key[i] = (uint8_t)(7 * i + key_bits);
    assert_non_null(cipher);
    assert_true(packet_cipher_set_keys(cipher, bytes_of(key, packet_encr_key_size(algorithm, key_bits)),
                                       integ_key_of(mac)));
    return cipher;
}

static void refuses_every_flipped_bit(const struct algorithm *algorithm, const struct algorithm *mac,
                                      uint16_t key_bits)
{
    struct packet_cipher *cipher = keyed_cipher(algorithm, mac, key_bits);
    struct packet sealed = {0};
    struct packet_parts parts = parts_of(&sealed, algorithm, mac);
    for (size_t i = 0; i < sealed.size; i++)
        sealed.bytes[i] = (uint8_t)i;
    assert_true(packet_cipher_seal(cipher, &parts));

    struct packet altered;
    parts = parts_of(&altered, algorithm, mac);
    for (size_t bit = 0; bit < sealed.size * 8; bit++) {
        altered = sealed;
        altered.bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
        uint8_t data[DATA_SIZE];
        static const uint8_t wiped[DATA_SIZE];
        memcpy(data, parts.data, sizeof data);
        assert_false(packet_cipher_open(cipher, &parts));
        assert_memory_equal(parts.data, mac == NULL ? wiped : data, sizeof data);
    }
    altered = sealed;
    assert_true(packet_cipher_open(cipher, &parts));
    for (size_t i = 0; i < DATA_SIZE; i++)
        assert_int_equal(parts.data[i], (uint8_t)(AAD_SIZE + algorithm->iv_size + i));
    packet_cipher_free(cipher);
}

static void no_packet_with_a_flipped_bit_is_opened(void **state)
{
    (void)state;
    const struct algorithm *algorithm;
    for (size_t i = 0; (algorithm = algorithm_at(i)) != NULL; i++) {
        if ((algorithm->uses & ~(unsigned)USE_IKEV1_IKE) == 0)
            continue;
        if (algorithm->type == TRANSFORM_ENCR)
            for (size_t j = 0; j < ALGORITHM_KEY_LENGTHS && (j == 0 || algorithm->key_bits[j] != 0); j++)
                refuses_every_flipped_bit(algorithm,
                                          algorithm->is_aead ? NULL : integ(INTEG_HMAC_SHA2_256_128),
                                          algorithm->key_bits[j]);
        if (algorithm->type == TRANSFORM_INTEG && algorithm->id != INTEG_NONE)
            refuses_every_flipped_bit(encr(ENCR_AES_CBC), algorithm, 128);
    }
}

/* One context for both directions and for other keys gives what fresh contexts give. */
static void a_context_may_be_rekeyed_with_another_key_length(void **state)
{
    (void)state;
    static const uint16_t ids[] = {ENCR_AES_GCM_16, ENCR_AES_CBC, ENCR_AES_CTR};
    for (size_t i = 0; i < ARRAY_SIZE(ids); i++) {
        const struct algorithm *algorithm = encr(ids[i]);
        const struct algorithm *mac = algorithm->is_aead ? NULL : integ(INTEG_HMAC_SHA2_256_128);
        struct packet_cipher *reused = packet_cipher_new(algorithm, mac);
        static const uint16_t lengths[] = {128, 256, 128, 192, 256};
        for (size_t j = 0; j < ARRAY_SIZE(lengths); j++) {
            uint8_t key[CIPHER_KEY_MAX];
            struct packet packets[2] = {0};
            struct packet_cipher *fresh = keyed_cipher(algorithm, mac, lengths[j]);
            for (size_t k = 0; k < sizeof key; k++)
                key[k] = (uint8_t)(7 * k + lengths[j]);
            assert_true(packet_cipher_set_keys(
                reused, bytes_of(key, packet_encr_key_size(algorithm, lengths[j])), integ_key_of(mac)));
            struct packet_parts parts = parts_of(&packets[0], algorithm, mac);
            assert_true(packet_cipher_seal(fresh, &parts));
            parts = parts_of(&packets[1], algorithm, mac);
            assert_true(packet_cipher_seal(reused, &parts));
            assert_memory_equal(packets[0].bytes, packets[1].bytes, packets[0].size);
            assert_true(packet_cipher_open(reused, &parts));
            assert_true(packet_cipher_seal(reused, &parts)); /* the next key comes in the middle of sealing */
            packet_cipher_free(fresh);
        }
        packet_cipher_free(reused);
    }
}

static void an_unkeyed_context_does_nothing(void **state)
{
    (void)state;
    const struct algorithm *gcm = encr(ENCR_AES_GCM_16);
    struct packet_cipher *cipher = packet_cipher_new(gcm, NULL);
    struct packet packet = {0};
    struct packet_parts parts = parts_of(&packet, gcm, NULL);
    assert_false(packet_cipher_seal(cipher, &parts));
    assert_false(packet_cipher_open(cipher, &parts));
    packet_cipher_free(cipher);
}

static void keys_of_a_wrong_size_are_refused_and_unkey(void **state)
{
    (void)state;
    const struct algorithm *cbc = encr(ENCR_AES_CBC);
    const struct algorithm *sha1 = integ(INTEG_HMAC_SHA1_96);
    struct packet_cipher *cipher = keyed_cipher(cbc, sha1, 128);
    struct packet packet = {0};
    struct packet_parts parts = parts_of(&packet, cbc, sha1);
    assert_true(packet_cipher_seal(cipher, &parts));
    assert_false(packet_cipher_set_keys(cipher, bytes_of(some_key, 17), bytes_of(some_key, 20)));
    assert_false(packet_cipher_seal(cipher, &parts));
    assert_false(packet_cipher_set_keys(cipher, bytes_of(some_key, 16), bytes_of(some_key, 19)));
    assert_false(packet_cipher_seal(cipher, &parts));
    assert_false(packet_cipher_set_keys(cipher, bytes_of(some_key, 64), bytes_of(some_key, 20)));
    assert_true(packet_cipher_set_keys(cipher, bytes_of(some_key, 16), bytes_of(some_key, 20)));
    assert_true(packet_cipher_seal(cipher, &parts));
    packet_cipher_free(cipher);
}

static void data_that_is_no_whole_number_of_blocks_is_refused(void **state)
{
    (void)state;
    const struct algorithm *cbc = encr(ENCR_AES_CBC);
    const struct algorithm *sha1 = integ(INTEG_HMAC_SHA1_96);
    struct packet_cipher *cipher = keyed_cipher(cbc, sha1, 128);
    struct packet packet = {0};
    struct packet_parts parts = parts_of(&packet, cbc, sha1);
    parts.data_size = DATA_SIZE - 1;
    assert_false(packet_cipher_seal(cipher, &parts));
    assert_false(packet_cipher_open(cipher, &parts));
    packet_cipher_free(cipher);
}

/* An AEAD takes the high half of an ESN in its aad: a trailer would go unauthenticated. */
static void an_aead_refuses_a_trailer(void **state)
{
    (void)state;
    const struct algorithm *gcm = encr(ENCR_AES_GCM_16);
    struct packet_cipher *cipher = keyed_cipher(gcm, NULL, 128);
    struct packet packet = {0};
    struct packet_parts parts = parts_of(&packet, gcm, NULL);
    parts.trailer = bytes_of(some_key, 4);
    assert_false(packet_cipher_seal(cipher, &parts));
    assert_false(packet_cipher_open(cipher, &parts));
    packet_cipher_free(cipher);
}

static void pairs_that_would_not_authenticate_once_are_refused(void **state)
{
    (void)state;
    assert_null(packet_cipher_new(encr(ENCR_AES_CBC), NULL));
    assert_null(packet_cipher_new(encr(ENCR_AES_CBC), integ(INTEG_NONE)));
    assert_null(packet_cipher_new(encr(ENCR_NULL), NULL));
    assert_null(packet_cipher_new(encr(ENCR_AES_GCM_16), integ(INTEG_HMAC_SHA1_96)));
    assert_null(packet_cipher_new(algorithm_named(TRANSFORM_ENCR, "blowfish"), integ(INTEG_HMAC_SHA1_96)));
}

static void a_bare_cipher_only_encrypts(void **state)
{
    (void)state;
    uint8_t key[16] = {1}, iv[16] = {2}, data[32], plain[32] = {3};
    struct packet_parts parts = {.iv = iv, .data = data, .data_size = sizeof(data)};
    struct packet_cipher *cipher = packet_cipher_new_bare(encr(ENCR_AES_CBC));
    assert_non_null(cipher);
    assert_true(packet_cipher_set_keys(cipher, bytes_of(key, sizeof(key)), bytes_of(NULL, 0)));
    memcpy(data, plain, sizeof(data));
    assert_true(packet_cipher_seal(cipher, &parts));
    assert_memory_not_equal(data, plain, sizeof(data));
    assert_true(packet_cipher_open(cipher, &parts));
    assert_memory_equal(data, plain, sizeof(data));
    packet_cipher_free(cipher);
    assert_null(packet_cipher_new_bare(encr(ENCR_AES_GCM_16)));
}

static void none_is_as_good_as_no_integrity_for_an_aead(void **state)
{
    (void)state;
    struct packet_cipher *cipher = packet_cipher_new(encr(ENCR_AES_GCM_16), integ(INTEG_NONE));
    assert_non_null(cipher);
    packet_cipher_free(cipher);
    packet_cipher_free(NULL);
}

static void sizes_follow_the_algorithms(void **state)
{
    (void)state;
    assert_int_equal(packet_encr_key_size(encr(ENCR_AES_GCM_16), 256), 36);
    assert_int_equal(packet_encr_key_size(encr(ENCR_AES_CBC), 128), 16);
    assert_int_equal(packet_encr_key_size(encr(ENCR_CHACHA20_POLY1305), 256), 36);
    assert_int_equal(packet_encr_key_size(encr(ENCR_3DES), 192), 24);
    assert_int_equal(packet_encr_key_size(encr(ENCR_NULL), 0), 0);
    assert_int_equal(packet_integ_key_size(NULL), 0);
    assert_int_equal(packet_integ_key_size(integ(INTEG_NONE)), 0);
    assert_int_equal(packet_integ_key_size(integ(INTEG_HMAC_SHA2_512_256)), 64);
    assert_int_equal(packet_icv_size(encr(ENCR_AES_GCM_8), NULL), 8);
    assert_int_equal(packet_icv_size(encr(ENCR_AES_CBC), integ(INTEG_HMAC_SHA2_256_128)), 16);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(aeads_give_the_published_values),
        cmocka_unit_test(ciphers_give_the_published_values),
        cmocka_unit_test(integrity_algorithms_give_the_published_values),
        cmocka_unit_test(no_packet_with_a_flipped_bit_is_opened),
        cmocka_unit_test(a_context_may_be_rekeyed_with_another_key_length),
        cmocka_unit_test(an_unkeyed_context_does_nothing),
        cmocka_unit_test(keys_of_a_wrong_size_are_refused_and_unkey),
        cmocka_unit_test(data_that_is_no_whole_number_of_blocks_is_refused),
        cmocka_unit_test(an_aead_refuses_a_trailer),
        cmocka_unit_test(pairs_that_would_not_authenticate_once_are_refused),
        cmocka_unit_test(a_bare_cipher_only_encrypts),
        cmocka_unit_test(none_is_as_good_as_no_integrity_for_an_aead),
        cmocka_unit_test(sizes_follow_the_algorithms),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
