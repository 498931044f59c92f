/* The ends of a connection in status output: see connection_ends.h. */
#include "control/connection_ends.h"

#include "base/text.h"
#include "control/client_text.h"
#include "control/lease_text.h"

enum { TOPOLOGY_SIZE = 4096 };

/* One end as it is told. */
struct end {
    const struct end_spec *spec;
    const struct ip_address *host; /* found out; unset: as written */
    const struct ip_address *nexthop;
    const struct selector *virtual_client; /* NULL: not named yet */
    const struct ip_prefix *leased;        /* two, or NULL */
    const struct identity *id;
    bool is_first; /* stands left in the topology */
    bool is_v6;    /* the hosts are */
};

const struct end_spec *connection_shown_end(const struct connection_view *view, bool is_local)
{
    bool left_is_local = view->left_is_local || !view->is_oriented;
    return left_is_local == is_local ? &view->spec->left : &view->spec->right;
}

static struct end end_of(const struct connection_view *view, bool local)
{
    const struct end_spec *spec = connection_shown_end(view, local);
    const struct identity *known = local ? view->local_id : view->remote_id;
    return (struct end){
        .spec = spec,
        .nexthop = local && view->is_oriented ? &view->nexthop : &spec->nexthop,
        .leased = view->is_leased_to_us == local ? view->leased : NULL,
        .virtual_client = local ? NULL : view->virtual_client,
        .host = local ? &view->local.address : &view->remote.address,
        .id = view->is_oriented && known->kind != ID_NONE ? known : &spec->id,
        .is_first = local,
        .is_v6 = view->spec->host_family == IP_V6 || view->local.address.family == IP_V6,
    };
}

static void add_host(struct text *text, const struct end *end)
{
    const struct end_spec *spec = end->spec;
    char address[ADDRESS_TEXT_SIZE];
    if (address_is_set(end->host))
        text_add(text, "%s", address_text(end->host, address));
    else if (address_is_set(&spec->host) && spec->host_kind != HOST_ANY)
        text_add(text, "%s", address_text(&spec->host, address));
    else if (spec->host_kind == HOST_NAME || spec->host_kind == HOST_INTERFACE)
        text_add(text, "%s", spec->host_name);
    else if (spec->host_kind == HOST_GROUP)
        text_add(text, spec->is_opportunistic ? "%%opportunisticgroup" : "%%group");
    else
        text_add(text, spec->host_kind == HOST_DEFAULTROUTE ? "%%defaultroute" : "%%any");
}

/* vhost:? before the peer has named its client, as Libreswan has it. */
static void add_virtual_client(struct text *text, const struct end *end)
{
    char client[CLIENT_TEXT_SIZE];
    if (end->virtual_client != NULL)
        text_add(text, "%s", client_text(end->virtual_client, client));
    else
        text_add(text, end->spec->virtual_client.kind == VIRTUAL_HOST ? "vhost:?" : "vnet:?");
}

/* The address that was leased is the client. */
static void add_leased(struct text *text, const struct end *end)
{
    char list[LEASE_TEXT_SIZE];
    text_add(text, "%s%s%s", end->is_first ? "" : "===", lease_text(end->leased, list),
             end->is_first ? "===" : "");
}

/* Of protoport= without a subnet: that of the host itself. False: there is nothing to say. */
static bool host_selector(const struct end *end, struct selector *out)
{
    const struct end_spec *spec = end->spec;
    const struct ip_address *host = address_is_set(end->host) ? end->host : &spec->host;
    struct ip_prefix prefix = {.address = {.family = end->is_v6 ? IP_V6 : IP_V4}};
    bool is_anybody = spec->host_kind == HOST_ANY && !address_is_set(end->host);
    if (spec->client_count > 0 || spec->protocol == 0 || (!is_anybody && !address_is_set(host)))
        return false;
    if (!is_anybody)
        prefix = prefix_of_address(host);
    *out = selector_of_prefix(&prefix, spec->protocol, spec->port);
    return true;
}

static void add_clients(struct text *text, const struct end *end)
{
    char client[CLIENT_TEXT_SIZE];
    if (end->leased != NULL) {
        add_leased(text, end);
        return;
    }
    bool is_virtual = end->spec->virtual_client.kind != VIRTUAL_NONE;
    struct selector host;
    bool is_host = !is_virtual && host_selector(end, &host);
    bool has_clients = end->spec->client_count > 0 || is_virtual || is_host;
    if (has_clients && !end->is_first)
        text_add(text, "===");
    for (size_t i = 0; i < end->spec->client_count; i++)
        text_add(text, "%s%s", i ? "," : "", client_text(&end->spec->clients[i], client));
    if (is_virtual)
        add_virtual_client(text, end);
    if (is_host)
        text_add(text, "%s", client_text(&host, client));
    if (has_clients && end->is_first)
        text_add(text, "===");
}

/* What the end is to the other besides: Mode Config and XAUTH, server or client. */
static void add_roles(struct text *text, const struct end_spec *end, const struct end_spec *other,
                      const char *separator)
{
    bool is_server = end->modecfg_server || other->pool_count > 0;
    bool is_client = end->modecfg_client || end->pool_count > 0;
    if (is_server || is_client || end->xauth_server || end->xauth_client)
        text_add(text, "%s%s%s%s%s%s+S=C", separator, is_server ? "MS" : "", is_client ? "+MC" : "",
                 is_client && end->translates_clients ? "+CAT" : "", end->xauth_server ? "+XS" : "",
                 end->xauth_client ? "+XC" : "");
}

static void add_brackets(struct text *text, const struct end *end, const struct end *other)
{
    char list[IDENTITY_TEXT_SIZE + 32], id[IDENTITY_TEXT_SIZE];
    struct text inside = text_of(list, sizeof(list));
    if (end->spec->id.kind != ID_NONE)
        text_add(&inside, "%s", identity_text(end->id, id));
    add_roles(&inside, end->spec, other->spec, inside.size > 0 ? "," : "");
    if (inside.size > 0)
        text_add(text, "[%s]", list);
}

/* The host with its port and identity, where it has one of its own; the next hop stands at the side of the
 * other end. */
static void add_gateway(struct text *text, const struct end *end, const struct end *other)
{
    char hop[ADDRESS_TEXT_SIZE];
    bool has_hop = address_is_set(end->nexthop) && !address_equal(end->nexthop, &other->spec->host);
    if (has_hop && !end->is_first)
        text_add(text, "%s---", address_text(end->nexthop, hop));
    add_host(text, end);
    if (end->spec->ikeport != 0)
        text_add(text, ":%u", end->spec->ikeport);
    add_brackets(text, end, other);
    if (has_hop && end->is_first)
        text_add(text, "---%s", address_text(end->nexthop, hop));
}

void put_connection_topology(struct facts *facts, const struct connection_view *view)
{
    char list[TOPOLOGY_SIZE];
    struct text text = text_of(list, sizeof(list));
    const struct end local = end_of(view, true), remote = end_of(view, false);
    add_clients(&text, &local);
    add_gateway(&text, &local, &remote);
    text_add(&text, "...");
    add_gateway(&text, &remote, &local);
    add_clients(&text, &remote);
    facts_shown(facts, "topology", list);
}

/* How narrow the (first) client of an end is, in bits; the host itself when it has none. */
static unsigned client_bits(const struct end *end)
{
    struct ip_prefix prefix;
    if (end->spec->client_count == 0)
        return (unsigned)address_size(address_is_set(end->host) ? end->host : &end->spec->host) * 8;
    return range_is_prefix(&end->spec->clients[0].range, &prefix) ? prefix.length : 0;
}

static void put_address(struct facts *facts, const char *name, const struct ip_address *address,
                        const char *absent)
{
    char text[ADDRESS_TEXT_SIZE];
    facts_text_or(facts, name, address_is_set(address) ? address_text(address, text) : NULL, absent);
}

static void put_sourceip(struct facts *facts, const struct end_spec *end)
{
    char list[CONFIGURATION_FAMILIES * (ADDRESS_TEXT_SIZE + 1)], address[ADDRESS_TEXT_SIZE];
    struct text text = text_of(list, sizeof(list));
    for (size_t i = 0; i < ARRAY_SIZE(end->sourceip); i++)
        if (address_is_set(&end->sourceip[i]))
            text_add(&text, "%s%s", list[0] != '\0' ? "," : "", address_text(&end->sourceip[i], address));
    facts_text_or(facts, "sourceip", list[0] != '\0' ? list : NULL, "unset");
}

static void put_modecfg_role(struct facts *facts, const struct end_spec *end, const struct end_spec *other)
{
    char range[RANGE_TEXT_SIZE];
    bool is_server = end->modecfg_server || other->pool_count > 0;
    bool is_client = end->modecfg_client || end->pool_count > 0;
    facts_text(facts, "modecfg", is_server ? "server" : is_client ? "client" : "none");
    facts_text(facts, "cat", end->translates_clients ? "set" : "unset");
    facts_list_begin(facts, "address_pools", ',');
    for (size_t i = 0; i < end->pool_count; i++)
        facts_list_add(facts, range_text(&end->pools[i].range, range));
    facts_list_end(facts);
}

void put_connection_end(struct facts *facts, const char *name, const struct connection_view *view,
                        bool is_local)
{
    const struct end end = end_of(view, is_local);
    char host[ADDRESS_TEXT_SIZE + 256], id[IDENTITY_TEXT_SIZE], selector[SELECTOR_TEXT_SIZE];
    char auth[96];
    struct text host_text = text_of(host, sizeof(host)), auth_text = text_of(auth, sizeof(auth));
    bool is_left = end.spec == &view->spec->left;
    add_host(&host_text, &end);
    facts_object(facts, name);
    facts_text(facts, "end", is_left ? "left" : "right");
    facts_text(facts, "host", host);
    put_address(facts, "address", end.host, "unset");
    facts_number(facts, "ike_port", end.spec->ikeport ? end.spec->ikeport : 500);
    put_address(facts, "nexthop", end.nexthop, "unset");
    facts_list_begin(facts, "subnets", ',');
    for (size_t i = 0; i < end.spec->client_count; i++)
        facts_list_add(facts, selector_text(&end.spec->clients[i], selector));
    facts_list_end(facts);
    facts_number(facts, "client_bits", client_bits(&end));
    facts_number(facts, "protocol", end.spec->protocol);
    facts_number(facts, "port", end.spec->port);
    put_sourceip(facts, end.spec);
    put_modecfg_role(facts, end.spec, is_left ? &view->spec->right : &view->spec->left);
    facts_text(facts, "auth", auth_methods_name(end.spec->auth));
    facts_text(facts, "xauth",
               end.spec->xauth_server   ? "server"
               : end.spec->xauth_client ? "client"
                                        : "none");
    facts_text_or(facts, "username", end.spec->username, "[any]");
    auth_methods_describe(&auth_text, end.spec->auth, is_local);
    facts_shown(facts, "auth_policy", auth);
    facts_text(facts, "id_type", identity_kind_name(end.id->kind));
    facts_text_or(facts, "id", end.id->kind != ID_NONE ? identity_text(end.id, id) : NULL, "(none)");
    const char *updown = end.spec->updown ? end.spec->updown : "ipsec _updown";
    facts_text_or(facts, "updown", updown[0] ? updown : NULL, "<disabled>");
    facts_object(facts, NULL);
}
