/* What of the IP headers before AH the ICV covers (RFC 4302 3.3.3.1 and appendix A, RFC 791, 8200). */
#include "esp/ah.h"

enum {
    OPTION_END = 0,
    OPTION_NOP = 1,
    OPTION_LOOSE_ROUTE = 131,
    OPTION_STRICT_ROUTE = 137,
    HEADER_HOP_BY_HOP = 0,
    HEADER_ROUTING = 43,
    HEADER_DESTINATION_OPTIONS = 60,
    OPTION6_PAD1 = 0,
    OPTION6_MAY_CHANGE = 0x20,
};

/* ---- IPv4 ---- */

static bool option_is_immutable(uint8_t type)
{
    enum {
        SECURITY = 130,
        EXTENDED_SECURITY = 133,
        COMMERCIAL_SECURITY = 134,
        ROUTER_ALERT = 148,
        MULTI_DESTINATION = 149
    };
    return type == SECURITY || type == EXTENDED_SECURITY || type == COMMERCIAL_SECURITY ||
           type == ROUTER_ALERT || type == MULTI_DESTINATION;
}

/* A packet that is still on its way through a source route has its last destination in the option. */
static void predict_destination(uint8_t *header, const uint8_t *option, size_t size)
{
    bool is_route = option[0] == OPTION_LOOSE_ROUTE || option[0] == OPTION_STRICT_ROUTE;
    if (is_route && size >= 7 && option[2] < size)
        memcpy(header + 16, option + size - 4, 4);
}

static bool clear_ipv4_options(uint8_t *header, size_t header_size)
{
    size_t at = IPV4_HEADER_SIZE;
    while (at < header_size && header[at] != OPTION_END) {
        uint8_t *option = header + at;
        size_t size = option[0] == OPTION_NOP ? 1 : at + 1 < header_size ? option[1] : 0;
        if (size == 0 || (size == 1 && option[0] != OPTION_NOP) || size > header_size - at)
            return false;
        if (size > 1 && !option_is_immutable(option[0])) {
            predict_destination(header, option, size);
            memset(option, 0, size);
        }
        at += size;
    }
    return true;
}

static bool clear_ipv4(uint8_t *header, size_t size)
{
    if (size < IPV4_HEADER_SIZE || (size_t)(header[0] & 15) * 4 != size)
        return false;
    header[1] = 0;                /* DSCP and ECN */
    memset(header + 6, 0, 2 + 1); /* flags, fragment offset, TTL */
    memset(header + 10, 0, 2);    /* checksum */
    return clear_ipv4_options(header, size);
}

/* ---- IPv6 ---- */

static bool clear_ipv6_options(uint8_t *header, size_t size)
{
    size_t at = 2;
    while (at < size) {
        if (header[at] == OPTION6_PAD1) {
            at++;
            continue;
        }
        if (size - at < 2 || header[at + 1] > size - at - 2)
            return false;
        if ((header[at] & OPTION6_MAY_CHANGE) != 0)
            memset(header + at + 2, 0, header[at + 1]);
        at += 2 + (size_t)header[at + 1];
    }
    return true;
}

/* Type 0 as it is when all of the route is behind the packet; of other types nobody has said what becomes of
 * them (RFC 8200 4.4). */
static bool finish_route(uint8_t *packet, uint8_t *header, size_t size)
{
    size_t left = header[3], addresses = (size - 8) / 16;
    if (left == 0)
        return true;
    if (header[2] != 0 || (size - 8) % 16 != 0 || left > addresses)
        return false;
    /* Each hop swaps the destination with the next address. */
    for (size_t i = addresses - left; i < addresses; i++) {
        uint8_t next[16];
        memcpy(next, header + 8 + i * 16, 16);
        memcpy(header + 8 + i * 16, packet + 24, 16);
        memcpy(packet + 24, next, 16);
    }
    header[3] = 0;
    return true;
}

static bool clear_ipv6(uint8_t *packet, size_t size)
{
    if (size < IPV6_HEADER_SIZE)
        return false;
    store_be32(packet, 0x60000000); /* traffic class and flow label */
    packet[7] = 0;                  /* hop limit */
    uint8_t type = packet[6];
    size_t at = IPV6_HEADER_SIZE;
    while (at < size) {
        uint8_t *header = packet + at;
        size_t header_size = size - at >= 8 ? ((size_t)header[1] + 1) * 8 : SIZE_MAX;
        if (header_size > size - at)
            return false;
        bool is_good = type == HEADER_ROUTING ? finish_route(packet, header, header_size)
                       : type == HEADER_HOP_BY_HOP || type == HEADER_DESTINATION_OPTIONS
                           ? clear_ipv6_options(header, header_size)
                           : false;
        if (!is_good)
            return false;
        type = header[0];
        at += header_size;
    }
    return type == IPPROTO_NUMBER_AH;
}

size_t ah_immutable_headers(uint8_t out[static AH_NETWORK_MAX], struct bytes network)
{
    if (network.size < IPV4_HEADER_SIZE || network.size > AH_NETWORK_MAX)
        return 0;
    memcpy(out, network.data, network.size);
    bool is_good = out[0] >> 4 == 4 ? clear_ipv4(out, network.size) : clear_ipv6(out, network.size);
    return is_good ? network.size : 0;
}
