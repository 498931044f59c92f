/*
 * The bulk provider: intel-ipsec-mb. AES-GCM goes through its direct calls, all else as jobs, several packets
 * of a batch in the lanes of one CPU instruction. AES-GCM (RFC 4106), ChaCha20-Poly1305 (RFC 7634), AES-CBC
 * and AES-CTR and NULL with HMAC, XCBC and CMAC (RFC 3602, 3686, 4868, 3566, 4494).
 */
#include <intel-ipsec-mb.h>
#include <pthread.h>
#include <stdlib.h>

#include "base/secret.h"
#include "esp/esp_cipher.h"

enum { SHA512_BLOCK = 128, SHA512_STATE = 64, AES_ROUND_KEYS = 16 * 15 };

struct bulk_hash {
    /* HMAC: hash states after the inner and outer pad. XCBC: k1, k2, k3. CMAC: round keys and the two
     * subkeys. */
    union {
        struct {
            uint8_t inner[SHA512_STATE];
            uint8_t outer[SHA512_STATE];
        } hmac;
        struct {
            uint32_t k1[4 * 11];
            uint8_t k2[16];
            uint8_t k3[16];
        } xcbc;
        struct {
            uint32_t round_keys[4 * 11];
            uint32_t subkey1[4];
            uint32_t subkey2[4];
        } cmac;
    };
};

struct bulk_context {
    union {
        struct gcm_key_data gcm;
        uint8_t chacha_key[32];
        struct {
            _Alignas(16) uint8_t encrypt[AES_ROUND_KEYS];
            _Alignas(16) uint8_t decrypt[AES_ROUND_KEYS];
            _Alignas(16) struct bulk_hash hash;
        } cbc;
    };
};

static IMB_MGR *manager_new(void)
{
    IMB_MGR *manager = alloc_mb_mgr(0);
    if (manager == NULL)
        return NULL;
    IMB_ARCH arch;
    init_mb_mgr_auto(manager, &arch);
    if (imb_get_errno(manager) == 0)
        return manager;
    free_mb_mgr(manager);
    return NULL;
}

static bool cpu_is_able;

static void probe_cpu(void)
{
    IMB_MGR *manager = manager_new();
    /* Without AES instructions the library emulates them, slower than libcrypto. */
    cpu_is_able = manager != NULL && (manager->features & IMB_FEATURE_AESNI) != 0;
    if (manager != NULL)
        free_mb_mgr(manager);
}

static bool bulk_is_available(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, probe_cpu);
    return cpu_is_able;
}

static void *bulk_thread_new(void)
{
    return manager_new();
}

static void bulk_thread_free(void *thread)
{
    free_mb_mgr(thread);
}

static bool is_gcm(const struct esp_keys *keys)
{
    return keys->encr->id == ENCR_AES_GCM_8 || keys->encr->id == ENCR_AES_GCM_12 ||
           keys->encr->id == ENCR_AES_GCM_16;
}

static bool is_chacha(const struct esp_keys *keys)
{
    return keys->encr->id == ENCR_CHACHA20_POLY1305;
}

static bool supports_integ(const struct algorithm *integ)
{
    if (integ == NULL)
        return false;
    switch (integ->id) {
    case INTEG_HMAC_SHA1_96:
    case INTEG_HMAC_SHA2_256_128:
    case INTEG_HMAC_SHA2_256_TRUNCBUG:
    case INTEG_HMAC_SHA2_384_192:
    case INTEG_HMAC_SHA2_512_256:
    case INTEG_AES_XCBC_96:
    case INTEG_AES_CMAC_96:
        return true;
    default:
        return false;
    }
}

static bool bulk_supports(const struct esp_keys *keys)
{
    if (keys->covers_header)
        return false;
    if (is_gcm(keys) || is_chacha(keys))
        return true;
    bool cipher_is_known =
        keys->encr->id == ENCR_AES_CBC || keys->encr->id == ENCR_AES_CTR || keys->encr->id == ENCR_NULL;
    return cipher_is_known && supports_integ(keys->integ);
}

static size_t bulk_smallest_batch(const struct esp_keys *keys)
{
    /* A hash in one of many lanes is slow alone; an AEAD is not. */
    return keys->encr->is_aead ? 1 : 4;
}

static size_t aes_key_size(const struct esp_keys *keys)
{
    return (size_t)keys->encr_key_size - keys->encr->salt_size;
}

static const uint8_t *salt_of(const struct esp_keys *keys)
{
    return keys->encr_key + aes_key_size(keys);
}

static void expand_gcm(IMB_MGR *manager, const struct esp_keys *keys, struct gcm_key_data *out)
{
    if (aes_key_size(keys) == 16)
        IMB_AES128_GCM_PRE(manager, keys->encr_key, out);
    else if (aes_key_size(keys) == 24)
        IMB_AES192_GCM_PRE(manager, keys->encr_key, out);
    else
        IMB_AES256_GCM_PRE(manager, keys->encr_key, out);
}

static void expand_aes(IMB_MGR *manager, const struct esp_keys *keys, struct bulk_context *context)
{
    if (keys->encr->id == ENCR_NULL)
        return;
    if (aes_key_size(keys) == 16)
        IMB_AES_KEYEXP_128(manager, keys->encr_key, context->cbc.encrypt, context->cbc.decrypt);
    else if (aes_key_size(keys) == 24)
        IMB_AES_KEYEXP_192(manager, keys->encr_key, context->cbc.encrypt, context->cbc.decrypt);
    else
        IMB_AES_KEYEXP_256(manager, keys->encr_key, context->cbc.encrypt, context->cbc.decrypt);
}

/* The state of the hash after one block of the key combined with `pad` (RFC 2104). */
static void hash_pad(IMB_MGR *manager, const struct esp_keys *keys, uint8_t pad, uint8_t state[SHA512_STATE])
{
    uint8_t block[SHA512_BLOCK];
    memset(block, pad, sizeof(block));
    for (size_t i = 0; i < keys->integ_key_size; i++)
        block[i] ^= keys->integ_key[i];
    switch (keys->integ->id) {
    case INTEG_HMAC_SHA1_96:
        IMB_SHA1_ONE_BLOCK(manager, block, state);
        break;
    case INTEG_HMAC_SHA2_256_128:
    case INTEG_HMAC_SHA2_256_TRUNCBUG:
        IMB_SHA256_ONE_BLOCK(manager, block, state);
        break;
    case INTEG_HMAC_SHA2_384_192:
        IMB_SHA384_ONE_BLOCK(manager, block, state);
        break;
    default:
        IMB_SHA512_ONE_BLOCK(manager, block, state);
        break;
    }
    secret_wipe(block, sizeof(block));
}

static void expand_hash(IMB_MGR *manager, const struct esp_keys *keys, struct bulk_hash *hash)
{
    if (keys->integ->id == INTEG_AES_XCBC_96) {
        IMB_AES_XCBC_KEYEXP(manager, keys->integ_key, hash->xcbc.k1, hash->xcbc.k2, hash->xcbc.k3);
    } else if (keys->integ->id == INTEG_AES_CMAC_96) {
        uint32_t decrypt[4 * 11] __attribute__((aligned(16)));
        IMB_AES_KEYEXP_128(manager, keys->integ_key, hash->cmac.round_keys, decrypt);
        IMB_AES_CMAC_SUBKEY_GEN_128(manager, hash->cmac.round_keys, hash->cmac.subkey1, hash->cmac.subkey2);
        secret_wipe(decrypt, sizeof(decrypt));
    } else {
        hash_pad(manager, keys, 0x36, hash->hmac.inner);
        hash_pad(manager, keys, 0x5c, hash->hmac.outer);
    }
}

/* Only as large as its kind needs: a tunnel's memory is counted. */
static size_t context_size(const struct esp_keys *keys)
{
    const struct bulk_context *context = NULL;
    size_t size = is_gcm(keys)      ? sizeof(context->gcm)
                  : is_chacha(keys) ? sizeof(context->chacha_key)
                                    : sizeof(context->cbc);
    return (size + 63) & ~(size_t)63;
}

static void *bulk_context_new(void *thread, const struct esp_keys *keys)
{
    struct bulk_context *context = aligned_alloc(64, context_size(keys));
    if (context == NULL)
        return NULL;
    memset(context, 0, context_size(keys));
    if (is_gcm(keys)) {
        expand_gcm(thread, keys, &context->gcm);
    } else if (is_chacha(keys)) {
        memcpy(context->chacha_key, keys->encr_key, sizeof(context->chacha_key));
    } else {
        expand_aes(thread, keys, context);
        expand_hash(thread, keys, &context->cbc.hash);
    }
    return context;
}

static void bulk_context_free(void *context, const struct esp_keys *keys)
{
    secret_free(context, context_size(keys));
}

static void make_nonce(uint8_t nonce[12], const struct esp_keys *keys, const struct esp_job *job)
{
    memcpy(nonce, salt_of(keys), 4);
    memcpy(nonce + 4, job->parts.iv, 8);
}

static void gcm_one(IMB_MGR *manager, const struct bulk_context *context, const struct esp_keys *keys,
                    struct esp_job *job, bool is_sealing, uint8_t *tag)
{
    struct gcm_context_data state;
    const struct packet_parts *parts = &job->parts;
    uint8_t nonce[12];
    make_nonce(nonce, keys, job);
    size_t key_size = aes_key_size(keys);
    aes_gcm_enc_dec_t run = is_sealing ? (key_size == 16   ? manager->gcm128_enc
                                          : key_size == 24 ? manager->gcm192_enc
                                                           : manager->gcm256_enc)
                                       : (key_size == 16   ? manager->gcm128_dec
                                          : key_size == 24 ? manager->gcm192_dec
                                                           : manager->gcm256_dec);
    const uint8_t *source = job->source != NULL ? job->source : parts->data;
    run(&context->gcm, &state, parts->data, source, parts->data_size, nonce, parts->aad.data, parts->aad.size,
        tag, keys->encr->icv_size);
}

static void gcm_seal(IMB_MGR *manager, const struct bulk_context *context, const struct esp_keys *keys,
                     struct esp_job *jobs, size_t count)
{
    for (size_t i = 0; i < count; i++)
        gcm_one(manager, context, keys, &jobs[i], true, jobs[i].parts.icv);
}

static void gcm_open(IMB_MGR *manager, const struct bulk_context *context, const struct esp_keys *keys,
                     struct esp_job *jobs, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        uint8_t tag[CIPHER_ICV_MAX];
        gcm_one(manager, context, keys, &jobs[i], false, tag);
        jobs[i].is_authentic = secret_equal(tag, jobs[i].parts.icv, keys->encr->icv_size);
    }
}

static void set_cipher(IMB_JOB *job, const struct bulk_context *context, const struct esp_keys *keys,
                       const struct esp_job *packet, uint8_t nonce[12])
{
    if (keys->encr->id == ENCR_NULL) {
        job->cipher_mode = IMB_CIPHER_NULL;
        return;
    }
    job->key_len_in_bytes = is_chacha(keys) ? 32 : aes_key_size(keys);
    job->iv = nonce;
    job->iv_len_in_bytes = 12;
    make_nonce(nonce, keys, packet);
    if (is_chacha(keys)) {
        job->cipher_mode = IMB_CIPHER_CHACHA20_POLY1305;
        job->enc_keys = job->dec_keys = context->chacha_key;
        return;
    }
    job->enc_keys = context->cbc.encrypt;
    job->dec_keys = context->cbc.decrypt;
    job->cipher_mode = IMB_CIPHER_CNTR;
    if (keys->encr->id == ENCR_AES_CBC) {
        job->cipher_mode = IMB_CIPHER_CBC;
        job->iv = packet->parts.iv;
        job->iv_len_in_bytes = 16;
    }
}

static IMB_HASH_ALG hmac_of(uint16_t integ_id)
{
    switch (integ_id) {
    case INTEG_HMAC_SHA1_96:
        return IMB_AUTH_HMAC_SHA_1;
    case INTEG_HMAC_SHA2_256_128:
    case INTEG_HMAC_SHA2_256_TRUNCBUG:
        return IMB_AUTH_HMAC_SHA_256;
    case INTEG_HMAC_SHA2_384_192:
        return IMB_AUTH_HMAC_SHA_384;
    default:
        return IMB_AUTH_HMAC_SHA_512;
    }
}

static void set_hash(IMB_JOB *job, const struct bulk_hash *hash, uint16_t integ_id)
{
    if (integ_id == INTEG_AES_XCBC_96) {
        job->hash_alg = IMB_AUTH_AES_XCBC;
        job->u.XCBC._k1_expanded = hash->xcbc.k1;
        job->u.XCBC._k2 = hash->xcbc.k2;
        job->u.XCBC._k3 = hash->xcbc.k3;
    } else if (integ_id == INTEG_AES_CMAC_96) {
        job->hash_alg = IMB_AUTH_AES_CMAC;
        job->u.CMAC._key_expanded = hash->cmac.round_keys;
        job->u.CMAC._skey1 = hash->cmac.subkey1;
        job->u.CMAC._skey2 = hash->cmac.subkey2;
    } else {
        job->hash_alg = hmac_of(integ_id);
        job->u.HMAC._hashed_auth_key_xor_ipad = hash->hmac.inner;
        job->u.HMAC._hashed_auth_key_xor_opad = hash->hmac.outer;
    }
}

static void set_job(IMB_JOB *job, const struct bulk_context *context, const struct esp_keys *keys,
                    struct esp_job *packet, uint8_t nonce[12], uint8_t *tag, bool is_sealing)
{
    const struct packet_parts *parts = &packet->parts;
    size_t head = parts->aad.size + keys->encr->iv_size;
    memset(job, 0, sizeof(*job));
    set_cipher(job, context, keys, packet, nonce);
    job->cipher_direction = is_sealing ? IMB_DIR_ENCRYPT : IMB_DIR_DECRYPT;
    job->auth_tag_output = tag;
    job->user_data = packet;
    job->msg_len_to_cipher_in_bytes = parts->data_size;
    if (is_chacha(keys)) {
        job->src = job->dst = parts->data;
        job->hash_alg = IMB_AUTH_CHACHA20_POLY1305;
        job->chain_order = is_sealing ? IMB_ORDER_CIPHER_HASH : IMB_ORDER_HASH_CIPHER;
        job->msg_len_to_hash_in_bytes = parts->data_size;
        job->u.CHACHA20_POLY1305.aad = parts->aad.data;
        job->u.CHACHA20_POLY1305.aad_len_in_bytes = parts->aad.size;
        job->auth_tag_output_len_in_bytes = 16;
        return;
    }
    job->src = parts->data - head;
    job->dst = parts->data;
    job->cipher_start_src_offset_in_bytes = head;
    job->msg_len_to_hash_in_bytes = head + parts->data_size + parts->trailer.size;
    job->chain_order = is_sealing ? IMB_ORDER_CIPHER_HASH : IMB_ORDER_HASH_CIPHER;
    job->auth_tag_output_len_in_bytes = keys->integ->icv_size;
    set_hash(job, &context->cbc.hash, keys->integ->id);
}

/* The trailer is hashed behind the data, where the ICV has its place. */
static void place_trailer(const struct packet_parts *parts)
{
    if (parts->trailer.size > 0)
        memcpy(parts->data + parts->data_size, parts->trailer.data, parts->trailer.size);
}

/* Runs one batch; false when the library refused a job. */
static bool run_jobs(IMB_MGR *manager, const struct bulk_context *context, const struct esp_keys *keys,
                     struct esp_job *jobs, size_t count, uint8_t (*tags)[CIPHER_ICV_MAX], bool is_sealing)
{
    uint8_t nonces[ESP_BATCH_MAX][12];
    size_t completed = 0;
    bool all_good = true;
    for (size_t i = 0; i < count; i++) {
        IMB_JOB *job = IMB_GET_NEXT_JOB(manager);
        set_job(job, context, keys, &jobs[i], nonces[i], tags[i], is_sealing);
        for (job = IMB_SUBMIT_JOB(manager); job != NULL; job = IMB_GET_COMPLETED_JOB(manager)) {
            all_good = all_good && job->status == IMB_STATUS_COMPLETED;
            completed++;
        }
    }
    while (completed < count) {
        IMB_JOB *job = IMB_FLUSH_JOB(manager);
        if (job == NULL)
            return false;
        all_good = all_good && job->status == IMB_STATUS_COMPLETED;
        completed++;
    }
    return all_good;
}

static bool bulk_seal(void *thread, void *context, const struct esp_keys *keys, struct esp_job *jobs,
                      size_t count)
{
    if (is_gcm(keys)) {
        gcm_seal(thread, context, keys, jobs, count);
        return true;
    }
    uint8_t tags[ESP_BATCH_MAX][CIPHER_ICV_MAX];
    size_t icv_size = packet_icv_size(keys->encr, keys->integ);
    for (size_t i = 0; i < count; i++) {
        esp_job_bring_home(&jobs[i]);
        place_trailer(&jobs[i].parts);
    }
    if (!run_jobs(thread, context, keys, jobs, count, tags, true))
        return false;
    for (size_t i = 0; i < count; i++)
        memcpy(jobs[i].parts.icv, tags[i], icv_size);
    return true;
}

static void bulk_open(void *thread, void *context, const struct esp_keys *keys, struct esp_job *jobs,
                      size_t count)
{
    if (is_gcm(keys)) {
        gcm_open(thread, context, keys, jobs, count);
        return;
    }
    uint8_t tags[ESP_BATCH_MAX][CIPHER_ICV_MAX], received[ESP_BATCH_MAX][CIPHER_ICV_MAX];
    size_t icv_size = packet_icv_size(keys->encr, keys->integ);
    for (size_t i = 0; i < count; i++) {
        memcpy(received[i], jobs[i].parts.icv, icv_size);
        place_trailer(&jobs[i].parts);
    }
    bool has_run = run_jobs(thread, context, keys, jobs, count, tags, false);
    for (size_t i = 0; i < count; i++)
        jobs[i].is_authentic = has_run && secret_equal(tags[i], received[i], icv_size);
}

const struct esp_provider esp_provider_ipsec_mb = {
    .name = "intel-ipsec-mb",
    .is_available = bulk_is_available,
    .supports = bulk_supports,
    .thread_new = bulk_thread_new,
    .thread_free = bulk_thread_free,
    .context_new = bulk_context_new,
    .context_free = bulk_context_free,
    .seal = bulk_seal,
    .open = bulk_open,
    .smallest_batch = bulk_smallest_batch,
};
