/* Addresses that one end gives the other: what both versions of IKE do alike. */
#include "engine/configuration.h"

#include "base/domain_name.h"
#include "engine/address_pool.h"
#include "engine/connection.h"
#include "engine/ikev2/traffic_selectors.h"
#include "engine/login.h"
#include "engine/routing_policy.h"
#include "engine/version.h"

static const enum ip_family families[CONFIGURATION_FAMILIES] = {IP_V4, IP_V6};

bool configuration_is_client(const struct connection *connection)
{
    return connection->local_end != NULL && connection->local_end->modecfg_client &&
           !connection_spec_is_shunt(connection->spec);
}

bool configuration_is_server(const struct connection *connection)
{
    const struct end_spec *local = connection->local_end, *remote = connection->remote_end;
    return local != NULL && (remote->pool_count > 0 || local->modecfg_server || remote->modecfg_client) &&
           !connection_spec_is_shunt(connection->spec);
}

static struct address_assignment *make(struct engine *engine, struct connection *connection)
{
    if (connection->assignment == NULL)
        connection->assignment =
            engine_allocate(engine, sizeof(*connection->assignment), &connection->memory_bytes);
    return connection->assignment;
}

void configuration_release(struct engine *engine, struct connection *connection)
{
    struct address_assignment *assignment = connection->assignment;
    if (assignment == NULL)
        return;
    connection->assignment = NULL;
    for (unsigned i = 0; i < CONFIGURATION_FAMILIES; i++)
        if (assignment->leases[i] != NULL)
            address_lease_release(engine, assignment->leases[i]);
    engine_deallocate(engine, assignment->told, sizeof(*assignment->told), &connection->memory_bytes);
    engine_deallocate(engine, assignment, sizeof(*assignment), &connection->memory_bytes);
    /* The trap waits for packets of whatever source once more. */
    if (!engine->is_shutting_down && connection->routing == ROUTING_ONDEMAND)
        routing_policy_set(engine, connection, POLICY_TRAP);
}

/* ---- selectors ---- */

static struct ip_prefix whole_family(enum ip_family family)
{
    return (struct ip_prefix){.address = {.family = (uint8_t)family}};
}

/* The families that our traffic to the other end can have. */
static bool talks(const struct connection *connection, enum ip_family family)
{
    const struct end_spec *remote = connection->remote_end;
    if (remote->client_count == 0)
        return connection->local.family == family;
    for (size_t i = 0; i < remote->client_count; i++)
        if (remote->clients[i].range.start.family == family)
            return true;
    return false;
}

/* leftsubnet= of a client that is less than everything: it is what it says. */
static bool has_own_clients(const struct end_spec *end)
{
    for (size_t i = 0; i < end->client_count; i++) {
        struct ip_prefix prefix;
        if (!range_is_prefix(&end->clients[i].range, &prefix) || prefix.length > 0)
            return true;
    }
    return false;
}

static size_t assigned_selectors(const struct connection *connection, const struct end_spec *end,
                                 struct selector *out)
{
    size_t count = 0;
    for (unsigned i = 0; i < CONFIGURATION_FAMILIES; i++) {
        const struct ip_prefix *address = &connection->assignment->address[i];
        if (address_is_set(&address->address))
            out[count++] = selector_of_prefix(address, end->protocol, end->port);
    }
    return count;
}

/* Before it has an address the client asks for everything, to be narrowed (RFC 7296 2.19). */
static size_t wildcard_selectors(const struct connection *connection, struct selector *out)
{
    size_t count = 0;
    for (unsigned i = 0; i < CONFIGURATION_FAMILIES; i++) {
        struct ip_prefix all = whole_family(families[i]);
        if (talks(connection, families[i]))
            out[count++] =
                selector_of_prefix(&all, connection->local_end->protocol, connection->local_end->port);
    }
    return count;
}

size_t configuration_selectors(const struct connection *connection, bool local, struct selector *out)
{
    const struct address_assignment *assignment = connection->assignment;
    bool is_client = configuration_is_client(connection);
    if (assignment != NULL && !assignment->is_ours && !local)
        return assigned_selectors(connection, connection->remote_end, out);
    if (!is_client || !local || has_own_clients(connection->local_end))
        return 0;
    return assignment != NULL ? assigned_selectors(connection, connection->local_end, out)
                              : wildcard_selectors(connection, out);
}

size_t configuration_wish_selectors(const struct connection *connection, struct selector *out)
{
    bool is_asked_for = configuration_is_client(connection) && !has_own_clients(connection->local_end);
    return is_asked_for ? wildcard_selectors(connection, out) : 0;
}

size_t configuration_pool_selectors(const struct connection *connection, struct selector *out)
{
    const struct end_spec *end = connection->remote_end;
    for (size_t i = 0; i < end->pool_count; i++) {
        struct ip_prefix host = prefix_of_address(&end->pools[i].range.start);
        out[i] = selector_of_prefix(&host, end->protocol, end->port);
        out[i].range = end->pools[i].range;
    }
    return end->pool_count;
}

size_t configuration_split(const struct connection *connection, const struct selector *agreed,
                           struct selector *out)
{
    struct selector list[CONFIGURATION_SUBNET_LIMIT];
    const struct address_assignment *assignment = connection->assignment;
    const struct told_configuration *told = assignment != NULL ? assignment->told : NULL;
    size_t count = told != NULL ? told->split_count : 0;
    for (size_t i = 0; i < count; i++)
        list[i] = selector_of_prefix(&told->split[i], 0, 0);
    return selectors_narrow(agreed, 1, list, count, out, SELECTORS_MAX);
}

struct ip_address connection_sourceip(const struct connection *connection, unsigned family)
{
    const struct address_assignment *assignment = connection->assignment;
    if (assignment == NULL || !assignment->is_ours || address_is_set(&connection->local_end->sourceip[family]))
        return connection->local_end->sourceip[family];
    return assignment->address[family].address;
}

/* ---- server ---- */

static bool lease_of_family(struct engine *engine, const struct connection *connection, unsigned family,
                            const struct lease_request *request, struct address_assignment *assignment)
{
    const struct end_spec *end = connection->remote_end;
    for (size_t i = 0; i < end->pool_count && assignment->leases[family] == NULL; i++)
        if (end->pools[i].range.start.family == families[family])
            assignment->leases[family] = address_pool_lease(engine, &end->pools[i], request);
    if (assignment->leases[family] != NULL)
        assignment->address[family] = address_lease_prefix(assignment->leases[family]);
    return assignment->leases[family] != NULL;
}

enum { HOLDER_NAME_MAX = 1 + IDENTITY_SIZE_MAX + LOGIN_NAME_SIZE };

/* Users may share an identity, and they move from host to host: who has logged in is known by that name. */
static struct bytes holder_name(const struct lease_holder *holder, uint8_t buffer[static HOLDER_NAME_MAX])
{
    struct writer writer = writer_of(buffer, HOLDER_NAME_MAX);
    bool is_anybody = holder->id->kind == ID_NONE || holder->id->kind == ID_NULL;
    bool is_user = holder->user[0] != '\0';
    if (is_anybody && !is_user)
        return bytes_of(NULL, 0);
    writer_u8(&writer, is_user ? ID_NONE : holder->id->kind);
    writer_bytes(&writer,
                 is_user ? bytes_of_text(holder->user) : bytes_of(holder->id->data, holder->id->size));
    return writer_bytes_so_far(&writer);
}

/* The address that a user is to have is leased where it is of a pool, and given out as it is elsewhere. */
static bool lease_own(struct engine *engine, const struct connection *connection, unsigned family,
                      const struct ip_address *own, struct lease_request *request,
                      struct address_assignment *assignment)
{
    const struct end_spec *end = connection->remote_end;
    struct ip_prefix host = prefix_of_address(own);
    struct ip_range range = {*own, *own};
    request->asked = &host;
    request->takes_only_asked = true;
    for (size_t i = 0; i < end->pool_count; i++) {
        if (!range_contains(&end->pools[i].range, &range))
            continue;
        assignment->leases[family] = address_pool_lease(engine, &end->pools[i], request);
        if (assignment->leases[family] == NULL)
            return false;
        break;
    }
    assignment->address[family] = host;
    return true;
}

bool configuration_lease(struct engine *engine, struct connection *connection,
                         const struct lease_holder *holder, const struct configuration *request,
                         struct error *error)
{
    uint8_t name[HOLDER_NAME_MAX];
    struct lease_request lease = {.holder = holder_name(holder, name)};
    unsigned count = 0, asked = 0;
    if (connection->assignment != NULL)
        return true;
    struct address_assignment *assignment = make(engine, connection);
    for (unsigned i = 0; i < CONFIGURATION_FAMILIES && assignment != NULL; i++) {
        if (request != NULL && !request->has_address[i])
            continue;
        asked++;
        lease.takes_only_asked = false;
        lease.is_shared = connection->spec->modecfg.share_lease && engine->settings.unique_ids;
        lease.asked =
            request != NULL && address_is_set(&request->address[i].address) ? &request->address[i] : NULL;
        bool is_own = holder->own.family == families[i];
        count += is_own ? lease_own(engine, connection, i, &holder->own, &lease, assignment)
                        : lease_of_family(engine, connection, i, &lease, assignment);
    }
    if (count > 0)
        return true;
    configuration_release(engine, connection);
    char range[RANGE_TEXT_SIZE];
    if (asked == 0 || connection->remote_end->pool_count == 0)
        return error_set(error, 0, "the peer asks for no address that could be leased");
    return error_set(error, 0, "no address of the pool %s%s is free for the peer",
                     range_text(&connection->remote_end->pools[0].range, range),
                     connection->remote_end->pool_count > 1 ? " and those behind it" : "");
}

static void write_addresses(const struct address_assignment *assignment, const struct configuration *request,
                            bool is_ikev1, struct writer *writer)
{
    const struct ip_prefix *v4 = &assignment->address[CONFIGURATION_V4];
    const struct ip_prefix *v6 = &assignment->address[CONFIGURATION_V6];
    if (address_is_set(&v4->address)) {
        configuration_write_address(writer, INTERNAL_IP4_ADDRESS, &v4->address);
        if (is_ikev1 && (request == NULL || request->has_netmask))
            configuration_write(writer, INTERNAL_IP4_NETMASK,
                                bytes_of((const uint8_t[4]){0xff, 0xff, 0xff, 0xff}, 4));
    }
    if (address_is_set(&v6->address))
        configuration_write_prefix(writer, INTERNAL_IP6_ADDRESS, v6);
}

static void write_dns(const struct modecfg_spec *modecfg, struct writer *writer)
{
    for (size_t i = 0; i < modecfg->dns_count; i++)
        configuration_write_address(
            writer, modecfg->dns[i].family == IP_V6 ? INTERNAL_IP6_DNS : INTERNAL_IP4_DNS, &modecfg->dns[i]);
}

/* Nobody is told of domains that has not asked (RFC 8598 3.2). */
static void write_domains(const char *domains, struct writer *writer)
{
    while (domains != NULL && *domains != '\0') {
        size_t size = strcspn(domains, " ");
        configuration_write(writer, INTERNAL_DNS_DOMAIN, bytes_of(domains, size));
        domains += size + (domains[size] == ' ');
    }
}

/* What is behind us, unless it is everything. */
static void write_split(const struct connection *connection, struct writer *writer)
{
    struct ip_prefix nets[CONFIGURATION_SUBNET_LIMIT];
    size_t count = 0;
    for (size_t i = 0; i < connection->local_end->client_count && count < ARRAY_SIZE(nets); i++) {
        const struct ip_range *range = &connection->local_end->clients[i].range;
        bool is_net = range->start.family == IP_V4 && range_is_prefix(range, &nets[count]);
        count += is_net && nets[count].length > 0;
    }
    if (count > 0)
        configuration_write_split(writer, nets, count);
}

static void write_unity(const struct connection *connection, const struct configuration *request,
                        struct writer *writer)
{
    const struct modecfg_spec *modecfg = &connection->spec->modecfg;
    if (modecfg->domains != NULL && (request == NULL || request->has_default_domain))
        configuration_write(writer, UNITY_DEFAULT_DOMAIN, bytes_of_text(modecfg->domains));
    if (modecfg->banner != NULL && (request == NULL || request->has_banner))
        configuration_write(writer, UNITY_BANNER, bytes_of_text(modecfg->banner));
    if (request == NULL || request->has_split_include)
        write_split(connection, writer);
}

void configuration_write_told(const struct connection *connection, const struct configuration *request,
                              bool is_ikev1, struct writer *writer)
{
    const struct modecfg_spec *modecfg = &connection->spec->modecfg;
    if (connection->assignment != NULL)
        write_addresses(connection->assignment, request, is_ikev1, writer);
    write_dns(modecfg, writer);
    if (is_ikev1)
        write_unity(connection, request, writer);
    else if (request != NULL && request->has_domain)
        write_domains(modecfg->domains, writer);
}

/* ---- client ---- */

static void write_wish(const struct connection *connection, unsigned family, struct writer *writer)
{
    static const uint16_t types[][2] = {{INTERNAL_IP4_ADDRESS, INTERNAL_IP4_DNS},
                                        {INTERNAL_IP6_ADDRESS, INTERNAL_IP6_DNS}};
    const struct address_assignment *had = connection->assignment;
    const struct ip_prefix *address = had != NULL && had->is_ours ? &had->address[family] : NULL;
    if (!talks(connection, families[family]))
        return;
    if (address == NULL || !address_is_set(&address->address))
        configuration_write(writer, types[family][0], bytes_of(NULL, 0));
    else if (families[family] == IP_V4)
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
        bool is_usable = address_is_set(address) && is_unicast(address) && talks(connection, families[i]);
        if (is_usable)
            taken[i] = prefix_of_address(&told->address[i].address);
        count += is_usable;
    }
    if (count == 0)
        return error_set(error, 0, "the peer gave us no usable address");
    struct address_assignment *assignment = make(engine, connection);
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
