/* The fixed part of the table that refuses packets in clear: who is asked, and what passes whatever the
 * policies are. */
#ifndef STYX_KERNEL_CLEAR_TABLE_H
#define STYX_KERNEL_CLEAR_TABLE_H

#include "kernel/nft_message.h"

/* The chain that the rules of the shapes stand in. */
#define CLEAR_CHAIN "refuse"

/* Makes the table anew. ret_knows_way_back: whether nft_rule_way_back() works where the chain is asked. */
bool clear_table_make(struct nft_link *link, int device, bool *ret_knows_way_back, struct error *error);
void clear_table_remove(struct nft_link *link);
/* A port of ours in UDP or TCP, open whatever the policies are, or no longer. */
void clear_table_put_port(struct nft_link *link, bool is_tcp, uint16_t port, bool is_open);

#endif
