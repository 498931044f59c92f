/* pluto's options that set a keyword of `config setup` (ipsec_pluto(8)); sorted by name. */
#include "config/keyword.h"

#include "base/bytes.h"

#include <stdlib.h>

#define TAKES .argument = ARGUMENT_REQUIRED
#define FLAG .argument = ARGUMENT_OPTIONAL, .value = "yes"
#define MEANS(text) .argument = ARGUMENT_NONE, .value = (text)
#define OLD .is_obsolete = true

const struct keyword_option pluto_setup_options[] = {
    {"audit-log", "audit-log", FLAG},
    {"coredir", "dumpdir", TAKES, OLD},
    {"crl-strict", "crl-strict", MEANS("yes")},
    {"crlcheckinterval", "crlcheckinterval", TAKES},
    {"curl-iface", "curl-iface", TAKES},
    {"curl-timeout", "crl-timeout", TAKES},
    {"ddos-ike-threshold", "ddos-ike-threshold", TAKES},
    {"ddos-mode", "ddos-mode", TAKES},
    {"debug", "plutodebug", TAKES, .appends = true},
    {"debug-all", "plutodebug", MEANS("all"), .appends = true},
    {"debug-control", "plutodebug", MEANS("control"), .appends = true, OLD},
    {"debug-crypt", "plutodebug", MEANS("crypt"), .appends = true, OLD},
    {"debug-dns", "plutodebug", MEANS("dns"), .appends = true, OLD},
    {"debug-emitting", "plutodebug", MEANS("emitting"), .appends = true, OLD},
    {"debug-klips", "plutodebug", MEANS("klips"), .appends = true, OLD},
    {"debug-lifecycle", "plutodebug", MEANS("lifecycle"), .appends = true, OLD},
    {"debug-none", "plutodebug", MEANS("none"), .appends = true},
    {"debug-oppo", "plutodebug", MEANS("oppo"), .appends = true, OLD},
    {"debug-parsing", "plutodebug", MEANS("parsing"), .appends = true, OLD},
    {"debug-private", "plutodebug", MEANS("private"), .appends = true, OLD},
    {"debug-raw", "plutodebug", MEANS("raw"), .appends = true, OLD},
    {"dnssec-anchors", "dnssec-anchors", TAKES},
    {"dnssec-enable", "dnssec-enable", TAKES},
    {"dnssec-rootkey-file", "dnssec-rootkey-file", TAKES},
    {"dnssec-trusted", "dnssec-anchors", TAKES, OLD},
    {"drop-oppo-null", "drop-oppo-null", FLAG},
    {"dumpdir", "dumpdir", TAKES},
    {"expire-shunt-interval", "expire-shunt-interval", TAKES},
    {"foodgroupsdir", "ipsecdir", TAKES, OLD},
    {"force-busy", "ddos-mode", MEANS("busy"), OLD},
    {"force-unlimited", "ddos-mode", MEANS("unlimited"), OLD},
    {"global-redirect", "global-redirect", TAKES},
    {"global-redirect-to", "global-redirect-to", TAKES},
    {"ike-socket-bufsize", "ike-socket-bufsize", TAKES},
    {"ike-socket-errqueue", "ike-socket-errqueue", TAKES},
    {"ike-socket-no-errqueue", "ike-socket-errqueue", MEANS("no"), OLD},
    {"ikev1-drop", "ikev1-policy", MEANS("drop")},
    {"ikev1-reject", "ikev1-policy", MEANS("reject")},
    {"ikev1-secctx-attr-type", "ikev1-secctx-attr-type", TAKES, OLD},
    {"ipsecdir", "ipsecdir", TAKES},
    {"keep-alive", "keep-alive", TAKES},
    {"listen", "listen", TAKES, .appends = true},
    {"listen-tcp", "listen-tcp", FLAG},
    {"listen-udp", "listen-udp", FLAG},
    {"log-no-append", "logappend", MEANS("no")},
    {"log-no-audit", "audit-log", MEANS("no"), OLD},
    {"log-no-ip", "logip", MEANS("no"), OLD},
    {"log-no-time", "logtime", MEANS("no")},
    {"logfile", "logfile", TAKES},
    {"logip", "logip", FLAG},
    {"max-halfopen-ike", "max-halfopen-ike", TAKES},
    {"nflog-all", "nflog-all", TAKES},
    {"nhelpers", "nhelpers", TAKES},
    {"no-dnssec", "dnssec-enable", MEANS("no")},
    {"no-listen-udp", "listen-udp", MEANS("no"), OLD},
    {"noklips", "protostack", MEANS("none"), OLD},
    {"nssdir", "nssdir", TAKES},
    {"ocsp-cache-max-age", "ocsp-cache-max-age", TAKES},
    {"ocsp-cache-min-age", "ocsp-cache-min-age", TAKES},
    {"ocsp-cache-size", "ocsp-cache-size", TAKES},
    {"ocsp-enable", "ocsp-enable", MEANS("yes")},
    {"ocsp-method", "ocsp-method", TAKES},
    {"ocsp-strict", "ocsp-strict", MEANS("yes")},
    {"ocsp-timeout", "ocsp-timeout", TAKES},
    {"ocsp-trustname", "ocsp-trustname", TAKES},
    {"ocsp-uri", "ocsp-uri", TAKES},
    {"protostack", "protostack", TAKES},
    {"rundir", "rundir", TAKES},
    {"seccomp", "seccomp", TAKES},
    {"seccomp-enabled", "seccomp", MEANS("enabled"), OLD},
    {"seccomp-tolerant", "seccomp", MEANS("tolerant"), OLD},
    {"secctx-attr-type", "secctx-attr-type", TAKES, OLD},
    {"secretsfile", "secretsfile", TAKES},
    {"seedbits", "seedbits", TAKES},
    {"seeddev", "seeddev", TAKES},
    {"statsbin", "statsbin", TAKES},
    {"stderrlog", "logstderr", MEANS("yes")},
    {"uniqueids", "uniqueids", FLAG},
    {"use-bsdkame", "protostack", MEANS("bsdkame"), OLD},
    {"use-netkey", "protostack", MEANS("netkey"), OLD},
    {"use-pfkeyv2", "protostack", MEANS("pfkeyv2")},
    {"use-userspace", "protostack", MEANS("userspace")},
    {"use-xfrm", "protostack", MEANS("xfrm")},
    {"vendorid", "myvendorid", TAKES},
    {"virtual-private", "virtual-private", TAKES},
};
const size_t pluto_setup_option_count = ARRAY_SIZE(pluto_setup_options);

static int compare_name(const void *name, const void *row)
{
    return strcmp(name, ((const struct keyword_option *)row)->name);
}

const struct keyword_option *pluto_setup_option_find(const char *name)
{
    return bsearch(name, pluto_setup_options, pluto_setup_option_count, sizeof(pluto_setup_options[0]),
                   compare_name);
}
