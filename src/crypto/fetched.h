/* libcrypto's algorithms, fetched once for the whole process: an implicit fetch costs more than a whole HMAC.
 */
#ifndef STYX_CRYPTO_FETCHED_H
#define STYX_CRYPTO_FETCHED_H

#include <openssl/evp.h>

#include "crypto/detail.h"

/* NULL when this libcrypto does not provide it. Safe in any thread. */
const EVP_MD *fetched_digest(enum mac_kind hmac_kind);
const EVP_CIPHER *fetched_cipher(enum cipher_family family, size_t key_size);
/* The key as the fetched cipher takes it: DES runs as triple DES with three times the same one. */
struct bytes fetched_cipher_key(enum cipher_family family, struct bytes key, uint8_t out[static 24]);
const EVP_CIPHER *fetched_aes128_ecb(void);

#endif
