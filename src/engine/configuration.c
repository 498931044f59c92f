/* Addresses that one end gives the other: an assignment, and the selectors that it decides. */
#include "engine/configuration_detail.h"

#include "engine/address_pool.h"
#include "engine/client_translation.h"
#include "engine/connection.h"
#include "engine/ikev2/traffic_selectors.h"
#include "engine/routing_policy.h"

const enum ip_family configuration_families[CONFIGURATION_FAMILIES] = {IP_V4, IP_V6};

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

struct address_assignment *assignment_make(struct engine *engine, struct connection *connection)
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

bool connection_talks(const struct connection *connection, enum ip_family family)
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

/* The address that our end is to get is its client. */
static bool gets_its_client(const struct connection *connection)
{
    return configuration_is_client(connection) &&
           (client_translation_is_wanted(connection) || !has_own_clients(connection->local_end));
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
        struct ip_prefix all = whole_family(configuration_families[i]);
        if (connection_talks(connection, configuration_families[i]))
            out[count++] =
                selector_of_prefix(&all, connection->local_end->protocol, connection->local_end->port);
    }
    return count;
}

size_t configuration_selectors(const struct connection *connection, bool local, struct selector *out)
{
    const struct address_assignment *assignment = connection->assignment;
    if (assignment != NULL && !assignment->is_ours && !local)
        return assigned_selectors(connection, connection->remote_end, out);
    if (!local || !gets_its_client(connection))
        return 0;
    return assignment != NULL ? assigned_selectors(connection, connection->local_end, out)
                              : wildcard_selectors(connection, out);
}

size_t configuration_wish_selectors(const struct connection *connection, struct selector *out)
{
    return gets_its_client(connection) ? wildcard_selectors(connection, out) : 0;
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
    bool is_source = assignment != NULL && assignment->is_ours && !client_translation_is_wanted(connection);
    if (!is_source || address_is_set(&connection->local_end->sourceip[family]))
        return connection->local_end->sourceip[family];
    return assignment->address[family].address;
}
