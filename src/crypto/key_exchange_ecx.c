/*
 * X25519 and X448 (RFC 7748, RFC 8031): an all-zero shared secret is refused. The public value is computed as
 * RFC 7748 6 defines it, by the same ladder on the base point, which libcrypto runs faster than its own way
 * to a public key.
 */
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>

#include "base/secret.h"
#include "crypto/key_exchange_method.h"

enum { ECX_SIZE_MAX = 56 };

static const uint8_t x25519_base[ECX_SIZE_MAX] = {9};
static const uint8_t x448_base[ECX_SIZE_MAX] = {5};

/* One scalar, ready to be multiplied with any number of points. */
struct ladder {
    EVP_PKEY *scalar;
    EVP_PKEY *point;
    EVP_PKEY_CTX *derivation;
};

static const uint8_t *base_point(const struct ke_detail *detail)
{
    return detail->group == EVP_PKEY_X448 ? x448_base : x25519_base;
}

static EVP_PKEY *make_key(EVP_PKEY_CTX *maker, const struct ke_detail *detail, const uint8_t *public,
                          const uint8_t *scalar)
{
    OSSL_PARAM parameters[3] = {OSSL_PARAM_END, OSSL_PARAM_END, OSSL_PARAM_END};
    parameters[0] = OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, (void *)(uintptr_t) public,
                                                      detail->public_size);
    if (scalar != NULL)
        parameters[1] = OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PRIV_KEY, (void *)(uintptr_t)scalar,
                                                          detail->public_size);
    EVP_PKEY *key = NULL;
    int selection = scalar != NULL ? EVP_PKEY_KEYPAIR : EVP_PKEY_PUBLIC_KEY;
    return EVP_PKEY_fromdata(maker, &key, selection, parameters) == 1 ? key : NULL;
}

/* A private key loaded alone would have its public half computed, half of the whole work: it gets one that is
 * never used. */
static bool ladder_open(struct ladder *ladder, const struct ke_detail *detail, const struct ke_private *own)
{
    const uint8_t *base = base_point(detail);
    EVP_PKEY_CTX *maker = EVP_PKEY_CTX_new_id(detail->group, NULL);
    *ladder = (struct ladder){0};
    if (maker != NULL && EVP_PKEY_fromdata_init(maker) == 1) {
        ladder->scalar = make_key(maker, detail, base, own->scalar);
        ladder->point = make_key(maker, detail, base, NULL);
    }
    EVP_PKEY_CTX_free(maker);
    if (ladder->scalar != NULL && ladder->point != NULL)
        ladder->derivation = EVP_PKEY_CTX_new_from_pkey(NULL, ladder->scalar, NULL);
    return ladder->derivation != NULL && EVP_PKEY_derive_init(ladder->derivation) == 1;
}

static void ladder_close(struct ladder *ladder)
{
    EVP_PKEY_CTX_free(ladder->derivation);
    EVP_PKEY_free(ladder->point);
    EVP_PKEY_free(ladder->scalar);
}

static enum ke_result ladder_multiply(struct ladder *ladder, const struct ke_detail *detail,
                                      const uint8_t *point, uint8_t *out)
{
    static const uint8_t zero[ECX_SIZE_MAX];
    uint8_t product[ECX_SIZE_MAX];
    size_t size = detail->secret_size;
    if (EVP_PKEY_set1_encoded_public_key(ladder->point, point, size) != 1 ||
        EVP_PKEY_derive_set_peer_ex(ladder->derivation, ladder->point, 0) != 1)
        return KE_LIBRARY_FAILED;
    /* libcrypto itself fails when the product is zero, and has no other reason to. */
    bool ok = EVP_PKEY_derive(ladder->derivation, product, &size) == 1 && !secret_equal(product, zero, size);
    if (ok)
        memcpy(out, product, size);
    secret_wipe(product, sizeof product);
    return ok ? KE_OK : KE_INVALID_PEER;
}

static bool ecx_generate(const struct ke_detail *detail, const uint8_t seed[static KE_SEED_SIZE],
                         struct ke_private *ret_private, uint8_t *public_out)
{
    struct ladder ladder;
    memcpy(ret_private->scalar, seed, detail->public_size);
    bool ok = ladder_open(&ladder, detail, ret_private) &&
              ladder_multiply(&ladder, detail, base_point(detail), public_out) == KE_OK;
    ladder_close(&ladder);
    return ok;
}

static enum ke_result ecx_derive(const struct ke_detail *detail, const struct ke_private *own,
                                 const uint8_t *peer, uint8_t *secret_out)
{
    struct ladder ladder;
    enum ke_result result = KE_LIBRARY_FAILED;
    if (ladder_open(&ladder, detail, own))
        result = ladder_multiply(&ladder, detail, peer, secret_out);
    ladder_close(&ladder);
    return result;
}

static enum ke_result ecx_respond(const struct ke_detail *detail, const uint8_t seed[static KE_SEED_SIZE],
                                  const uint8_t *peer, uint8_t *public_out, uint8_t *secret_out)
{
    struct ladder ladder;
    struct ke_private own = {0};
    enum ke_result result = KE_LIBRARY_FAILED;
    memcpy(own.scalar, seed, detail->public_size);
    if (ladder_open(&ladder, detail, &own) &&
        ladder_multiply(&ladder, detail, base_point(detail), public_out) == KE_OK)
        result = ladder_multiply(&ladder, detail, peer, secret_out);
    ladder_close(&ladder);
    secret_wipe(&own, sizeof own);
    return result;
}

const struct ke_method ke_method_ecx = {
    .generate = ecx_generate,
    .derive = ecx_derive,
    .respond = ecx_respond,
    .peer_requirement = "it gives an all-zero shared secret (RFC 8031 3)",
};
