/* Fragments of our own outer packets (RFC 791 3.2, RFC 8200 4.5). */
#include "esp/ip_fragment.h"

#include "esp/checksum.h"
#include "esp/ip_packet.h"

enum { FRAGMENT_HEADER_SIZE = 8, NEXT_HEADER_FRAGMENT = 44, MORE_FRAGMENTS_V4 = 0x2000, UNIT = 8 };

static size_t write_ipv4_header(uint8_t *out, const uint8_t *header, size_t size, size_t offset, bool is_last)
{
    memcpy(out, header, IPV4_HEADER_SIZE);
    store_be16(out + 2, (uint16_t)(IPV4_HEADER_SIZE + size));
    store_be16(out + 6, (uint16_t)(offset / UNIT | (is_last ? 0 : MORE_FRAGMENTS_V4)));
    checksum_ipv4_header(out, IPV4_HEADER_SIZE);
    return IPV4_HEADER_SIZE;
}

static size_t write_ipv6_headers(uint8_t *out, const uint8_t *header, size_t size, size_t offset,
                                 bool is_last, uint32_t identification)
{
    uint8_t *fragment = out + IPV6_HEADER_SIZE;
    memcpy(out, header, IPV6_HEADER_SIZE);
    store_be16(out + 4, (uint16_t)(FRAGMENT_HEADER_SIZE + size));
    out[6] = NEXT_HEADER_FRAGMENT;
    fragment[0] = header[6];
    fragment[1] = 0;
    store_be16(fragment + 2, (uint16_t)(offset | !is_last));
    store_be32(fragment + 4, identification);
    return IPV6_HEADER_SIZE + FRAGMENT_HEADER_SIZE;
}

size_t ip_fragment_write(uint8_t *out, struct bytes packet, size_t mtu, uint32_t identification,
                         size_t *offset)
{
    bool is_v6 = packet.data[0] >> 4 == 6;
    size_t network = is_v6 ? IPV6_HEADER_SIZE : IPV4_HEADER_SIZE;
    size_t headers = network + (is_v6 ? FRAGMENT_HEADER_SIZE : 0);
    size_t at = network + *offset;
    if (at >= packet.size || mtu < headers + UNIT)
        return 0;
    size_t room = (mtu - headers) / UNIT * UNIT;
    bool is_last = packet.size - at <= room;
    size_t size = is_last ? packet.size - at : room;
    size_t written = is_v6 ? write_ipv6_headers(out, packet.data, size, *offset, is_last, identification)
                           : write_ipv4_header(out, packet.data, size, *offset, is_last);
    memcpy(out + written, packet.data + at, size);
    *offset += size;
    return written + size;
}
