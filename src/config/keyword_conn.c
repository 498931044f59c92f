/* The keywords of `conn`, sorted by name; those of an end without left or right. */
#include "config/keyword_table.h"
#include "engine/connection_spec.h"

#define ACTS(member) .section = SECTION_CONN, .status = KEYWORD_ACTS, FIELD_OF(struct connection_spec, member)
#define ACTS_BY_HAND .section = SECTION_CONN, .status = KEYWORD_ACTS, NO_FIELD
#define NOT_YET .section = SECTION_CONN, .status = KEYWORD_NOT_YET, NO_FIELD
#define NOT_YET_OF_KEYS NOT_YET, .concern = CONCERNS_PUBLIC_KEYS
#define OBSOLETE .section = SECTION_CONN, .status = KEYWORD_OBSOLETE, NO_FIELD
#define IKEV1_ONLY(member)                                                                                   \
    .section = SECTION_CONN, .status = KEYWORD_IKEV1_ONLY, FIELD_OF(struct connection_spec, member)
#define END_IKEV1_ONLY(member)                                                                               \
    .section = SECTION_CONN, .is_per_end = true, .status = KEYWORD_IKEV1_ONLY,                               \
    FIELD_OF(struct end_spec, member)
#define ALIAS_OF(name) .section = SECTION_CONN, .alias_of = (name), NO_FIELD
/* Of an end. */
#define END_ACTS(member)                                                                                     \
    .section = SECTION_CONN, .is_per_end = true, .status = KEYWORD_ACTS, FIELD_OF(struct end_spec, member)
#define END_ACTS_BY_HAND .section = SECTION_CONN, .is_per_end = true, .status = KEYWORD_ACTS, NO_FIELD
#define END_NOT_YET .section = SECTION_CONN, .is_per_end = true, .status = KEYWORD_NOT_YET, NO_FIELD
#define END_NOT_YET_OF_KEYS END_NOT_YET, .concern = CONCERNS_PUBLIC_KEYS
#define END_ALIAS_OF(name) .section = SECTION_CONN, .is_per_end = true, .alias_of = (name), NO_FIELD

/* ESP sequence numbers: what esn= allows. */
#define ESN_EITHER (PROPOSAL_ESN_NO | PROPOSAL_ESN_YES)
/* ipsec.conf(5) counts to 2^63; nothing is ever beyond. */
#define SIXTY_THREE_BITS ((uint64_t)1 << 63)

enum { REPLAY_WINDOW_MAX = 4096 };

static const struct keyword_word auto_words[] = {
    {"ignore", AUTO_IGNORE}, {"add", AUTO_ADD},     {"ondemand", AUTO_ONDEMAND}, {"route", AUTO_ONDEMAND},
    {"up", AUTO_START},      {"start", AUTO_START}, {"keep", AUTO_KEEP},         {NULL}};
static const struct keyword_word type_words[] = {{"tunnel", TYPE_TUNNEL},
                                                 {"transport", TYPE_TRANSPORT},
                                                 {"pass", TYPE_PASS},
                                                 {"passthrough", TYPE_PASS},
                                                 {"drop", TYPE_DROP},
                                                 {"reject", TYPE_DROP},
                                                 {NULL}};
static const struct keyword_word encapsulation_words[] = {{"auto", ENCAPSULATION_AUTO},
                                                          {"yes", ENCAPSULATION_YES},
                                                          {"no", ENCAPSULATION_NO},
                                                          {"force", ENCAPSULATION_YES},
                                                          {"true", ENCAPSULATION_YES},
                                                          {"false", ENCAPSULATION_NO},
                                                          {NULL}};
static const struct keyword_word esn_words[] = {{"either", ESN_EITHER},     {"yes", PROPOSAL_ESN_YES},
                                                {"no", PROPOSAL_ESN_NO},    {"true", PROPOSAL_ESN_YES},
                                                {"false", PROPOSAL_ESN_NO}, {NULL}};
static const struct keyword_word family_words[] = {{"ipv4", IP_V4}, {"ipv6", IP_V6}, {"v4", IP_V4},
                                                   {"v6", IP_V6},   {"inet", IP_V4}, {"inet6", IP_V6},
                                                   {NULL}};
static const struct keyword_word fragmentation_words[] = {
    {"yes", FRAGMENTATION_YES},      {"no", FRAGMENTATION_NO},
    {"never", FRAGMENTATION_NO},     {"force", FRAGMENTATION_FORCE},
    {"insist", FRAGMENTATION_FORCE}, {"true", FRAGMENTATION_YES},
    {"false", FRAGMENTATION_NO},     {NULL}};
static const struct keyword_word keyexchange_words[] = {
    {"ikev2", 2}, {"ike", 2}, {"default", 2}, {"ikev1", 1}, {NULL}};
static const struct keyword_word ikev2_words[] = {
    {"yes", 2}, {"insist", 2}, {"always", 2}, {"propose", 2}, {"true", 2}, {"on", 2}, {"y", 2},
    {"no", 1},  {"never", 1},  {"permit", 1}, {"false", 1},   {"off", 1},  {"n", 1},  {NULL}};

/* Enumerations of which only the default stands for what happens today. */
static const struct keyword_word autheap_words[] = {{"none", 0}, {"tls", 1}, {NULL}};
static const struct keyword_word tcp_words[] = {
    {"no", TCP_NO},    {"false", TCP_NO},          {"yes", TCP_YES},
    {"true", TCP_YES}, {"fallback", TCP_FALLBACK}, {NULL}};
static const struct keyword_word dpdaction_words[] = {{"auto", DPD_ACTION_AUTO},
                                                      {"hold", DPD_ACTION_HOLD},
                                                      {"clear", DPD_ACTION_CLEAR},
                                                      {"restart", DPD_ACTION_RESTART},
                                                      {"restart_by_peer", DPD_ACTION_RESTART},
                                                      {NULL}};
static const struct keyword_word failureshunt_words[] = {{"none", SHUNT_NONE},
                                                         {"drop", SHUNT_DROP},
                                                         {"hold", SHUNT_DROP},
                                                         {"reject", SHUNT_DROP},
                                                         {"pass", SHUNT_PASS},
                                                         {"passthrough", SHUNT_PASS},
                                                         {NULL}};
static const struct keyword_word negotiationshunt_words[] = {
    {"drop", SHUNT_DROP}, {"hold", SHUNT_DROP}, {"pass", SHUNT_PASS}, {"passthrough", SHUNT_PASS}, {NULL}};
static const struct keyword_word ikepad_words[] = {
    {"auto", IKEPAD_AUTO}, {"yes", IKEPAD_YES}, {"no", IKEPAD_NO}, {NULL}};
static const struct keyword_word natt_words[] = {{"both", IKEV1_NATT_RFC | IKEV1_NATT_DRAFTS},
                                                 {"rfc", IKEV1_NATT_RFC},
                                                 {"drafts", IKEV1_NATT_DRAFTS},
                                                 {"none", 0},
                                                 {NULL}};
static const struct keyword_word offload_words[] = {{"no", NIC_OFFLOAD_NO},
                                                    {"crypto", NIC_OFFLOAD_CRYPTO},
                                                    {"yes", NIC_OFFLOAD_CRYPTO},
                                                    {"packet", NIC_OFFLOAD_PACKET},
                                                    {NULL}};
static const struct keyword_word ppk_words[] = {{"no", 0},  {"never", 0},  {"permit", 1}, {"propose", 1},
                                                {"yes", 1}, {"insist", 2}, {"always", 2}, {NULL}};
static const struct keyword_word peer_type_words[] = {{"ietf", false}, {"cisco", true}, {NULL}};
static const struct keyword_word redirect_words[] = {{"auto", 0}, {"yes", 1}, {"no", 2}, {NULL}};
static const struct keyword_word sendca_words[] = {{"all", 0}, {"issuer", 1}, {"none", 2}, {NULL}};
static const struct keyword_word sendcert_words[] = {{"always", 0},  {"alwayssend", 0},  {"yes", 0},
                                                     {"ifasked", 1}, {"sendifasked", 1}, {"never", 2},
                                                     {"no", 2},      {"forced", 0},      {NULL}};
static const struct keyword_word xauthby_words[] = {
    {"file", XAUTHBY_FILE}, {"pam", XAUTHBY_PAM}, {"alwaysok", XAUTHBY_ALWAYSOK}, {NULL}};
static const struct keyword_word xauthfail_words[] = {{"hard", 0}, {"soft", 1}, {NULL}};

static const struct keyword_word updown_config_words[] = {
    {"exec", false}, {"async", true}, {"async,exec", true}, {"exec,async", true}, {NULL}};

const struct keyword conn_keywords[] = {
    {"", END_ACTS_BY_HAND,
     SPECIAL(
         "an address, a name, %any, %defaultroute, %INTERFACE, %group, %opportunistic or %opportunisticgroup",
         ""),
     .help = "the public address of this end"},
    {"accept-redirect", NOT_YET, BOOL("no"), .help = "follow the peer's redirections (RFC 5685)"},
    {"accept-redirect-to", NOT_YET, STRING("addresses or %any", ""),
     .help = "where the peer may redirect us to"},
    {"addresspool", END_ACTS_BY_HAND,
     SPECIAL("ADDRESS-ADDRESS or ADDRESS/LENGTH, several separated by commas", ""),
     .help = "addresses of which the other end leases this end one"},
    {"aggressive", IKEV1_ONLY(aggressive), BOOL("no"), .help = "IKEv1 Aggressive Mode"},
    {"aggrmode", ALIAS_OF("aggressive")},
    {"ah", ACTS_BY_HAND, .empty_is_unset = true, SPECIAL("algorithms", ""),
     .help = "algorithms of AH; ipsec algparse ah= shows those that are meant without it"},
    {"also", ACTS_BY_HAND, .appends = true, SPECIAL("the name of a conn", ""),
     .help = "takes over what that conn section says"},
    {"alsoflip", ACTS_BY_HAND, .appends = true, SPECIAL("the name of a conn", ""),
     .help = "the same with left and right exchanged"},
    {"auth", END_ACTS_BY_HAND, .is_checked_when_read = true,
     SPECIAL("secret (psk), rsasig, ecdsa, eddsa, null or never; eaponly is not supported yet", ""),
     .help = "how this end proves its identity; authby= when absent"},
    {"authby", ACTS_BY_HAND, .empty_is_unset = true,
     SPECIAL("secret (psk), rsasig, ecdsa, null ..., separated by commas", ""),
     .help = "how both ends prove their identity"},
    {"autheap", END_NOT_YET, ENUM(autheap_words, "none"), .help = "the EAP method of this end"},
    {"auto", ACTS(auto_start), ENUM(auto_words, "ignore"),
     .help = "what is done with the connection at start-up"},
    {"ca", END_NOT_YET_OF_KEYS, STRING("a distinguished name, %same or %any", ""),
     .help = "who must have issued the certificate"},
    {"cat", END_ACTS(translates_clients), BOOL("no"),
     .help = "translate the addresses of this end's packets to the one that it was leased"},
    {"cert", END_NOT_YET, STRING("a certificate's name", ""), .help = "the certificate of this end"},
    {"cisco-split", IKEV1_ONLY(modecfg.cisco_split), BOOL("no"), .help = "take Cisco's split-tunnel subnets"},
    {"cisco-unity", IKEV1_ONLY(modecfg.cisco_unity), BOOL("no"), .help = "send Cisco's Unity vendor id"},
    {"ckaid", END_ACTS_BY_HAND, .empty_is_unset = true,
     SPECIAL("a key identifier of 40 hexadecimal digits", ""),
     .help = "the key of this end by its identifier"},
    {"clientaddrfamily", OBSOLETE, STRING("ipv4|ipv6", ""), .help = "the family follows from the subnets"},
    {"clones", ACTS_BY_HAND, SPECIAL("yes, no or a number", "no"),
     .help = "at most so many further Child SAs, each for packets of one CPU (RFC 9611)"},
    {"compress", ACTS(compress), BOOL("no"), .help = "offer and accept compression (IPComp)"},
    {"connalias", ACTS_BY_HAND, .appends = true, SPECIAL("names", ""),
     .help = "further names of the connection"},
    {"debug", ACTS_BY_HAND, .is_checked_when_read = true,
     SPECIAL("debug classes: none, base, cpu-usage, crypt, all ...", ""),
     .help = "what to log of this connection for debugging"},
    {"decap-dscp", ACTS(decap_dscp), BOOL("no"), .help = "copy DSCP of the outer header to the inner one"},
    {"dns-match-id", NOT_YET, BOOL("no"), .help = "confirm the peer's identity in the DNS"},
    {"dpdaction", .section = SECTION_CONN, .status = KEYWORD_OBSOLETE_IN_IKEV2,
     FIELD_OF(struct connection_spec, dpd_action), ENUM(dpdaction_words, "auto"),
     .help = "what becomes of a connection whose IKEv1 peer is dead: what auto= says, a trap, nothing, a new "
             "beginning; that of a road warrior always ends"},
    {"dpddelay", ACTS(dpd_delay), TIME(USEC_PER_SEC, "0"),
     .help = "silence after which the peer is probed; 0 never"},
    {"dpdtimeout", IKEV1_ONLY(dpd_timeout), TIME(USEC_PER_SEC, "120s"),
     .help = "silence after which an IKEv1 peer is dead"},
    {"ecdsakey", END_ACTS_BY_HAND, .empty_is_unset = true, SPECIAL("a public key, %cert or %none", ""),
     .help = "the ECDSA public key of this end"},
    {"eddsakey", END_ACTS_BY_HAND, .empty_is_unset = true, SPECIAL("a public key, %cert or %none", ""),
     .help = "the EdDSA public key of this end"},
    {"enable-tcp", ACTS(tcp_use), ENUM(tcp_words, "no"),
     .help = "initiate over TCP (RFC 9329): always, or when nobody answers over UDP"},
    {"encap-dscp", ACTS(encap_dscp), BOOL("yes"), .help = "copy DSCP of the inner header to the outer one"},
    {"encapsulation", ACTS(encapsulation), ENUM(encapsulation_words, "auto"),
     .help = "ESP in UDP: when a NAT is found, always, never"},
    {"esn", ACTS_BY_HAND, ENUM(esn_words, "either"), .help = "64-bit ESP sequence numbers"},
    {"esp", ACTS_BY_HAND, .empty_is_unset = true,
     SPECIAL("algorithms such as aes_gcm256,aes256-sha2_512;dh21", ""),
     .help = "algorithms of ESP; ipsec algparse esp= shows those that are meant without it"},
    {"failureshunt", ACTS(failure_shunt), ENUM(failureshunt_words, "none"),
     .help = "what becomes of packets after a failed negotiation, for shuntlifetime="},
    {"fake-strongswan", ACTS(fake_strongswan), BOOL("no"), .help = "send strongSwan's vendor id"},
    {"forceencaps", OBSOLETE, BOOL("no"), .help = "was encapsulation=yes"},
    {"fragmentation", ACTS_BY_HAND, ENUM(fragmentation_words, "yes"),
     .help = "IKE fragments (RFC 7383) when the peer knows them"},
    {"groundhog", END_NOT_YET_OF_KEYS, BOOL("no"), .help = "accept expired certificates"},
    {"hostaddrfamily", ACTS(host_family), ENUM(family_words, ""), .help = "address family of the hosts"},
    {"id", END_ACTS_BY_HAND, SPECIAL("an address, @name, user@name, @#hex, a distinguished name or %any", ""),
     .help =
         "the identity of this end; its address when absent. A host's name without @ is looked up when the "
         "connection is loaded, and stands for the address"},
    {"ignore-peer-dns", ACTS(modecfg.ignore_peer_dns), BOOL("no"),
     .help = "do not take DNS servers from the peer"},
    {"ike", ACTS_BY_HAND, .empty_is_unset = true, SPECIAL("algorithms such as aes_gcm256-sha2_512;dh21", ""),
     .help = "algorithms of IKE; ipsec algparse ike= shows those that are meant without it"},
    {"ikelifetime", ACTS(ike_lifetime), TIME_AT_MOST(USEC_PER_DAY, USEC_PER_SEC, "8h"),
     .minimum = USEC_PER_SEC, .help = "how long an IKE SA lives"},
    {"ikepad", IKEV1_ONLY(ikepad), ENUM(ikepad_words, "auto"),
     .help = "pad messages to four bytes; auto: all but the attributes of XAUTH and Mode Config"},
    {"ikeport", END_ACTS(ikeport), UINT(1, 65535, "500"), .help = "the UDP port of IKE at this end"},
    {"ikev1-dpdtimeout", ALIAS_OF("dpdtimeout")},
    {"ikev2", ACTS_BY_HAND, ENUM(ikev2_words, "yes"), .help = "older form of keyexchange="},
    {"initial-contact", ACTS(initial_contact), BOOL("no"),
     .help = "tell the peer to forget earlier SAs of ours"},
    {"interface-ip", END_ACTS_BY_HAND, .empty_is_unset = true, .is_checked_when_read = true,
     SPECIAL("an address with prefix", ""), .help = "address of the ipsec interface"},
    {"intermediate", NOT_YET, BOOL("no"), .help = "IKE_INTERMEDIATE exchanges (RFC 9242)"},
    {"ipsec-interface", ACTS_BY_HAND, .empty_is_unset = true, SPECIAL("yes, no or a number", "no"),
     .help = "an ipsec interface for this connection"},
    {"ipsec-lifetime", ACTS(ipsec_lifetime), TIME_AT_MOST(USEC_PER_DAY, USEC_PER_SEC, "8h"),
     .minimum = USEC_PER_SEC, .help = "how long an IPsec SA lives"},
    {"ipsec-max-bytes", ACTS(ipsec_max_bytes), SIZE(SIXTY_THREE_BITS, "8Ei"), .minimum = 1,
     .help = "bytes after which an IPsec SA is renewed"},
    {"ipsec-max-packets", ACTS(ipsec_max_packets), SIZE(SIXTY_THREE_BITS, "8Ei"), .minimum = 1,
     .help = "packets after which an IPsec SA is renewed"},
    {"iptfs", NOT_YET, BOOL("no"), .help = "IP traffic flow security (RFC 9347)"},
    {"iptfs-drop-time", NOT_YET, TIME(USEC_PER_SEC, ""),
     .help = "how long IP-TFS waits for a missing packet"},
    {"iptfs-fragmentation", NOT_YET, BOOL("yes"), .help = "IP-TFS may split packets"},
    {"iptfs-init-delay", NOT_YET, TIME(USEC_PER_SEC, ""),
     .help = "how long IP-TFS waits for more to aggregate"},
    {"iptfs-max-queue-size", NOT_YET, SIZE(UINT32_MAX, "0"), .help = "bytes that IP-TFS may queue"},
    {"iptfs-packet-size", NOT_YET, SIZE(65535, "0"), .help = "size of IP-TFS packets; 0 the path's MTU"},
    {"iptfs-reorder-window", NOT_YET, SIZE(65535, "0"), .help = "packets that IP-TFS may put in order"},
    {"keyexchange", ACTS_BY_HAND, ENUM(keyexchange_words, "ikev2"), .help = "the version of IKE"},
    {"keyingtries", OBSOLETE, STRING("a number or %forever", ""),
     .help = "negotiation goes on as auto= says"},
    {"keylife", ALIAS_OF("ipsec-lifetime")},
    {"lifetime", ALIAS_OF("ipsec-lifetime")},
    {"mark", ACTS_BY_HAND, .empty_is_unset = true, SPECIAL("MARK[/MASK], or -1 for one of its own", ""),
     .help = "netfilter mark of the policies"},
    {"mark-in", ACTS_BY_HAND, .empty_is_unset = true, SPECIAL("MARK[/MASK]", ""),
     .help = "mark= of the inbound policies"},
    {"mark-out", ACTS_BY_HAND, .empty_is_unset = true, SPECIAL("MARK[/MASK]", ""),
     .help = "mark= of the outbound policies"},
    {"metric", ACTS(metric), UINT(0, UINT32_MAX, "0"), .help = "metric of the routes that are installed"},
    {"mobike", ACTS(mobike), BOOL("no"), .help = "let addresses of the ends change (RFC 4555)"},
    {"modecfgbanner", .section = SECTION_CONN, .status = KEYWORD_IKEV1_ONLY, NO_FIELD, STRING("text", ""),
     .help = "text for the peer's user"},
    {"modecfgclient", END_ACTS(modecfg_client), BOOL("no"), .help = "this end asks for an address"},
    {"modecfgdns", ACTS_BY_HAND, SPECIAL("addresses", ""), .help = "DNS servers for the peer"},
    {"modecfgdomains", ACTS_BY_HAND, SPECIAL("domain names", ""), .help = "DNS domains for the peer"},
    {"modecfgpull", IKEV1_ONLY(modecfg.pull), BOOL("no"),
     .help = "the client asks for its address, rather than being told"},
    {"modecfgserver", END_ACTS(modecfg_server), BOOL("no"), .help = "this end gives out addresses"},
    {"ms-dh-downgrade", ACTS(ms_dh_downgrade), BOOL("no"),
     .help = "let Child SAs after the first do without the key exchange of pfs=, as Windows wants it"},
    {"mtu", ACTS(mtu), SIZE(65535, ""), .minimum = 68, .zero_is_unset = true,
     .help = "MTU of the routes that are installed; 0 the interface's"},
    {"narrowing", ACTS(narrowing), BOOL("no"), .help = "accept traffic selectors narrower than asked for"},
    {"nat-ikev1-method", IKEV1_ONLY(ikev1_natt), ENUM(natt_words, "both"),
     .help = "the forms of IKEv1 NAT traversal"},
    {"nat-keepalive", ACTS(nat_keepalive), BOOL("yes"), .help = "send NAT keep-alives when behind a NAT"},
    {"negotiationshunt", ACTS(negotiation_shunt), ENUM(negotiationshunt_words, "drop"),
     .help = "what becomes of packets during a negotiation; those that drop holds are sent after it"},
    {"nexthop", END_ACTS_BY_HAND, .empty_is_unset = true, SPECIAL("an address, %defaultroute or %direct", ""),
     .help = "the gateway towards the other end"},
    {"nflog", ALIAS_OF("nflog-group")},
    {"nflog-group", ACTS(nflog_group), UINT(1, 65535, ""),
     .help = "group of netfilter's log that gets the packets before they are protected and after: "
             "tcpdump -i nflog:GROUP"},
    {"nic-offload", ACTS(nic_offload), ENUM(offload_words, "no"),
     .help = "the network card does the cryptography of ESP, or all of it (protostack=xfrm)"},
    {"nm-configured", ACTS(nm_configured), BOOL("no"), .help = "set by NetworkManager"},
    {"nopmtudisc", ACTS(nopmtudisc), BOOL("no"), .help = "never set Don't Fragment on the outer header"},
    {"overlapip", ACTS(overlapip), BOOL("no"), .help = "several peers may have the same client subnet"},
    {"pam-authorize", ACTS(pam_authorize), BOOL("no"),
     .help = "IKEv2: ask PAM whether a peer that has proved its identity may come in"},
    {"pfs", ACTS(pfs), BOOL("yes"), .help = "a key exchange of its own for rekeyed IPsec SAs"},
    {"pfs-rekey-workaround", ACTS(pfs_rekey_workaround), BOOL("no"),
     .help = "let Child SAs be rekeyed without the key exchange of pfs=, for peers that need it"},
    {"phase2", ACTS_BY_HAND, .empty_is_unset = true, .is_checked_when_read = true,
     SPECIAL("esp, ah, or ah+esp with keyexchange=ikev1", "esp"), .help = "the protocol of the IPsec SAs"},
    {"phase2alg", ACTS_BY_HAND, .empty_is_unset = true, SPECIAL("algorithms", ""),
     .help = "older form of esp= and ah="},
    {"policy-label", ALIAS_OF("sec-label")},
    {"ppk", NOT_YET, ENUM(ppk_words, "no"), .help = "post-quantum pre-shared keys (RFC 8784)"},
    {"ppk-ids", NOT_YET, STRING("names of keys", ""), .help = "the keys for ppk="},
    {"priority", ACTS(priority), UINT(0, UINT32_MAX, "0"), .help = "priority of the policies; 0 computed"},
    {"protoport", END_ACTS_BY_HAND, .empty_is_unset = true,
     SPECIAL("PROTOCOL[/PORT], such as tcp/80, udp/%any or icmp", ""),
     .help = "the protocol and port that is protected; of %any port an IKEv1 peer may name one, as L2TP "
             "clients do"},
    {"pubkey", END_ACTS_BY_HAND, .empty_is_unset = true,
     SPECIAL("a SubjectPublicKeyInfo in base64, %cert or %none", ""), .help = "the public key of this end"},
    {"reauth", ACTS(reauth), BOOL("no"), .help = "authenticate anew instead of rekeying the IKE SA"},
    {"redirect-to", NOT_YET, STRING("addresses or names", ""), .help = "the gateway to send peers to"},
    {"reject-simultaneous-ike-auth", ACTS(reject_simultaneous_ike_auth), BOOL("no"),
     .help = "when both ends begin an IKE SA at once, refuse the one with the lowest nonce"},
    {"rekey", ACTS(rekey), BOOL("yes"), .help = "renew SAs before they expire"},
    {"rekeyfuzz", ACTS(rekey_fuzz_percent), PERCENT("100%"),
     .help = "how much rekeymargin= is randomly stretched"},
    {"rekeymargin", ACTS(rekey_margin), TIME(USEC_PER_SEC, "9m"),
     .help = "how long before expiry an SA is renewed"},
    {"remote-peer-type", IKEV1_ONLY(modecfg.peer_is_cisco), ENUM(peer_type_words, "ietf"),
     .help = "work around a peer's habits"},
    {"remote_peer_type", ALIAS_OF("remote-peer-type")},
    {"replay-window", ACTS(replay_window), UINT(0, REPLAY_WINDOW_MAX, "128"), .is_capped = true,
     .help = "packets that may come out of order; 0 no check"},
    {"reqid", ACTS_BY_HAND, .empty_is_unset = true, SPECIAL("a number from 1 to 16383", ""),
     .help = "number that ties policy and SA; chosen when absent"},
    {"require-id-on-certificate", NOT_YET_OF_KEYS, BOOL("yes"),
     .help = "the certificate must name the identity"},
    {"retransmit-interval", ACTS(retransmit_interval), TIME(USEC_PER_MSEC, "500ms"), .minimum = USEC_PER_MSEC,
     .help = "time before the first retransmission; doubled each time"},
    {"retransmit-timeout", ACTS(retransmit_timeout), TIME(USEC_PER_SEC, "30s"), .minimum = USEC_PER_MSEC,
     .help = "time after which a silent peer is given up"},
    {"rsasigkey", END_ACTS_BY_HAND, .empty_is_unset = true, SPECIAL("a public key, %cert or %none", ""),
     .help = "the RSA public key of this end"},
    {"salifetime", ALIAS_OF("ipsec-lifetime")},
    {"sec-label", NOT_YET, STRING("a security label", ""), .help = "SELinux label of the policies"},
    {"send-esp-tfc-padding-not-supported", ACTS(send_no_esp_tfc), BOOL("no"),
     .help = "tell the peer not to pad ESP"},
    {"send-no-esp-tfc", ALIAS_OF("send-esp-tfc-padding-not-supported")},
    {"send-redirect", NOT_YET, ENUM(redirect_words, "auto"), .inert = "no",
     .help = "redirect peers to redirect-to="},
    {"send-supported-auth-methods", NOT_YET, BOOL("no"),
     .help = "announce authentication methods (RFC 9593)"},
    {"send-vendorid", ACTS(send_vendorid), BOOL("no"), .help = "send our vendor id"},
    {"sendca", NOT_YET_OF_KEYS, ENUM(sendca_words, "all"),
     .help = "the intermediate certificates that are sent"},
    {"sendcert", END_NOT_YET_OF_KEYS, ENUM(sendcert_words, "always"),
     .help = "when this end's certificate is sent"},
    {"session-resumption", NOT_YET, BOOL("no"), .help = "resume IKE sessions (RFC 5723)"},
    {"sha2-truncbug", ACTS(sha2_truncbug), BOOL("no"),
     .help = "truncate HMAC-SHA2-256 to 96 bits as old kernels did"},
    {"share-lease", ACTS(modecfg.share_lease), BOOL("yes"),
     .help = "connections of one peer share its leased address"},
    {"sourceip", END_ACTS_BY_HAND, SPECIAL("an address, or one of each family separated by a comma", ""),
     .help = "source address for our own traffic; excludes interface-ip= of the same end"},
    {"subnet", END_ACTS_BY_HAND, .empty_is_unset = true,
     SPECIAL("ADDRESS/LENGTH, several separated by commas; vhost:%no,%priv; vnet:...", ""),
     .help = "the network behind this end; the host itself when absent"},
    {"subnets", END_ACTS_BY_HAND, .appends = true, SPECIAL("{SUBNET SUBNET ...}", ""),
     .help = "a connection for each network, NAME/1x1 ...; NAME is their alias"},
    {"tcp-remoteport", ACTS(tcp_remote_port), UINT(1, 65535, "4500"), .help = "the peer's TCP port"},
    {"tfc", ACTS(tfc_pad), UINT(0, 65535, "0"), .help = "pad ESP packets to this size"},
    {"type", ACTS(type), ENUM(type_words, "tunnel"),
     .help = "tunnel or transport mode, or a policy without IPsec: passthrough, drop"},
    {"updown", END_ACTS(updown), STRING("a command, \"\" or %disabled", "ipsec _updown"),
     .help = "the script that is run when the tunnel changes"},
    {"updown-config", END_ACTS(updown_is_async), ENUM(updown_config_words, "exec"),
     .help = "async: --up does not wait for the script; it is run without a shell always"},
    {"username", END_IKEV1_ONLY(username), STRING("a user name", ""),
     .help = "user name for XAUTH; asked for if not set"},
    {"vti", END_ACTS_BY_HAND, .empty_is_unset = true, SPECIAL("an address with prefix", ""),
     .help = "address of the VTI interface"},
    {"vti-interface", ACTS_BY_HAND, .empty_is_unset = true, SPECIAL("an interface", ""),
     .help = "the VTI interface"},
    {"vti-routing", ACTS(interface.vti.has_routes), BOOL("no"), .help = "routes into the VTI interface"},
    {"vti-shared", ACTS(interface.vti.is_shared), BOOL("no"),
     .help = "the VTI interface serves several connections"},
    {"x-comment", ACTS_BY_HAND, STRING("text", ""),
     .help = "a comment, as is any keyword that begins with x-"},
    {"xauthby", IKEV1_ONLY(xauth_by), ENUM(xauthby_words, "file"),
     .help = "where XAUTH passwords are checked"},
    {"xauthclient", END_IKEV1_ONLY(xauth_client), BOOL("no"), .help = "this end logs in with XAUTH"},
    {"xauthfail", IKEV1_ONLY(xauth_fails_soft), ENUM(xauthfail_words, "hard"),
     .help = "what becomes of a failed XAUTH log-in"},
    {"xauthserver", END_IKEV1_ONLY(xauth_server), BOOL("no"), .help = "this end demands XAUTH"},
    {"xauthusername", END_ALIAS_OF("username")},
};
const size_t conn_keyword_count = ARRAY_SIZE(conn_keywords);
