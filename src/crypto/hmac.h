/* HMAC (RFC 2104) that keeps its two keyed hash states, so that a key in use costs two hash blocks less. */
#ifndef STYX_CRYPTO_HMAC_H
#define STYX_CRYPTO_HMAC_H

#include <openssl/evp.h>

#include "crypto/detail.h"

struct hmac {
    const EVP_MD *digest;
    size_t block_size;
    size_t output_size;
    EVP_MD_CTX *inner; /* after the key's inner block */
    EVP_MD_CTX *outer;
    EVP_MD_CTX *work;
};

/* False: out of memory, or no such digest here; hmac_clear() is then still due. */
bool hmac_init(struct hmac *hmac, enum mac_kind kind);
void hmac_clear(struct hmac *hmac); /* wipes the keyed states */
bool hmac_set_key(struct hmac *hmac, struct bytes key);
void hmac_forget_key(struct hmac *hmac);

/* One message: start, add any number of times, finish. out takes output_size bytes. */
bool hmac_start(struct hmac *hmac);
bool hmac_add(struct hmac *hmac, struct bytes bytes);
bool hmac_finish(struct hmac *hmac, uint8_t *out);

#endif
