#include "crypto/hmac.h"

#include "base/secret.h"
#include "crypto/fetched.h"

enum { HASH_BLOCK_MAX = 128 };

bool hmac_init(struct hmac *hmac, enum mac_kind kind)
{
    *hmac = (struct hmac){.digest = fetched_digest(kind)};
    if (hmac->digest == NULL)
        return false;
    hmac->block_size = (size_t)EVP_MD_get_block_size(hmac->digest);
    hmac->output_size = (size_t)EVP_MD_get_size(hmac->digest);
    hmac->inner = EVP_MD_CTX_new();
    hmac->outer = EVP_MD_CTX_new();
    hmac->work = EVP_MD_CTX_new();
    return hmac->inner != NULL && hmac->outer != NULL && hmac->work != NULL;
}

void hmac_clear(struct hmac *hmac)
{
    EVP_MD_CTX_free(hmac->inner);
    EVP_MD_CTX_free(hmac->outer);
    EVP_MD_CTX_free(hmac->work);
    *hmac = (struct hmac){0};
}

/* A hash that has taken in the key's block, each byte xored with `pad`. */
static bool key_state(const struct hmac *hmac, EVP_MD_CTX *state, const uint8_t *key_block, uint8_t pad)
{
    uint8_t block[HASH_BLOCK_MAX];
    for (size_t i = 0; i < hmac->block_size; i++)
        block[i] = key_block[i] ^ pad;
    bool ok = EVP_DigestInit_ex2(state, hmac->digest, NULL) == 1 &&
              EVP_DigestUpdate(state, block, hmac->block_size) == 1;
    secret_wipe(block, hmac->block_size);
    return ok;
}

/* A key longer than a block is replaced by its hash. */
static bool load_key(const struct hmac *hmac, struct bytes key, uint8_t *key_block)
{
    if (key.size <= hmac->block_size) {
        if (key.size > 0)
            memcpy(key_block, key.data, key.size);
        return true;
    }
    return EVP_DigestInit_ex2(hmac->work, hmac->digest, NULL) == 1 &&
           EVP_DigestUpdate(hmac->work, key.data, key.size) == 1 &&
           EVP_DigestFinal_ex(hmac->work, key_block, NULL) == 1;
}

bool hmac_set_key(struct hmac *hmac, struct bytes key)
{
    uint8_t key_block[HASH_BLOCK_MAX] = {0};
    bool ok = load_key(hmac, key, key_block) && key_state(hmac, hmac->inner, key_block, 0x36) &&
              key_state(hmac, hmac->outer, key_block, 0x5c);
    secret_wipe(key_block, sizeof key_block);
    return ok;
}

void hmac_forget_key(struct hmac *hmac)
{
    EVP_MD_CTX_reset(hmac->inner);
    EVP_MD_CTX_reset(hmac->outer);
    EVP_MD_CTX_reset(hmac->work);
}

bool hmac_start(struct hmac *hmac)
{
    return EVP_MD_CTX_copy_ex(hmac->work, hmac->inner) == 1;
}

bool hmac_add(struct hmac *hmac, struct bytes bytes)
{
    return bytes.size == 0 || EVP_DigestUpdate(hmac->work, bytes.data, bytes.size) == 1;
}

bool hmac_finish(struct hmac *hmac, uint8_t *out)
{
    uint8_t digest[EVP_MAX_MD_SIZE];
    bool ok = EVP_DigestFinal_ex(hmac->work, digest, NULL) == 1 &&
              EVP_MD_CTX_copy_ex(hmac->work, hmac->outer) == 1 &&
              EVP_DigestUpdate(hmac->work, digest, hmac->output_size) == 1 &&
              EVP_DigestFinal_ex(hmac->work, out, NULL) == 1;
    secret_wipe(digest, sizeof digest);
    return ok;
}
