/* Configuration attributes of IKEv2 and of IKEv1's Mode Config. */
#include "wire/configuration.h"

#include "base/reader.h"

enum {
    ATTRIBUTE_FORMAT_BIT = 0x8000, /* IKEv1: the value stands in place of the length (RFC 2408 3.3) */
    TYPE_MASK = 0x7fff,
    SPLIT_ENTRY_SIZE = 14,
    SPLIT_NETWORK_SIZE = 8,
    MALFORMED = 7, /* INVALID_SYNTAX of IKEv2 */
};

static bool syntax(struct error *error, uint16_t type, size_t size)
{
    return error_set(error, MALFORMED, "configuration attribute %u has a value of %zu bytes", type, size);
}

/* The length of a contiguous mask; -1: it is none. */
static int mask_length(const uint8_t *mask)
{
    uint32_t bits = load_be32(mask);
    int length = 0;
    while (length < 32 && (bits & (UINT32_C(0x80000000) >> length)) != 0)
        length++;
    bool is_contiguous = length == 32 || (bits << length) == 0;
    return is_contiguous ? length : -1;
}

static void clear_host_bits(struct ip_prefix *prefix)
{
    prefix->address = range_of_prefix(prefix).start;
}

/* 0.0.0.0 and :: mean any, as an absent value does. */
static bool read_address(uint16_t type, struct bytes value, struct configuration *out, struct error *error)
{
    bool is_v6 = type == INTERNAL_IP6_ADDRESS;
    unsigned family = is_v6 ? CONFIGURATION_V6 : CONFIGURATION_V4;
    size_t size = is_v6 ? 16 : 4;
    bool has_length = is_v6 && value.size == 17;
    if (value.size != 0 && value.size != size && !has_length)
        return syntax(error, type, value.size);
    out->has_address[family] = true;
    if (value.size == 0)
        return true;
    struct ip_prefix prefix = {address_of_bytes(is_v6 ? IP_V6 : IP_V4, value.data), (uint8_t)(8 * size)};
    if (has_length)
        prefix.length = value.data[16];
    if (prefix.length > 128)
        return syntax(error, type, value.size);
    if (!address_is_any(&prefix.address))
        out->address[family] = prefix;
    return true;
}

static bool read_dns(uint16_t type, struct bytes value, struct configuration *out, struct error *error)
{
    bool is_v6 = type == INTERNAL_IP6_DNS;
    size_t size = is_v6 ? 16 : 4;
    if (value.size % size != 0)
        return syntax(error, type, value.size);
    out->has_dns[is_v6 ? CONFIGURATION_V6 : CONFIGURATION_V4] = true;
    for (size_t at = 0; at < value.size && out->dns_count < CONFIGURATION_DNS_LIMIT; at += size)
        out->dns[out->dns_count++] = address_of_bytes(is_v6 ? IP_V6 : IP_V4, value.data + at);
    return true;
}

static void add_domain(struct bytes value, struct configuration *out)
{
    if (value.size > 0 && out->domain_count < CONFIGURATION_DOMAIN_LIMIT)
        out->domains[out->domain_count++] = value;
}

static void add_subnet(struct ip_prefix prefix, struct configuration *out)
{
    clear_host_bits(&prefix);
    if (out->subnet_count < CONFIGURATION_SUBNET_LIMIT)
        out->subnets[out->subnet_count++] = prefix;
}

static bool read_subnet(uint16_t type, struct bytes value, struct configuration *out, struct error *error)
{
    bool is_v6 = type == INTERNAL_IP6_SUBNET;
    if (value.size == 0)
        return true;
    if (value.size != (is_v6 ? 17U : 8U))
        return syntax(error, type, value.size);
    int length = is_v6 ? value.data[16] : mask_length(value.data + 4);
    if (length < 0 || length > 128)
        return error_set(error, MALFORMED, "configuration attribute %u has an impossible mask", type);
    add_subnet((struct ip_prefix){address_of_bytes(is_v6 ? IP_V6 : IP_V4, value.data), (uint8_t)length}, out);
    return true;
}

/* Address, mask, and six bytes of protocol and ports that nobody uses; strongSwan leaves them out at the end.
 */
static bool read_split_include(struct bytes value, struct configuration *out, struct error *error)
{
    out->has_split_include = true;
    if (value.size % SPLIT_ENTRY_SIZE != 0 && value.size % SPLIT_ENTRY_SIZE != SPLIT_NETWORK_SIZE)
        return syntax(error, UNITY_SPLIT_INCLUDE, value.size);
    for (size_t at = 0; at < value.size; at += SPLIT_ENTRY_SIZE) {
        int length = mask_length(value.data + at + 4);
        if (length < 0)
            return error_set(error, MALFORMED, "a split tunnel's mask has holes");
        add_subnet((struct ip_prefix){address_of_bytes(IP_V4, value.data + at), (uint8_t)length}, out);
    }
    return true;
}

static bool read_netmask(struct bytes value, struct configuration *out, struct error *error)
{
    out->has_netmask = true;
    return value.size == 0 || value.size == 4 || syntax(error, INTERNAL_IP4_NETMASK, value.size);
}

static bool read_attribute(uint16_t type, struct bytes value, struct configuration *out, struct error *error)
{
    switch (type) {
    case INTERNAL_IP4_ADDRESS:
    case INTERNAL_IP6_ADDRESS:
        return read_address(type, value, out, error);
    case INTERNAL_IP4_NETMASK:
        return read_netmask(value, out, error);
    case INTERNAL_IP4_DNS:
    case INTERNAL_IP6_DNS:
        return read_dns(type, value, out, error);
    case INTERNAL_IP4_SUBNET:
    case INTERNAL_IP6_SUBNET:
        return read_subnet(type, value, out, error);
    case UNITY_SPLIT_INCLUDE:
        return read_split_include(value, out, error);
    case UNITY_DEFAULT_DOMAIN:
        out->has_default_domain = true;
        add_domain(value, out);
        return true;
    case INTERNAL_DNS_DOMAIN:
        out->has_domain = true;
        add_domain(value, out);
        return true;
    case UNITY_BANNER:
        out->has_banner = true;
        out->banner = value;
        return true;
    case UNITY_PFS:
        out->has_pfs = true;
        return true;
    case APPLICATION_VERSION:
        out->has_application_version = true;
        out->application_version = value;
        return true;
    default:
        return true;
    }
}

static bool read_attributes(struct reader *reader, bool is_ikev1, struct configuration *out,
                            struct error *error)
{
    for (unsigned seen = 0; reader->left > 0; seen++) {
        uint16_t type = reader_u16(reader);
        bool is_short = is_ikev1 && (type & ATTRIBUTE_FORMAT_BIT) != 0;
        struct bytes value = reader_bytes(reader, is_short ? 2 : reader_u16(reader));
        if (reader->failed)
            return error_set(error, MALFORMED, "a configuration attribute is cut off");
        if (seen == CONFIGURATION_ATTRIBUTE_LIMIT)
            return error_set(error, MALFORMED, "too many configuration attributes");
        if (!read_attribute(type & TYPE_MASK, value, out, error))
            return false;
    }
    return true;
}

bool configuration_read_ikev2(struct bytes body, struct configuration *out, struct error *error)
{
    struct reader reader = reader_of(body);
    *out = (struct configuration){.kind = reader_u8(&reader)};
    reader_bytes(&reader, 3);
    if (reader.failed || out->kind < CFG_REQUEST || out->kind > CFG_ACK)
        return error_set(error, MALFORMED, "configuration payload of no known kind");
    return read_attributes(&reader, false, out, error);
}

bool configuration_read_ikev1(uint8_t kind, uint16_t identifier, struct bytes list, struct configuration *out,
                              struct error *error)
{
    struct reader reader = reader_of(list);
    *out = (struct configuration){.kind = kind, .identifier = identifier};
    return read_attributes(&reader, true, out, error);
}

void configuration_write_header(struct writer *writer, uint8_t kind)
{
    writer_u32(writer, (uint32_t)kind << 24);
}

void configuration_write(struct writer *writer, uint16_t type, struct bytes value)
{
    writer_u16(writer, type);
    writer_u16(writer, (uint16_t)value.size);
    writer_bytes(writer, value);
}

void configuration_write_address(struct writer *writer, uint16_t type, const struct ip_address *address)
{
    configuration_write(writer, type, bytes_of(address->bytes, address_size(address)));
}

void configuration_write_prefix(struct writer *writer, uint16_t type, const struct ip_prefix *prefix)
{
    bool is_v6 = prefix->address.family == IP_V6;
    writer_u16(writer, type);
    writer_u16(writer, is_v6 ? 17 : 8);
    writer_bytes(writer, bytes_of(prefix->address.bytes, address_size(&prefix->address)));
    if (is_v6)
        writer_u8(writer, prefix->length);
    else
        writer_u32(writer, prefix->length == 0 ? 0 : UINT32_MAX << (32 - prefix->length));
}

void configuration_write_split(struct writer *writer, const struct ip_prefix *list, size_t count)
{
    writer_u16(writer, UNITY_SPLIT_INCLUDE);
    writer_u16(writer, (uint16_t)(count * SPLIT_ENTRY_SIZE));
    for (size_t i = 0; i < count; i++) {
        writer_bytes(writer, bytes_of(list[i].address.bytes, 4));
        writer_u32(writer, list[i].length == 0 ? 0 : UINT32_MAX << (32 - list[i].length));
        writer_bytes(writer, bytes_of((const uint8_t[6]){0}, 6));
    }
}

/* Clients read it in the short form alone. */
void configuration_write_pfs(struct writer *writer, bool is_wanted)
{
    writer_u16(writer, ATTRIBUTE_FORMAT_BIT | UNITY_PFS);
    writer_u16(writer, is_wanted);
}
