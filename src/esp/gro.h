/*
 * Decrypted TCP segments and UDP datagrams of one flow joined again into super-packets, so that the host's
 * stack handles sixty of them at the price of one. Payloads are not copied: a super-packet is a list of
 * pieces.
 */
#ifndef STYX_ESP_GRO_H
#define STYX_ESP_GRO_H

#include <sys/uio.h>

#include "esp/gso.h"
#include "esp/ip_packet.h"

enum { GRO_FLOWS = 8, GRO_SEGMENTS_MAX = 64, GRO_BYTES_MAX = 65535 };

/* pieces[0] is spare for the receiver's own header; then header_size bytes of headers and the payloads. */
typedef void (*gro_emit)(void *context, struct iovec *pieces, int count, const struct offload *offload,
                         size_t header_size);

struct gro_flow {
    struct iovec pieces[GRO_SEGMENTS_MAX + 2];
    int count; /* of pieces, the spare one included; 0: this flow is free */
    bool is_tcp, is_closed;
    uint8_t *packet; /* the first one: its headers become the super-packet's */
    size_t network_size, header_size, segment_size, total_size;
    uint32_t next_sequence;
    unsigned segments;
};

struct gro {
    struct gro_flow flows[GRO_FLOWS];
    unsigned next_victim;
    bool takes_udp;
    gro_emit emit;
    void *context;
};

void gro_init(struct gro *gro, bool takes_udp, gro_emit emit, void *context);

/* Takes a packet whose headers were parsed; its memory must stay until gro_flush(). It is emitted now or
 * later, never before an earlier packet of its flow. */
void gro_add(struct gro *gro, uint8_t *packet, const struct ip_packet *ip);
void gro_flush(struct gro *gro);

#endif
