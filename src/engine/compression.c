/* Compression parameter indices that are given out: a set of bits, made when the first one is drawn. */
#include "engine/compression.h"

enum { CPI_COUNT = IPCOMP_CPI_LAST - IPCOMP_CPI_FIRST + 1, SET_SIZE = CPI_COUNT / 8, DRAWS = 64 };
_Static_assert(CPI_COUNT % 8 == 0, "the set of bits is whole bytes");

static uint8_t *byte_of(struct engine *engine, uint16_t cpi, uint8_t *ret_bit)
{
    unsigned index = (unsigned)cpi - IPCOMP_CPI_FIRST;
    *ret_bit = (uint8_t)(1 << index % 8);
    return &engine->taken_cpis[index / 8];
}

void compression_draw_cpi(struct engine *engine, struct child_sa *child)
{
    if (child->cpi_in != 0)
        return;
    if (engine->taken_cpis == NULL)
        engine->taken_cpis = engine_allocate(engine, SET_SIZE, NULL);
    if (engine->taken_cpis == NULL)
        return;
    for (unsigned i = 0; i < DRAWS; i++) {
        uint16_t random;
        engine_random(engine, &random, sizeof(random));
        uint16_t cpi = (uint16_t)(IPCOMP_CPI_FIRST + random % CPI_COUNT);
        uint8_t bit, *byte = byte_of(engine, cpi, &bit);
        if (*byte & bit)
            continue;
        *byte |= bit;
        child->cpi_in = cpi;
        engine->cpi_count++;
        return;
    }
}

void compression_drop_cpi(struct engine *engine, struct child_sa *child)
{
    uint8_t bit;
    if (child->cpi_in == 0)
        return;
    *byte_of(engine, child->cpi_in, &bit) &= (uint8_t)~bit;
    child->cpi_in = 0;
    if (--engine->cpi_count > 0)
        return;
    engine_deallocate(engine, engine->taken_cpis, SET_SIZE, NULL);
    engine->taken_cpis = NULL;
}
