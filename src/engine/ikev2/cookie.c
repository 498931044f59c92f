/* Cookies: RFC 7296 2.6. The secret changes every minute; the one before is still honoured. */
#include "engine/ikev2/cookie.h"

#include "base/secret.h"
#include "crypto/prf.h"

bool cookie_is_demanded(const struct engine *engine)
{
    switch (engine->settings.ddos_mode) {
    case DDOS_BUSY:
        return true;
    case DDOS_UNLIMITED:
        return false;
    case DDOS_AUTO:
        return engine->totals.ike_halfopen >= engine->settings.ddos_ike_threshold;
    }
    return false;
}

static void compute(const struct engine *engine, uint32_t version, const struct ip_address *remote,
                    const uint8_t *spi_i, struct bytes nonce, uint8_t out[static COOKIE_SIZE])
{
    uint8_t hash[32];
    const uint8_t *secret = engine->cookie_secret[version == engine->cookie_version ? 0 : 1];
    const struct bytes parts[] = {
        bytes_of(secret, sizeof(engine->cookie_secret[0])),
        nonce,
        bytes_of(remote, sizeof(*remote)),
        bytes_of(spi_i, IKE_SPI_SIZE),
    };
    hash_compute(HASH_SHA2_256, parts, ARRAY_SIZE(parts), hash);
    store_be32(out, version);
    memcpy(out + 4, hash, COOKIE_SIZE - 4);
}

void cookie_renew_secret(struct engine *engine)
{
    memcpy(engine->cookie_secret[1], engine->cookie_secret[0], sizeof(engine->cookie_secret[0]));
    engine_random(engine, engine->cookie_secret[0], sizeof(engine->cookie_secret[0]));
    if (engine->cookie_version == 0)
        engine_random(engine, engine->cookie_secret[1], sizeof(engine->cookie_secret[1]));
    engine->cookie_version++;
    engine->cookie_secret_made_at = engine_now(engine);
}

static void refresh_secret(struct engine *engine)
{
    if (engine->cookie_version == 0 ||
        engine_now(engine) >= engine->cookie_secret_made_at + COOKIE_SECRET_LIFETIME)
        cookie_renew_secret(engine);
}

void cookie_make(struct engine *engine, const struct ip_address *remote,
                 const uint8_t spi_i[static IKE_SPI_SIZE], struct bytes nonce,
                 uint8_t out[static COOKIE_SIZE])
{
    refresh_secret(engine);
    compute(engine, engine->cookie_version, remote, spi_i, nonce, out);
}

bool cookie_is_ours(struct engine *engine, const struct ip_address *remote,
                    const uint8_t spi_i[static IKE_SPI_SIZE], struct bytes nonce, struct bytes cookie)
{
    uint8_t expected[COOKIE_SIZE];
    refresh_secret(engine);
    if (cookie.size != COOKIE_SIZE)
        return false;
    uint32_t version = load_be32(cookie.data);
    if (version != engine->cookie_version && version + 1 != engine->cookie_version)
        return false;
    compute(engine, version, remote, spi_i, nonce, expected);
    return secret_equal(expected, cookie.data, COOKIE_SIZE);
}
