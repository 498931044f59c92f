/* Public keys into libcrypto and out of it. */
#include "crypto/public_key_handle.h"

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/param_build.h>

static EVP_PKEY *import(const char *type, OSSL_PARAM *parameters)
{
    EVP_PKEY *handle = NULL;
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
    if (context == NULL || EVP_PKEY_fromdata_init(context) != 1 ||
        EVP_PKEY_fromdata(context, &handle, EVP_PKEY_PUBLIC_KEY, parameters) != 1)
        handle = NULL;
    EVP_PKEY_CTX_free(context);
    return handle;
}

static EVP_PKEY *import_rsa(const struct public_key *key)
{
    struct bytes e = public_key_exponent(key), n = public_key_modulus(key);
    BIGNUM *exponent = BN_bin2bn(e.data, (int)e.size, NULL), *modulus = BN_bin2bn(n.data, (int)n.size, NULL);
    OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();
    OSSL_PARAM *parameters = NULL;
    EVP_PKEY *handle = NULL;
    if (exponent != NULL && modulus != NULL && builder != NULL &&
        OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_E, exponent) == 1 &&
        OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_N, modulus) == 1 &&
        (parameters = OSSL_PARAM_BLD_to_param(builder)) != NULL)
        handle = import("RSA", parameters);
    OSSL_PARAM_free(parameters);
    OSSL_PARAM_BLD_free(builder);
    BN_free(exponent);
    BN_free(modulus);
    return handle;
}

static EVP_PKEY *import_point(const struct public_key *key)
{
    char *group = (char *)key_curve_name(key->curve); /* libcrypto only reads it */
    OSSL_PARAM parameters[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, group, 0),
        OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, key->data, key->size),
        OSSL_PARAM_construct_end(),
    };
    return import("EC", parameters);
}

EVP_PKEY *public_key_handle(const struct public_key *key)
{
    EVP_PKEY *handle = NULL;
    switch (key->kind) {
    case KEY_RSA:
        handle = import_rsa(key);
        break;
    case KEY_ECDSA:
        handle = import_point(key);
        break;
    case KEY_EDDSA:
        handle = EVP_PKEY_new_raw_public_key_ex(NULL, key_curve_name(key->curve), NULL, key->data, key->size);
        break;
    }
    if (handle == NULL)
        ERR_clear_error();
    return handle;
}

static struct public_key *export_rsa(EVP_PKEY *handle, struct error *error)
{
    uint8_t e[RSA_BITS_MAX / 8], n[RSA_BITS_MAX / 8];
    struct public_key *key = NULL;
    BIGNUM *exponent = NULL, *modulus = NULL;
    if (EVP_PKEY_get_bn_param(handle, OSSL_PKEY_PARAM_RSA_E, &exponent) == 1 &&
        EVP_PKEY_get_bn_param(handle, OSSL_PKEY_PARAM_RSA_N, &modulus) == 1 &&
        BN_num_bits(modulus) <= RSA_BITS_MAX && BN_num_bits(exponent) <= RSA_BITS_MAX)
        key = public_key_of_rsa(bytes_of(e, (size_t)BN_bn2bin(exponent, e)),
                                bytes_of(n, (size_t)BN_bn2bin(modulus, n)), error);
    else
        error_set(error, 0, "RSA key: more than %d bits", RSA_BITS_MAX);
    BN_free(exponent);
    BN_free(modulus);
    return key;
}

struct public_key *public_key_of_handle(EVP_PKEY *handle, struct error *error)
{
    uint8_t octets[256];
    size_t size = sizeof(octets);
    struct public_key *key = NULL;
    if (EVP_PKEY_is_a(handle, "RSA") || EVP_PKEY_is_a(handle, "RSA-PSS"))
        key = export_rsa(handle, error);
    else if (EVP_PKEY_is_a(handle, "EC") &&
             EVP_PKEY_get_octet_string_param(handle, OSSL_PKEY_PARAM_PUB_KEY, octets, size, &size) == 1)
        key = public_key_of_point(bytes_of(octets, size), error);
    else if ((EVP_PKEY_is_a(handle, "ED25519") || EVP_PKEY_is_a(handle, "ED448")) &&
             EVP_PKEY_get_raw_public_key(handle, octets, &size) == 1)
        key = public_key_of_edwards(bytes_of(octets, size), error);
    else
        error_set(error, 0, "a kind of key that is not used here; expected RSA, ECDSA, Ed25519 or Ed448");
    ERR_clear_error();
    return key;
}
