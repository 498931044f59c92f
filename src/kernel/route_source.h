/*
 * Source addresses of routes (leftsourceip=) that the router had to give to an interface: each stays as long
 * as any policy names it, and one that the host had already is never taken away.
 */
#ifndef STYX_KERNEL_ROUTE_SOURCE_H
#define STYX_KERNEL_ROUTE_SOURCE_H

#include "base/address.h"
#include "base/hash_table.h"

struct route_sources {
    struct hash_table by_address;
};

bool route_sources_init(struct route_sources *sources);
/* Calls `remove` for every address that is still ours; NULL: they go with their interface. */
void route_sources_free(struct route_sources *sources,
                        void (*remove)(const struct ip_address *address, void *context), void *context);

/* One more policy names the address; unset ones are not counted. False: out of memory. */
bool route_sources_use(struct route_sources *sources, const struct ip_address *address);
/* Whether any policy names it. */
bool route_sources_has(const struct route_sources *sources, const struct ip_address *address);
/* We have added it to an interface. */
void route_sources_note_ours(struct route_sources *sources, const struct ip_address *address);
/* One policy less: true when the address is to be taken from the interface. */
bool route_sources_release(struct route_sources *sources, const struct ip_address *address);

#endif
