/* Joining segments into super-packets: the reverse of gso.c, with the rules that keep it loss-free. */
#include "esp/gro.h"

#include "esp/checksum.h"

enum {
    TCP_HEADER_SIZE = 20,
    TCP_FLAG_PSH = 0x08,
    TCP_FLAG_ACK = 0x10,
    TCP_FLAGS_OFFSET = 13,
    TCP_CHECKSUM_OFFSET = 16,
    UDP_CHECKSUM_OFFSET = 6,
};

void gro_init(struct gro *gro, bool takes_udp, gro_emit emit, void *context)
{
    *gro = (struct gro){.takes_udp = takes_udp, .emit = emit, .context = context};
}

static bool is_ipv4(const uint8_t *packet)
{
    return packet[0] >> 4 == 4;
}

/* A packet that may become part of a super-packet, in terms of its headers. */
struct candidate {
    uint8_t *packet;
    bool is_tcp;
    size_t network_size, header_size, payload_size, total_size;
};

static bool transport_checksum_is_right(const struct candidate *candidate, const struct ip_packet *ip)
{
    size_t length = candidate->total_size - candidate->network_size;
    checksum_t sum = checksum_pseudo_header(ip->source.bytes, ip->destination.bytes,
                                            address_size(&ip->source), ip->protocol, length);
    return checksum_fold(checksum_add(sum, candidate->packet + candidate->network_size, length)) == 0xffff;
}

static bool read_tcp(struct candidate *candidate, const struct ip_packet *ip)
{
    const uint8_t *tcp = candidate->packet + candidate->network_size;
    size_t length = ip->total_size - ip->network_size;
    if (length < TCP_HEADER_SIZE)
        return false;
    size_t header = (size_t)(tcp[12] >> 4) * 4;
    if (header < TCP_HEADER_SIZE || header >= length)
        return false;
    candidate->is_tcp = true;
    candidate->header_size = candidate->network_size + header;
    return (tcp[TCP_FLAGS_OFFSET] & ~TCP_FLAG_PSH) == TCP_FLAG_ACK;
}

static bool read_udp(struct candidate *candidate, const struct ip_packet *ip)
{
    const uint8_t *udp = candidate->packet + candidate->network_size;
    size_t length = ip->total_size - ip->network_size;
    candidate->header_size = candidate->network_size + 8;
    return length > 8 && load_be16(udp + 4) == length && load_be16(udp + UDP_CHECKSUM_OFFSET) != 0;
}

/* Only plain packets: no IP options or extension headers, no fragments, data, a right checksum. */
static bool read_candidate(const struct gro *gro, uint8_t *packet, const struct ip_packet *ip,
                           struct candidate *candidate)
{
    *candidate =
        (struct candidate){.packet = packet, .network_size = ip->network_size, .total_size = ip->total_size};
    size_t plain = is_ipv4(packet) ? IPV4_HEADER_SIZE : IPV6_HEADER_SIZE;
    if (ip->network_size != plain || ip->is_fragment)
        return false;
    bool is_good = ip->protocol == IPPROTO_NUMBER_TCP                     ? read_tcp(candidate, ip)
                   : ip->protocol == IPPROTO_NUMBER_UDP && gro->takes_udp ? read_udp(candidate, ip)
                                                                          : false;
    if (!is_good)
        return false;
    candidate->payload_size = candidate->total_size - candidate->header_size;
    return transport_checksum_is_right(candidate, ip);
}

static const uint8_t *addresses_of(const uint8_t *packet)
{
    return packet + (is_ipv4(packet) ? 12 : 8);
}

/* Same family, addresses, protocol and ports. */
static bool is_same_flow(const struct gro_flow *flow, const uint8_t *packet, const struct ip_packet *ip)
{
    if (flow->count == 0 || is_ipv4(flow->packet) != is_ipv4(packet) ||
        flow->is_tcp != (ip->protocol == IPPROTO_NUMBER_TCP))
        return false;
    size_t size = is_ipv4(packet) ? 8 : 32;
    return memcmp(addresses_of(flow->packet), addresses_of(packet), size) == 0 &&
           load_be16(flow->packet + flow->network_size) == ip->source_port &&
           load_be16(flow->packet + flow->network_size + 2) == ip->destination_port;
}

/* What the super-packet's one header will say must be true of each packet. */
static bool network_headers_agree(const uint8_t *first, const uint8_t *packet)
{
    if (is_ipv4(first))
        return first[1] == packet[1] && (first[6] & 0x40) == (packet[6] & 0x40) && first[8] == packet[8];
    return memcmp(first, packet, 4) == 0 && first[7] == packet[7];
}

static bool tcp_headers_agree(const struct gro_flow *flow, const struct candidate *candidate)
{
    const uint8_t *first = flow->packet + flow->network_size;
    const uint8_t *tcp = candidate->packet + candidate->network_size;
    return candidate->header_size == flow->header_size && load_be32(tcp + 4) == flow->next_sequence &&
           load_be32(first + 8) == load_be32(tcp + 8) && load_be16(first + 14) == load_be16(tcp + 14) &&
           memcmp(first + TCP_HEADER_SIZE, tcp + TCP_HEADER_SIZE,
                  flow->header_size - flow->network_size - TCP_HEADER_SIZE) == 0;
}

static bool flow_takes(const struct gro_flow *flow, const struct candidate *candidate)
{
    return !flow->is_closed && flow->segments < GRO_SEGMENTS_MAX &&
           flow->total_size + candidate->payload_size <= GRO_BYTES_MAX &&
           candidate->payload_size <= flow->segment_size &&
           network_headers_agree(flow->packet, candidate->packet) &&
           (!flow->is_tcp || tcp_headers_agree(flow, candidate));
}

/* Puts lengths and the pseudo-header's sum, which the stack completes, into the first packet's headers. */
static void finish_headers(struct gro_flow *flow)
{
    uint8_t *packet = flow->packet;
    bool is_v4 = is_ipv4(packet);
    size_t transport_size = flow->total_size - flow->network_size;
    if (is_v4) {
        store_be16(packet + 2, (uint16_t)flow->total_size);
        checksum_ipv4_header(packet, flow->network_size);
    } else {
        store_be16(packet + 4, (uint16_t)(flow->total_size - IPV6_HEADER_SIZE));
    }
    uint8_t *transport = packet + flow->network_size;
    if (!flow->is_tcp)
        store_be16(transport + 4, (uint16_t)transport_size);
    size_t address_bytes = is_v4 ? 4 : 16;
    const uint8_t *source = addresses_of(packet);
    checksum_t sum =
        checksum_pseudo_header(source, source + address_bytes, address_bytes,
                               flow->is_tcp ? IPPROTO_NUMBER_TCP : IPPROTO_NUMBER_UDP, transport_size);
    uint16_t folded = checksum_fold(sum);
    memcpy(transport + (flow->is_tcp ? TCP_CHECKSUM_OFFSET : UDP_CHECKSUM_OFFSET), &folded, 2);
}

static void emit_flow(struct gro *gro, struct gro_flow *flow)
{
    if (flow->count == 0)
        return;
    struct offload offload = {.kind = OFFLOAD_NONE};
    if (flow->segments > 1) {
        finish_headers(flow);
        bool is_v4 = is_ipv4(flow->packet);
        offload = (struct offload){
            .kind =
                flow->is_tcp ? (is_v4 ? OFFLOAD_TCP4 : OFFLOAD_TCP6) : (is_v4 ? OFFLOAD_UDP4 : OFFLOAD_UDP6),
            .needs_checksum = true,
            .segment_size = (uint16_t)flow->segment_size,
            .checksum_start = (uint16_t)flow->network_size,
            .checksum_offset = flow->is_tcp ? TCP_CHECKSUM_OFFSET : UDP_CHECKSUM_OFFSET,
        };
    }
    gro->emit(gro->context, flow->pieces, flow->count, &offload, flow->header_size);
    flow->count = 0;
}

static void emit_alone(struct gro *gro, uint8_t *packet, size_t size)
{
    struct iovec pieces[2] = {[1] = {.iov_base = packet, .iov_len = size}};
    struct offload none = {.kind = OFFLOAD_NONE};
    gro->emit(gro->context, pieces, 2, &none, 0);
}

static bool has_push(const struct candidate *candidate)
{
    return candidate->is_tcp &&
           (candidate->packet[candidate->network_size + TCP_FLAGS_OFFSET] & TCP_FLAG_PSH) != 0;
}

static void append(struct gro_flow *flow, const struct candidate *candidate)
{
    flow->pieces[flow->count++] = (struct iovec){.iov_base = candidate->packet + candidate->header_size,
                                                 .iov_len = candidate->payload_size};
    flow->segments++;
    flow->total_size += candidate->payload_size;
    flow->next_sequence += (uint32_t)candidate->payload_size;
    if (has_push(candidate))
        flow->packet[flow->network_size + TCP_FLAGS_OFFSET] |= TCP_FLAG_PSH;
    flow->is_closed = candidate->payload_size < flow->segment_size || has_push(candidate);
}

static void start(struct gro_flow *flow, const struct candidate *candidate)
{
    const uint8_t *transport = candidate->packet + candidate->network_size;
    flow->packet = candidate->packet;
    flow->is_tcp = candidate->is_tcp;
    flow->network_size = candidate->network_size;
    flow->header_size = candidate->header_size;
    flow->segment_size = candidate->payload_size;
    flow->total_size = candidate->total_size;
    flow->next_sequence =
        candidate->is_tcp ? load_be32(transport + 4) + (uint32_t)candidate->payload_size : 0;
    flow->segments = 1;
    flow->is_closed = has_push(candidate);
    flow->pieces[1] = (struct iovec){.iov_base = candidate->packet, .iov_len = candidate->total_size};
    flow->count = 2;
}

static struct gro_flow *find_flow(struct gro *gro, const uint8_t *packet, const struct ip_packet *ip)
{
    if (!ip->has_ports || (ip->protocol != IPPROTO_NUMBER_TCP && ip->protocol != IPPROTO_NUMBER_UDP))
        return NULL;
    for (size_t i = 0; i < GRO_FLOWS; i++) {
        if (is_same_flow(&gro->flows[i], packet, ip))
            return &gro->flows[i];
    }
    return NULL;
}

static struct gro_flow *free_flow(struct gro *gro)
{
    for (size_t i = 0; i < GRO_FLOWS; i++) {
        if (gro->flows[i].count == 0)
            return &gro->flows[i];
    }
    struct gro_flow *victim = &gro->flows[gro->next_victim++ % GRO_FLOWS];
    emit_flow(gro, victim);
    return victim;
}

void gro_add(struct gro *gro, uint8_t *packet, const struct ip_packet *ip)
{
    struct candidate candidate;
    struct gro_flow *flow = find_flow(gro, packet, ip);
    bool is_candidate = read_candidate(gro, packet, ip, &candidate);
    if (flow != NULL && is_candidate && flow_takes(flow, &candidate)) {
        append(flow, &candidate);
        return;
    }
    if (flow != NULL)
        emit_flow(gro, flow);
    if (is_candidate)
        start(flow != NULL ? flow : free_flow(gro), &candidate);
    else
        emit_alone(gro, packet, ip->total_size);
}

void gro_flush(struct gro *gro)
{
    for (size_t i = 0; i < GRO_FLOWS; i++)
        emit_flow(gro, &gro->flows[i]);
}
