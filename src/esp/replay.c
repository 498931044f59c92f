/* Anti-replay window (RFC 4303 3.4.3 and A2, RFC 6479). */
#include "esp/replay.h"

uint32_t replay_bitmap_blocks(uint32_t window_packets)
{
    if (window_packets == 0)
        return 0;
    /* One block more than the window: the block that is being entered is cleared as a whole. */
    uint32_t needed = (window_packets + 63) / 64 + 1;
    uint32_t blocks = 2;
    while (blocks < needed)
        blocks *= 2;
    return blocks;
}

void replay_init(struct replay_window *window, uint32_t window_packets, uint64_t *bits)
{
    *window = (struct replay_window){
        .size = window_packets, .blocks = replay_bitmap_blocks(window_packets), .bits = bits};
}

uint64_t replay_infer_sequence(const struct replay_window *window, uint32_t low)
{
    /* Without a window the receiver follows the highest number seen, as if the window were the largest. */
    uint32_t size = window->size > 0 ? window->size : REPLAY_WINDOW_MAX;
    uint32_t top_low = (uint32_t)window->highest;
    uint32_t top_high = (uint32_t)(window->highest >> 32);
    uint32_t bottom = top_low - size + 1;
    uint32_t high;
    if (top_low >= size - 1) /* case A: the window lies within one subspace */
        high = low >= bottom ? top_high : top_high + 1;
    else /* case B: it reaches back into the one before */
        high = low >= bottom ? top_high - 1 : top_high;
    return (uint64_t)high << 32 | low;
}

static bool bit_is_set(const struct replay_window *window, uint64_t sequence)
{
    return window->bits[(sequence / 64) & (window->blocks - 1)] >> (sequence % 64) & 1;
}

enum replay_verdict replay_check(const struct replay_window *window, uint64_t sequence)
{
    if (window->size == 0)
        return REPLAY_FRESH;
    /* Zero is never sent (RFC 4303 3.3.3). Case B before the first wrap infers numbers just under 2^64. */
    if (sequence == 0 || (sequence > window->highest && sequence - window->highest > UINT64_MAX >> 1))
        return REPLAY_TOO_OLD;
    if (sequence > window->highest)
        return REPLAY_FRESH;
    if (window->highest - sequence >= window->size)
        return REPLAY_TOO_OLD;
    return bit_is_set(window, sequence) ? REPLAY_DUPLICATE : REPLAY_FRESH;
}

void replay_accept(struct replay_window *window, uint64_t sequence)
{
    if (window->size == 0) {
        if (sequence > window->highest)
            window->highest = sequence;
        return;
    }
    if (sequence > window->highest) {
        uint64_t from = window->highest / 64;
        uint64_t steps = sequence / 64 - from;
        if (steps > window->blocks)
            steps = window->blocks;
        for (uint64_t i = 1; i <= steps; i++)
            window->bits[(sequence / 64 - steps + i) & (window->blocks - 1)] = 0;
        window->highest = sequence;
    }
    window->bits[(sequence / 64) & (window->blocks - 1)] |= (uint64_t)1 << (sequence % 64);
}
