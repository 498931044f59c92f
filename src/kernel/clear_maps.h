/*
 * The maps of the tables that refuse packets in clear or log them: which selectors lead to which verdict. A
 * selector stands in the map of its shape; the maps are asked in the order of their priorities.
 */
#ifndef STYX_KERNEL_CLEAR_MAPS_H
#define STYX_KERNEL_CLEAR_MAPS_H

#include "base/hash_table.h"
#include "base/list.h"
#include "kernel/clear_shape.h"

enum { CLEAR_NOTHING = -1, CLEAR_CHAIN_NAME_SIZE = 16 };

struct clear_maps {
    struct nft_link *link;
    const char *chain;    /* that the rules stand in; NULL: CLEAR_CHAIN */
    const char *map_name; /* what the names of the maps begin with; NULL: "shape" */
    bool leads_to_chains; /* a verdict is the number of a chain (clear_maps_name_chain()) */
    int device;           /* where our routes lead; 0: it does not matter */
    bool knows_way_back;  /* nf_tables can ask where packets to a source go */
    struct hash_table elements;
    struct list_node shapes, changed;
    size_t shape_count, changed_count;
    unsigned last_number;
    uint8_t hash_key[16]; /* a peer may choose selectors */
};

/* link, device, knows_way_back and hash_key are set before. */
bool clear_maps_init(struct clear_maps *maps);
/* The kernel keeps what it has. */
void clear_maps_free(struct clear_maps *maps);

void clear_maps_name_chain(unsigned number, char out[static CLEAR_CHAIN_NAME_SIZE]);

/* NF_ACCEPT, NF_DROP (or a chain's number), or CLEAR_NOTHING: in force after clear_maps_commit(). NULL, or
 * why it cannot be. */
const char *clear_maps_set(struct clear_maps *maps, const struct packet_selector *selector, uint32_t priority,
                           int verdict);
/* 0, or an errno value: what has not come into force is tried again the next time. */
int clear_maps_commit(struct clear_maps *maps);
/* The kernel has nothing of it any more: all of it comes into force again with the next commit. */
void clear_maps_are_lost(struct clear_maps *maps);

#endif
