/* Addresses that one end gives the other: the client asks for them, and takes what the server tells once it
 * is checked. */
#include "engine/configuration_detail.h"

#include "base/domain_name.h"
#include "engine/version.h"

static void write_wish(const struct connection *connection, unsigned family, struct writer *writer)
{
    static const uint16_t types[][2] = {{INTERNAL_IP4_ADDRESS, INTERNAL_IP4_DNS},
                                        {INTERNAL_IP6_ADDRESS, INTERNAL_IP6_DNS}};
    const struct address_assignment *had = connection->assignment;
    const struct ip_prefix *address = had != NULL && had->is_ours ? &had->address[family] : NULL;
    if (!connection_talks(connection, configuration_families[family]))
        return;
    if (address == NULL || !address_is_set(&address->address))
        configuration_write(writer, types[family][0], bytes_of(NULL, 0));
    else if (configuration_families[family] == IP_V4)
        configuration_write_address(writer, types[family][0], &address->address);
    else
        configuration_write_prefix(writer, types[family][0], address);
    configuration_write(writer, types[family][1], bytes_of(NULL, 0));
}

void configuration_write_request(const struct connection *connection, bool is_ikev1, struct writer *writer)
{
    static const uint16_t ikev1_only[] = {INTERNAL_IP4_NETMASK, UNITY_BANNER, UNITY_DEFAULT_DOMAIN,
                                          UNITY_SPLIT_INCLUDE};
    for (unsigned i = 0; i < CONFIGURATION_FAMILIES; i++)
        write_wish(connection, i, writer);
    if (!is_ikev1)
        configuration_write(writer, INTERNAL_DNS_DOMAIN, bytes_of(NULL, 0));
    for (size_t i = 0; is_ikev1 && i < ARRAY_SIZE(ikev1_only); i++)
        configuration_write(writer, ikev1_only[i], bytes_of(NULL, 0));
}

/* Not the unspecified address, loopback, multicast or broadcast. */
static bool is_unicast(const struct ip_address *address)
{
    uint8_t first = address->bytes[0];
    if (address->family == IP_V4)
        return first != 0 && first != 127 && first < 224;
    bool is_loopback = address->bytes[15] == 1;
    for (size_t i = 0; i < 15; i++)
        is_loopback = is_loopback && address->bytes[i] == 0;
    return first != 0xff && !is_loopback && !address_is_any(address);
}

static void take_dns(const struct configuration *from, struct told_configuration *told)
{
    for (size_t i = 0; i < from->dns_count; i++)
        if (is_unicast(&from->dns[i]))
            told->dns[told->dns_count++] = from->dns[i];
}

/* Some servers put several names into one attribute, parted by blanks or commas. */
static void take_domains(struct bytes names, struct text *text)
{
    for (size_t start = 0, i = 0; i <= names.size; i++) {
        bool is_end = i == names.size || names.data[i] == ' ' || names.data[i] == ',';
        struct bytes name = bytes_of(names.data + start, i - start);
        if (!is_end)
            continue;
        bool has_room = text->size + name.size + 2 < text->capacity;
        if (has_room && domain_name_is_valid(name))
            text_add(text, "%s%.*s", text->size > 0 ? " " : "", (int)name.size, (const char *)name.data);
        start = i + 1;
    }
}

/* As a careless script may safely see it. */
static void take_banner(struct bytes banner, char *out)
{
    size_t size = banner.size < BANNER_TEXT_SIZE - 1 ? banner.size : BANNER_TEXT_SIZE - 1;
    for (size_t i = 0; i < size; i++) {
        char c = (char)banner.data[i];
        bool is_plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                        (c != '\0' && strchr("@.:-_=,/%# ", c) != NULL);
        bool is_blank = c == '\n' || c == '\r' || c == '\t';
        out[i] = is_plain ? c : is_blank ? ' ' : '?';
    }
    out[size] = '\0';
}

static void take_told(const struct connection *connection, const struct configuration *from,
                      struct told_configuration *told)
{
    const struct modecfg_spec *modecfg = &connection->spec->modecfg;
    *told = (struct told_configuration){0};
    struct text domains = text_of(told->domains, sizeof(told->domains));
    if (!modecfg->ignore_peer_dns) {
        take_dns(from, told);
        for (size_t i = 0; i < from->domain_count; i++)
            take_domains(from->domains[i], &domains);
    }
    take_banner(from->banner, told->banner);
    for (size_t i = 0; i < from->subnet_count && modecfg->cisco_split; i++)
        told->split[told->split_count++] = from->subnets[i];
}

bool configuration_take(struct engine *engine, struct connection *connection,
                        const struct configuration *told, struct error *error)
{
    struct ip_prefix taken[CONFIGURATION_FAMILIES] = {0};
    unsigned count = 0;
    for (unsigned i = 0; i < CONFIGURATION_FAMILIES; i++) {
        const struct ip_address *address = &told->address[i].address;
        bool is_usable = address_is_set(address) && is_unicast(address) &&
                         connection_talks(connection, configuration_families[i]);
        if (is_usable)
            taken[i] = prefix_of_address(&told->address[i].address);
        count += is_usable;
    }
    if (count == 0)
        return error_set(error, 0, "the peer gave us no usable address");
    struct address_assignment *assignment = assignment_make(engine, connection);
    if (assignment != NULL && assignment->told == NULL)
        assignment->told = engine_allocate(engine, sizeof(*assignment->told), &connection->memory_bytes);
    if (assignment == NULL || assignment->told == NULL)
        return error_set(error, 0, "out of memory");
    assignment->is_ours = true;
    memcpy(assignment->address, taken, sizeof(taken));
    take_told(connection, told, assignment->told);
    return true;
}

static void say_address(struct engine *engine, const struct ike_sa *ike, const struct ip_address *address,
                        uint64_t client)
{
    char text[ADDRESS_TEXT_SIZE];
    address_text(address, text);
    if (ike->version->number == 1)
        say_ike(engine, RC_LOG, ike, client, "received IPv%d lease %s, updating source IP address",
                address->family, text);
    else
        say_ike(engine, RC_LOG, ike, client, "received INTERNAL_IP%d_ADDRESS %s", address->family, text);
}

void configuration_say_told(struct engine *engine, const struct ike_sa *ike,
                            const struct connection *connection, uint64_t client)
{
    const struct address_assignment *assignment = connection->assignment;
    const struct told_configuration *told = assignment->told;
    char text[ADDRESS_TEXT_SIZE];
    for (unsigned i = 0; i < CONFIGURATION_FAMILIES; i++)
        if (address_is_set(&assignment->address[i].address))
            say_address(engine, ike, &assignment->address[i].address, client);
    for (size_t i = 0; i < told->dns_count; i++)
        say_ike(engine, RC_LOG, ike, client, "received INTERNAL_IP%d_DNS %s", told->dns[i].family,
                address_text(&told->dns[i], text));
    if (told->domains[0] != '\0')
        say_ike(engine, RC_LOG, ike, client, "received INTERNAL_DNS_DOMAIN '%s'", told->domains);
    if (told->banner[0] != '\0')
        say_ike(engine, RC_LOG, ike, client, "received banner: %s", told->banner);
}
