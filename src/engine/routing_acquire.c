/* Packets that meet a trap begin a negotiation: RFC 4301 4.4.1.2 and 5.1. Hosts behind us choose such
 * packets, so that there are bounds on what they set off. */
#include "engine/connection.h"
#include "engine/initiate.h"
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

static bool may_begin(const struct engine *engine, const struct connection *connection)
{
    return connection->routing == ROUTING_ONDEMAND && !connection_spec_is_shunt(connection->spec) &&
           engine->is_listening && !engine->is_shutting_down &&
           engine_now(engine) >= connection->route.deaf_until && engine->ondemand_count < ONDEMAND_LIMIT;
}

/* The packet's destination is the peer. An instance that is at it already is not joined by another. */
static void begin_with_whoever(struct engine *engine, struct connection *template,
                               const struct ip_address *remote)
{
    struct connection *instance = connection_instance_at(engine, template, remote);
    if (instance != NULL)
        return;
    instance = connection_instantiate(engine, template, remote, &template->remote_id);
    if (instance == NULL)
        return;
    connection_hold(instance);
    initiate_connection(engine, instance, 0);
    connection_let_go(engine, instance);
}

void routing_acquire(struct engine *engine, const struct kernel_event *event)
{
    struct connection *connection = connection_by_serial(engine, event->policy_id);
    char line[256];
    struct text packet = text_of(line, sizeof(line));
    if (connection == NULL || !may_begin(engine, connection))
        return;
    add_packet(&packet, &event->packet_local, &event->packet_remote);
    say_connection(engine, RC_LOG, connection, 0, "initiate on-demand for packet %s by acquire", line);
    if (connection->is_template && connection->remote_end->is_opportunistic) {
        begin_with_whoever(engine, connection, &event->packet_remote.range.start);
        return;
    }
    if (!address_is_set(&connection->remote)) {
        say_connection(engine, RC_NOPEERIP, connection, 0,
                       "cannot initiate connection without knowing peer IP address");
        connection->route.deaf_until = engine_now(engine) + ONDEMAND_DELAY_MAX;
        return;
    }
    connection->route.is_begun_by_packet = true;
    engine->ondemand_count++;
    initiate_connection(engine, connection, 0);
}
