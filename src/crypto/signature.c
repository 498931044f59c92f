/* Signing and verifying on libcrypto; see signature.h. */
#include "crypto/signature.h"

#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>

#include "crypto/fetched.h"
#include "crypto/public_key_handle.h"

enum { COORDINATE_MAX = 66, ECDSA_DER_MAX = 9 + 2 * (COORDINATE_MAX + 1) };

static const enum mac_kind digest_kinds[] = {
    [SIGNATURE_HASH_SHA1] = MAC_HMAC_SHA1,
    [SIGNATURE_HASH_SHA2_256] = MAC_HMAC_SHA2_256,
    [SIGNATURE_HASH_SHA2_384] = MAC_HMAC_SHA2_384,
    [SIGNATURE_HASH_SHA2_512] = MAC_HMAC_SHA2_512,
};

static const EVP_MD *digest_of(const struct signature_algorithm *algorithm)
{
    bool has_none = algorithm->hash == SIGNATURE_HASH_NONE || algorithm->hash == SIGNATURE_HASH_IDENTITY;
    return has_none ? NULL : fetched_digest(digest_kinds[algorithm->hash]);
}

static bool set_padding(const struct signature_algorithm *algorithm, EVP_PKEY_CTX *context)
{
    if (algorithm->key != KEY_RSA)
        return true;
    if (algorithm->form != SIGNATURE_PSS)
        return EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PADDING) == 1;
    return EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PSS_PADDING) == 1 &&
           EVP_PKEY_CTX_set_rsa_pss_saltlen(context, RSA_PSS_SALTLEN_DIGEST) == 1;
}

/* Can this key make this kind of signature, and is it long enough? */
static bool check_key(const struct signature_algorithm *algorithm, const struct public_key *key,
                      struct error *error)
{
    char words[32];
    if (algorithm->key != key->kind || (algorithm->curve != CURVE_NONE && algorithm->curve != key->curve))
        return error_set(error, 0, "%s does not go with a %s key", algorithm->name,
                         public_key_describe(key, words));
    if (key->kind == KEY_RSA && key->bits < RSA_BITS_SIGNING)
        return error_set(error, 0, "an RSA key of %u bits proves nothing; %d are the least", key->bits,
                         RSA_BITS_SIGNING);
    return true;
}

/* ---- ECDSA: the fixed form of RFC 4754 7 and DER ---- */

static size_t coordinate_size(const struct public_key *key)
{
    return (key->bits + 7) / 8;
}

static bool fixed_of_der(const uint8_t *der, size_t der_size, size_t coordinate, uint8_t *out)
{
    const uint8_t *at = der;
    ECDSA_SIG *signature = d2i_ECDSA_SIG(NULL, &at, (long)der_size);
    bool ok = signature != NULL &&
              BN_bn2binpad(ECDSA_SIG_get0_r(signature), out, (int)coordinate) == (int)coordinate &&
              BN_bn2binpad(ECDSA_SIG_get0_s(signature), out + coordinate, (int)coordinate) == (int)coordinate;
    ECDSA_SIG_free(signature);
    return ok;
}

static size_t der_of_fixed(struct bytes fixed, size_t coordinate, uint8_t out[static ECDSA_DER_MAX])
{
    if (fixed.size != 2 * coordinate)
        return 0;
    ECDSA_SIG *signature = ECDSA_SIG_new();
    BIGNUM *r = BN_bin2bn(fixed.data, (int)coordinate, NULL);
    BIGNUM *s = BN_bin2bn(fixed.data + coordinate, (int)coordinate, NULL);
    int size = 0;
    if (signature != NULL && r != NULL && s != NULL && ECDSA_SIG_set0(signature, r, s) == 1) {
        r = s = NULL; /* the signature owns them now */
        size = i2d_ECDSA_SIG(signature, &out);
    }
    ECDSA_SIG_free(signature);
    BN_free(r);
    BN_free(s);
    return size > 0 ? (size_t)size : 0;
}

/* ---- signing ---- */

static bool sign_bare(EVP_PKEY *handle, struct bytes hash, uint8_t *out, size_t *size)
{
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new(handle, NULL);
    bool ok = context != NULL && EVP_PKEY_sign_init(context) == 1 &&
              EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PADDING) == 1 &&
              EVP_PKEY_sign(context, out, size, hash.data, hash.size) == 1;
    EVP_PKEY_CTX_free(context);
    return ok;
}

static bool sign(const struct signature_algorithm *algorithm, EVP_PKEY *handle, struct bytes message,
                 uint8_t *out, size_t *size)
{
    if (algorithm->form == SIGNATURE_PKCS1_BARE)
        return sign_bare(handle, message, out, size);
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    EVP_PKEY_CTX *of_key = NULL;
    bool ok =
        context != NULL && EVP_DigestSignInit(context, &of_key, digest_of(algorithm), NULL, handle) == 1 &&
        set_padding(algorithm, of_key) && EVP_DigestSign(context, out, size, message.data, message.size) == 1;
    EVP_MD_CTX_free(context);
    return ok;
}

bool signature_sign(const struct signature_algorithm *algorithm, const struct private_key *key,
                    struct bytes message, uint8_t *out, size_t *ret_size, struct error *error)
{
    uint8_t made[SIGNATURE_SIZE_MAX];
    size_t size = sizeof(made);
    if (!check_key(algorithm, key->public_key, error))
        return false;
    bool ok = sign(algorithm, key->handle, message, made, &size);
    ERR_clear_error();
    if (!ok)
        return error_set(error, 0, "%s: libcrypto could not sign", algorithm->name);
    if (algorithm->form == SIGNATURE_ECDSA_FIXED) {
        size_t coordinate = coordinate_size(key->public_key);
        *ret_size = 2 * coordinate;
        return fixed_of_der(made, size, coordinate, out) ||
               error_set(error, 0, "%s: libcrypto made a signature that is none", algorithm->name);
    }
    memcpy(out, made, size);
    *ret_size = size;
    return true;
}

/* ---- verifying ---- */

static bool verify_bare(EVP_PKEY *handle, struct bytes hash, struct bytes signature)
{
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new(handle, NULL);
    bool ok = context != NULL && EVP_PKEY_verify_init(context) == 1 &&
              EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PADDING) == 1 &&
              EVP_PKEY_verify(context, signature.data, signature.size, hash.data, hash.size) == 1;
    EVP_PKEY_CTX_free(context);
    return ok;
}

static bool verify(const struct signature_algorithm *algorithm, EVP_PKEY *handle, struct bytes message,
                   struct bytes signature)
{
    if (algorithm->form == SIGNATURE_PKCS1_BARE)
        return verify_bare(handle, message, signature);
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    EVP_PKEY_CTX *of_key = NULL;
    bool ok = context != NULL &&
              EVP_DigestVerifyInit(context, &of_key, digest_of(algorithm), NULL, handle) == 1 &&
              set_padding(algorithm, of_key) &&
              EVP_DigestVerify(context, signature.data, signature.size, message.data, message.size) == 1;
    EVP_MD_CTX_free(context);
    return ok;
}

bool signature_verify(const struct signature_algorithm *algorithm, const struct public_key *key,
                      struct bytes message, struct bytes signature, struct error *error)
{
    uint8_t der[ECDSA_DER_MAX];
    if (!check_key(algorithm, key, error))
        return false;
    if (algorithm->form == SIGNATURE_ECDSA_FIXED) {
        size_t size = der_of_fixed(signature, coordinate_size(key), der);
        if (size == 0)
            return error_set(error, 0, "%s: the signature has %zu bytes instead of %zu", algorithm->name,
                             signature.size, 2 * coordinate_size(key));
        signature = bytes_of(der, size);
    }
    EVP_PKEY *handle = public_key_handle(key);
    bool ok = handle != NULL && signature.size > 0 && verify(algorithm, handle, message, signature);
    EVP_PKEY_free(handle);
    ERR_clear_error();
    return ok || error_set(error, 0, "the %s signature is not of the key %s", algorithm->name, key->key_id);
}
