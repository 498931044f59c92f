/* The first rule of a chain that concerns tunnels alone. */
#ifndef STYX_KERNEL_NFT_PASS_OTHERS_H
#define STYX_KERNEL_NFT_PASS_OTHERS_H

#include "kernel/nft_message.h"

/* Accepts what neither came nor goes through a tunnel. `device` is the index of the userspace data plane's,
 * 0: the tunnels are the kernel's. */
void nft_put_pass_others(struct nft_link *link, const char *chain, int device, bool is_inbound);

#endif
