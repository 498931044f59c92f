/* Reading the headers of an IP packet (RFC 791, 8200) and matching selectors (RFC 4301 4.4.1.1). */
#include "esp/ip_packet.h"

enum { EXTENSION_HEADERS_MAX = 8 };

enum {
    HEADER_HOP_BY_HOP = 0,
    HEADER_ROUTING = 43,
    HEADER_FRAGMENT = 44,
    HEADER_DESTINATION_OPTIONS = 60,
    HEADER_MOBILITY = 135,
};

static bool protocol_has_ports(uint8_t protocol)
{
    enum { DCCP = 33, SCTP = 132, UDPLITE = 136 };
    return protocol == IPPROTO_NUMBER_TCP || protocol == IPPROTO_NUMBER_UDP || protocol == SCTP ||
           protocol == DCCP || protocol == UDPLITE;
}

/* A first fragment too short for its ports is left without them: it then meets only selectors of any port. */
static void read_ports(struct bytes bytes, struct ip_packet *packet)
{
    const uint8_t *upper = bytes.data + packet->network_size;
    size_t size = packet->total_size - packet->network_size;
    if (protocol_has_ports(packet->protocol) && size >= 4) {
        packet->source_port = load_be16(upper);
        packet->destination_port = load_be16(upper + 2);
        packet->has_ports = true;
    } else if ((packet->protocol == IPPROTO_NUMBER_ICMP || packet->protocol == IPPROTO_NUMBER_ICMPV6) &&
               size >= 2) {
        packet->source_port = packet->destination_port = load_be16(upper);
        packet->has_ports = true;
    }
}

/* In place, in a packet of zeros: a copy of what was just written in parts would wait for those. */
static void set_address(struct ip_address *address, enum ip_family family, const uint8_t *bytes)
{
    address->family = (uint8_t)family;
    memcpy(address->bytes, bytes, family == IP_V4 ? 4 : 16);
}

static bool parse_ipv4(struct bytes bytes, struct ip_packet *packet)
{
    if (bytes.size < IPV4_HEADER_SIZE)
        return false;
    const uint8_t *header = bytes.data;
    packet->network_size = (size_t)(header[0] & 15) * 4;
    packet->total_size = load_be16(header + 2);
    if (packet->network_size < IPV4_HEADER_SIZE || packet->total_size < packet->network_size ||
        packet->total_size > bytes.size)
        return false;
    set_address(&packet->source, IP_V4, header + 12);
    set_address(&packet->destination, IP_V4, header + 16);
    packet->protocol = header[9];
    packet->traffic_class = header[1];
    uint16_t fragment = load_be16(header + 6);
    packet->dont_fragment = (fragment & 0x4000) != 0;
    packet->is_fragment = (fragment & 0x3fff) != 0;
    if ((fragment & 0x1fff) == 0)
        read_ports(bytes, packet);
    return true;
}

/* Steps over one extension header; false when it does not fit. */
static bool skip_extension(struct bytes bytes, struct ip_packet *packet, bool *is_later_fragment)
{
    const uint8_t *header = bytes.data + packet->network_size;
    size_t left = packet->total_size - packet->network_size;
    if (left < 8)
        return false;
    size_t size = 8;
    if (packet->protocol == HEADER_FRAGMENT) {
        uint16_t offset = load_be16(header + 2);
        packet->is_fragment = (offset & 0xfff9) != 0;
        *is_later_fragment = (offset & 0xfff8) != 0;
    } else {
        size = ((size_t)header[1] + 1) * 8;
    }
    if (size > left)
        return false;
    packet->protocol = header[0];
    packet->network_size += size;
    return true;
}

static bool is_extension(uint8_t protocol)
{
    return protocol == HEADER_HOP_BY_HOP || protocol == HEADER_ROUTING || protocol == HEADER_FRAGMENT ||
           protocol == HEADER_DESTINATION_OPTIONS || protocol == HEADER_MOBILITY;
}

static bool parse_ipv6(struct bytes bytes, struct ip_packet *packet)
{
    if (bytes.size < IPV6_HEADER_SIZE)
        return false;
    const uint8_t *header = bytes.data;
    packet->network_size = IPV6_HEADER_SIZE;
    packet->total_size = IPV6_HEADER_SIZE + (size_t)load_be16(header + 4);
    if (packet->total_size > bytes.size)
        return false;
    set_address(&packet->source, IP_V6, header + 8);
    set_address(&packet->destination, IP_V6, header + 24);
    packet->protocol = header[6];
    packet->traffic_class = (uint8_t)(load_be16(header) >> 4);
    packet->dont_fragment = true;
    bool is_later_fragment = false;
    for (int i = 0; is_extension(packet->protocol) && !is_later_fragment; i++) {
        if (i == EXTENSION_HEADERS_MAX || !skip_extension(bytes, packet, &is_later_fragment))
            return false;
    }
    if (!is_later_fragment)
        read_ports(bytes, packet);
    return true;
}

bool ip_packet_parse(struct bytes bytes, struct ip_packet *ret_packet)
{
    *ret_packet = (struct ip_packet){0};
    if (bytes.size < IPV4_HEADER_SIZE)
        return false;
    uint8_t version = bytes.data[0] >> 4;
    return version == 4 ? parse_ipv4(bytes, ret_packet) : version == 6 && parse_ipv6(bytes, ret_packet);
}

static bool address_in_range(const struct ip_address *address, const struct ip_range *range)
{
    return address_compare(&range->start, address) <= 0 && address_compare(address, &range->end) <= 0;
}

static bool port_matches(const struct ip_packet *packet, uint16_t port, const struct selector *selector)
{
    if (selector->port_start == 0 && selector->port_end == UINT16_MAX)
        return true;
    if (selector->port_start > selector->port_end) /* OPAQUE */
        return !packet->has_ports;
    return packet->has_ports && port >= selector->port_start && port <= selector->port_end;
}

static bool protocol_matches(const struct ip_packet *packet, const struct selector *selector)
{
    return selector->protocol == 0 || selector->protocol == packet->protocol;
}

bool ip_packet_matches(const struct ip_packet *packet, const struct selector *source,
                       const struct selector *destination)
{
    return address_in_range(&packet->source, &source->range) &&
           address_in_range(&packet->destination, &destination->range) && protocol_matches(packet, source) &&
           protocol_matches(packet, destination) && port_matches(packet, packet->source_port, source) &&
           port_matches(packet, packet->destination_port, destination);
}
