/*
 * The table: packets for this host and those that it forwards are asked about, but not those of our device
 * and of the host itself; nor, for this host, ESP and AH, IKE, ICMP errors (RFC 4301 8.2: path MTUs) and
 * the neighbour discovery and multicast listeners of IPv6 (RFC 4861, 3810).
 */
#include "kernel/clear_table.h"

#include <netinet/in.h> /* before the kernel's own headers, which give way to it */

#include <arpa/inet.h>
#include <errno.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <net/if.h>
#include <string.h>

/* After destination NAT, before the host's own filters. */
enum { PRIORITY = -50 };
/* How nft(8) shows the sets. */
enum { TYPE_OF_PORTS = 13, TYPE_OF_ICMP = 14, TYPE_OF_ICMPV6 = 29 };

static const char ports[] = "ports", streams[] = "streams", icmp[] = "icmp", icmpv6[] = "icmpv6";
static const uint8_t icmp_types[] = {3, 11, 12};
static const uint8_t icmpv6_types[] = {1, 2, 3, 4, 130, 131, 132, 133, 134, 135, 136, 137, 143};

static void put_types(struct nft_link *link, const char *set, uint32_t type, const uint8_t *list,
                      size_t count)
{
    nft_put_set(link, set, false, type, sizeof(list[0]));
    for (size_t i = 0; i < count; i++)
        nft_put_element(link, NFT_MSG_NEWSETELEM, set, &list[i], sizeof(list[i]), -1);
}

static void pass_interface(struct nft_link *link, const char *chain, int index)
{
    struct nft_rule rule = nft_rule_begin(link, chain);
    nft_rule_meta(&rule, NFT_META_IIF, 0);
    nft_rule_equals(&rule, 0, &index, sizeof(index));
    nft_rule_verdict(&rule, NF_ACCEPT, NULL);
    nft_rule_end(link, &rule);
}

/* Packets of the protocol; with a set, of those the ones whose transport header has one of its keys there. */
static void pass_protocol(struct nft_link *link, const char *chain, uint8_t protocol, const char *set,
                          uint32_t offset, uint32_t size)
{
    struct nft_rule rule = nft_rule_begin(link, chain);
    nft_rule_meta(&rule, NFT_META_L4PROTO, 0);
    nft_rule_equals(&rule, 0, &protocol, sizeof(protocol));
    if (set != NULL) {
        nft_rule_payload(&rule, NFT_PAYLOAD_TRANSPORT_HEADER, offset, size, 0);
        nft_rule_lookup(&rule, set, 0, false);
    }
    nft_rule_verdict(&rule, NF_ACCEPT, NULL);
    nft_rule_end(link, &rule);
}

/* Those of IPv4 are whole here, those of IPv6 are not yet: without the first one they come to nothing. */
static void pass_later_fragments(struct nft_link *link, const char *chain)
{
    enum { OFFSET_AT = 2 };
    static const uint8_t offset_bits[] = {0xff, 0xf8}, none[] = {0, 0}, ipv6[] = {NFPROTO_IPV6};
    struct nft_rule rule = nft_rule_begin(link, chain);
    nft_rule_meta(&rule, NFT_META_NFPROTO, 0);
    nft_rule_equals(&rule, 0, ipv6, sizeof(ipv6));
    nft_rule_extension_header(&rule, IPPROTO_FRAGMENT, OFFSET_AT, sizeof(none), 0);
    nft_rule_mask(&rule, 0, offset_bits, sizeof(offset_bits));
    nft_rule_differs(&rule, 0, none, sizeof(none));
    nft_rule_verdict(&rule, NF_ACCEPT, NULL);
    nft_rule_end(link, &rule);
}

static void jump(struct nft_link *link, const char *chain)
{
    struct nft_rule rule = nft_rule_begin(link, chain);
    nft_rule_verdict(&rule, NFT_JUMP, CLEAR_CHAIN);
    nft_rule_end(link, &rule);
}

static void put_chains(struct nft_link *link, int device)
{
    static const char input[] = "input", forward[] = "forward";
    nft_put_set(link, ports, false, TYPE_OF_PORTS, sizeof(uint16_t));
    nft_put_set(link, streams, false, TYPE_OF_PORTS, sizeof(uint16_t));
    put_types(link, icmp, TYPE_OF_ICMP, icmp_types, sizeof(icmp_types));
    put_types(link, icmpv6, TYPE_OF_ICMPV6, icmpv6_types, sizeof(icmpv6_types));
    nft_put_chain(link, CLEAR_CHAIN, -1, 0);
    nft_put_chain(link, input, NF_INET_LOCAL_IN, PRIORITY);
    pass_interface(link, input, device);
    pass_interface(link, input, (int)if_nametoindex("lo"));
    pass_protocol(link, input, IPPROTO_ESP, NULL, 0, 0);
    pass_protocol(link, input, IPPROTO_AH, NULL, 0, 0);
    pass_protocol(link, input, IPPROTO_UDP, ports, 2, sizeof(uint16_t));
    pass_protocol(link, input, IPPROTO_TCP, streams, 2, sizeof(uint16_t));
    pass_protocol(link, input, IPPROTO_ICMP, icmp, 0, sizeof(uint8_t));
    pass_protocol(link, input, IPPROTO_ICMPV6, icmpv6, 0, sizeof(uint8_t));
    pass_later_fragments(link, input);
    jump(link, input);
    nft_put_chain(link, forward, NF_INET_FORWARD, PRIORITY);
    pass_interface(link, forward, device);
    jump(link, forward);
}

/* Asked only where the source's way is looked up, which older kernels refuse outside of prerouting. They look
 * at rules when a transaction ends: the rule, which decides nothing, must outlive its own. */
static bool can_ask_way_back(struct nft_link *link)
{
    struct nft_rule rule = nft_rule_begin(link, CLEAR_CHAIN);
    nft_rule_way_back(&rule, 0);
    nft_rule_end(link, &rule);
    if (nft_link_commit(link) != 0)
        return false;
    nft_put_flush(link, CLEAR_CHAIN);
    return nft_link_commit(link) == 0;
}

/* With the owner's flag (Linux 5.12) the table goes with our socket; one without it may be a dead pluto's. */
bool clear_table_make(struct nft_link *link, int device, bool *ret_knows_way_back, struct error *error)
{
    clear_table_remove(link);
    nft_put_table(link, NFT_MSG_NEWTABLE, NFT_TABLE_F_OWNER);
    put_chains(link, device);
    int failure = nft_link_commit(link);
    if (failure == EOPNOTSUPP || failure == EINVAL) {
        nft_put_table(link, NFT_MSG_NEWTABLE, 0);
        put_chains(link, device);
        failure = nft_link_commit(link);
    }
    if (failure != 0)
        return error_set(error, failure, "nf_tables: %s", strerror(failure));
    *ret_knows_way_back = can_ask_way_back(link);
    return true;
}

void clear_table_remove(struct nft_link *link)
{
    nft_put_table(link, NFT_MSG_DELTABLE, 0);
    (void)nft_link_commit(link);
}

void clear_table_put_port(struct nft_link *link, bool is_tcp, uint16_t port, bool is_open)
{
    uint16_t wire = htons(port);
    nft_put_element(link, is_open ? NFT_MSG_NEWSETELEM : NFT_MSG_DELSETELEM, is_tcp ? streams : ports, &wire,
                    sizeof(wire), -1);
}
