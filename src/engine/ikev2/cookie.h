/* Cookies against floods of half-open IKE SAs: RFC 7296 2.6. */
#ifndef STYX_ENGINE_IKEV2_COOKIE_H
#define STYX_ENGINE_IKEV2_COOKIE_H

#include "engine/state.h"

enum { COOKIE_SIZE = 20, COOKIE_SIZE_MAX = 64 };

/* Whether new initiators must show a cookie now. */
bool cookie_is_demanded(const struct engine *engine);
/* Stateless: version || hash(secret, nonce, address, SPIi). */
void cookie_make(struct engine *engine, const struct ip_address *remote,
                 const uint8_t spi_i[static IKE_SPI_SIZE], struct bytes nonce,
                 uint8_t out[static COOKIE_SIZE]);
bool cookie_is_ours(struct engine *engine, const struct ip_address *remote,
                    const uint8_t spi_i[static IKE_SPI_SIZE], struct bytes nonce, struct bytes cookie);

/* Another secret from now on; cookies of the one before still count. */
void cookie_renew_secret(struct engine *engine);

#endif
