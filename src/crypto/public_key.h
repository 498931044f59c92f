/*
 * Public keys for signatures: RSA (RFC 3110, RFC 8017), ECDSA on the NIST curves (RFC 5480) and EdDSA (RFC
 * 8410), read from the forms in which configuration files, DNS and certificates carry them. Plain data that
 * never changes, counted: any thread may use one that it holds.
 */
#ifndef STYX_CRYPTO_PUBLIC_KEY_H
#define STYX_CRYPTO_PUBLIC_KEY_H

#include "base/bytes.h"
#include "base/error.h"

enum key_kind { KEY_RSA, KEY_ECDSA, KEY_EDDSA };
enum key_curve { CURVE_NONE, CURVE_P256, CURVE_P384, CURVE_P521, CURVE_ED25519, CURVE_ED448 };

enum {
    RSA_BITS_MIN = 1024,     /* of a key that is read at all */
    RSA_BITS_SIGNING = 2048, /* of one that proves an identity (NIST SP 800-131A) */
    RSA_BITS_MAX = 8192,
    RSA_EXPONENT_MAX = 8, /* bytes: a longer one only makes verification slow */
    PUBLIC_KEY_SIZE_MAX = 3 + RSA_EXPONENT_MAX + RSA_BITS_MAX / 8,
    PUBLIC_KEY_DER_MAX = PUBLIC_KEY_SIZE_MAX + 64, /* a SubjectPublicKeyInfo */
    CKAID_SIZE = 20,
    CKAID_HEX_SIZE = 2 * CKAID_SIZE + 1,
    KEY_ID_SIZE = 9 + 1, /* the beginning of the base64 form, and NUL */
};

struct public_key {
    unsigned users; /* changed atomically */
    enum key_kind kind;
    enum key_curve curve; /* CURVE_NONE: RSA */
    unsigned bits;        /* of the modulus, or of the curve */
    uint8_t *data; /* RSA: exponent, then modulus, without leading zeroes; ECDSA: 4, x, y; EdDSA: the octets
                      of RFC 8032 */
    size_t size;
    size_t exponent_size;
    uint8_t ckaid[CKAID_SIZE]; /* by which NSS finds the private key: SHA-1 of the modulus, the point, the
                                  octets */
    char key_id[KEY_ID_SIZE];  /* AwEAAbO9b: what people recognise it by */
};

static inline struct bytes public_key_exponent(const struct public_key *key)
{
    return bytes_of(key->data, key->exponent_size);
}
static inline struct bytes public_key_modulus(const struct public_key *key)
{
    return bytes_of(key->data + key->exponent_size, key->size - key->exponent_size);
}

/* What no RSA key looks like and sizes that make no sense are refused; the numbers come without leading
 * zeroes. NULL: the reason. */
struct public_key *public_key_of_rsa(struct bytes exponent, struct bytes modulus, struct error *error);
/* RFC 3110 2: length of the exponent, exponent, modulus. */
struct public_key *public_key_of_rfc3110(struct bytes blob, struct error *error);
/* 4, x, y, or x, y alone (RFC 6605); its size tells the curve. Points that are not on it are refused. */
struct public_key *public_key_of_point(struct bytes point, struct error *error);
/* The octets of an Ed25519 (32) or Ed448 (57) key. */
struct public_key *public_key_of_edwards(struct bytes octets, struct error *error);
/* A DER SubjectPublicKeyInfo of any of these. */
struct public_key *public_key_of_spki(struct bytes der, struct error *error);

struct public_key *public_key_hold(const struct public_key *key);
/* Frees it with its last user. NULL is fine. */
void public_key_free(struct public_key *key);
bool public_key_equal(const struct public_key *a, const struct public_key *b);

/* The inverse of the readers; out takes PUBLIC_KEY_SIZE_MAX or PUBLIC_KEY_DER_MAX bytes. Returns the size; 0:
 * an RFC 3110 form exists for RSA only. */
size_t public_key_write_rfc3110(const struct public_key *key, uint8_t *out);
size_t public_key_write_spki(const struct public_key *key, uint8_t *out);

/* "RSA", "ECDSA", "EdDSA". */
const char *key_kind_name(enum key_kind kind);
/* "P-256" ...; "" for RSA. */
const char *key_curve_name(enum key_curve curve);
/* "2048-bit RSA", "P-256 ECDSA", "Ed25519". */
const char *public_key_describe(const struct public_key *key, char out[static 32]);
const char *ckaid_text(const uint8_t ckaid[static CKAID_SIZE], char out[static CKAID_HEX_SIZE]);

#endif
