/* Traffic classes between inner and outer headers (RFC 4301 5.1.2, RFC 6040), transport-mode headers. */
#include "esp/encapsulation.h"

#include "esp/checksum.h"

enum { DEFAULT_HOP_LIMIT = 64 };

uint8_t outer_traffic_class(uint8_t inner, bool copy_dscp)
{
    return copy_dscp ? inner : inner & ECN_MASK;
}

static uint8_t get_traffic_class(const uint8_t *packet)
{
    return packet[0] >> 4 == 4 ? packet[1] : (uint8_t)(load_be16(packet) >> 4);
}

static void set_traffic_class(uint8_t *packet, uint8_t value)
{
    if (packet[0] >> 4 == 4) {
        uint16_t old_word = load_be16(packet);
        packet[1] = value;
        checksum_replace_u16(packet + 10, old_word, load_be16(packet));
    } else {
        store_be16(packet, (uint16_t)((load_be16(packet) & 0xf00f) | value << 4));
    }
}

bool decapsulate_traffic_class(uint8_t *packet, uint8_t outer, bool copy_dscp)
{
    uint8_t inner = get_traffic_class(packet);
    uint8_t ecn = inner & ECN_MASK;
    uint8_t outer_ecn = outer & ECN_MASK;
    /* Figure 4 of RFC 6040. */
    if (ecn == ECN_NOT_ECT && outer_ecn == ECN_CE)
        return false;
    if (ecn != ECN_NOT_ECT && outer_ecn == ECN_CE)
        ecn = ECN_CE;
    else if (ecn == ECN_ECT0 && outer_ecn == ECN_ECT1)
        ecn = ECN_ECT1;
    uint8_t dscp = (uint8_t)((copy_dscp ? outer : inner) & ~ECN_MASK);
    uint8_t wanted = dscp | ecn;
    if (wanted != inner)
        set_traffic_class(packet, wanted);
    return true;
}

size_t rebuild_transport_header(uint8_t *out, const struct ip_address *source,
                                const struct ip_address *destination, uint8_t protocol, uint8_t traffic_class,
                                size_t payload_size)
{
    if (source->family == IP_V4) {
        if (payload_size + IPV4_HEADER_SIZE > UINT16_MAX)
            return 0;
        memset(out, 0, IPV4_HEADER_SIZE);
        out[0] = 0x45;
        out[1] = traffic_class;
        store_be16(out + 2, (uint16_t)(payload_size + IPV4_HEADER_SIZE));
        store_be16(out + 6, 0x4000);
        out[8] = DEFAULT_HOP_LIMIT;
        out[9] = protocol;
        memcpy(out + 12, source->bytes, 4);
        memcpy(out + 16, destination->bytes, 4);
        checksum_ipv4_header(out, IPV4_HEADER_SIZE);
        return IPV4_HEADER_SIZE;
    }
    if (payload_size > UINT16_MAX)
        return 0;
    memset(out, 0, IPV6_HEADER_SIZE);
    store_be16(out, (uint16_t)(0x6000 | traffic_class << 4));
    store_be16(out + 4, (uint16_t)payload_size);
    out[6] = protocol;
    out[7] = DEFAULT_HOP_LIMIT;
    memcpy(out + 8, source->bytes, 16);
    memcpy(out + 24, destination->bytes, 16);
    return IPV6_HEADER_SIZE;
}

void repair_transport_checksum(uint8_t *packet, size_t size)
{
    struct ip_packet ip;
    if (!ip_packet_parse(bytes_of(packet, size), &ip) || ip.is_fragment)
        return;
    size_t length = ip.total_size - ip.network_size;
    uint8_t *transport = packet + ip.network_size;
    bool is_tcp = ip.protocol == IPPROTO_NUMBER_TCP && length >= 20;
    bool is_udp = ip.protocol == IPPROTO_NUMBER_UDP && length >= 8 && load_be16(transport + 6) != 0;
    if (!is_tcp && !is_udp)
        return;
    uint8_t *field = transport + (is_tcp ? 16 : 6);
    store_be16(field, 0);
    checksum_t sum = checksum_pseudo_header(ip.source.bytes, ip.destination.bytes, address_size(&ip.source),
                                            ip.protocol, length);
    checksum_store(field, checksum_add(sum, transport, length));
    if (is_udp && load_be16(field) == 0)
        store_be16(field, UINT16_MAX);
}
