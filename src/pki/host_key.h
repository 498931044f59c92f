/*
 * The key pair of a host: what ipsec showhostkey tells of it, and what the daemon signs with.
 * Public forms: RFC 3110 2 (RSA), RFC 8005 5.2 (ECDSA), RFC 8080 3 (EdDSA), SubjectPublicKeyInfo (RFC
 * 5280 4.1).
 */
#ifndef STYX_PKI_HOST_KEY_H
#define STYX_PKI_HOST_KEY_H

#include <openssl/evp.h>

#include "base/bytes.h"
#include "base/error.h"

enum host_key_kind { HOST_KEY_RSA, HOST_KEY_ECDSA, HOST_KEY_EDDSA };

enum {
    CKAID_SIZE_MAX = 64,
    CKAID_TEXT_SIZE = 2 * CKAID_SIZE_MAX + 1,
    HOST_KEY_ID_SIZE = 9 + 1, /* AwEAAc+lp: what people recognise it by, and NUL */
    HOST_KEY_BLOB_SIZE_MAX = 4096,
};

struct host_key {
    enum host_key_kind kind;
    uint8_t ckaid[CKAID_SIZE_MAX]; /* the database's name of it: PKCS#11's CKA_ID */
    size_t ckaid_size;
    EVP_PKEY *key; /* with its private part */
};

struct host_keys {
    struct host_key *list;
    size_t count;
};

/* "RSA", "ECDSA", "EDDSA" */
const char *host_key_kind_name(enum host_key_kind kind);
/* Whether libcrypto's key is of a kind that IKE signs with. */
bool host_key_kind_of(const EVP_PKEY *key, enum host_key_kind *ret_kind);

const char *host_key_ckaid_text(const struct host_key *key, char out[static CKAID_TEXT_SIZE]);
/* What leftrsasigkey=, leftecdsakey= and IPSECKEY records have; 0: it does not fit. */
size_t host_key_raw(const struct host_key *key, uint8_t out[static HOST_KEY_BLOB_SIZE_MAX]);
/* SubjectPublicKeyInfo: leftpubkey=. */
size_t host_key_spki(const struct host_key *key, uint8_t out[static HOST_KEY_BLOB_SIZE_MAX]);
/* RSA: the beginning of the raw form in base64; else of the CKAID. */
const char *host_key_id(const struct host_key *key, char out[static HOST_KEY_ID_SIZE]);

/* Wiped by libcrypto. */
void host_keys_free(struct host_keys *keys);

#endif
