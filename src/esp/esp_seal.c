/* Building and opening ESP packets (RFC 4303 2, 3.3, 3.4; IVs after RFC 4106, 3602, 3686, 7634). */
#include "esp/esp_seal.h"

/* What the cipher authenticates besides the data (RFC 4303 3.3.2.1, RFC 4106 5, RFC 7634 2.1). */
static void set_authenticated(const struct esp_sa *sa, struct esp_job *job, const uint8_t *frame,
                              uint64_t sequence)
{
    job->parts.aad = bytes_of(frame, ESP_HEADER_SIZE);
    job->parts.trailer = bytes_of(NULL, 0);
    if (!sa->esn)
        return;
    if (sa->keys.encr->is_aead) {
        memcpy(job->aad, frame, 4);
        store_be64(job->aad + 4, sequence);
        job->parts.aad = bytes_of(job->aad, sizeof(job->aad));
    } else {
        store_be32(job->trailer, (uint32_t)(sequence >> 32));
        job->parts.trailer = bytes_of(job->trailer, sizeof(job->trailer));
    }
}

static void write_iv(const struct esp_sa *sa, struct esp_crypto *crypto, uint8_t *iv, uint64_t sequence)
{
    /* CBC needs an IV that nobody can foretell (RFC 3602 3); a counter mode needs one that never repeats. */
    if (sa->keys.encr->block_size > 1)
        esp_crypto_random(crypto, iv, sa->iv_size);
    else if (sa->iv_size == 8)
        store_be64(iv, sequence);
}

size_t esp_trailing_size(const struct esp_sa *sa, size_t payload_size)
{
    return esp_sealed_size(sa, payload_size) - esp_payload_offset(sa) - sa->icv_size - payload_size;
}

bool esp_frame_payload(struct esp_sa *sa, struct esp_crypto *crypto, uint8_t *frame, size_t payload_size,
                       uint8_t next_header, struct esp_job *ret_job)
{
    bool is_framed = esp_frame_payload_at(sa, crypto, frame, frame + esp_payload_offset(sa), payload_size,
                                          next_header, ret_job);
    ret_job->source = NULL;
    return is_framed;
}

bool esp_frame_payload_at(struct esp_sa *sa, struct esp_crypto *crypto, uint8_t *frame, uint8_t *payload,
                          size_t payload_size, uint8_t next_header, struct esp_job *ret_job)
{
    if (sa->sequence >= (sa->esn ? UINT64_MAX : UINT32_MAX))
        return false;
    uint64_t sequence = ++sa->sequence;
    store_be32(frame, sa->spi);
    store_be32(frame + 4, (uint32_t)sequence);
    uint8_t *iv = frame + ESP_HEADER_SIZE;
    write_iv(sa, crypto, iv, sequence);

    uint8_t *data = iv + sa->iv_size;
    size_t trailing_size = esp_trailing_size(sa, payload_size);
    size_t data_size = payload_size + trailing_size, pad_size = trailing_size - ESP_TRAILER_SIZE;
    uint8_t *at = payload + payload_size;
    for (size_t i = 1; i <= pad_size; i++)
        *at++ = (uint8_t)i; /* RFC 4303 2.4 */
    *at++ = (uint8_t)pad_size;
    *at = next_header;

    ret_job->source = payload;
    ret_job->parts.iv = iv;
    ret_job->parts.data = data;
    ret_job->parts.data_size = data_size;
    ret_job->parts.icv = data + data_size;
    set_authenticated(sa, ret_job, frame, sequence);
    return true;
}

bool esp_frame_spi(struct bytes frame, uint32_t *ret_spi)
{
    if (frame.size < ESP_HEADER_SIZE)
        return false;
    *ret_spi = load_be32(frame.data);
    return true;
}

static void count_one(uint64_t *counter)
{
    __atomic_store_n(counter, *counter + 1, __ATOMIC_RELAXED);
}

bool esp_refuse(struct esp_sa *sa, struct esp_received *received, enum esp_verdict verdict)
{
    received->verdict = verdict;
    if (verdict == ESP_REPLAYED)
        count_one(&sa->counters.replays);
    else if (verdict == ESP_NOT_AUTHENTIC)
        count_one(&sa->counters.bad_icv);
    else if (verdict == ESP_MALFORMED)
        count_one(&sa->counters.other_drops);
    return false;
}

bool esp_open_begin(struct esp_sa *sa, uint8_t *frame, size_t frame_size, struct esp_job *ret_job,
                    struct esp_received *ret_received)
{
    size_t overhead = esp_payload_offset(sa) + sa->icv_size;
    if (frame_size < overhead + sa->pad_to)
        return esp_refuse(sa, ret_received, ESP_MALFORMED);
    size_t data_size = frame_size - overhead;
    if (data_size % sa->keys.encr->block_size != 0)
        return esp_refuse(sa, ret_received, ESP_MALFORMED);

    uint32_t low = load_be32(frame + 4);
    ret_received->sequence = sa->esn ? replay_infer_sequence(&sa->replay, low) : low;
    if (replay_check(&sa->replay, ret_received->sequence) != REPLAY_FRESH)
        return esp_refuse(sa, ret_received, ESP_REPLAYED);

    ret_job->source = NULL;
    ret_job->parts.iv = frame + ESP_HEADER_SIZE;
    ret_job->parts.data = frame + esp_payload_offset(sa);
    ret_job->parts.data_size = data_size;
    ret_job->parts.icv = ret_job->parts.data + data_size;
    set_authenticated(sa, ret_job, frame, ret_received->sequence);
    ret_received->job = ret_job;
    return true;
}

/* RFC 4303 2.4: default padding is 1, 2, 3 ...; a receiver should inspect it. */
static bool padding_is_right(const uint8_t *padding, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        if (padding[i] != (uint8_t)(i + 1))
            return false;
    }
    return true;
}

bool esp_open_finish(struct esp_sa *sa, struct esp_received *received)
{
    const struct packet_parts *parts = &received->job->parts;
    if (!received->job->is_authentic)
        return esp_refuse(sa, received, ESP_NOT_AUTHENTIC);
    /* An earlier packet of the same batch may have been this one. */
    if (replay_check(&sa->replay, received->sequence) != REPLAY_FRESH)
        return esp_refuse(sa, received, ESP_REPLAYED);
    replay_accept(&sa->replay, received->sequence);

    size_t pad_size = parts->data[parts->data_size - 2];
    received->next_header = parts->data[parts->data_size - 1];
    if (pad_size + ESP_TRAILER_SIZE > parts->data_size)
        return esp_refuse(sa, received, ESP_MALFORMED);
    received->payload = parts->data;
    received->payload_size = parts->data_size - ESP_TRAILER_SIZE - pad_size;
    if (!padding_is_right(received->payload + received->payload_size, pad_size))
        return esp_refuse(sa, received, ESP_MALFORMED);
    received->verdict = received->next_header == IPPROTO_NUMBER_NONE ? ESP_DUMMY : ESP_ACCEPTED;
    return received->verdict == ESP_ACCEPTED;
}
