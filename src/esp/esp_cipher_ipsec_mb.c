/*
 * The bulk provider: intel-ipsec-mb. AES-GCM goes through its direct calls, all else as jobs, several packets
 * of a batch in the lanes of one CPU instruction. AES-GCM (RFC 4106), ChaCha20-Poly1305 (RFC 7634), AES-CBC
 * and AES-CTR and NULL with HMAC, XCBC and CMAC (RFC 3602, 3686, 4868, 3566, 4494).
 */
#include <pthread.h>

#include "base/secret.h"
#include "esp/esp_cipher_ipsec_mb_keys.h"

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
    if (bulk_is_gcm(keys) || bulk_is_chacha(keys))
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

static const uint8_t *salt_of(const struct esp_keys *keys)
{
    return keys->encr_key + bulk_key_size(keys);
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
    size_t key_size = bulk_key_size(keys);
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
    job->key_len_in_bytes = bulk_is_chacha(keys) ? 32 : bulk_key_size(keys);
    job->iv = nonce;
    job->iv_len_in_bytes = 12;
    make_nonce(nonce, keys, packet);
    if (bulk_is_chacha(keys)) {
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
    if (bulk_is_chacha(keys)) {
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
    if (bulk_is_gcm(keys)) {
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
    if (bulk_is_gcm(keys)) {
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
