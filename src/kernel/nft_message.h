/*
 * Messages to nf_tables (linux/netfilter/nf_tables.h) gathered into one transaction: all of it comes into
 * force at once, or none. What is here is what clear_guard.c, traffic_log.c, address_translation.c and
 * former_leases.c need.
 */
#ifndef STYX_KERNEL_NFT_MESSAGE_H
#define STYX_KERNEL_NFT_MESSAGE_H

#include "base/error.h"
#include "kernel/netlink_attributes.h"

enum { NFT_BATCH_SIZE = 256 << 10, NFT_BATCH_FULL = NFT_BATCH_SIZE - (64 << 10) };

struct nft_link {
    struct mnl_socket *socket;
    const char *table; /* of family inet; every message is about it */
    uint32_t sequence;
    size_t size;             /* of the batch so far; 0: there is none */
    size_t last;             /* where its last message begins */
    uint32_t first_sequence; /* of its first message */
    uint8_t *batch;
};

bool nft_link_open(struct nft_link *link, const char *table, struct error *error);
void nft_link_close(struct nft_link *link);
/* Sends what was gathered and reads the verdict: 0 or an errno value (ENOBUFS: the verdict was lost).
 * Nothing gathered is no failure. */
int nft_link_commit(struct nft_link *link);

void nft_put_table(struct nft_link *link, uint16_t type, uint32_t flags);
/* hook: NF_INET_LOCAL_IN ...; -1: a chain that others jump to. */
void nft_put_chain(struct nft_link *link, const char *name, int hook, int priority);
/* The same of a chain that may translate addresses. */
void nft_put_nat_chain(struct nft_link *link, const char *name, int hook, int priority);
/* With its rules; nothing may lead there any more. */
void nft_put_chain_deletion(struct nft_link *link, const char *name);
void nft_put_flush(struct nft_link *link, const char *chain);
/* A hash of keys; a map leads from each to a verdict. */
void nft_put_set(struct nft_link *link, const char *name, bool is_map, uint32_t key_type, uint32_t key_size);
void nft_put_set_deletion(struct nft_link *link, const char *name);
/* verdict: NF_ACCEPT, NF_DROP; -1: not of a map, or a deletion. */
void nft_put_element(struct nft_link *link, uint16_t type, const char *set, const void *key, size_t key_size,
                     int verdict);

/* Of a map: leads to the chain. */
void nft_put_chain_element(struct nft_link *link, const char *map, const void *key, size_t key_size,
                           const char *chain);

/* A rule: begin, its expressions, end. Registers are those of 32 bits, from 0. */
struct nft_rule {
    struct nlmsghdr *message;
    struct nlattr *expressions;
};
struct nft_rule nft_rule_begin(struct nft_link *link, const char *chain);
void nft_rule_end(struct nft_link *link, struct nft_rule *rule);
void nft_rule_meta(struct nft_rule *rule, uint32_t key, unsigned reg);
/* base: NFT_PAYLOAD_NETWORK_HEADER ...; bytes. */
void nft_rule_payload(struct nft_rule *rule, uint32_t base, uint32_t offset, uint32_t size, unsigned reg);
/* Of an extension header of IPv6; without one the rule does not apply. */
void nft_rule_extension_header(struct nft_rule *rule, uint8_t type, uint32_t offset, uint32_t size,
                               unsigned reg);
/* The interface that packets to this one's source would leave by. */
void nft_rule_way_back(struct nft_rule *rule, unsigned reg);
void nft_rule_mask(struct nft_rule *rule, unsigned reg, const void *mask, size_t size);
void nft_rule_equals(struct nft_rule *rule, unsigned reg, const void *value, size_t size);
void nft_rule_differs(struct nft_rule *rule, unsigned reg, const void *value, size_t size);
/* Goes on only if the set has the key that begins in the register; of a map, its verdict is the rule's. */
void nft_rule_lookup(struct nft_rule *rule, const char *set, unsigned reg, bool is_map);
/* Whether the packet is about to be protected by the kernel's IPsec: one byte. */
void nft_rule_will_be_protected(struct nft_rule *rule, unsigned reg);
/* What connection tracking knows of the packet's flow: IPS_SRC_NAT ...; without any the rule does not apply.
 */
void nft_rule_flow_status(struct nft_rule *rule, unsigned reg);
/* Hands a copy to a group of netfilter's log, and goes on. */
void nft_rule_log(struct nft_rule *rule, uint16_t group, const char *prefix);
/* Of a packet of the family: the address becomes its source (after routing), or else its destination (before
 * it), and the other way round in the answers. */
void nft_rule_nat(struct nft_rule *rule, bool is_source, bool is_ipv6, const void *address, size_t size);
/* NF_ACCEPT, NF_DROP, or NFT_JUMP to the chain. */
void nft_rule_verdict(struct nft_rule *rule, int verdict, const char *chain);

#endif
