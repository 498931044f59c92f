/*
 * Configuration attributes: the Configuration payload of IKEv2 (RFC 7296 3.15, RFC 8598 for domains) and the
 * Attributes payload of IKEv1's Mode Config (draft-dukes-ike-mode-cfg-02, with the attributes of Cisco's
 * Unity clients). Both carry the same attributes; only the headers differ.
 */
#ifndef STYX_WIRE_CONFIGURATION_H
#define STYX_WIRE_CONFIGURATION_H

#include "base/address.h"
#include "base/arena.h"
#include "base/error.h"
#include "base/writer.h"

enum configuration_kind { CFG_REQUEST = 1, CFG_REPLY = 2, CFG_SET = 3, CFG_ACK = 4 };

enum configuration_attribute {
    INTERNAL_IP4_ADDRESS = 1,
    INTERNAL_IP4_NETMASK = 2,
    INTERNAL_IP4_DNS = 3,
    INTERNAL_IP4_NBNS = 4,
    INTERNAL_ADDRESS_EXPIRY = 5, /* IKEv1 */
    INTERNAL_IP4_DHCP = 6,
    APPLICATION_VERSION = 7,
    INTERNAL_IP6_ADDRESS = 8,
    INTERNAL_IP6_DNS = 10,
    INTERNAL_IP4_SUBNET = 13,
    SUPPORTED_ATTRIBUTES = 14,
    INTERNAL_IP6_SUBNET = 15,
    INTERNAL_DNS_DOMAIN = 25, /* RFC 8598 */
    UNITY_BANNER = 28672,
    UNITY_SAVE_PASSWORD = 28673,
    UNITY_DEFAULT_DOMAIN = 28674,
    UNITY_SPLIT_DNS = 28675,
    UNITY_SPLIT_INCLUDE = 28676,
    UNITY_LOCAL_LAN = 28678,
    UNITY_PFS = 28679,
};

/* What one payload may name of each kind; more are left out. */
enum {
    CONFIGURATION_DNS_LIMIT = 8,
    CONFIGURATION_DOMAIN_LIMIT = 16,
    CONFIGURATION_SUBNET_LIMIT = 32,
    CONFIGURATION_ATTRIBUTE_LIMIT = 256,
};

/* The families' places in arrays of two. */
enum { CONFIGURATION_V4, CONFIGURATION_V6, CONFIGURATION_FAMILIES };

/* As it came: texts are the peer's bytes, not looked at yet. */
struct configuration {
    uint8_t kind;                                     /* enum configuration_kind */
    uint16_t identifier;                              /* IKEv1: echoed in the answer */
    bool has_address[CONFIGURATION_FAMILIES];         /* the attribute is there, with a value or without */
    struct ip_prefix address[CONFIGURATION_FAMILIES]; /* family IP_NONE: no value, or 0.0.0.0 */
    bool has_netmask, has_dns[CONFIGURATION_FAMILIES], has_domain, has_banner, has_application_version;
    bool has_default_domain, has_split_include, has_pfs;
    struct ip_address dns[CONFIGURATION_DNS_LIMIT];
    size_t dns_count;
    struct bytes domains[CONFIGURATION_DOMAIN_LIMIT];
    size_t domain_count;
    struct ip_prefix subnets[CONFIGURATION_SUBNET_LIMIT]; /* INTERNAL_IPx_SUBNET, UNITY_SPLIT_INCLUDE */
    size_t subnet_count;
    struct bytes banner, application_version;
};

/* The body of a payload, behind its generic header. False when it is malformed: an attribute that is cut off
 * or whose value has not the size that its type demands. Unknown attributes are passed over. */
bool configuration_read_ikev2(struct bytes body, struct configuration *out, struct error *error);
/* The list of attributes alone. */
bool configuration_read_ikev1(uint8_t kind, uint16_t identifier, struct bytes list, struct configuration *out,
                              struct error *error);

/* The four bytes of IKEv2 before the attributes. */
void configuration_write_header(struct writer *writer, uint8_t kind);
void configuration_write(struct writer *writer, uint16_t type, struct bytes value);
/* The address alone; of the v6 kind with its length behind; as `type` wants it. */
void configuration_write_address(struct writer *writer, uint16_t type, const struct ip_address *address);
/* INTERNAL_IP6_ADDRESS and the subnets of IKEv2: the address and its prefix length or mask. */
void configuration_write_prefix(struct writer *writer, uint16_t type, const struct ip_prefix *prefix);
/* UNITY_SPLIT_INCLUDE: networks of IPv4 in entries of 14 bytes. */
void configuration_write_split(struct writer *writer, const struct ip_prefix *list, size_t count);
/* UNITY_PFS: whether the client's Quick Modes are to bring a group. */
void configuration_write_pfs(struct writer *writer, bool is_wanted);

#endif
