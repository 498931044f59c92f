/* Expanding keys for intel-ipsec-mb: see esp_cipher_ipsec_mb_keys.h. */
#include "esp/esp_cipher_ipsec_mb_keys.h"

#include <stdlib.h>

#include "base/secret.h"

enum { SHA512_BLOCK = 128 };

static void expand_gcm(IMB_MGR *manager, const struct esp_keys *keys, struct gcm_key_data *out)
{
    if (bulk_key_size(keys) == 16)
        IMB_AES128_GCM_PRE(manager, keys->encr_key, out);
    else if (bulk_key_size(keys) == 24)
        IMB_AES192_GCM_PRE(manager, keys->encr_key, out);
    else
        IMB_AES256_GCM_PRE(manager, keys->encr_key, out);
}

static void expand_aes(IMB_MGR *manager, const struct esp_keys *keys, struct bulk_context *context)
{
    if (keys->encr->id == ENCR_NULL)
        return;
    if (bulk_key_size(keys) == 16)
        IMB_AES_KEYEXP_128(manager, keys->encr_key, context->cbc.encrypt, context->cbc.decrypt);
    else if (bulk_key_size(keys) == 24)
        IMB_AES_KEYEXP_192(manager, keys->encr_key, context->cbc.encrypt, context->cbc.decrypt);
    else
        IMB_AES_KEYEXP_256(manager, keys->encr_key, context->cbc.encrypt, context->cbc.decrypt);
}

/* The state of the hash after one block of the key combined with `pad` (RFC 2104). */
static void hash_pad(IMB_MGR *manager, const struct esp_keys *keys, uint8_t pad,
                     uint8_t state[BULK_HASH_STATE])
{
    uint8_t block[SHA512_BLOCK];
    memset(block, pad, sizeof(block));
    for (size_t i = 0; i < keys->integ_key_size; i++)
        block[i] ^= keys->integ_key[i];
    switch (keys->integ->id) {
    case INTEG_HMAC_SHA1_96:
        IMB_SHA1_ONE_BLOCK(manager, block, state);
        break;
    case INTEG_HMAC_SHA2_256_128:
    case INTEG_HMAC_SHA2_256_TRUNCBUG:
        IMB_SHA256_ONE_BLOCK(manager, block, state);
        break;
    case INTEG_HMAC_SHA2_384_192:
        IMB_SHA384_ONE_BLOCK(manager, block, state);
        break;
    default:
        IMB_SHA512_ONE_BLOCK(manager, block, state);
        break;
    }
    secret_wipe(block, sizeof(block));
}

static void expand_hash(IMB_MGR *manager, const struct esp_keys *keys, struct bulk_hash *hash)
{
    if (keys->integ->id == INTEG_AES_XCBC_96) {
        IMB_AES_XCBC_KEYEXP(manager, keys->integ_key, hash->xcbc.k1, hash->xcbc.k2, hash->xcbc.k3);
    } else if (keys->integ->id == INTEG_AES_CMAC_96) {
        uint32_t decrypt[4 * 11] __attribute__((aligned(16)));
        IMB_AES_KEYEXP_128(manager, keys->integ_key, hash->cmac.round_keys, decrypt);
        IMB_AES_CMAC_SUBKEY_GEN_128(manager, hash->cmac.round_keys, hash->cmac.subkey1, hash->cmac.subkey2);
        secret_wipe(decrypt, sizeof(decrypt));
    } else {
        hash_pad(manager, keys, 0x36, hash->hmac.inner);
        hash_pad(manager, keys, 0x5c, hash->hmac.outer);
    }
}

/* Only as large as its kind needs: a tunnel's memory is counted. */
static size_t context_size(const struct esp_keys *keys)
{
    const struct bulk_context *context = NULL;
    size_t size = bulk_is_gcm(keys)      ? sizeof(context->gcm)
                  : bulk_is_chacha(keys) ? sizeof(context->chacha_key)
                                         : sizeof(context->cbc);
    return (size + 63) & ~(size_t)63;
}

void *bulk_context_new(void *thread, const struct esp_keys *keys)
{
    struct bulk_context *context = aligned_alloc(64, context_size(keys));
    if (context == NULL)
        return NULL;
    memset(context, 0, context_size(keys));
    if (bulk_is_gcm(keys)) {
        expand_gcm(thread, keys, &context->gcm);
    } else if (bulk_is_chacha(keys)) {
        memcpy(context->chacha_key, keys->encr_key, sizeof(context->chacha_key));
    } else {
        expand_aes(thread, keys, context);
        expand_hash(thread, keys, &context->cbc.hash);
    }
    return context;
}

void bulk_context_free(void *context, const struct esp_keys *keys)
{
    secret_free(context, context_size(keys));
}
