/* Memory that lives as long as one message: many small allocations, one release. */
#ifndef STYX_BASE_ARENA_H
#define STYX_BASE_ARENA_H

#include "base/bytes.h"

struct arena_block;

/* `limit` bounds what one arena may hold in bytes; hostile input meets NULL, not an exhausted machine. */
struct arena {
    struct arena_block *blocks;
    size_t used;
    size_t limit;
};

struct arena arena_make(size_t limit_bytes);

/* Zeroed, aligned for any type; NULL beyond the limit or out of memory. */
void *arena_take(struct arena *arena, size_t size);
void *arena_copy(struct arena *arena, const void *data, size_t size);

/* Frees all; the arena can be used again. */
void arena_release(struct arena *arena);

#endif
