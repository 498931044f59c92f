/*
 * Anti-replay window of an inbound SA, with 32-bit and extended sequence numbers (RFC 4303 3.4.3, appendix
 * A2). The bitmap is a ring of 64-bit blocks that is never shifted (RFC 6479).
 */
#ifndef STYX_ESP_REPLAY_H
#define STYX_ESP_REPLAY_H

#include "base/bytes.h"

enum { REPLAY_WINDOW_MAX = 4096 };

struct replay_window {
    uint64_t highest; /* highest authenticated sequence number; 0 before the first packet */
    uint32_t size;    /* packets; 0: nothing is checked */
    uint32_t blocks;  /* a power of two */
    uint64_t *bits;   /* owned by the caller: replay_bitmap_blocks(size) words, zeroed */
};

enum replay_verdict { REPLAY_FRESH, REPLAY_DUPLICATE, REPLAY_TOO_OLD };

/* Words of bitmap that a window of this many packets needs. */
uint32_t replay_bitmap_blocks(uint32_t window_packets);

void replay_init(struct replay_window *window, uint32_t window_packets, uint64_t *bits);

/* The 64-bit number whose low half this is, by the place of the window (RFC 4303 A2.2). */
uint64_t replay_infer_sequence(const struct replay_window *window, uint32_t low);

/* Before authentication, to save the work, and again after it, because only then the answer can be trusted.
 */
enum replay_verdict replay_check(const struct replay_window *window, uint64_t sequence);

/* The packet was authenticated and replay_check() found it fresh. */
void replay_accept(struct replay_window *window, uint64_t sequence);

#endif
