/* Public keys into libcrypto and out of it. */
#include "crypto/public_key_handle.h"

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/param_build.h>
#include <pthread.h>

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

/* A curve costs more to make than to use; thousands of connections may each name a point. */
static EC_GROUP *groups[CURVE_P521 + 1];
static pthread_once_t groups_once = PTHREAD_ONCE_INIT;

static void make_groups(void)
{
    static const int numbers[] = {
        [CURVE_P256] = NID_X9_62_prime256v1, [CURVE_P384] = NID_secp384r1, [CURVE_P521] = NID_secp521r1};
    for (enum key_curve curve = CURVE_P256; curve <= CURVE_P521; curve++)
        groups[curve] = EC_GROUP_new_by_curve_name(numbers[curve]);
}

bool public_key_is_on_curve(const struct public_key *key)
{
    pthread_once(&groups_once, make_groups);
    const EC_GROUP *group = groups[key->curve];
    EC_POINT *point = group != NULL ? EC_POINT_new(group) : NULL;
    bool ok = point != NULL && EC_POINT_oct2point(group, point, key->data, key->size, NULL) == 1;
    EC_POINT_free(point);
    if (!ok)
        ERR_clear_error();
    return ok;
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
