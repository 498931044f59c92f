/* Building and opening AH packets (RFC 4302 2, 3.3, 3.4). */
#include "esp/ah.h"

/* What the ICV covers, in pieces: the IP headers and the AH header with a zero ICV, the payload, the high
 * half of an extended sequence number (3.3.3.2). */
struct coverage {
    struct esp_job job;
    uint8_t headers[AH_NETWORK_MAX + AH_HEADER_MAX];
};

size_t ah_header_size(const struct esp_sa *ah, enum ip_family outer)
{
    size_t alignment = outer == IP_V6 ? 8 : 4;
    return (AH_FIXED_SIZE + (size_t)ah->icv_size + alignment - 1) / alignment * alignment;
}

static size_t size_said(const uint8_t *frame)
{
    return ((size_t)frame[1] + 2) * 4;
}

/* The AH header is written but for the ICV. */
static bool cover(const struct esp_sa *ah, const struct ah_packet *packet, uint64_t sequence,
                  struct coverage *coverage)
{
    size_t network_size = ah_immutable_headers(coverage->headers, packet->network);
    size_t header_size = size_said(packet->ah);
    if (network_size == 0)
        return false;
    uint8_t *copy = coverage->headers + network_size;
    memcpy(copy, packet->ah, header_size);
    memset(copy + AH_FIXED_SIZE, 0, ah->icv_size);
    struct packet_parts *parts = &coverage->job.parts;
    coverage->job.source = NULL;
    parts->aad = bytes_of(coverage->headers, network_size + header_size);
    parts->iv = packet->ah;
    parts->data = packet->ah + header_size;
    parts->data_size = packet->size - header_size;
    parts->icv = packet->ah + AH_FIXED_SIZE;
    store_be32(coverage->job.trailer, (uint32_t)(sequence >> 32));
    parts->trailer = bytes_of(coverage->job.trailer, ah->esn ? sizeof(coverage->job.trailer) : 0);
    return true;
}

bool ah_seal(struct esp_sa *ah, struct esp_crypto *crypto, const struct ah_packet *packet,
             uint8_t next_header)
{
    if (ah->sequence >= (ah->esn ? UINT64_MAX : UINT32_MAX))
        return false;
    uint64_t sequence = ++ah->sequence;
    size_t header_size = ah_header_size(ah, packet->network.data[0] >> 4 == 6 ? IP_V6 : IP_V4);
    uint8_t *header = packet->ah;
    memset(header, 0, header_size);
    header[0] = next_header;
    header[1] = (uint8_t)(header_size / 4 - 2);
    store_be32(header + 4, ah->spi);
    store_be32(header + 8, (uint32_t)sequence);
    struct coverage coverage;
    return cover(ah, packet, sequence, &coverage) &&
           esp_cipher_seal(crypto, &ah->cipher, &ah->keys, &coverage.job, 1);
}

bool ah_frame_spi(struct bytes frame, uint32_t *ret_spi)
{
    if (frame.size < AH_FIXED_SIZE)
        return false;
    *ret_spi = load_be32(frame.data + 4);
    return true;
}

/* Linux pads to 8 bytes with IPv4 too, unless it is told not to. */
static bool header_fits(const struct esp_sa *ah, const struct ah_packet *packet)
{
    if (packet->size < AH_FIXED_SIZE || packet->network.size == 0)
        return false;
    size_t said = size_said(packet->ah);
    bool is_v6 = packet->network.data[0] >> 4 == 6;
    return said <= packet->size &&
           (said == ah_header_size(ah, IP_V6) || (!is_v6 && said == ah_header_size(ah, IP_V4)));
}

bool ah_open(struct esp_sa *ah, struct esp_crypto *crypto, const struct ah_packet *packet,
             struct esp_received *ret_received)
{
    struct coverage coverage;
    if (!header_fits(ah, packet))
        return esp_refuse(ah, ret_received, ESP_MALFORMED);
    uint32_t low = load_be32(packet->ah + 8);
    uint64_t sequence = ah->esn ? replay_infer_sequence(&ah->replay, low) : low;
    if (replay_check(&ah->replay, sequence) != REPLAY_FRESH)
        return esp_refuse(ah, ret_received, ESP_REPLAYED);
    if (!cover(ah, packet, sequence, &coverage))
        return esp_refuse(ah, ret_received, ESP_MALFORMED);
    esp_cipher_open(crypto, &ah->cipher, &ah->keys, &coverage.job, 1);
    if (!coverage.job.is_authentic)
        return esp_refuse(ah, ret_received, ESP_NOT_AUTHENTIC);
    replay_accept(&ah->replay, sequence);
    *ret_received = (struct esp_received){
        .sequence = sequence,
        .verdict = packet->ah[0] == IPPROTO_NUMBER_NONE ? ESP_DUMMY : ESP_ACCEPTED,
        .next_header = packet->ah[0],
        .payload = coverage.job.parts.data,
        .payload_size = coverage.job.parts.data_size,
    };
    return ret_received->verdict == ESP_ACCEPTED;
}
