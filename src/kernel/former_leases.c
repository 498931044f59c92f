/* What leaves in clear with an address that was leased: see former_leases.h. */
#include "kernel/former_leases.h"

#include <netinet/in.h> /* before the kernel's own headers, which give way to it */

#include <linux/netfilter.h>
#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/netfilter/nf_tables.h>

/* Behind translation (100), which asks again whether IPsec has to do with the packet. */
enum { PRIORITY = 110 };
/* As nft(8) shows the sets. */
enum { TYPE_OF_IPV4 = 7, TYPE_OF_IPV6 = 8 };

static const char chain[] = "leaving", leases_v4[] = "leases4", leases_v6[] = "leases6";

static const char *set_of(enum ip_family family)
{
    return family == IP_V6 ? leases_v6 : leases_v4;
}

static void pass_protected(struct nft_link *link, int device)
{
    static const uint8_t yes = 1;
    struct nft_rule rule = nft_rule_begin(link, chain);
    if (device != 0) {
        nft_rule_meta(&rule, NFT_META_OIF, 0);
        nft_rule_equals(&rule, 0, &device, sizeof(device));
    } else {
        nft_rule_will_be_protected(&rule, 0);
        nft_rule_equals(&rule, 0, &yes, sizeof(yes));
    }
    nft_rule_verdict(&rule, NF_ACCEPT, NULL);
    nft_rule_end(link, &rule);
}

/* A host that has such an address by right, behind us, is none of our business: it is not translated. */
static void drop_translated(struct nft_link *link, enum ip_family family)
{
    static const uint32_t translated = IPS_SRC_NAT | IPS_DST_NAT, none = 0;
    bool is_v6 = family == IP_V6;
    uint8_t named = is_v6 ? NFPROTO_IPV6 : NFPROTO_IPV4;
    struct nft_rule rule = nft_rule_begin(link, chain);
    nft_rule_meta(&rule, NFT_META_NFPROTO, 0);
    nft_rule_equals(&rule, 0, &named, sizeof(named));
    nft_rule_payload(&rule, NFT_PAYLOAD_NETWORK_HEADER, is_v6 ? 8 : 12, is_v6 ? 16 : 4, 0);
    nft_rule_lookup(&rule, set_of(family), 0, false);
    nft_rule_flow_status(&rule, 0);
    nft_rule_mask(&rule, 0, &translated, sizeof(translated));
    nft_rule_differs(&rule, 0, &none, sizeof(none));
    nft_rule_verdict(&rule, NF_DROP, NULL);
    nft_rule_end(link, &rule);
}

void former_leases_put_chain(struct nft_link *link, int device)
{
    nft_put_set(link, leases_v4, false, TYPE_OF_IPV4, 4);
    nft_put_set(link, leases_v6, false, TYPE_OF_IPV6, 16);
    nft_put_chain(link, chain, NF_INET_POST_ROUTING, PRIORITY);
    pass_protected(link, device);
    drop_translated(link, IP_V4);
    drop_translated(link, IP_V6);
}

static void put_element(struct nft_link *link, uint16_t type, const struct ip_address *address)
{
    nft_put_element(link, type, set_of((enum ip_family)address->family), address->bytes,
                    address_size(address), -1);
}

static bool is_remembered(const struct former_leases *leases, const struct ip_address *address)
{
    for (size_t i = 0; i < FORMER_LEASES_MAX; i++)
        if (address_equal(&leases->addresses[i], address))
            return true;
    return false;
}

/* What an earlier transaction may have failed to add is added again: then it is surely there. */
static void forget(struct nft_link *link, const struct ip_address *address)
{
    put_element(link, NFT_MSG_NEWSETELEM, address);
    put_element(link, NFT_MSG_DELSETELEM, address);
}

void former_leases_add(struct former_leases *leases, struct nft_link *link, const struct ip_address *address)
{
    struct ip_address *place = &leases->addresses[leases->oldest];
    bool is_new = !is_remembered(leases, address);
    if (is_new && address_is_set(place))
        forget(link, place);
    if (is_new) {
        *place = *address;
        leases->oldest = (leases->oldest + 1) % FORMER_LEASES_MAX;
    }
    put_element(link, NFT_MSG_NEWSETELEM, address);
}
