/* leftcat=: see client_translation.h. */
#include "engine/client_translation.h"

#include <assert.h>

#include "engine/configuration.h"

static_assert(TRANSLATED_CLIENTS_MAX + 2 == SELECTORS_MAX, "the host and the other family have their places");

bool client_translation_is_wanted(const struct connection *connection)
{
    return configuration_is_client(connection) && connection->local_end->translates_clients;
}

bool client_translation_is_in_force(const struct connection *connection)
{
    return client_translation_is_wanted(connection) && connection->assignment != NULL &&
           connection->assignment->is_ours;
}

static bool has_family(const struct selector *list, size_t count, enum ip_family family)
{
    for (size_t i = 0; i < count; i++)
        if (list[i].range.start.family == family)
            return true;
    return false;
}

/* An address of a family that the hosts do not speak to each other is for whatever of it the host has. */
static size_t add_other_families(const struct connection *connection, struct selector *out, size_t count)
{
    static const enum ip_family families[CONFIGURATION_FAMILIES] = {IP_V4, IP_V6};
    const struct end_spec *end = connection->local_end;
    for (unsigned i = 0; i < CONFIGURATION_FAMILIES && client_translation_is_in_force(connection); i++) {
        bool is_leased = address_is_set(&connection->assignment->address[i].address);
        struct ip_prefix all = {.address = {.family = (uint8_t)families[i]}};
        if (is_leased && count < SELECTORS_MAX && !has_family(out, count, families[i]))
            out[count++] = selector_of_prefix(&all, end->protocol, end->port);
    }
    return count;
}

size_t client_translation_selectors(const struct connection *connection,
                                    struct selector out[static SELECTORS_MAX])
{
    const struct end_spec *end = connection->local_end;
    struct ip_prefix host = prefix_of_address(&connection->local);
    struct selector own = selector_of_prefix(&host, end->protocol, end->port);
    bool has_own = false;
    size_t count = 0;
    for (size_t i = 0; i < end->client_count && count < SELECTORS_MAX - 1; i++) {
        out[count++] = end->clients[i];
        has_own = has_own || range_contains(&end->clients[i].range, &own.range);
    }
    if (!has_own)
        out[count++] = own;
    return add_other_families(connection, out, count);
}
