/* The variables of the updown script: see updown_environment.h. Their names are Libreswan's and FreeS/WAN's.
 */
#include "engine/updown_environment.h"

#include <stdarg.h>
#include <stdio.h>

#include "engine/child_install.h"
#include "engine/client_translation.h"
#include "engine/configuration.h"
#include "engine/login.h"
#include "engine/policy_text.h"
#include "engine/sa.h"

enum { VARIABLE_SIZE = 1280 };

static void add(struct variables *variables, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void add(struct variables *variables, const char *format, ...)
{
    char text[VARIABLE_SIZE];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    char *copy = arena_copy(variables->arena, text, strlen(text) + 1);
    if (copy != NULL && variables->count < UPDOWN_VARIABLES_MAX)
        variables->list[variables->count++] = copy;
}

/* A text that a peer chose, as a careless script may safely see it: anything that is not plain becomes '?'.
 */
static const char *clean(char *text)
{
    for (char *at = text; *at != '\0'; at++) {
        bool is_plain = (*at >= 'a' && *at <= 'z') || (*at >= 'A' && *at <= 'Z') ||
                        (*at >= '0' && *at <= '9') || strchr("@.:-_=,/%# ", *at) != NULL;
        if (!is_plain)
            *at = '?';
    }
    return text;
}

static void add_identity(struct variables *variables, const char *name, const struct identity *identity)
{
    char text[IDENTITY_TEXT_SIZE];
    identity_text(identity, text);
    add(variables, "%s=%s", name, clean(text));
}

/* ---- clients ---- */

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

static bool client_is_host(const struct script_hosts *hosts, const struct selector *client)
{
    struct ip_prefix host = prefix_of_address(&hosts->local);
    struct ip_range range = range_of_prefix(&host);
    return address_equal(&range.start, &client->range.start) && address_equal(&range.end, &client->range.end);
}

void updown_add_clients(struct variables *variables, const struct script_hosts *hosts, const char *verb,
                        const struct selector *local, const struct selector *remote)
{
    add(variables, "PLUTO_VERB=%s-%s%s", verb, client_is_host(hosts, local) ? "host" : "client",
        hosts->local.family == IP_V6 ? "-v6" : "");
    add_client(variables, "MY", local);
    add_client(variables, "PEER", remote);
    bool is_v6 = local->range.start.family == IP_V6;
    add(variables, "PLUTO_CLIENT_FAMILY=%s", is_v6 ? "ipv6" : "ipv4");
    char text[ADDRESS_TEXT_SIZE];
    const struct ip_address *sourceip = &hosts->sourceip[is_v6 ? CONFIGURATION_V6 : CONFIGURATION_V4];
    if (address_is_set(sourceip))
        add(variables, "PLUTO_MY_SOURCEIP=%s", address_text(sourceip, text));
}

/* ---- the connection and its SA ---- */

/* Marks, and the interface of ipsec-interface= or vti-interface=. */
static void add_kernel_extras(struct variables *variables, const struct connection *connection)
{
    const struct connection_spec *spec = connection->spec;
    const struct ip_prefix *address = &connection->local_end->vti_ip;
    char text[ADDRESS_TEXT_SIZE + 4];
    if (address_is_set(&address->address))
        add(variables, "VTI_IP=%s", prefix_text(address, text));
    if (spec->interface.vti.name[0] != '\0')
        add(variables, "PLUTO_VIRT_INTERFACE=%s", spec->interface.vti.name);
    else if (spec->interface.is_wanted)
        add(variables, "PLUTO_VIRT_INTERFACE=ipsec%u", spec->interface.number);
    else
        add(variables, "PLUTO_VIRT_INTERFACE=NULL");
    add(variables, "VTI_IFACE=%s", spec->interface.vti.name);
    add(variables, "VTI_ROUTING=%s", spec->interface.vti.has_routes ? "yes" : "no");
    add(variables, "VTI_SHARED=%s", spec->interface.vti.is_shared ? "yes" : "no");
    add(variables, "PLUTO_XFRMI_ROUTE=%s", spec->interface.is_wanted ? "yes" : "");
    if (spec->nflog_group != 0)
        add(variables, "NFLOG=%u", spec->nflog_group);
    if (spec->mark_in.mask != 0)
        add(variables, "CONNMARK_IN=%u/0x%08x", spec->mark_in.value, spec->mark_in.mask);
    if (spec->mark_out.mask != 0 && !spec->interface.is_wanted)
        add(variables, "CONNMARK_OUT=%u/0x%08x", spec->mark_out.value, spec->mark_out.mask);
}

/* Without leftnexthop= the peer is taken to be directly connected, as in all of Pluto's history; what the
 * routes say is the script's to find out. */
static void add_addresses(struct variables *variables, const struct connection *connection,
                          const struct script_hosts *hosts)
{
    char text[ADDRESS_TEXT_SIZE], prefix[ADDRESS_TEXT_SIZE + 4];
    const struct ip_address *nexthop = &hosts->nexthop;
    if (!address_is_set(nexthop))
        nexthop = &hosts->remote;
    add(variables, "PLUTO_INTERFACE=%s", hosts->interface[0] ? hosts->interface : "NULL");
    add_kernel_extras(variables, connection);
    if (address_is_set(nexthop))
        add(variables, "PLUTO_NEXT_HOP=%s", address_text(nexthop, text));
    add(variables, "PLUTO_ME=%s", address_text(&hosts->local, text));
    add_identity(variables, "PLUTO_MY_ID", &connection->local_id);
    add(variables, "PLUTO_PEER=%s",
        address_is_set(&hosts->remote) ? address_text(&hosts->remote, text) : "%any");
    add_identity(variables, "PLUTO_PEER_ID", &connection->remote_id);
    if (address_is_set(&connection->local_end->interface_ip.address))
        add(variables, "INTERFACE_IP=%s", prefix_text(&connection->local_end->interface_ip, prefix));
    add(variables, "PLUTO_NM_CONFIGURED=%d", connection->spec->nm_configured);
    add(variables, "PLUTO_CONN_ADDRFAMILY=%s", hosts->local.family == IP_V6 ? "ipv6" : "ipv4");
}

static void add_sa(struct variables *variables, const struct connection *connection,
                   const struct child_sa *child)
{
    const char *protocol = child == NULL ? "none" : child->suite.protocol == PROTOCOL_AH ? "AH" : "ESP";
    add(variables, "PLUTO_SA_REQID=%u", child_reqid(connection));
    add(variables, "PLUTO_SA_TYPE=%s", protocol);
    add(variables, "PLUTO_ADDTIME=%lld", child ? (long long)child->established_wall : 0);
    /* The names are swapped, as in Libreswan, on whose scripts users rely. */
    add(variables, "SPI_IN=0x%x", child ? child->spi_out : 0);
    add(variables, "SPI_OUT=0x%x", child ? child->spi_in : 0);
    if (child == NULL)
        return;
    add(variables, "PLUTO_INBYTES=%llu", (unsigned long long)child->in.bytes);
    add(variables, "PLUTO_OUTBYTES=%llu", (unsigned long long)child->out.bytes);
}

static const char *kind_name(const struct connection *connection)
{
    if (connection->is_instance)
        return "CK_INSTANCE";
    return connection->is_template ? "CK_TEMPLATE" : "CK_PERMANENT";
}

static void add_policy(struct variables *variables, const struct connection *connection,
                       const struct child_sa *child)
{
    const struct connection_spec *spec = connection->spec;
    char policy[POLICY_TEXT_SIZE];
    bool is_transport = child ? child->mode == MODE_TRANSPORT : spec->type == TYPE_TRANSPORT;
    add(variables, "PLUTO_VERSION=2.0");
    add(variables, "PLUTO_CONNECTION=%s", spec->name);
    add(variables, "PLUTO_CONNECTION_TYPE=%s", is_transport ? "transport" : "tunnel");
    add(variables, "PLUTO_CONN_KIND=%s", kind_name(connection));
    add(variables, "PLUTO_CONN_POLICY=%s", policy_text(spec, connection->keep_up, policy));
    if (spec->metric != 0)
        add(variables, "PLUTO_METRIC=%u", spec->metric);
    if (spec->mtu != 0)
        add(variables, "PLUTO_MTU=%u", spec->mtu);
}

/* What the peer told us with our address: empty where there is none. */
static void add_told(struct variables *variables, const struct connection *connection)
{
    const struct address_assignment *assignment = connection->assignment;
    const struct told_configuration *told = assignment != NULL ? assignment->told : NULL;
    char servers[CONFIGURATION_DNS_LIMIT * (ADDRESS_TEXT_SIZE + 1)], address[ADDRESS_TEXT_SIZE];
    struct text text = text_of(servers, sizeof(servers));
    for (size_t i = 0; told != NULL && i < told->dns_count; i++)
        text_add(&text, "%s%s", i > 0 ? " " : "", address_text(&told->dns[i], address));
    add(variables, "PLUTO_PEER_DNS_INFO=%s", servers);
    add(variables, "PLUTO_PEER_DOMAIN_INFO=%s", told != NULL ? told->domains : "");
    add(variables, "PLUTO_PEER_BANNER=%s", told != NULL ? told->banner : "");
    add(variables, "PLUTO_IS_PEER_CISCO=%d", connection->spec->modecfg.peer_is_cisco);
    add(variables, "PLUTO_CFG_SERVER=%d", configuration_is_server(connection));
    add(variables, "PLUTO_CFG_CLIENT=%d", configuration_is_client(connection));
    if (client_translation_is_in_force(connection))
        add(variables, "CAT=YES");
}

/* Always there for scripts to test, though nothing in this version fills them. */
static void add_constant(struct variables *variables)
{
    static const char *const constant[] = {
        "PLUTO_PEER_CA=",
        "PLUTO_XFRMI_FWMARK=",
    };
    for (size_t i = 0; i < ARRAY_SIZE(constant); i++)
        add(variables, "%s", constant[i]);
}

/* Who logged in, or was let in without (xauthfail=soft). */
static void add_user(struct variables *variables, const struct engine *engine, const struct child_sa *child)
{
    const struct ike_sa *ike = child != NULL ? ike_by_serial(engine, child->ike_serial) : NULL;
    char user[LOGIN_NAME_SIZE] = "";
    if (ike != NULL)
        snprintf(user, sizeof(user), "%s", login_user(ike));
    if (user[0] != '\0')
        add(variables, "PLUTO_USERNAME=%s", clean(user));
    add(variables, "XAUTH_FAILED=%d", ike != NULL && ike->login_failed);
}

void updown_add_connection(struct variables *variables, const struct engine *engine,
                           const struct connection *connection, const struct child_sa *child,
                           const struct script_hosts *hosts, bool is_move)
{
    const struct engine_settings *settings = &engine->settings;
    add_policy(variables, connection, child);
    add_addresses(variables, connection, hosts);
    add(variables, "PLUTO_MOBIKE_EVENT=%s", is_move ? "yes" : "");
    add_sa(variables, connection, child);
    add_user(variables, engine, child);
    add_told(variables, connection);
    add_constant(variables);
    add(variables, "PLUTO_STACK=%s", settings->stack ? settings->stack : "none");
    add(variables, "PLUTO_DNS_RESOLVER=%s", settings->dns_by_systemd ? "systemd" : "file");
    if (((settings->debug | connection->debug) & DEBUG_UPDOWN) != 0)
        add(variables, "UPDOWN_DEBUG=yes");
}
