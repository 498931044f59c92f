/* The outbound policies of connections: set in one step, never absent while something is to be there. */
#include "engine/routing_policy.h"

#include "engine/child_install.h"
#include "engine/client_translation.h"
#include "engine/configuration.h"
#include "engine/connection.h"
#include "engine/per_cpu.h"
#include "engine/sa.h"

struct clients {
    const struct selector *local, *remote;
    size_t local_count, remote_count;
    struct selector own_local[SELECTORS_MAX], own_remote[SELECTORS_MAX];
};

static bool fill_own(const struct connection *connection, struct clients *clients)
{
    bool is_known = connection->is_oriented &&
                    (connection->remote_end->client_count > 0 || address_is_set(&connection->remote));
    if (!is_known)
        return false;
    clients->local = clients->own_local;
    clients->remote = clients->own_remote;
    /* Without an SA packets have the addresses that they had before they are translated. */
    clients->local_count = client_translation_is_wanted(connection)
                               ? client_translation_selectors(connection, clients->own_local)
                               : connection_selectors(connection, true, clients->own_local);
    clients->remote_count = connection_selectors(connection, false, clients->own_remote);
    return true;
}

static void fill_of_child(const struct child_sa *child, struct clients *clients)
{
    clients->local = child->selectors;
    clients->remote = child_remote_selectors(child);
    clients->local_count = child->local_count;
    clients->remote_count = child->remote_count;
}

static void send_request(struct engine *engine, const struct kernel_request *request)
{
    engine->env->kernel_request(engine->env->world, request);
}

/* mark=-1: a mark that no other connection has. */
static struct packet_mark mark_of(const struct connection *connection, const struct packet_mark *mark)
{
    enum { FIRST_UNIQUE_MARK = 1000 };
    if (!connection->spec->mark_is_unique)
        return *mark;
    return (struct packet_mark){FIRST_UNIQUE_MARK + (uint32_t)connection->serial, UINT32_MAX};
}

static struct tunnel_interface interface_of(const struct connection *connection)
{
    struct tunnel_interface interface = connection->spec->interface;
    bool is_vti = interface.vti.name[0] != '\0';
    interface.address = is_vti ? connection->local_end->vti_ip : connection->local_end->interface_ip;
    interface.vti.key_in = mark_of(connection, &connection->spec->mark_in).value;
    interface.vti.key_out = mark_of(connection, &connection->spec->mark_out).value;
    return interface;
}

/* Where the peer is: one with a configured address may have moved on (MOBIKE). */
static struct ip_address peer_of(const struct engine *engine, const struct connection *connection,
                                 uint64_t child_serial)
{
    const struct child_sa *child = child_by_serial(engine, child_serial);
    const struct ike_sa *ike = child != NULL ? ike_by_serial(engine, child->ike_serial) : NULL;
    return ike != NULL ? ike->path.remote.address : connection->remote;
}

static bool set(struct engine *engine, const struct connection *connection, enum policy_action action,
                uint64_t child_serial, const struct clients *clients)
{
    struct spd_spec entry = {
        .policy_id = connection->serial,
        .child_serial = child_serial,
        .priority = connection->spec->priority,
        .action = (uint8_t)action,
        .rank = (uint8_t)policy_rank(action),
        .local_selectors = clients->local,
        .local_count = clients->local_count,
        .remote_selectors = clients->remote,
        .remote_count = clients->remote_count,
    };
    if (!spd_set(&engine->policies, &entry)) {
        say_connection(engine, RC_LOG_SERIOUS, connection, 0,
                       "cannot install the policy: too many pairs of clients, or memory is short");
        return false;
    }
    struct selector translated[SELECTORS_MAX];
    bool is_translated = action == POLICY_PROTECT && client_translation_is_in_force(connection);
    const struct child_sa *child = child_by_serial(engine, child_serial);
    struct kernel_policy policy = {
        .policy_id = connection->serial,
        .action = action,
        .child_serial = child_serial,
        .priority = connection->spec->priority,
        .reqid = child_reqid(connection),
        .protocol = (uint8_t)connection->spec->protocol,
        .mode = connection->spec->type == TYPE_TRANSPORT ? MODE_TRANSPORT : MODE_TUNNEL,
        .mark_in = mark_of(connection, &connection->spec->mark_in),
        .mark_out = mark_of(connection, &connection->spec->mark_out),
        .interface = interface_of(connection),
        .local_host = connection->local,
        .remote_host = peer_of(engine, connection, child_serial),
        .sourceip = {connection_sourceip(connection, CONFIGURATION_V4),
                     connection_sourceip(connection, CONFIGURATION_V6)},
        .nexthop = connection->local_end->nexthop,
        .mtu = connection->spec->mtu,
        .metric = connection->spec->metric,
        .nflog_group = connection->spec->nflog_group,
        .is_per_cpu = child != NULL && child->allows_clones,
        .asks_for_cpus = connection->asks_for_cpus,
        .wants_route = connection->spec->type != TYPE_PASS,
        .local_selectors = clients->local,
        .local_count = clients->local_count,
        .remote_selectors = clients->remote,
        .remote_count = clients->remote_count,
        .translated_selectors = translated,
        .translated_count = is_translated ? client_translation_selectors(connection, translated) : 0,
    };
    send_request(engine, &(struct kernel_request){.operation = KERNEL_POLICY_SET, .policy = &policy});
    return true;
}

bool routing_policy_set(struct engine *engine, struct connection *connection, enum policy_action action)
{
    struct clients clients;
    connection->policy_child_serial = 0;
    return fill_own(connection, &clients) && set(engine, connection, action, 0, &clients);
}

void routing_policy_protect(struct engine *engine, struct connection *connection,
                            const struct child_sa *child)
{
    struct clients clients;
    fill_of_child(child, &clients);
    connection->policy_child_serial = child->serial;
    connection->asks_for_cpus = per_cpu_wants_more(engine, connection, child);
    set(engine, connection, POLICY_PROTECT, child->serial, &clients);
}

void routing_policy_delete(struct engine *engine, struct connection *connection)
{
    connection->policy_child_serial = 0;
    if (spd_find(&engine->policies, connection->serial) == NULL)
        return;
    spd_delete(&engine->policies, connection->serial);
    send_request(
        engine, &(struct kernel_request){.operation = KERNEL_POLICY_DELETE, .policy_id = connection->serial});
}

/* ---- rivals ---- */

struct rivalry {
    const struct engine *engine;
    const struct connection *connection;
    bool wants_sa;
};

static bool is_rival(const struct spd_policy *policy, void *context)
{
    const struct rivalry *rivalry = context;
    const struct connection *ours = rivalry->connection;
    const struct connection *other = connection_by_serial(rivalry->engine, policy->policy_id);
    bool has_sa = policy->action == POLICY_PROTECT;
    return other != NULL && other != ours && has_sa == rivalry->wants_sa &&
           other->template_serial != ours->serial && ours->template_serial != other->serial;
}

static struct connection *find_rival(struct rivalry *rivalry, const struct clients *clients)
{
    const struct spd *policies = &rivalry->engine->policies;
    for (size_t i = 0; i < clients->local_count; i++) {
        for (size_t j = 0; j < clients->remote_count; j++) {
            const struct spd_policy *found =
                spd_find_pair(policies, &clients->local[i], &clients->remote[j], is_rival, rivalry);
            if (found != NULL)
                return connection_by_serial(rivalry->engine, found->policy_id);
        }
    }
    return NULL;
}

struct connection *routing_rival_with_sa(const struct engine *engine, const struct connection *connection,
                                         const struct child_sa *child)
{
    struct rivalry rivalry = {engine, connection, .wants_sa = true};
    struct clients clients;
    if (child != NULL)
        fill_of_child(child, &clients);
    else if (!fill_own(connection, &clients))
        return NULL;
    return find_rival(&rivalry, &clients);
}

struct connection *routing_rival_without_sa(const struct engine *engine, const struct connection *connection)
{
    struct rivalry rivalry = {engine, connection, .wants_sa = false};
    struct clients clients;
    return fill_own(connection, &clients) ? find_rival(&rivalry, &clients) : NULL;
}

struct connection *routing_rival_for_client(const struct engine *engine, const struct connection *connection,
                                            const struct selector *remote)
{
    struct rivalry rivalry = {engine, connection, .wants_sa = true};
    struct clients clients = {.remote = remote, .remote_count = 1};
    clients.local = clients.own_local;
    clients.local_count = connection_selectors(connection, true, clients.own_local);
    return find_rival(&rivalry, &clients);
}
