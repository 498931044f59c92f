/* Shared by the parts of the connection builder (spec_build.c, spec_end.c, spec_finish.c ...). */
#ifndef STYX_CONFIG_SPEC_DETAIL_H
#define STYX_CONFIG_SPEC_DETAIL_H

#include "config/keyword.h"
#include "config/spec_build.h"

/* Networks of one end as subnet= or subnets= lists them. */
struct client_list {
    struct selector *clients;
    bool *has_protoport; /* it named its own protocol and port */
    size_t count;
};

/* A keyword that is not supported yet, and may not matter to this connection. */
struct set_aside {
    const struct keyword *keyword;
    enum keyword_end end;
    int pair; /* which of those given to spec_build_option() it was */
};

enum { SET_ASIDE_MAX = 64, SPELLING_MAX = 64 };

/* What can only be settled when all keywords are known. */
struct spec_builder {
    int pair_count;
    int faulty_pair; /* -1: none in particular */
    struct set_aside set_aside[SET_ASIDE_MAX];
    size_t set_aside_count;
    struct connection_spec *spec;
    const struct warning_sink *warnings;
    char *ike_text;                 /* ike= */
    char *esp_text;                 /* esp= */
    char *ah_text;                  /* ah= */
    char *phase2alg_text;           /* phase2alg=: one of both */
    unsigned phase2;                /* bits 1 << enum security_protocol; 0: not said */
    char ikev1_only[512];           /* keywords given that concern IKEv1 only, separated by blanks */
    char obsolete_in_ikev2[64];     /* a keyword that is obsolete in IKEv2; "": none was given */
    unsigned esn_flags;             /* esn=; 0: not given */
    unsigned authby, authby_hashes; /* for ends without auth= of their own */
    unsigned auth_hashes[2];        /* of left and right with auth= of their own */
    bool has_public_keys;           /* leftrsasigkey= and the like */
    enum ip_family implied_family;  /* %any4, %defaultroute6 ... */
    bool has_any_port[2];           /* protoport= of left and right ends in /%any */
    bool *client_has_protoport[2];  /* of left and right: the subnet named its own protocol and port */
    struct client_list subnets[2];  /* subnets= of left and right: a connection for each */
};

/* Of an end; the value has passed no check yet. error->code is the byte that was wrong, or -1. */
typedef bool spec_end_setter(struct spec_builder *builder, struct end_spec *end, const char *value,
                             struct error *error);
spec_end_setter spec_end_set_host, spec_end_set_auth, spec_end_set_id, spec_end_set_nexthop,
    spec_end_set_protoport, spec_end_set_sourceip, spec_end_set_subnet, spec_end_set_subnets,
    spec_end_set_rsasigkey, spec_end_set_ecdsakey, spec_end_set_eddsakey, spec_end_set_pubkey,
    spec_end_set_ckaid;

/* spec_phase2.c: what the IPsec SAs consist of. */
typedef bool spec_setter(struct spec_builder *builder, const char *value, struct error *error);
spec_setter spec_set_phase2, spec_set_esp, spec_set_ah, spec_set_phase2alg;
/* The proposals of the IPsec SAs, when all keywords are known; flags: enum proposal_flags. */
bool spec_finish_phase2(struct spec_builder *builder, unsigned flags, struct error *error);
struct proposal_list *spec_make_proposals(enum security_protocol protocol, unsigned flags, const char *text,
                                          struct error *error);
bool spec_set_proposals(char **slot, enum security_protocol protocol, const char *value, struct error *error);
void spec_warn_of_weak(const struct spec_builder *builder, const struct proposal_list *list);

/* spec_kernel.c: what only the kernel's data plane does. */
spec_setter spec_set_clones, spec_set_authby, spec_set_mark, spec_set_mark_in, spec_set_mark_out,
    spec_set_ipsec_interface, spec_set_vti_interface;
spec_end_setter spec_end_set_interface_ip, spec_end_set_vti_ip;
void spec_warn_of_no_interface(const struct spec_builder *builder);

/* spec_modecfg.c: addresses for road warriors. */
spec_setter spec_set_modecfgbanner, spec_set_modecfgdns, spec_set_modecfgdomains;
spec_end_setter spec_end_set_addresspool;
/* What a pool implies. */
void spec_finish_modecfg(struct spec_builder *builder);
/* Drops, with a warning, what comes to nothing beside the rest (spec_inert.c). */
void spec_set_inert_aside(struct spec_builder *builder);

/* vhost:... or vnet:... instead of a list of subnets. */
bool spec_is_virtual(const char *value);
bool spec_end_set_virtual(struct end_spec *end, const char *value, struct error *error);

void client_list_clear(struct client_list *list);
/* The connections of a conn with subnets= as a chain, from the builder's spec, which they take over. NULL
 * with the reason. */
struct connection_spec *spec_expand_subnets(struct spec_builder *builder, struct error *error);

/* spec_combinations.c: before the defaults are filled in. */
bool spec_check_combinations(const struct spec_builder *builder, struct error *error);

/* spec_auth.c: authby= for those that need it, and the defaults. */
bool spec_finish_auth(struct spec_builder *builder, struct error *error);

#endif
