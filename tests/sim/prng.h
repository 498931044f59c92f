/* xoshiro256** (Blackman, Vigna 2018), seeded by splitmix64: all chance in the simulator comes from one
 * number. */
#ifndef STYX_SIM_PRNG_H
#define STYX_SIM_PRNG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct prng {
    uint64_t state[4];
};

static inline uint64_t prng_splitmix(uint64_t *seed)
{
    uint64_t z = (*seed += UINT64_C(0x9e3779b97f4a7c15));
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

static inline struct prng prng_of(uint64_t seed)
{
    struct prng prng;
    for (int i = 0; i < 4; i++)
        prng.state[i] = prng_splitmix(&seed);
    return prng;
}

static inline uint64_t prng_rotate(uint64_t x, int k)
{
    return (x << k) | (x >> (64 - k));
}

static inline uint64_t prng_next(struct prng *prng)
{
    uint64_t *s = prng->state;
    uint64_t result = prng_rotate(s[1] * 5, 7) * 9;
    uint64_t t = s[1] << 17;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = prng_rotate(s[3], 45);
    return result;
}

/* 0 .. bound-1; a bound of 0 gives 0. */
static inline uint64_t prng_below(struct prng *prng, uint64_t bound)
{
    return bound == 0 ? 0 : prng_next(prng) % bound;
}

/* low .. high, both included. */
static inline uint64_t prng_between(struct prng *prng, uint64_t low, uint64_t high)
{
    return low + (high > low ? prng_below(prng, high - low + 1) : 0);
}

static inline bool prng_chance(struct prng *prng, unsigned per_mille)
{
    return per_mille > 0 && prng_below(prng, 1000) < per_mille;
}

static inline void prng_bytes(struct prng *prng, uint8_t *out, size_t size)
{
    for (size_t i = 0; i < size;) {
        uint64_t word = prng_next(prng);
        for (size_t j = 0; j < 8 && i < size; j++, i++)
            out[i] = (uint8_t)(word >> (8 * j));
    }
}

#endif
