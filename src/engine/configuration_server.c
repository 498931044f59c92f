/* Addresses that one end gives the other: the server leases them, and says what goes with them. */
#include "engine/configuration_detail.h"

#include "engine/address_pool.h"
#include "engine/login.h"

static bool lease_of_family(struct engine *engine, const struct connection *connection, unsigned family,
                            const struct lease_request *request, struct address_assignment *assignment)
{
    const struct end_spec *end = connection->remote_end;
    for (size_t i = 0; i < end->pool_count && assignment->leases[family] == NULL; i++)
        if (end->pools[i].range.start.family == configuration_families[family])
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
    struct address_assignment *assignment = assignment_make(engine, connection);
    for (unsigned i = 0; i < CONFIGURATION_FAMILIES && assignment != NULL; i++) {
        if (request != NULL && !request->has_address[i])
            continue;
        asked++;
        lease.takes_only_asked = false;
        lease.is_shared = connection->spec->modecfg.share_lease && engine->settings.unique_ids;
        lease.asked =
            request != NULL && address_is_set(&request->address[i].address) ? &request->address[i] : NULL;
        bool is_own = holder->own.family == configuration_families[i];
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
    if (request != NULL && request->has_pfs)
        configuration_write_pfs(writer, connection->spec->pfs);
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
