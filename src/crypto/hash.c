/* Plain hashes (FIPS 180-4). */
#include "crypto/fetched.h"
#include "crypto/prf.h"

static const enum mac_kind kind_of_hash[] = {
    [HASH_SHA1] = MAC_HMAC_SHA1,
    [HASH_SHA2_256] = MAC_HMAC_SHA2_256,
    [HASH_SHA2_384] = MAC_HMAC_SHA2_384,
    [HASH_SHA2_512] = MAC_HMAC_SHA2_512,
};

static bool compute(enum mac_kind kind, const struct bytes *parts, size_t part_count, uint8_t *out)
{
    const EVP_MD *digest = fetched_digest(kind);
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    bool ok = digest != NULL && context != NULL && EVP_DigestInit_ex2(context, digest, NULL) == 1;
    for (size_t i = 0; ok && i < part_count; i++)
        ok = parts[i].size == 0 || EVP_DigestUpdate(context, parts[i].data, parts[i].size) == 1;
    ok = ok && EVP_DigestFinal_ex(context, out, NULL) == 1;
    EVP_MD_CTX_free(context);
    return ok;
}

bool hash_compute(enum hash_kind kind, const struct bytes *parts, size_t part_count, uint8_t *out)
{
    return compute(kind_of_hash[kind], parts, part_count, out);
}

bool hash_of_prf(const struct algorithm *prf, const struct bytes *parts, size_t part_count, uint8_t *out)
{
    const struct mac_detail *detail = prf->detail;
    return detail != NULL && detail->kind <= MAC_HMAC_SHA2_512 &&
           compute(detail->kind, parts, part_count, out);
}
