/*
 * Super-packets of the host's stack cut into the packets that go on the wire: TCP and UDP segmentation as the
 * virtio-net header describes it (OASIS virtio 1.2, 5.1.6.2), and checksums left to the device.
 */
#ifndef STYX_ESP_GSO_H
#define STYX_ESP_GSO_H

#include "base/bytes.h"

enum offload_kind { OFFLOAD_NONE, OFFLOAD_TCP4, OFFLOAD_TCP6, OFFLOAD_UDP4, OFFLOAD_UDP6 };

/* What is left to do on a packet. */
struct offload {
    enum offload_kind kind;
    bool needs_checksum;
    uint16_t segment_size;    /* payload bytes of each segment; kind other than NONE */
    uint16_t checksum_start;  /* offset of the transport header; needs_checksum */
    uint16_t checksum_offset; /* of the checksum field in it */
};

struct gso {
    struct bytes packet;
    struct offload offload;
    size_t header_size; /* IP and transport headers */
    size_t network_size;
    size_t count; /* of segments */
};

/* Checks the headers against the bytes that are there. A packet without offload is its only segment. */
bool gso_init(struct gso *gso, struct bytes packet, const struct offload *offload);

/* Bytes of segment `index`; none is larger than the first. */
size_t gso_segment_size(const struct gso *gso, size_t index);

/* Writes segment `index`, gso_segment_size() bytes, with all lengths, identifiers and checksums right. */
void gso_write_segment(const struct gso *gso, size_t index, uint8_t *out);

/*
 * The same without a copy, of a packet that is cut: the segment takes shape where its payload lies, with its
 * headers over the end of the segment before, which must have been used up. All segments, in order;
 * `headers`: the first header_size bytes as they were.
 */
uint8_t *gso_shape_segment(const struct gso *gso, size_t index, const uint8_t *headers);

#endif
