/* Connections in status output, in the shapes of Libreswan 4.x. */
#include <stdio.h>

#include "base/text.h"
#include "control/session.h"

enum { CONNECTIONS_A_PIECE = 16 };

struct name {
    char text[320];
};

/* "name" or "name"[1] 192.0.2.7 */
static struct name name_of(const struct connection_view *view)
{
    struct name name;
    char address[ADDRESS_TEXT_SIZE];
    if (view->is_instance)
        snprintf(name.text, sizeof(name.text), "\"%s\"[] %s", view->spec->name,
                 address_text(&view->remote.address, address));
    else
        snprintf(name.text, sizeof(name.text), "\"%s\"", view->spec->name);
    return name;
}

static const struct end_spec *end_of(const struct connection_view *view, bool local)
{
    return view->left_is_local == local ? &view->spec->left : &view->spec->right;
}

static void add_host(struct text *text, const struct end_spec *end)
{
    char address[ADDRESS_TEXT_SIZE];
    if (address_is_set(&end->host) && end->host_kind != HOST_ANY)
        text_add(text, "%s", address_text(&end->host, address));
    else
        text_add(text, "%s",
                 end->host_kind == HOST_NAME || end->host_kind == HOST_INTERFACE ? end->host_name : "%any");
}

static void add_clients(struct text *text, const struct end_spec *end)
{
    char selector[SELECTOR_TEXT_SIZE];
    for (size_t i = 0; i < end->client_count; i++)
        text_add(text, "%s%s", i ? "," : "", selector_text(&end->clients[i], selector));
}

static void add_id(struct text *text, const struct identity *id, const struct end_spec *end)
{
    char id_text[IDENTITY_TEXT_SIZE];
    if (end->id.kind != ID_NONE)
        text_add(text, "[%s]", identity_text(id, id_text));
}

static const char *routing_name(enum routing_state routing)
{
    switch (routing) {
    case ROUTING_UNROUTED:
        return "unrouted";
    case ROUTING_ONDEMAND:
        return "prospective erouted";
    case ROUTING_NEGOTIATING:
        return "erouted HOLD";
    case ROUTING_TUNNEL:
        return "erouted";
    case ROUTING_FAILURE:
        return "fail erouted";
    }
    return "unrouted";
}

static void line_topology(struct control_session *session, const struct connection_view *view,
                          const char *name)
{
    char line[2048];
    struct text text = text_of(line, sizeof(line));
    const struct end_spec *local = end_of(view, true), *remote = end_of(view, false);
    add_clients(&text, local);
    text_add(&text, "%s", local->client_count ? "===" : "");
    add_host(&text, local);
    add_id(&text, view->is_oriented ? view->local_id : &local->id, local);
    text_add(&text, "...");
    if (view->is_instance) {
        char address[ADDRESS_TEXT_SIZE];
        text_add(&text, "%s", address_text(&view->remote.address, address));
    } else {
        add_host(&text, remote);
    }
    add_id(&text, view->is_oriented ? view->remote_id : &remote->id, remote);
    text_add(&text, "%s", remote->client_count ? "===" : "");
    add_clients(&text, remote);
    session_line(session, RC_COMMENT, "%s: %s; %s; eroute owner: #%llu", name, line,
                 routing_name(view->routing), (unsigned long long)view->newest_child_serial);
}

static void line_orientation(struct control_session *session, const struct connection_view *view,
                             const char *name)
{
    char sourceip[ADDRESS_TEXT_SIZE] = "unset", their[ADDRESS_TEXT_SIZE] = "unset";
    const struct end_spec *local = end_of(view, true), *remote = end_of(view, false);
    if (address_is_set(&local->sourceip))
        address_text(&local->sourceip, sourceip);
    if (address_is_set(&remote->sourceip))
        address_text(&remote->sourceip, their);
    const char *updown = local->updown ? local->updown : "ipsec _updown";
    session_line(session, RC_COMMENT, "%s:     %s; my_ip=%s; their_ip=%s; my_updown=%s;", name,
                 view->is_oriented ? "oriented" : "unoriented", sourceip, their,
                 updown[0] ? updown : "%disabled");
}

static void add_limit(struct text *text, uint64_t limit)
{
    if (limit == UINT64_MAX || limit == UINT64_C(1) << 63)
        text_add(text, "2^63");
    else
        text_add(text, "%llu", (unsigned long long)limit);
}

static void line_lifetimes(struct control_session *session, const struct connection_view *view,
                           const char *name)
{
    const struct connection_spec *spec = view->spec;
    char bytes[32], packets[32];
    struct text bytes_text = text_of(bytes, sizeof(bytes)), packets_text = text_of(packets, sizeof(packets));
    add_limit(&bytes_text, spec->ipsec_max_bytes);
    add_limit(&packets_text, spec->ipsec_max_packets);
    session_line(session, RC_COMMENT,
                 "%s:   ike_life: %llus; ipsec_life: %llus; ipsec_max_bytes: %sB; ipsec_max_packets: %s; "
                 "replay_window: "
                 "%u; rekey_margin: %llus; rekey_fuzz: %u%%; keyingtries: 0;",
                 name, (unsigned long long)(spec->ike_lifetime / USEC_PER_SEC),
                 (unsigned long long)(spec->ipsec_lifetime / USEC_PER_SEC), bytes, packets,
                 spec->replay_window, (unsigned long long)(spec->rekey_margin / USEC_PER_SEC),
                 spec->rekey_fuzz_percent);
    session_line(session, RC_COMMENT,
                 "%s:   retransmit-interval: %llums; retransmit-timeout: %llus; iketcp:no; iketcp-port:4500;",
                 name, (unsigned long long)(spec->retransmit_interval / USEC_PER_MSEC),
                 (unsigned long long)(spec->retransmit_timeout / USEC_PER_SEC));
}

static const char *yes_no(bool value)
{
    return value ? "yes" : "no";
}

/* How narrow the (first) client of an end is, in bits; the host itself when it has none. */
static unsigned client_length(const struct end_spec *end, const struct ip_address *host)
{
    struct ip_prefix prefix;
    if (end->client_count == 0)
        return (unsigned)address_size(host) * 8;
    return range_is_prefix(&end->clients[0].range, &prefix) ? prefix.length : 0;
}

static void line_policy(struct control_session *session, const struct connection_view *view, const char *name)
{
    const struct connection_spec *spec = view->spec;
    session_line(
        session, RC_COMMENT,
        "%s:   initial-contact:%s; cisco-unity:no; fake-strongswan:no; send-vendorid:%s; send-no-esp-tfc:no;",
        name, yes_no(spec->initial_contact), yes_no(spec->send_vendorid));
    session_line(session, RC_COMMENT, "%s:   policy: IKEv2+PSK+ENCRYPT%s%s%s%s;", name,
                 spec->type == TYPE_TUNNEL ? "+TUNNEL" : "", spec->pfs ? "+PFS" : "",
                 spec->rekey ? "" : "+DONT_REKEY", spec->narrowing ? "+IKEV2_ALLOW_NARROWING" : "");
    session_line(session, RC_COMMENT, "%s:   v2-auth-hash-policy: none;", name);
    char mtu[16] = "unset", priority[16] = "auto";
    if (spec->mtu)
        snprintf(mtu, sizeof(mtu), "%u", spec->mtu);
    if (spec->priority)
        snprintf(priority, sizeof(priority), "%u", spec->priority);
    session_line(session, RC_COMMENT,
                 "%s:   conn_prio: %u,%u; interface: %s; metric: %u; mtu: %s; sa_prio:%s; sa_tfc:none;", name,
                 client_length(end_of(view, true), &view->local.address),
                 client_length(end_of(view, false), &view->remote.address), view->interface, spec->metric,
                 mtu, priority);
    session_line(session, RC_COMMENT,
                 "%s:   nflog-group: unset; mark: unset; vti-iface:unset; vti-routing:no; vti-shared:no; "
                 "nic-offload:no;",
                 name);
}

static void line_ids(struct control_session *session, const struct connection_view *view, const char *name)
{
    const struct connection_spec *spec = view->spec;
    char mine[IDENTITY_TEXT_SIZE], theirs[IDENTITY_TEXT_SIZE];
    if (view->is_oriented)
        session_line(session, RC_COMMENT, "%s:   our idtype: %s; our id=%s; their idtype: %s; their id=%s",
                     name, identity_kind_name(view->local_id->kind), identity_text(view->local_id, mine),
                     identity_kind_name(view->remote_id->kind), identity_text(view->remote_id, theirs));
    session_line(session, RC_COMMENT,
                 "%s:   liveness: %s; dpdaction:%s; dpddelay:%llus; retransmit-timeout:%llus", name,
                 spec->dpd_delay ? "active" : "passive", spec->dpd_delay ? "restart" : "hold",
                 (unsigned long long)(spec->dpd_delay / USEC_PER_SEC),
                 (unsigned long long)(spec->retransmit_timeout / USEC_PER_SEC));
    static const char *const encapsulation[] = {"auto", "yes", "no"};
    session_line(session, RC_COMMENT, "%s:   nat-traversal: encaps:%s; keepalive:%s", name,
                 encapsulation[spec->encapsulation], spec->nat_keepalive ? "20s" : "no");
    session_line(session, RC_COMMENT,
                 "%s:   newest IKE SA: #%llu; newest IPsec SA: #%llu; conn serial: $%llu;", name,
                 (unsigned long long)view->newest_ike_serial, (unsigned long long)view->newest_child_serial,
                 (unsigned long long)view->serial);
}

/* What was agreed on by the newest SAs stands below what is offered. */
static void line_algorithms(struct control_session *session, const struct connection_view *view,
                            const char *name)
{
    char list[2048];
    struct text text = text_of(list, sizeof(list));
    struct ike_view ike;
    struct child_view child;
    proposals_text(&text, view->spec->ike_proposals);
    session_line(session, RC_COMMENT, "%s:   IKE algorithms: %s", name, list);
    if (engine_view_ike_at(session->control->engine, view->newest_ike_serial, &ike) && ike.suite != NULL) {
        text = text_of(list, sizeof(list));
        suite_text(&text, ike.suite);
        session_line(session, RC_COMMENT, "%s:   IKEv2 algorithm newest: %s", name, list);
    }
    text = text_of(list, sizeof(list));
    proposals_text(&text, view->spec->child_proposals);
    session_line(session, RC_COMMENT, "%s:   ESP algorithms: %s", name, list);
    if (engine_view_child_at(session->control->engine, view->newest_child_serial, &child) &&
        child.suite != NULL) {
        text = text_of(list, sizeof(list));
        suite_text(&text, child.suite);
        session_line(session, RC_COMMENT, "%s:   ESP algorithm newest: %s; pfsgroup=%s", name, list,
                     view->spec->pfs ? "<Phase1>" : "<N/A>");
    }
}

static void show(struct control_session *session, const struct connection_view *view)
{
    struct name name = name_of(view);
    line_topology(session, view, name.text);
    line_orientation(session, view, name.text);
    session_line(session, RC_COMMENT,
                 "%s:   xauth us:none, xauth them:none,  my_username=[any]; their_username=[any]", name.text);
    session_line(session, RC_COMMENT,
                 "%s:   our auth:secret, their auth:secret, our autheap:none, their autheap:none;",
                 name.text);
    session_line(
        session, RC_COMMENT,
        "%s:   modecfg info: us:none, them:none, modecfg policy:push, dns:unset, domains:unset, cat:unset;",
        name.text);
    session_line(session, RC_COMMENT, "%s:   sec_label:unset;", name.text);
    line_lifetimes(session, view, name.text);
    line_policy(session, view, name.text);
    line_ids(session, view, name.text);
    line_algorithms(session, view, name.text);
}

bool list_connections(struct control_session *session)
{
    struct listing *listing = &session->listing;
    struct connection_view view;
    for (int i = 0; i < CONNECTIONS_A_PIECE; i++) {
        if (!engine_view_connection(session->control->engine, listing->after, &view))
            return false;
        listing->after = view.serial;
        if (listing->name[0] == '\0' || strcmp(listing->name, view.spec->name) == 0)
            show(session, &view);
    }
    return true;
}
