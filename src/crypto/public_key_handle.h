/* Public keys as libcrypto has them; for src/crypto. */
#ifndef STYX_CRYPTO_PUBLIC_KEY_HANDLE_H
#define STYX_CRYPTO_PUBLIC_KEY_HANDLE_H

#include <openssl/evp.h>

#include "crypto/public_key.h"

/* A new one, for EVP_PKEY_free(); NULL: out of memory, or no point of its curve. */
EVP_PKEY *public_key_handle(const struct public_key *key);
/* Whether the uncompressed point of an ECDSA key is on its curve. */
bool public_key_is_on_curve(const struct public_key *key);
/* The public half of a private or public one. NULL: a kind or size of key that we have no use for, with the
 * reason. */
struct public_key *public_key_of_handle(EVP_PKEY *handle, struct error *error);

#endif
