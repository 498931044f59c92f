/* ICMP fragmentation needed (RFC 792, 1191, 1812 4.3.2) and ICMPv6 packet too big (RFC 4443 2.4, 3.2). */
#include "esp/icmp_too_big.h"

#include "esp/checksum.h"
#include "esp/ip_packet.h"

enum {
    ICMP_HEADER_SIZE = 8,
    IPV4_QUOTE_MAX = 548,
    IPV6_QUOTE_MAX = 1280 - IPV6_HEADER_SIZE - ICMP_HEADER_SIZE
};

static bool is_unicast(const struct ip_address *address)
{
    if (address_is_any(address))
        return false;
    return address->family == IP_V4 ? address->bytes[0] < 224 : address->bytes[0] != 0xff;
}

/* An error is never answered with an error. */
static bool is_icmp_error(const struct ip_packet *ip)
{
    unsigned type = ip->source_port >> 8;
    if (!ip->has_ports)
        return false;
    if (ip->protocol == IPPROTO_NUMBER_ICMPV6)
        return type < 128;
    return ip->protocol == IPPROTO_NUMBER_ICMP &&
           (type == 3 || type == 4 || type == 5 || type == 11 || type == 12);
}

/* From the far end: an address that the host can route, and accept as a source, on the tunnel's interface. */
static size_t write_ipv4(uint8_t *out, struct bytes packet, uint32_t mtu)
{
    size_t quote = packet.size < IPV4_QUOTE_MAX ? packet.size : IPV4_QUOTE_MAX;
    size_t size = IPV4_HEADER_SIZE + ICMP_HEADER_SIZE + quote;
    memset(out, 0, IPV4_HEADER_SIZE + ICMP_HEADER_SIZE);
    out[0] = 0x45;
    store_be16(out + 2, (uint16_t)size);
    out[8] = 64;
    out[9] = IPPROTO_NUMBER_ICMP;
    memcpy(out + 12, packet.data + 16, 4);
    memcpy(out + 16, packet.data + 12, 4);
    checksum_ipv4_header(out, IPV4_HEADER_SIZE);
    uint8_t *icmp = out + IPV4_HEADER_SIZE;
    icmp[0] = 3;
    icmp[1] = 4;
    store_be16(icmp + 6, (uint16_t)(mtu < UINT16_MAX ? mtu : UINT16_MAX));
    memcpy(icmp + ICMP_HEADER_SIZE, packet.data, quote);
    checksum_store(icmp + 2, checksum_add(0, icmp, ICMP_HEADER_SIZE + quote));
    return size;
}

static size_t write_ipv6(uint8_t *out, struct bytes packet, uint32_t mtu)
{
    size_t quote = packet.size < IPV6_QUOTE_MAX ? packet.size : IPV6_QUOTE_MAX;
    size_t length = ICMP_HEADER_SIZE + quote;
    memset(out, 0, IPV6_HEADER_SIZE + ICMP_HEADER_SIZE);
    out[0] = 0x60;
    store_be16(out + 4, (uint16_t)length);
    out[6] = IPPROTO_NUMBER_ICMPV6;
    out[7] = 64;
    memcpy(out + 8, packet.data + 24, 16);
    memcpy(out + 24, packet.data + 8, 16);
    uint8_t *icmp = out + IPV6_HEADER_SIZE;
    icmp[0] = 2;
    store_be32(icmp + 4, mtu);
    memcpy(icmp + ICMP_HEADER_SIZE, packet.data, quote);
    checksum_t sum = checksum_pseudo_header(out + 8, out + 24, 16, IPPROTO_NUMBER_ICMPV6, length);
    checksum_store(icmp + 2, checksum_add(sum, icmp, length));
    return IPV6_HEADER_SIZE + length;
}

size_t icmp_too_big_write(uint8_t out[static ICMP_TOO_BIG_MAX], struct bytes packet, uint32_t mtu)
{
    struct ip_packet ip;
    if (!ip_packet_parse(packet, &ip) || !is_unicast(&ip.source) || !is_unicast(&ip.destination) ||
        is_icmp_error(&ip))
        return 0;
    if (ip.is_fragment && !ip.has_ports)
        return 0;
    return ip.source.family == IP_V4 ? write_ipv4(out, packet, mtu) : write_ipv6(out, packet, mtu);
}
