/*
 * IPComp's compression parameter indices (RFC 3173 2.2): those on which this host receives. A data plane
 * tells SAs apart by them, so each is given out once.
 */
#ifndef STYX_ENGINE_COMPRESSION_H
#define STYX_ENGINE_COMPRESSION_H

#include "engine/state.h"

/* Draws one for the Child SA unless it has one. When all are taken, or memory is short, it stays without: the
 * SA does not compress. */
void compression_draw_cpi(struct engine *engine, struct child_sa *child);
/* It is not needed, or no longer. */
void compression_drop_cpi(struct engine *engine, struct child_sa *child);

/* Both sides have agreed on it. */
static inline bool child_compresses(const struct child_sa *child)
{
    return child->cpi_in != 0 && child->cpi_out != 0;
}

#endif
