/* The portable provider: one packet after the other through crypto/packet_cipher.h. */
#include "esp/esp_cipher.h"

static bool libcrypto_is_available(void)
{
    return true;
}

static bool libcrypto_supports(const struct esp_keys *keys)
{
    (void)keys; /* what the algorithm table lets through, libcrypto runs */
    return true;
}

static void *libcrypto_context_new(void *thread, const struct esp_keys *keys)
{
    (void)thread;
    bool is_bare = keys->integ == NULL && !keys->encr->is_aead; /* inside AH: esp_sa.c sees to that */
    struct packet_cipher *cipher =
        is_bare ? packet_cipher_new_bare(keys->encr) : packet_cipher_new(keys->encr, keys->integ);
    if (cipher == NULL)
        return NULL;
    if (!packet_cipher_set_keys(cipher, bytes_of(keys->encr_key, keys->encr_key_size),
                                bytes_of(keys->integ_key, keys->integ_key_size))) {
        packet_cipher_free(cipher);
        return NULL;
    }
    return cipher;
}

static void libcrypto_context_free(void *context, const struct esp_keys *keys)
{
    (void)keys;
    packet_cipher_free(context);
}

static bool libcrypto_seal(void *thread, void *context, const struct esp_keys *keys, struct esp_job *jobs,
                           size_t count)
{
    (void)thread, (void)keys;
    for (size_t i = 0; i < count; i++) {
        esp_job_bring_home(&jobs[i]);
        if (!packet_cipher_seal(context, &jobs[i].parts))
            return false;
    }
    return true;
}

static void libcrypto_open(void *thread, void *context, const struct esp_keys *keys, struct esp_job *jobs,
                           size_t count)
{
    (void)thread, (void)keys;
    for (size_t i = 0; i < count; i++)
        jobs[i].is_authentic = packet_cipher_open(context, &jobs[i].parts);
}

static size_t libcrypto_smallest_batch(const struct esp_keys *keys)
{
    (void)keys;
    return 1;
}

const struct esp_provider esp_provider_libcrypto = {
    .name = "libcrypto",
    .is_available = libcrypto_is_available,
    .supports = libcrypto_supports,
    .context_new = libcrypto_context_new,
    .context_free = libcrypto_context_free,
    .seal = libcrypto_seal,
    .open = libcrypto_open,
    .smallest_batch = libcrypto_smallest_batch,
};
