/* Key pairs made by the token, as NSS's own programs and Libreswan's make them: named by the SHA-1 of the
 * public value. */
#include <strings.h>

#include <openssl/evp.h>

#include "crypto/der.h"
#include "pki/nss_detail.h"

enum { PUBLIC_VALUE_SIZE_MAX = 4096, PARAMETERS_SIZE_MAX = 12 };

/* What is generated with which mechanism; a curve's object identifier in DER. */
struct curve {
    enum key_kind kind;
    const char *name;
    size_t size;
    uint8_t oid[PARAMETERS_SIZE_MAX];
};

static const struct curve curves[] = {
    {KEY_ECDSA, "secp256r1", 10, {0x06, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 7}},
    {KEY_ECDSA, "secp384r1", 7, {0x06, 5, 0x2b, 0x81, 4, 0, 34}},
    {KEY_ECDSA, "secp521r1", 7, {0x06, 5, 0x2b, 0x81, 4, 0, 35}},
    {KEY_EDDSA, "ed25519", 5, {0x06, 3, 0x2b, 101, 112}},
};

static const struct curve *find_curve(enum key_kind kind, const char *name)
{
    for (size_t i = 0; i < ARRAY_SIZE(curves); i++)
        if (curves[i].kind == kind && strcasecmp(curves[i].name, name) == 0)
            return &curves[i];
    return NULL;
}

bool nss_curve_is_known(enum key_kind kind, const char *curve)
{
    return find_curve(kind, curve) != NULL;
}

struct pair {
    CK_OBJECT_HANDLE public_key, private_key;
};

static CK_RV generate(const struct softoken *softoken, const struct nss_key_wanted *wanted, struct pair *pair)
{
    static const CK_MECHANISM_TYPE mechanisms[] = {[KEY_RSA] = CKM_RSA_PKCS_KEY_PAIR_GEN,
                                                   [KEY_ECDSA] = CKM_EC_KEY_PAIR_GEN,
                                                   [KEY_EDDSA] = CKM_EC_EDWARDS_KEY_PAIR_GEN};
    CK_MECHANISM mechanism = {mechanisms[wanted->kind], NULL, 0};
    CK_BBOOL yes = CK_TRUE, no = CK_FALSE, is_rsa = wanted->kind == KEY_RSA;
    CK_ULONG bits = wanted->bits;
    uint8_t exponent[] = {1, 0, 1};
    struct curve curve = is_rsa ? (struct curve){0} : *find_curve(wanted->kind, wanted->curve);
    CK_ATTRIBUTE of_public[] = {
        {CKA_TOKEN, &yes, sizeof(yes)},
        {CKA_PRIVATE, &no, sizeof(no)},
        {CKA_VERIFY, &yes, sizeof(yes)},
        {is_rsa ? CKA_MODULUS_BITS : CKA_EC_PARAMS, is_rsa ? (void *)&bits : curve.oid,
         is_rsa ? sizeof(bits) : curve.size},
        {CKA_PUBLIC_EXPONENT, exponent, sizeof(exponent)}, /* the last: RSA only */
    };
    CK_ATTRIBUTE of_private[] = {
        {CKA_TOKEN, &yes, sizeof(yes)},     {CKA_PRIVATE, &yes, sizeof(yes)},
        {CKA_SENSITIVE, &yes, sizeof(yes)}, {CKA_EXTRACTABLE, &yes, sizeof(yes)},
        {CKA_SIGN, &yes, sizeof(yes)},
    };
    return softoken->calls->C_GenerateKeyPair(softoken->session, &mechanism, of_public,
                                              ARRAY_SIZE(of_public) - !is_rsa, of_private,
                                              ARRAY_SIZE(of_private), &pair->public_key, &pair->private_key);
}

/* RSA: the modulus. ECDSA: the point, which NSS puts into an OCTET STRING; EdDSA: as it is. */
static CK_RV read_public_value(const struct softoken *softoken, enum key_kind kind,
                               CK_OBJECT_HANDLE public_key, uint8_t *out, struct bytes *ret_value)
{
    CK_ATTRIBUTE value = {kind == KEY_RSA ? CKA_MODULUS : CKA_EC_POINT, out, PUBLIC_VALUE_SIZE_MAX};
    CK_RV result = softoken->calls->C_GetAttributeValue(softoken->session, public_key, &value, 1);
    if (result != CKR_OK)
        return result;
    *ret_value = bytes_of(out, value.ulValueLen);
    struct reader reader = reader_of(*ret_value);
    if (kind == KEY_ECDSA)
        *ret_value = der_take(&reader, DER_OCTET_STRING);
    return reader.failed ? CKR_GENERAL_ERROR : CKR_OK;
}

static CK_RV name_pair(const struct softoken *softoken, enum key_kind kind, const struct pair *pair)
{
    uint8_t value[PUBLIC_VALUE_SIZE_MAX], ckaid[CKAID_SIZE];
    struct bytes named;
    CK_RV result = read_public_value(softoken, kind, pair->public_key, value, &named);
    if (result != CKR_OK)
        return result;
    if (!EVP_Digest(named.data, named.size, ckaid, NULL, EVP_sha1(), NULL))
        return CKR_GENERAL_ERROR;
    CK_ATTRIBUTE id = {CKA_ID, ckaid, sizeof(ckaid)};
    result = softoken->calls->C_SetAttributeValue(softoken->session, pair->public_key, &id, 1);
    if (result == CKR_OK)
        result = softoken->calls->C_SetAttributeValue(softoken->session, pair->private_key, &id, 1);
    return result;
}

static struct private_key *extract(const struct softoken *softoken, CK_OBJECT_HANDLE private_key,
                                   struct error *error)
{
    CK_OBJECT_HANDLE wrapping_key;
    if (!nss_wrapping_key(softoken, &wrapping_key, error))
        return NULL;
    struct private_key *key = nss_key_extract(softoken, wrapping_key, private_key, error);
    softoken->calls->C_DestroyObject(softoken->session, wrapping_key);
    return key;
}

struct private_key *nss_database_generate(const struct nss_database *database,
                                          const struct nss_key_wanted *wanted, struct error *error)
{
    const struct softoken *softoken = &database->softoken;
    struct private_key *key = NULL;
    struct pair pair;
    CK_RV result = generate(softoken, wanted, &pair);
    if (result != CKR_OK) {
        softoken_failed(error, "cannot generate the key", result);
        return NULL;
    }
    result = name_pair(softoken, wanted->kind, &pair);
    if (result == CKR_OK)
        key = extract(softoken, pair.private_key, error);
    else
        softoken_failed(error, "cannot name the key", result);
    if (key == NULL) {
        softoken->calls->C_DestroyObject(softoken->session, pair.private_key);
        softoken->calls->C_DestroyObject(softoken->session, pair.public_key);
    }
    return key;
}
