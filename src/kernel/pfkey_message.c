/* PF_KEY v2 messages (RFC 2367 2.3): writing and strict reading. */
#include "kernel/pfkey_message.h"

#include <arpa/inet.h>

enum { UNIT = 8, BITS_PER_BYTE = 8 };

/* ---- writing ---- */

static void pad(struct writer *writer)
{
    static const uint8_t zeros[UNIT];
    writer_bytes(writer, bytes_of(zeros, (UNIT - writer->size % UNIT) % UNIT));
}

/* Every extension begins with its length and its type. */
static size_t begin_extension(struct writer *writer, const void *header, size_t size)
{
    size_t start = writer->size;
    writer_bytes(writer, bytes_of(header, size));
    return start;
}

static void end_extension(struct writer *writer, size_t start)
{
    pad(writer);
    if (writer->overflowed)
        return;
    uint16_t units = (uint16_t)((writer->size - start) / UNIT);
    memcpy(writer->data + start, &units, sizeof(units));
}

void pfkey_begin(struct writer *writer, uint8_t type, uint8_t satype)
{
    struct sadb_msg header = {
        .sadb_msg_version = PF_KEY_V2, .sadb_msg_type = type, .sadb_msg_satype = satype};
    writer_bytes(writer, bytes_of(&header, sizeof(header)));
}

bool pfkey_end(struct writer *writer, uint32_t sequence, uint32_t pid)
{
    struct sadb_msg header;
    if (writer->overflowed)
        return false;
    memcpy(&header, writer->data, sizeof(header));
    header.sadb_msg_len = (uint16_t)(writer->size / UNIT);
    header.sadb_msg_seq = sequence;
    header.sadb_msg_pid = pid;
    memcpy(writer->data, &header, sizeof(header));
    return true;
}

void pfkey_put_sa(struct writer *writer, const struct pfkey_sa_fields *sa)
{
    struct sadb_sa extension = {
        .sadb_sa_exttype = SADB_EXT_SA,
        .sadb_sa_spi = htonl(sa->spi),
        .sadb_sa_replay = sa->replay,
        .sadb_sa_state = SADB_SASTATE_MATURE,
        .sadb_sa_auth = sa->auth,
        .sadb_sa_encrypt = sa->encrypt,
        .sadb_sa_flags = sa->flags,
    };
    end_extension(writer, begin_extension(writer, &extension, sizeof(extension)));
}

void pfkey_put_mode(struct writer *writer, uint8_t mode, uint32_t reqid)
{
    struct sadb_x_sa2 extension = {
        .sadb_x_sa2_exttype = SADB_X_EXT_SA2,
        .sadb_x_sa2_mode = mode,
        .sadb_x_sa2_reqid = reqid,
    };
    end_extension(writer, begin_extension(writer, &extension, sizeof(extension)));
}

void pfkey_put_lifetime(struct writer *writer, uint16_t type, const struct pfkey_lifetime *lifetime)
{
    struct sadb_lifetime extension = {
        .sadb_lifetime_exttype = type,
        .sadb_lifetime_allocations = lifetime->allocations,
        .sadb_lifetime_bytes = lifetime->bytes,
        .sadb_lifetime_addtime = lifetime->addtime,
        .sadb_lifetime_usetime = lifetime->usetime,
    };
    end_extension(writer, begin_extension(writer, &extension, sizeof(extension)));
}

void pfkey_put_key(struct writer *writer, uint16_t type, struct bytes key)
{
    struct sadb_key extension = {
        .sadb_key_exttype = type,
        .sadb_key_bits = (uint16_t)(key.size * BITS_PER_BYTE),
    };
    size_t start = begin_extension(writer, &extension, sizeof(extension));
    writer_bytes(writer, key);
    end_extension(writer, start);
}

static void put_socket_address(struct writer *writer, const struct ip_address *address, uint16_t port)
{
    struct sockaddr_in v4 = pfkey_ipv4(address->bytes, port);
    struct sockaddr_in6 v6 = pfkey_ipv6(address->bytes, port);
    writer_bytes(writer, address->family == IP_V6 ? bytes_of(&v6, sizeof(v6)) : bytes_of(&v4, sizeof(v4)));
}

static void put_end(struct writer *writer, uint16_t type, const struct ip_prefix *prefix, uint8_t protocol,
                    uint16_t port)
{
    struct sadb_address extension = {
        .sadb_address_exttype = type,
        .sadb_address_proto = protocol,
        .sadb_address_prefixlen = prefix->length,
    };
    size_t start = begin_extension(writer, &extension, sizeof(extension));
    put_socket_address(writer, &prefix->address, port);
    end_extension(writer, start);
}

void pfkey_put_address(struct writer *writer, uint16_t type, const struct ip_address *address)
{
    struct ip_prefix prefix = prefix_of_address(address);
    if (type == SADB_EXT_ADDRESS_PROXY)
        prefix.length = 0;
    put_end(writer, type, &prefix, 0, 0);
}

void pfkey_put_selector(struct writer *writer, const struct packet_selector *selector)
{
    uint8_t protocol = selector->protocol != 0 ? selector->protocol : IPSEC_ULPROTO_ANY;
    put_end(writer, SADB_EXT_ADDRESS_SRC, &selector->source, protocol, selector->source_port);
    put_end(writer, SADB_EXT_ADDRESS_DST, &selector->destination, protocol, selector->destination_port);
}

static void put_natt_port(struct writer *writer, uint16_t type, uint16_t port)
{
    struct sadb_x_nat_t_port extension = {
        .sadb_x_nat_t_port_exttype = type,
        .sadb_x_nat_t_port_port = htons(port),
    };
    end_extension(writer, begin_extension(writer, &extension, sizeof(extension)));
}

void pfkey_put_encapsulation(struct writer *writer, uint16_t source_port, uint16_t destination_port)
{
    struct sadb_x_nat_t_type extension = {
        .sadb_x_nat_t_type_exttype = SADB_X_EXT_NAT_T_TYPE,
        .sadb_x_nat_t_type_type = PFKEY_ESP_IN_UDP,
    };
    end_extension(writer, begin_extension(writer, &extension, sizeof(extension)));
    put_natt_port(writer, SADB_X_EXT_NAT_T_SPORT, source_port);
    put_natt_port(writer, SADB_X_EXT_NAT_T_DPORT, destination_port);
}

/* Unlike all else, its length counts bytes. */
static void put_transform(struct writer *writer, const struct pfkey_transform *transform)
{
    struct sadb_x_ipsecrequest request = {
        .sadb_x_ipsecrequest_proto = transform->protocol,
        .sadb_x_ipsecrequest_mode = transform->mode,
        .sadb_x_ipsecrequest_level = transform->level,
        .sadb_x_ipsecrequest_reqid = transform->reqid,
    };
    size_t start = writer->size;
    writer_bytes(writer, bytes_of(&request, sizeof(request)));
    if (transform->mode != IPSEC_MODE_TRANSPORT) {
        put_socket_address(writer, &transform->source, 0);
        put_socket_address(writer, &transform->destination, 0);
    }
    pad(writer);
    if (writer->overflowed)
        return;
    request.sadb_x_ipsecrequest_len = (uint16_t)(writer->size - start);
    memcpy(writer->data + start, &request, sizeof(request));
}

void pfkey_put_policy(struct writer *writer, const struct pfkey_policy_fields *policy)
{
    struct sadb_x_policy extension = {
        .sadb_x_policy_exttype = SADB_X_EXT_POLICY,
        .sadb_x_policy_type = policy->type,
        .sadb_x_policy_dir = policy->direction,
        .sadb_x_policy_priority = policy->priority,
    };
    size_t start = begin_extension(writer, &extension, sizeof(extension));
    for (size_t i = 0; i < policy->transform_count; i++)
        put_transform(writer, &policy->transforms[i]);
    end_extension(writer, start);
}

/* ---- reading ---- */

static size_t least_size(uint16_t type)
{
    static const size_t sizes[PFKEY_EXTENSIONS] = {
        [SADB_EXT_SA] = sizeof(struct sadb_sa),
        [SADB_EXT_LIFETIME_CURRENT] = sizeof(struct sadb_lifetime),
        [SADB_EXT_LIFETIME_HARD] = sizeof(struct sadb_lifetime),
        [SADB_EXT_LIFETIME_SOFT] = sizeof(struct sadb_lifetime),
        [SADB_EXT_ADDRESS_SRC] = sizeof(struct sadb_address) + sizeof(struct sockaddr_in),
        [SADB_EXT_ADDRESS_DST] = sizeof(struct sadb_address) + sizeof(struct sockaddr_in),
        [SADB_EXT_ADDRESS_PROXY] = sizeof(struct sadb_address) + sizeof(struct sockaddr_in),
        [SADB_EXT_KEY_AUTH] = sizeof(struct sadb_key),
        [SADB_EXT_KEY_ENCRYPT] = sizeof(struct sadb_key),
        [SADB_EXT_SUPPORTED_AUTH] = sizeof(struct sadb_supported),
        [SADB_EXT_SUPPORTED_ENCRYPT] = sizeof(struct sadb_supported),
        [SADB_X_EXT_POLICY] = sizeof(struct sadb_x_policy),
        [SADB_X_EXT_SA2] = sizeof(struct sadb_x_sa2),
        [SADB_X_EXT_NAT_T_TYPE] = sizeof(struct sadb_x_nat_t_type),
        [SADB_X_EXT_NAT_T_SPORT] = sizeof(struct sadb_x_nat_t_port),
        [SADB_X_EXT_NAT_T_DPORT] = sizeof(struct sadb_x_nat_t_port),
    };
    return sizes[type];
}

/* An extension of a type that nobody here knows is passed over (RFC 2367 2.3). */
static bool read_extension(struct reader *reader, struct pfkey_message *message)
{
    struct sadb_ext header;
    if (reader->left < sizeof(header))
        return false;
    memcpy(&header, reader->at, sizeof(header));
    struct bytes extension = reader_bytes(reader, (size_t)header.sadb_ext_len * UNIT);
    if (reader->failed || extension.size == 0)
        return false;
    uint16_t type = header.sadb_ext_type;
    if (type >= PFKEY_EXTENSIONS)
        return true;
    if (type == SADB_EXT_RESERVED || extension.size < least_size(type) || message->extensions[type].size != 0)
        return false;
    message->extensions[type] = extension;
    return true;
}

bool pfkey_read(struct bytes datagram, struct pfkey_message *ret_message)
{
    struct pfkey_message message = {0};
    struct reader reader = reader_of(datagram);
    struct bytes bytes = reader_bytes(&reader, sizeof(struct sadb_msg));
    struct sadb_msg header;
    if (reader.failed)
        return false;
    memcpy(&header, bytes.data, sizeof(header));
    if (header.sadb_msg_version != PF_KEY_V2 || (size_t)header.sadb_msg_len * UNIT != datagram.size)
        return false;
    message.type = header.sadb_msg_type;
    message.satype = header.sadb_msg_satype;
    message.error = header.sadb_msg_errno;
    message.sequence = header.sadb_msg_seq;
    message.pid = header.sadb_msg_pid;
    while (reader.left > 0)
        if (!read_extension(&reader, &message))
            return false;
    *ret_message = message;
    return true;
}

static bool copy_extension(const struct pfkey_message *message, uint16_t type, void *out, size_t size)
{
    struct bytes extension = message->extensions[type];
    if (extension.size < size)
        return false;
    memcpy(out, extension.data, size);
    return true;
}

bool pfkey_get_spi(const struct pfkey_message *message, uint32_t *ret_spi)
{
    struct sadb_sa sa;
    if (!copy_extension(message, SADB_EXT_SA, &sa, sizeof(sa)))
        return false;
    *ret_spi = ntohl(sa.sadb_sa_spi);
    return true;
}

static bool read_end(const struct pfkey_message *message, uint16_t type, struct sadb_address *ret_header,
                     struct ip_endpoint *ret_endpoint)
{
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
    struct bytes extension = message->extensions[type];
    if (extension.size == 0)
        return false;
    struct reader reader = reader_of(extension);
    memcpy(ret_header, reader_bytes(&reader, sizeof(*ret_header)).data, sizeof(*ret_header));
    memcpy(&v4, reader.at, sizeof(v4)); /* there is room for one: least_size() */
    if (v4.sin_family == AF_INET) {
        *ret_endpoint =
            (struct ip_endpoint){address_of_bytes(IP_V4, (const uint8_t *)&v4.sin_addr), ntohs(v4.sin_port)};
        return true;
    }
    if (v4.sin_family != AF_INET6 || reader.left < sizeof(v6))
        return false;
    memcpy(&v6, reader.at, sizeof(v6));
    *ret_endpoint =
        (struct ip_endpoint){address_of_bytes(IP_V6, (const uint8_t *)&v6.sin6_addr), ntohs(v6.sin6_port)};
    return true;
}

bool pfkey_get_address(const struct pfkey_message *message, uint16_t type, struct ip_endpoint *ret_endpoint)
{
    struct sadb_address header;
    return read_end(message, type, &header, ret_endpoint);
}

bool pfkey_get_selector(const struct pfkey_message *message, struct packet_selector *ret_selector)
{
    struct sadb_address source, destination;
    struct ip_endpoint from, to;
    if (!read_end(message, SADB_EXT_ADDRESS_SRC, &source, &from) ||
        !read_end(message, SADB_EXT_ADDRESS_DST, &destination, &to) ||
        source.sadb_address_prefixlen > address_size(&from.address) * BITS_PER_BYTE ||
        destination.sadb_address_prefixlen > address_size(&to.address) * BITS_PER_BYTE)
        return false;
    memset(ret_selector, 0, sizeof(*ret_selector)); /* padding too */
    ret_selector->source.address = from.address;
    ret_selector->source.length = source.sadb_address_prefixlen;
    ret_selector->destination.address = to.address;
    ret_selector->destination.length = destination.sadb_address_prefixlen;
    if (source.sadb_address_proto != IPSEC_ULPROTO_ANY)
        ret_selector->protocol = source.sadb_address_proto;
    ret_selector->source_port = from.port;
    ret_selector->source_mask = from.port != 0 ? UINT16_MAX : 0;
    ret_selector->destination_port = to.port;
    ret_selector->destination_mask = to.port != 0 ? UINT16_MAX : 0;
    return true;
}

bool pfkey_get_lifetime(const struct pfkey_message *message, uint16_t type,
                        struct pfkey_lifetime *ret_lifetime)
{
    struct sadb_lifetime lifetime;
    if (!copy_extension(message, type, &lifetime, sizeof(lifetime)))
        return false;
    *ret_lifetime = (struct pfkey_lifetime){
        .allocations = lifetime.sadb_lifetime_allocations,
        .bytes = lifetime.sadb_lifetime_bytes,
        .addtime = lifetime.sadb_lifetime_addtime,
        .usetime = lifetime.sadb_lifetime_usetime,
    };
    return true;
}

bool pfkey_get_policy(const struct pfkey_message *message, uint8_t *ret_direction, uint32_t *ret_index,
                      uint32_t *ret_priority)
{
    struct sadb_x_policy policy;
    if (!copy_extension(message, SADB_X_EXT_POLICY, &policy, sizeof(policy)))
        return false;
    *ret_direction = policy.sadb_x_policy_dir;
    *ret_index = policy.sadb_x_policy_id;
    *ret_priority = policy.sadb_x_policy_priority;
    return true;
}

bool pfkey_get_natt_port(const struct pfkey_message *message, uint16_t type, uint16_t *ret_port)
{
    struct sadb_x_nat_t_port port;
    if (!copy_extension(message, type, &port, sizeof(port)))
        return false;
    *ret_port = ntohs(port.sadb_x_nat_t_port_port);
    return true;
}

bool pfkey_supports(const struct pfkey_message *message, uint16_t type, uint8_t algorithm)
{
    struct reader reader = reader_of(message->extensions[type]);
    (void)reader_bytes(&reader, sizeof(struct sadb_supported));
    while (!reader.failed && reader.left >= sizeof(struct sadb_alg)) {
        struct sadb_alg one;
        memcpy(&one, reader_bytes(&reader, sizeof(one)).data, sizeof(one));
        if (one.sadb_alg_id == algorithm)
            return true;
    }
    return false;
}
