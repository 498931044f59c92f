/* Building and opening ESP packets around a cipher (RFC 4303 2, 3.3, 3.4). */
#ifndef STYX_ESP_ESP_SEAL_H
#define STYX_ESP_ESP_SEAL_H

#include "esp/esp_sa.h"

/*
 * The payload stands at frame + esp_payload_offset(sa); writes header, IV, padding and trailer around it and
 * takes the next sequence number. The frame has esp_sealed_size(sa, payload_size) bytes. esp_cipher_seal()
 * finishes it. False: the SA has no sequence number left.
 */
bool esp_frame_payload(struct esp_sa *sa, struct esp_crypto *crypto, uint8_t *frame, size_t payload_size,
                       uint8_t next_header, struct esp_job *ret_job);

/* Bytes of padding and trailer behind a payload of this size. */
size_t esp_trailing_size(const struct esp_sa *sa, size_t payload_size);

/* The same with the payload elsewhere: padding and trailer, esp_trailing_size() bytes, are written behind it
 * there, and sealing brings all into the frame. */
bool esp_frame_payload_at(struct esp_sa *sa, struct esp_crypto *crypto, uint8_t *frame, uint8_t *payload,
                          size_t payload_size, uint8_t next_header, struct esp_job *ret_job);

enum esp_verdict {
    ESP_ACCEPTED,
    ESP_DUMMY, /* traffic-flow confidentiality: to be dropped in silence (RFC 4303 2.6) */
    ESP_MALFORMED,
    ESP_REPLAYED,
    ESP_NOT_AUTHENTIC,
};

/* One received packet on its way through a batch. */
struct esp_received {
    const struct esp_job *job; /* borrowed: its place in the batch */
    uint64_t sequence;
    enum esp_verdict verdict;
    uint8_t next_header;
    uint8_t *payload; /* inside the frame */
    size_t payload_size;
};

/* Counts a packet that is not accepted, and is false. */
bool esp_refuse(struct esp_sa *sa, struct esp_received *received, enum esp_verdict verdict);

/* The SPI of a frame; false when it is too short to have one. */
bool esp_frame_spi(struct bytes frame, uint32_t *ret_spi);

/* Before the cipher: lengths and replay. True: the job is ready for esp_cipher_open(). */
bool esp_open_begin(struct esp_sa *sa, uint8_t *frame, size_t frame_size, struct esp_job *ret_job,
                    struct esp_received *ret_received);

/* After the cipher: authenticity, replay again, padding, next header. Counts what fails; true: accepted. */
bool esp_open_finish(struct esp_sa *sa, struct esp_received *received);

#endif
