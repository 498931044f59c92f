/* Connections in status output. */
#include <stdio.h>

#include "base/text.h"
#include "control/connection_ends.h"
#include "control/session.h"
#include "engine/policy_text.h"

enum { CONNECTIONS_A_PIECE = 16, LIST_SIZE = 4096 };

static const char *const lines[] = {
    "{name}: {topology}; {routing}; eroute owner: #{routing_owner}",
    "{name}:     {is_oriented?oriented}{!is_oriented?unoriented}; my_ip={local.sourceip}; "
    "their_ip={remote.sourceip}; my_updown={local.updown};",
    "{name}:   xauth us:{local.xauth}, xauth them:{remote.xauth}, {xauthby?xauthby:{xauthby};} "
    "my_username={local.username}; their_username={remote.username}",
    "{name}:   our auth:{local.auth_policy}, their auth:{remote.auth_policy}, our autheap:none, their "
    "autheap:none;",
    "{name}:   modecfg info: us:{local.modecfg}, them:{remote.modecfg}, modecfg policy:{modecfg_policy}, "
    "dns:{modecfg_dns}, domains:{modecfg_domains_shown}, cat:{local.cat};",
    "{modecfg_banner?{name}:   banner:{modecfg_banner};}",
    "{name}:   sec_label:unset;",
    "{name}:   ike_life: {ike_lifetime_seconds}s; ipsec_life: {ipsec_lifetime_seconds}s; "
    "ipsec_max_bytes: {ipsec_max_bytes}B; ipsec_max_packets: {ipsec_max_packets}; "
    "replay_window: {replay_window}; rekey_margin: {rekey_margin_seconds}s; "
    "rekey_fuzz: {rekey_fuzz_percent}%; keyingtries: 0; clones: {clones};",
    "{name}:   retransmit-interval: {retransmit_interval_msec}ms; "
    "retransmit-timeout: {retransmit_timeout_seconds}s; iketcp:{enable_tcp}; iketcp-port:{tcp_remote_port};",
    "{name}:   initial-contact:{initial_contact}; cisco-unity:{cisco_unity}; "
    "fake-strongswan:{fake_strongswan}; "
    "send-vendorid:{send_vendorid}; send-no-esp-tfc:{send_no_esp_tfc};",
    "{name}:   policy: {policy};",
    "{!is_ikev1?{name}:   v2-auth-hash-policy: {auth_hashes};}",
    "{name}:   conn_prio: {local.client_bits},{remote.client_bits}; interface: {interface}; "
    "metric: {metric}; mtu: {mtu}; sa_prio:{priority}; sa_tfc:{tfc};",
    "{name}:   nflog-group: {nflog_group}; mark: {mark}; vti-iface:{vti_interface}; "
    "vti-routing:{vti_routing}; "
    "vti-shared:{vti_shared}; "
    "nic-offload:{nic_offload};",
    "{name}:   our idtype: {local.id_type}; our id={local.id}; their idtype: {remote.id_type}; "
    "their id={remote.id}",
    "{is_ikev1?{name}:   dpd: {dpd_delay_seconds?active}{!dpd_delay_seconds?passive}; "
    "action:{dpd_action}; delay:{dpd_delay_seconds}s; "
    "timeout:{dpd_timeout_seconds}s}",
    "{!is_ikev1?{name}:   liveness: {dpd_delay_seconds?active}{!dpd_delay_seconds?passive}; "
    "dpdaction:{dpd_action}; dpddelay:{dpd_delay_seconds}s; "
    "retransmit-timeout:{retransmit_timeout_seconds}s}",
    "{name}:   nat-traversal: encaps:{encapsulation}; "
    "keepalive:{nat_keepalive?{nat_keepalive_seconds}s}{!nat_keepalive?no}"
    "{is_ikev1?; ikev1-method:rfc+drafts}",
    "{name}:   newest {is_ikev1?ISAKMP}{!is_ikev1?IKE} SA: #{newest_ike_serial}; newest IPsec SA: "
    "#{newest_child_serial}; "
    "conn serial: ${serial}{template_serial?, instantiated from: ${template_serial}};",
    "{aliases?{name}:   aliases: {aliases}}",
    "{!is_shunt?{name}:   IKE algorithms: {ike_algorithms}}",
    "{newest_ike_algorithm?{name}:   IKEv{ike_version} algorithm newest: {newest_ike_algorithm}}",
    "{!is_shunt?{name}:   {esp} algorithms: {esp_algorithms}}",
    "{newest_esp_algorithm?{name}:   {esp} algorithm newest: {newest_esp_transforms}; "
    "pfsgroup={pfs?<Phase1>}{!pfs?<N/A>}}",
};

static const struct text_form form = TEXT_FORM(RC_COMMENT, lines);
/* Of each the first line only. */
static const struct text_form brief_form = {.code = RC_COMMENT, .line_count = 1, .lines = lines};

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

/* With commas between them, as text has them. */
static void put_domains_shown(struct facts *facts, const char *domains)
{
    char list[LIST_SIZE];
    snprintf(list, sizeof(list), "%s", domains ? domains : "unset");
    for (char *space = list; (space = strchr(space, ' ')) != NULL;)
        *space = ',';
    facts_shown(facts, "modecfg_domains_shown", list);
}

static void put_modecfg(struct facts *facts, const struct connection_spec *spec)
{
    const struct modecfg_spec *modecfg = &spec->modecfg;
    char list[CONFIGURATION_DNS_LIMIT * (ADDRESS_TEXT_SIZE + 2)], address[ADDRESS_TEXT_SIZE];
    struct text text = text_of(list, sizeof(list));
    for (size_t i = 0; i < modecfg->dns_count; i++)
        text_add(&text, "%s%s", i > 0 ? ", " : "", address_text(&modecfg->dns[i], address));
    facts_text(facts, "modecfg_policy", modecfg->pull ? "pull" : "push");
    facts_text_or(facts, "modecfg_dns", modecfg->dns_count > 0 ? list : NULL, "unset");
    facts_text_or(facts, "modecfg_domains", modecfg->domains, "unset");
    put_domains_shown(facts, modecfg->domains);
    facts_text(facts, "modecfg_banner", modecfg->banner);
    facts_bool(facts, "cisco_unity", modecfg->cisco_unity);
    facts_bool(facts, "share_lease", modecfg->share_lease);
}

static const char *const nic_offload_names[] = {
    [NIC_OFFLOAD_NO] = "no", [NIC_OFFLOAD_CRYPTO] = "crypto", [NIC_OFFLOAD_PACKET] = "packet"};

static void put_extras(struct facts *facts, const struct connection_spec *spec)
{
    char clones[8];
    snprintf(clones, sizeof(clones), "%u", spec->clones);
    facts_text(facts, "clones",
               spec->clones == 0            ? "no (unset)"
               : spec->clones == CLONES_MAX ? "yes"
                                            : clones);
    const struct vti_interface *vti = &spec->interface.vti;
    char tfc[16];
    snprintf(tfc, sizeof(tfc), "%u", spec->tfc_pad);
    facts_text_or(facts, "tfc", spec->tfc_pad != 0 ? tfc : NULL, "none");
    char nflog_group[8];
    snprintf(nflog_group, sizeof(nflog_group), "%u", spec->nflog_group);
    facts_text_or(facts, "nflog_group", spec->nflog_group != 0 ? nflog_group : NULL, "unset");
    facts_text_or(facts, "vti_interface", vti->name[0] != '\0' ? vti->name : NULL, "unset");
    facts_text(facts, "nic_offload", nic_offload_names[spec->nic_offload]);
    facts_bool(facts, "vti_routing", vti->has_routes);
    facts_bool(facts, "vti_shared", vti->is_shared);
}

static void put_policy(struct facts *facts, const struct connection_view *view)
{
    const char *words[POLICY_WORDS_MAX];
    size_t count = policy_words(view->spec, view->keeps_up, words);
    char hashes[64];
    struct text hash_text = text_of(hashes, sizeof(hashes));
    auth_hashes_add(&hash_text, view->spec->signature_hashes);
    facts_text(facts, "auth_hashes", hashes);
    facts_list_begin(facts, "policy", '+');
    for (size_t i = 0; i < count; i++)
        facts_list_add(facts, words[i]);
    facts_list_end(facts);
}

static const char *dpd_action_name(const struct connection_spec *spec)
{
    static const char *const names[] = {
        [DPD_ACTION_HOLD] = "hold", [DPD_ACTION_CLEAR] = "clear", [DPD_ACTION_RESTART] = "restart"};
    if (spec->dpd_action == DPD_ACTION_AUTO)
        return spec->dpd_delay != 0 ? "restart" : "hold";
    return names[spec->dpd_action];
}

static void put_limits(struct facts *facts, const struct connection_spec *spec)
{
    facts_number(facts, "ike_lifetime_seconds", spec->ike_lifetime / USEC_PER_SEC);
    facts_number(facts, "ipsec_lifetime_seconds", spec->ipsec_lifetime / USEC_PER_SEC);
    facts_limit(facts, "ipsec_max_bytes", spec->ipsec_max_bytes, "2^63");
    facts_limit(facts, "ipsec_max_packets", spec->ipsec_max_packets, "2^63");
    facts_number(facts, "replay_window", spec->replay_window);
    facts_number(facts, "rekey_margin_seconds", spec->rekey_margin / USEC_PER_SEC);
    facts_number(facts, "rekey_fuzz_percent", spec->rekey_fuzz_percent);
    facts_number(facts, "retransmit_interval_msec", spec->retransmit_interval / USEC_PER_MSEC);
    static const char *const tcp[] = {"no", "yes", "fallback"};
    facts_text(facts, "enable_tcp", tcp[spec->tcp_use]);
    facts_number(facts, "tcp_remote_port", spec->tcp_remote_port);
    facts_number(facts, "retransmit_timeout_seconds", spec->retransmit_timeout / USEC_PER_SEC);
    facts_text(facts, "dpd_action", dpd_action_name(spec));
    facts_limit(facts, "dpd_delay_seconds", spec->dpd_delay ? spec->dpd_delay / USEC_PER_SEC : UINT64_MAX,
                "0");
    facts_limit(facts, "dpd_timeout_seconds", spec->dpd_delay ? spec->dpd_timeout / USEC_PER_SEC : UINT64_MAX,
                "0");
}

/* mark= as it is written, both directions; the interface of ipsec-interface=. */
static void put_kernel_extras(struct facts *facts, const struct connection_spec *spec)
{
    char mark[64], interface[24];
    const struct packet_mark *in = &spec->mark_in, *out = &spec->mark_out;
    bool has_mark = in->mask != 0 || out->mask != 0;
    snprintf(mark, sizeof(mark), "%u/0x%08x, %u/0x%08x", in->value, in->mask, out->value, out->mask);
    snprintf(interface, sizeof(interface), "ipsec%u", spec->interface.number);
    facts_text_or(facts, "mark", spec->mark_is_unique ? "-1" : has_mark ? mark : NULL, "unset");
    facts_text_or(facts, "ipsec_interface", spec->interface.is_wanted ? interface : NULL, "no");
}

/* Who asks for passwords also says how they are checked. */
static void put_xauthby(struct facts *facts, const struct connection_view *view)
{
    static const char *const names[] = {"file", "pam", "alwaysok"};
    bool is_server = connection_shown_end(view, true)->xauth_server;
    facts_text(facts, "xauthby", is_server ? names[view->spec->xauth_by] : NULL);
}

static void put_options(struct facts *facts, const struct engine *engine, const struct connection_spec *spec)
{
    static const char *const encapsulation[] = {"auto", "yes", "no"};
    static const char *const types[] = {"tunnel", "transport", "pass", "drop"};
    facts_number(facts, "ike_version", spec->ike_version);
    facts_text(facts, "type", types[spec->type]);
    if (!facts->is_json) {
        facts_bool(facts, "is_ikev1", spec->ike_version == 1);
        facts_bool(facts, "is_shunt", connection_spec_is_shunt(spec));
        facts_text(facts, "esp", spec->protocol == PROTOCOL_AH ? "AH" : "ESP");
    }
    facts_bool(facts, "pfs", spec->pfs);
    facts_bool(facts, "initial_contact", spec->initial_contact);
    facts_bool(facts, "fake_strongswan", spec->fake_strongswan);
    facts_bool(facts, "send_no_esp_tfc", spec->send_no_esp_tfc);
    put_extras(facts, spec);
    facts_bool(facts, "send_vendorid", spec->send_vendorid);
    facts_text(facts, "encapsulation", encapsulation[spec->encapsulation]);
    facts_bool(facts, "nat_keepalive", spec->nat_keepalive);
    facts_number(facts, "nat_keepalive_seconds",
                 engine_view_settings(engine)->nat_keepalive_interval / USEC_PER_SEC);
    put_modecfg(facts, spec);
    facts_number(facts, "metric", spec->metric);
    facts_limit(facts, "mtu", spec->mtu ? spec->mtu : UINT64_MAX, "unset");
    facts_limit(facts, "priority", spec->priority ? spec->priority : UINT64_MAX, "auto");
    put_kernel_extras(facts, spec);
    facts_list_begin(facts, "aliases", ' ');
    for (size_t i = 0; i < spec->alias_count; i++)
        facts_list_add(facts, spec->aliases[i]);
    facts_list_end(facts);
}

static void put_suite(struct facts *facts, const char *name, const struct suite *suite)
{
    char list[512];
    struct text text = text_of(list, sizeof(list));
    if (suite != NULL)
        suite_text(&text, suite);
    facts_text(facts, name, suite ? list : NULL);
}

/* For text, where pfsgroup= tells of the key exchange. */
static void put_without_ke(struct facts *facts, const struct suite *suite)
{
    char list[512] = "";
    struct text text = text_of(list, sizeof(list));
    if (suite != NULL) {
        struct suite rest = *suite;
        rest.ke = NULL;
        suite_text(&text, &rest);
    }
    facts_shown(facts, "newest_esp_transforms", list);
}

/* What was agreed on by the newest SAs stands below what is offered. */
static void put_algorithms(struct facts *facts, const struct engine *engine,
                           const struct connection_view *view)
{
    char list[LIST_SIZE];
    struct text text = text_of(list, sizeof(list));
    struct ike_view ike;
    struct child_view child;
    bool has_ike = engine_view_ike_at(engine, view->newest_ike_serial, &ike);
    bool has_child = engine_view_child_at(engine, view->newest_child_serial, &child);
    proposals_text(&text, view->spec->ike_proposals);
    facts_text(facts, "ike_algorithms", list);
    put_suite(facts, "newest_ike_algorithm", has_ike ? ike.suite : NULL);
    text = text_of(list, sizeof(list));
    proposals_text(&text, view->spec->child_proposals);
    facts_text(facts, "esp_algorithms", list);
    put_suite(facts, "newest_esp_algorithm", has_child ? child.suite : NULL);
    put_without_ke(facts, has_child ? child.suite : NULL);
}

static void put_connection(struct facts *facts, const struct engine *engine,
                           const struct connection_view *view, const struct text_form *as)
{
    facts_begin(facts, NULL, as);
    facts_number(facts, "serial", view->serial);
    put_connection_name(facts, view->spec->name, view->instance_number, NULL);
    facts_bool(facts, "is_template", view->is_template);
    facts_limit(facts, "template_serial", view->is_instance ? view->template_serial : UINT64_MAX, "0");
    facts_bool(facts, "is_oriented", view->is_oriented);
    facts_text(facts, "interface", view->interface);
    facts_text(facts, "routing", routing_name(view->routing));
    facts_number(facts, "routing_owner", view->newest_child_serial);
    facts_number(facts, "newest_ike_serial", view->newest_ike_serial);
    facts_number(facts, "newest_child_serial", view->newest_child_serial);
    put_connection_topology(facts, view);
    put_connection_end(facts, "local", view, true);
    put_connection_end(facts, "remote", view, false);
    put_policy(facts, view);
    put_limits(facts, view->spec);
    put_options(facts, engine, view->spec);
    put_xauthby(facts, view);
    put_algorithms(facts, engine, view);
    facts_end(facts);
}

static bool next(struct control_session *session, struct facts *facts, const struct text_form *as)
{
    struct connection_view view;
    if (session->listing.chosen == NULL && session->listing.after == 0)
        listing_order(session);
    for (int i = 0; i < CONNECTIONS_A_PIECE; i++) {
        if (!listing_next_connection(session, &view))
            return false;
        put_connection(facts, session->control->engine, &view, as);
    }
    return true;
}

static bool next_connections(struct control_session *session, struct facts *facts)
{
    return next(session, facts, &form);
}

static bool next_brief(struct control_session *session, struct facts *facts)
{
    return next(session, facts, &brief_form);
}

const struct list_section section_connections = {
    .name = "connections", .is_array = true, .next = next_connections};
const struct list_section section_brief_connections = {
    .name = "connections", .is_array = true, .next = next_brief};
