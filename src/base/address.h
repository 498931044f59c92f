/* IP addresses, endpoints, prefixes, ranges and traffic selectors, v4 and v6 alike. Plain data, comparable by
 * memcmp. */
#ifndef STYX_BASE_ADDRESS_H
#define STYX_BASE_ADDRESS_H

#include "base/bytes.h"
#include "base/error.h"

enum ip_family { IP_NONE = 0, IP_V4 = 4, IP_V6 = 6 };

/* IPv4 occupies the first four bytes; the rest is zero. family IP_NONE: unset. */
struct ip_address {
    uint8_t family; /* enum ip_family */
    uint8_t bytes[16];
};

struct ip_endpoint {
    struct ip_address address;
    uint16_t port; /* host order */
};

struct ip_prefix {
    struct ip_address address; /* host bits zero when canonical */
    uint8_t length;
};

struct ip_range {
    struct ip_address start;
    struct ip_address end; /* inclusive */
};

/* RFC 7296 3.13.1. Ports as there: 0-65535 is any; OPAQUE is start 65535, end 0. ICMP type and code as ports.
 */
struct selector {
    struct ip_range range;
    uint8_t protocol; /* 0: any */
    uint16_t port_start;
    uint16_t port_end;
};

enum { ADDRESS_TEXT_SIZE = 48, ENDPOINT_TEXT_SIZE = 56, SELECTOR_TEXT_SIZE = 128, RANGE_TEXT_SIZE = 96 };

struct ip_address address_of_v4(uint32_t host_order);
/* In line, as address_compare() is, for the data plane calls them for each packet. */
static inline struct ip_address address_of_bytes(enum ip_family family, const uint8_t *bytes)
{
    struct ip_address address = {.family = (uint8_t)family};
    if (family == IP_V4)
        memcpy(address.bytes, bytes, 4);
    else if (family == IP_V6)
        memcpy(address.bytes, bytes, 16);
    return address;
}

/* 4 or 16; 0 when unset. */
size_t address_size(const struct ip_address *address);
bool address_is_set(const struct ip_address *address);
/* 0.0.0.0 or :: */
bool address_is_any(const struct ip_address *address);
bool address_equal(const struct ip_address *a, const struct ip_address *b);
/* Orders by family, then numerically: <0, 0, >0. */
static inline int address_compare(const struct ip_address *a, const struct ip_address *b)
{
    if (a->family != b->family)
        return a->family < b->family ? -1 : 1;
    if (a->family == IP_V4) {
        uint32_t v4_a = load_be32(a->bytes), v4_b = load_be32(b->bytes);
        return v4_a == v4_b ? 0 : v4_a < v4_b ? -1 : 1;
    }
    uint64_t high_a = load_be64(a->bytes), high_b = load_be64(b->bytes);
    if (high_a != high_b)
        return high_a < high_b ? -1 : 1;
    uint64_t low_a = load_be64(a->bytes + 8), low_b = load_be64(b->bytes + 8);
    return low_a == low_b ? 0 : low_a < low_b ? -1 : 1;
}
/* A literal address; no names. */
bool address_parse(const char *text, struct ip_address *out, struct error *error);
const char *address_text(const struct ip_address *address, char out[static ADDRESS_TEXT_SIZE]);

bool endpoint_equal(const struct ip_endpoint *a, const struct ip_endpoint *b);
/* 192.0.2.1:500, [2001:db8::1]:500 */
const char *endpoint_text(const struct ip_endpoint *endpoint, char out[static ENDPOINT_TEXT_SIZE]);

/* ADDRESS[/LENGTH or /dotted mask]; without a length the host prefix. Host bits set are an error (code 1). */
bool prefix_parse(const char *text, struct ip_prefix *out, struct error *error);
const char *prefix_text(const struct ip_prefix *prefix, char out[static ADDRESS_TEXT_SIZE + 4]);
struct ip_prefix prefix_of_address(const struct ip_address *address);
bool prefix_contains(const struct ip_prefix *prefix, const struct ip_address *address);

struct ip_range range_of_prefix(const struct ip_prefix *prefix);
bool range_contains(const struct ip_range *outer, const struct ip_range *inner);
bool range_overlap(const struct ip_range *a, const struct ip_range *b, struct ip_range *ret_common);
/* 10.1.0.1-10.1.0.9 */
const char *range_text(const struct ip_range *range, char out[static RANGE_TEXT_SIZE]);
/* True, with the prefix, when the range is exactly one prefix. */
bool range_is_prefix(const struct ip_range *range, struct ip_prefix *ret_prefix);

struct selector selector_of_prefix(const struct ip_prefix *prefix, uint8_t protocol, uint16_t port);
bool selector_equal(const struct selector *a, const struct selector *b);
bool selector_contains(const struct selector *outer, const struct selector *inner);
/* The part common to both (RFC 7296 2.9); false when there is none. OPAQUE meets only OPAQUE or any port. */
bool selector_intersect(const struct selector *a, const struct selector *b, struct selector *ret_common);
/* 10.1.0.0/24, 10.1.0.0-10.1.0.9; with protocol and port appended as /PROTO/PORT when narrower than any. */
const char *selector_text(const struct selector *selector, char out[static SELECTOR_TEXT_SIZE]);

#endif
