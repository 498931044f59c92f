/* Keys of IKEv1: RFC 2409 5, 5.5, Appendix B. */
#include "crypto/ikev1_keys.h"

#include "base/secret.h"
#include "crypto/fetched.h"

bool ikev1_skeyid_psk(const struct algorithm *prf, struct bytes pre_shared_key, struct bytes nonce_i,
                      struct bytes nonce_r, uint8_t *out)
{
    const struct bytes parts[] = {nonce_i, nonce_r};
    return prf_compute(prf, pre_shared_key, parts, ARRAY_SIZE(parts), out);
}

bool ikev1_skeyid_signature(const struct algorithm *prf, struct bytes shared_secret, struct bytes nonce_i,
                            struct bytes nonce_r, uint8_t *out)
{
    uint8_t key[2 * 256];
    if (nonce_i.size + nonce_r.size > sizeof(key))
        return false;
    memcpy(key, nonce_i.data, nonce_i.size);
    memcpy(key + nonce_i.size, nonce_r.data, nonce_r.size);
    return prf_compute(prf, bytes_of(key, nonce_i.size + nonce_r.size), &shared_secret, 1, out);
}

/* SKEYID_d (0), SKEYID_a (1), SKEYID_e (2), each over the one before. */
static bool derive_one(const struct ikev1_key_inputs *inputs, const uint8_t *skeyid, struct bytes previous,
                       uint8_t number, uint8_t *out)
{
    const struct bytes parts[] = {
        previous,
        inputs->shared_secret,
        bytes_of(inputs->cookie_i, IKEV1_COOKIE_SIZE),
        bytes_of(inputs->cookie_r, IKEV1_COOKIE_SIZE),
        bytes_of(&number, 1),
    };
    return prf_compute(inputs->prf, bytes_of(skeyid, inputs->prf->output_size), parts, ARRAY_SIZE(parts),
                       out);
}

/* Appendix B: SKEYID_e itself if it is long enough, otherwise Ka = K1 | K2 ..., K1 = prf(SKEYID_e, 0), Kn =
 * prf(SKEYID_e, Kn-1). */
static bool stretch_key(const struct algorithm *prf, const uint8_t *skeyid_e, uint8_t *out, size_t size)
{
    static const uint8_t zero = 0;
    size_t step = prf->output_size;
    struct bytes key = bytes_of(skeyid_e, step), input = bytes_of(&zero, 1);
    uint8_t block[PRF_OUTPUT_MAX];
    bool ok = true;
    if (size <= step) {
        memcpy(out, skeyid_e, size);
        return true;
    }
    for (size_t done = 0; ok && done < size; done += step) {
        size_t take = size - done < step ? size - done : step;
        ok = prf_compute(prf, key, &input, 1, block);
        memcpy(out + done, block, ok ? take : 0);
        input = bytes_of(block, step);
    }
    secret_wipe(block, sizeof(block));
    return ok;
}

bool ikev1_derive_keys(const struct ikev1_key_inputs *inputs, struct ikev1_keys *out)
{
    const struct bytes none = bytes_of(NULL, 0);
    size_t size = inputs->prf->output_size;
    size_t encr_size = packet_encr_key_size(inputs->encr, inputs->encr_key_bits);
    uint8_t skeyid_e[PRF_OUTPUT_MAX];
    bool ok = encr_size <= sizeof(out->encr_key) && derive_one(inputs, out->skeyid, none, 0, out->skeyid_d) &&
              derive_one(inputs, out->skeyid, bytes_of(out->skeyid_d, size), 1, out->skeyid_a) &&
              derive_one(inputs, out->skeyid, bytes_of(out->skeyid_a, size), 2, skeyid_e) &&
              stretch_key(inputs->prf, skeyid_e, out->encr_key, encr_size);
    secret_wipe(skeyid_e, sizeof(skeyid_e));
    return ok;
}

bool ikev1_auth_hash(const struct algorithm *prf, const uint8_t *skeyid,
                     const struct ikev1_auth_inputs *inputs, uint8_t *out)
{
    const struct bytes parts[] = {
        inputs->own_public,
        inputs->peer_public,
        bytes_of(inputs->own_cookie, IKEV1_COOKIE_SIZE),
        bytes_of(inputs->peer_cookie, IKEV1_COOKIE_SIZE),
        inputs->sa_body,
        inputs->id_body,
    };
    return prf_compute(prf, bytes_of(skeyid, prf->output_size), parts, ARRAY_SIZE(parts), out);
}

static bool hash_to_iv(const struct algorithm *prf, const struct algorithm *encr, const struct bytes *parts,
                       size_t count, uint8_t *out)
{
    uint8_t digest[PRF_OUTPUT_MAX];
    if (encr->iv_size > prf->output_size || !hash_of_prf(prf, parts, count, digest))
        return false;
    memcpy(out, digest, encr->iv_size);
    return true;
}

bool ikev1_first_iv(const struct algorithm *prf, const struct algorithm *encr, struct bytes public_i,
                    struct bytes public_r, uint8_t *out)
{
    const struct bytes parts[] = {public_i, public_r};
    return hash_to_iv(prf, encr, parts, ARRAY_SIZE(parts), out);
}

bool ikev1_exchange_iv(const struct algorithm *prf, const struct algorithm *encr, const uint8_t *last_block,
                       uint32_t message_id, uint8_t *out)
{
    uint8_t id[4];
    store_be32(id, message_id);
    const struct bytes parts[] = {bytes_of(last_block, encr->iv_size), bytes_of(id, sizeof(id))};
    return hash_to_iv(prf, encr, parts, ARRAY_SIZE(parts), out);
}

bool ikev1_keymat(const struct algorithm *prf, const uint8_t *skeyid_d,
                  const struct ikev1_keymat_inputs *inputs, uint8_t *out, size_t out_size)
{
    uint8_t block[PRF_OUTPUT_MAX], spi[4];
    size_t step = prf->output_size;
    bool ok = true;
    store_be32(spi, inputs->spi);
    for (size_t done = 0; ok && done < out_size; done += step) {
        size_t take = out_size - done < step ? out_size - done : step;
        const struct bytes parts[] = {
            bytes_of(block, done > 0 ? step : 0), inputs->shared_secret, bytes_of(&inputs->protocol, 1),
            bytes_of(spi, sizeof(spi)),           inputs->nonce_i,       inputs->nonce_r,
        };
        uint8_t next[PRF_OUTPUT_MAX];
        ok = prf_compute(prf, bytes_of(skeyid_d, step), parts, ARRAY_SIZE(parts), next);
        memcpy(block, next, step);
        memcpy(out + done, block, ok ? take : 0);
        secret_wipe(next, sizeof(next));
    }
    secret_wipe(block, sizeof(block));
    return ok;
}

/* ---- CBC ---- */

static bool crypt(const struct algorithm *encr, struct bytes key, const uint8_t *iv, uint8_t *data,
                  size_t data_size, int encrypts)
{
    const struct cipher_detail *detail = encr->detail;
    uint8_t triple_key[24] = {0};
    const EVP_CIPHER *cipher = NULL;
    if (detail != NULL && detail->mode == MODE_CBC) {
        cipher = fetched_cipher(detail->family, key.size);
        key = fetched_cipher_key(detail->family, key, triple_key);
    }
    bool fits =
        cipher != NULL && data_size > 0 && data_size <= INT32_MAX && data_size % encr->block_size == 0;
    EVP_CIPHER_CTX *context = fits ? EVP_CIPHER_CTX_new() : NULL;
    int written = 0;
    bool ok = context != NULL && EVP_CipherInit_ex2(context, cipher, key.data, iv, encrypts, NULL) == 1 &&
              EVP_CIPHER_CTX_set_padding(context, 0) == 1 &&
              EVP_CipherUpdate(context, data, &written, data, (int)data_size) == 1;
    EVP_CIPHER_CTX_free(context);
    secret_wipe(triple_key, sizeof(triple_key));
    return ok;
}

bool ikev1_encrypt(const struct algorithm *encr, struct bytes key, uint8_t *iv, uint8_t *data,
                   size_t data_size)
{
    if (!crypt(encr, key, iv, data, data_size, 1))
        return false;
    memcpy(iv, data + data_size - encr->iv_size, encr->iv_size);
    return true;
}

bool ikev1_decrypt(const struct algorithm *encr, struct bytes key, uint8_t *iv, uint8_t *data,
                   size_t data_size)
{
    uint8_t last[CIPHER_IV_MAX];
    if (data_size < encr->iv_size)
        return false;
    memcpy(last, data + data_size - encr->iv_size, encr->iv_size);
    if (!crypt(encr, key, iv, data, data_size, 0))
        return false;
    memcpy(iv, last, encr->iv_size);
    return true;
}
