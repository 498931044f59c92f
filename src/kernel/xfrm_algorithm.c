/* Names of the kernel's crypto API for the transforms of our algorithm table. */
#include "kernel/xfrm_algorithm.h"

#include <string.h>

static const struct {
    enum transform_type type;
    const char *ours, *kernels;
} names[] = {
    {TRANSFORM_ENCR, "AES_GCM_16", "rfc4106(gcm(aes))"},
    {TRANSFORM_ENCR, "AES_GCM_12", "rfc4106(gcm(aes))"},
    {TRANSFORM_ENCR, "AES_GCM_8", "rfc4106(gcm(aes))"},
    {TRANSFORM_ENCR, "AES_CCM_16", "rfc4309(ccm(aes))"},
    {TRANSFORM_ENCR, "AES_CCM_12", "rfc4309(ccm(aes))"},
    {TRANSFORM_ENCR, "AES_CCM_8", "rfc4309(ccm(aes))"},
    {TRANSFORM_ENCR, "NULL_AUTH_AES_GMAC", "rfc4543(gcm(aes))"},
    {TRANSFORM_ENCR, "CHACHA20_POLY1305", "rfc7539esp(chacha20,poly1305)"},
    {TRANSFORM_ENCR, "AES_CBC", "cbc(aes)"},
    {TRANSFORM_ENCR, "AES_CTR", "rfc3686(ctr(aes))"},
    {TRANSFORM_ENCR, "3DES_CBC", "cbc(des3_ede)"},
    {TRANSFORM_ENCR, "DES_CBC", "cbc(des)"},
    {TRANSFORM_ENCR, "CAST_CBC", "cbc(cast5)"},
    {TRANSFORM_ENCR, "BLOWFISH_CBC", "cbc(blowfish)"},
    {TRANSFORM_ENCR, "CAMELLIA_CBC", "cbc(camellia)"},
    {TRANSFORM_ENCR, "SERPENT_CBC", "cbc(serpent)"},
    {TRANSFORM_ENCR, "TWOFISH_CBC", "cbc(twofish)"},
    {TRANSFORM_ENCR, "NULL", "ecb(cipher_null)"},
    {TRANSFORM_INTEG, "HMAC_MD5_96", "hmac(md5)"},
    {TRANSFORM_INTEG, "HMAC_SHA1_96", "hmac(sha1)"},
    {TRANSFORM_INTEG, "HMAC_SHA2_256_128", "hmac(sha256)"},
    {TRANSFORM_INTEG, "HMAC_SHA2_256_TRUNCBUG", "hmac(sha256)"},
    {TRANSFORM_INTEG, "HMAC_SHA2_384_192", "hmac(sha384)"},
    {TRANSFORM_INTEG, "HMAC_SHA2_512_256", "hmac(sha512)"},
    {TRANSFORM_INTEG, "AES_XCBC_96", "xcbc(aes)"},
    {TRANSFORM_INTEG, "AES_CMAC_96", "cmac(aes)"},
};

const char *xfrm_algorithm_name(const struct algorithm *algorithm)
{
    for (size_t i = 0; i < ARRAY_SIZE(names); i++)
        if (names[i].type == algorithm->type && strcmp(names[i].ours, algorithm->name) == 0)
            return names[i].kernels;
    return NULL;
}
