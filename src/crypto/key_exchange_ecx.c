/* X25519 and X448 (RFC 7748, RFC 8031): an all-zero shared secret is refused. */
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>

#include "base/secret.h"
#include "crypto/key_exchange_method.h"

enum { ECX_SIZE_MAX = 56 };

static bool ecx_generate(const struct ke_detail *detail, const uint8_t seed[static KE_SEED_SIZE],
                         struct ke_private *ret_private, uint8_t *public_out)
{
    size_t size = detail->public_size;
    memcpy(ret_private->scalar, seed, size);
    EVP_PKEY *key = EVP_PKEY_new_raw_private_key(detail->group, NULL, ret_private->scalar, size);
    bool ok = key != NULL && EVP_PKEY_get_raw_public_key(key, public_out, &size) == 1;
    EVP_PKEY_free(key);
    return ok;
}

/* Loading a private key alone would compute its public half, a third of the whole work, which deriving does
 * not need: libcrypto gets a public half that is never used. */
static EVP_PKEY *load_private(const struct ke_detail *detail, const struct ke_private *own)
{
    uint8_t unused_public[ECX_SIZE_MAX] = {0};
    OSSL_PARAM parameters[] = {
        OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, unused_public, detail->public_size),
        OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PRIV_KEY, (void *)(uintptr_t)own->scalar,
                                          detail->public_size),
        OSSL_PARAM_construct_end(),
    };
    EVP_PKEY *key = NULL;
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_id(detail->group, NULL);
    if (context == NULL || EVP_PKEY_fromdata_init(context) != 1 ||
        EVP_PKEY_fromdata(context, &key, EVP_PKEY_KEYPAIR, parameters) != 1)
        key = NULL;
    EVP_PKEY_CTX_free(context);
    return key;
}

static enum ke_result ecx_derive(const struct ke_detail *detail, const struct ke_private *own,
                                 const uint8_t *peer, uint8_t *secret_out)
{
    static const uint8_t zero[ECX_SIZE_MAX];
    uint8_t secret[ECX_SIZE_MAX] = {0};
    size_t size = detail->secret_size;
    EVP_PKEY *key = load_private(detail, own);
    EVP_PKEY *peer_key = EVP_PKEY_new_raw_public_key(detail->group, NULL, peer, detail->public_size);
    EVP_PKEY_CTX *context = key == NULL ? NULL : EVP_PKEY_CTX_new_from_pkey(NULL, key, NULL);
    enum ke_result result = KE_LIBRARY_FAILED;
    if (context != NULL && peer_key != NULL && EVP_PKEY_derive_init(context) == 1 &&
        EVP_PKEY_derive_set_peer_ex(context, peer_key, 0) == 1) {
        /* libcrypto itself fails when the secret is zero; with a peer of the right size nothing else can. */
        bool ok = EVP_PKEY_derive(context, secret, &size) == 1 && !secret_equal(secret, zero, size);
        result = ok ? KE_OK : KE_INVALID_PEER;
        if (ok)
            memcpy(secret_out, secret, size);
    }
    secret_wipe(secret, sizeof secret);
    EVP_PKEY_CTX_free(context);
    EVP_PKEY_free(peer_key);
    EVP_PKEY_free(key);
    return result;
}

const struct ke_method ke_method_ecx = {
    .generate = ecx_generate,
    .derive = ecx_derive,
    .peer_requirement = "it gives an all-zero shared secret (RFC 8031 3)",
};
