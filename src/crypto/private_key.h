/*
 * Private keys for signatures: what proves this end's identity. They stay inside libcrypto, never change and
 * are counted: any thread may sign with one that it holds.
 */
#ifndef STYX_CRYPTO_PRIVATE_KEY_H
#define STYX_CRYPTO_PRIVATE_KEY_H

#include "crypto/public_key.h"

struct evp_pkey_st; /* libcrypto's EVP_PKEY */

struct private_key {
    unsigned users; /* changed atomically */
    struct evp_pkey_st *handle;
    struct public_key *public_key; /* with its CKAID */
};

/* A DER PrivateKeyInfo (PKCS#8, as NSS unwraps it), not encrypted. */
struct private_key *private_key_of_pkcs8(struct bytes der, struct error *error);
/* A PEM file's text: PRIVATE KEY, RSA PRIVATE KEY or EC PRIVATE KEY, not encrypted. */
struct private_key *private_key_of_pem(struct bytes text, struct error *error);
/* Takes ownership of the handle also when it fails. */
struct private_key *private_key_of_handle(struct evp_pkey_st *handle, struct error *error);

struct private_key *private_key_hold(const struct private_key *key);
/* Wipes and frees it with its last user. NULL is fine. */
void private_key_free(struct private_key *key);

#endif
