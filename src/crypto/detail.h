/* What an algorithm's `detail` points to: how src/crypto runs it. Private to this folder. */
#ifndef STYX_CRYPTO_DETAIL_H
#define STYX_CRYPTO_DETAIL_H

#include "crypto/algorithm.h"

/* PRF and integrity algorithms that are the same function share one detail. */
enum mac_kind {
    MAC_HMAC_MD5,
    MAC_HMAC_SHA1,
    MAC_HMAC_SHA2_256,
    MAC_HMAC_SHA2_384,
    MAC_HMAC_SHA2_512,
    MAC_AES_XCBC,
    MAC_AES_CMAC,
    MAC_KINDS
};

struct mac_detail {
    enum mac_kind kind;
};

enum cipher_mode { MODE_NULL, MODE_CBC, MODE_CTR, MODE_AEAD, MODE_CCM, MODE_GMAC };

/* The cipher as libcrypto knows it, without its key length. */
enum cipher_family {
    FAMILY_NONE,
    FAMILY_AES_GCM,
    FAMILY_AES_CCM,
    FAMILY_AES_CBC,
    FAMILY_AES_CTR,
    FAMILY_CAMELLIA_CBC,
    FAMILY_CAMELLIA_CTR,
    FAMILY_CHACHA20,
    FAMILY_3DES,
    FAMILY_DES,
};

struct cipher_detail {
    enum cipher_mode mode;
    enum cipher_family family;
};

struct ke_method;

struct ke_detail {
    const struct ke_method *method;
    int group; /* the method's own: modulus bits, or libcrypto's curve number */
    uint16_t public_size;
    uint16_t secret_size;
};

#endif
