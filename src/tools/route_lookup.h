/* The way to an address as the kernel would choose it: rtnetlink(7). */
#ifndef STYX_TOOLS_ROUTE_LOOKUP_H
#define STYX_TOOLS_ROUTE_LOOKUP_H

#include <net/if.h>

#include "base/address.h"
#include "base/error.h"

struct route_found {
    struct ip_address destination, source, gateway; /* gateway unset: on the link itself */
    char interface[IF_NAMESIZE];
};

/* interface: NULL, or the way must leave there. False: there is none, with the kernel's reason. */
bool route_lookup(const struct ip_address *destination, const char *interface, struct route_found *out,
                  struct error *error);

#endif
