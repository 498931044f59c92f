/* Shapes of inbound selectors in the terms of nf_tables: see clear_shape.h. */
#include "kernel/clear_shape.h"

#include <netinet/in.h> /* before the kernel's own headers, which give way to it */

#include <arpa/inet.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <string.h>

enum { WORD = 4, PORT_SIZE = 2 };

bool clear_shape_can_tell(const struct packet_selector *selector)
{
    bool is_icmp = selector->protocol == IPPROTO_ICMP || selector->protocol == IPPROTO_ICMPV6;
    return !is_icmp || (selector->source_mask == 0 && selector->destination_mask == 0);
}

struct clear_shape clear_shape_of(const struct packet_selector *selector, uint32_t priority)
{
    return (struct clear_shape){
        .priority = priority,
        .family = selector->source.address.family,
        .source_length = selector->source.length,
        .destination_length = selector->destination.length,
        .has_protocol = selector->protocol != 0,
        .source_port_mask = selector->source_mask,
        .destination_port_mask = selector->destination_mask,
    };
}

static size_t address_bytes(enum ip_family family)
{
    return family == IP_V6 ? 16 : 4;
}

static size_t put(uint8_t *out, size_t at, const void *value, size_t size)
{
    memset(out + at, 0, (size + WORD - 1) / WORD * WORD);
    memcpy(out + at, value, size);
    return at + (size + WORD - 1) / WORD * WORD;
}

/* In the order in which clear_shape_put_rule() loads them, each from a word of its own. */
size_t clear_shape_key(const struct packet_selector *selector, uint8_t out[static CLEAR_KEY_MAX])
{
    uint16_t source_port = htons(selector->source_port), destination_port = htons(selector->destination_port);
    size_t bytes = address_size(&selector->source.address);
    size_t at = put(out, 0, selector->source.address.bytes, bytes);
    at = put(out, at, selector->destination.address.bytes, bytes);
    if (selector->protocol != 0)
        at = put(out, at, &selector->protocol, sizeof(selector->protocol));
    if (selector->source_mask != 0)
        at = put(out, at, &source_port, sizeof(source_port));
    if (selector->destination_mask != 0)
        at = put(out, at, &destination_port, sizeof(destination_port));
    return at;
}

static size_t key_size_of(const struct clear_shape *shape)
{
    size_t words =
        (size_t)shape->has_protocol + (shape->source_port_mask != 0) + (shape->destination_port_mask != 0);
    return 2 * address_bytes(shape->family) + words * WORD;
}

/* The types by which nft(8) shows the keys: six bits for each part. */
static uint32_t key_type_of(const struct clear_shape *shape)
{
    enum { IPV4_ADDRESS = 7, IPV6_ADDRESS = 8, PROTOCOL = 12, SERVICE = 13, BITS = 6 };
    uint32_t address = shape->family == IP_V6 ? IPV6_ADDRESS : IPV4_ADDRESS;
    uint32_t type = address << BITS | address;
    if (shape->has_protocol)
        type = type << BITS | PROTOCOL;
    if (shape->source_port_mask != 0)
        type = type << BITS | SERVICE;
    if (shape->destination_port_mask != 0)
        type = type << BITS | SERVICE;
    return type;
}

void clear_shape_put_map(const struct clear_shape *shape, struct nft_link *link, const char *map)
{
    nft_put_set(link, map, true, key_type_of(shape), (uint32_t)key_size_of(shape));
}

/* Loads an address and leaves of it what the prefix says; the register behind it. */
static unsigned load_address(struct nft_rule *rule, uint32_t offset, size_t bytes, uint8_t length,
                             unsigned reg)
{
    uint8_t mask[16] = {0};
    memset(mask, 0xff, length / 8);
    if (length % 8 != 0)
        mask[length / 8] = (uint8_t)(0xff << (8 - length % 8));
    nft_rule_payload(rule, NFT_PAYLOAD_NETWORK_HEADER, offset, (uint32_t)bytes, reg);
    if (length < bytes * 8)
        nft_rule_mask(rule, reg, mask, bytes);
    return reg + (unsigned)(bytes / WORD);
}

static unsigned load_port(struct nft_rule *rule, uint32_t offset, uint16_t mask, unsigned reg)
{
    if (mask == 0)
        return reg;
    nft_rule_payload(rule, NFT_PAYLOAD_TRANSPORT_HEADER, offset, PORT_SIZE, reg);
    uint16_t wire_mask = htons(mask);
    if (mask != UINT16_MAX)
        nft_rule_mask(rule, reg, &wire_mask, sizeof(wire_mask));
    return reg + 1;
}

void clear_shape_put_rule(const struct clear_shape *shape, struct nft_link *link, const char *chain,
                          const char *map, int device)
{
    bool is_v6 = shape->family == IP_V6;
    size_t bytes = address_bytes(shape->family);
    uint32_t source_offset = is_v6 ? 8 : 12;
    uint8_t family = is_v6 ? NFPROTO_IPV6 : NFPROTO_IPV4;
    struct nft_rule rule = nft_rule_begin(link, chain);
    nft_rule_meta(&rule, NFT_META_NFPROTO, 0);
    nft_rule_equals(&rule, 0, &family, sizeof(family));
    if (device != 0 && clear_shape_is_of_everywhere(shape)) {
        nft_rule_way_back(&rule, 0);
        nft_rule_equals(&rule, 0, &device, sizeof(device));
    }
    unsigned reg = load_address(&rule, source_offset, bytes, shape->source_length, 0);
    reg = load_address(&rule, source_offset + (uint32_t)bytes, bytes, shape->destination_length, reg);
    if (shape->has_protocol)
        nft_rule_meta(&rule, NFT_META_L4PROTO, reg++);
    reg = load_port(&rule, 0, shape->source_port_mask, reg);
    (void)load_port(&rule, PORT_SIZE, shape->destination_port_mask, reg);
    nft_rule_lookup(&rule, map, 0, true);
    nft_rule_end(link, &rule);
}
