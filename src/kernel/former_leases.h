/*
 * leftcat=: what was translated to a leased address leaves protected or not at all. Connection tracking keeps
 * the address of a flow; when it is ours no more, or the tunnel is gone, the flow fits no tunnel and would
 * leave in clear. A chain of the table of translations, behind all translation, drops what does.
 */
#ifndef STYX_KERNEL_FORMER_LEASES_H
#define STYX_KERNEL_FORMER_LEASES_H

#include "base/address.h"
#include "kernel/nft_message.h"

/* So many addresses are remembered, the last ones. */
enum { FORMER_LEASES_MAX = 1024 };

/* Zeroed: none. Addresses are here from when they are leased, for who may tell when they end. */
struct former_leases {
    struct ip_address addresses[FORMER_LEASES_MAX];
    size_t oldest;
};

/* The chain and its sets; device: see nft_put_pass_others(). */
void former_leases_put_chain(struct nft_link *link, int device);
/* Packets are about to be translated to the address. */
void former_leases_add(struct former_leases *leases, struct nft_link *link, const struct ip_address *address);

#endif
