/* Read-only views of the engine's tables. */
#include "engine/view.h"
#include "engine/child_install.h"
#include "engine/compression.h"
#include "engine/configuration.h"

#include <stdlib.h>

#include "engine/connection_named.h"
#include "engine/ikev2/cookie.h"
#include "engine/login.h"
#include "engine/version.h"

enum { NEAR_SERIALS = 256 };

typedef const struct list_node *node_of_serial(const struct engine *engine, uint64_t serial);

/*
 * The first node with a serial above `after`; lists are in the order of serials. When the one that was last
 * seen has gone meanwhile, the walk goes on at the next that is near; only if there is none, it has to look
 * from the start.
 */
static const struct list_node *next_after(const struct engine *engine, const struct list_node *head,
                                          uint64_t after, node_of_serial *find,
                                          uint64_t (*serial_of)(const struct list_node *node))
{
    const struct list_node *node = after ? find(engine, after) : NULL;
    if (node != NULL)
        return node->next != head ? node->next : NULL;
    for (uint64_t serial = after + 1; after != 0 && serial <= after + NEAR_SERIALS; serial++)
        if ((node = find(engine, serial)) != NULL)
            return node;
    node = head->next;
    while (node != head && serial_of(node) <= after)
        node = node->next;
    return node != head ? node : NULL;
}

static uint64_t connection_serial(const struct list_node *node)
{
    return CONTAINER_OF(node, const struct connection, all)->serial;
}

static uint64_t ike_serial(const struct list_node *node)
{
    return CONTAINER_OF(node, const struct ike_sa, all)->serial;
}

static uint64_t child_serial(const struct list_node *node)
{
    return CONTAINER_OF(node, const struct child_sa, all)->serial;
}

static void fill_connection(const struct connection *connection, struct connection_view *out)
{
    *out = (struct connection_view){
        .serial = connection->serial,
        .spec = connection->spec,
        .is_template = connection->is_template,
        .is_instance = connection->is_instance,
        .template_serial = connection->template_serial,
        .instance_number = connection->is_instance ? connection->instance_number : 0,
        .keeps_up = connection->keep_up,
        .is_oriented = connection->is_oriented,
        .left_is_local = connection->left_is_local,
        .interface = connection->interface,
        .local = {.address = connection->local},
        .remote = {.address = connection->remote},
        .nexthop = connection->nexthop,
        .leased = connection->assignment ? connection->assignment->address : NULL,
        .is_leased_to_us = connection->assignment != NULL && connection->assignment->is_ours,
        .virtual_client = connection->has_virtual_client ? &connection->virtual_client : NULL,
        .local_id = &connection->local_id,
        .remote_id = &connection->remote_id,
        .routing = connection->routing,
        .shunt_until = connection->route.shunt_timer.timer.deadline,
        .newest_ike_serial = connection->newest_ike_serial,
        .newest_child_serial = connection->newest_child_serial,
    };
}

static const struct list_node *connection_node(const struct engine *engine, uint64_t serial)
{
    const struct connection *connection = connection_by_serial(engine, serial);
    bool is_listed = connection != NULL && !connection->is_removed;
    return is_listed ? &connection->all : NULL;
}

bool engine_view_connection(const struct engine *engine, uint64_t after, struct connection_view *out)
{
    const struct list_node *node =
        next_after(engine, &engine->connections, after, connection_node, connection_serial);
    if (node != NULL)
        fill_connection(CONTAINER_OF(node, const struct connection, all), out);
    return node != NULL;
}

bool engine_view_connection_named(const struct engine *engine, const char *name, struct connection_view *out)
{
    const struct connection *connection = connection_by_name(engine, name);
    if (connection != NULL)
        fill_connection(connection, out);
    return connection != NULL;
}

bool engine_view_connection_at(const struct engine *engine, uint64_t serial, struct connection_view *out)
{
    const struct connection *connection = serial ? connection_by_serial(engine, serial) : NULL;
    if (connection != NULL)
        fill_connection(connection, out);
    return connection != NULL;
}

static size_t list_length(const struct list_node *head)
{
    size_t count = 0;
    for (const struct list_node *node = head->next; node != head; node = node->next)
        count++;
    return count;
}

/* Each with its instances behind it. */
static size_t write_serials(const struct connection *connection, uint64_t *out)
{
    size_t count = 0;
    out[count++] = connection->serial;
    for (const struct list_node *node = connection->instances.next; node != &connection->instances;
         node = node->next)
        out[count++] = CONTAINER_OF(node, const struct connection, of_template)->serial;
    return count;
}

uint64_t *engine_view_serials_named(const struct engine *engine, const char *name, size_t *ret_count)
{
    struct connection_set set = connections_named(engine, name);
    size_t count = set.count;
    *ret_count = 0;
    for (size_t i = 0; i < set.count; i++)
        count += list_length(&connection_by_serial(engine, set.serials[i])->instances);
    uint64_t *serials = count > 0 ? calloc(count, sizeof(*serials)) : NULL;
    for (size_t i = 0; i < set.count && serials != NULL; i++)
        *ret_count += write_serials(connection_by_serial(engine, set.serials[i]), serials + *ret_count);
    connection_set_free(&set);
    return serials;
}

static void next_event(const struct ike_sa *ike, struct ike_view *out)
{
    out->next_event = "";
    out->next_event_at = USEC_NEVER;
    if (timer_is_armed(&ike->retransmit_timer.timer)) {
        out->next_event = "RETRANSMIT";
        out->next_event_at = ike->retransmit_timer.timer.deadline;
    } else if (timer_is_armed(&ike->life_timer.timer)) {
        bool is_rekey =
            ike->state == IKE_STATE_ESTABLISHED && ike->life_timer.timer.deadline == ike->rekey_at;
        out->next_event = is_rekey ? "REKEY" : "EXPIRE";
        out->next_event_at = ike->life_timer.timer.deadline;
    }
}

static void fill_ike(const struct engine *engine, const struct ike_sa *ike, struct ike_view *out)
{
    const struct connection *connection = connection_by_serial(engine, ike->connection_serial);
    *out = (struct ike_view){
        .serial = ike->serial,
        .connection_serial = ike->connection_serial,
        .connection_name = connection ? connection->spec->name : "",
        .instance_number = connection && connection->is_instance ? connection->instance_number : 0,
        .version = ike->version->number,
        .state_name = ike->version->ike_state_name(ike),
        .state_story = ike->version->ike_state_story(ike),
        .is_established = ike->state == IKE_STATE_ESTABLISHED || ike->state == IKE_STATE_REPLACED,
        .is_halfopen = ike->state == IKE_STATE_INIT_RESPONDED || ike->state == IKE_STATE_INIT_SENT,
        .is_open = ike->state == IKE_STATE_AUTH_SENT || ike->state == IKE_STATE_INIT_SENT ||
                   ike->state == IKE_STATE_PHASE1_DONE,
        .is_initiator = ike->is_initiator,
        .awaits_child = ike->setup != NULL && ike->setup->wants_child && ike->setup->child_serial == 0,
        .replaced_by_serial = ike->replaced_by_serial,
        .remote_id = &ike->remote_id,
        .user = login_user(ike),
        .is_newest = connection != NULL && connection->newest_ike_serial == ike->serial,
        .path = ike->path,
        .uses_natt = ike->uses_natt,
        .local_behind_nat = ike->local_behind_nat,
        .remote_behind_nat = ike->remote_behind_nat,
        .suite = ike->suite.encr ? &ike->suite : NULL,
        .established_at = ike->established_at,
        .rekey_at = ike->rekey_at,
        .expire_at = ike->expire_at,
        .memory_bytes = ike->memory_bytes,
    };
    memcpy(out->spi_i, ike->spi_i, IKE_SPI_SIZE);
    memcpy(out->spi_r, ike->spi_r, IKE_SPI_SIZE);
    next_event(ike, out);
}

static const struct list_node *ike_node(const struct engine *engine, uint64_t serial)
{
    const struct ike_sa *ike = ike_by_serial(engine, serial);
    return ike ? &ike->all : NULL;
}

static bool is_over(const struct ike_sa *ike)
{
    return ike->state == IKE_STATE_RETIRED || ike->state == IKE_STATE_ORPHANAGE;
}

bool engine_view_ike(const struct engine *engine, uint64_t after, struct ike_view *out)
{
    const struct list_node *node = next_after(engine, &engine->ikes, after, ike_node, ike_serial);
    while (node != NULL && is_over(CONTAINER_OF(node, const struct ike_sa, all)))
        node = node->next != &engine->ikes ? node->next : NULL;
    if (node != NULL)
        fill_ike(engine, CONTAINER_OF(node, const struct ike_sa, all), out);
    return node != NULL;
}

static void fill_child(const struct engine *engine, const struct child_sa *child, struct child_view *out)
{
    const struct connection *connection = connection_by_serial(engine, child->connection_serial);
    const struct ike_sa *ike = ike_by_serial(engine, child->ike_serial);
    *out = (struct child_view){
        .serial = child->serial,
        .ike_serial = child->ike_serial,
        .connection_serial = child->connection_serial,
        .connection_name = connection->spec->name,
        .instance_number = connection->is_instance ? connection->instance_number : 0,
        .state_name = ike->version->child_state_name(child),
        .state_story = ike->version->child_state_story(child),
        .is_established = child->state == CHILD_STATE_ESTABLISHED,
        .is_newest = connection->newest_child_serial == child->serial,
        .suite = child->suite.encr != NULL || child->suite.integ != NULL ? &child->suite : NULL,
        .replaces_serial = child->replaces_serial,
        .ike_version = ike->version->number,
        .replaced_by_serial = child->replaced_by_serial,
        .mode = child->mode,
        .udp_encapsulation = child->udp_encapsulation,
        .tcp_encapsulation = child->tcp_encapsulation,
        .spi_in = child->spi_in,
        .spi_out = child->spi_out,
        .local = ike->path.local,
        .remote = ike->path.remote,
        .local_selectors = child->selectors,
        .remote_selectors = child->selectors ? child_remote_selectors(child) : NULL,
        .local_count = child->local_count,
        .remote_count = child->remote_count,
        .established_wall = child->established_wall,
        .established_at = child->established_at,
        .rekey_at = child->rekey_at,
        .expire_at = child->expire_at,
        .in = child->in,
        .out = child->out,
        .max_bytes = child_max_bytes(engine, child),
        .ah_spi_in = child->suite.ah_integ != NULL ? child->spi_in : 0,
        .ah_spi_out = child->ah_spi_out,
        .cpi_in = child_compresses(child) ? child->cpi_in : 0,
        .cpi_out = child->cpi_out,
        .remote_id = &ike->remote_id,
        .user = login_user(ike),
        .leased = connection->assignment ? connection->assignment->address : NULL,
        .memory_bytes = child->memory_bytes,
    };
}

static const struct list_node *child_node(const struct engine *engine, uint64_t serial)
{
    const struct child_sa *child = child_by_serial(engine, serial);
    return child ? &child->all : NULL;
}

bool engine_view_child_of(const struct engine *engine, uint64_t connection_serial, uint64_t after,
                          struct child_view *out)
{
    const struct connection *connection = connection_by_serial(engine, connection_serial);
    const struct child_sa *found = NULL;
    if (connection == NULL)
        return false;
    for (const struct list_node *node = connection->children.next; node != &connection->children;
         node = node->next) {
        const struct child_sa *child = CONTAINER_OF(node, const struct child_sa, of_connection);
        if (child->serial > after && (found == NULL || child->serial < found->serial))
            found = child;
    }
    if (found != NULL)
        fill_child(engine, found, out);
    return found != NULL;
}

bool engine_view_child(const struct engine *engine, uint64_t after, struct child_view *out)
{
    const struct list_node *node = next_after(engine, &engine->children, after, child_node, child_serial);
    if (node != NULL)
        fill_child(engine, CONTAINER_OF(node, const struct child_sa, all), out);
    return node != NULL;
}

bool engine_view_ike_at(const struct engine *engine, uint64_t serial, struct ike_view *out)
{
    const struct ike_sa *ike = serial ? ike_by_serial(engine, serial) : NULL;
    if (ike != NULL)
        fill_ike(engine, ike, out);
    return ike != NULL;
}

bool engine_view_child_at(const struct engine *engine, uint64_t serial, struct child_view *out)
{
    const struct child_sa *child = serial ? child_by_serial(engine, serial) : NULL;
    if (child != NULL)
        fill_child(engine, child, out);
    return child != NULL;
}

struct engine_pressure engine_view_pressure(const struct engine *engine)
{
    return (struct engine_pressure){.ike_halfopen = engine->totals.ike_halfopen,
                                    .ddos_cookies_required = cookie_is_demanded(engine)};
}

struct engine_totals engine_view_totals(const struct engine *engine)
{
    struct engine_totals totals = engine->totals;
    totals.connections_loaded = engine->connections_by_name.entry_count;
    totals.bytes_owned = engine->bytes_owned;
    totals.ddos_cookies_required = cookie_is_demanded(engine);
    for (const struct list_node *node = engine->ikes.next; node != &engine->ikes; node = node->next) {
        const struct ike_sa *ike = CONTAINER_OF(node, const struct ike_sa, all);
        totals.ike_established += ike->state == IKE_STATE_ESTABLISHED || ike->state == IKE_STATE_REPLACED;
        totals.ike_open += ike->state == IKE_STATE_AUTH_SENT || ike->state == IKE_STATE_INIT_SENT;
    }
    for (const struct list_node *node = engine->children.next; node != &engine->children; node = node->next) {
        const struct child_sa *child = CONTAINER_OF(node, const struct child_sa, all);
        totals.child_established += child->state == CHILD_STATE_ESTABLISHED;
    }
    for (const struct list_node *node = engine->connections.next; node != &engine->connections;
         node = node->next) {
        const struct connection *connection = CONTAINER_OF(node, const struct connection, all);
        totals.connections_active += connection->newest_child_serial != 0;
        totals.shunts += connection->routing == ROUTING_FAILURE || connection->routing == ROUTING_NEGOTIATING;
    }
    return totals;
}

const struct engine_settings *engine_view_settings(const struct engine *engine)
{
    return &engine->settings;
}

size_t engine_view_interfaces(const struct engine *engine, const struct listen_address **out)
{
    *out = engine->interfaces;
    return engine->interface_count;
}

usec_t engine_view_now(const struct engine *engine)
{
    return engine_now(engine);
}

int64_t engine_view_wall_clock(const struct engine *engine)
{
    return engine->env->wall_clock(engine->env->world);
}

bool engine_view_is_without_ike(const struct engine *engine)
{
    return list_is_empty(&engine->ikes);
}

bool engine_view_is_listening(const struct engine *engine)
{
    return engine->is_listening;
}

const struct statistics *engine_view_statistics(const struct engine *engine)
{
    return &engine->statistics;
}

const struct known_key *engine_view_public_key(const struct engine *engine, uint64_t after)
{
    return public_keys_after(engine, after);
}

const struct private_keys *engine_view_private_keys(const struct engine *engine)
{
    return engine->private_keys;
}

const struct secrets *engine_view_secrets(const struct engine *engine)
{
    return engine->secrets;
}
