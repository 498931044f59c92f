/* What each family of key exchange groups provides to key_exchange.c, which has checked the peer's size. */
#ifndef STYX_CRYPTO_KEY_EXCHANGE_METHOD_H
#define STYX_CRYPTO_KEY_EXCHANGE_METHOD_H

#include "crypto/detail.h"
#include "crypto/key_exchange.h"

/* Why a peer's value gave no shared secret. */
enum ke_result { KE_OK, KE_INVALID_PEER, KE_LIBRARY_FAILED };

struct ke_method {
    bool (*generate)(const struct ke_detail *detail, const uint8_t seed[static KE_SEED_SIZE],
                     struct ke_private *ret_private, uint8_t *public_out);
    enum ke_result (*derive)(const struct ke_detail *detail, const struct ke_private *own,
                             const uint8_t *peer, uint8_t *secret_out);
    const char *peer_requirement; /* "the peer's value must be ..." */
};

extern const struct ke_method ke_method_modp;
extern const struct ke_method ke_method_ecp;
extern const struct ke_method ke_method_ecx;

#endif
