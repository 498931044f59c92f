/*
 * Packets of an SA that is more than plain ESP (RFC 2401 4.3, RFC 3173 2): compressed, then ESP, then AH
 * around it, each where the SA has it. With AH the frame begins with the outer IP header, since the ICV
 * covers that.
 */
#ifndef STYX_ESP_BUNDLE_H
#define STYX_ESP_BUNDLE_H

#include "esp/ipcomp.h"

/* The outer IP header of a frame with AH. */
struct outer_header {
    struct ip_address source, destination;
    uint8_t traffic_class;
    bool may_fragment;       /* no DF */
    uint16_t identification; /* not zero, which the host would replace */
};

/* Whether its frames are whole IP packets. */
static inline bool bundle_has_ah(const struct esp_sa *sa)
{
    return sa->is_ah || sa->outer_ah != NULL;
}

/* Bytes of a frame, at most, for a payload of so many; and where the payload stands in it. */
size_t bundle_frame_size(const struct esp_sa *sa, enum ip_family outer, size_t payload_size);
size_t bundle_payload_offset(const struct esp_sa *sa, enum ip_family outer);

/*
 * Before the cipher: compresses the payload, which stands at its offset, and writes what goes around it.
 * ESP: ret_job is ready for esp_cipher_seal(). Returns the frame's size now; 0: the SA has no sequence number
 * left, or the packet is too large.
 */
size_t bundle_begin(struct esp_sa *sa, struct esp_crypto *crypto, struct ipcomp *ipcomp,
                    const struct outer_header *outer, uint8_t *frame, size_t payload_size,
                    uint8_t next_header, struct esp_job *ret_job);

/* After the cipher: AH where the SA has it. False: the frame must not leave. */
bool bundle_finish(struct esp_sa *sa, struct esp_crypto *crypto, uint8_t *frame, size_t size);

#endif
