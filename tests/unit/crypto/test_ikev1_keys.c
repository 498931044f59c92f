/* IKEv1 key derivation against NIST's CAVP answers, and the properties of what they do not cover. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "crypto/ikev1_keys.h"

static struct bytes hex(const char *text, uint8_t *out)
{
    size_t size = strlen(text) / 2;
    for (size_t i = 0; i < size; i++) {
        unsigned value = 0;
        for (size_t j = 0; j < 2; j++) {
            char c = text[2 * i + j];
            value = value << 4 | (unsigned)(c <= '9' ? c - '0' : c - 'a' + 10);
        }
        out[i] = (uint8_t)value;
    }
    return bytes_of(out, size);
}

static void assert_hex(const uint8_t *got, const char *wanted)
{
    uint8_t bytes[64];
    struct bytes expected = hex(wanted, bytes);
    assert_memory_equal(got, expected.data, expected.size);
}

struct vector {
    const char *key; /* NULL: signatures */
    const char *nonce_i, *nonce_r, *shared_secret, *cookie_i, *cookie_r;
    const char *skeyid, *skeyid_d, *skeyid_a, *skeyid_e;
};

static const struct vector cavp[] = {
    {"75", "b9a2d0e922dc66dd", "2130166863b5ddef",
     "739003ba2c11c982946c65e26acf661fbf8ebb78011a9fead79efa12fe3e71cc", "83d374c30b3b5082",
     "5afc0da06c728029", "62b04d112877e442fc3282fc37c076997718a0b9",
     "369e5aad1bdb5faf6a3d929d500cdc236710a9ab", "588e957d8d790d093b3a39f121473473af78e9bb",
     "cd74b0c048219db81384d3fda8f6cda51e398a2b"},
    {NULL, "69a62284195f1680", "80c94ba25c8abda5",
     "8ba4cbc73c0187301dc19a975823854dbd641c597f637f8d053a83b9514673eb", "8c3bcd3a69831d7f",
     "d2d9a7ff4fbe95a7", "707197817fb2d90cf54d1842606bdea59b9f4823",
     "384be709a8a5e63c3ed160cfe3921c4b37d5b32d", "48b327575abe3adba0f279849e289022a13e2b47",
     "a4a415c8e0c38c0da847c356cc61c24df8025560"},
};

static void skeyid_and_its_heirs_are_those_of_cavp(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(cavp); i++) {
        const struct vector *vector = &cavp[i];
        uint8_t key[64], nonce_i[64], nonce_r[64], secret[64], cookie[8];
        struct ikev1_keys keys;
        struct ikev1_key_inputs inputs = {
            .prf = algorithm_by_id(TRANSFORM_PRF, PRF_HMAC_SHA1),
            .encr = algorithm_by_id(TRANSFORM_ENCR, ENCR_AES_CBC),
            .encr_key_bits = 128,
            .shared_secret = hex(vector->shared_secret, secret),
            .nonce_i = hex(vector->nonce_i, nonce_i),
            .nonce_r = hex(vector->nonce_r, nonce_r),
        };
        memcpy(inputs.cookie_i, hex(vector->cookie_i, cookie).data, 8);
        memcpy(inputs.cookie_r, hex(vector->cookie_r, cookie).data, 8);
        if (vector->key != NULL)
            assert_true(ikev1_skeyid_psk(inputs.prf, hex(vector->key, key), inputs.nonce_i, inputs.nonce_r,
                                         keys.skeyid));
        else
            assert_true(ikev1_skeyid_signature(inputs.prf, inputs.shared_secret, inputs.nonce_i,
                                               inputs.nonce_r, keys.skeyid));
        assert_true(ikev1_derive_keys(&inputs, &keys));
        assert_hex(keys.skeyid, vector->skeyid);
        assert_hex(keys.skeyid_d, vector->skeyid_d);
        assert_hex(keys.skeyid_a, vector->skeyid_a);
        uint8_t skeyid_e[20];
        assert_memory_equal(keys.encr_key, hex(vector->skeyid_e, skeyid_e).data, 16);
    }
}

static void a_key_longer_than_skeyid_e_is_stretched(void **state)
{
    (void)state;
    const struct algorithm *prf = algorithm_by_id(TRANSFORM_PRF, PRF_HMAC_SHA1);
    uint8_t skeyid_e[20], wanted[40], zero = 0, secret[64], nonce[64], key[64];
    struct ikev1_keys keys;
    const struct vector *vector = &cavp[0];
    struct ikev1_key_inputs inputs = {
        .prf = prf,
        .encr = algorithm_by_id(TRANSFORM_ENCR, ENCR_AES_CBC),
        .encr_key_bits = 256,
        .shared_secret = hex(vector->shared_secret, secret),
    };
    hex(vector->cookie_i, inputs.cookie_i);
    hex(vector->cookie_r, inputs.cookie_r);
    (void)nonce, (void)key;
    hex(vector->skeyid, keys.skeyid);
    assert_true(ikev1_derive_keys(&inputs, &keys));
    struct bytes e = hex(vector->skeyid_e, skeyid_e), input = bytes_of(&zero, 1);
    assert_true(prf_compute(prf, e, &input, 1, wanted));
    input = bytes_of(wanted, 20);
    assert_true(prf_compute(prf, e, &input, 1, wanted + 20));
    assert_memory_equal(keys.encr_key, wanted, 32);
}

/* A Main Mode of others (Wireshark's capture ikev1-bug-12610 and the key that goes with it): its last two
 * messages and the first Informational one. AES-256, SHA2-256, MODP1024. */
static void a_conversation_of_others_is_decrypted(void **state)
{
    (void)state;
    static const char public_i[] =
        "3d27eb1acd7c562233c8889f2e539287b7b944b29ab6dd2ac8cf78ec1fb62f3bda48caadbc8137ab03a5b398c74dba0f"
        "9fc19835339f5fa7bd2f6aed79fd82cc71f4cb67e74df5d7f0d26d8f02d83dd56a224fcf123b372a19bddbc30d93b3d7"
        "98476dd3604be43217d278081a34e7986a6aa718a3d50691d1752ffe07404323";
    static const char public_r[] =
        "8c2edf573c90a1d4549206ee36a851ca3bcb0402274ef534dd8ffc90c2a5be7324f16e2cb4ae4fc33e1cf6c613d4ae56"
        "590e22b0267b7b63d61fdf13d2aadfd22acd0d297f72fcbe2234746c92181cf47eea67d361c6f9357c1effad4474c824"
        "9cd943ffc27bb98ff74529360b41119ac805c2073022302e6e19cb4d1b6a50cb";
    static const char *const messages[] = {
        ("54ea37080731b5e78171c84dd44cea939429a463ca39cc7159a2f9caea554021277dc77983f052ecef03c5e9eed98c52"
         "1a55d235ba2ceed3f63dcca70aa0c7e5a3549a5f053616ea04a18cf119ea7956"),
        ("b10f0a7d927ebe5727737783fbe94f5bf436080ac63dc862da7f864d73ce8afbbcdd6a6b52edbb7d57a0d96212e9b08b"
         "dca218b6476b5d76052172c46dc44751"),
        ("27afb5a0d2c3917b2c0e8fbc57247dc8fd80b493ee7fee603f6c5bff8c00710b0eac9b10f7a9f36c7c44f3032fbbc44d"
         "c4f031cd768ccf4d944f3e3f3ab70956b782423e16ec743134f1ed2171ad2e99eb1c6850a45ad69523b252ca647b7216")};
    static const char *const plain[] = {
        "0800000c011101f4c0a8006400000024", "08000018020000006d6f6f6e2e6c6f63616c646f6d61696e00000024",
        ("0b0000243500b0c3b0c8320d9d037b9b2d0fb7991d07f7c0885e184035fff256705f813d"
         "0000001c0000000101106002ab3e0f1f8bc3be8e3411e716366643fd")};
    const struct algorithm *prf = algorithm_by_id(TRANSFORM_PRF, PRF_HMAC_SHA2_256);
    const struct algorithm *encr = algorithm_by_id(TRANSFORM_ENCR, ENCR_AES_CBC);
    uint8_t key[32], i[128], r[128], iv[16], exchange_iv[16], data[128];
    struct bytes key_bytes = hex("928392441e00ece5e8af3bc545416e86afa1291e7c013271514738b70ef25d22", key);
    assert_true(ikev1_first_iv(prf, encr, hex(public_i, i), hex(public_r, r), iv));
    for (size_t at = 0; at < 2; at++) {
        size_t size = hex(messages[at], data).size;
        assert_true(ikev1_decrypt(encr, key_bytes, iv, data, size));
        assert_hex(data, plain[at]);
    }
    assert_true(ikev1_exchange_iv(prf, encr, iv, 0x83e1ee0b, exchange_iv));
    size_t size = hex(messages[2], data).size;
    assert_true(ikev1_decrypt(encr, key_bytes, exchange_iv, data, size));
    assert_hex(data, plain[2]);
}

static void an_iv_goes_on_from_message_to_message(void **state)
{
    (void)state;
    const struct algorithm *encr = algorithm_by_id(TRANSFORM_ENCR, ENCR_AES_CBC);
    uint8_t key[16] = {1}, sender[16] = {2}, receiver[16] = {2}, message[3][48], copy[3][48];
    for (size_t i = 0; i < 3; i++) {
        memset(message[i], (int)i + 7, sizeof(message[i]));
        memcpy(copy[i], message[i], sizeof(copy[i]));
        assert_true(ikev1_encrypt(encr, bytes_of(key, sizeof(key)), sender, message[i], 48));
        assert_memory_not_equal(message[i], copy[i], 48);
    }
    for (size_t i = 0; i < 3; i++) {
        assert_true(ikev1_decrypt(encr, bytes_of(key, sizeof(key)), receiver, message[i], 48));
        assert_memory_equal(message[i], copy[i], 48);
    }
    assert_memory_equal(sender, receiver, sizeof(sender));
}

/* NBS Special Publication 500-20: "Now is t" under 0123456789abcdef. */
static void des_is_triple_des_with_one_key(void **state)
{
    (void)state;
    const struct algorithm *encr = algorithm_by_id(TRANSFORM_ENCR, 2);
    uint8_t key[8], iv[8] = {0}, data[8];
    hex("0123456789abcdef", key);
    memcpy(data, "Now is t", sizeof(data));
    assert_true(ikev1_encrypt(encr, bytes_of(key, sizeof(key)), iv, data, sizeof(data)));
    assert_hex(data, "3fa40e8a984d4815");
}

static void what_is_not_whole_blocks_is_not_decrypted(void **state)
{
    (void)state;
    const struct algorithm *encr = algorithm_by_id(TRANSFORM_ENCR, ENCR_AES_CBC);
    uint8_t key[16] = {0}, iv[16] = {0}, data[40] = {0}, untouched[16] = {0};
    assert_false(ikev1_decrypt(encr, bytes_of(key, sizeof(key)), iv, data, 40));
    assert_false(ikev1_decrypt(encr, bytes_of(key, sizeof(key)), iv, data, 0));
    assert_false(ikev1_decrypt(encr, bytes_of(key, 15), iv, data, 32));
    assert_memory_equal(iv, untouched, sizeof(iv));
}

static void the_two_spis_of_a_quick_mode_have_different_keys(void **state)
{
    (void)state;
    const struct algorithm *prf = algorithm_by_id(TRANSFORM_PRF, PRF_HMAC_SHA2_256);
    uint8_t skeyid_d[32] = {3}, nonce[16] = {4}, ours[100], theirs[100], again[36];
    struct ikev1_keymat_inputs inputs = {
        .protocol = 3, .spi = 0x1001, .nonce_i = bytes_of(nonce, 16), .nonce_r = bytes_of(nonce, 8)};
    assert_true(ikev1_keymat(prf, skeyid_d, &inputs, ours, sizeof(ours)));
    assert_true(ikev1_keymat(prf, skeyid_d, &inputs, again, sizeof(again)));
    assert_memory_equal(ours, again, sizeof(again));
    inputs.spi = 0x1002;
    assert_true(ikev1_keymat(prf, skeyid_d, &inputs, theirs, sizeof(theirs)));
    assert_memory_not_equal(ours, theirs, 32);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(skeyid_and_its_heirs_are_those_of_cavp),
        cmocka_unit_test(a_key_longer_than_skeyid_e_is_stretched),
        cmocka_unit_test(a_conversation_of_others_is_decrypted),
        cmocka_unit_test(an_iv_goes_on_from_message_to_message),
        cmocka_unit_test(des_is_triple_des_with_one_key),
        cmocka_unit_test(what_is_not_whole_blocks_is_not_decrypted),
        cmocka_unit_test(the_two_spis_of_a_quick_mode_have_different_keys),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
