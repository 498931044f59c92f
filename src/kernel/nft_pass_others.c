#include "kernel/nft_pass_others.h"

#include <netinet/in.h> /* before the kernel's own headers, which give way to it */

#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>

void nft_put_pass_others(struct nft_link *link, const char *chain, int device, bool is_inbound)
{
    static const uint8_t no = 0;
    struct nft_rule rule = nft_rule_begin(link, chain);
    if (device != 0) {
        nft_rule_meta(&rule, is_inbound ? NFT_META_IIF : NFT_META_OIF, 0);
        nft_rule_differs(&rule, 0, &device, sizeof(device));
    } else {
        if (is_inbound)
            nft_rule_meta(&rule, NFT_META_SECPATH, 0);
        else
            nft_rule_will_be_protected(&rule, 0);
        nft_rule_equals(&rule, 0, &no, sizeof(no));
    }
    nft_rule_verdict(&rule, NF_ACCEPT, NULL);
    nft_rule_end(link, &rule);
}
