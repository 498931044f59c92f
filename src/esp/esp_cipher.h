/*
 * Packet cryptography of ESP in batches, by one of two providers: libcrypto everywhere, intel-ipsec-mb where
 * the build and the CPU have it. Contexts are keyed on first use, so an idle SA costs only its keys.
 */
#ifndef STYX_ESP_ESP_CIPHER_H
#define STYX_ESP_ESP_CIPHER_H

#include "crypto/packet_cipher.h"

enum esp_provider_id { PROVIDER_LIBCRYPTO, PROVIDER_IPSEC_MB, PROVIDER_COUNT };

#define ESP_ALL_PROVIDERS ((1u << PROVIDER_COUNT) - 1)

/* The most packets that one call protects. */
enum { ESP_BATCH_MAX = 128 };

/* One packet's place in a batch. Nothing may move while it is in use: parts.aad and parts.trailer may point
 * inside. The iv, the data and the icv lie one behind the other in memory, the ESP header right before the
 * iv. */
struct esp_job {
    struct packet_parts parts;
    const uint8_t *source; /* sealing: what is to become parts.data; NULL: it stands there */
    uint8_t aad[12];
    uint8_t trailer[4];
    bool is_authentic; /* set by opening */
};

/* For a provider that works in place. */
static inline void esp_job_bring_home(struct esp_job *job)
{
    if (job->source != NULL)
        memcpy(job->parts.data, job->source, job->parts.data_size);
    job->source = NULL;
}

/* Borrowed from the SA for its whole life. integ NULL with an AEAD. */
struct esp_keys {
    const struct algorithm *encr;
    const struct algorithm *integ;
    uint16_t encr_key_bits;
    uint8_t encr_key_size, integ_key_size;
    const uint8_t *encr_key; /* key || salt */
    const uint8_t *integ_key;
    bool covers_header; /* AH: what is authenticated lies in several places */
};

/* Keyed contexts of one SA in one direction, one for each provider that was used so far. */
struct esp_cipher {
    void *contexts[PROVIDER_COUNT];
};

/* What one thread needs to run ciphers: the providers' scratch space and a pool of random bytes for IVs. */
struct esp_crypto;

struct esp_provider {
    const char *name;
    bool (*is_available)(void); /* on this CPU */
    bool (*supports)(const struct esp_keys *keys);
    void *(*thread_new)(void); /* NULL: out of memory */
    void (*thread_free)(void *thread);
    void *(*context_new)(void *thread, const struct esp_keys *keys);
    void (*context_free)(void *context, const struct esp_keys *keys); /* wipes */
    bool (*seal)(void *thread, void *context, const struct esp_keys *keys, struct esp_job *jobs,
                 size_t count);
    void (*open)(void *thread, void *context, const struct esp_keys *keys, struct esp_job *jobs,
                 size_t count);
    /* Batches of fewer packets are left to libcrypto, which is faster alone. */
    size_t (*smallest_batch)(const struct esp_keys *keys);
};

extern const struct esp_provider esp_provider_libcrypto;
#ifdef STYX_WITH_IPSEC_MB
extern const struct esp_provider esp_provider_ipsec_mb;
#endif

/* NULL when this build or this CPU does not have it. */
const struct esp_provider *esp_provider(enum esp_provider_id id);

/* `random` fills with unpredictable bytes. Providers: a bit of 1 << id each; those absent are left out. */
struct esp_crypto *esp_crypto_new(unsigned providers, void (*random)(uint8_t *out, size_t size));
void esp_crypto_free(struct esp_crypto *crypto);

/* Unpredictable bytes, out of a pool; at most 64. */
void esp_crypto_random(struct esp_crypto *crypto, uint8_t *out, size_t size);

/* At most ESP_BATCH_MAX jobs of one SA. False: out of memory or a failing library; nothing may be sent. */
bool esp_cipher_seal(struct esp_crypto *crypto, struct esp_cipher *cipher, const struct esp_keys *keys,
                     struct esp_job *jobs, size_t count);
/* Sets is_authentic of each; data of others is not to be looked at. */
void esp_cipher_open(struct esp_crypto *crypto, struct esp_cipher *cipher, const struct esp_keys *keys,
                     struct esp_job *jobs, size_t count);
/* After how many packets a batch is best run: an AEAD gains nothing by company and works on what is still in
 * the nearest cache; hashes fill the lanes of wide instructions. */
static inline size_t esp_cipher_batch(const struct esp_keys *keys)
{
    return keys->encr->is_aead ? 16 : 64;
}

/* Whether sealing from job.source is as good as in place, and a packet alone as good as in company. */
static inline bool esp_cipher_seals_from_elsewhere(const struct esp_keys *keys)
{
    return keys->encr->is_aead;
}

void esp_cipher_release(struct esp_cipher *cipher, const struct esp_keys *keys);

#endif
