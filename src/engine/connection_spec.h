/*
 * A connection as the user wrote it, typed: what the configuration and whack hand to the engine.
 * Plain owned data, left and right still as written; the engine orients it (connection.h).
 */
#ifndef STYX_ENGINE_CONNECTION_SPEC_H
#define STYX_ENGINE_CONNECTION_SPEC_H

#include "base/address.h"
#include "base/timer_wheel.h"
#include "engine/auth_method.h"
#include "engine/identity.h"
#include "engine/kernel_extras.h"
#include "proposal/proposal.h"
#include "wire/configuration.h"

enum host_kind {
    HOST_UNSET,
    HOST_ADDRESS,
    HOST_ANY,          /* %any */
    HOST_DEFAULTROUTE, /* %defaultroute */
    HOST_INTERFACE,    /* %eth0 */
    HOST_NAME,         /* a DNS name */
    HOST_GROUP,        /* %group, %opportunisticgroup: policy_group.h */
};

/* A network of virtual-private= or of a vhost:/vnet: list. */
struct virtual_net {
    struct ip_prefix prefix;
    bool is_excluded; /* %v4:!CIDR */
};

enum virtual_kind { VIRTUAL_NONE, VIRTUAL_HOST, VIRTUAL_NET };

/* subnet=vhost:... or vnet:...: which client the peer may name (engine/virtual_client.h). */
struct virtual_client {
    enum virtual_kind kind;
    bool allows_no;      /* %no: the peer itself */
    bool allows_private; /* %priv: as virtual-private= says */
    bool allows_all;     /* %all */
    struct virtual_net *nets;
    size_t net_count;
};

/* One range of addresspool=, and the prefix that each lease of it is. */
struct pool_range {
    struct ip_range range;
    uint8_t lease_length;
};

/* What a server tells its road warriors beside their address, and how a client takes it (configuration.h). */
struct modecfg_spec {
    struct ip_address dns[CONFIGURATION_DNS_LIMIT]; /* modecfgdns= */
    size_t dns_count;
    char *domains; /* modecfgdomains=, parted by blanks; NULL: none */
    char *banner;  /* modecfgbanner=; NULL: none */
    bool pull;     /* IKEv1: the client asks */
    bool share_lease;
    bool ignore_peer_dns;
    bool cisco_unity, cisco_split; /* send the vendor id; take split tunnels */
    bool peer_is_cisco;            /* remote-peer-type=cisco */
};

/* Where a server looks for the passwords of users. */
enum xauth_by { XAUTHBY_FILE, XAUTHBY_PAM, XAUTHBY_ALWAYSOK };

enum { CLONES_MAX = 1024 };           /* of clones= */
enum { TRANSLATED_CLIENTS_MAX = 62 }; /* of an end with cat=yes */

struct end_spec {
    enum host_kind host_kind;
    struct ip_address host;
    char *host_name;       /* HOST_NAME, HOST_INTERFACE */
    struct identity id;    /* ID_NONE when absent */
    bool id_is_any;        /* leftid=%any */
    bool id_is_mine;       /* leftid=%myid: what --myid says, else the host address */
    bool is_opportunistic; /* %opportunistic and %opportunisticgroup: the peer is whoever a packet is for */
    unsigned auth;         /* a set of enum auth_method */
    struct public_key *public_keys[KEY_EDDSA + 1]; /* leftrsasigkey= and the like, by kind; NULL: not said */
    bool key_is_in_certificate;                    /* leftrsasigkey=%cert */
    bool has_ckaid;                                /* leftckaid= */
    uint8_t ckaid[CKAID_SIZE];
    uint16_t ikeport;                                   /* 0: the default */
    struct ip_address nexthop;                          /* unset: found out from the routes */
    bool nexthop_is_defaultroute;                       /* leftnexthop=%defaultroute */
    struct ip_address sourceip[CONFIGURATION_FAMILIES]; /* sourceip=, unset where there is none */
    struct selector *clients;                           /* subnet=, several allowed; none: the host itself */
    size_t client_count;
    struct virtual_client virtual_client; /* instead of clients */
    struct pool_range *pools;             /* addresspool=: the other end leases this end an address of them */
    size_t pool_count;
    bool modecfg_client;     /* asks for an address */
    bool modecfg_server;     /* gives one out */
    bool translates_clients; /* leftcat=: its packets get the leased address, which it does not have itself */
    struct ip_prefix interface_ip; /* of the interface of ipsec-interface= */
    struct ip_prefix vti_ip;       /* leftvti=: of that of vti-interface= */
    uint8_t protocol;  /* protoport=, already applied to clients; for the host itself the engine applies it */
    uint16_t port;     /* 0: any */
    bool xauth_server; /* IKEv1: this end demands a user name and a password */
    bool xauth_client; /* IKEv1: this end has them */
    char *username;    /* leftusername=; NULL: asked for */
    char *updown;      /* NULL: the default; "": none */
    bool updown_is_async; /* --up does not wait for it */
};

enum connection_type { TYPE_TUNNEL, TYPE_TRANSPORT, TYPE_PASS, TYPE_DROP };
/* What happens to packets without an SA, other than by a trap. */
enum shunt { SHUNT_NONE, SHUNT_DROP, SHUNT_PASS };
/* What becomes of a connection whose IKEv1 peer is dead: what auto= says, a trap, nothing, a new beginning.
 */
enum dpd_action { DPD_ACTION_AUTO, DPD_ACTION_HOLD, DPD_ACTION_CLEAR, DPD_ACTION_RESTART };
enum connection_auto { AUTO_IGNORE, AUTO_ADD, AUTO_ONDEMAND, AUTO_START, AUTO_KEEP };
/* IKE fragments: FORCE makes them small. */
enum fragmentation { FRAGMENTATION_NO, FRAGMENTATION_YES, FRAGMENTATION_FORCE };
/* Over TCP (RFC 9329): never, always, or when nobody answers over UDP. */
enum tcp_use { TCP_NO, TCP_YES, TCP_FALLBACK };
enum encapsulation { ENCAPSULATION_AUTO, ENCAPSULATION_YES, ENCAPSULATION_NO };

/* Where a connection was described, and its options as they were said: a JSON object, keyword -> text. */
struct spec_origin {
    char *file; /* NULL: not in a file */
    char *options;
};

/* The forms of IKEv1's NAT traversal (nat-ikev1-method=). */
enum ikev1_natt { IKEV1_NATT_RFC = 1, IKEV1_NATT_DRAFTS = 2 };

/* ikepad=: which IKEv1 messages are padded to four bytes; cipher blocks are whole in any case. */
enum ikev1_padding {
    IKEPAD_AUTO, /* those in clear */
    IKEPAD_YES,  /* and the attributes of XAUTH and Mode Config */
    IKEPAD_NO,
};

struct connection_spec {
    char *name;
    struct spec_origin *origin; /* NULL: unknown; of a chain only the first has it */
    struct end_spec left;
    struct end_spec right;
    enum connection_type type;
    enum connection_auto auto_start;
    enum security_protocol protocol;       /* phase2=: PROTOCOL_ESP or PROTOCOL_AH */
    bool compress;                         /* compress=: IPComp is offered, preferred and accepted */
    struct proposal_list *ike_proposals;   /* owned; never NULL once complete */
    struct proposal_list *child_proposals; /* owned; esp= or ah= */
    struct proposal_list *ah_proposals;    /* owned; phase2=ah+esp: ah= of the AH around ESP; else NULL */
    enum ip_family host_family;            /* hostaddrfamily=; IP_NONE: from the addresses */
    enum encapsulation encapsulation;
    enum tcp_use tcp_use;     /* enable-tcp=: of what we initiate */
    uint16_t tcp_remote_port; /* tcp-remoteport= */
    uint8_t ike_version;      /* keyexchange=: 1 or 2 */
    bool aggressive;          /* IKEv1 Aggressive Mode */
    bool ike_only;            /* whack without --encrypt and the like: an IKE SA and nothing under it */
    uint8_t ikev1_natt;       /* enum ikev1_natt bits */
    uint8_t ikepad;           /* enum ikev1_padding */
    uint8_t esn; /* esn=: PROPOSAL_ESN_NO, PROPOSAL_ESN_YES or both; already applied to child_proposals */
    bool pam_authorize;       /* IKEv2 responder: PAM decides whether a proved identity may come in */
    uint8_t xauth_by;         /* enum xauth_by */
    bool xauth_fails_soft;    /* xauthfail=soft */
    uint8_t signature_hashes; /* of digital signatures: a set of enum signature_hash (auth_method.h) */
    bool pfs;
    bool ms_dh_downgrade;      /* IKEv2, with pfs: further Child SAs may do without a key exchange */
    bool pfs_rekey_workaround; /* the same, but only those that replace one */
    bool rekey;
    bool reauth;
    bool mobike;
    bool nm_configured; /* NetworkManager sees to the DNS: told to the script */
    bool narrowing;
    bool initial_contact;
    bool reject_simultaneous_ike_auth;
    bool send_vendorid;
    bool nat_keepalive;
    enum fragmentation fragmentation;
    bool decap_dscp;
    bool encap_dscp;
    bool nopmtudisc;
    bool sha2_truncbug;   /* HMAC-SHA2-256 of IPsec SAs is cut to 96 bits */
    bool send_no_esp_tfc; /* tell the peer not to pad ESP */
    bool fake_strongswan; /* send strongSwan's vendor id */
    uint16_t
        clones; /* clones=: Child SAs of single CPUs beside the one of all; CLONES_MAX: as many as CPUs */
    enum nic_offload nic_offload;
    uint32_t tfc_pad; /* bytes up to which ESP packets are padded; 0: none */
    struct modecfg_spec modecfg;
    bool overlapip; /* clients may be those of other connections with overlapip=yes */
    char **aliases; /* connalias=; of subnets= also the conn's name */
    size_t alias_count;
    usec_t ike_lifetime;      /* ikelifetime= */
    usec_t ipsec_lifetime;    /* ipsec-lifetime= / salifetime= */
    uint64_t ipsec_max_bytes; /* UINT64_MAX: none */
    uint64_t ipsec_max_packets;
    usec_t rekey_margin;
    uint32_t rekey_fuzz_percent;
    usec_t retransmit_interval;
    usec_t retransmit_timeout;
    usec_t dpd_delay;           /* 0: off */
    usec_t dpd_timeout;         /* IKEv1: silence after which the peer is dead */
    enum dpd_action dpd_action; /* IKEv1 */
    uint32_t replay_window;
    uint32_t reqid;    /* 0: chosen by us */
    uint32_t priority; /* 0: computed */
    uint32_t mtu;      /* 0: not set */
    uint32_t metric;
    uint16_t nflog_group; /* 0: none */
    struct packet_mark mark_in, mark_out;
    bool mark_is_unique; /* mark=-1: the connection's own */
    struct tunnel_interface interface;
    uint64_t debug;               /* per-connection debug classes */
    enum shunt negotiation_shunt; /* SHUNT_DROP: packets are held as far as there is room */
    enum shunt failure_shunt;
    /* subnets= makes a chain of connections of one conn. Name and clients are each one's own; all else
     * belongs to the base and lives as long as any of them. */
    const char *conn_name;        /* of the conn that was expanded; NULL: it was not */
    struct connection_spec *next; /* the further ones; freed with this */
    struct connection_spec *base; /* borrowed from; NULL: owns all that it names */
    size_t derived_count;         /* of a base: how many borrow from it */
    bool is_released;             /* of a base: only they keep it alive */
};

/* type=pass and type=drop: policies without an SA. */
static inline bool connection_spec_is_shunt(const struct connection_spec *spec)
{
    return spec->type == TYPE_PASS || spec->type == TYPE_DROP;
}

/* All defaults of ipsec.conf(5); name is copied. */
struct connection_spec *connection_spec_new(const char *name);
void spec_origin_free(struct spec_origin *origin);
/* Whether the address is in one of the clients that the end names. */
bool end_has_client_with(const struct end_spec *end, const struct ip_address *address);
/* With all behind it in the chain. */
void connection_spec_free(struct connection_spec *spec);
/* One of the connections of a conn with subnets=: everything as in `base`, which it keeps alive, but the name
 * (copied) and the clients (NULL: as in base). */
struct connection_spec *connection_spec_derive(struct connection_spec *base, const char *name,
                                               const struct selector *left, const struct selector *right);
/* Checks what needs the whole (both hosts, clients of one family a pair, auth on both ends ...); the reason
 * names the keyword and how to correct it. */
bool connection_spec_check(const struct connection_spec *spec, struct error *error);

#endif
