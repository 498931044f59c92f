/* Whether a connection as the user wrote it holds together: what no keyword can tell by itself. */
#include "engine/connection_spec.h"

static bool is_vague(const struct end_spec *end)
{
    return end->host_kind == HOST_ANY || end->host_kind == HOST_GROUP;
}

static bool check_hosts(const struct connection_spec *spec, struct error *error)
{
    const struct end_spec *left = &spec->left, *right = &spec->right;
    if (left->host_kind == HOST_UNSET || right->host_kind == HOST_UNSET)
        return error_set(error, -1, "%s= is missing; give an address, a name, %%defaultroute or %%any",
                         left->host_kind == HOST_UNSET ? "left" : "right");
    if (is_vague(left) && is_vague(right))
        return error_set(error, -1, "left= and right= are both %%any; one must say which host this is");
    if (left->host_kind == HOST_DEFAULTROUTE && right->host_kind == HOST_DEFAULTROUTE)
        return error_set(error, -1, "left= and right= are both %%defaultroute; one must be the other host");
    if (address_is_set(&left->host) && address_is_set(&right->host)) {
        if (left->host.family != right->host.family)
            return error_set(error, -1, "left= and right= must both be IPv4 or both be IPv6 addresses");
        if (!address_is_any(&left->host) && address_equal(&left->host, &right->host))
            return error_set(error, -1, "left= and right= are the same address");
    }
    return true;
}

static bool check_family(const struct connection_spec *spec, struct error *error)
{
    const struct end_spec *ends[] = {&spec->left, &spec->right};
    for (size_t i = 0; i < ARRAY_SIZE(ends); i++) {
        const struct ip_address *host = &ends[i]->host;
        if (spec->host_family != IP_NONE && address_is_set(host) && host->family != spec->host_family)
            return error_set(error, -1, "%s= is an IPv%d address, hostaddrfamily= says IPv%d",
                             i == 0 ? "left" : "right", host->family, (int)spec->host_family);
    }
    return true;
}

/* A bit for each family that the end's traffic may have; 0 while it is not known. */
static unsigned client_families(const struct connection_spec *spec, const struct end_spec *end)
{
    unsigned families = 0;
    for (size_t i = 0; i < end->pool_count; i++)
        families |= 1U << end->pools[i].range.start.family;
    if (end->pool_count > 0)
        return families;
    if (end->virtual_client.kind != VIRTUAL_NONE || end->host_kind == HOST_GROUP || end->modecfg_client)
        return 0;
    for (size_t i = 0; i < end->client_count; i++)
        families |= 1U << end->clients[i].range.start.family;
    if (end->client_count > 0)
        return families;
    if (address_is_set(&end->host))
        return 1U << end->host.family;
    return spec->host_family != IP_NONE ? 1U << spec->host_family : 0;
}

static bool check_clients(const struct connection_spec *spec, struct error *error)
{
    unsigned left = client_families(spec, &spec->left), right = client_families(spec, &spec->right);
    if (left != 0 && right != 0 && left != right)
        return error_set(error, -1,
                         "the networks of left and right differ in address family: each family "
                         "in leftsubnet= needs its like in rightsubnet=");
    return true;
}

/* Transport mode protects what the hosts themselves say (RFC 4301 3.2). */
static bool check_transport(const struct connection_spec *spec, struct error *error)
{
    const struct end_spec *ends[] = {&spec->left, &spec->right};
    for (size_t i = 0; i < ARRAY_SIZE(ends) && spec->type == TYPE_TRANSPORT; i++) {
        const struct end_spec *end = ends[i];
        for (size_t j = 0; j < end->client_count; j++) {
            const struct ip_range *range = &end->clients[j].range;
            bool is_host = address_equal(&range->start, &range->end) &&
                           (end->host_kind != HOST_ADDRESS || address_equal(&range->start, &end->host));
            if (!is_host)
                return error_set(error, -1,
                                 "type=transport protects the hosts only; remove %ssubnet= or use "
                                 "type=tunnel",
                                 i == 0 ? "left" : "right");
        }
    }
    return true;
}

/* The host's own address and that of the other family have a place among the selectors, too. */
static bool check_translation(const struct connection_spec *spec, struct error *error)
{
    const struct end_spec *ends[] = {&spec->left, &spec->right};
    for (size_t i = 0; i < ARRAY_SIZE(ends); i++)
        if (ends[i]->translates_clients && ends[i]->client_count > TRANSLATED_CLIENTS_MAX)
            return error_set(error, -1, "%scat=yes translates %d networks at most; %ssubnet= has %zu",
                             i == 0 ? "left" : "right", TRANSLATED_CLIENTS_MAX, i == 0 ? "left" : "right",
                             ends[i]->client_count);
    return true;
}

/* The address of ipsecN is the source address. */
static bool check_sourceip(const struct end_spec *end, const char *name, struct error *error)
{
    for (size_t i = 0; i < ARRAY_SIZE(end->sourceip); i++) {
        if (!address_is_set(&end->sourceip[i]))
            continue;
        if (address_is_set(&end->interface_ip.address))
            return error_set(error, -1, "%sinterface-ip= and %ssourceip= exclude each other; remove one",
                             name, name);
        if (end->client_count > 0 && !end_has_client_with(end, &end->sourceip[i]))
            return error_set(error, -1, "%ssourceip= is not within %ssubnet=", name, name);
    }
    return true;
}

static bool check_group(const struct end_spec *end, const char *name, struct error *error)
{
    bool has_client = end->client_count > 0 || end->virtual_client.kind != VIRTUAL_NONE;
    if (end->host_kind == HOST_GROUP && has_client)
        return error_set(error, -1,
                         "%ssubnet= has no place beside %s=%%group: the policy file has the networks", name,
                         name);
    return true;
}

static bool check_virtual(const struct connection_spec *spec, struct error *error)
{
    bool left = spec->left.virtual_client.kind != VIRTUAL_NONE;
    bool right = spec->right.virtual_client.kind != VIRTUAL_NONE;
    if (left && right)
        return error_set(error, -1, "leftsubnet= and rightsubnet= are both virtual; only a peer's can be");
    if ((left || right) && connection_spec_is_shunt(spec))
        return error_set(error, -1, "a virtual subnet is agreed on with a peer; type= has none");
    return true;
}

/* The client of an end with a pool is the address that it is leased. */
static bool check_pool(const struct connection_spec *spec, const struct end_spec *end, const char *name,
                       struct error *error)
{
    if (end->pool_count == 0)
        return true;
    if (spec->type != TYPE_TUNNEL)
        return error_set(error, -1, "%saddresspool= needs type=tunnel", name);
    if (end->client_count > 0)
        return error_set(error, -1, "cannot specify both %saddresspool= and %ssubnet=", name, name);
    for (size_t i = 0; i < end->pool_count && spec->ike_version == 1; i++)
        if (end->pools[i].range.start.family == IP_V6)
            return error_set(error, -1, "%saddresspool= invalid, IKEv1 does not support IPv6 address pool",
                             name);
    return end->virtual_client.kind == VIRTUAL_NONE ||
           error_set(error, -1, "cannot specify both %saddresspool= and a virtual %ssubnet=", name, name);
}

static bool check_modecfg(const struct connection_spec *spec, struct error *error)
{
    const struct end_spec *left = &spec->left, *right = &spec->right;
    if (left->pool_count > 0 && right->pool_count > 0)
        return error_set(error, -1,
                         "leftaddresspool= and rightaddresspool= are both set; only one end can be "
                         "leased addresses by the other");
    if (left->modecfg_client && right->modecfg_client)
        return error_set(error, -1,
                         "leftmodecfgclient= and rightmodecfgclient= are both set; only one end can "
                         "ask for an address");
    if (left->modecfg_server && right->modecfg_server)
        return error_set(error, -1,
                         "leftmodecfgserver= and rightmodecfgserver= are both set; only one end can "
                         "give out addresses");
    return check_pool(spec, left, "left", error) && check_pool(spec, right, "right", error);
}

static bool check_auth(const struct connection_spec *spec, struct error *error)
{
    const struct end_spec *ends[] = {&spec->left, &spec->right};
    for (size_t i = 0; i < ARRAY_SIZE(ends) && !connection_spec_is_shunt(spec); i++) {
        const char *name = i == 0 ? "left" : "right";
        if (ends[i]->auth == AUTH_UNSET)
            return error_set(error, -1, "%s has no authentication; write authby= or %sauth=", name, name);
        if ((ends[i]->auth & AUTH_NEVER) != 0)
            return error_set(error, -1,
                             "authby=never is for type=passthrough and type=drop, which negotiate nothing");
    }
    return true;
}

/* What IKEv1 has, and it has one way for both ends (RFC 2409 5). */
static bool check_ikev1_auth(const struct connection_spec *spec, struct error *error)
{
    unsigned known = AUTH_PSK | AUTH_RSASIG | AUTH_NEVER;
    if (spec->ike_version != 1)
        return true;
    if (((spec->left.auth | spec->right.auth) & ~known) != 0)
        return error_set(error, -1, "ikev1 connection must use authby= of rsasig, secret or never");
    return spec->left.auth == spec->right.auth ||
           error_set(error, -1, "leftauth= and rightauth= must be the same with keyexchange=ikev1");
}

/* RFC 9329: IKEv2 and ESP. */
static bool check_tcp(const struct connection_spec *spec, struct error *error)
{
    if (spec->tcp_use == TCP_NO)
        return true;
    if (spec->ike_version == 1)
        return error_set(error, -1, "enable-tcp= is for IKEv2; write keyexchange=ikev2");
    return spec->protocol != PROTOCOL_AH ||
           error_set(error, -1, "enable-tcp= is for ESP: AH does not go in TCP; write phase2=esp");
}

/* A Quick Mode names one network of each side (RFC 2409 5.5). */
static bool check_ikev1(const struct connection_spec *spec, struct error *error)
{
    if (spec->ike_version == 1 && (spec->left.client_count > 1 || spec->right.client_count > 1))
        return error_set(error, -1,
                         "keyexchange=ikev1 takes one leftsubnet= and one rightsubnet=; leftsubnets= and "
                         "rightsubnets= make a connection of each pair");
    return spec->clones == 0 || spec->ike_version != 1 ||
           error_set(error, -1, "clones= is for IKEv2 (RFC 9611); remove it or keyexchange=ikev1");
}

/* AH's check covers the addresses that a NAT changes (RFC 4302 3.3.3, RFC 3715 2.1). */
static bool check_protocols(const struct connection_spec *spec, struct error *error)
{
    bool has_ah = spec->protocol == PROTOCOL_AH || spec->ah_proposals != NULL;
    if (spec->ah_proposals != NULL && spec->ike_version != 1)
        return error_set(error, -1,
                         "phase2=ah+esp: IKEv2 does not negotiate AH and ESP together; write one of them, or "
                         "keyexchange=ikev1");
    return !has_ah || spec->encapsulation != ENCAPSULATION_YES ||
           error_set(error, -1,
                     "encapsulation=yes is for ESP: AH does not go through a NAT; write phase2=esp");
}

static bool check_xauth(const struct connection_spec *spec, struct error *error)
{
    const struct end_spec *ends[] = {&spec->left, &spec->right};
    for (size_t i = 0; i < ARRAY_SIZE(ends); i++) {
        const char *name = i == 0 ? "left" : "right";
        if (ends[i]->xauth_server && ends[i]->xauth_client)
            return error_set(error, -1, "%sxauthserver= and %sxauthclient= exclude each other", name, name);
    }
    if (spec->left.xauth_server && spec->right.xauth_server)
        return error_set(error, -1, "leftxauthserver= and rightxauthserver= exclude each other");
    if (spec->left.xauth_client && spec->right.xauth_client)
        return error_set(error, -1, "leftxauthclient= and rightxauthclient= exclude each other");
    return true;
}

/* A VTI tells its tunnels by their marks alone. */
static bool check_vti(const struct connection_spec *spec, struct error *error)
{
    if (spec->interface.vti.name[0] == '\0')
        return true;
    if (spec->interface.is_wanted)
        return error_set(error, -1, "vti-interface= and ipsec-interface= exclude each other; remove one");
    return spec->type == TYPE_TUNNEL || error_set(error, -1, "vti-interface= needs type=tunnel");
}

bool connection_spec_check(const struct connection_spec *spec, struct error *error)
{
    return check_hosts(spec, error) && check_family(spec, error) && check_clients(spec, error) &&
           check_transport(spec, error) && check_tcp(spec, error) && check_ikev1(spec, error) &&
           check_xauth(spec, error) && check_sourceip(&spec->left, "left", error) &&
           check_sourceip(&spec->right, "right", error) && check_translation(spec, error) &&
           check_protocols(spec, error) && check_virtual(spec, error) &&
           check_group(&spec->left, "left", error) && check_group(&spec->right, "right", error) &&
           check_vti(spec, error) && check_modecfg(spec, error) && check_auth(spec, error) &&
           check_ikev1_auth(spec, error);
}
