/* Status, list and traffic commands: whole outputs for known states, and that text and JSON agree. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>

#include "two_gateways.h"

static const char west[] =
    "{\"left\":\"192.0.2.1\",\"leftid\":\"@west\",\"leftsubnet\":\"10.1.0.0/24\","
    "\"right\":\"192.0.2.2\",\"rightid\":\"@east\",\"rightsubnet\":\"10.2.0.0/24\","
    "\"authby\":\"secret\",\"ike\":\"aes_gcm128-sha2_256;dh31\",\"esp\":\"aes_gcm128\","
    "\"rekeymargin\":\"60s\",\"rekeyfuzz\":\"0%\"}";
static const char road[] = "{\"left\":\"192.0.2.1\",\"right\":\"%any\",\"authby\":\"secret\","
                           "\"ike\":\"aes_gcm128-sha2_256;dh31\",\"esp\":\"aes_gcm128\"}";

static struct two_gateways *world;

static int make_world(void **state)
{
    world = two_gateways_new();
    *state = &world->near;
    return 0;
}

static int unmake_world(void **state)
{
    (void)state;
    two_gateways_free(world);
    return 0;
}

static void bring_up(void)
{
    gateway_add(&world->near, "west-east", west);
    gateway_add(&world->far, "west-east", west);
    struct answer answer = gateway_ask(&world->near, "\"command\":\"initiate\",\"name\":\"west-east\"");
    assert_int_equal(answer.code, 0);
    free(answer.text);
    world->near.in_bytes = 84;
    world->near.out_bytes = 168;
}

static struct answer ask(const char *command, const char *more)
{
    char request[1200];
    snprintf(request, sizeof(request), "\"command\":\"%s\"%s", command, more);
    return gateway_ask(&world->near, request);
}

static void expect(const char *command, const char *more, const char *wanted)
{
    struct answer answer = ask(command, more);
    assert_int_equal(answer.code, 0);
    assert_string_equal(answer.text, wanted);
    free(answer.text);
}

#define TEXT ",\"output\":\"text\""

/* SPIs are drawn at random: they are taken from the JSON. */
static void spis_of(uint64_t serial, char in[9], char out[9])
{
    struct answer answer = ask("showstates", ",\"output\":\"json\"");
    json_t *document = json_loads(answer.text, 0, NULL);
    size_t index;
    json_t *state;
    json_array_foreach(json_object_get(document, "states"), index, state)
    {
        json_t *esp = json_object_get(state, "esp");
        if ((uint64_t)json_integer_value(json_object_get(state, "serial")) != serial)
            continue;
        snprintf(in, 9, "%s", json_string_value(json_object_get(esp, "spi_in")));
        snprintf(out, 9, "%s", json_string_value(json_object_get(esp, "spi_out")));
    }
    json_decref(document);
    free(answer.text);
}

static void connection_that_is_up_is_shown_as_libreswan_does(void **state)
{
    (void)state;
    bring_up();
    expect("connectionstatus", TEXT,
           "000 \"west-east\": 10.1.0.0/24===192.0.2.1[@west]...192.0.2.2[@east]===10.2.0.0/24; erouted; "
           "eroute owner: #2\n"
           "000 \"west-east\":     oriented; my_ip=unset; their_ip=unset; my_updown=ipsec _updown;\n"
           "000 \"west-east\":   xauth us:none, xauth them:none,  my_username=[any]; their_username=[any]\n"
           "000 \"west-east\":   our auth:secret, their auth:secret, our autheap:none, their autheap:none;\n"
           "000 \"west-east\":   modecfg info: us:none, them:none, modecfg policy:push, dns:unset, "
           "domains:unset, cat:unset;\n"
           "000 \"west-east\":   sec_label:unset;\n"
           "000 \"west-east\":   ike_life: 28800s; ipsec_life: 28800s; ipsec_max_bytes: 2^63B; "
           "ipsec_max_packets: 2^63; replay_window: 128; rekey_margin: 60s; rekey_fuzz: 0%; keyingtries: 0; "
           "clones: no (unset);\n"
           "000 \"west-east\":   retransmit-interval: 500ms; retransmit-timeout: 30s; iketcp:no; "
           "iketcp-port:4500;\n"
           "000 \"west-east\":   initial-contact:no; cisco-unity:no; fake-strongswan:no; send-vendorid:no; "
           "send-no-esp-tfc:no;\n"
           "000 \"west-east\":   policy: IKEv2+PSK+ENCRYPT+TUNNEL+PFS+UP+IKE_FRAG_ALLOW+ESN_NO+ESN_YES;\n"
           "000 \"west-east\":   v2-auth-hash-policy: none;\n"
           "000 \"west-east\":   conn_prio: 24,24; interface: eth0; metric: 0; mtu: unset; sa_prio:auto; "
           "sa_tfc:none;\n"
           "000 \"west-east\":   nflog-group: unset; mark: unset; vti-iface:unset; vti-routing:no; "
           "vti-shared:no; nic-offload:no;\n"
           "000 \"west-east\":   our idtype: ID_FQDN; our id=@west; their idtype: ID_FQDN; their id=@east\n"
           "000 \"west-east\":   liveness: passive; dpdaction:hold; dpddelay:0s; retransmit-timeout:30s\n"
           "000 \"west-east\":   nat-traversal: encaps:auto; keepalive:20s\n"
           "000 \"west-east\":   newest IKE SA: #1; newest IPsec SA: #2; conn serial: $1;\n"
           "000 \"west-east\":   IKE algorithms: AES_GCM_16_128-HMAC_SHA2_256-DH31\n"
           "000 \"west-east\":   IKEv2 algorithm newest: AES_GCM_16_128-HMAC_SHA2_256-DH31\n"
           "000 \"west-east\":   ESP algorithms: AES_GCM_16_128-NONE\n"
           "000 \"west-east\":   ESP algorithm newest: AES_GCM_16_128-NONE; pfsgroup=<Phase1>\n");
}

/* Monitors cut these lines at "===" and ";", and look for words between "+". */
static void what_a_connection_is_for_stands_in_its_lines(void **state)
{
    (void)state;
    static const struct {
        const char *options, *line;
    } rows[] = {
        {"\"type\":\"transport\",\"leftprotoport\":\"17/1701\",\"right\":\"%any\",\"rightprotoport\":\"17/"
         "%any\"",
         ": 192.0.2.1/32:UDP/1701===192.0.2.1...%any===0.0.0.0/0:UDP/0-65535; unrouted; "},
        {"\"right\":\"192.0.2.9\",\"rightprotoport\":\"tcp/22\"",
         ": 192.0.2.1...192.0.2.9===192.0.2.9/32:TCP/22; unrouted; "},
        {"\"right\":\"%opportunisticgroup\"", "+PFS+OPPORTUNISTIC+GROUP+IKE_FRAG_ALLOW+"},
        {"\"right\":\"192.0.2.9\",\"keyexchange\":\"ikev1\",\"aggressive\":\"yes\",\"modecfgpull\":\"yes\","
         "\"ike\":\"aes128-sha2;modp2048\"",
         "+PFS+MODECFG_PULL+AGGRESSIVE+IKE_FRAG_ALLOW+"},
        {"\"right\":\"192.0.2.9\",\"modecfgdomains\":\"a.example, b.example\"",
         " domains:a.example,b.example, cat:unset;"},
        {"\"right\":\"192.0.2.9\",\"leftmodecfgclient\":\"yes\",\"leftcat\":\"yes\"",
         " domains:unset, cat:set;"},
        {"\"right\":\"192.0.2.9\",\"leftmodecfgclient\":\"yes\",\"leftcat\":\"yes\"",
         ": 192.0.2.1[+MC+CAT+S=C]...192.0.2.9; "},
        {"\"right\":\"192.0.2.9\",\"rightmodecfgclient\":\"yes\",\"rightcat\":\"yes\"",
         " domains:unset, cat:unset;"},
        {"\"right\":\"192.0.2.9\",\"keyexchange\":\"ikev1\",\"leftxauthclient\":\"yes\","
         "\"rightxauthserver\":\"yes\"",
         "xauth us:client, xauth them:server,  my_username=[any]; "},
        {"\"right\":\"192.0.2.9\",\"keyexchange\":\"ikev1\",\"leftxauthserver\":\"yes\","
         "\"rightxauthclient\":\"yes\"",
         "xauth us:server, xauth them:client, xauthby:file; my_username=[any]; "},
    };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        char request[1024];
        snprintf(request, sizeof(request),
                 ",\"name\":\"c\",\"options\":{\"left\":\"192.0.2.1\",\"authby\":\"secret\",%s}",
                 rows[i].options);
        struct answer added = ask("add", request);
        free(added.text);
        struct answer answer = ask("connectionstatus", ",\"name\":\"c\"" TEXT);
        if (strstr(answer.text, rows[i].line) == NULL)
            fail_msg("no %s in %s", rows[i].line, answer.text);
        free(answer.text);
    }
}

static void states_are_in_the_order_of_their_serials(void **state)
{
    char in[9], out[9], wanted[1024];
    (void)state;
    bring_up();
    two_gateways_wait(5 * USEC_PER_SEC);
    spis_of(2, in, out);
    snprintf(wanted, sizeof(wanted),
             "000 #1: \"west-east\":500 STATE_V2_ESTABLISHED_IKE_SA (established IKE SA); REKEY in 28735s; "
             "REPLACE in 28795s; newest; idle;\n"
             "000 #2: \"west-east\":500 STATE_V2_ESTABLISHED_CHILD_SA (established Child SA); REKEY in "
             "28735s; REPLACE in 28795s; newest; eroute owner; IKE SA #1; idle;\n"
             "000 #2: \"west-east\" esp.%s@192.0.2.2 esp.%s@192.0.2.1 tun.0@192.0.2.2 tun.0@192.0.2.1 "
             "Traffic: ESPin=84B ESPout=168B ESPmax=2^63B \n",
             out, in);
    expect("showstates", TEXT, wanted);
}

static void traffic_is_fresh_from_the_data_plane(void **state)
{
    (void)state;
    bring_up();
    expect("trafficstatus", TEXT,
           "006 #2: \"west-east\", type=ESP, add_time=1700001000, inBytes=84, outBytes=168, "
           "maxBytes=2^63B, id='@east'\n");
    world->near.in_bytes = 100000;
    expect("trafficstatus", ",\"name\":\"west-east\"" TEXT,
           "006 #2: \"west-east\", type=ESP, add_time=1700001000, inBytes=100000, outBytes=168, "
           "maxBytes=2^63B, id='@east'\n");
}

static void totals_count_what_is_up(void **state)
{
    (void)state;
    bring_up();
    expect("briefstatus", TEXT,
           "000 State Information: DDoS cookies not required, Accepting new IKE connections\n"
           "000 IKE SAs: total(1), half-open(0), open(0), authenticated(1), anonymous(0)\n"
           "000 IPsec SAs: total(1), authenticated(1), anonymous(0)\n");
}

static void lists_of_keys_name_owners_never_keys(void **state)
{
    (void)state;
    expect("listall", TEXT,
           "000  \n000 List of Public Keys:\n000  \n"
           "000 List of Pre-shared secrets (from /etc/ipsec.secrets)\n000  \n"
           "000     1: PSK @east @west\n000     2: PSK (none) (none)\n000  \n"
           "000 List of X.509 End Certificates:\n000  \n000 List of X.509 CA Certificates:\n000  \n"
           "000 List of CRLs:\n000  \n");
    expect("checkpubkeys", TEXT, "");
}

static void shunt_list_has_its_title_when_it_is_empty(void **state)
{
    (void)state;
    expect("shuntstatus", TEXT, "000 Bare Shunt list:\n000  \n");
    expect("fipsstatus", TEXT, "000 FIPS mode disabled\n");
    expect("addresspoolstatus", TEXT, "");
}

static void lines_and_text_say_the_same(void **state)
{
    static const char *const commands[] = {"status", "connectionstatus", "showstates", "trafficstatus",
                                           "listall"};
    (void)state;
    bring_up();
    for (size_t i = 0; i < ARRAY_SIZE(commands); i++) {
        struct answer lines = ask(commands[i], ""), text = ask(commands[i], TEXT);
        assert_string_equal(lines.text, text.text);
        free(lines.text);
        free(text.text);
    }
}

static void status_goes_from_the_interface_to_the_shunts(void **state)
{
    static const char *const landmarks[] = {
        ("000 using kernel interface: userspace\n000  \n000 interface eth0 UDP 192.0.2.1:4500\n"
         "000 interface eth0 UDP 192.0.2.1:500\n000  \n000 fips mode=disabled;\n"),
        "000 config setup options:\n000  \n000 configdir=/etc, configfile=/etc/ipsec.conf, ",
        "000 Kernel algorithms supported:\n000  \n000 algorithm ESP encrypt: name=",
        "000 IKE algorithms supported:\n000  \n000 algorithm IKE encrypt: v1id=",
        "000 stats db_ops: {curr_cnt, total_cnt, maxsz} :context={",
        "000 Connection list:\n000  \n000 \"west-east\": ",
        "\n000  \n000 Total IPsec connections: loaded 1, active 1\n000  \n000 State Information: ",
        "000 IPsec SAs: total(1), authenticated(1), anonymous(0)\n000  \n000 #1: \"west-east\":500 ",
        "ESPmax=2^63B \n000  \n000 Bare Shunt list:\n000  \n",
    };
    (void)state;
    bring_up();
    struct answer answer = ask("status", TEXT);
    const char *at = answer.text;
    for (size_t i = 0; i < ARRAY_SIZE(landmarks); i++) {
        at = strstr(at, landmarks[i]);
        if (at == NULL)
            fail_msg("\"%s\" is missing or in the wrong place", landmarks[i]);
    }
    assert_string_equal(at, landmarks[ARRAY_SIZE(landmarks) - 1]);
    free(answer.text);
}

/* Without SAs there is one blank line before the shunts, as in Libreswan. */
static void blank_lines_do_not_pile_up(void **state)
{
    (void)state;
    struct answer answer = ask("status", TEXT);
    assert_null(strstr(answer.text, "000  \n000  \n"));
    free(answer.text);
}

static void beginning_tells_what_waits_for_it_and_how_it_was_ended(void **state)
{
    static const struct {
        const char *version, *state, *pending;
    } rows[] = {{"ikev2", "STATE_V2_PARENT_I1", "CHILD SA"}, {"ikev1", "STATE_MAIN_I1", "Phase 2"}};
    (void)state;
    world->near.is_cut_off = true;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        char options[160], wanted[96];
        snprintf(
            options, sizeof(options),
            "{\"left\":\"192.0.2.1\",\"right\":\"192.0.2.99\",\"authby\":\"secret\",\"keyexchange\":\"%s\"}",
            rows[i].version);
        gateway_add(&world->near, rows[i].version, options);
        snprintf(options, sizeof(options), ",\"name\":\"%s\",\"asynchronous\":true", rows[i].version);
        free(ask("initiate", options).text);
        struct answer states = ask("showstates", TEXT);
        snprintf(wanted, sizeof(wanted), "000 #%zu: pending %s for \"%s\"\n", i + 1, rows[i].pending,
                 rows[i].version);
        if (strstr(states.text, rows[i].state) == NULL || strstr(states.text, wanted) == NULL)
            fail_msg("%s", states.text);
        free(states.text);
        snprintf(options, sizeof(options), ",\"name\":\"%s\"", rows[i].version);
        struct answer down = ask("terminate", options);
        snprintf(wanted, sizeof(wanted), "002 \"%s\" #%zu: deleting state (%s) aged ", rows[i].version, i + 1,
                 rows[i].state);
        if (strstr(down.text, wanted) == NULL ||
            strstr(down.text, "s and NOT sending notification\n") == NULL)
            fail_msg("%s", down.text);
        free(down.text);
        expect("showstates", TEXT, "");
    }
}

static void what_is_not_there_is_not_rekeyed(void **state)
{
    (void)state;
    gateway_add(&world->near, "west-east", west);
    struct answer ike = ask("rekey-ike", ",\"name\":\"west-east\"");
    assert_int_equal(ike.code, RC_UNKNOWN_NAME);
    assert_non_null(strstr(ike.text, "\"west-east\": connection does not have an established IKE SA\n"));
    free(ike.text);
    struct answer child = ask("rekey-child", ",\"name\":\"west-east\"");
    assert_int_equal(child.code, RC_UNKNOWN_NAME);
    assert_non_null(strstr(child.text, "connection does not have an established Child SA\n"));
    free(child.text);
}

static void instance_is_named_with_number_and_peer(void **state)
{
    static const char far_road[] = "{\"left\":\"192.0.2.2\",\"right\":\"192.0.2.1\",\"authby\":\"secret\","
                                   "\"ike\":\"aes_gcm128-sha2_256;dh31\",\"esp\":\"aes_gcm128\"}";
    (void)state;
    gateway_add(&world->near, "road", road);
    gateway_add(&world->far, "home", far_road);
    struct answer up = gateway_ask(&world->far, "\"command\":\"initiate\",\"name\":\"home\"");
    assert_int_equal(up.code, 0);
    free(up.text);
    struct answer brief = ask("briefconnectionstatus", ",\"name\":\"road\"" TEXT);
    assert_string_equal(brief.text, "000 \"road\": 192.0.2.1...%any; unrouted; eroute owner: #0\n"
                                    "000 \"road\"[1]: 192.0.2.1...192.0.2.2; erouted; "
                                    "eroute owner: #2\n");
    free(brief.text);
    struct answer traffic = ask("trafficstatus", ",\"name\":\"road\"" TEXT);
    assert_non_null(strstr(traffic.text, "006 #2: \"road\"[1] 192.0.2.2, type=ESP, "));
    free(traffic.text);
}

static void connections_are_in_the_order_of_their_names(void **state)
{
    (void)state;
    gateway_add(&world->near, "zebra", road);
    gateway_add(&world->near, "ape", road);
    gateway_add(&world->near, "lion", road);
    expect("briefconnectionstatus", TEXT,
           "000 \"ape\": 192.0.2.1...%any; unrouted; eroute owner: #0\n"
           "000 \"lion\": 192.0.2.1...%any; unrouted; eroute owner: #0\n"
           "000 \"zebra\": 192.0.2.1...%any; unrouted; eroute owner: #0\n");
}

static void unknown_name_is_refused(void **state)
{
    static const char *const commands[] = {"connectionstatus", "briefconnectionstatus", "trafficstatus"};
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(commands); i++) {
        struct answer answer = ask(commands[i], ",\"name\":\"nowhere\",\"output\":\"json\"");
        assert_int_equal(answer.code, RC_UNKNOWN_NAME);
        assert_string_equal(answer.text, "021 no such connection or aliased connection named \"nowhere\"\n");
        free(answer.text);
    }
}

/* ---- JSON ---- */

static json_t *document_of(const char *command)
{
    json_error_t error;
    struct answer answer = ask(command, ",\"output\":\"json\"");
    assert_int_equal(answer.code, 0);
    json_t *document = json_loads(answer.text, JSON_REJECT_DUPLICATES, &error);
    if (document == NULL)
        fail_msg("%s --json: %s at byte %d of %s", command, error.text, error.position, answer.text);
    assert_int_equal(json_integer_value(json_object_get(document, "schema")), 1);
    assert_string_equal(json_string_value(json_object_get(document, "command")), command);
    free(answer.text);
    return document;
}

static size_t occurrences(const char *text, const char *what)
{
    size_t count = 0;
    for (const char *at = text; (at = strstr(at, what)) != NULL; at += strlen(what))
        count++;
    return count;
}

/* Whatever has lines of text has as many things in its JSON. */
static void text_and_json_agree_on_counts(void **state)
{
    static const struct {
        const char *command, *member, *mark;
    } pairs[] = {
        {"status", "interfaces", "000 interface "},
        {"status", "esp_algorithms", ": name="},
        {"status", "connections", ": oriented;"},
        {"status", "states", " idle;"},
        {"connectionstatus", "connections", "conn serial: $"},
        {"briefconnectionstatus", "connections", "eroute owner"},
        {"showstates", "states", " idle;"},
        {"trafficstatus", "traffic", "add_time="},
        {"listpsks", "psks", ": PSK"},
        {"listall", "psks", ": PSK"},
        {"shuntstatus", "shunts", " => "},
        {"listpubkeys", "public_keys", "until"},
        {"listcerts", "end_certificates", "subject"},
        {"listcacerts", "ca_certificates", "subject"},
        {"listcrls", "crls", "issuer"},
        {"checkpubkeys", "public_keys", "until"},
        {"addresspoolstatus", "address_pools", "000 "},
        {"listevents", "events", "000 event "},
    };
    (void)state;
    bring_up();
    for (size_t i = 0; i < ARRAY_SIZE(pairs); i++) {
        json_t *document = document_of(pairs[i].command);
        json_t *array = json_object_get(document, pairs[i].member);
        struct answer text = ask(pairs[i].command, TEXT);
        size_t count = occurrences(text.text, pairs[i].mark);
        if (strcmp(pairs[i].member, "esp_algorithms") == 0)
            count = occurrences(text.text, "algorithm ESP encrypt:") +
                    occurrences(text.text, "algorithm AH/ESP auth:");
        if (strcmp(pairs[i].mark, ": oriented;") == 0)
            count = occurrences(text.text, "oriented; my_ip");
        assert_true(json_is_array(array));
        if (json_array_size(array) != count)
            fail_msg("%s: %zu in JSON, %zu in text", pairs[i].command, json_array_size(array), count);
        json_decref(document);
        free(text.text);
    }
}

static void counters_of_json_are_those_of_text(void **state)
{
    const char *name;
    json_t *value;
    size_t lines = 0;
    (void)state;
    bring_up();
    json_t *document = document_of("globalstatus");
    struct answer text = ask("globalstatus", TEXT);
    json_object_foreach(json_object_get(document, "counters"), name, value)
    {
        char line[160];
        snprintf(line, sizeof(line), "%s=%lld\n", name, (long long)json_integer_value(value));
        assert_true(json_is_integer(value));
        if (strstr(text.text, line) == NULL)
            fail_msg("%s is not in the text", line);
        lines++;
    }
    assert_int_equal(lines, occurrences(text.text, "\n"));
    json_decref(document);
    free(text.text);
}

static void expect_counter(const char *name, int64_t wanted)
{
    json_t *document = document_of("globalstatus");
    json_t *value = json_object_get(json_object_get(document, "counters"), name);
    assert_non_null(value);
    if (json_integer_value(value) != wanted)
        fail_msg("%s is %lld, not %lld", name, (long long)json_integer_value(value), (long long)wanted);
    json_decref(document);
}

static void counters_count_what_happened(void **state)
{
    (void)state;
    bring_up();
    expect_counter("current.states.enumerate.STATE_V2_ESTABLISHED_CHILD_SA", 1);
    expect_counter("total.ipsec.type.esp", 1);
    expect_counter("total.ike.ikev2.established", 1);
    expect_counter("total.ikev2.encr.AES_GCM_C", 1);
    expect_counter("total.ikev2.group.CURVE25519", 1);
    expect_counter("total.ikev2.ipsec.encr.AES_GCM_16", 1);
    expect_counter("total.ikev2.sent.notifies.status.NAT_DETECTION_SOURCE_IP", 1);
    expect_counter("total.ikev2.recv.notifies.status.NAT_DETECTION_SOURCE_IP", 1);
    expect_counter("total.ipsec.traffic.in", 84);
    world->near.in_bytes = 1084;
    struct answer down = ask("terminate", ",\"name\":\"west-east\"");
    free(down.text);
    expect_counter("total.ipsec.traffic.in", 1084);
    expect_counter("total.ikev2.child.finished", 1);
    expect_counter("total.ike.ikev2.completed", 1);
    struct answer cleared = ask("clearstats", "");
    assert_int_equal(cleared.code, 0);
    free(cleared.text);
    expect_counter("total.ipsec.traffic.in", 0);
}

/* Every member that a document has stands in docs/json.md. */
static void collect_undocumented(const json_t *value, const char *documentation)
{
    const char *name;
    json_t *member;
    size_t index;
    char quoted[128];
    json_array_foreach(value, index, member) collect_undocumented(member, documentation);
    json_object_foreach((json_t *)(uintptr_t)value, name, member)
    {
        snprintf(quoted, sizeof(quoted), "`%s`", name);
        if (strchr(name, '.') == NULL && strstr(documentation, quoted) == NULL)
            fail_msg("docs/json.md does not tell of \"%s\"", name);
        collect_undocumented(member, documentation);
    }
}

static const char *documentation_path;

static void every_member_is_documented(void **state)
{
    static const char *const commands[] = {"status",     "globalstatus", "trafficstatus", "showstates",
                                           "listevents", "listall",      "processstatus", "fipsstatus"};
    static char documentation[65536];
    FILE *file = fopen(documentation_path, "r");
    (void)state;
    assert_non_null(file);
    documentation[fread(documentation, 1, sizeof(documentation) - 1, file)] = '\0';
    fclose(file);
    bring_up();
    for (size_t i = 0; i < ARRAY_SIZE(commands); i++) {
        json_t *document = document_of(commands[i]);
        collect_undocumented(document, documentation);
        json_decref(document);
    }
}

/* Counting thousands gives the loop a turn in between: the answer is not there at once. */
static void long_count_lets_the_loop_go_on(void **state)
{
    int code;
    (void)state;
    for (unsigned i = 0; i < 3000; i++) {
        char name[32];
        snprintf(name, sizeof(name), "c%u", i);
        gateway_add(&world->near, name, road);
    }
    session_ask(world->near.session, "\"command\":\"briefstatus\"");
    assert_int_equal(control_session_output(world->near.session).size, 0);
    two_gateways_settle();
    char *text = session_read(world->near.session, &code);
    assert_int_equal(code, 0);
    free(text);
}

/* ---- the end of an SA ---- */

static void down_tells_the_last_traffic(void **state)
{
    (void)state;
    bring_up();
    world->near.in_bytes = 84;
    world->near.out_bytes = 13 * 1024 + 1;
    struct answer answer = ask("terminate", ",\"name\":\"west-east\"");
    assert_int_equal(answer.code, 0);
    assert_non_null(strstr(answer.text, "005 \"west-east\" #2: ESP traffic information: in=84B out=13KB\n"));
    free(answer.text);
}

static void down_does_not_wait_long_for_a_dead_data_plane(void **state)
{
    int code;
    (void)state;
    bring_up();
    world->near.data_plane_is_dead = true;
    struct answer answer = ask("terminate", ",\"name\":\"west-east\"");
    assert_int_equal(answer.code, -1);
    free(answer.text);
    two_gateways_wait(1100 * USEC_PER_MSEC);
    char *text = session_read(world->near.session, &code);
    assert_int_equal(code, 0);
    assert_non_null(strstr(text, "005 \"west-east\" #2: ESP traffic information: in=0B out=0B\n"));
    free(text);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_world, unmake_world)

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        TEST(connection_that_is_up_is_shown_as_libreswan_does),
        TEST(what_a_connection_is_for_stands_in_its_lines),
        TEST(states_are_in_the_order_of_their_serials),
        TEST(traffic_is_fresh_from_the_data_plane),
        TEST(totals_count_what_is_up),
        TEST(lists_of_keys_name_owners_never_keys),
        TEST(shunt_list_has_its_title_when_it_is_empty),
        TEST(lines_and_text_say_the_same),
        TEST(status_goes_from_the_interface_to_the_shunts),
        TEST(blank_lines_do_not_pile_up),
        TEST(beginning_tells_what_waits_for_it_and_how_it_was_ended),
        TEST(what_is_not_there_is_not_rekeyed),
        TEST(instance_is_named_with_number_and_peer),
        TEST(connections_are_in_the_order_of_their_names),
        TEST(unknown_name_is_refused),
        TEST(text_and_json_agree_on_counts),
        TEST(counters_of_json_are_those_of_text),
        TEST(counters_count_what_happened),
        TEST(every_member_is_documented),
        TEST(long_count_lets_the_loop_go_on),
        TEST(down_tells_the_last_traffic),
        TEST(down_does_not_wait_long_for_a_dead_data_plane),
    };
    documentation_path = argc > 1 ? argv[1] : "docs/json.md";
    return cmocka_run_group_tests(tests, NULL, NULL);
}
