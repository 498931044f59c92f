/* The updown script of a connection: ipsec_pluto(8), "Pluto and updown"; variables of Libreswan's _updown. */
#include "engine/updown.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/arena.h"
#include "engine/connection.h"
#include "engine/sa.h"

enum { VARIABLES_MAX = 64, VARIABLE_SIZE = 640, ENVIRONMENT_BYTES_MAX = 65536 };

struct variables {
    struct arena arena;
    const char *list[VARIABLES_MAX];
    size_t count;
};

static void add(struct variables *variables, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void add(struct variables *variables, const char *format, ...)
{
    char text[VARIABLE_SIZE];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    char *copy = arena_copy(&variables->arena, text, strlen(text) + 1);
    if (copy != NULL && variables->count < VARIABLES_MAX)
        variables->list[variables->count++] = copy;
}

/* An identity as a script may safely see it: anything that is not plain in a name becomes '?'. */
static const char *clean(const struct identity *identity, char out[static IDENTITY_TEXT_SIZE])
{
    identity_text(identity, out);
    for (char *at = out; *at != '\0'; at++) {
        bool is_plain = (*at >= 'a' && *at <= 'z') || (*at >= 'A' && *at <= 'Z') ||
                        (*at >= '0' && *at <= '9') || strchr("@.:-_=,/%# ", *at) != NULL;
        if (!is_plain)
            *at = '?';
    }
    return out;
}

static void add_client(struct variables *variables, const char *whose, const struct selector *selector)
{
    char net[ADDRESS_TEXT_SIZE + 4], address[ADDRESS_TEXT_SIZE], mask_text[ADDRESS_TEXT_SIZE];
    struct ip_prefix prefix;
    if (!range_is_prefix(&selector->range, &prefix))
        prefix = prefix_of_address(&selector->range.start);
    struct ip_prefix all = {.address = {.family = prefix.address.family}};
    struct ip_range ones = range_of_prefix(&all);
    struct ip_prefix mask = {.address = ones.end, .length = prefix.length};
    struct ip_range masked = range_of_prefix(&mask);
    add(variables, "PLUTO_%s_CLIENT=%s", whose, prefix_text(&prefix, net));
    add(variables, "PLUTO_%s_CLIENT_NET=%s", whose, address_text(&prefix.address, address));
    add(variables, "PLUTO_%s_CLIENT_MASK=%s", whose, address_text(&masked.start, mask_text));
    add(variables, "PLUTO_%s_PORT=%u", whose,
        selector->port_start == selector->port_end ? selector->port_start : 0);
    add(variables, "PLUTO_%s_PROTOCOL=%u", whose, selector->protocol);
}

static bool client_is_host(const struct connection *connection, const struct selector *client)
{
    struct ip_prefix host = prefix_of_address(&connection->local);
    struct ip_range range = range_of_prefix(&host);
    return address_equal(&range.start, &client->range.start) && address_equal(&range.end, &client->range.end);
}

static void add_addresses(struct variables *variables, const struct connection *connection)
{
    char text[ADDRESS_TEXT_SIZE], id[IDENTITY_TEXT_SIZE];
    add(variables, "PLUTO_INTERFACE=%s", connection->interface);
    add(variables, "PLUTO_VIRT_INTERFACE=NULL");
    add(variables, "PLUTO_XFRMI_ROUTE=");
    if (address_is_set(&connection->local_end->nexthop))
        add(variables, "PLUTO_NEXT_HOP=%s", address_text(&connection->local_end->nexthop, text));
    add(variables, "PLUTO_ME=%s", address_text(&connection->local, text));
    add(variables, "PLUTO_MY_ID=%s", clean(&connection->local_id, id));
    add(variables, "PLUTO_PEER=%s", address_text(&connection->remote, text));
    add(variables, "PLUTO_PEER_ID=%s", clean(&connection->remote_id, id));
    if (address_is_set(&connection->local_end->sourceip))
        add(variables, "PLUTO_MY_SOURCEIP=%s", address_text(&connection->local_end->sourceip, text));
    add(variables, "PLUTO_CONN_ADDRFAMILY=%s", connection->local.family == IP_V6 ? "ipv6" : "ipv4");
}

static void add_child(struct variables *variables, const struct child_sa *child)
{
    add_client(variables, "MY", &child->selectors[0]);
    add_client(variables, "PEER", &child_remote_selectors(child)[0]);
    add(variables, "PLUTO_CLIENT_FAMILY=%s",
        child->selectors[0].range.start.family == IP_V6 ? "ipv6" : "ipv4");
    add(variables, "PLUTO_SA_TYPE=%s", child->suite.protocol == PROTOCOL_AH ? "AH" : "ESP");
    add(variables, "PLUTO_ADDTIME=%lld", (long long)child->established_wall);
    add(variables, "PLUTO_INBYTES=%llu", (unsigned long long)child->in.bytes);
    add(variables, "PLUTO_OUTBYTES=%llu", (unsigned long long)child->out.bytes);
    /* The names are swapped, as in Libreswan, on whose scripts users rely. */
    add(variables, "SPI_IN=0x%x", child->spi_out);
    add(variables, "SPI_OUT=0x%x", child->spi_in);
}

static void add_connection(struct variables *variables, const struct connection *connection,
                           const struct child_sa *child)
{
    const struct connection_spec *spec = connection->spec;
    add(variables, "PLUTO_VERSION=2.0");
    add(variables, "PLUTO_CONNECTION=%s", spec->name);
    add(variables, "PLUTO_CONNECTION_TYPE=%s", child->mode == MODE_TRANSPORT ? "transport" : "tunnel");
    add(variables, "PLUTO_CONN_KIND=%s", connection->is_instance ? "CK_INSTANCE" : "CK_PERMANENT");
    add(variables, "PLUTO_CONN_POLICY=IKEv2+PSK+ENCRYPT%s%s%s", child->mode == MODE_TUNNEL ? "+TUNNEL" : "",
        spec->pfs ? "+PFS" : "", connection->keep_up ? "+UP" : "");
    add(variables, "PLUTO_SA_REQID=%u", spec->reqid);
    add(variables, "PLUTO_STACK=userspace");
    if (spec->metric != 0)
        add(variables, "PLUTO_METRIC=%u", spec->metric);
    if (spec->mtu != 0)
        add(variables, "PLUTO_MTU=%u", spec->mtu);
    static const char *const fixed[] = {
        "PLUTO_PEER_CA=",       "XAUTH_FAILED=0",          "PLUTO_MOBIKE_EVENT=", "PLUTO_IS_PEER_CISCO=0",
        "PLUTO_PEER_DNS_INFO=", "PLUTO_PEER_DOMAIN_INFO=", "PLUTO_PEER_BANNER=",  "PLUTO_CFG_SERVER=0",
        "PLUTO_CFG_CLIENT=0",   "PLUTO_NM_CONFIGURED=0",   "PLUTO_XFRMI_FWMARK=", "VTI_IFACE=",
        "VTI_ROUTING=no",       "VTI_SHARED=no",
    };
    for (size_t i = 0; i < ARRAY_SIZE(fixed); i++)
        add(variables, "%s", fixed[i]);
}

static void run(struct engine *engine, const struct connection *connection, const struct child_sa *child,
                const char *verb)
{
    struct variables variables = {.arena = arena_make(ENVIRONMENT_BYTES_MAX)};
    char full[64];
    bool is_v6 = child->selectors[0].range.start.family == IP_V6;
    snprintf(full, sizeof(full), "%s-%s%s", verb,
             client_is_host(connection, &child->selectors[0]) ? "host" : "client", is_v6 ? "-v6" : "");
    add(&variables, "PLUTO_VERB=%s", full);
    add_connection(&variables, connection, child);
    add_addresses(&variables, connection);
    add_child(&variables, child);
    engine->env->updown(engine->env->world, &(struct updown_request){
                                                .request_id = ++engine->last_request_id,
                                                .script = connection->local_end->updown,
                                                .environment = variables.list,
                                                .environment_count = variables.count,
                                                .connection = connection->spec->name,
                                                .verb = full,
                                            });
    arena_release(&variables.arena);
}

bool updown_leaves_routes_to_data_plane(const struct connection *connection)
{
    return connection->local_end->updown == NULL;
}

static bool is_wanted(const struct connection *connection, const struct child_sa *child)
{
    const char *script = connection->local_end->updown;
    if (child->local_count == 0 || child->remote_count == 0)
        return false;
    return script ? script[0] != '\0' : address_is_set(&connection->local_end->sourceip);
}

void updown_run_up(struct engine *engine, struct connection *connection, const struct child_sa *child)
{
    static const char *const verbs[] = {"prepare", "route", "up"};
    if (!is_wanted(connection, child))
        return;
    for (size_t i = 0; i < ARRAY_SIZE(verbs); i++)
        run(engine, connection, child, verbs[i]);
    connection->has_up_run = true;
}

void updown_run_down(struct engine *engine, struct connection *connection, const struct child_sa *child)
{
    if (!connection->has_up_run)
        return;
    run(engine, connection, child, "down");
    run(engine, connection, child, "unroute");
    connection->has_up_run = false;
}

/* A failing script is the world's to log, with its words; what it was run for stands. */
void engine_updown_done(struct engine *engine, uint64_t request_id, int exit_status)
{
    trace(engine, DEBUG_UPDOWN, "updown request %llu ended with status %d", (unsigned long long)request_id,
          exit_status);
}
