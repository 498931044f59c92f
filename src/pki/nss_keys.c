/* Private keys out of the NSS database: each wrapped by the token (PKCS#8, RFC 5958, under AES-CBC) and
 * unwrapped here, for libcrypto signs several times faster than the token. */
#include <stdlib.h>

#include "base/secret.h"
#include "base/text.h"
#include "pki/nss_detail.h"
#include "pki/nss_pkcs8.h"

enum {
    WRAPPING_KEY_SIZE = 32,
    AES_BLOCK_SIZE = 16,
    ID_SIZE_MAX = 64,
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

struct private_key *nss_key_extract(const struct softoken *softoken, CK_OBJECT_HANDLE wrapping_key,
                                    CK_OBJECT_HANDLE object, struct error *error)
{
    struct private_key *key = NULL;
    CK_ULONG wrapped_size = 0;
    if (!wrap(softoken, wrapping_key, object, NULL, &wrapped_size, error))
        return NULL;
    size_t size = wrapped_size <= WRAPPED_SIZE_MAX ? 2 * wrapped_size : 0;
    uint8_t *both = size > 0 ? malloc(size) : NULL;
    CK_ULONG der_size = wrapped_size;
    if (both == NULL) {
        error_set(error, 0, size > 0 ? "out of memory" : "the private key is too long");
        return NULL;
    }
    if (wrap(softoken, wrapping_key, object, both, &wrapped_size, error) &&
        unwrap(softoken, wrapping_key, both, wrapped_size, both + size / 2, &der_size, error))
        key = nss_private_key(bytes_of(both + size / 2, der_size), error);
    secret_free(both, size);
    return key;
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

/* By the name that NSS's own programs have for it. */
static void warn_of_unread(const struct softoken *softoken, CK_OBJECT_HANDLE object, const char *reason,
                           const struct warning_sink *warnings)
{
    uint8_t id[ID_SIZE_MAX];
    char hex[2 * ID_SIZE_MAX + 1];
    struct text text = text_of(hex, sizeof(hex));
    CK_ATTRIBUTE attribute = {CKA_ID, id, sizeof(id)};
    if (softoken->calls->C_GetAttributeValue(softoken->session, object, &attribute, 1) == CKR_OK)
        text_add_hex(&text, bytes_of(id, attribute.ulValueLen));
    warning_send(warnings, "private key with CKAID %s is left out: %s", hex, reason);
}

static void extract_all(const struct softoken *softoken, CK_OBJECT_HANDLE wrapping_key,
                        const CK_OBJECT_HANDLE *objects, size_t count, struct host_keys *keys,
                        const struct warning_sink *warnings)
{
    struct error error;
    for (size_t i = 0; i < count; i++) {
        struct private_key *key = nss_key_extract(softoken, wrapping_key, objects[i], &error);
        if (key != NULL)
            keys->list[keys->count++] = key;
        else
            warn_of_unread(softoken, objects[i], error.text, warnings);
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
