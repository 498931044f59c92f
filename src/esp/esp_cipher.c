/* The choice between the providers of packet cryptography, batch by batch. */
#include "esp/esp_cipher.h"

#include <stdlib.h>

#include "base/secret.h"

enum { RANDOM_POOL_SIZE = 2048 };

struct esp_crypto {
    void *threads[PROVIDER_COUNT];
    const struct esp_provider *providers[PROVIDER_COUNT]; /* NULL: not used */
    void (*random)(uint8_t *out, size_t size);
    size_t random_left;
    uint8_t random_pool[RANDOM_POOL_SIZE];
};

const struct esp_provider *esp_provider(enum esp_provider_id id)
{
    if (id == PROVIDER_LIBCRYPTO)
        return &esp_provider_libcrypto;
#ifdef STYX_WITH_IPSEC_MB
    if (id == PROVIDER_IPSEC_MB && esp_provider_ipsec_mb.is_available())
        return &esp_provider_ipsec_mb;
#endif
    return NULL;
}

struct esp_crypto *esp_crypto_new(unsigned providers, void (*random)(uint8_t *out, size_t size))
{
    struct esp_crypto *crypto = calloc(1, sizeof(*crypto));
    if (crypto == NULL)
        return NULL;
    crypto->random = random;
    for (enum esp_provider_id id = 0; id < PROVIDER_COUNT; id++) {
        const struct esp_provider *provider = esp_provider(id);
        if ((providers & 1u << id) == 0 || provider == NULL)
            continue;
        if (provider->thread_new != NULL) {
            crypto->threads[id] = provider->thread_new();
            if (crypto->threads[id] == NULL) {
                esp_crypto_free(crypto);
                return NULL;
            }
        }
        crypto->providers[id] = provider;
    }
    return crypto;
}

void esp_crypto_free(struct esp_crypto *crypto)
{
    if (crypto == NULL)
        return;
    for (enum esp_provider_id id = 0; id < PROVIDER_COUNT; id++) {
        if (crypto->threads[id] != NULL)
            esp_provider(id)->thread_free(crypto->threads[id]);
    }
    secret_free(crypto, sizeof(*crypto));
}

void esp_crypto_random(struct esp_crypto *crypto, uint8_t *out, size_t size)
{
    if (crypto->random_left < size) {
        crypto->random(crypto->random_pool, RANDOM_POOL_SIZE);
        crypto->random_left = RANDOM_POOL_SIZE;
    }
    crypto->random_left -= size;
    uint8_t *taken = crypto->random_pool + crypto->random_left;
    memcpy(out, taken, size);
    memset(taken, 0, size);
}

/* The fastest enabled provider for so many packets; PROVIDER_COUNT: none knows the algorithms. */
static enum esp_provider_id choose_provider(const struct esp_crypto *crypto, const struct esp_keys *keys,
                                            size_t count)
{
    const struct esp_provider *bulk = crypto->providers[PROVIDER_IPSEC_MB];
    const struct esp_provider *single = crypto->providers[PROVIDER_LIBCRYPTO];
    bool bulk_can = bulk != NULL && bulk->supports(keys);
    bool single_can = single != NULL && single->supports(keys);
    if (bulk_can && (!single_can || count >= bulk->smallest_batch(keys)))
        return PROVIDER_IPSEC_MB;
    return single_can ? PROVIDER_LIBCRYPTO : PROVIDER_COUNT;
}

/* The provider with a keyed context, or NULL. */
static const struct esp_provider *ready_provider(struct esp_crypto *crypto, struct esp_cipher *cipher,
                                                 const struct esp_keys *keys, size_t count,
                                                 enum esp_provider_id *ret_id)
{
    enum esp_provider_id id = choose_provider(crypto, keys, count);
    if (id == PROVIDER_COUNT)
        return NULL;
    const struct esp_provider *provider = crypto->providers[id];
    if (cipher->contexts[id] == NULL)
        cipher->contexts[id] = provider->context_new(crypto->threads[id], keys);
    *ret_id = id;
    return cipher->contexts[id] != NULL ? provider : NULL;
}

bool esp_cipher_seal(struct esp_crypto *crypto, struct esp_cipher *cipher, const struct esp_keys *keys,
                     struct esp_job *jobs, size_t count)
{
    enum esp_provider_id id;
    const struct esp_provider *provider = ready_provider(crypto, cipher, keys, count, &id);
    return provider != NULL && provider->seal(crypto->threads[id], cipher->contexts[id], keys, jobs, count);
}

void esp_cipher_open(struct esp_crypto *crypto, struct esp_cipher *cipher, const struct esp_keys *keys,
                     struct esp_job *jobs, size_t count)
{
    enum esp_provider_id id;
    for (size_t i = 0; i < count; i++)
        jobs[i].is_authentic = false;
    const struct esp_provider *provider = ready_provider(crypto, cipher, keys, count, &id);
    if (provider != NULL)
        provider->open(crypto->threads[id], cipher->contexts[id], keys, jobs, count);
}

void esp_cipher_release(struct esp_cipher *cipher, const struct esp_keys *keys)
{
    for (enum esp_provider_id id = 0; id < PROVIDER_COUNT; id++) {
        if (cipher->contexts[id] != NULL)
            esp_provider(id)->context_free(cipher->contexts[id], keys);
        cipher->contexts[id] = NULL;
    }
}
