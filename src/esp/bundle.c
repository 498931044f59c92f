/* Frames of AH SAs and of bundles (RFC 2401 4.3, RFC 3173 2, RFC 4302 3.1). */
#include "esp/bundle.h"

#include "esp/ah.h"
#include "esp/checksum.h"
#include "esp/encapsulation.h"

static const struct esp_sa *ah_of(const struct esp_sa *sa)
{
    return sa->is_ah ? sa : sa->outer_ah;
}

static size_t network_size(enum ip_family outer)
{
    return outer == IP_V6 ? IPV6_HEADER_SIZE : IPV4_HEADER_SIZE;
}

/* Bytes of the outer IP header and AH. */
static size_t headers_size(const struct esp_sa *sa, enum ip_family outer)
{
    const struct esp_sa *ah = ah_of(sa);
    return ah != NULL ? network_size(outer) + ah_header_size(ah, outer) : 0;
}

size_t bundle_payload_offset(const struct esp_sa *sa, enum ip_family outer)
{
    return headers_size(sa, outer) + (sa->is_ah ? 0 : esp_payload_offset(sa));
}

size_t bundle_frame_size(const struct esp_sa *sa, enum ip_family outer, size_t payload_size)
{
    return headers_size(sa, outer) + (sa->is_ah ? payload_size : esp_sealed_size(sa, payload_size));
}

/* The AH header has its next header already. False: too large for an IP packet. */
static bool write_outer_header(const struct outer_header *outer, uint8_t *frame, size_t payload_size)
{
    size_t size = rebuild_transport_header(frame, &outer->source, &outer->destination, IPPROTO_NUMBER_AH,
                                           outer->traffic_class, payload_size);
    if (size != IPV4_HEADER_SIZE)
        return size != 0;
    store_be16(frame + 4, outer->identification);
    if (outer->may_fragment)
        store_be16(frame + 6, 0);
    checksum_ipv4_header(frame, IPV4_HEADER_SIZE);
    return true;
}

size_t bundle_begin(struct esp_sa *sa, struct esp_crypto *crypto, struct ipcomp *ipcomp,
                    const struct outer_header *outer, uint8_t *frame, size_t payload_size,
                    uint8_t next_header, struct esp_job *ret_job)
{
    enum ip_family family = (enum ip_family)outer->source.family;
    uint8_t *payload = frame + bundle_payload_offset(sa, family);
    size_t headers = headers_size(sa, family);
    payload_size = ipcomp_compress(ipcomp, sa, payload, payload_size, &next_header);
    if (!sa->is_ah && !esp_frame_payload(sa, crypto, frame + headers, payload_size, next_header, ret_job))
        return 0;
    size_t size = bundle_frame_size(sa, family, payload_size);
    if (!bundle_has_ah(sa))
        return size;
    size_t network = network_size(family);
    frame[network] = sa->is_ah ? next_header : IPPROTO_NUMBER_ESP;
    return write_outer_header(outer, frame, size - network) ? size : 0;
}

bool bundle_finish(struct esp_sa *sa, struct esp_crypto *crypto, uint8_t *frame, size_t size)
{
    struct esp_sa *ah = sa->is_ah ? sa : sa->outer_ah;
    if (ah == NULL)
        return true;
    size_t network = network_size(frame[0] >> 4 == 6 ? IP_V6 : IP_V4);
    struct ah_packet packet = {
        .network = bytes_of(frame, network), .ah = frame + network, .size = size - network};
    return ah_seal(ah, crypto, &packet, frame[network]);
}
