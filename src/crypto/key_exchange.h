/*
 * Key exchange methods: MODP (RFC 3526), ECP (RFC 5903), X25519 and X448 (RFC 8031), with the checks of
 * RFC 6989. Deterministic: private keys come from a seed that the caller draws from its environment.
 */
#ifndef STYX_CRYPTO_KEY_EXCHANGE_H
#define STYX_CRYPTO_KEY_EXCHANGE_H

#include "base/error.h"
#include "crypto/algorithm.h"

enum { KE_SEED_SIZE = 72, KE_PUBLIC_MAX = 1024, KE_SECRET_MAX = 1024 };

/* A private key as plain data, to be wiped with secret_wipe(). */
struct ke_private {
    uint8_t scalar[KE_SEED_SIZE];
};

/* Bytes of a KE payload's data and of the shared secret. */
size_t ke_public_size(const struct algorithm *ke);
size_t ke_secret_size(const struct algorithm *ke);

/* Initiator, before the exchange: public_out takes ke_public_size() bytes. */
bool ke_generate(const struct algorithm *ke, const uint8_t seed[static KE_SEED_SIZE],
                 struct ke_private *ret_private, uint8_t *public_out);

/* Initiator, with the responder's KE data: secret_out takes ke_secret_size() bytes. A peer value of the wrong
 * size, out of range, off the curve, or giving an all-zero secret is an error (RFC 6989 2, RFC 8031 3). */
bool ke_derive(const struct algorithm *ke, const struct ke_private *own, struct bytes peer,
               uint8_t *secret_out, struct error *error);

/* Responder: both halves at once (the shape that a KEM has too). */
bool ke_respond(const struct algorithm *ke, const uint8_t seed[static KE_SEED_SIZE], struct bytes peer,
                uint8_t *public_out, uint8_t *secret_out, struct error *error);

#endif
