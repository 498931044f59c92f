/* Cutting super-packets into segments (RFC 9293, RFC 768; the work of a network card). */
#include "esp/gso.h"

#include "esp/checksum.h"
#include "esp/ip_packet.h"

enum { TCP_HEADER_SIZE = 20, TCP_FIN_PSH = 0x09, TCP_CWR = 0x80 };

static bool is_tcp(const struct gso *gso)
{
    return gso->offload.kind == OFFLOAD_TCP4 || gso->offload.kind == OFFLOAD_TCP6;
}

static bool is_ipv4(const struct gso *gso)
{
    return gso->packet.data[0] >> 4 == 4;
}

static bool checksum_field_fits(const struct gso *gso)
{
    size_t field = (size_t)gso->offload.checksum_start + gso->offload.checksum_offset;
    return field + 2 <= gso->packet.size;
}

static bool init_segmented(struct gso *gso)
{
    struct ip_packet ip;
    if (!ip_packet_parse(gso->packet, &ip) || ip.is_fragment || gso->offload.segment_size == 0)
        return false;
    bool wants_ipv4 = gso->offload.kind == OFFLOAD_TCP4 || gso->offload.kind == OFFLOAD_UDP4;
    if (wants_ipv4 != is_ipv4(gso) || ip.protocol != (is_tcp(gso) ? IPPROTO_NUMBER_TCP : IPPROTO_NUMBER_UDP))
        return false;
    gso->network_size = ip.network_size;
    size_t left = gso->packet.size - ip.network_size;
    size_t transport = 8;
    if (is_tcp(gso)) {
        if (left < TCP_HEADER_SIZE)
            return false;
        transport = (size_t)(gso->packet.data[ip.network_size + 12] >> 4) * 4;
        if (transport < TCP_HEADER_SIZE)
            return false;
    }
    if (left <= transport)
        return false;
    gso->header_size = gso->network_size + transport;
    gso->count = (left - transport + gso->offload.segment_size - 1) / gso->offload.segment_size;
    return true;
}

bool gso_init(struct gso *gso, struct bytes packet, const struct offload *offload)
{
    *gso = (struct gso){.packet = packet, .offload = *offload, .count = 1};
    if (packet.size == 0)
        return false;
    if (offload->kind != OFFLOAD_NONE)
        return init_segmented(gso);
    return !offload->needs_checksum || checksum_field_fits(gso);
}

static size_t payload_size(const struct gso *gso, size_t index)
{
    size_t before = index * gso->offload.segment_size;
    size_t left = gso->packet.size - gso->header_size - before;
    return left < gso->offload.segment_size ? left : gso->offload.segment_size;
}

size_t gso_segment_size(const struct gso *gso, size_t index)
{
    if (gso->offload.kind == OFFLOAD_NONE)
        return gso->packet.size;
    return gso->header_size + payload_size(gso, index);
}

/* The stack left the pseudo-header's sum in the field: the sum over all from there on completes it. */
static void write_whole(const struct gso *gso, uint8_t *out)
{
    memcpy(out, gso->packet.data, gso->packet.size);
    if (!gso->offload.needs_checksum)
        return;
    size_t start = gso->offload.checksum_start;
    uint8_t *field = out + start + gso->offload.checksum_offset;
    checksum_store(field, checksum_add(0, out + start, gso->packet.size - start));
    /* Zero means "no checksum" in UDP (RFC 768); only UDP keeps its checksum at offset 6. */
    if (gso->offload.checksum_offset == 6 && load_be16(field) == 0)
        store_be16(field, UINT16_MAX);
}

static void patch_network(const struct gso *gso, size_t index, uint8_t *out, size_t size)
{
    if (is_ipv4(gso)) {
        store_be16(out + 2, (uint16_t)size);
        store_be16(out + 4, (uint16_t)(load_be16(out + 4) + index));
        checksum_ipv4_header(out, gso->network_size);
    } else {
        store_be16(out + 4, (uint16_t)(size - IPV6_HEADER_SIZE));
    }
}

static void patch_tcp(const struct gso *gso, size_t index, uint8_t *tcp)
{
    store_be32(tcp + 4, load_be32(tcp + 4) + (uint32_t)(index * gso->offload.segment_size));
    if (index + 1 < gso->count)
        tcp[13] &= (uint8_t)~TCP_FIN_PSH;
    if (index > 0)
        tcp[13] &= (uint8_t)~TCP_CWR; /* RFC 3168 6.1.2: once */
}

static void write_transport_checksum(const struct gso *gso, uint8_t *out, size_t size)
{
    uint8_t *transport = out + gso->network_size;
    uint8_t *field = transport + (is_tcp(gso) ? 16 : 6);
    size_t length = size - gso->network_size;
    size_t address_bytes = is_ipv4(gso) ? 4 : 16;
    const uint8_t *source = out + (is_ipv4(gso) ? 12 : 8);
    store_be16(field, 0);
    checksum_t sum = checksum_pseudo_header(source, source + address_bytes, address_bytes,
                                            is_tcp(gso) ? IPPROTO_NUMBER_TCP : IPPROTO_NUMBER_UDP, length);
    checksum_store(field, checksum_add(sum, transport, length));
    if (!is_tcp(gso) && load_be16(field) == 0)
        store_be16(field, UINT16_MAX);
}

/* Headers as copied from the packet become those of a segment. */
static void patch_headers(const struct gso *gso, size_t index, uint8_t *out)
{
    size_t size = gso_segment_size(gso, index);
    patch_network(gso, index, out, size);
    if (is_tcp(gso))
        patch_tcp(gso, index, out + gso->network_size);
    else
        store_be16(out + gso->network_size + 4, (uint16_t)(size - gso->network_size));
    write_transport_checksum(gso, out, size);
}

void gso_write_segment(const struct gso *gso, size_t index, uint8_t *out)
{
    if (gso->offload.kind == OFFLOAD_NONE) {
        write_whole(gso, out);
        return;
    }
    memcpy(out, gso->packet.data, gso->header_size);
    memcpy(out + gso->header_size, gso->packet.data + gso->header_size + index * gso->offload.segment_size,
           payload_size(gso, index));
    patch_headers(gso, index, out);
}

uint8_t *gso_shape_segment(const struct gso *gso, size_t index, const uint8_t *headers)
{
    uint8_t *out = (uint8_t *)(uintptr_t)gso->packet.data + index * gso->offload.segment_size;
    memcpy(out, headers, gso->header_size);
    patch_headers(gso, index, out);
    return out;
}
