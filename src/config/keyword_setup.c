/* The keywords of `config setup`, sorted by name. */
#include "config/keyword_table.h"
#include "config/setup.h"

#define ACTS(member) .section = SECTION_SETUP, .status = KEYWORD_ACTS, FIELD_OF(struct setup, member)
#define ACTS_BY_HAND .section = SECTION_SETUP, .status = KEYWORD_ACTS, NO_FIELD
#define NOT_YET .section = SECTION_SETUP, .status = KEYWORD_NOT_YET, NO_FIELD
#define NOT_YET_OF_KEYS NOT_YET, .concern = CONCERNS_PUBLIC_KEYS
#define OBSOLETE .section = SECTION_SETUP, .status = KEYWORD_OBSOLETE, NO_FIELD
#define COMMAND_LINE .section = SECTION_SETUP, .status = KEYWORD_COMMAND_LINE
#define ALIAS_OF(name) .section = SECTION_SETUP, .alias_of = (name), NO_FIELD

static const struct keyword_word ddos_words[] = {
    {"auto", DDOS_AUTO}, {"busy", DDOS_BUSY}, {"unlimited", DDOS_UNLIMITED}, {NULL}};
static const struct keyword_word ikev1_policy_words[] = {
    {"drop", IKEV1_DROP}, {"accept", IKEV1_ACCEPT}, {"reject", IKEV1_REJECT}, {NULL}};
static const struct keyword_word redirect_words[] = {{"no", 0}, {"yes", 1}, {"auto", 2}, {NULL}};
static const struct keyword_word ocsp_words[] = {{"get", 0}, {"post", 1}, {NULL}};
static const struct keyword_word resolver_words[] = {{"file", 0}, {"systemd", 1}, {NULL}};
static const struct keyword_word seccomp_words[] = {
    {"disabled", SECCOMP_DISABLED}, {"enabled", SECCOMP_ENABLED}, {"tolerant", SECCOMP_TOLERANT}, {NULL}};
static const struct keyword_word stack_words[] = {
    {"xfrm", PROTOSTACK_DEFAULT},   {"auto", PROTOSTACK_DEFAULT},        {"netkey", PROTOSTACK_DEFAULT},
    {"native", PROTOSTACK_DEFAULT}, {"userspace", PROTOSTACK_USERSPACE}, {"none", PROTOSTACK_NONE},
    {"pfkeyv2", PROTOSTACK_PFKEY},  {"pfkey", PROTOSTACK_PFKEY},         {"bsdkame", PROTOSTACK_PFKEY},
    {"klips", PROTOSTACK_DEFAULT},  {"mast", PROTOSTACK_DEFAULT},        {NULL}};

const struct keyword setup_keywords[] = {
    {"audit-log", ACTS(audit_log), BOOL("yes"),
     .help = "tell the Linux audit system of SAs, where there is one"},
    {"crl-strict", NOT_YET_OF_KEYS, BOOL("no"), .help = "refuse peers whose certificate no CRL vouches for"},
    {"crl-timeout", NOT_YET_OF_KEYS, TIME(USEC_PER_SEC, "5s"), .help = "time to wait for a CRL server"},
    {"crlcheckinterval", NOT_YET_OF_KEYS, TIME(USEC_PER_SEC, "0"),
     .help = "time between fetches of CRLs; 0 never"},
    {"curl-iface", NOT_YET_OF_KEYS, STRING("an interface or address", ""),
     .help = "where CRLs are fetched from"},
    {"curl-timeout", ALIAS_OF("crl-timeout")},
    {"ddos-ike-threshold", ACTS(ddos_ike_threshold), UINT(0, UINT32_MAX, "25000"),
     .help = "half-open IKE SAs from which cookies are demanded"},
    {"ddos-mode", ACTS(ddos_mode), ENUM(ddos_words, "auto"),
     .help = "when cookies are demanded of new peers"},
    {"dns-resolver", ACTS(dns_resolver), ENUM(resolver_words, "file"),
     .help = "where DNS servers of a peer are entered"},
    {"dnssec-anchors", NOT_YET, STRING("a file", ""), .help = "further DNSSEC trust anchors"},
    {"dnssec-enable", NOT_YET, BOOL("no"), .concern = CONCERNS_NAMES, .help = "look up names with DNSSEC",
     .reason = "names are looked up without DNSSEC"},
    {"dnssec-rootkey-file", NOT_YET, STRING("a file", ""), .help = "the DNSSEC root key"},
    {"drop-oppo-null", ACTS(drop_oppo_null), BOOL("no"),
     .help = "do not answer peers that want opportunistic encryption without authentication"},
    {"dumpdir", ACTS(dumpdir), STRING("a folder", "/run/pluto"),
     .help = "where a core file would be written"},
    {"exampledir", OBSOLETE, STRING("a folder", ""), .help = "named the example configurations"},
    {"expire-lifetime", ACTS(expire_lifetime), TIME(USEC_PER_SEC, "30s"), .minimum = USEC_PER_SEC,
     .help = "life of the kernel's acquire state"},
    {"expire-shunt-interval", ACTS(expire_shunt_interval), TIME(USEC_PER_SEC, "20s"),
     .help = "time between sweeps, at which shunts beyond their shuntlifetime= end; 0 each ends by itself"},
    {"global-redirect", NOT_YET, ENUM(redirect_words, "no"),
     .help = "send peers to another gateway (RFC 5685)"},
    {"global-redirect-to", NOT_YET, STRING("addresses or names", ""),
     .help = "the gateways to send peers to"},
    {"ike-socket-bufsize", ACTS(ike_socket_bufsize), SIZE(UINT32_MAX, "0"),
     .help = "bytes of socket buffer for IKE; 0 as the kernel has it"},
    {"ike-socket-errqueue", ACTS(ike_socket_errqueue), BOOL("yes"),
     .help = "learn of ICMP errors from the socket's error queue"},
    {"ikev1-policy", ACTS(ikev1_policy), ENUM(ikev1_policy_words, "drop"),
     .help = "what becomes of IKEv1 packets"},
    {"ikev1-secctx-attr-type", OBSOLETE, STRING("a number", ""), .help = "had the number of the IKEv1 label"},
    {"interfaces", OBSOLETE, STRING("interfaces", ""), .help = "bound KLIPS interfaces"},
    {"ipsec-interface-managed", ACTS(ipsec_interface_managed), BOOL("yes"),
     .help = "create and delete ipsec interfaces"},
    {"ipsecdir", ACTS(ipsecdir), STRING("a folder", "/etc/ipsec.d"),
     .help = "where policies and the like are"},
    {"keep-alive", ACTS(keep_alive), TIME(USEC_PER_SEC, "20s"), .help = "time between NAT keep-alives"},
    {"listen", ACTS_BY_HAND, SPECIAL("addresses, separated by commas", ""),
     .help = "the addresses to listen on"},
    {"listen-tcp", ACTS(listen_tcp), BOOL("no"), .help = "accept IKE over TCP (RFC 9329)"},
    {"listen-udp", ACTS(listen_udp), BOOL("yes"), .help = "accept IKE over UDP"},
    {"logappend", ACTS(logappend), BOOL("yes"), .help = "append to logfile= rather than begin it anew"},
    {"logfile", ACTS(logfile), STRING("a file", ""), .help = "where the log goes instead of syslog"},
    {"logip", ACTS(logip), BOOL("yes"), .help = "log the peers' addresses"},
    {"loglimit", ACTS(loglimit), BOOL("yes"), .help = "limit the log lines that strangers can cause"},
    {"logstderr", COMMAND_LINE, FIELD_OF(struct setup, logstderr), BOOL("no"),
     .help = "log to standard error"},
    {"logtime", ACTS(logtime), BOOL("yes"), .help = "begin the lines of logfile= with the time"},
    {"max-halfopen-ike", ACTS(max_halfopen_ike), UINT(0, UINT32_MAX, "50000"),
     .help = "half-open IKE SAs from which new ones are refused"},
    {"myvendorid", ACTS(myvendorid), STRING("text", ""), .help = "the vendor id that is sent"},
    {"nflog-all", ACTS(nflog_all), UINT(0, 65535, "0"),
     .help = "group of netfilter's log that gets all packets before they are protected and after; 0 none"},
    {"nhelpers", ACTS(nhelpers), .type = KEYWORD_INT, .maximum = 1024, .values = "a number, or -1",
     .default_text = "-1", .help = "threads for cryptography; -1 one less than processors, 0 none"},
    {"nssdir", ACTS(nssdir), STRING("a folder", "/var/lib/ipsec/nss"),
     .help = "the NSS database of this host's private keys"},
    {"ocsp-cache-max-age", NOT_YET_OF_KEYS, TIME(USEC_PER_SEC, "1d"),
     .help = "longest life of an OCSP answer"},
    {"ocsp-cache-min-age", NOT_YET_OF_KEYS, TIME(USEC_PER_SEC, "1h"),
     .help = "shortest life of an OCSP answer"},
    {"ocsp-cache-size", NOT_YET_OF_KEYS, UINT(0, UINT32_MAX, "1000"), .help = "OCSP answers to keep"},
    {"ocsp-enable", NOT_YET_OF_KEYS, BOOL("no"), .help = "ask OCSP servers about certificates"},
    {"ocsp-method", NOT_YET_OF_KEYS, ENUM(ocsp_words, "get"), .help = "how OCSP servers are asked"},
    {"ocsp-strict", NOT_YET_OF_KEYS, BOOL("no"), .help = "refuse peers that OCSP does not vouch for"},
    {"ocsp-timeout", NOT_YET_OF_KEYS, TIME(USEC_PER_SEC, "2s"), .help = "time to wait for an OCSP server"},
    {"ocsp-trustname", NOT_YET_OF_KEYS, STRING("a certificate's name", ""),
     .help = "the certificate of the OCSP server"},
    {"ocsp-uri", NOT_YET_OF_KEYS, STRING("a URI", ""), .help = "the OCSP server to ask"},
    {"plutodebug", ACTS_BY_HAND, SPECIAL("debug classes: none, base, cpu-usage, crypt, all ...", "none"),
     .help = "what to log for debugging"},
    {"plutostderrlog", OBSOLETE, STRING("a file", ""), .help = "was logfile="},
    {"protostack", ACTS(protostack), ENUM(stack_words, "xfrm"), .help = "the data plane"},
    {"rundir", ACTS(rundir), STRING("a folder", "/run/pluto"),
     .help = "where pid file and control socket are"},
    {"seccomp", ACTS(seccomp), ENUM(seccomp_words, "disabled"),
     .help = "restrict the system calls of the daemon"},
    {"secctx-attr-type", OBSOLETE, STRING("a number", ""), .help = "had the number of the IKEv1 label"},
    {"secretsfile", ACTS(secretsfile), STRING("a file or pattern", "/etc/ipsec.secrets"),
     .help = "where ipsec.secrets(5) is"},
    {"seedbits", ACTS(seedbits), UINT(0, UINT32_MAX, "0"),
     .help = "bits from seeddev= for the random generator"},
    {"seeddev", ACTS(seeddev), STRING("a device", "/dev/random"), .help = "the source of seedbits="},
    {"shuntlifetime", ACTS(shunt_lifetime), TIME(USEC_PER_SEC, "15m"),
     .help = "how long failureshunt= lasts before packets may begin a negotiation again"},
    {"statsbin", ACTS(statsbin), STRING("a program", ""), .help = "program told of every change of an SA"},
    {"syslog", OBSOLETE, STRING("facility.priority", ""), .help = "chose the syslog facility"},
    {"uniqueids", ACTS(uniqueids), BOOL("yes"),
     .help = "a new IKE SA of an identity replaces its older ones"},
    {"virtual-private", ACTS_BY_HAND, SPECIAL("%v4:CIDR, %v6:CIDR, %v4:!CIDR, separated by commas", ""),
     .help = "the networks that peers behind NAT may have"},
    {"virtual_private", OBSOLETE, STRING("networks", ""), .help = "was virtual-private="},
    {"xfrmlifetime", ALIAS_OF("expire-lifetime")},
};
const size_t setup_keyword_count = ARRAY_SIZE(setup_keywords);
