/* First packets of tunnels that do not exist yet: held while the engine negotiates, sent when a policy leads
 * to an SA, in a bounded number (RFC 4301 5.1 lets an implementation choose). */
#ifndef STYX_KERNEL_USERSPACE_HELD_H
#define STYX_KERNEL_USERSPACE_HELD_H

#include "base/list.h"
#include "esp/gso.h"

enum {
    HELD_PACKETS_MAX = 256,
    HELD_PACKETS_A_POLICY = 4,
    HELD_BYTES_MAX = 1 << 20,
    HELD_USEC_MAX = 60000000
};

struct held_packet {
    struct list_node node;
    uint64_t policy_id;
    uint64_t since_usec;
    struct offload offload;
    size_t size;
    uint8_t data[];
};

struct held_packets {
    struct list_node list; /* the oldest first */
    size_t count, bytes;
};

void held_init(struct held_packets *held);
/* Copies; a packet beyond the bounds is dropped, and so are those that have waited for HELD_USEC_MAX. */
void held_add(struct held_packets *held, uint64_t policy_id, uint64_t now_usec, struct bytes packet,
              const struct offload *offload);
/* Moves those of the policy to `taken`, an initialized list; the caller frees each. */
void held_take(struct held_packets *held, uint64_t policy_id, struct list_node *taken);
void held_free(struct held_packets *held);

#endif
