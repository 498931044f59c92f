/* The keys of an SA as intel-ipsec-mb wants them: expanded once, read by every packet. */
#ifndef STYX_ESP_ESP_CIPHER_IPSEC_MB_KEYS_H
#define STYX_ESP_ESP_CIPHER_IPSEC_MB_KEYS_H

#include <intel-ipsec-mb.h>

#include "esp/esp_cipher.h"

enum { BULK_HASH_STATE = 64, AES_ROUND_KEYS = 16 * 15 };

struct bulk_hash {
    /* HMAC: hash states after the inner and outer pad. XCBC: k1, k2, k3. CMAC: round keys and the two
     * subkeys. */
    union {
        struct {
            uint8_t inner[BULK_HASH_STATE];
            uint8_t outer[BULK_HASH_STATE];
        } hmac;
        struct {
            uint32_t k1[4 * 11];
            uint8_t k2[16];
            uint8_t k3[16];
        } xcbc;
        struct {
            uint32_t round_keys[4 * 11];
            uint32_t subkey1[4];
            uint32_t subkey2[4];
        } cmac;
    };
};

struct bulk_context {
    union {
        struct gcm_key_data gcm;
        uint8_t chacha_key[32];
        struct {
            _Alignas(16) uint8_t encrypt[AES_ROUND_KEYS];
            _Alignas(16) uint8_t decrypt[AES_ROUND_KEYS];
            _Alignas(16) struct bulk_hash hash;
        } cbc;
    };
};

static inline bool bulk_is_gcm(const struct esp_keys *keys)
{
    return keys->encr->id == ENCR_AES_GCM_8 || keys->encr->id == ENCR_AES_GCM_12 ||
           keys->encr->id == ENCR_AES_GCM_16;
}

static inline bool bulk_is_chacha(const struct esp_keys *keys)
{
    return keys->encr->id == ENCR_CHACHA20_POLY1305;
}

/* Of the cipher, without the salt. */
static inline size_t bulk_key_size(const struct esp_keys *keys)
{
    return (size_t)keys->encr_key_size - keys->encr->salt_size;
}

/* `thread`: an IMB_MGR; NULL: out of memory. */
void *bulk_context_new(void *thread, const struct esp_keys *keys);
void bulk_context_free(void *context, const struct esp_keys *keys);

#endif
