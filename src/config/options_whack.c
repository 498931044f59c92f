/* whack's options that describe a connection (ipsec_whack(8)), each with the keyword it sets; sorted by name.
 */
#include "config/keyword.h"

#include "base/bytes.h"

#include <stdlib.h>

#define TAKES .argument = ARGUMENT_REQUIRED
#define FLAG .argument = ARGUMENT_OPTIONAL, .value = "yes"
#define MEANS(text) .argument = ARGUMENT_NONE, .value = (text)
#define JOINS(text) .argument = ARGUMENT_NONE, .value = (text), .appends = true
#define OLD .is_obsolete = true
#define REPLACED_BY(option) .is_obsolete = true, .replaced_by = (option)

const struct keyword_option whack_connection_options[] = {
    {"accept-redirect", "accept-redirect", TAKES},
    {"accept-redirect-to", "accept-redirect-to", TAKES},
    {"addresspool", "addresspool", TAKES},
    {"aggressive", "aggressive", FLAG},
    {"aggrmode", "aggressive", MEANS("yes"), OLD},
    {"ah", "ah", TAKES},
    {"allow-cert-without-san-id", "require-id-on-certificate", MEANS("no")},
    {"allow-narrowing", "narrowing", FLAG, OLD},
    {"auth", "auth", TAKES},
    {"auth-never", "authby", MEANS("never")},
    {"auth-null", "authby", JOINS("null")},
    {"authby", "authby", TAKES},
    {"autheap", "autheap", TAKES},
    {"authenticate", "phase2", JOINS("ah")},
    {"ca", "ca", TAKES},
    {"cat", "cat", FLAG},
    {"cert", "cert", TAKES},
    {"cisco-unity", "cisco-unity", FLAG},
    {"cisco_unity", "cisco-unity", MEANS("yes"), REPLACED_BY("cisco-unity")},
    {"ckaid", "ckaid", TAKES},
    {"client", "subnet", TAKES},
    {"clientprotoport", "protoport", TAKES},
    {"compress", "compress", FLAG},
    {"conn-mark", "mark", TAKES},
    {"conn-mark-in", "mark-in", TAKES},
    {"conn-mark-out", "mark-out", TAKES},
    {"connalias", "connalias", TAKES, .appends = true},
    {"decap-dscp", "decap-dscp", FLAG},
    {"dns-match-id", "dns-match-id", FLAG},
    {"dnskeyondemand", "pubkey", MEANS("%dnsondemand")},
    {"dont-share-lease", "share-lease", MEANS("no")},
    {"dontrekey", "rekey", MEANS("no")},
    {"dpdaction", "dpdaction", TAKES},
    {"dpddelay", "dpddelay", TAKES},
    {"dpdtimeout", "dpdtimeout", TAKES},
    {"drop", "type", MEANS("drop")},
    {"ecdsa", "authby", JOINS("ecdsa")},
    {"ecdsa-sha2", "authby", JOINS("ecdsa-sha2")},
    {"ecdsa-sha2_256", "authby", JOINS("ecdsa-sha2_256")},
    {"ecdsa-sha2_384", "authby", JOINS("ecdsa-sha2_384")},
    {"ecdsa-sha2_512", "authby", JOINS("ecdsa-sha2_512")},
    {"encap-dscp", "encap-dscp", FLAG},
    {"encaps", "encapsulation", TAKES, OLD},
    {"encapsulation", "encapsulation", FLAG},
    {"encrypt", "phase2", JOINS("esp")},
    {"esn", "esn", FLAG},
    {"esp", "esp", TAKES},
    {"faildrop", "failureshunt", MEANS("drop")},
    {"failhold", "failureshunt", MEANS("hold")},
    {"failnone", "failureshunt", MEANS("none")},
    {"failpass", "failureshunt", MEANS("pass")},
    {"failreject", "failureshunt", MEANS("reject")},
    {"fake-strongswan", "fake-strongswan", FLAG},
    {"forceencaps", "encapsulation", MEANS("yes"), OLD},
    {"fragmentation", "fragmentation", TAKES},
    {"host", "", TAKES},
    {"id", "id", TAKES},
    {"ignore-peer-dns", "ignore-peer-dns", FLAG},
    {"ike", "ike", TAKES},
    {"ikealg", "ike", TAKES, REPLACED_BY("ike")},
    {"ikefrag-allow", "fragmentation", MEANS("yes"), REPLACED_BY("fragmentation")},
    {"ikefrag-force", "fragmentation", MEANS("force"), REPLACED_BY("fragmentation")},
    {"ikelifetime", "ikelifetime", TAKES},
    {"ikepad", "ikepad", FLAG},
    {"ikeport", "ikeport", TAKES},
    {"ikev1", "keyexchange", MEANS("ikev1")},
    {"ikev1-allow", "keyexchange", MEANS("ikev1"), REPLACED_BY("ikev1")},
    {"ikev1-natt", "nat-ikev1-method", TAKES},
    {"ikev1_natt", "nat-ikev1-method", TAKES, REPLACED_BY("ikev1-natt")},
    {"ikev2", "keyexchange", MEANS("ikev2")},
    {"ikev2-allow", "keyexchange", MEANS("ikev2"), REPLACED_BY("ikev2")},
    {"ikev2-pam-authorize", "pam-authorize", MEANS("yes"), OLD},
    {"ikev2-propose", "keyexchange", MEANS("ikev2"), REPLACED_BY("ikev2")},
    {"initial-contact", "initial-contact", FLAG},
    {"initialcontact", "initial-contact", MEANS("yes"), REPLACED_BY("initial-contact")},
    {"interface-ip", "interface-ip", TAKES},
    {"interfaceip", "interface-ip", TAKES, OLD},
    {"intermediate", "intermediate", FLAG},
    {"ipsec-interface", "ipsec-interface", TAKES},
    {"ipsec-lifetime", "ipsec-lifetime", TAKES},
    {"ipsec-max-bytes", "ipsec-max-bytes", TAKES},
    {"ipsec-max-packets", "ipsec-max-packets", TAKES},
    {"ipseclifetime", "ipsec-lifetime", TAKES, OLD},
    {"iptfs", "iptfs", FLAG},
    {"iptfs-drop-time", "iptfs-drop-time", TAKES},
    {"iptfs-fragmentation", "iptfs-fragmentation", FLAG},
    {"iptfs-init-delay", "iptfs-init-delay", TAKES},
    {"iptfs-max-queue-size", "iptfs-max-queue-size", TAKES},
    {"iptfs-packet-size", "iptfs-packet-size", TAKES},
    {"iptfs-reorder-window", "iptfs-reorder-window", TAKES},
    {"ipv4", "hostaddrfamily", MEANS("ipv4")},
    {"ipv6", "hostaddrfamily", MEANS("ipv6")},
    {"keyingtries", "keyingtries", TAKES},
    {"metric", "metric", TAKES},
    {"mobike", "mobike", FLAG},
    {"modecfgbanner", "modecfgbanner", TAKES},
    {"modecfgclient", "modecfgclient", FLAG},
    {"modecfgdns", "modecfgdns", TAKES},
    {"modecfgdomains", "modecfgdomains", TAKES},
    {"modecfgpull", "modecfgpull", FLAG},
    {"modecfgserver", "modecfgserver", FLAG},
    {"modeconfigclient", "modecfgclient", MEANS("yes"), OLD},
    {"modeconfigserver", "modecfgserver", MEANS("yes"), OLD},
    {"ms-dh-downgrade", "ms-dh-downgrade", FLAG},
    {"mtu", "mtu", TAKES},
    {"narrowing", "narrowing", TAKES},
    {"nat-keepalive", "nat-keepalive", TAKES},
    {"negodrop", "negotiationshunt", MEANS("drop")},
    {"negohold", "negotiationshunt", MEANS("hold")},
    {"negopass", "negotiationshunt", MEANS("pass")},
    {"nexthop", "nexthop", TAKES},
    {"nflog-group", "nflog-group", TAKES},
    {"nic-offload", "nic-offload", TAKES},
    {"nm-configured", "nm-configured", FLAG},
    {"nm_configured", "nm-configured", FLAG, REPLACED_BY("nm-configured")},
    {"no-esn", "esn", MEANS("no"), REPLACED_BY("esn no")},
    {"no-ikepad", "ikepad", MEANS("no"), OLD},
    {"no-keep-alive", "nat-keepalive", MEANS("no"), OLD},
    {"no-nat-keepalive", "nat-keepalive", MEANS("no"), REPLACED_BY("nat-keepalive no")},
    {"no-nat_keepalive", "nat-keepalive", MEANS("no"), REPLACED_BY("nat-keepalive no")},
    {"nopmtudisc", "nopmtudisc", FLAG},
    {"overlapip", "overlapip", FLAG},
    {"pass", "type", MEANS("pass")},
    {"pfs", "pfs", FLAG},
    {"pfs-rekey-workaround", "pfs-rekey-workaround", FLAG},
    {"policylabel", "sec-label", TAKES},
    {"priority", "priority", TAKES},
    {"psk", "authby", JOINS("secret")},
    {"reauth", "reauth", MEANS("yes")},
    {"reject", "type", MEANS("reject"), REPLACED_BY("drop")},
    {"reject-simultaneous-ike-auth", "reject-simultaneous-ike-auth", FLAG},
    {"rekeyfuzz", "rekeyfuzz", TAKES},
    {"rekeymargin", "rekeymargin", TAKES},
    {"rekeywindow", "rekeymargin", TAKES, OLD},
    {"remote-peer-type", "remote-peer-type", TAKES},
    {"replay-window", "replay-window", TAKES},
    {"reqid", "reqid", TAKES},
    {"retransmit-interval", "retransmit-interval", TAKES},
    {"retransmit-timeout", "retransmit-timeout", TAKES},
    {"rsa-sha1", "authby", JOINS("rsa-sha1")},
    {"rsa-sha2", "authby", JOINS("rsa-sha2")},
    {"rsa-sha2_256", "authby", JOINS("rsa-sha2_256")},
    {"rsa-sha2_384", "authby", JOINS("rsa-sha2_384")},
    {"rsa-sha2_512", "authby", JOINS("rsa-sha2_512")},
    {"rsasig", "authby", JOINS("rsasig")},
    {"send-esp-tfc-padding-not-supported", "send-esp-tfc-padding-not-supported", FLAG},
    {"send-no-esp-tfc", "send-esp-tfc-padding-not-supported", MEANS("yes"), OLD},
    {"send-redirect", "send-redirect", TAKES},
    {"send-supported-auth-methods", "send-supported-auth-methods", FLAG},
    {"sendca", "sendca", TAKES},
    {"sendcert", "sendcert", TAKES},
    {"session-resumption", "session-resumption", FLAG},
    {"sha2-truncbug", "sha2-truncbug", FLAG},
    {"sha2_truncbug", "sha2-truncbug", MEANS("yes"), OLD},
    {"sourceip", "sourceip", TAKES},
    {"srcip", "sourceip", TAKES, OLD},
    {"subnet", "subnet", TAKES},
    {"tcp", "enable-tcp", TAKES},
    {"tcp-remote-port", "tcp-remoteport", TAKES},
    {"tfc", "tfc", TAKES},
    {"timeout", "dpdtimeout", TAKES, OLD},
    {"transport", "type", MEANS("transport")},
    {"tunnel", "type", MEANS("tunnel")},
    {"tunnelipv4", "clientaddrfamily", MEANS("ipv4")},
    {"tunnelipv6", "clientaddrfamily", MEANS("ipv6")},
    {"updown", "updown", TAKES},
    {"vti", "vti", TAKES},
    {"vti-iface", "vti-interface", TAKES, OLD},
    {"vti-interface", "vti-interface", TAKES},
    {"vti-routing", "vti-routing", FLAG},
    {"vti-shared", "vti-shared", FLAG},
    {"vtiip", "vti", TAKES, REPLACED_BY("vti")},
    {"xauth", "xauthserver", MEANS("yes"), REPLACED_BY("xauthserver")},
    {"xauthby", "xauthby", TAKES},
    {"xauthclient", "xauthclient", FLAG},
    {"xauthfail", "xauthfail", TAKES},
    {"xauthserver", "xauthserver", FLAG},
};
const size_t whack_connection_option_count = ARRAY_SIZE(whack_connection_options);

static int compare_name(const void *name, const void *row)
{
    return strcmp(name, ((const struct keyword_option *)row)->name);
}

const struct keyword_option *whack_connection_option_find(const char *name)
{
    return bsearch(name, whack_connection_options, whack_connection_option_count,
                   sizeof(whack_connection_options[0]), compare_name);
}

const struct keyword_option *whack_keyword_option_find(const char *name)
{
    static struct keyword_option *options; /* parallel to conn_keywords; as long-lived as the table */
    if (options == NULL)
        options = calloc(conn_keyword_count, sizeof(*options));
    for (size_t i = 0; options != NULL && i < conn_keyword_count; i++) {
        const struct keyword *keyword = &conn_keywords[i];
        bool is_of_files = strcmp(keyword->name, "also") == 0 || strcmp(keyword->name, "alsoflip") == 0;
        if (strcmp(keyword->name, name) != 0 || keyword->alias_of != NULL || is_of_files || name[0] == '\0')
            continue;
        options[i] = (struct keyword_option){
            .name = keyword->name, .keyword = keyword->name, .argument = ARGUMENT_REQUIRED};
        return &options[i];
    }
    return NULL;
}
