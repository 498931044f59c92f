/* --selftest: known answers of what IKE and ESP stand on, and every algorithm of the table once against
 * itself. */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "crypto/ikev1_keys.h"
#include "crypto/key_exchange.h"
#include "crypto/packet_cipher.h"
#include "crypto/prf.h"
#include "daemon/daemon.h"

static bool equals_hex(const uint8_t *data, const char *hex)
{
    uint8_t wanted[128];
    long size = hex_decode(hex, strlen(hex), wanted, sizeof(wanted));
    return size > 0 && memcmp(data, wanted, (size_t)size) == 0;
}

/* RFC 4231 4.2. */
static bool hmac_sha2_256_has_its_known_answer(void)
{
    uint8_t key[20], out[PRF_OUTPUT_MAX];
    memset(key, 0x0b, sizeof(key));
    struct bytes part = bytes_of_text("Hi There");
    return prf_compute(algorithm_by_id(TRANSFORM_PRF, PRF_HMAC_SHA2_256), bytes_of(key, sizeof(key)), &part,
                       1, out) &&
           equals_hex(out, "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
}

/* McGrew and Viega, The Galois/Counter Mode of Operation, test case 2, as ESP splits the nonce. */
static bool aes_gcm_has_its_known_answer(void)
{
    uint8_t key[20] = {0}, iv[8] = {0}, data[16] = {0}, icv[16];
    struct packet_cipher *cipher = packet_cipher_new(algorithm_by_id(TRANSFORM_ENCR, ENCR_AES_GCM_16), NULL);
    struct packet_parts parts = {.iv = iv, .data = data, .data_size = sizeof(data), .icv = icv};
    bool ok = cipher != NULL &&
              packet_cipher_set_keys(cipher, bytes_of(key, sizeof(key)), bytes_of(NULL, 0)) &&
              packet_cipher_seal(cipher, &parts) && equals_hex(data, "0388dace60b6a392f328c2b971b2fe78") &&
              equals_hex(icv, "ab6e47d42cec13bdf53a67b21257bddf");
    packet_cipher_free(cipher);
    return ok;
}

/* FIPS 81, table C1. */
static bool des_has_its_known_answer(void)
{
    static const char plain[] = "Now is the time for all ";
    const uint8_t first_iv[8] = {0x12, 0x34, 0x56, 0x78, 0x90, 0xab, 0xcd, 0xef};
    const uint8_t key[8] = {0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef};
    const struct algorithm *des = algorithm_by_id(TRANSFORM_ENCR, ENCR_DES);
    uint8_t iv[8], data[sizeof(plain) - 1];
    memcpy(data, plain, sizeof(data));
    memcpy(iv, first_iv, sizeof(iv));
    bool ok = ikev1_encrypt(des, bytes_of(key, sizeof(key)), iv, data, sizeof(data)) &&
              equals_hex(data, "e5c7cdde872bf27c43e934008c389c0f683788499a7c05f6");
    memcpy(iv, first_iv, sizeof(iv));
    return ok && ikev1_decrypt(des, bytes_of(key, sizeof(key)), iv, data, sizeof(data)) &&
           memcmp(data, plain, sizeof(data)) == 0;
}

/* Sealed, opened, the same again; one bit changed, refused. */
static bool cipher_opens_what_it_sealed(const struct algorithm *encr)
{
    const struct algorithm *integ =
        encr->is_aead ? NULL : algorithm_by_id(TRANSFORM_INTEG, INTEG_HMAC_SHA2_256_128);
    uint8_t key[CIPHER_KEY_MAX], iv[CIPHER_IV_MAX] = {7}, data[64], icv[CIPHER_ICV_MAX];
    memset(key, 0x5c, sizeof(key));
    memset(data, 0xa5, sizeof(data));
    struct packet_cipher *cipher = packet_cipher_new(encr, integ);
    struct packet_parts parts = {.iv = iv, .data = data, .data_size = sizeof(data), .icv = icv};
    size_t integ_size = integ ? packet_integ_key_size(integ) : 0;
    bool ok = cipher != NULL &&
              packet_cipher_set_keys(cipher, bytes_of(key, packet_encr_key_size(encr, encr->key_bits[0])),
                                     bytes_of(key, integ_size)) &&
              packet_cipher_seal(cipher, &parts) && packet_cipher_open(cipher, &parts) && data[0] == 0xa5 &&
              data[63] == 0xa5 && packet_cipher_seal(cipher, &parts);
    icv[0] ^= 1;
    ok = ok && !packet_cipher_open(cipher, &parts);
    packet_cipher_free(cipher);
    return ok;
}

static bool both_sides_agree(const struct algorithm *ke)
{
    uint8_t seed[2][KE_SEED_SIZE], public[2][KE_PUBLIC_MAX], secret[2][KE_SECRET_MAX];
    struct ke_private own;
    struct error error;
    size_t size = ke_public_size(ke);
    memset(seed[0], 0x11, KE_SEED_SIZE);
    memset(seed[1], 0x22, KE_SEED_SIZE);
    return ke_generate(ke, seed[0], &own, public[0]) &&
           ke_respond(ke, seed[1], bytes_of(public[0], size), public[1], secret[1], &error) &&
           ke_derive(ke, &own, bytes_of(public[1], size), secret[0], &error) &&
           memcmp(secret[0], secret[1], ke_secret_size(ke)) == 0;
}

static bool prf_depends_on_its_key(const struct algorithm *prf)
{
    uint8_t key[64] = {1}, other[64] = {2}, out[2][PRF_OUTPUT_MAX];
    struct bytes part = bytes_of_text("styx");
    return prf_compute(prf, bytes_of(key, prf->key_size), &part, 1, out[0]) &&
           prf_compute(prf, bytes_of(other, prf->key_size), &part, 1, out[1]) &&
           memcmp(out[0], out[1], prf->output_size) != 0;
}

static bool works(const struct algorithm *algorithm)
{
    switch (algorithm->type) {
    case TRANSFORM_ENCR:
        if (algorithm->id == ENCR_DES)
            return des_has_its_known_answer() && cipher_opens_what_it_sealed(algorithm);
        return algorithm->id == ENCR_NULL || algorithm->id == ENCR_NULL_AUTH_AES_GMAC ||
               cipher_opens_what_it_sealed(algorithm);
    case TRANSFORM_PRF:
        return prf_depends_on_its_key(algorithm);
    case TRANSFORM_KE:
        return algorithm->id == KE_NONE || both_sides_agree(algorithm);
    default:
        return true;
    }
}

static unsigned count_failure(const char *name, bool ok)
{
    printf("testing %s: %s\n", name, ok ? "ok" : "FAILED");
    return ok ? 0 : 1;
}

int selftest_run(void)
{
    unsigned failures = count_failure("HMAC_SHA2_256, RFC 4231", hmac_sha2_256_has_its_known_answer()) +
                        count_failure("AES_GCM_16, test case 2", aes_gcm_has_its_known_answer());
    for (size_t i = 0; algorithm_at(i) != NULL; i++) {
        const struct algorithm *algorithm = algorithm_at(i);
        bool is_tested = algorithm->type == TRANSFORM_ENCR || algorithm->type == TRANSFORM_PRF ||
                         algorithm->type == TRANSFORM_KE;
        if (algorithm->uses != 0 && is_tested)
            failures += count_failure(algorithm->name, works(algorithm));
    }
    if (failures > 0)
        fprintf(stderr, "pluto: selftest: %u test%s failed\n", failures, failures == 1 ? "" : "s");
    else
        printf("selftest: all tests passed\n");
    return failures > 0 ? 1 : 0;
}
