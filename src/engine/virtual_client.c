#include "engine/virtual_client.h"

#include "engine/routing_policy.h"

#include "engine/connection.h"
#include "engine/login.h"

static const struct virtual_client *rules_of(const struct connection *connection)
{
    return &connection->remote_end->virtual_client;
}

/* In one of the networks and in none of the excluded ones. */
static bool is_within(const struct virtual_net *nets, size_t count, const struct ip_range *range)
{
    bool is_included = false;
    for (size_t i = 0; i < count; i++) {
        struct ip_range net = range_of_prefix(&nets[i].prefix), common;
        if (nets[i].is_excluded && range_overlap(&net, range, &common))
            return false;
        is_included = is_included || (!nets[i].is_excluded && range_contains(&net, range));
    }
    return is_included;
}

/* Of what the peer proposes, the protocol and port that rightprotoport= leaves it. */
static bool within_protocol(const struct end_spec *end, const struct selector *theirs, struct selector *ret)
{
    struct ip_prefix host = prefix_of_address(&theirs->range.start);
    struct selector allowed = selector_of_prefix(&host, end->protocol, end->port);
    allowed.range = theirs->range;
    return selector_intersect(theirs, &allowed, ret);
}

static bool is_allowed(const struct engine *engine, const struct virtual_client *rules,
                       const struct ip_range *range)
{
    const struct engine_settings *settings = &engine->settings;
    bool is_host = address_equal(&range->start, &range->end);
    if (rules->kind == VIRTUAL_HOST && !is_host)
        return false;
    return rules->allows_all || is_within(rules->nets, rules->net_count, range) ||
           (rules->allows_private &&
            is_within(settings->virtual_private, settings->virtual_private_count, range));
}

/* %no: no virtual address, the peer speaks for itself. */
static bool is_peer_itself(const struct virtual_client *rules, const struct ip_address *remote,
                           const struct selector *theirs, struct selector *ret)
{
    struct ip_prefix prefix = prefix_of_address(remote);
    struct selector own = selector_of_prefix(&prefix, 0, 0);
    return rules->allows_no && selector_intersect(theirs, &own, ret);
}

static void describe_rules(const struct engine *engine, const struct virtual_client *rules, struct text *out)
{
    text_add(out, "%s:", rules->kind == VIRTUAL_HOST ? "vhost" : "vnet");
    if (rules->allows_no)
        text_add(out, " the peer's own address;");
    if (rules->allows_all)
        text_add(out, " any;");
    if (rules->allows_private)
        text_add(out, engine->settings.virtual_private_count > 0
                          ? " what virtual-private= allows;"
                          : " what virtual-private= allows, which is not set;");
    if (rules->net_count > 0)
        text_add(out, " its own list;");
}

/* Users of a group have one name. */
static bool is_same_peer(const struct engine *engine, const struct connection *rival,
                         const struct ike_sa *ike)
{
    /* An IPsec SA may have outlived the IKE SA that was its own: what carries it now knows the user. */
    const struct child_sa *child = child_by_serial(engine, rival->newest_child_serial);
    const struct ike_sa *theirs =
        ike_by_serial(engine, child != NULL ? child->ike_serial : rival->newest_ike_serial);
    return identity_equal(&rival->remote_id, &ike->remote_id) &&
           (theirs == NULL || login_users_are_equal(theirs, ike));
}

/* Nobody takes over the client of somebody else, unless both connections say overlapip=yes. */
static bool is_free(const struct engine *engine, const struct connection *connection,
                    const struct ike_sa *ike, const struct selector *wanted, struct error *error)
{
    char client[SELECTOR_TEXT_SIZE], peer[ADDRESS_TEXT_SIZE];
    const struct connection *rival = routing_rival_for_client(engine, connection, wanted);
    if (rival == NULL || (rival->spec->overlapip && connection->spec->overlapip) ||
        is_same_peer(engine, rival, ike))
        return true;
    return error_set(error, 0, "peer Virtual IP %s overlapping \"%.60s\"[%u] %s is forbidden (%s)",
                     selector_text(wanted, client), rival->spec->name, rival->instance_number,
                     address_text(&rival->remote, peer),
                     rival->spec->overlapip || connection->spec->overlapip
                         ? "only one of them has overlapip=yes"
                         : "overlapip=no");
}

bool virtual_client_choose(const struct engine *engine, const struct connection *connection,
                           const struct ike_sa *ike, const struct selector *theirs, size_t count,
                           struct selector *ret, struct error *error)
{
    const struct virtual_client *rules = rules_of(connection);
    for (size_t i = 0; i < count; i++) {
        struct selector offered;
        if (!within_protocol(connection->remote_end, &theirs[i], &offered))
            continue;
        if (is_allowed(engine, rules, &theirs[i].range))
            *ret = offered;
        else if (!is_peer_itself(rules, &ike->path.remote.address, &offered, ret))
            continue;
        return is_free(engine, connection, ike, ret, error);
    }
    char first[SELECTOR_TEXT_SIZE], taken[256];
    struct text text = text_of(taken, sizeof(taken));
    describe_rules(engine, rules, &text);
    return error_set(error, 0, "the client %s is not allowed; \"%.60s\" takes %s",
                     count > 0 ? selector_text(&theirs[0], first) : "(none)", connection->spec->name, taken);
}
