/* Private keys out of the NSS database: each wrapped by the token (PKCS#8, RFC 5958, under AES-CBC) and
 * unwrapped here, for libcrypto signs several times faster than the token. */
#include <stdlib.h>

#include <openssl/x509.h>

#include "base/secret.h"
#include "base/text.h"
#include "pki/nss_detail.h"

enum {
    WRAPPING_KEY_SIZE = 32,
    AES_BLOCK_SIZE = 16,
    OBJECTS_A_CALL = 64,
    KEYS_MAX = 65536,
    WRAPPED_SIZE_MAX = 64 * 1024,
};

static CK_MECHANISM wrapping_mechanism(uint8_t iv[static AES_BLOCK_SIZE])
{
    return (CK_MECHANISM){CKM_AES_CBC_PAD, iv, AES_BLOCK_SIZE};
}

/* ---- one key ---- */

bool nss_wrapping_key(const struct softoken *softoken, CK_OBJECT_HANDLE *ret_key, struct error *error)
{
    CK_MECHANISM mechanism = {CKM_AES_KEY_GEN, NULL, 0};
    CK_BBOOL yes = CK_TRUE, no = CK_FALSE;
    CK_ULONG size = WRAPPING_KEY_SIZE;
    CK_ATTRIBUTE template[] = {
        {CKA_TOKEN, &no, sizeof(no)},         {CKA_WRAP, &yes, sizeof(yes)},
        {CKA_DECRYPT, &yes, sizeof(yes)},     {CKA_SENSITIVE, &no, sizeof(no)},
        {CKA_VALUE_LEN, &size, sizeof(size)},
    };
    CK_RV result = softoken->calls->C_GenerateKey(softoken->session, &mechanism, template,
                                                  ARRAY_SIZE(template), ret_key);
    return result == CKR_OK || softoken_failed(error, "cannot prepare reading private keys", result);
}

static bool wrap(const struct softoken *softoken, CK_OBJECT_HANDLE wrapping_key, CK_OBJECT_HANDLE object,
                 uint8_t *wrapped, CK_ULONG *size, struct error *error)
{
    uint8_t iv[AES_BLOCK_SIZE] = {0}; /* the wrapping key is ours alone, and what it wraps stays in memory */
    CK_MECHANISM mechanism = wrapping_mechanism(iv);
    CK_RV result =
        softoken->calls->C_WrapKey(softoken->session, &mechanism, wrapping_key, object, wrapped, size);
    return result == CKR_OK || softoken_failed(error, "the private key cannot be read", result);
}

static bool unwrap(const struct softoken *softoken, CK_OBJECT_HANDLE wrapping_key, uint8_t *wrapped,
                   CK_ULONG wrapped_size, uint8_t *der, CK_ULONG *der_size, struct error *error)
{
    uint8_t iv[AES_BLOCK_SIZE] = {0};
    CK_MECHANISM mechanism = wrapping_mechanism(iv);
    CK_RV result = softoken->calls->C_DecryptInit(softoken->session, &mechanism, wrapping_key);
    if (result == CKR_OK)
        result = softoken->calls->C_Decrypt(softoken->session, wrapped, wrapped_size, der, der_size);
    return result == CKR_OK || softoken_failed(error, "the private key cannot be read", result);
}

static bool parse_pkcs8(const uint8_t *der, size_t size, struct host_key *ret_key, struct error *error)
{
    const unsigned char *at = der;
    PKCS8_PRIV_KEY_INFO *info = d2i_PKCS8_PRIV_KEY_INFO(NULL, &at, (long)size);
    EVP_PKEY *key = info != NULL ? EVP_PKCS82PKEY(info) : NULL;
    PKCS8_PRIV_KEY_INFO_free(info);
    if (key == NULL)
        return error_set(error, 0, "the private key is of a form that is not known");
    if (host_key_kind_of(key, &ret_key->kind)) {
        ret_key->key = key;
        return true;
    }
    EVP_PKEY_free(key);
    return error_set(error, 0, "the private key is neither RSA nor ECDSA nor EdDSA");
}

static bool read_ckaid(const struct softoken *softoken, CK_OBJECT_HANDLE object, struct host_key *key,
                       struct error *error)
{
    CK_ATTRIBUTE id = {CKA_ID, key->ckaid, sizeof(key->ckaid)};
    CK_RV result = softoken->calls->C_GetAttributeValue(softoken->session, object, &id, 1);
    if (result != CKR_OK)
        return softoken_failed(error, "the private key's CKAID cannot be read", result);
    key->ckaid_size = id.ulValueLen;
    return true;
}

bool nss_key_extract(const struct softoken *softoken, CK_OBJECT_HANDLE wrapping_key, CK_OBJECT_HANDLE object,
                     struct host_key *ret_key, struct error *error)
{
    struct host_key key = {0};
    CK_ULONG wrapped_size = 0;
    if (!read_ckaid(softoken, object, &key, error) ||
        !wrap(softoken, wrapping_key, object, NULL, &wrapped_size, error))
        return false;
    if (wrapped_size > WRAPPED_SIZE_MAX)
        return error_set(error, 0, "the private key is too long");
    uint8_t *both = malloc(2 * wrapped_size);
    CK_ULONG der_size = wrapped_size;
    if (both == NULL)
        return error_set(error, 0, "out of memory");
    bool is_read =
        wrap(softoken, wrapping_key, object, both, &wrapped_size, error) &&
        unwrap(softoken, wrapping_key, both, wrapped_size, both + wrapped_size, &der_size, error) &&
        parse_pkcs8(both + wrapped_size, der_size, &key, error);
    secret_free(both, 2 * wrapped_size);
    if (is_read)
        *ret_key = key;
    return is_read;
}

/* ---- all ---- */

static bool append_object(CK_OBJECT_HANDLE **list, size_t *count, CK_OBJECT_HANDLE object)
{
    if (*count % OBJECTS_A_CALL == 0) {
        CK_OBJECT_HANDLE *more = realloc(*list, (*count + OBJECTS_A_CALL) * sizeof(**list));
        if (more == NULL)
            return false;
        *list = more;
    }
    (*list)[(*count)++] = object;
    return true;
}

/* Handles of the private keys, malloc'd. */
static bool find_private_keys(const struct softoken *softoken, CK_OBJECT_HANDLE **ret_list, size_t *ret_count,
                              struct error *error)
{
    CK_OBJECT_CLASS class = CKO_PRIVATE_KEY;
    CK_ATTRIBUTE template = {CKA_CLASS, &class, sizeof(class)};
    CK_OBJECT_HANDLE some[OBJECTS_A_CALL];
    CK_ULONG found = 0;
    CK_RV result = softoken->calls->C_FindObjectsInit(softoken->session, &template, 1);
    if (result != CKR_OK)
        return softoken_failed(error, "cannot look for private keys", result);
    do {
        result = softoken->calls->C_FindObjects(softoken->session, some, OBJECTS_A_CALL, &found);
        for (CK_ULONG i = 0; result == CKR_OK && i < found; i++)
            if (*ret_count >= KEYS_MAX || !append_object(ret_list, ret_count, some[i]))
                result = CKR_HOST_MEMORY;
    } while (result == CKR_OK && found > 0);
    softoken->calls->C_FindObjectsFinal(softoken->session);
    return result == CKR_OK || softoken_failed(error, "cannot look for private keys", result);
}

static void extract_all(const struct softoken *softoken, CK_OBJECT_HANDLE wrapping_key,
                        const CK_OBJECT_HANDLE *objects, size_t count, struct host_keys *keys,
                        const struct warning_sink *warnings)
{
    struct error error;
    char ckaid[CKAID_TEXT_SIZE];
    for (size_t i = 0; i < count; i++) {
        struct host_key *key = &keys->list[keys->count];
        if (nss_key_extract(softoken, wrapping_key, objects[i], key, &error)) {
            keys->count++;
            continue;
        }
        struct host_key unread = {0};
        read_ckaid(softoken, objects[i], &unread, NULL);
        warning_send(warnings, "private key with CKAID %s is left out: %s",
                     host_key_ckaid_text(&unread, ckaid), error.text);
    }
}

bool nss_database_keys(const struct nss_database *database, struct host_keys *ret_keys,
                       const struct warning_sink *warnings, struct error *error)
{
    const struct softoken *softoken = &database->softoken;
    CK_OBJECT_HANDLE *objects = NULL, wrapping_key;
    struct host_keys keys = {0};
    size_t count = 0;
    bool is_found = find_private_keys(softoken, &objects, &count, error) &&
                    nss_wrapping_key(softoken, &wrapping_key, error);
    if (is_found) {
        keys.list = calloc(count + 1, sizeof(*keys.list));
        if (keys.list != NULL)
            extract_all(softoken, wrapping_key, objects, count, &keys, warnings);
        else
            is_found = error_set(error, 0, "out of memory");
        softoken->calls->C_DestroyObject(softoken->session, wrapping_key);
    }
    free(objects);
    if (is_found)
        *ret_keys = keys;
    return is_found;
}
