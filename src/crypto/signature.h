/*
 * Signatures of IKE: RFC 2409 5.1 (bare PKCS #1), RFC 7296 2.15 (method 1), RFC 4754 (methods 9 to 11), RFC
 * 7427 and RFC 8420 (method 14, with AlgorithmIdentifiers). Slow and pure: for worker threads.
 */
#ifndef STYX_CRYPTO_SIGNATURE_H
#define STYX_CRYPTO_SIGNATURE_H

#include "crypto/private_key.h"

enum signature_form {
    SIGNATURE_PKCS1_BARE,  /* IKEv1: the message is the hash, and goes into the padding as it is */
    SIGNATURE_PKCS1,       /* RSASSA-PKCS1-v1_5 */
    SIGNATURE_PSS,         /* RSASSA-PSS, MGF1 with the same hash, salt as long as the hash */
    SIGNATURE_ECDSA_FIXED, /* r, s, each as long as the curve's order */
    SIGNATURE_ECDSA,       /* SEQUENCE of r, s */
    SIGNATURE_EDDSA,       /* pure: the message itself */
};

/* The numbers of SIGNATURE_HASH_ALGORITHMS (IANA, RFC 7427 7, RFC 8420 2); NONE: not negotiated. */
enum signature_hash {
    SIGNATURE_HASH_NONE = 0,
    SIGNATURE_HASH_SHA1 = 1,
    SIGNATURE_HASH_SHA2_256 = 2,
    SIGNATURE_HASH_SHA2_384 = 3,
    SIGNATURE_HASH_SHA2_512 = 4,
    SIGNATURE_HASH_IDENTITY = 5,
};

enum {
    SIGNATURE_SIZE_MAX = RSA_BITS_MAX / 8,
    SIGNATURE_IDENTIFIER_MAX = 80, /* bytes of an AlgorithmIdentifier that we write */
};

struct signature_algorithm {
    const char *name; /* "RSASSA-PSS with SHA2_512" */
    enum key_kind key;
    enum signature_form form;
    enum signature_hash hash;
    enum key_curve curve;    /* CURVE_NONE: any */
    struct bytes identifier; /* DER, complete; empty: of no RFC 7427 signature */
};

/* The one of that kind of key, form and hash; NULL: there is none. */
const struct signature_algorithm *signature_algorithm_of(enum key_kind key, enum signature_form form,
                                                         enum signature_hash hash, enum key_curve curve);
/* What a peer's AlgorithmIdentifier (the whole DER element) means. NULL: none that we know, with the reason.
 */
const struct signature_algorithm *signature_algorithm_parse(struct bytes identifier, struct error *error);
/* "SHA2_256" ... */
const char *signature_hash_name(enum signature_hash hash);

/* out takes SIGNATURE_SIZE_MAX bytes. */
bool signature_sign(const struct signature_algorithm *algorithm, const struct private_key *key,
                    struct bytes message, uint8_t *out, size_t *ret_size, struct error *error);
bool signature_verify(const struct signature_algorithm *algorithm, const struct public_key *key,
                      struct bytes message, struct bytes signature, struct error *error);

#endif
