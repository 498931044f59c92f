/* What status output tells of the daemon itself: interfaces, settings, the platform. */
#include "base/text.h"
#include "control/session.h"

static const char *const blank[] = {" ", NULL};

static const struct control_facts *facts_of_daemon(const struct control_session *session)
{
    return session->control->host.facts(session->control->host.context);
}

/* ---- the daemon ---- */

static const char *const daemon_lines[] = {"using kernel interface: {kernel_interface}"};
static const struct text_form daemon_form = TEXT_FORM(RC_COMMENT, daemon_lines);

static bool next_daemon(struct control_session *session, struct facts *facts)
{
    const struct control_facts *daemon = facts_of_daemon(session);
    facts_begin(facts, "daemon", &daemon_form);
    facts_text(facts, "version", STYX_VERSION);
    facts_number(facts, "pid", (uint64_t)daemon->pid);
    facts_text(facts, "kernel_interface", daemon->kernel_interface);
    facts_bool(facts, "is_listening", engine_view_is_listening(session->control->engine));
    facts_end(facts);
    return false;
}

const struct list_section section_daemon = {.name = "daemon", .ending = blank, .next = next_daemon};

static const char *const interface_lines[] = {"interface {interface} {protocol} {endpoint}"};
static const struct text_form interface_form = TEXT_FORM(RC_COMMENT, interface_lines);

static void put_socket(void *context, const char *interface, const char *protocol,
                       const struct ip_endpoint *local)
{
    struct facts *facts = context;
    char address[ADDRESS_TEXT_SIZE], endpoint[ENDPOINT_TEXT_SIZE];
    facts_begin(facts, NULL, &interface_form);
    facts_text(facts, "interface", interface);
    facts_text(facts, "protocol", protocol);
    facts_text(facts, "address", address_text(&local->address, address));
    facts_number(facts, "port", local->port);
    facts_shown(facts, "endpoint", endpoint_text(local, endpoint));
    facts_end(facts);
}

static void put_udp(struct facts *facts, const struct listen_address *listen, uint16_t port)
{
    const struct ip_endpoint local = {.address = listen->address, .port = port};
    put_socket(facts, listen->interface, "UDP", &local);
}

static bool next_interfaces(struct control_session *session, struct facts *facts)
{
    const struct control_host *host = &session->control->host;
    const struct listen_address *list;
    const struct engine_settings *settings = engine_view_settings(session->control->engine);
    size_t count = engine_view_interfaces(session->control->engine, &list);
    if (host->each_socket != NULL) {
        host->each_socket(host->context, put_socket, facts);
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        put_udp(facts, &list[i], settings->natt_port);
        put_udp(facts, &list[i], settings->ike_port);
    }
    return false;
}

const struct list_section section_interfaces = {
    .name = "interfaces", .is_array = true, .ending = blank, .next = next_interfaces};

/* ---- the platform ---- */

static const char *const platform_lines[] = {"fips mode={fips?enabled}{!fips?disabled};", "SElinux={selinux}",
                                             "seccomp={seccomp}"};
static const struct text_form platform_form = TEXT_FORM(RC_COMMENT, platform_lines);

static bool next_platform(struct control_session *session, struct facts *facts)
{
    facts_begin(facts, "platform", &platform_form);
    facts_bool(facts, "fips", false);
    facts_text(facts, "selinux", "disabled");
    facts_text_or(facts, "seccomp", facts_of_daemon(session)->seccomp, "disabled");
    facts_end(facts);
    return false;
}

const struct list_section section_platform = {.name = "platform", .ending = blank, .next = next_platform};

static const char *const fips_lines[] = {"FIPS mode {fips?enabled}{!fips?disabled}"};
static const struct text_form fips_form = TEXT_FORM(RC_COMMENT, fips_lines);

static bool next_fips(struct control_session *session, struct facts *facts)
{
    (void)session;
    facts_begin(facts, "platform", &fips_form);
    facts_bool(facts, "fips", false);
    facts_end(facts);
    return false;
}

const struct list_section section_fips = {.name = "platform", .next = next_fips};

/* ---- config setup ---- */

static const char *const setup_heading[] = {"config setup options:", " ", NULL};
static const char *const setup_lines[] = {
    "configdir={configdir}, configfile={configfile}, secrets={secretsfile}, ipsecdir={ipsecdir}",
    "nssdir={nssdir}, dumpdir={dumpdir}, statsbin={statsbin}",
    "dnssec-rootkey-file=<unset>, dnssec-trusted=<unset>",
    "sbindir={sbindir}, libexecdir={libexecdir}",
    "pluto_version={version}, pluto_vendorid={vendorid}, audit-log={audit_log}",
    "nhelpers={nhelpers}, uniqueids={uniqueids}, dnssec-enable=no, logappend={logappend}, logip={logip}, "
    "shuntlifetime={shunt_lifetime_seconds}s, xfrmlifetime={xfrm_lifetime_seconds}s",
    "ddos-cookies-threshold={ddos_cookies_threshold}, ddos-max-halfopen={ddos_max_halfopen}, "
    "ddos-mode={ddos_mode}, ikev1-policy={ikev1_policy}",
    "ikebuf={ikebuf}, msg_errqueue={msg_errqueue}, crl-strict=no, crlcheckinterval=0, listen={listen}, "
    "nflog-all={nflog_all}",
    "ocsp-enable=no, ocsp-strict=no, ocsp-timeout=2, ocsp-uri=<unset>",
    "ocsp-trust-name=<unset>",
    "ocsp-cache-size=1000, ocsp-cache-min-age=3600, ocsp-cache-max-age=86400, ocsp-method=get",
    "global-redirect=no, global-redirect-to=<unset>",
    "secctx-attr-type=<unsupported>",
    "debug:{debug? {debug}}",
    " ",
    "nat-traversal=yes, keep-alive={keep_alive_seconds}, nat-ikeport={nat_ikeport}",
    "virtual-private (%priv):{virtual_private? {virtual_private}}",
    " ",
};
static const struct text_form setup_form = TEXT_FORM(RC_COMMENT, setup_lines);

static void put_debug(struct facts *facts, uint64_t classes)
{
    static const char *const names[] = {"base", "cpu-usage", "crypt",  "private",
                                        "tmi",  "routing",   "refcnt", "updown"}; /* enum debug_class */
    facts_list_begin(facts, "debug", '+');
    for (size_t i = 0; i < ARRAY_SIZE(names); i++)
        if ((classes & UINT64_C(1) << i) != 0)
            facts_list_add(facts, names[i]);
    facts_list_end(facts);
}

static bool next_setup(struct control_session *session, struct facts *facts)
{
    static const char *const ddos[] = {"auto", "busy", "unlimited"};
    const struct control_facts *daemon = facts_of_daemon(session);
    const struct engine_settings *settings = engine_view_settings(session->control->engine);
    facts_begin(facts, "setup", &setup_form);
    facts_text(facts, "configdir", "/etc");
    facts_text_or(facts, "statsbin", daemon->statsbin, "unset");
    facts_bool(facts, "logip", !daemon->hides_addresses);
    facts_bool(facts, "msg_errqueue", !daemon->ignores_errqueue);
    facts_text(facts, "configfile", daemon->config_file);
    facts_text(facts, "secretsfile", daemon->secrets_file);
    facts_text(facts, "ipsecdir", daemon->ipsec_dir);
    facts_text(facts, "nssdir", daemon->nss_dir);
    facts_text(facts, "dumpdir", daemon->dump_dir);
    facts_text(facts, "sbindir", daemon->sbin_dir);
    facts_text(facts, "libexecdir", daemon->exec_dir);
    facts_text(facts, "version", "Styx " STYX_VERSION);
    facts_text(facts, "vendorid", settings->vendor_id ? settings->vendor_id : "Styx-" STYX_VERSION);
    facts_number(facts, "nhelpers", (uint64_t)daemon->nhelpers);
    facts_bool(facts, "uniqueids", settings->unique_ids);
    facts_bool(facts, "logappend", daemon->log_append);
    facts_bool(facts, "audit_log", daemon->audits);
    facts_number(facts, "ddos_cookies_threshold", settings->ddos_ike_threshold);
    facts_number(facts, "ddos_max_halfopen", settings->max_halfopen_ike);
    static const char *const ikev1[] = {"drop", "accept", "reject"}; /* in the order of enum ikev1_policy */
    facts_text(facts, "ddos_mode", ddos[settings->ddos_mode]);
    facts_text(facts, "ikev1_policy", ikev1[settings->ikev1_policy]);
    facts_number(facts, "xfrm_lifetime_seconds", daemon->acquire_lifetime_seconds);
    facts_number(facts, "ikebuf", daemon->ike_socket_bufsize);
    facts_text(facts, "listen", daemon->listen);
    facts_number(facts, "nflog_all", daemon->nflog_all);
    put_debug(facts, settings->debug);
    facts_number(facts, "keep_alive_seconds", settings->nat_keepalive_interval / USEC_PER_SEC);
    facts_number(facts, "shunt_lifetime_seconds", settings->shunt_lifetime / USEC_PER_SEC);
    facts_number(facts, "nat_ikeport", settings->natt_port);
    facts_text(facts, "virtual_private", daemon->virtual_private);
    facts_end(facts);
    return false;
}

const struct list_section section_setup = {.name = "setup", .heading = setup_heading, .next = next_setup};

/* ---- processes ---- */

static const char *const processes_heading[] = {"  PID  Process", NULL};
static const char *const process_lines[] = {"{pid} {process}"};
static const struct text_form process_form = TEXT_FORM(RC_COMMENT, process_lines);

static bool next_processes(struct control_session *session, struct facts *facts)
{
    const struct control_host *host = &session->control->host;
    struct control_process process;
    for (size_t i = 0; host->process_at != NULL; i++) {
        process = host->process_at(host->context, i);
        if (process.name == NULL)
            break;
        facts_begin(facts, NULL, &process_form);
        facts_number(facts, "pid", (uint64_t)process.pid);
        facts_text(facts, "process", process.name);
        facts_end(facts);
    }
    return false;
}

const struct list_section section_processes = {
    .name = "processes", .is_array = true, .heading = processes_heading, .next = next_processes};

/* ---- what there is none of ---- */

static bool next_nothing(struct control_session *session, struct facts *facts)
{
    (void)session;
    (void)facts;
    return false;
}

/* The proposals are made when a connection is added and last as long as it: there is no data base of them. */
static const char *const database_heading[] = {
    "stats db_ops: {curr_cnt, total_cnt, maxsz} :context={0,0,0} trans={0,0,0} attrs={0,0,0} ", " ",
    "Connection list:", " ", NULL};

const struct list_section section_database = {
    .name = "database", .is_array = true, .heading = database_heading, .next = next_nothing};

/* What pluto began with: only a restart takes another `config setup`. */
static const char *const loaded_setup_lines[] = {"config setup of {file}"};
static const struct text_form loaded_setup_form = TEXT_FORM(RC_COMMENT, loaded_setup_lines);

static bool next_loaded_setup(struct control_session *session, struct facts *facts)
{
    const struct control_facts *daemon = facts_of_daemon(session);
    if (daemon->setup_text == NULL)
        return false;
    facts_begin(facts, "setup", &loaded_setup_form);
    facts_text(facts, "file", daemon->config_file);
    facts_text(facts, "options", daemon->setup_text);
    facts_end(facts);
    return false;
}

const struct list_section section_loaded_setup = {.name = "setup", .next = next_loaded_setup};
