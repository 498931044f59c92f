/* src/config/spec_build.c, spec_end.c, src/engine/connection_spec*.c: pairs -> a connection. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "config/spec_build.h"
#include "engine/policy_text.h"
#include "memory_reader.h"

/* "left=1.1.1.1;right=..." on top of a connection that is complete. */
#define BASE "left=192.0.2.1;right=192.0.2.2;authby=secret;"

static struct connection_spec *build(const char *pairs, const struct warning_sink *warnings,
                                     struct error *error)
{
    char copy[2048], *rest = copy;
    snprintf(copy, sizeof(copy), "%s", pairs);
    struct spec_builder *builder = spec_builder_new("x", warnings);
    for (char *pair; (pair = strsep(&rest, ";")) != NULL;) {
        char *equals = strchr(pair, '=');
        if (equals == NULL)
            continue;
        *equals = '\0';
        /* a tilde stands for the semicolon of proposals */
        for (char *at = equals + 1; *at != '\0'; at++)
            *at = *at == '~' ? ';' : *at;
        if (!spec_build_option(builder, pair, equals + 1, error)) {
            spec_builder_free(builder);
            return NULL;
        }
    }
    return spec_build_finish(builder, error);
}

static struct connection_spec *built(const char *pairs)
{
    struct error error = {0};
    struct connection_spec *spec = build(pairs, NULL, &error);
    if (spec == NULL)
        fail_msg("%s: %s", pairs, error.text);
    return spec;
}

static void a_complete_connection_is_built(void **state)
{
    (void)state;
    struct connection_spec *spec =
        built("left=192.0.2.1;leftid=@west;leftsubnet=10.1.0.0/16;right=east.example.com;rightid=@east;"
              "rightsubnet=10.2.0.0/16,10.3.0.0/16;authby=secret;auto=start;ike=aes256-sha2_256~modp2048;"
              "esp=aes_gcm256;salifetime=1h;rekeymargin=5m;dpddelay=15;connalias=a b;mtu=1400;type=tunnel;"
              "encapsulation=yes;fragmentation=no;narrowing=yes;debug=crypt;leftikeport=4500;reqid=7");
    assert_string_equal(spec->name, "x");
    assert_int_equal(spec->left.host_kind, HOST_ADDRESS);
    assert_int_equal(spec->right.host_kind, HOST_NAME);
    assert_string_equal(spec->right.host_name, "east.example.com");
    assert_int_equal(spec->left.id.kind, ID_FQDN);
    assert_int_equal(spec->left.auth, AUTH_PSK);
    assert_int_equal(spec->right.auth, AUTH_PSK);
    assert_int_equal(spec->right.client_count, 2);
    assert_int_equal(spec->auto_start, AUTO_START);
    assert_int_equal(spec->ike_proposals->count, 1);
    assert_int_equal(spec->ipsec_lifetime, 3600 * USEC_PER_SEC);
    assert_int_equal(spec->rekey_margin, 300 * USEC_PER_SEC);
    assert_int_equal(spec->dpd_delay, 15 * USEC_PER_SEC);
    assert_int_equal(spec->alias_count, 2);
    assert_int_equal(spec->mtu, 1400);
    assert_int_equal(spec->encapsulation, ENCAPSULATION_YES);
    assert_false(spec->fragmentation);
    assert_true(spec->narrowing);
    assert_true(spec->debug != 0);
    assert_int_equal(spec->left.ikeport, 4500);
    assert_int_equal(spec->reqid, 7);
    connection_spec_free(spec);
}

static void absent_proposals_are_the_defaults(void **state)
{
    (void)state;
    struct connection_spec *spec = built(BASE);
    assert_non_null(spec->ike_proposals);
    assert_non_null(spec->child_proposals);
    assert_true(spec->ike_proposals->count > 0);
    assert_true(spec->child_proposals->count > 0);
    connection_spec_free(spec);
}

static void a_later_keyword_replaces_an_earlier_one(void **state)
{
    (void)state;
    struct connection_spec *spec =
        built(BASE "left=192.0.2.9;leftid=@a;leftid=@b;leftsubnet=10.1.0.0/16,10.2.0.0/16;"
                   "leftsubnet=10.3.0.0/16;connalias=a,b,c;connalias=d;esp=aes128;esp=aes256");
    char text[IDENTITY_TEXT_SIZE];
    assert_string_equal(identity_text(&spec->left.id, text), "@b");
    assert_int_equal(spec->left.client_count, 1);
    assert_int_equal(spec->alias_count, 1);
    assert_string_equal(spec->aliases[0], "d");
    connection_spec_free(spec);
}

static void protoport_applies_to_subnets_that_name_none(void **state)
{
    (void)state;
    struct connection_spec *spec =
        built(BASE "leftprotoport=tcp/443;leftsubnets=10.1.0.0/16,10.2.0.0/16/udp/53;rightprotoport=tcp");
    assert_int_equal(spec->left.clients[0].protocol, 6);
    assert_int_equal(spec->left.clients[0].port_start, 443);
    assert_int_equal(spec->left.clients[0].port_end, 443);
    assert_int_equal(spec->next->left.clients[0].protocol, 17);
    assert_int_equal(spec->next->left.clients[0].port_start, 53);
    assert_int_equal(spec->right.protocol, 6);
    assert_int_equal(spec->right.client_count, 0);
    connection_spec_free(spec);
}

static void hosts_have_all_their_forms(void **state)
{
    (void)state;
    static const struct {
        const char *value;
        enum host_kind kind;
        const char *name;
    } rows[] = {
        {"192.0.2.1", HOST_ADDRESS, NULL},
        {"2001:db8::1", HOST_ADDRESS, NULL},
        {"%any", HOST_ANY, NULL},
        {"%ANY", HOST_ANY, NULL},
        {"0.0.0.0", HOST_ANY, NULL},
        {"%any6", HOST_ANY, NULL},
        {"%defaultroute", HOST_DEFAULTROUTE, NULL},
        {"%eth0", HOST_INTERFACE, "eth0"},
        {"a.example", HOST_NAME, "a.example"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char pairs[256];
        snprintf(pairs, sizeof(pairs), "left=%s;right=peer.example.com;authby=psk", rows[i].value);
        struct connection_spec *spec = built(pairs);
        assert_int_equal(spec->left.host_kind, rows[i].kind);
        if (rows[i].name != NULL)
            assert_string_equal(spec->left.host_name, rows[i].name);
        connection_spec_free(spec);
    }
}

static void a_virtual_subnet_says_which_clients_the_peer_may_name(void **state)
{
    (void)state;
    struct connection_spec *spec =
        built(BASE "rightsubnet=10.0.0.0/8;rightsubnet=VHost:%no,%priv,%v4:10.1.0.0/16,%v6:!fd00::/8");
    const struct virtual_client *client = &spec->right.virtual_client;
    assert_int_equal(client->kind, VIRTUAL_HOST);
    assert_true(client->allows_no && client->allows_private && !client->allows_all);
    assert_int_equal(client->net_count, 2);
    assert_false(client->nets[0].is_excluded);
    assert_true(client->nets[1].is_excluded);
    assert_int_equal(spec->right.client_count, 0);
    connection_spec_free(spec);
    spec = built(BASE "rightsubnet=vnet:%all;rightsubnet=10.0.0.0/8");
    assert_int_equal(spec->right.virtual_client.kind, VIRTUAL_NONE);
    assert_int_equal(spec->right.client_count, 1);
    connection_spec_free(spec);
}

static void subnets_make_a_connection_for_each_pair(void **state)
{
    (void)state;
    static const char *const names[] = {"x/1x1", "x/1x2", "x/2x1", "x/2x2"};
    struct connection_spec *spec =
        built(BASE "leftsubnets={10.1.0.0/16 10.2.0.0/16};rightsubnets={10.3.0.0/16,10.4.0.0/16/tcp/80};"
                   "connalias=z;leftprotoport=tcp;leftsourceip=10.2.0.1");
    const struct connection_spec *at = spec;
    for (size_t i = 0; i < 4; i++, at = at->next) {
        assert_non_null(at);
        assert_string_equal(at->name, names[i]);
        assert_string_equal(at->conn_name, "x");
        assert_int_equal(at->alias_count, 2);
        assert_string_equal(at->aliases[1], "x");
        assert_int_equal(at->left.client_count, 1);
        assert_int_equal(at->left.clients[0].range.start.bytes[1], i / 2 + 1);
        assert_int_equal(at->left.clients[0].protocol, 6);
        assert_int_equal(at->right.clients[0].range.start.bytes[1], i % 2 + 3);
        assert_int_equal(at->right.clients[0].port_start, i % 2 ? 80 : 0);
        assert_int_equal(address_is_set(&at->left.sourceip[CONFIGURATION_V4]), i / 2);
    }
    assert_null(at);
    connection_spec_free(spec);
}

static void an_end_without_subnets_counts_as_number_0(void **state)
{
    (void)state;
    struct connection_spec *spec = built(BASE "leftsubnet=10.1.0.0/16;rightsubnets=10.3.0.0/16 10.4.0.0/16");
    assert_string_equal(spec->name, "x/0x1");
    assert_string_equal(spec->next->name, "x/0x2");
    assert_int_equal(spec->next->left.clients[0].range.start.bytes[1], 1);
    assert_null(spec->next->next);
    connection_spec_free(spec);
    /* subnet= beside subnets= is one network more */
    spec = built(BASE "leftsubnet=10.1.0.0/16;leftsubnets={10.2.0.0/16};rightsubnet=10.9.0.0/16");
    assert_string_equal(spec->name, "x/0x0");
    assert_string_equal(spec->next->name, "x/1x0");
    assert_int_equal(spec->next->left.clients[0].range.start.bytes[1], 2);
    connection_spec_free(spec);
}

static void take_note(void *context, const char *text)
{
    snprintf(context, 256, "%s", text);
}

static void subnets_of_different_families_are_skipped_with_a_warning(void **state)
{
    (void)state;
    char warned[256] = "";
    struct warning_sink sink = {take_note, warned};
    struct error error = {0};
    struct connection_spec *spec =
        build(BASE "leftsubnets=10.1.0.0/16,fd01::/64;rightsubnets=fd02::/64,10.2.0.0/16", &sink, &error);
    assert_non_null(spec);
    assert_string_equal(spec->name, "x/1x2");
    assert_string_equal(spec->next->name, "x/2x1");
    assert_null(spec->next->next);
    assert_non_null(strstr(warned, "skipping mismatched leftsubnets=fd01::/64 rightsubnets=10.2.0.0/16"));
    connection_spec_free(spec);
    assert_null(build(BASE "leftsubnets=10.1.0.0/16;rightsubnets=fd02::/64", NULL, &error));
    assert_non_null(strstr(error.text, "address family"));
    assert_null(build(BASE "leftsubnets=10.1.0.0/16;rightsubnets=10.2.0.0/16;type=transport", NULL, &error));
    assert_non_null(strstr(error.text, "transport"));
}

static void a_source_address_without_subnet_is_the_subnet(void **state)
{
    (void)state;
    struct kept_warnings kept;
    struct warning_sink sink = keep_warnings(&kept);
    struct connection_spec *spec = build(BASE "leftsourceip=10.9.9.9", &sink, NULL);
    assert_non_null(spec);
    assert_int_equal(spec->left.client_count, 1);
    assert_int_equal(kept.count, 1);
    connection_spec_free(spec);
}

static void updown_tells_default_none_and_own_apart(void **state)
{
    (void)state;
    static const char *const rows[][2] = {{"", NULL},
                                          {"leftupdown=ipsec _updown", NULL},
                                          {"leftupdown=", ""},
                                          {"leftupdown=%disabled", ""},
                                          {"leftupdown=/bin/true", "/bin/true"}};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char pairs[256];
        snprintf(pairs, sizeof(pairs), BASE "%s", rows[i][0]);
        struct connection_spec *spec = built(pairs);
        if (rows[i][1] == NULL)
            assert_null(spec->left.updown);
        else
            assert_string_equal(spec->left.updown, rows[i][1]);
        connection_spec_free(spec);
    }
}

static void bad_pairs_are_refused_with_connection_keyword_and_reason(void **state)
{
    (void)state;
    static const char *const rows[][2] = {
        {"iptfs=yes", "conn \"x\": keyword \"iptfs\" is not supported yet"},
        {"leftcat=perhaps", "leftcat=perhaps: found \"perhaps\"; expected yes or no"},
        {"clones=2x", "expected yes, no or a number up to 1024"},
        {"clones=1025", "expected yes, no or a number up to 1024"},
        {"rightcert=east", "conn \"x\": keyword \"rightcert\" is not supported yet"},
        {"rightaddresspool=10.9.0.9-10.9.0.1", "ends before it begins"},
        {"rightaddresspool=10.9.0.1-2001:db8::1", "of different address families"},
        {"rightaddresspool=10.9.0.1/24", "host bits"},
        {"rightaddresspool=10.9.0.0/24/33", "the length of a lease is from 24 to 32"},
        {"rightaddresspool=10.9.0.0/24/2x", "the length of a lease is from 24 to 32"},
        {"rightaddresspool=10.9.0.0/24,10.9.0.9-10.9.0.10", "overlaps an earlier range"},
        {"rightaddresspool=pool", "expected ADDRESS-ADDRESS or ADDRESS/LENGTH"},
        {"modecfgdns=10.1.0.53,ns", "expected the address of a DNS server"},
        {"modecfgdomains=a.example,b$c", "expected a domain name"},
        {"mobike=perhaps", "mobike=perhaps: found \"perhaps\"; expected yes or no"},
        {"nosuch=1", "unknown keyword \"nosuch\""},
        {"leftsubent=10.0.0.0/8", "did you mean \"leftsubnet\"?"},
        {"authby=eaponly", "\"eaponly\" is not supported yet"},
        {"authby=rsasig,ecdsa-sha1", "\"ecdsa-sha1\" is not supported yet"},
        {"leftrsasigkey=AwEAAc", "0s... (base64) or 0x..."},
        {"leftrsasigkey=0sAwEAAc", "cut short"},
        {"leftrsasigkey=%dnsondemand", "keys from the DNS are not supported yet"},
        {"rightecdsakey=%crt", "expected a key (0s... or 0x...), %cert or %none"},
        {"leftckaid=12ab", "40 hexadecimal digits"},
        {"authby=sceret", "did you mean \"secret\"?"},
        {"authby=", "expected secret, rsasig, ecdsa"},
        {"leftauth=eaponly", "\"eaponly\" is not supported yet"},
        {"phase2=ah+esp", "phase2=ah+esp: IKEv2 does not negotiate AH and ESP together"},
        {"phase2=ah+", "expected esp, ah or ah+esp"},
        {"phase2=ah;esp=aes", "esp= has no place beside phase2=ah"},
        {"ah=sha1;esp=aes", "esp= and ah= are both given"},
        {"phase2=ah;encapsulation=yes", "AH does not go through a NAT"},
        {"esn=both", "either, yes, no, true or false"},
        {"left=192.0.2.300", "192.0.2.300"},
        {"left=-x", "expected an address, a name"},
        {"left=", "expected an address"},
        {"left=%averyveryverylonginterface", "%INTERFACE"},
        {"leftid=%fromcert", "not supported yet"},
        {"leftid=@#abc", "hexadecimal"},
        {"leftsubnet=10.1.2.3/33", "leftsubnet=10.1.2.3/33"},
        {"leftsubnet=vhost:%dhcp", "%dhcp is not supported yet"},
        {"leftsubnet=vhost:", "expected %no, %priv"},
        {"leftsubnet=vnet:%v4:fd00::/8", "%v4:10.0.0.0/8"},
        {"leftsubnet=10.0.0.0/8,vhost:%priv", "stands alone"},
        {"leftsubnet=", "no subnet"},
        {"leftprotoport=tpc", "expected tcp"},
        {"leftnexthop=gw", "%defaultroute"},
        {"leftsourceip=10.0.0.1,10.0.0.2", "at most one of each family"},
        {"ike=nosuchalgorithm", "ike=nosuchalgorithm"},
        {"debug=nosuch", "debug class"},
        {"reqid=foo", "a number from 1 to 16383"},
        {"also=y", "outside it"},
        {"leftsubnets={10.0.0.0/8 10.1.0.0/40}", "leftsubnets="},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char pairs[256];
        struct error error = {0};
        snprintf(pairs, sizeof(pairs), BASE "%s", rows[i][0]);
        struct connection_spec *spec = build(pairs, NULL, &error);
        if (spec != NULL)
            fail_msg("%s was taken", rows[i][0]);
        if (strstr(error.text, rows[i][1]) == NULL || strstr(error.text, "conn \"x\": ") == NULL)
            fail_msg("%s: %s", rows[i][0], error.text);
    }
}

static void an_error_knows_the_byte(void **state)
{
    (void)state;
    static const struct {
        const char *keyword, *value;
        int at;
    } rows[] = {
        {"leftsubnet", "10.1.0.0/16, 10.2.0.0/99", 13},
        {"authby", "secret,eaponly", 7},
        {"ikelifetime", "8y", 1},
        {"connalias", "a", -2},
        {"iptfs", "yes", -1},
        {"leftprotoport", "tcp/99999", 4},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct spec_builder *builder = spec_builder_new("x", NULL);
        struct error error = {.code = -2};
        spec_build_option(builder, rows[i].keyword, rows[i].value, &error);
        if (error.code != rows[i].at)
            fail_msg("%s=%s: %d", rows[i].keyword, rows[i].value, error.code);
        spec_builder_free(builder);
    }
}

static void authby_is_a_set_of_methods_and_hashes(void **state)
{
    (void)state;
    static const struct {
        const char *pairs;
        unsigned auth, hashes;
    } rows[] = {
        {"", AUTH_RSASIG | AUTH_ECDSA | AUTH_RSASIG_V1_5, HASHES_SHA2},
        {"keyexchange=ikev1", AUTH_RSASIG, 0},
        {"keyexchange=ikev1;authby=rsasig", AUTH_RSASIG, 0},
        {"authby=secret", AUTH_PSK, 0},
        {"authby=rsasig|secret", AUTH_RSASIG | AUTH_RSASIG_V1_5 | AUTH_PSK, HASHES_SHA2},
        {"authby=rsa-sha1", AUTH_RSASIG_V1_5, 0},
        {"authby=rsa-sha2_256,ecdsa-sha2_384", AUTH_RSASIG | AUTH_ECDSA,
         1 << SIGNATURE_HASH_SHA2_256 | 1 << SIGNATURE_HASH_SHA2_384},
        {"authby=eddsa", AUTH_EDDSA, 1 << SIGNATURE_HASH_IDENTITY},
        {"authby=null", AUTH_NULL, 0},
        {"authby=secret;leftauth=ecdsa;rightauth=ecdsa", AUTH_ECDSA, HASHES_SHA2},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char pairs[256];
        struct error error = {0};
        snprintf(pairs, sizeof(pairs), "left=192.0.2.1;right=192.0.2.2;%s", rows[i].pairs);
        struct connection_spec *spec = build(pairs, NULL, &error);
        if (spec == NULL)
            fail_msg("%s: %s", rows[i].pairs, error.text);
        if (spec->left.auth != rows[i].auth || spec->right.auth != rows[i].auth ||
            spec->signature_hashes != rows[i].hashes)
            fail_msg("%s: %x %x %x", rows[i].pairs, spec->left.auth, spec->right.auth,
                     spec->signature_hashes);
        connection_spec_free(spec);
    }
}

static void what_only_the_whole_shows_is_refused(void **state)
{
    (void)state;
    static const char *const rows[][2] = {
        {"right=192.0.2.2;authby=secret", "left= is missing"},
        {BASE "rightaddresspool=10.9.0.0/24;rightsubnet=10.2.0.0/24",
         "both rightaddresspool= and rightsubnet="},
        {BASE "rightaddresspool=10.9.0.0/24;leftaddresspool=10.8.0.0/24", "are both set"},
        {BASE "leftmodecfgclient=yes;rightmodecfgclient=yes", "are both set"},
        {BASE "leftmodecfgserver=yes;rightmodecfgserver=yes", "are both set"},
        {"left=192.0.2.1;authby=secret", "right= is missing"},
        {"left=%any;right=%any;authby=secret", "both %any"},
        {"left=%defaultroute;right=%defaultroute;authby=secret", "both %defaultroute"},
        {"left=192.0.2.1;right=192.0.2.1;authby=secret", "the same address"},
        {"left=192.0.2.1;right=2001:db8::1;authby=secret", "both be IPv4 or both be IPv6"},
        {BASE "keyexchange=ikev1;authby=ecdsa",
         "ikev1 connection must use authby= of rsasig, secret or never"},
        {BASE "keyexchange=ikev1;leftauth=rsasig;rightauth=rsasig", "leftauth= is not supported by IKEv1"},
        {BASE "keyexchange=ikev1;authby=rsa-sha2", "authby= of rsasig, secret or never"},
        {BASE "keyexchange=ikev1;authby=rsa-sha1", "authby= of rsasig, secret or never"},
        {BASE "keyexchange=ikev1;authby=secret,rsasig", "additional PSK in authby=PSK+RSASIG"},
        {BASE "keyexchange=ikev1;mobike=yes", "MOBIKE requires IKEv2"},
        {BASE "keyexchange=ikev1;narrowing=yes", "narrowing=yes requires IKEv2"},
        {BASE "keyexchange=ikev1;right=%opportunisticgroup", "opportunistic connection MUST have IKEv2"},
        {"left=2001:db8::1;right=%any;keyexchange=ikev1;rightaddresspool=2001:db8:1::/97",
         "does not support IPv6 address pool"},
        {BASE "leftauth=secret;rightauth=null", "cannot mix PSK and NULL authentication"},
        {BASE "type=passthrough", "shunt connection cannot have authentication method"},
        {BASE "authby=never,secret;type=drop", "shunt connection cannot have authentication method"},
        {BASE "leftprotoport=tcp/%any;rightprotoport=17/%any", "ports on both sides"},
        {BASE "rightaddresspool=10.9.0.0/24;rightsubnet=10.9.0.0/16",
         "both rightaddresspool= and rightsubnet="},
        {BASE "rightaddresspool=10.9.0.0/24;rightsubnets=10.9.0.0/16",
         "both rightaddresspool= and rightsubnet="},
        {BASE "rightaddresspool=2001:db8::/97;leftsubnet=10.1.0.0/16", "address family"},
        {BASE "rightaddresspool=10.9.0.0/24,2001:db8::/97;leftsubnet=10.1.0.0/16", "address family"},
        {BASE "rightaddresspool=2001:db8::/97", "address family"},
        {"left=192.0.2.1;right=192.0.2.2;leftauth=secret", "must both be set or both be unset"},
        {BASE "authby=never", "type=pass"},
        {BASE "hostaddrfamily=ipv6", "hostaddrfamily= says IPv6"},
        {BASE "leftsubnet=fd00::/8;rightsubnet=10.0.0.0/8", "address family"},
        {BASE "leftsubnet=fd00::/8", "address family"},
        {BASE "left=%any;right=%oppogroup", "both"},
        {BASE "leftsubnet=vhost:%no;rightsubnet=vnet:%priv", "both virtual"},
        {BASE "type=transport;leftsubnet=10.0.0.0/8;rightsubnet=10.1.0.0/16", "remove leftsubnet="},
        {BASE "leftsubnet=10.1.0.0/16;leftsourceip=10.2.0.1", "leftsourceip= is not within leftsubnet="},
        {BASE
         "leftsubnet=10.1.0.0/16,fd00::/8;rightsubnet=10.2.0.0/16,fc00::/16;leftsourceip=10.1.0.1,fc00::1",
         "leftsourceip= is not within leftsubnet="},
        {BASE "leftsourceip=10.2.0.1;leftinterface-ip=10.2.0.2/24;ipsec-interface=yes", "exclude each other"},
        {BASE "ms-dh-downgrade=yes;pfs-rekey-workaround=yes", "cannot specify both"},
        {BASE "vti-interface=vti0;mark=5;type=transport", "conn \"x\": vti-interface= needs type=tunnel"},
        {BASE "vti-interface=vti0;mark=5;ipsec-interface=yes",
         "conn \"x\": vti-interface= and ipsec-interface= exclude"},
        {BASE "ipsec-interface=1;mark=5;vti-interface=vti0", "exclude each other"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct error error = {0};
        struct connection_spec *spec = build(rows[i][0], NULL, &error);
        if (spec != NULL)
            fail_msg("%s was taken", rows[i][0]);
        if (strstr(error.text, rows[i][1]) == NULL)
            fail_msg("%s: %s", rows[i][0], error.text);
    }
}

static void pairs_that_only_look_alike_are_taken(void **state)
{
    (void)state;
    static const char *const rows[] = {
        "left=%defaultroute;right=%any;authby=secret",
        "left=%any;right=192.0.2.1;authby=secret",
        BASE "leftsubnet=10.1.0.0/16,fd00:1::/32;rightsubnet=fd00:2::/32,10.2.0.0/16",
        BASE "type=transport;leftprotoport=17/1701;rightprotoport=17/%any",
        BASE "type=transport;leftsubnet=192.0.2.1/32",
        BASE "mobike=no;compress=no;ppk=never;leftsendcert=always;leftmodecfgclient=no",
        BASE "keyexchange=ikev2;ikev2=insist;phase2=esp;phase2alg=aes_gcm256",
        BASE "leftsubnet=10.1.0.0/16;leftsourceip=10.1.0.1",
        BASE
        "leftsubnet=10.1.0.0/16,fd00::/8;rightsubnet=10.2.0.0/16,fc00::/16;leftsourceip=10.1.0.1,fd00::1",
        BASE "leftsourceip=10.2.0.1;leftvti=10.9.0.1/30;vti-interface=vti0;mark=5/0xffffffff",
        BASE "replay-window=0",
        BASE "leftprotoport=tcp;rightprotoport=tcp/%any",
        BASE "keyexchange=default",
        BASE "authby=never;type=passthrough",
        "left=192.0.2.1;right=192.0.2.2;type=passthrough",
        BASE "rightaddresspool=10.9.0.0/24,2001:db8::/97;leftsubnet=0.0.0.0/0,::/0",
        BASE "right=%any;rightaddresspool=10.9.0.0/24",
        BASE "pfs=no;esp=aes256-sha2_256",
        BASE "leftid=%any;rightid=user@example.com",
        BASE "leftnexthop=%defaultroute;rightnexthop=192.0.2.254",
        "left=192.0.2.1;right=192.0.2.2;leftauth=secret;rightauth=psk",
        BASE "x-note=anything at all",
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        connection_spec_free(built(rows[i]));
}

static void the_version_of_ike_decides_what_the_proposals_may_be(void **state)
{
    (void)state;
    struct error error;
    struct connection_spec *spec =
        build(BASE "keyexchange=ikev1;aggressive=yes;dpdtimeout=30;ike=aes128-sha1,3des-sha1", NULL, &error);
    assert_non_null(spec);
    assert_int_equal(spec->ike_version, 1);
    assert_true(spec->aggressive);
    assert_int_equal(spec->dpd_timeout, 30 * USEC_PER_SEC);
    connection_spec_free(spec);
    assert_null(build(BASE "keyexchange=ikev1;ike=aes_gcm128", NULL, &error));
    assert_null(build(BASE "keyexchange=ikev1;leftsubnet=10.1.0.0/16,10.2.0.0/16;rightsubnet=10.3.0.0/16",
                      NULL, &error));
    spec = build(BASE "keyexchange=ikev2;ike=aes_gcm128", NULL, &error);
    assert_non_null(spec);
    assert_int_equal(spec->ike_version, 2);
    connection_spec_free(spec);
}

static void networks_that_cat_has_no_room_for_are_refused(void **state)
{
    (void)state;
    for (unsigned count = 62; count <= 63; count++) {
        struct error error = {0};
        char words[2048];
        struct text text = text_of(words, sizeof(words));
        text_add(&text, BASE "leftmodecfgclient=yes;leftcat=yes;leftsubnet=10.0.0.0/24");
        for (unsigned i = 1; i < count; i++)
            text_add(&text, ",10.%u.0.0/24", i);
        struct connection_spec *spec = build(words, NULL, &error);
        assert_int_equal(spec != NULL, count == 62);
        if (spec == NULL)
            assert_non_null(strstr(error.text, "translates 62 networks at most; leftsubnet= has 63"));
        connection_spec_free(spec);
    }
}

static void keywords_without_effect_warn(void **state)
{
    (void)state;
    static const char *const rows[][2] = {
        {"dpdaction=restart", "\"dpdaction\" is obsolete"},
        {"keyingtries=%forever", "\"keyingtries\" is obsolete"},
        {"dpdtimeout=120", "\"dpdtimeout\" concerns IKEv1 only"},
        {"ikelifetime=48h", "the maximum is taken"},
        {"leftvti=10.9.0.1/30", "leftvti= has no effect without"},
        {"rightinterface-ip=10.9.0.1/30", "rightinterface-ip= has no effect without ipsec-interface="},
        {"leftinterface-ip=10.9.0.1/30;ipsec-interface=no", "leftinterface-ip= has no effect without"},
        {"leftinterface-ip=10.9.0.1/30;vti-interface=vti0;mark=5", "leftinterface-ip= has no effect without"},
        {"leftvti=10.9.0.1/30;ipsec-interface=yes", "leftvti= has no effect without vti-interface="},
        {"vti-interface=vti0", "vti-interface= has no effect without mark="},
        {"leftcat=yes", "leftcat=yes has no effect without modecfgclient=yes"},
        {"type=transport;mobike=yes", "mobike=yes has no effect with type=transport"},
        {"enable-tcp=yes;mobike=yes", "mobike=yes has no effect together with enable-tcp=yes"},
        {"esn=yes;replay-window=0", "esn=yes has no effect with replay-window=0"},
        {"type=transport;rightaddresspool=10.9.0.0/24", "rightaddresspool= has no effect with"},
        {"right=%group;rightsubnet=10.0.0.0/8", "rightsubnet= has no effect beside %group"},
        {"vti-routing=yes", "vti-routing= has no effect without vti-interface="},
        {"vti-shared=yes;ipsec-interface=yes", "vti-shared= has no effect without vti-interface="},
        {"leftsubnet=10.1.2.3/16", "subnet 10.1.2.3/16 has host bits set: 10.1.0.0/16 is taken"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct kept_warnings kept;
        struct warning_sink sink = keep_warnings(&kept);
        char pairs[256];
        snprintf(pairs, sizeof(pairs), BASE "%s", rows[i][0]);
        struct connection_spec *spec = build(pairs, &sink, NULL);
        assert_non_null(spec);
        connection_spec_free(spec);
        assert_int_equal(kept.count, 1);
        if (strstr(kept.text, rows[i][1]) == NULL)
            fail_msg("%s: %s", rows[i][0], kept.text);
    }
}

static void each_keyword_for_ikev1_warns(void **state)
{
    (void)state;
    struct kept_warnings kept;
    struct warning_sink sink = keep_warnings(&kept);
    struct connection_spec *spec = build(
        BASE "dpdtimeout=30;aggressive=yes;leftxauthclient=yes;dpdtimeout=40;dpdaction=hold", &sink, NULL);
    assert_non_null(spec);
    connection_spec_free(spec);
    assert_int_equal(kept.count, 4);
    assert_non_null(strstr(kept.text, "\"dpdtimeout\" concerns IKEv1 only"));
    assert_non_null(strstr(kept.text, "\"aggressive\" concerns IKEv1 only"));
    assert_non_null(strstr(kept.text, "\"leftxauthclient\" concerns IKEv1 only"));
    assert_non_null(strstr(kept.text, "\"dpdaction\" is obsolete"));
}

static void dpdaction_is_for_ikev1(void **state)
{
    (void)state;
    struct connection_spec *spec = built(BASE "keyexchange=ikev1;dpdaction=clear");
    assert_int_equal(spec->dpd_action, DPD_ACTION_CLEAR);
    connection_spec_free(spec);
    spec = built(BASE "dpdaction=clear");
    assert_int_equal(spec->dpd_action, DPD_ACTION_AUTO);
    connection_spec_free(spec);
}

static void an_interface_of_its_own_has_what_is_said_of_it(void **state)
{
    (void)state;
    static const char *const rows[] = {
        "mark=5/0xffffffff;vti-interface=vti0;vti-routing=yes;leftvti=10.9.0.1/30;ipsec-interface=no",
        "mark=5/0xffffffff;ipsec-interface=no;leftvti=10.9.0.1/30;vti-routing=yes;vti-interface=vti0",
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct kept_warnings kept;
        struct warning_sink sink = keep_warnings(&kept);
        char pairs[256];
        snprintf(pairs, sizeof(pairs), BASE "%s", rows[i]);
        struct connection_spec *spec = build(pairs, &sink, NULL);
        assert_non_null(spec);
        assert_int_equal(kept.count, 0);
        assert_string_equal(spec->interface.vti.name, "vti0");
        assert_true(spec->interface.vti.has_routes && !spec->interface.is_wanted);
        assert_int_equal(spec->left.vti_ip.length, 30);
        assert_false(address_is_set(&spec->left.interface_ip.address));
        connection_spec_free(spec);
    }
}

static void a_pool_makes_its_connection_narrow(void **state)
{
    (void)state;
    struct connection_spec *spec =
        built(BASE "leftsubnet=0.0.0.0/0,::/0;"
                   "rightaddresspool=10.9.0.1-10.9.0.9, 2001:db8:9::/112 10.8.0.0/24/28;modecfgdns=10.1.0.53 "
                   "2001:db8::53;modecfgdomains=a.example, b.example");
    char text[RANGE_TEXT_SIZE];
    assert_true(spec->narrowing);
    assert_int_equal(spec->right.pool_count, 3);
    assert_string_equal(range_text(&spec->right.pools[0].range, text), "10.9.0.1-10.9.0.9");
    assert_int_equal(spec->right.pools[0].lease_length, 32);
    assert_string_equal(range_text(&spec->right.pools[1].range, text), "2001:db8:9::-2001:db8:9::ffff");
    assert_int_equal(spec->right.pools[1].lease_length, 128);
    assert_int_equal(spec->right.pools[2].lease_length, 28);
    assert_int_equal(spec->modecfg.dns_count, 2);
    assert_string_equal(spec->modecfg.domains, "a.example b.example");
    assert_true(spec->modecfg.share_lease && !spec->modecfg.pull);
    connection_spec_free(spec);
}

static void the_policy_words_say_what_esn_says(void **state)
{
    (void)state;
    static const struct {
        const char *options;
        bool has_no, has_yes;
    } rows[] = {
        {"", true, true},
        {"esn=yes", false, true},
        {"esn=no", true, false},
        {"esn=either", true, true},
        {"replay-window=0", true, false},
        {"keyexchange=ikev1;esn=no", true, false},
    };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        char pairs[256], text[POLICY_TEXT_SIZE];
        snprintf(pairs, sizeof(pairs), BASE "%s", rows[i].options);
        struct connection_spec *spec = built(pairs);
        policy_text(spec, false, text);
        assert_int_equal(strstr(text, "+ESN_NO") != NULL, rows[i].has_no);
        assert_int_equal(strstr(text, "+ESN_YES") != NULL, rows[i].has_yes);
        connection_spec_free(spec);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_complete_connection_is_built),
        cmocka_unit_test(absent_proposals_are_the_defaults),
        cmocka_unit_test(a_later_keyword_replaces_an_earlier_one),
        cmocka_unit_test(protoport_applies_to_subnets_that_name_none),
        cmocka_unit_test(hosts_have_all_their_forms),
        cmocka_unit_test(a_virtual_subnet_says_which_clients_the_peer_may_name),
        cmocka_unit_test(subnets_make_a_connection_for_each_pair),
        cmocka_unit_test(an_end_without_subnets_counts_as_number_0),
        cmocka_unit_test(subnets_of_different_families_are_skipped_with_a_warning),
        cmocka_unit_test(a_source_address_without_subnet_is_the_subnet),
        cmocka_unit_test(updown_tells_default_none_and_own_apart),
        cmocka_unit_test(bad_pairs_are_refused_with_connection_keyword_and_reason),
        cmocka_unit_test(an_error_knows_the_byte),
        cmocka_unit_test(authby_is_a_set_of_methods_and_hashes),
        cmocka_unit_test(what_only_the_whole_shows_is_refused),
        cmocka_unit_test(pairs_that_only_look_alike_are_taken),
        cmocka_unit_test(the_version_of_ike_decides_what_the_proposals_may_be),
        cmocka_unit_test(networks_that_cat_has_no_room_for_are_refused),
        cmocka_unit_test(keywords_without_effect_warn),
        cmocka_unit_test(each_keyword_for_ikev1_warns),
        cmocka_unit_test(dpdaction_is_for_ikev1),
        cmocka_unit_test(an_interface_of_its_own_has_what_is_said_of_it),
        cmocka_unit_test(a_pool_makes_its_connection_narrow),
        cmocka_unit_test(the_policy_words_say_what_esn_says),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
