/* One fetch of each digest and cipher, at first use. */
#include "crypto/fetched.h"

#include <pthread.h>

static const char *const digest_names[] = {
    [MAC_HMAC_MD5] = "MD5",           [MAC_HMAC_SHA1] = "SHA1",         [MAC_HMAC_SHA2_256] = "SHA2-256",
    [MAC_HMAC_SHA2_384] = "SHA2-384", [MAC_HMAC_SHA2_512] = "SHA2-512",
};

static const struct {
    enum cipher_family family;
    size_t key_size;
    const char *name;
} cipher_names[] = {
    {FAMILY_AES_GCM, 16, "AES-128-GCM"},
    {FAMILY_AES_GCM, 24, "AES-192-GCM"},
    {FAMILY_AES_GCM, 32, "AES-256-GCM"},
    {FAMILY_AES_CBC, 16, "AES-128-CBC"},
    {FAMILY_AES_CBC, 24, "AES-192-CBC"},
    {FAMILY_AES_CBC, 32, "AES-256-CBC"},
    {FAMILY_AES_CTR, 16, "AES-128-CTR"},
    {FAMILY_AES_CTR, 24, "AES-192-CTR"},
    {FAMILY_AES_CTR, 32, "AES-256-CTR"},
    {FAMILY_CHACHA20, 32, "ChaCha20-Poly1305"},
    {FAMILY_3DES, 24, "DES-EDE3-CBC"},
    {FAMILY_DES, 8, "DES-EDE3-CBC"}, /* DES itself is in the legacy provider only */
    {FAMILY_AES_CCM, 16, "AES-128-CCM"},
    {FAMILY_AES_CCM, 24, "AES-192-CCM"},
    {FAMILY_AES_CCM, 32, "AES-256-CCM"},
    {FAMILY_CAMELLIA_CBC, 16, "CAMELLIA-128-CBC"},
    {FAMILY_CAMELLIA_CBC, 24, "CAMELLIA-192-CBC"},
    {FAMILY_CAMELLIA_CBC, 32, "CAMELLIA-256-CBC"},
    {FAMILY_CAMELLIA_CTR, 16, "CAMELLIA-128-CTR"},
    {FAMILY_CAMELLIA_CTR, 24, "CAMELLIA-192-CTR"},
    {FAMILY_CAMELLIA_CTR, 32, "CAMELLIA-256-CTR"},
};

static EVP_MD *digests[ARRAY_SIZE(digest_names)];
static EVP_CIPHER *ciphers[ARRAY_SIZE(cipher_names)];
static EVP_CIPHER *aes128_ecb;
static pthread_once_t fetch_once = PTHREAD_ONCE_INIT;

static void fetch_all(void)
{
    for (size_t i = 0; i < ARRAY_SIZE(digest_names); i++)
        digests[i] = EVP_MD_fetch(NULL, digest_names[i], NULL);
    for (size_t i = 0; i < ARRAY_SIZE(cipher_names); i++)
        ciphers[i] = EVP_CIPHER_fetch(NULL, cipher_names[i].name, NULL);
    aes128_ecb = EVP_CIPHER_fetch(NULL, "AES-128-ECB", NULL);
}

const EVP_MD *fetched_digest(enum mac_kind hmac_kind)
{
    pthread_once(&fetch_once, fetch_all);
    return (size_t)hmac_kind < ARRAY_SIZE(digests) ? digests[hmac_kind] : NULL;
}

const EVP_CIPHER *fetched_cipher(enum cipher_family family, size_t key_size)
{
    pthread_once(&fetch_once, fetch_all);
    for (size_t i = 0; i < ARRAY_SIZE(cipher_names); i++)
        if (cipher_names[i].family == family && cipher_names[i].key_size == key_size)
            return ciphers[i];
    return NULL;
}

struct bytes fetched_cipher_key(enum cipher_family family, struct bytes key, uint8_t out[static 24])
{
    if (family != FAMILY_DES || key.size != 8)
        return key;
    for (size_t i = 0; i < 3; i++)
        memcpy(out + 8 * i, key.data, 8);
    return bytes_of(out, 24);
}

const EVP_CIPHER *fetched_aes128_ecb(void)
{
    pthread_once(&fetch_once, fetch_all);
    return aes128_ecb;
}
