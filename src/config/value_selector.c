/* Subnets and PROTOCOL/PORT of ipsec.conf(5), without asking the system's files for names. */
#include "base/text.h"
#include "config/value.h"
#include "engine/connection_spec.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

enum { SUBNET_TEXT_MAX = 128, ANY_PORT = 0 };

struct named_number {
    const char *name;
    uint16_t number;
};

static const struct named_number protocols[] = {
    {"icmp", 1},    {"igmp", 2},  {"ipip", 4},  {"ipencap", 4}, {"tcp", 6},    {"udp", 17},
    {"ipv6", 41},   {"gre", 47},  {"esp", 50},  {"ah", 51},     {"icmp6", 58}, {"ipv6-icmp", 58},
    {"icmpv6", 58}, {"ospf", 89}, {"pim", 103}, {"l2tp", 115},  {"sctp", 132}, {"udplite", 136},
};

static const struct named_number services[] = {
    {"ftp-data", 20},      {"ftp", 21},          {"ssh", 22},      {"telnet", 23}, {"smtp", 25},
    {"domain", 53},        {"bootps", 67},       {"bootpc", 68},   {"tftp", 69},   {"http", 80},
    {"kerberos", 88},      {"pop3", 110},        {"ntp", 123},     {"imap", 143},  {"imap2", 143},
    {"snmp", 161},         {"bgp", 179},         {"ldap", 389},    {"https", 443}, {"isakmp", 500},
    {"syslog", 514},       {"rip", 520},         {"ldaps", 636},   {"imaps", 993}, {"pop3s", 995},
    {"l2tp", 1701},        {"l2f", 1701},        {"radius", 1812}, {"nfs", 2049},  {"mysql", 3306},
    {"ipsec-nat-t", 4500}, {"postgresql", 5432}, {"vxlan", 4789},
};

static bool lookup(const struct named_number *table, size_t count, const char *text, unsigned long maximum,
                   uint16_t *out)
{
    for (size_t i = 0; i < count; i++) {
        if (strcasecmp(table[i].name, text) == 0) {
            *out = table[i].number;
            return true;
        }
    }
    if (!isdigit((unsigned char)text[0]))
        return false;
    char *end;
    unsigned long number = strtoul(text, &end, 10);
    if (*end != '\0' || number > maximum)
        return false;
    *out = (uint16_t)number;
    return true;
}

static bool refuse(struct error *error, size_t at, const char *what, const char *found, const char *expected)
{
    char shown[64];
    struct text out = text_of(shown, sizeof(shown));
    text_add_escaped(&out, bytes_of_text(found));
    return error_set(error, (int)at, "found %s \"%s\"; expected %s", what, shown, expected);
}

bool value_protoport(const char *text, uint8_t *ret_protocol, uint16_t *ret_port, struct error *error)
{
    char protocol_text[32];
    const char *slash = strchr(text, '/');
    size_t length = slash != NULL ? (size_t)(slash - text) : strlen(text);
    if (length == 0 || length >= sizeof(protocol_text))
        return refuse(error, 0, "protocol", text, "PROTOCOL[/PORT], such as tcp/80, udp/%any or icmp");
    memcpy(protocol_text, text, length);
    protocol_text[length] = '\0';
    uint16_t protocol = 0, port = ANY_PORT;
    if (strcasecmp(protocol_text, "%any") != 0 &&
        !lookup(protocols, ARRAY_SIZE(protocols), protocol_text, 255, &protocol))
        return refuse(error, 0, "protocol", protocol_text,
                      "tcp, udp, icmp, gre ..., a number up to 255 or %any");
    if (slash != NULL && slash[1] != '\0' && strcasecmp(slash + 1, "%any") != 0) {
        if (strcasecmp(slash + 1, "%opaque") == 0)
            return error_set(error, (int)length + 1, "port %%opaque is not supported yet");
        if (!lookup(services, ARRAY_SIZE(services), slash + 1, 65535, &port))
            return refuse(error, length + 1, "port", slash + 1,
                          "a number up to 65535, a service's name or %any");
    }
    if (protocol == 0 && port != ANY_PORT)
        return error_set(error, (int)length + 1, "port %u needs a protocol before it, such as tcp/%u", port,
                         port);
    *ret_protocol = (uint8_t)protocol;
    *ret_port = port;
    return true;
}

/* The end of ADDRESS/LENGTH in ADDRESS/LENGTH/PROTOCOL/PORT. */
static const char *second_slash(const char *text)
{
    const char *slash = strchr(text, '/');
    return slash != NULL ? strchr(slash + 1, '/') : NULL;
}

/* The address in ADDRESS/LENGTH; what lacks of an IPv4 address is 0: 10/8, 192.168/16, 0/0. */
static void complete(const char *text, char out[static SUBNET_TEXT_MAX + 8])
{
    size_t length = strspn(text, "0123456789.");
    unsigned dots = 0;
    for (size_t i = 0; i < length; i++)
        dots += text[i] == '.';
    if (length == 0 || text[length] != '/' || dots >= 3 || text[length - 1] == '.') {
        snprintf(out, SUBNET_TEXT_MAX + 8, "%s", text);
        return;
    }
    static const char *const rest[] = {".0.0.0", ".0.0", ".0"};
    snprintf(out, SUBNET_TEXT_MAX + 8, "%.*s%s%s", (int)length, text, rest[dots], text + length);
}

/* Host bits are forgiven: the network around the address is meant. */
static bool parse_network(const char *written, struct ip_prefix *out, struct error *error)
{
    enum { HAS_HOST_BITS = 1 };
    struct error reason = {0};
    char text[SUBNET_TEXT_MAX + 8];
    complete(written, text);
    if (prefix_parse(text, out, &reason))
        return true;
    const char *slash = strchr(text, '/');
    if (reason.code != HAS_HOST_BITS || slash == NULL)
        return error_set(error, 0, "%s", reason.text);
    char part[SUBNET_TEXT_MAX + 8];
    struct ip_prefix length;
    snprintf(part, sizeof(part), "%.*s", (int)(slash - text), text);
    if (!address_parse(part, &out->address, error))
        return false;
    snprintf(part, sizeof(part), "%s%s", out->address.family == IP_V4 ? "0.0.0.0" : "::", slash);
    if (!prefix_parse(part, &length, error))
        return false;
    struct ip_prefix whole = {out->address, length.length};
    struct ip_range range = range_of_prefix(&whole);
    *out = (struct ip_prefix){range.start, length.length};
    return true;
}

bool value_subnet(const char *text, struct selector *out, bool *ret_has_protoport, struct error *error)
{
    char address[SUBNET_TEXT_MAX];
    const char *behind = second_slash(text);
    size_t length = behind != NULL ? (size_t)(behind - text) : strlen(text);
    if (strncasecmp(text, "vhost:", 6) == 0 || strncasecmp(text, "vnet:", 5) == 0)
        return error_set(error, 0, "a virtual subnet (vhost:, vnet:) stands alone in subnet=");
    if (length == 0 || length >= sizeof(address))
        return refuse(error, 0, "subnet", text, "ADDRESS/LENGTH");
    snprintf(address, sizeof(address), "%.*s", (int)length, text);
    uint8_t protocol = 0;
    uint16_t port = ANY_PORT;
    if (behind != NULL && !value_protoport(behind + 1, &protocol, &port, error)) {
        if (error != NULL)
            error->code += (int)length + 1;
        return false;
    }
    struct ip_prefix prefix;
    if (!parse_network(address, &prefix, error)) {
        if (error != NULL)
            error->code = 0;
        return false;
    }
    *out = selector_of_prefix(&prefix, protocol, port);
    *ret_has_protoport = behind != NULL;
    return true;
}

bool value_virtual_net(const char *text, struct virtual_net *out, struct error *error)
{
    struct ip_prefix prefix;
    enum ip_family family = strncasecmp(text, "%v4:", 4) == 0   ? IP_V4
                            : strncasecmp(text, "%v6:", 4) == 0 ? IP_V6
                                                                : IP_NONE;
    if (family == IP_NONE)
        return error_set(error, 0, "found \"%.60s\"; expected %%v4:CIDR, %%v6:CIDR, %%v4:!CIDR or %%v6:!CIDR",
                         text);
    bool is_excluded = text[4] == '!';
    if (!prefix_parse(text + (is_excluded ? 5 : 4), &prefix, error))
        return false;
    if (prefix.address.family != family)
        return error_set(error, 0, "found \"%s\"; expected an IPv%d network", text, (int)family);
    *out = (struct virtual_net){prefix, is_excluded};
    return true;
}
