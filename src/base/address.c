#include "base/address.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/text.h"

struct ip_address address_of_v4(uint32_t host_order)
{
    struct ip_address address = {.family = IP_V4};
    store_be32(address.bytes, host_order);
    return address;
}

size_t address_size(const struct ip_address *address)
{
    return address->family == IP_V4 ? 4 : address->family == IP_V6 ? 16 : 0;
}

bool address_is_set(const struct ip_address *address)
{
    return address->family != IP_NONE;
}

bool address_is_any(const struct ip_address *address)
{
    static const uint8_t zero[16];
    return address_is_set(address) && memcmp(address->bytes, zero, sizeof(zero)) == 0;
}

bool address_equal(const struct ip_address *a, const struct ip_address *b)
{
    return memcmp(a, b, sizeof(*a)) == 0;
}

bool address_parse(const char *text, struct ip_address *out, struct error *error)
{
    struct ip_address address = {0};
    if (inet_pton(AF_INET, text, address.bytes) == 1)
        address.family = IP_V4;
    else if (inet_pton(AF_INET6, text, address.bytes) == 1)
        address.family = IP_V6;
    else
        return error_set(error, 0, "\"%s\" is not an IPv4 or IPv6 address", text);
    *out = address;
    return true;
}

const char *address_text(const struct ip_address *address, char out[static ADDRESS_TEXT_SIZE])
{
    if (!address_is_set(address))
        snprintf(out, ADDRESS_TEXT_SIZE, "<unset>");
    else
        inet_ntop(address->family == IP_V4 ? AF_INET : AF_INET6, address->bytes, out, ADDRESS_TEXT_SIZE);
    return out;
}

bool endpoint_equal(const struct ip_endpoint *a, const struct ip_endpoint *b)
{
    return a->port == b->port && address_equal(&a->address, &b->address);
}

const char *endpoint_text(const struct ip_endpoint *endpoint, char out[static ENDPOINT_TEXT_SIZE])
{
    char address[ADDRESS_TEXT_SIZE];
    const char *format = endpoint->address.family == IP_V6 ? "[%s]:%u" : "%s:%u";
    address_text(&endpoint->address, address);
    snprintf(out, ENDPOINT_TEXT_SIZE, format, address, endpoint->port);
    return out;
}

/* Sets the bits from `length` on to `ones`. */
static void fill_host_bits(struct ip_address *address, unsigned length, bool ones)
{
    size_t size = address_size(address);
    for (size_t i = 0; i < size; i++) {
        unsigned before = length > i * 8 ? length - (unsigned)i * 8 : 0;
        uint8_t mask = (uint8_t)(before >= 8 ? 0 : 0xff >> before);
        if (ones)
            address->bytes[i] |= mask;
        else
            address->bytes[i] &= (uint8_t)~mask;
    }
}

/* The length of a dotted netmask, or -1 if it is none. */
static int mask_length(const char *text)
{
    struct in_addr mask;
    if (inet_pton(AF_INET, text, &mask) != 1)
        return -1;
    uint32_t bits = ntohl(mask.s_addr);
    uint32_t inverse = ~bits;
    if ((inverse & (inverse + 1)) != 0)
        return -1;
    return __builtin_popcount(bits);
}

bool prefix_parse(const char *text, struct ip_prefix *out, struct error *error)
{
    char address_part[ADDRESS_TEXT_SIZE];
    const char *slash = strchr(text, '/');
    size_t size = slash ? (size_t)(slash - text) : strlen(text);
    if (size >= sizeof(address_part))
        return error_set(error, 0, "\"%s\" is not an address or subnet", text);
    memcpy(address_part, text, size);
    address_part[size] = '\0';

    struct ip_prefix prefix = {0};
    if (!address_parse(address_part, &prefix.address, error))
        return false;
    unsigned bits = (unsigned)address_size(&prefix.address) * 8;
    prefix.length = (uint8_t)bits;
    if (slash != NULL) {
        char *end;
        long length = strtol(slash + 1, &end, 10);
        bool is_number = slash[1] >= '0' && slash[1] <= '9' && *end == '\0';
        if (!is_number && prefix.address.family == IP_V4)
            length = mask_length(slash + 1);
        else if (!is_number)
            length = -1;
        if (length < 0 || length > (long)bits)
            return error_set(error, 0, "\"%s\" is not a prefix length from 0 to %u", slash + 1, bits);
        prefix.length = (uint8_t)length;
    }
    struct ip_address network = prefix.address;
    fill_host_bits(&network, prefix.length, false);
    if (!address_equal(&network, &prefix.address)) {
        char expected[ADDRESS_TEXT_SIZE];
        return error_set(error, 1, "subnet \"%s\" has host bits set; expected %s/%u", text,
                         address_text(&network, expected), prefix.length);
    }
    *out = prefix;
    return true;
}

const char *prefix_text(const struct ip_prefix *prefix, char out[static ADDRESS_TEXT_SIZE + 4])
{
    char address[ADDRESS_TEXT_SIZE];
    snprintf(out, ADDRESS_TEXT_SIZE + 4, "%s/%u", address_text(&prefix->address, address), prefix->length);
    return out;
}

struct ip_prefix prefix_of_address(const struct ip_address *address)
{
    return (struct ip_prefix){.address = *address, .length = (uint8_t)(address_size(address) * 8)};
}

bool prefix_contains(const struct ip_prefix *prefix, const struct ip_address *address)
{
    struct ip_address network = *address;
    if (prefix->address.family != address->family)
        return false;
    fill_host_bits(&network, prefix->length, false);
    return address_equal(&network, &prefix->address);
}

struct ip_range range_of_prefix(const struct ip_prefix *prefix)
{
    struct ip_range range = {.start = prefix->address, .end = prefix->address};
    fill_host_bits(&range.start, prefix->length, false);
    fill_host_bits(&range.end, prefix->length, true);
    return range;
}

bool range_contains(const struct ip_range *outer, const struct ip_range *inner)
{
    return outer->start.family == inner->start.family && address_compare(&outer->start, &inner->start) <= 0 &&
           address_compare(&inner->end, &outer->end) <= 0;
}

bool range_overlap(const struct ip_range *a, const struct ip_range *b, struct ip_range *ret_common)
{
    if (a->start.family != b->start.family)
        return false;
    struct ip_range common = {
        .start = address_compare(&a->start, &b->start) >= 0 ? a->start : b->start,
        .end = address_compare(&a->end, &b->end) <= 0 ? a->end : b->end,
    };
    if (address_compare(&common.start, &common.end) > 0)
        return false;
    if (ret_common != NULL)
        *ret_common = common;
    return true;
}

const char *range_text(const struct ip_range *range, char out[static RANGE_TEXT_SIZE])
{
    char start[ADDRESS_TEXT_SIZE], end[ADDRESS_TEXT_SIZE];
    snprintf(out, RANGE_TEXT_SIZE, "%s-%s", address_text(&range->start, start),
             address_text(&range->end, end));
    return out;
}

bool range_is_prefix(const struct ip_range *range, struct ip_prefix *ret_prefix)
{
    struct ip_prefix prefix = {.address = range->start};
    size_t size = address_size(&range->start);
    unsigned length = 0;
    while (length < size * 8 &&
           ((range->start.bytes[length / 8] ^ range->end.bytes[length / 8]) & (0x80 >> length % 8)) == 0)
        length++;
    prefix.length = (uint8_t)length;
    struct ip_range whole = range_of_prefix(&prefix);
    if (!address_equal(&whole.start, &range->start) || !address_equal(&whole.end, &range->end))
        return false;
    *ret_prefix = prefix;
    return true;
}

struct selector selector_of_prefix(const struct ip_prefix *prefix, uint8_t protocol, uint16_t port)
{
    return (struct selector){
        .range = range_of_prefix(prefix),
        .protocol = protocol,
        .port_start = port,
        .port_end = port ? port : UINT16_MAX,
    };
}

bool selector_equal(const struct selector *a, const struct selector *b)
{
    return address_equal(&a->range.start, &b->range.start) && address_equal(&a->range.end, &b->range.end) &&
           a->protocol == b->protocol && a->port_start == b->port_start && a->port_end == b->port_end;
}

static bool ports_are_opaque(const struct selector *selector)
{
    return selector->port_start > selector->port_end;
}

static bool ports_are_any(const struct selector *selector)
{
    return selector->port_start == 0 && selector->port_end == UINT16_MAX;
}

bool selector_contains(const struct selector *outer, const struct selector *inner)
{
    struct selector common;
    return selector_intersect(outer, inner, &common) && selector_equal(&common, inner);
}

bool selector_intersect(const struct selector *a, const struct selector *b, struct selector *ret_common)
{
    struct selector common;
    if (!range_overlap(&a->range, &b->range, &common.range))
        return false;
    if (a->protocol != 0 && b->protocol != 0 && a->protocol != b->protocol)
        return false;
    common.protocol = a->protocol ? a->protocol : b->protocol;
    if (ports_are_opaque(a) || ports_are_opaque(b)) {
        const struct selector *opaque = ports_are_opaque(a) ? a : b;
        const struct selector *other = opaque == a ? b : a;
        if (!ports_are_opaque(other) && !ports_are_any(other))
            return false;
        common.port_start = opaque->port_start;
        common.port_end = opaque->port_end;
    } else {
        common.port_start = a->port_start > b->port_start ? a->port_start : b->port_start;
        common.port_end = a->port_end < b->port_end ? a->port_end : b->port_end;
        if (common.port_start > common.port_end)
            return false;
    }
    *ret_common = common;
    return true;
}

const char *selector_text(const struct selector *selector, char out[static SELECTOR_TEXT_SIZE])
{
    struct text text = text_of(out, SELECTOR_TEXT_SIZE);
    char address[ADDRESS_TEXT_SIZE + 4];
    struct ip_prefix prefix;
    if (range_is_prefix(&selector->range, &prefix)) {
        text_add(&text, "%s", prefix_text(&prefix, address));
    } else {
        text_add(&text, "%s-", address_text(&selector->range.start, address));
        text_add(&text, "%s", address_text(&selector->range.end, address));
    }
    if (selector->protocol == 0 && ports_are_any(selector))
        return out;
    text_add(&text, "/%u", selector->protocol);
    if (ports_are_opaque(selector))
        text_add(&text, "/opaque");
    else if (selector->port_start == selector->port_end)
        text_add(&text, "/%u", selector->port_start);
    else if (!ports_are_any(selector))
        text_add(&text, "/%u-%u", selector->port_start, selector->port_end);
    return out;
}
