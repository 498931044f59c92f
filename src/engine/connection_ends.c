/* The two ends of a connection: where IKE is spoken, and between which clients. */
#include "engine/configuration.h"
#include "engine/connection.h"

/* Of the peers, who may not have heard of ours. */
enum { IKE_PORT = 500, NATT_PORT = 4500 };

/* The common port, or its default: nothing special is meant. */
static bool is_own_port(uint16_t port)
{
    return port != 0 && port != IKE_PORT;
}

/* Whoever has a port of his own expects and sends the framing of the NAT-T port (RFC 3948) there; so the
 * other one uses that port. */
struct ip_endpoint connection_local_endpoint(const struct engine *engine, const struct connection *connection)
{
    uint16_t port = engine->settings.ike_port;
    if (is_own_port(connection->local_end->ikeport))
        port = connection->local_end->ikeport;
    else if (is_own_port(connection->remote_end->ikeport))
        port = engine->settings.natt_port;
    return (struct ip_endpoint){.address = connection->local, .port = port};
}

struct ip_endpoint connection_remote_endpoint(const struct engine *engine,
                                              const struct connection *connection)
{
    uint16_t port = connection->remote_end->ikeport;
    (void)engine;
    if (port == 0)
        port = is_own_port(connection->local_end->ikeport) ? NATT_PORT : IKE_PORT;
    return (struct ip_endpoint){.address = connection->remote, .port = port};
}

size_t connection_selectors(const struct connection *connection, bool local, struct selector *out)
{
    const struct end_spec *end = local ? connection->local_end : connection->remote_end;
    const struct ip_address *host = local ? &connection->local : &connection->remote;
    if (!local && connection->has_virtual_client) {
        out[0] = connection->virtual_client;
        return 1;
    }
    size_t assigned = configuration_selectors(connection, local, out);
    if (assigned > 0)
        return assigned;
    bool is_whoever = !local && connection->is_instance && end->is_opportunistic;
    if (end->client_count == 0 || is_whoever) {
        struct ip_prefix prefix = prefix_of_address(host);
        out[0] = selector_of_prefix(&prefix, end->protocol, end->port);
        return 1;
    }
    size_t count = end->client_count < SELECTORS_MAX ? end->client_count : SELECTORS_MAX;
    memcpy(out, end->clients, count * sizeof(*out));
    return count;
}
