/* Looking into protected messages and forging them, under each kind of cipher. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/text.h"
#include "key_ring.h"

static const uint8_t chain[] = {PAYLOAD_NONE, 0, 0, 8, 0, 0, 0x40, 0x00}; /* N(INITIAL_CONTACT) */

static struct ike_keys make_keys(uint16_t encr, uint16_t integ)
{
    struct ike_keys keys = {.spi_i = {1}, .spi_r = {2}};
    keys.prf = algorithm_by_id(TRANSFORM_PRF, PRF_HMAC_SHA2_256);
    keys.encr = algorithm_by_id(TRANSFORM_ENCR, encr);
    keys.integ = integ != INTEG_NONE ? algorithm_by_id(TRANSFORM_INTEG, integ) : NULL;
    keys.encr_key_bits = 256;
    memset(&keys.keys, 7, sizeof(keys.keys));
    memset(keys.keys.sk_er, 8, sizeof(keys.keys.sk_er));
    return keys;
}

static size_t forge(const struct ike_keys *keys, bool from_initiator, uint8_t *out, size_t capacity)
{
    struct ikev2_header header = {.spi_i = {1},
                                  .spi_r = {2},
                                  .version = IKEV2_VERSION,
                                  .exchange = INFORMATIONAL,
                                  .flags = from_initiator ? IKEV2_FLAG_INITIATOR : 0,
                                  .message_id = 5};
    return forge_protected(keys, &header, PAYLOAD_NOTIFY, bytes_of(chain, sizeof(chain)), out, capacity);
}

static void forged_and_read_again(uint16_t encr, uint16_t integ)
{
    struct ike_keys keys = make_keys(encr, integ);
    struct key_ring ring = {&keys};
    for (int from_initiator = 0; from_initiator < 2; from_initiator++) {
        uint8_t message[256];
        struct decoded decoded;
        size_t size = forge(&keys, from_initiator != 0, message, sizeof(message));
        assert_int_not_equal(size, 0);
        assert_true(decode_message(&ring, bytes_of(message, size), &decoded));
        assert_true(decoded.is_readable);
        assert_non_null(ikev2_find_notify(&decoded.message, INITIAL_CONTACT));
        decoded_free(&decoded);
        message[size - 1] ^= 1;
        assert_true(decode_message(&ring, bytes_of(message, size), &decoded));
        assert_false(decoded.is_readable);
        decoded_free(&decoded);
    }
}

static void a_forged_message_reads_back_and_a_damaged_one_does_not(void **state)
{
    (void)state;
    forged_and_read_again(ENCR_AES_GCM_16, INTEG_NONE);
    forged_and_read_again(ENCR_CHACHA20_POLY1305, INTEG_NONE);
    forged_and_read_again(ENCR_AES_CBC, INTEG_HMAC_SHA2_256_128);
    forged_and_read_again(ENCR_AES_CTR, INTEG_HMAC_SHA2_256_128);
}

static void what_does_not_fit_is_not_forged(void **state)
{
    (void)state;
    uint8_t small[40];
    struct ike_keys keys = make_keys(ENCR_AES_GCM_16, INTEG_NONE);
    assert_int_equal(forge(&keys, true, small, sizeof(small)), 0);
}

static void without_the_keys_only_the_header_is_read(void **state)
{
    (void)state;
    uint8_t message[256];
    char text[128];
    struct key_ring empty = {0};
    struct decoded decoded;
    struct ike_keys keys = make_keys(ENCR_AES_GCM_16, INTEG_NONE);
    size_t size = forge(&keys, true, message, sizeof(message));
    assert_true(decode_message(&empty, bytes_of(message, size), &decoded));
    assert_false(decoded.is_readable);
    decoded_text(&decoded, text, sizeof(text));
    assert_string_equal(text, "0100/0200 INFORMATIONAL request 5: (not readable)");
    decoded_free(&decoded);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_forged_message_reads_back_and_a_damaged_one_does_not),
        cmocka_unit_test(what_does_not_fit_is_not_forged),
        cmocka_unit_test(without_the_keys_only_the_header_is_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
