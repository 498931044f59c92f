/*
 * The algorithm table: every transform that IKE, ESP or AH can name, once, with its numbers, names, sizes
 * and uses. Strings, SA payloads, key derivation, status output and both data planes read it.
 * IANA "IKEv2 Parameters" (RFC 7296 3.3.2), "IPSEC ISAKMP Transforms", "IKE Attributes" (RFC 2407, 2409).
 */
#ifndef STYX_CRYPTO_ALGORITHM_H
#define STYX_CRYPTO_ALGORITHM_H

#include "base/bytes.h"

enum transform_type {
    TRANSFORM_ENCR = 1,
    TRANSFORM_PRF = 2,
    TRANSFORM_INTEG = 3,
    TRANSFORM_KE = 4,
    TRANSFORM_ESN = 5,
};

/* IKEv2 transform ids that the code names. The rest live only in the table. */
enum {
    ENCR_DES = 2, /* for IKEv1 only */
    ENCR_3DES = 3,
    ENCR_NULL = 11,
    ENCR_AES_CBC = 12,
    ENCR_AES_CTR = 13,
    ENCR_AES_GCM_8 = 18,
    ENCR_AES_GCM_12 = 19,
    ENCR_AES_GCM_16 = 20,
    ENCR_NULL_AUTH_AES_GMAC = 21,
    ENCR_CHACHA20_POLY1305 = 28,
    INTEG_NONE = 0,
    INTEG_HMAC_SHA1_96 = 2,
    INTEG_AES_XCBC_96 = 5,
    INTEG_AES_CMAC_96 = 8,
    INTEG_HMAC_SHA2_256_128 = 12,
    INTEG_HMAC_SHA2_256_TRUNCBUG = 65535, /* no number of its own: it travels as HMAC_SHA2_256_128 */
    INTEG_HMAC_SHA2_384_192 = 13,
    INTEG_HMAC_SHA2_512_256 = 14,
    PRF_HMAC_SHA1 = 2,
    PRF_AES128_XCBC = 4,
    PRF_HMAC_SHA2_256 = 5,
    PRF_HMAC_SHA2_384 = 6,
    PRF_HMAC_SHA2_512 = 7,
    PRF_AES128_CMAC = 8,
    KE_NONE = 0,
    KE_MODP2048 = 14,
    KE_ECP256 = 19,
    KE_X25519 = 31,
    KE_X448 = 32,
    ESN_NO = 0,
    ESN_YES = 1,
};

/* Where an algorithm may be used. A name that no use bit of this build covers is known and refused by name.
 */
enum algorithm_use {
    USE_IKEV2_IKE = 1 << 0,
    USE_IKEV2_ESP = 1 << 1,
    USE_IKEV2_AH = 1 << 2,
    USE_IKEV1_IKE = 1 << 3,
    USE_IKEV1_ESP = 1 << 4,
    USE_IKEV1_AH = 1 << 5,
};

enum { ALGORITHM_KEY_LENGTHS = 3, ALGORITHM_ALIASES = 6 };

struct algorithm {
    enum transform_type type;
    uint16_t id;                            /* IKEv2 transform id */
    uint16_t ikev1_ike_id;                  /* IKEv1 phase 1 attribute value; 0 none */
    uint16_t ikev1_esp_id;                  /* IKEv1 ESP transform id or authentication attribute; 0 none */
    const char *name;                       /* as Libreswan prints it: AES_GCM_16, HMAC_SHA2_256, DH31 */
    const char *aliases[ALGORITHM_ALIASES]; /* lower case, NULL-terminated when fewer */
    unsigned uses;                          /* enum algorithm_use, what this build can run */
    bool is_aead;
    bool is_weak;                             /* never offered or taken unless a connection names it */
    bool has_key_length;                      /* the Key Length attribute must be sent (RFC 7296 3.3.5) */
    uint16_t key_bits[ALGORITHM_KEY_LENGTHS]; /* encryption: default first, then others; 0 ends */
    uint8_t salt_size;   /* implicit part of the nonce, taken from KEYMAT after the key */
    uint8_t iv_size;     /* explicit IV in the packet */
    uint8_t block_size;  /* padding granularity in bytes, 1 for none */
    uint8_t icv_size;    /* AEAD tag, or truncated MAC */
    uint8_t key_size;    /* PRF (preferred) and integrity key bytes */
    uint8_t output_size; /* PRF output bytes */
    const void *detail;  /* private to src/crypto */
};

/* NULL when unknown. */
const struct algorithm *algorithm_by_id(enum transform_type type, uint16_t id);
/* Canonical name or alias, any case; '-' and '_' alike. NULL when unknown. */
const struct algorithm *algorithm_by_name(enum transform_type type, const char *name, size_t length);
/* Every algorithm in the order of the reference table. */
const struct algorithm *algorithm_at(size_t index); /* NULL past the end */

/* The integrity algorithm that is the same hash as this PRF and the reverse (HMAC_SHA2_256 <->
 * HMAC_SHA2_256_128); NULL if none. */
const struct algorithm *algorithm_integ_of_prf(const struct algorithm *prf);
const struct algorithm *algorithm_prf_of_integ(const struct algorithm *integ);

bool algorithm_takes_key_bits(const struct algorithm *encr, uint16_t key_bits);

#endif
