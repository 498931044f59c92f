/* Which end of a connection we are, by the addresses that we listen on. */
#include <stdio.h>

#include "engine/connection.h"
#include "engine/host_name.h"
#include "engine/lifecycle.h"
#include "engine/routing.h"
#include "engine/sa.h"
#include "engine/version.h"

/* What %INTERFACE and %defaultroute need: the other end tells the family when hostaddrfamily= does not. */
static bool family_fits(const struct connection *connection, bool is_left, const struct ip_address *address)
{
    struct ip_address other = host_name_address(connection, !is_left);
    enum ip_family wanted = connection->spec->host_family;
    if (wanted == IP_NONE)
        wanted = (enum ip_family)other.family;
    return wanted == IP_NONE || wanted == (enum ip_family)address->family;
}

static const struct listen_address *interface_of(const struct engine *engine,
                                                 const struct connection *connection, bool is_left)
{
    const struct end_spec *end = is_left ? &connection->spec->left : &connection->spec->right;
    struct ip_address host = host_name_address(connection, is_left);
    for (size_t i = 0; i < engine->interface_count; i++) {
        const struct listen_address *interface = &engine->interfaces[i];
        bool fits = address_is_set(&host) && address_equal(&interface->address, &host);
        if (end->host_kind == HOST_INTERFACE && end->host_name != NULL)
            fits = strcmp(interface->interface, end->host_name) == 0 &&
                   family_fits(connection, is_left, &interface->address);
        if (end->host_kind == HOST_DEFAULTROUTE)
            fits = interface->is_default_source && family_fits(connection, is_left, &interface->address);
        if (fits)
            return interface;
    }
    return NULL;
}

static bool still_has(const struct engine *engine, const struct connection *connection)
{
    for (size_t i = 0; i < engine->interface_count; i++)
        if (address_equal(&engine->interfaces[i].address, &connection->local))
            return true;
    return false;
}

static struct identity default_identity(const struct engine *engine, const struct end_spec *end,
                                        const struct ip_address *host)
{
    if (end->id_is_any)
        return (struct identity){0};
    if (end->id_is_mine && engine->my_id.kind != ID_NONE)
        return identity_copy(&engine->my_id);
    if (end->id.kind != ID_NONE)
        return identity_copy(&end->id);
    return address_is_set(host) ? identity_of_address(host) : (struct identity){0};
}

static bool is_gateway_wanted(const struct end_spec *end)
{
    return end->nexthop_is_defaultroute || end->host_kind == HOST_DEFAULTROUTE;
}

/* leftikeport= of our own end. */
static void open_own_port(const struct engine *engine, const struct connection *connection)
{
    struct ip_endpoint local = connection_local_endpoint(engine, connection);
    bool is_open = local.port == engine->settings.ike_port || local.port == engine->settings.natt_port;
    if (!is_open && engine->env->open_port != NULL)
        engine->env->open_port(engine->env->world, &local);
}

/* Who proves nothing and names nothing is nobody (RFC 7619 2.2); a peer may call itself what it likes then.
 */
static bool is_anonymous(const struct end_spec *end)
{
    return end->auth == AUTH_NULL && end->id.kind == ID_NONE && !end->id_is_mine;
}

void connection_take_interface(struct connection *connection, const struct listen_address *ours)
{
    connection->nexthop = connection->local_end->nexthop;
    if (!address_is_set(&connection->nexthop) && is_gateway_wanted(connection->local_end))
        connection->nexthop = ours->gateway;
    snprintf(connection->interface, sizeof(connection->interface), "%s", ours->interface);
}

static void take_side(struct engine *engine, struct connection *connection, const struct listen_address *ours,
                      bool left_is_local)
{
    const struct connection_spec *spec = connection->spec;
    connection->left_is_local = left_is_local;
    connection->local_end = left_is_local ? &spec->left : &spec->right;
    connection->remote_end = left_is_local ? &spec->right : &spec->left;
    connection->local = ours->address;
    connection->remote = host_name_address(connection, !left_is_local);
    connection_take_interface(connection, ours);
    connection->is_template = connection->remote_end->host_kind == HOST_ANY;
    identity_own(engine, &connection->memory_bytes, &connection->local_id,
                 is_anonymous(connection->local_end)
                     ? (struct identity){.kind = ID_NULL}
                     : default_identity(engine, connection->local_end, &connection->local));
    identity_own(engine, &connection->memory_bytes, &connection->remote_id,
                 is_anonymous(connection->remote_end)
                     ? (struct identity){0}
                     : default_identity(engine, connection->remote_end, &connection->remote));
}

void connection_orient(struct engine *engine, struct connection *connection)
{
    if (connection->is_instance || connection->sa_count > 0) /* what is in use stays as it is */
        return;
    host_name_watch(engine, connection);
    const struct listen_address *left = interface_of(engine, connection, true);
    const struct listen_address *right = interface_of(engine, connection, false);
    connection_unindex(engine, connection);
    if (left != NULL && right != NULL)
        say_connection(engine, RC_LOG_SERIOUS, connection, 0, "both sides of \"%s\" are our interface %s!",
                       connection->spec->name, left->interface);
    connection->is_oriented = (left != NULL) != (right != NULL);
    connection->local_end = connection->remote_end = NULL;
    connection->is_template = false;
    if (!connection->is_oriented)
        return;
    take_side(engine, connection, left ? left : right, left != NULL);
    open_own_port(engine, connection);
    connection_index_by_peer(engine, connection);
    if (!connection->is_group)
        routing_is_oriented(engine, connection);
}

void connection_host_text(const struct connection *connection, bool is_left, struct text *out)
{
    const struct end_spec *end = is_left ? &connection->spec->left : &connection->spec->right;
    char address[ADDRESS_TEXT_SIZE];
    switch (end->host_kind) {
    case HOST_ADDRESS:
        text_add(out, "%s", address_text(&end->host, address));
        break;
    case HOST_NAME:
        text_add(out, "%s", end->host_name);
        break;
    case HOST_INTERFACE:
        text_add(out, "%%%s", end->host_name);
        break;
    case HOST_DEFAULTROUTE:
        text_add(out, "%%defaultroute");
        break;
    default:
        text_add(out, "%%any");
        break;
    }
}

/* ---- what changes under a connection ---- */

static void drop_sas(struct engine *engine, struct connection *connection)
{
    connection_hold(connection);
    while (!list_is_empty(&connection->ikes))
        ike_destroy(engine, CONTAINER_OF(connection->ikes.next, struct ike_sa, of_connection));
    while (!list_is_empty(&connection->children))
        child_destroy(engine, CONTAINER_OF(connection->children.next, struct child_sa, of_connection));
    connection_let_go(engine, connection);
}

/* Wanted, possible and not there. */
static void go_on(struct engine *engine, struct connection *connection)
{
    if (!connection->is_oriented || !address_is_set(&connection->remote))
        return;
    engine_timer_cancel(engine, &connection->revive_timer);
    connection->revive_attempts = connection->early_ends = 0;
    lifecycle_schedule_revival(engine, connection);
}

static bool ike_follows(struct engine *engine, struct ike_sa *ike, const struct listen_address *ours)
{
    return ike->version->move_local != NULL && ike->version->move_local(engine, ike, ours);
}

/* A reauthentication that is in the making begins again, from the new address. */
static void begin_reauthentications_again(struct engine *engine, struct connection *connection)
{
    for (struct list_node *node = connection->ikes.next, *next; node != &connection->ikes; node = next) {
        struct ike_sa *ike = CONTAINER_OF(node, struct ike_sa, of_connection);
        struct ike_sa *old = ike->setup ? ike_by_serial(engine, ike->setup->reauthenticates_serial) : NULL;
        next = node->next;
        if (old == NULL || old->state != IKE_STATE_ESTABLISHED)
            continue;
        say_ike(engine, RC_LOG, ike, 0, "given up, to begin again: this side has moved");
        ike_destroy(engine, ike);
        engine_timer_arm(engine, &old->life_timer, engine_now(engine));
    }
}

/* IKE SAs that serve the connection take it along to our new address (MOBIKE), all of them or it stays. */
static bool follow_address(struct engine *engine, struct connection *connection)
{
    const struct listen_address *ours = interface_of(engine, connection, connection->left_is_local);
    bool is_elsewhere = ours != NULL && !address_equal(&ours->address, &connection->local);
    if (is_elsewhere)
        begin_reauthentications_again(engine, connection);
    bool ok = is_elsewhere && connection->sa_count > 0;
    for (struct list_node *node = connection->ikes.next; ok && node != &connection->ikes; node = node->next)
        ok = ike_follows(engine, CONTAINER_OF(node, struct ike_sa, of_connection), ours);
    for (struct list_node *node = connection->children.next; ok && node != &connection->children;
         node = node->next) {
        const struct child_sa *child = CONTAINER_OF(node, struct child_sa, of_connection);
        ok = ike_follows(engine, ike_by_serial(engine, child->ike_serial), ours);
    }
    if (ok)
        connection_take_interface(connection, ours);
    return ok;
}

void connection_reorient(struct engine *engine, struct connection *connection)
{
    if (connection->is_removed) {
        if (!still_has(engine, connection))
            drop_sas(engine, connection);
        return;
    }
    if (connection->is_instance)
        return; /* its template does it */
    /* Before some of its IKE SAs move, and another shows that it cannot. */
    struct ip_address before = connection->local;
    bool was_oriented = connection->is_oriented, has_address = still_has(engine, connection);
    if (was_oriented && follow_address(engine, connection))
        return;
    if (was_oriented && !has_address) {
        char address[ADDRESS_TEXT_SIZE];
        if (connection->sa_count > 0 || !list_is_empty(&connection->instances))
            say_connection(engine, RC_LOG, connection, 0, "connection interface un-oriented: %s is gone",
                           address_text(&before, address));
        struct connection *instance = NULL;
        while ((instance = connection_next_instance(engine, connection, instance)) != NULL)
            drop_sas(engine, instance);
        drop_sas(engine, connection);
        routing_forget(engine, connection);
        was_oriented = false;
    }
    connection_orient(engine, connection);
    if (!was_oriented)
        go_on(engine, connection);
}

void connection_host_has_moved(struct engine *engine, struct connection *connection, bool had_address)
{
    if (connection->newest_child_serial != 0 || connection->newest_ike_serial != 0)
        return; /* an SA that works is not disturbed; it is asked again when the peer seems dead */
    struct ip_address before = connection->remote;
    drop_sas(engine, connection);
    if (connection->is_oriented)
        routing_forget(engine, connection); /* a trap names the hosts */
    connection_orient(engine, connection);
    if (!connection->is_oriented || address_equal(&before, &connection->remote))
        return;
    char address[ADDRESS_TEXT_SIZE];
    if (connection->remote_end->host_kind == HOST_NAME)
        say_connection(engine, RC_LOG, connection, 0, "%s %s %s", connection->remote_end->host_name,
                       had_address ? "has moved to" : "is", address_text(&connection->remote, address));
    go_on(engine, connection);
}
