/* Packets that meet a trap begin a negotiation: RFC 4301 4.4.1.2 and 5.1. Hosts behind us choose such
 * packets, so that there are bounds on what they set off. */
#include "engine/connection.h"
#include "engine/initiate.h"
#include "engine/per_cpu.h"
#include "engine/routing.h"

static const char *protocol_name(uint8_t protocol, char out[static 16])
{
    static const struct {
        uint8_t number;
        const char *name;
    } known[] = {{1, "ICMP"}, {6, "TCP"}, {17, "UDP"}, {58, "ICMPv6"}, {132, "SCTP"}};
    for (size_t i = 0; i < ARRAY_SIZE(known); i++)
        if (known[i].number == protocol)
            return known[i].name;
    struct text text = text_of(out, 16);
    text_add(&text, "%u", protocol);
    return out;
}

/* 10.1.0.1:8-ICMP->10.2.0.1:0; type and code stand where ports would. */
static void add_packet(struct text *text, const struct selector *from, const struct selector *to)
{
    char source[ADDRESS_TEXT_SIZE], destination[ADDRESS_TEXT_SIZE], protocol[16];
    unsigned source_port = from->port_start, destination_port = to->port_start;
    if (from->protocol == IPPROTO_NUMBER_ICMP || from->protocol == IPPROTO_NUMBER_ICMPV6) {
        source_port = from->port_start >> 8;
        destination_port = from->port_start & 0xff;
    }
    text_add(text, "%s:%u-%s->%s:%u", address_text(&from->range.start, source), source_port,
             protocol_name(from->protocol, protocol), address_text(&to->range.start, destination),
             destination_port);
}

static void say_no_peer(struct engine *engine, const struct connection *connection, uint64_t client)
{
    say_connection(engine, RC_NOPEERIP, connection, client,
                   "cannot initiate connection without knowing peer IP address");
}

static bool may_begin(const struct engine *engine, const struct connection *connection)
{
    return connection->routing == ROUTING_ONDEMAND && !connection_spec_is_shunt(connection->spec) &&
           engine->is_listening && !engine->is_shutting_down &&
           !is_impaired(engine, IMPAIR_CANNOT_ONDEMAND) &&
           engine_now(engine) >= connection->route.deaf_until && engine->ondemand_count < ONDEMAND_LIMIT;
}

static void count_ondemand(struct engine *engine, struct connection *connection)
{
    connection->route.is_begun_by_packet = true;
    engine->ondemand_count++;
}

/* The packet's destination is the peer. An instance that is at it already is not joined by another. */
static void begin_with_whoever(struct engine *engine, struct connection *template,
                               const struct ip_address *remote, uint64_t client)
{
    struct connection *instance = connection_instance_at(engine, template, remote);
    bool is_there = instance != NULL;
    if (!is_there)
        instance = connection_instantiate(engine, template, remote, &template->remote_id);
    if (is_there || instance == NULL) {
        finish_client(engine, client, 0);
        return;
    }
    connection_hold(instance);
    if (client == 0)
        count_ondemand(engine, instance);
    initiate_connection(engine, instance, client);
    connection_let_go(engine, instance);
}

/* ---- by hand ---- */

static struct connection *connection_of_packet(const struct engine *engine, const struct selector *here,
                                               const struct selector *there)
{
    struct ip_packet packet = {
        .source = here->range.start,
        .destination = there->range.start,
        .protocol = here->protocol,
        .has_ports = here->port_start == here->port_end,
        .source_port = here->port_start,
        .destination_port = there->port_start,
    };
    const struct spd_policy *policy = spd_lookup(&engine->policies, &packet);
    return policy ? connection_by_serial(engine, policy->policy_id) : NULL;
}

static void refuse(struct engine *engine, const struct connection *connection, uint64_t client,
                   const char *packet, const char *reason)
{
    say_connection(engine, RC_OPPOFAILURE, connection, client,
                   "cannot initiate on-demand for packet %s by whack: %s", packet, reason);
    finish_client(engine, client, RC_OPPOFAILURE);
}

void routing_initiate_for_packet(struct engine *engine, const struct selector *here,
                                 const struct selector *there, uint64_t client)
{
    struct connection *connection = connection_of_packet(engine, here, there);
    char line[256];
    struct text packet = text_of(line, sizeof(line));
    add_packet(&packet, here, there);
    if (connection == NULL) {
        refuse(engine, NULL, client, line, "no routed template covers this pair");
    } else if (connection_spec_is_shunt(connection->spec)) {
        refuse(engine, connection, client, line, "it meets a shunt");
    } else if (!engine->is_listening) {
        say_connection(engine, RC_DEAF, connection, client, "need --listen before --initiate");
        finish_client(engine, client, RC_DEAF);
    } else if (connection->is_template && connection->remote_end->is_opportunistic) {
        begin_with_whoever(engine, connection, &there->range.start, client);
    } else if (!address_is_set(&connection->remote)) {
        say_no_peer(engine, connection, client);
        finish_client(engine, client, RC_NOPEERIP);
    } else if (connection->routing == ROUTING_TUNNEL) {
        say_connection(engine, RC_COMMENT, connection, client, "packet %s goes through Child SA #%llu", line,
                       (unsigned long long)connection->policy_child_serial);
        finish_client(engine, client, 0);
    } else {
        say_connection(engine, RC_LOG, connection, client, "initiate on-demand for packet %s by whack", line);
        routing_keep_packet(engine, connection, here, there);
        initiate_connection(engine, connection, client);
    }
}

/* ---- by the data plane ---- */

void routing_acquire(struct engine *engine, const struct kernel_event *event)
{
    struct connection *connection = connection_by_serial(engine, event->policy_id);
    char line[256];
    struct text packet = text_of(line, sizeof(line));
    if (connection != NULL && connection->routing == ROUTING_TUNNEL && event->has_cpu)
        per_cpu_acquire(engine, connection, event->cpu);
    if (connection == NULL || !may_begin(engine, connection))
        return;
    add_packet(&packet, &event->packet_local, &event->packet_remote);
    say_connection(engine, RC_LOG, connection, 0, "initiate on-demand for packet %s by acquire", line);
    if (connection->is_template && connection->remote_end->is_opportunistic) {
        begin_with_whoever(engine, connection, &event->packet_remote.range.start, 0);
        return;
    }
    if (!address_is_set(&connection->remote)) {
        say_no_peer(engine, connection, 0);
        connection->route.deaf_until = engine_now(engine) + ONDEMAND_DELAY_MAX;
        return;
    }
    routing_keep_packet(engine, connection, &event->packet_local, &event->packet_remote);
    count_ondemand(engine, connection);
    initiate_connection(engine, connection, 0);
}
